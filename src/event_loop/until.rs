//! Running a loop for a while, for tests.

use std::{cell::RefCell, time::Instant};

use boa_engine::{Context, JsResult};

use super::{EventLoop, Progress, Turns, turns::AsyncMode};

/// How [`EventLoop::run_until_deadline`] has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    /// As was hoped for.
    Done,
    /// The deadline came first.
    TimedOut,
    /// Nothing can happen any more.
    NothingLeft,
}

impl EventLoop {
    /// Runs until `done`, which is asked before each turn, or until `deadline`. Async jobs are left
    /// alone: those that are not finished could not outlive the call.
    pub(crate) fn run_until_deadline(
        &self,
        context: &mut Context,
        deadline: Instant,
        mut done: impl FnMut(&mut Context) -> bool,
    ) -> JsResult<Ran> {
        let cell = RefCell::new(context);
        let mut turns = Turns::new(self, &cell, AsyncMode::Leave);
        loop {
            if done(&mut cell.borrow_mut()) {
                return Ok(Ran::Done);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Ran::TimedOut);
            }
            if turns.turn()? {
                continue;
            }
            match turns.progress() {
                Progress::Done => return Ok(Ran::NothingLeft),
                Progress::Stalled { next_deadline } => {
                    let wait = next_deadline.map_or(left, |next| next.min(left));
                    self.parker.park(Some(wait));
                }
            }
        }
    }
}
