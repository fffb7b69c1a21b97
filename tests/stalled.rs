//! A connection that comes to a standstill ends at its deadline, script hears of it, and with it the event loop ends.
#![cfg(all(feature = "net", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

#[cfg(test)]
#[path = "net_connections/dead_address.rs"]
mod dead_address;

use std::{
    io::Read,
    net::{SocketAddr, TcpListener},
    thread,
    time::{Duration, Instant},
};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, WebSocketExtension};
use dead_address::DeadAddress;

/// What script sees of a socket to `url`, once nothing more can happen.
fn seen(url: &str) -> String {
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()
        .unwrap();
    WebSocketExtension::builder()
        .network(|options| options.timeouts.handshake = Duration::from_millis(300))
        .build()
        .unwrap()
        .register(None, &mut context)
        .unwrap();
    let script = format!(
        "let seen = [], ws = new WebSocket('{url}');
         for (const type of ['open', 'message', 'error', 'close'])
             ws.addEventListener(type, event => seen.push(
                 type, event.code, event.reason, event.wasClean, ws.readyState));"
    );
    context.eval(Source::from_bytes(&script)).unwrap();
    let started = Instant::now();
    event_loop.run(&mut context).unwrap();
    // The deadline of its own, and not that of anything else.
    assert!(started.elapsed() < Duration::from_secs(10));
    let seen = context.eval(Source::from_bytes("seen.join()")).unwrap();
    seen.to_string(&mut context).unwrap().to_std_string_lossy()
}

const FAILED: &str = "error,,,,3,close,1006,,false,3";

/// A server that takes connections and never says anything.
fn silent() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let mut tcp = tcp.unwrap();
            thread::spawn(move || tcp.read_to_end(&mut Vec::new()));
        }
    });
    address
}

#[test]
fn a_syn_that_nobody_answers() {
    let dead = DeadAddress::at("127.0.0.1", 0).unwrap();
    assert_eq!(seen(&format!("ws://{}/", dead.address)), FAILED);
}

#[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
#[test]
fn a_tls_handshake_that_nobody_answers() {
    assert_eq!(seen(&format!("wss://{}/", silent())), FAILED);
}

#[test]
fn an_upgrade_that_nobody_answers() {
    assert_eq!(seen(&format!("ws://{}/", silent())), FAILED);
}

#[test]
fn several_at_once_end_one_after_the_other() {
    // To one address, so that each has its deadline at its turn.
    let url = format!("ws://{}/", silent());
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()
        .unwrap();
    WebSocketExtension::builder()
        .network(|options| options.timeouts.handshake = Duration::from_millis(100))
        .build()
        .unwrap()
        .register(None, &mut context)
        .unwrap();
    let script = format!(
        "let seen = [];
         for (let i = 0; i < 5; i++) new WebSocket('{url}').onclose = event => seen.push(i + ':' + event.code);"
    );
    context.eval(Source::from_bytes(&script)).unwrap();
    event_loop.run(&mut context).unwrap();
    let seen = context.eval(Source::from_bytes("seen.join()")).unwrap();
    let seen = seen.to_string(&mut context).unwrap();
    assert_eq!(
        seen.to_std_string_lossy(),
        "0:1006,1:1006,2:1006,3:1006,4:1006"
    );
}
