//! A program with a loop of its own, a GUI's or a game's, that gives the script a moment in each round. It prints:
//!
//! ```text
//! message: 1
//! message: 2
//! message: 3
//! close: 1005
//! the window is still there
//! ```

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, WebSocketExtension, event_loop::Progress};

const SCRIPT: &str = "
    var log = [];
    const ws = new WebSocket('/');
    let n = 0;
    ws.onopen = () => ws.send(++n);
    ws.onmessage = (event) => {
        log.push('message: ' + event.data);
        if (n === 3) ws.close(); else setTimeout(() => ws.send(++n), 5);
    };
    ws.onclose = (event) => log.push('close: ' + event.code);
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
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

    // What the window system would have: a queue of events, into which other threads can post.
    let (post, events) = mpsc::channel();
    event_loop.set_wake_callback(Some(Arc::new(move || _ = post.send("script"))));
    loop {
        // Never waits.
        let Progress::Stalled { next_deadline } = event_loop.run_until_stalled(&mut context)?
        else {
            break;
        };
        // Draw, then sleep until the next event, timer or frame.
        let frame = Duration::from_millis(16);
        let _event = events.recv_timeout(next_deadline.map_or(frame, |next| next.min(frame)));
    }
    let log = context.eval(Source::from_bytes("log.join('\\n')"))?;
    println!("{}", log.to_string(&mut context)?.to_std_string_lossy());
    println!("the window is still there");
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
