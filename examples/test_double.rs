//! A test of a script that reconnects, without a server, a port or a sleep.
//! Prints `reconnected and answered: 42`.
//!
//! `cargo run --features testing --example test_double`

use std::{error::Error, io};

use boa_engine::{Context, Source};
use boa_websocket::{
    EventLoop, WebSocketExtension,
    testing::{self, run_until_script},
};

/// The script that is tested: it doubles numbers, and connects again when the line is lost.
const SCRIPT: &str = "
    var losses = 0, answers = 0, closed = false;
    function connect() {
        const ws = new WebSocket('ws://numbers.test/feed', 'numbers.v1');
        ws.onmessage = event => { ws.send(event.data * 2); answers++ };
        ws.onclose = event => {
            if (event.wasClean) { closed = true; return }
            losses++;
            connect();
        };
    }
    connect();
";

fn main() -> Result<(), Box<dyn Error>> {
    let (dialer, server) = testing::pair();
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()?;
    WebSocketExtension::builder()
        .dialer(dialer)
        .build()?
        .register(None, &mut context)?;

    // The first attempt finds no server, the second one a busy one.
    server.fail_next(io::ErrorKind::ConnectionRefused);
    context.eval(Source::from_bytes(SCRIPT))?;
    run_until_script(&event_loop, &mut context, "losses == 1")?;
    server
        .expect_upgrade()?
        .refuse(503, &[("Retry-After", "1")])?;
    run_until_script(&event_loop, &mut context, "losses == 2")?;

    // The third one is cut in the middle of a message.
    let upgrade = server.expect_upgrade_to("ws://numbers.test/feed")?;
    assert_eq!(upgrade.protocols(), ["numbers.v1"]);
    let mut peer = upgrade.accept()?;
    peer.send_bytes(&[0x81, 5, b'h', b'a'])?;
    peer.cut();
    run_until_script(&event_loop, &mut context, "losses == 3")?;

    // The fourth one works.
    let mut peer = server.expect_upgrade()?.accept()?;
    peer.send_text("21")?;
    run_until_script(&event_loop, &mut context, "answers == 1")?;
    let answer = peer.expect_text()?;
    peer.close(1000, "thanks")?;
    peer.expect_close()?;
    run_until_script(&event_loop, &mut context, "closed")?;
    println!("reconnected and answered: {answer}");
    Ok(())
}
