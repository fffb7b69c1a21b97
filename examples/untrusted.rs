//! A script that is not trusted: what bounds it, and how its world is closed. It prints:
//!
//! ```text
//! a loop is ended by its limit: true
//! elsewhere: 1006
//! one socket too many: 1006
//! here: open
//! ```

use std::{
    cell::RefCell,
    net::TcpListener,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    thread,
    time::Duration,
};

use boa_engine::{Context, JsArgs, JsResult, JsValue, NativeFunction, Source, js_string};
use boa_websocket::{EventLoop, WebSocketExtension, net::PolicyRules};

const SCRIPT: &str = "
    new WebSocket('ws://192.0.2.1/').onclose = (event) => {
        report('elsewhere: ' + event.code);
        new WebSocket('/').onopen = () => report('here: open');
        new WebSocket('/').onclose = (event) => report('one socket too many: ' + event.code);
    };
    setInterval(() => {}, 1); // It would never end.
";
static REPORTS: AtomicUsize = AtomicUsize::new(0);
static TIME_IS_UP: AtomicBool = AtomicBool::new(false);

fn report(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = args.get_or_undefined(0).to_string(context)?;
    println!("{}", text.to_std_string_lossy());
    REPORTS.fetch_add(1, Relaxed);
    Ok(JsValue::undefined())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    thread::spawn(move || tungstenite::accept(listener.accept().ok()?.0).ok());
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()?;
    // Boa's limits hold within one run of script; their errors cannot be caught by script.
    let limits = context.runtime_limits_mut();
    limits.set_loop_iteration_limit(100_000);
    let mut rules = PolicyRules::new();
    rules.allow(&server.to_string())?;
    WebSocketExtension::builder()
        .base_url(format!("http://{server}/"))
        .policy(rules)
        .limits(|limits| limits.sockets = 1)
        .limits(|limits| limits.message_size = 1 << 20)
        .limits(|limits| limits.receive_queue = 1 << 20)
        .build()?
        .register(None, &mut context)?;
    let ended = context.eval(Source::from_bytes("try { for (;;); } catch {}"));
    println!("a loop is ended by its limit: {}", ended.is_err());
    let report = NativeFunction::from_fn_ptr(report);
    context.register_global_callable(js_string!("report"), 1, report)?;
    context.eval(Source::from_bytes(SCRIPT))?;
    // The watchdog, which is heeded between tasks.
    let waker = event_loop.waker();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(2));
        TIME_IS_UP.store(true, Relaxed);
        waker.wake();
    });
    let cell = RefCell::new(&mut context);
    // Three reports are all that this script has to say.
    let done = |_: &Context| REPORTS.load(Relaxed) == 3 || TIME_IS_UP.load(Relaxed);
    event_loop.turns(&cell).run_until(done)?;
    drop((context, event_loop)); // And with them sockets, threads and timers.
    Ok(())
}
