//! MessageChannel and BroadcastChannel: what their own suite cannot see, the executor and the
//! collector.

use boa_engine::{Context, job::SimpleJobExecutor};
use boa_gc::{WeakGc, force_collect};

use super::*;
use crate::dom::{TargetCore, target_of};

const EXCHANGE: &str = "
    var log = [];
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = e => { log.push(e.data); port2.postMessage(e.data + 1) };
    port1.onmessage = e => log.push(e.data);
    port1.postMessage(1);
    const [a, b] = [new BroadcastChannel('x'), new BroadcastChannel('x')];
    b.onmessage = e => log.push(e.data);
    a.postMessage('heard');
";

#[test]
fn messages_arrive_and_open_ports_do_not_keep_the_loop_going() {
    check(EXCHANGE, "1,heard,2");
}

#[test]
fn messages_arrive_under_a_foreign_executor() {
    let mut context = Context::builder()
        .job_executor(Rc::new(SimpleJobExecutor::new()))
        .build()
        .unwrap();
    register_all(&mut context);
    eval(&mut context, EXCHANGE);
    context.run_jobs().unwrap();
    assert_eq!(eval(&mut context, "log.join()"), "1,heard,2");
}

#[test]
fn messages_arrive_in_every_realm_and_belong_to_it() {
    let mut context = context();
    eval(
        &mut context,
        "var received; var channel = new BroadcastChannel('x'); channel.onmessage = e => received = e",
    );
    let first = context.realm().clone();
    let second = context.create_realm().unwrap();
    context.enter_realm(second);
    register_all(&mut context);
    eval(&mut context, "new BroadcastChannel('x').postMessage([1])");
    context.enter_realm(first);
    context.run_jobs().unwrap();
    let seen = "[received instanceof MessageEvent, received.data instanceof Array, received.data[0]].join()";
    assert_eq!(eval(&mut context, seen), "true,true,1");
}

/// The event target that `source` gives, for as long as something else holds it.
fn weak(source: &str, context: &mut Context) -> WeakGc<TargetCore> {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    let core = target_of(&value.as_object().unwrap(), context).unwrap();
    WeakGc::new(&core)
}

#[test]
fn a_lost_pair_of_ports_is_collected() {
    let mut context = context();
    let source = "(() => { const { port1, port2 } = new MessageChannel();
        port1.onmessage = port2.onmessage = () => port1.start(); return port1 })()";
    let port = weak(source, &mut context);
    force_collect();
    assert!(port.upgrade().is_none());
    // With a message under way it lives until that has arrived.
    let source = "(() => { const { port1, port2 } = new MessageChannel();
        port2.onmessage = () => {}; port1.postMessage(1); return port2 })()";
    let port = weak(source, &mut context);
    force_collect();
    assert!(port.upgrade().is_some());
    context.run_jobs().unwrap();
    force_collect();
    assert!(port.upgrade().is_none());
}

#[test]
fn an_open_broadcast_channel_lives_while_somebody_listens() {
    let mut context = context();
    let lost = weak("new BroadcastChannel('x')", &mut context);
    let source = "(() => { const channel = new BroadcastChannel('x');
        channel.onmessage = () => channel.close(); return channel })()";
    let heard = weak(source, &mut context);
    force_collect();
    assert!(lost.upgrade().is_none());
    assert!(heard.upgrade().is_some());
    eval(&mut context, "new BroadcastChannel('x').postMessage(1)");
    context.run_jobs().unwrap();
    force_collect();
    assert!(heard.upgrade().is_none());
}
