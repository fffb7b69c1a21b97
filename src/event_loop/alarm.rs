//! Timers for a loop that is awaited and therefore may not block.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::parker::LoopWaker;

/// Wakes the loop at a deadline, by a thread of its own: an [`EventLoop`](super::EventLoop) under a foreign async runtime
/// does not know that runtime's timers. The thread starts with the first deadline and ends with this value.
pub(super) struct Alarm {
    shared: Arc<Shared>,
    waker: LoopWaker,
    started: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    deadline: Option<Instant>,
    ended: bool,
}

impl Alarm {
    pub(super) fn new(waker: LoopWaker) -> Self {
        Self {
            shared: Arc::default(),
            waker,
            started: false,
        }
    }

    /// Sets the one deadline, or none. Fails if the thread cannot be started.
    pub(super) fn set(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        // A timeout past the clock's range is none.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        if deadline.is_none() && !self.started {
            return Ok(());
        }
        self.shared.change(|state| state.deadline = deadline);
        if !self.started {
            let (shared, waker) = (Arc::clone(&self.shared), self.waker.clone());
            thread::Builder::new()
                .name("boaws-alarm".into())
                .spawn(move || shared.watch(&waker))?;
            self.started = true;
        }
        Ok(())
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.shared.change(|state| state.ended = true);
    }
}

impl Shared {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_one();
    }

    /// The thread.
    fn watch(&self, waker: &LoopWaker) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.ended {
            let now = Instant::now();
            state = match state.deadline {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(deadline) if deadline > now => {
                    self.changed
                        .wait_timeout(state, deadline - now)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                Some(_) => {
                    state.deadline = None;
                    drop(state);
                    // Not under the lock: this runs the host's callback.
                    waker.wake();
                    self.state.lock().unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}
