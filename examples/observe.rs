//! What an observer is told of a connection, and a socket made and heard in Rust.
//!
//! Prints:
//!
//! ```text
//! GET /chat?[redacted]
//! 101 Switching Protocols
//! out: hello
//! in: hello
//! closed 4000 "bye"
//! ```

use std::{error::Error, net::TcpListener, thread};

use boa_engine::Context;
use boa_websocket::{
    EventLoop, WebSocket, WebSocketExtension,
    dom::add_listener,
    net::{MessageView, Observer, RequestHead, ResponseHead, SocketId},
    websocket::CloseEventView,
};

/// Called on the network's thread, which waits for it: it only takes notes.
#[derive(Debug)]
struct Log;

impl Observer for Log {
    fn request(&self, _: SocketId, request: &RequestHead) {
        println!("GET {}", request.path);
    }
    fn response(&self, _: SocketId, response: &ResponseHead) {
        println!("{} {}", response.status, response.reason);
    }
    fn message_out(&self, _: SocketId, message: MessageView<'_>) {
        println!("out: {}", message.text().unwrap_or("binary"));
    }
    fn message_in(&self, _: SocketId, message: MessageView<'_>) {
        println!("in: {}", message.text().unwrap_or("binary"));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("ws://{}/chat?token=secret", listener.local_addr()?);
    thread::spawn(move || echo(&listener));

    let event_loop = EventLoop::new();
    let executor = event_loop.clone();
    let context = &mut Context::builder().job_executor(executor).build()?;
    let builder = WebSocketExtension::builder().observer(Log);
    builder.build()?.register(None, context)?;
    let object = WebSocket::connect(&url, &[], &[], context)?;
    let object = object.object();
    // The listeners own no socket: the collector would never see through them.
    let open =
        |event: &_, context: &mut _| WebSocket::target_of(event)?.send_text("hello", context);
    add_listener(object, "open", open, context)?;
    let message =
        |event: &_, context: &mut _| WebSocket::target_of(event)?.close(Some(4000), "bye", context);
    add_listener(object, "message", message, context)?;
    let close = |event: &_, _: &mut _| {
        let end = CloseEventView::try_from(event)?;
        println!("closed {} {:?}", end.code, end.reason);
        Ok(())
    };
    add_listener(object, "close", close, context)?;
    Ok(event_loop.run(context)?)
}

fn echo(listener: &TcpListener) -> Option<()> {
    let mut websocket = tungstenite::accept(listener.accept().ok()?.0).ok()?;
    while let Ok(message) = websocket.read() {
        if message.is_text() {
            websocket.send(message).ok()?;
        }
    }
    Some(())
}
