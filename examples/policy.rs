//! A script that is not trusted: which servers it may reach, how many sockets it may have, and the end of it. Prints:
//!
//! ```text
//! preparing a connection to 192.0.2.1:80: not allowed: only our own server
//! preparing a connection to 127.0.0.1: more than 2 sockets
//! 2 sockets are open
//! ```

use std::{net::SocketAddr, net::TcpListener, thread, time::Duration};

use boa_engine::{Context, Source};
use boa_websocket::{
    EventLoop, WebSocketExtension, WebSockets,
    dom::add_listener,
    net::{Denied, Error, Observer, Policy, SocketId},
};

/// Asked on the network's thread: it decides by what it knows. `net::PolicyRules` is a ready policy.
#[derive(Debug)]
struct Only(SocketAddr);

impl Policy for Only {
    fn check_url(&self, _: &url::Url) -> Result<(), Denied> {
        Ok(())
    }
    fn check_address(&self, _: &url::Url, address: SocketAddr) -> Result<(), Denied> {
        let ours = (address == self.0).then_some(());
        ours.ok_or_else(|| Denied::new("only our own server"))
    }
}

/// Script learns no more than "1006"; the host is told why.
#[derive(Debug)]
struct Tell;

impl Observer for Tell {
    fn failed(&self, _: SocketId, error: &Error) {
        println!("{error}");
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let server = listener.local_addr()?;
    thread::spawn(move || {
        for tcp in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut websocket = tungstenite::accept(tcp).ok()?;
                while websocket.read().is_ok() {}
                Some(())
            });
        }
    });
    let event_loop = EventLoop::new();
    let executor = event_loop.clone();
    let context = &mut Context::builder().job_executor(executor).build()?;
    let builder = WebSocketExtension::builder().limits(|limits| limits.sockets = 2);
    let builder = builder.policy(Only(server)).observer(Tell);
    builder.build()?.register(None, context)?;
    let sockets = WebSockets::of(context).ok_or("not registered")?;
    let end = move |_: &_, context: &mut _| {
        println!("{} sockets are open", sockets.len());
        let _ = sockets.close_all(1001, "", Duration::from_secs(9), context);
        Ok(())
    };
    add_listener(&context.global_object(), "ready", end, context)?;
    let script = "(async () => {
        for (const url of ['ws://192.0.2.1', OURS, OURS, OURS]) {
            const ws = new WebSocket(url);
            await new Promise((done) => { ws.onopen = ws.onclose = done });
        }
        dispatchEvent(new Event('ready'));
    })()";
    let ours = format!("'ws://{server}'");
    context.eval(Source::from_bytes(&script.replace("OURS", &ours)))?;
    Ok(event_loop.run(context)?)
}
