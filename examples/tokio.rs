//! The event loop as a future beside others on a current-thread tokio runtime. It prints:
//!
//! ```text
//! message: from tokio
//! close: 1000
//! ```

use std::{
    cell::RefCell,
    net::{SocketAddr, TcpListener},
    thread,
    time::Duration,
};

use boa_engine::{Context, Source, job::JobExecutor};
use boa_websocket::{EventLoop, WebSocketExtension};

const SCRIPT: &str = "
    var log = [];
    const ws = new WebSocket('/');
    const open = new Promise((resolve) => { ws.onopen = resolve });
    globalThis.send = (text) => open.then(() => ws.send(text));
    ws.onmessage = (event) => { log.push('message: ' + event.data); ws.close(1000) };
    ws.onclose = (event) => log.push('close: ' + event.code);
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = echo_server()?;
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()?;
    WebSocketExtension::builder()
        .base_url(format!("http://{server}/"))
        .build()?
        .register(None, &mut context)?;
    context.eval(Source::from_bytes(SCRIPT))?;

    // The host's own work, which reaches script from any thread.
    let spawner = event_loop.spawner();
    let work = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(10)).await;
        spawner.spawn_task(|context| {
            context
                .eval(Source::from_bytes("send('from tokio')"))
                .map(drop)
        })
    });
    let cell = RefCell::new(&mut context);
    let (script, work) = tokio::join!(event_loop.run_jobs_async(&cell), work);
    script?;
    work??;
    let log = context.eval(Source::from_bytes("log.join('\\n')"))?;
    println!("{}", log.to_string(&mut context)?.to_std_string_lossy());
    Ok(())
}

/// Sends back what its one client sends.
fn echo_server() -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> Option<()> {
        let mut socket = tungstenite::accept(listener.accept().ok()?.0).ok()?;
        loop {
            let message = socket.read().ok()?;
            if message.is_text() {
                socket.send(message).ok()?;
            }
        }
    });
    Ok(address)
}
