//! What the event loop runs: tasks, async jobs and task sources; fairness, errors, and when it ends.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

#[cfg(test)]
mod async_jobs;
#[cfg(test)]
mod checkpoints;
#[cfg(test)]
mod errors;
#[path = "../event_loop_log/mod.rs"]
mod event_loop_log;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod tasks;

use std::rc::Rc;

use boa_engine::{Context, JsNativeError, JsResult};
use boa_websocket::event_loop::{EventLoop, timers};

use event_loop_log::{Log, context_on};

pub(crate) fn fixture() -> (Rc<EventLoop>, Context, Log) {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    (event_loop, context, log)
}

pub(crate) fn boom<T>(name: &'static str) -> JsResult<T> {
    Err(JsNativeError::error().with_message(name).into())
}
