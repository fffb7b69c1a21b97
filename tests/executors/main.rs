//! The same extension, unchanged, under every kind of executor, with a real socket each time.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod ending;
#[path = "../event_loop_smol/mod.rs"]
mod event_loop_smol;
#[path = "../event_loop_tokio/mod.rs"]
mod event_loop_tokio;
#[path = "../net_connections/harness.rs"]
#[allow(dead_code, reason = "each user of the harness needs a part of it")]
mod harness;
mod listeners;

use std::{cell::RefCell, rc::Rc};

use boa_engine::{
    Context, JsResult, JsValue, NativeFunction, Source,
    job::{JobExecutor, SimpleJobExecutor},
    js_string,
};
use boa_websocket::{
    EventLoop, Hooks, Microtasks, WebSocketExtension, WebSockets,
    cli::serve::{Server, ServerOptions},
    html::set_uncaught_error_sink,
};
use event_loop_smol::SmolExecutor;
use event_loop_tokio::TokioExecutor;

/// Two listeners, microtasks between them, several messages, then the end of the socket.
const CONVERSATION: &str = "
    var log = [];
    const ws = new WebSocket('/echo');
    ws.onopen = () => { log.push('open'); ws.send('1'); ws.send('2') };
    ws.addEventListener('message', (event) => {
        log.push('A' + event.data);
        Promise.resolve().then(() => log.push('m')).then(() => log.push('n'));
    });
    ws.addEventListener('message', (event) => {
        log.push('B' + event.data);
        if (event.data === '2') ws.close(1000, 'enough');
    });
    ws.onclose = (event) => log.push(event.code, event.reason, event.wasClean);
";

fn context_on<E: JobExecutor + 'static>(executor: Rc<E>, server: &Server) -> Context {
    let mut context = Context::builder()
        .job_executor(executor)
        .host_hooks(Rc::new(Hooks))
        .build()
        .unwrap();
    let extension = WebSocketExtension::builder()
        .base_url(format!("http://{}/", server.address()))
        .build()
        .unwrap();
    extension.register(None, &mut context).unwrap();
    context
        .register_global_callable(js_string!("unref"), 0, NativeFunction::from_fn_ptr(unref))
        .unwrap();
    context
}

/// `unref()`: nothing waits for the sockets that there are.
fn unref(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let sockets = WebSockets::of(context).unwrap();
    for socket in sockets.list() {
        sockets.set_ref(socket.id, false, context);
    }
    Ok(JsValue::undefined())
}

fn eval(context: &mut Context, source: &str) -> JsValue {
    context.eval(Source::from_bytes(source)).unwrap()
}

fn log(context: &mut Context) -> String {
    let log = eval(context, "log.join(' ')");
    log.to_string(context).unwrap().to_std_string_lossy()
}

fn converse_on<E: JobExecutor + 'static>(executor: Rc<E>) -> String {
    let server = Server::start(ServerOptions::default()).unwrap();
    let mut context = context_on(executor, &server);
    eval(&mut context, CONVERSATION);
    context.run_jobs().unwrap();
    log(&mut context)
}

/// Runs `test` in a context of each executor that is not the crate's own, bare and in `Microtasks`; `test` is told which.
fn under_each_foreign_executor(test: impl Fn(&mut Context, &str)) {
    let server = Server::start(ServerOptions::default()).unwrap();
    let try_on = |name: &str, mut context: Context| test(&mut context, name);
    try_on(
        "simple",
        context_on(Rc::new(SimpleJobExecutor::new()), &server),
    );
    try_on(
        "tokio",
        context_on(Rc::new(TokioExecutor::default()), &server),
    );
    try_on(
        "smol",
        context_on(Rc::new(SmolExecutor::default()), &server),
    );
    let simple = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
    try_on("simple in Microtasks", context_on(simple, &server));
    let tokio = Microtasks::new(Rc::new(TokioExecutor::default()));
    try_on("tokio in Microtasks", context_on(tokio, &server));
    let smol = Microtasks::new(Rc::new(SmolExecutor::default()));
    try_on("smol in Microtasks", context_on(smol, &server));
}

/// What HTML asks for: all microtasks of one listener before the next.
const BY_THE_STANDARD: &str = "open A1 m n B1 A2 m n B2 1000 enough true";

#[test]
fn event_loop() {
    assert_eq!(converse_on(EventLoop::new()), BY_THE_STANDARD);
}

#[test]
fn simple_job_executor_in_microtasks() {
    let executor = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
    assert_eq!(converse_on(executor), BY_THE_STANDARD);
}

#[test]
fn smol_executor_in_microtasks() {
    let executor = Microtasks::new(Rc::new(SmolExecutor::default()));
    assert_eq!(converse_on(executor), BY_THE_STANDARD);
}

#[test]
fn tokio_executor_in_microtasks() {
    let executor = Microtasks::new(Rc::new(TokioExecutor::default()));
    assert_eq!(converse_on(executor), BY_THE_STANDARD);
}

/// A bare executor has no checkpoint: the microtasks of all listeners come after the task, when it has its turn, and before the
/// next task.
const BARE: &str = "open A1 B1 m n A2 B2 m n 1000 enough true";

#[test]
fn bare_simple_job_executor() {
    let executor = Rc::new(SimpleJobExecutor::new());
    assert_eq!(converse_on(executor), BARE);
}

#[test]
fn bare_smol_executor() {
    assert_eq!(converse_on(Rc::new(SmolExecutor::default())), BARE);
}

#[test]
fn bare_tokio_executor() {
    assert_eq!(converse_on(Rc::new(TokioExecutor::default())), BARE);
}

/// `SimpleJobExecutor` drops every job when one fails. The sockets' job comes back with the next
/// thing script does with a socket, and nothing that happened meanwhile is lost.
#[test]
fn the_job_comes_back_after_an_executor_dropped_it() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let mut context = context_on(Rc::new(SimpleJobExecutor::new()), &server);
    eval(
        &mut context,
        "var log = []; const ws = new WebSocket('/echo');
         ws.onopen = () => log.push('open');
         ws.onmessage = (event) => { log.push(event.data); ws.close() };
         ws.onclose = (event) => log.push(event.code);
         ws.addEventListener('open', () => boom());",
    );
    // A microtask that fails takes all jobs with it.
    context
        .register_global_callable(
            js_string!("boom"),
            0,
            NativeFunction::from_fn_ptr(|_, _, context| {
                let job = boa_engine::job::PromiseJob::new(|_| {
                    Err(boa_engine::JsNativeError::error()
                        .with_message("boom")
                        .into())
                });
                context.enqueue_job(job.into());
                Ok(JsValue::undefined())
            }),
        )
        .unwrap();
    assert!(context.run_jobs().is_err());
    assert_eq!(log(&mut context), "open");
    eval(&mut context, "ws.send('again')");
    context.run_jobs().unwrap();
    assert_eq!(log(&mut context), "open again 1005");
}

#[test]
fn a_second_realm_has_interfaces_of_its_own_and_the_same_network() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let event_loop = EventLoop::new();
    let mut context = context_on(Rc::clone(&event_loop), &server);
    let realm = context.create_realm().unwrap();
    let second = WebSocketExtension::builder()
        .base_url(format!("http://{}/close/", server.address()))
        .build()
        .unwrap();
    second.register(Some(realm.clone()), &mut context).unwrap();

    let first = context.enter_realm(realm);
    let other_global = context.global_object();
    eval(
        &mut context,
        "globalThis.seen = []; globalThis.ws = new WebSocket('../close?code=4002');
         ws.onclose = (event) => seen.push(event.code, event instanceof CloseEvent, event.target === ws)",
    );
    context.enter_realm(first);
    context
        .global_object()
        .set(js_string!("other"), other_global, true, &mut context)
        .unwrap();
    eval(
        &mut context,
        "var log = []; const ws = new WebSocket('/close?code=4001');
         ws.onclose = (event) => log.push(event.code, event instanceof CloseEvent, event instanceof other.CloseEvent);
         log.push(WebSocket === other.WebSocket, other.ws instanceof WebSocket, other.ws.url.endsWith('/close?code=4002'));
         log.push(new other.WebSocket('../echo').url.endsWith('/echo'), new WebSocket('../x/echo').url.endsWith('/x/echo'));
         // The members of one realm know the objects of the other.
         log.push(Object.getOwnPropertyDescriptor(WebSocket.prototype, 'readyState').get.call(other.ws));",
    );
    event_loop.run(&mut context).unwrap();
    assert_eq!(
        log(&mut context),
        "false false true true true 0 4001 true false"
    );
    let seen = eval(&mut context, "other.seen.join()");
    assert_eq!(seen.display().to_string(), "\"4002,true,true\"");
}

#[test]
fn an_exception_in_a_listener_reaches_the_embedder_and_stops_nothing() {
    for executor in 0..2 {
        let server = Server::start(ServerOptions::default()).unwrap();
        let mut context = match executor {
            0 => context_on(EventLoop::new(), &server),
            _ => context_on(Rc::new(SimpleJobExecutor::new()), &server),
        };
        let errors = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&errors);
        set_uncaught_error_sink(
            &mut context,
            Rc::new(move |error, _: &mut Context| {
                sink.borrow_mut().push(error.description.clone())
            }),
        );
        eval(
            &mut context,
            "var log = []; const ws = new WebSocket('/echo');
             ws.onopen = () => { ws.send('x'); throw new Error('in open') };
             ws.onmessage = () => { ws.close(); throw new Error('in message') };
             ws.onclose = (event) => log.push(event.code);",
        );
        context.run_jobs().unwrap();
        assert_eq!(log(&mut context), "1005");
        assert_eq!(*errors.borrow(), ["Error: in open", "Error: in message"]);
    }
}
