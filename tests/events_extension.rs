//! The event interfaces alone: what there is without a network, under every executor, and what the rest adds to it.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::rc::Rc;

use boa_engine::{
    Context, Source,
    job::{JobExecutor, SimpleJobExecutor},
};
use boa_websocket::{EventLoop, EventsExtension, Hooks, Microtasks};

fn context_on<E: JobExecutor + 'static>(executor: Rc<E>) -> Context {
    let mut context = Context::builder()
        .job_executor(executor)
        .host_hooks(Rc::new(Hooks))
        .build()
        .unwrap();
    EventsExtension.register(None, &mut context).unwrap();
    context
}

#[track_caller]
fn eval(context: &mut Context, source: &str) -> String {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    value.to_string(context).unwrap().to_std_string_lossy()
}

const INTERFACES: &str = "['Event', 'CustomEvent', 'MessageEvent', 'CloseEvent', 'ErrorEvent', 'PromiseRejectionEvent', 'EventTarget',
     'AbortController', 'AbortSignal', 'DOMException', 'Blob', 'File', 'Performance']";

#[test]
fn it_has_every_interface_but_the_socket() {
    let mut context = context_on(EventLoop::new());
    let missing =
        format!("{INTERFACES}.filter((name) => typeof globalThis[name] !== 'function').join()");
    assert_eq!(eval(&mut context, &missing), "");
    assert_eq!(eval(&mut context, "typeof WebSocket"), "undefined");
    assert_eq!(
        eval(
            &mut context,
            "[globalThis instanceof EventTarget, typeof setTimeout, typeof reportError].join()"
        ),
        "true,function,function"
    );
}

#[test]
fn events_are_dispatched_under_any_executor() {
    let script = "
        var log = [];
        addEventListener('close', (event) => log.push(event.code, event.reason, event.wasClean, event.isTrusted));
        const controller = new AbortController();
        const target = new EventTarget();
        target.addEventListener('x', () => log.push('x'), { signal: controller.signal });
        target.dispatchEvent(new Event('x'));
        controller.abort();
        target.dispatchEvent(new Event('x'));
        dispatchEvent(new CloseEvent('close', { code: 4001, reason: 'why' }));
        new Blob(['blob']).text().then((text) => log.push(text));";
    let run = |mut context: Context| {
        eval(&mut context, script);
        context.run_jobs().unwrap();
        eval(&mut context, "log.join()")
    };
    let expected = "x,4001,why,false,false,blob";
    assert_eq!(run(context_on(EventLoop::new())), expected);
    assert_eq!(run(context_on(Rc::new(SimpleJobExecutor::new()))), expected);
    let wrapped = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
    assert_eq!(run(context_on(wrapped)), expected);
}

#[test]
fn registered_again_it_changes_nothing() {
    let mut context = context_on(EventLoop::new());
    eval(
        &mut context,
        "var before = [EventTarget, CloseEvent, Blob]; var target = new EventTarget()",
    );
    EventsExtension.register(None, &mut context).unwrap();
    let same = "before[0] === EventTarget && before[1] === CloseEvent && before[2] === Blob && target instanceof EventTarget";
    assert_eq!(eval(&mut context, same), "true");
}

#[test]
fn each_realm_has_its_own() {
    let mut context = context_on(EventLoop::new());
    let realm = context.create_realm().unwrap();
    EventsExtension
        .register(Some(realm.clone()), &mut context)
        .unwrap();
    eval(&mut context, "var here = 1");
    let before = context.enter_realm(realm);
    assert_eq!(
        eval(&mut context, "[typeof here, typeof CloseEvent].join()"),
        "undefined,function"
    );
    context.enter_realm(before);
    assert_eq!(eval(&mut context, "typeof here"), "number");
}

#[cfg(feature = "net")]
#[test]
fn sockets_may_be_added_later() {
    let mut context = context_on(EventLoop::new());
    eval(&mut context, "var before = EventTarget");
    boa_websocket::WebSocketExtension::default()
        .register(None, &mut context)
        .unwrap();
    let joined = "before === EventTarget && WebSocket.prototype instanceof before";
    assert_eq!(eval(&mut context, joined), "true");
}

#[cfg(feature = "runtime")]
#[test]
fn it_is_an_extension_of_the_runtime() {
    let mut context = Context::default();
    boa_runtime::register((EventsExtension,), None, &mut context).unwrap();
    assert_eq!(
        eval(
            &mut context,
            "[typeof CloseEvent, typeof MessageChannel].join()"
        ),
        "function,function"
    );
}
