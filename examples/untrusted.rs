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
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, WebSocketExtension, net::PolicyRules};

const SCRIPT: &str = "
    var log = [];
    new WebSocket('ws://192.0.2.1/').onclose = (event) => {
        log.push('elsewhere: ' + event.code);
        const here = new WebSocket('/');
        new WebSocket('/').onclose = (event) => log.push('one socket too many: ' + event.code);
        here.onopen = () => log.push('here: open');
    };
    setInterval(() => {}, 1); // It would never end.
";
static TIME_IS_UP: AtomicBool = AtomicBool::new(false);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    thread::spawn(move || tungstenite::accept(listener.accept().ok()?.0).ok());
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()?;
    // Boa's limits hold within one run of script; their errors cannot be caught by script.
    context
        .runtime_limits_mut()
        .set_loop_iteration_limit(100_000);
    let mut rules = PolicyRules::new();
    rules.allow(&server.to_string())?;
    WebSocketExtension::builder()
        .base_url(format!("http://{server}/"))
        .policy(rules)
        .network(|options| {
            options.limits.sockets = 1;
            options.limits.message_size = 1 << 20;
            options.limits.receive_queue = 1 << 20;
        })
        .build()?
        .register(None, &mut context)?;
    let ended = context
        .eval(Source::from_bytes("try { for (;;); } catch {}"))
        .is_err();
    println!("a loop is ended by its limit: {ended}");
    context.eval(Source::from_bytes(SCRIPT))?;
    // The watchdog, which is heeded between tasks.
    let waker = event_loop.waker();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(2));
        TIME_IS_UP.store(true, Ordering::Relaxed);
        waker.wake();
    });
    let cell = RefCell::new(&mut context);
    let time_is_up = |_: &Context| TIME_IS_UP.load(Ordering::Relaxed);
    event_loop.turns(&cell).run_until(time_is_up)?;
    let log = context.eval(Source::from_bytes("log.join('\\n')"))?;
    println!("{}", log.to_string(&mut context)?.to_std_string_lossy());
    drop((context, event_loop)); // And with them sockets, threads and timers.
    Ok(())
}
