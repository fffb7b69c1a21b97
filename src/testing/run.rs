//! Script's turn in a test that has one thread.

use std::time::{Duration, Instant};

use boa_engine::{Context, Source};

use super::error::{Error, ErrorKind};
use crate::event_loop::{EventLoop, Ran};

/// How long the loop runs at most.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Runs the event loop until `done` says so, which is asked before each turn and may evaluate
/// script, for at most 20 s. While there is nothing to do it waits without using the CPU.
///
/// As with [`EventLoop::run_until_stalled`], async jobs (`import()`, for one) are not started.
///
/// # Errors
///
/// `done` has not said so in time; the loop has nothing left to do, so that it never will; an engine
/// panic.
pub fn run_until(
    event_loop: &EventLoop,
    context: &mut Context,
    done: impl FnMut(&mut Context) -> bool,
) -> Result<(), Error> {
    run(event_loop, context, "what the test waits for", done)
}

/// As [`run_until`], until this expression is true.
///
/// # Errors
///
/// Those of [`run_until`], and an exception.
pub fn run_until_script(
    event_loop: &EventLoop,
    context: &mut Context,
    expression: &str,
) -> Result<(), Error> {
    let mut thrown = None;
    let done = |context: &mut Context| match context.eval(Source::from_bytes(expression.as_bytes()))
    {
        Ok(value) => value.to_boolean(),
        Err(error) => {
            thrown = Some(error.to_string());
            true
        }
    };
    let expected = format!("`{expression}`");
    run(event_loop, context, &expected, done)?;
    match thrown {
        None => Ok(()),
        Some(error) => Err(Error::new(expected, ErrorKind::Script(error.into()))),
    }
}

fn run(
    event_loop: &EventLoop,
    context: &mut Context,
    expected: &str,
    done: impl FnMut(&mut Context) -> bool,
) -> Result<(), Error> {
    let deadline = Instant::now() + TIMEOUT;
    let kind = match event_loop.run_until_deadline(context, deadline, done) {
        Ok(Ran::Done) => return Ok(()),
        Ok(Ran::TimedOut) => ErrorKind::TimedOut(TIMEOUT),
        Ok(Ran::NothingLeft) => ErrorKind::NothingLeft,
        Err(error) => ErrorKind::Script(error.to_string().into()),
    };
    Err(Error::new(expected, kind))
}
