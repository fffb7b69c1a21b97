//! What a program that embeds the crate does with it: control, observer, quotas, and Rust on both sides of an event.
//! Every server here is a real one on loopback.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod control;
mod events;
mod from_threads;
#[path = "../net_connections/harness.rs"]
#[allow(dead_code, reason = "each user of the harness needs a part of it")]
mod harness;
mod held_up;
mod observing;
mod quotas;

use std::{rc::Rc, time::Instant};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, WebSocketExtension, WebSocketExtensionBuilder, WebSockets};

use crate::harness::PATIENCE;

/// A program with one context and an event loop.
struct World {
    context: Context,
    event_loop: Rc<EventLoop>,
}

impl World {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(change: impl FnOnce(WebSocketExtensionBuilder) -> WebSocketExtensionBuilder) -> Self {
        let event_loop = EventLoop::new();
        let executor = Rc::clone(&event_loop);
        let mut context = Context::builder().job_executor(executor).build().unwrap();
        let extension = change(WebSocketExtension::builder()).build().unwrap();
        extension.register(None, &mut context).unwrap();
        Self {
            context,
            event_loop,
        }
    }

    fn sockets(&self) -> WebSockets {
        WebSockets::of(&self.context).unwrap()
    }

    fn eval(&mut self, source: &str) -> String {
        eval(source, &mut self.context)
    }

    fn run(&mut self) {
        self.event_loop.run(&mut self.context).unwrap();
    }

    /// Runs the loop until `condition` is true in script.
    fn run_until(&mut self, condition: &str) {
        let begin = Instant::now();
        let event_loop = Rc::clone(&self.event_loop);
        while self.eval(condition) != "true" {
            assert!(begin.elapsed() < PATIENCE, "{condition}");
            event_loop.run_until_stalled(&mut self.context).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }
}

fn eval(source: &str, context: &mut Context) -> String {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    let text = value.to_string(context).unwrap();
    text.to_std_string_lossy()
}

/// Script that makes a socket named `name`, whose events but `open` and `message` go to a list `log`.
fn logged(name: &str, url: &str) -> String {
    format!(
        "globalThis.log ??= [];
         var {name} = new WebSocket('{url}');
         {name}.onerror = () => log.push('{name} error');
         {name}.onclose = (event) => log.push(`{name} ${{event.code}} ${{event.reason}} ${{event.wasClean}}`);"
    )
}
