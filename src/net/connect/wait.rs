//! Waiting for one line: readiness, a deadline, and a way to be interrupted.

use std::{
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use mio::{Events, Poll, Registry, Token, Waker};

use crate::net::{
    error::{Error, ErrorKind, Phase},
    transport::Readiness,
};

/// The poller's name for the line being dialled.
pub(super) const LINE: Token = Token(0);
/// The poller's name for an interruption.
const INTERRUPT: Token = Token(1);

/// Interrupts a dial, at whatever point it is, and before it has begun.
#[derive(Default)]
pub(crate) struct Cancel {
    cancelled: AtomicBool,
    waker: Mutex<Option<Arc<Waker>>>,
}

impl Cancel {
    /// Makes the dial end with [`ErrorKind::Cancelled`].
    pub(super) fn cancel(&self) {
        self.cancelled.store(true, SeqCst);
        let waker = self.waker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waker) = &*waker {
            // A failure to wake leaves the deadline to end it.
            let _ = waker.wake();
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    fn attach(&self, waker: Option<Arc<Waker>>) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = waker;
    }
}

/// A connector thread's own poller.
pub(super) struct Waiter {
    poll: Poll,
    events: Events,
    waker: Arc<Waker>,
}

impl Waiter {
    pub(super) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), INTERRUPT)?);
        Ok(Self {
            poll,
            events: Events::with_capacity(8),
            waker,
        })
    }

    /// Starts a piece of work that `cancel` may interrupt and that has `budget` of time.
    pub(super) fn begin<'a>(&'a mut self, cancel: &'a Cancel, budget: Duration) -> Patience<'a> {
        cancel.attach(Some(self.waker.clone()));
        Patience {
            waiter: self,
            cancel,
            deadline: Instant::now().checked_add(budget),
        }
    }
}

/// How long to wait, and for whom to stop.
pub(super) struct Patience<'a> {
    waiter: &'a mut Waiter,
    cancel: &'a Cancel,
    /// `None`: longer than the clock can count.
    deadline: Option<Instant>,
}

impl Patience<'_> {
    pub(super) fn registry(&self) -> &Registry {
        self.waiter.poll.registry()
    }

    /// For a line that no poller knows of.
    pub(super) fn readiness(&self) -> Readiness {
        Readiness::of_connector(self.waiter.waker.clone())
    }

    /// What is left of the time; `None` for no end.
    fn left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Waits until the line may be ready.
    ///
    /// # Errors
    ///
    /// `Cancelled`, `TimedOut`, or what the poller reports.
    fn wait(&mut self) -> Result<(), Interruption> {
        if self.cancel.is_cancelled() {
            return Err(Interruption::Kind(ErrorKind::Cancelled));
        }
        let timeout = match self.deadline {
            None => None,
            Some(deadline) => match deadline.checked_duration_since(Instant::now()) {
                None | Some(Duration::ZERO) => {
                    return Err(Interruption::Kind(ErrorKind::TimedOut));
                }
                left => left,
            },
        };
        match self.waiter.poll.poll(&mut self.waiter.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(Interruption::Io(error))
            }
            // Whatever it was, the caller tries again and comes back if it was nothing.
            _ => Ok(()),
        }
    }

    /// Does `step` until it does not block any more.
    pub(super) fn until_done<T>(
        &mut self,
        mut step: impl FnMut() -> io::Result<T>,
    ) -> Result<T, Interruption> {
        loop {
            // A line that is always ready must not outrun the deadline or a cancellation.
            if self.cancel.is_cancelled() {
                return Err(Interruption::Kind(ErrorKind::Cancelled));
            }
            if self.left() == Some(Duration::ZERO) {
                return Err(Interruption::Kind(ErrorKind::TimedOut));
            }
            match step() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait()?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Interruption::Io(error)),
                Ok(done) => return Ok(done),
            }
        }
    }
}

impl Drop for Patience<'_> {
    fn drop(&mut self) {
        self.cancel.attach(None);
    }
}

/// Why a wait ended without the line being ready.
pub(super) enum Interruption {
    Kind(ErrorKind),
    Io(io::Error),
}

impl Interruption {
    /// What to report of it.
    pub(super) fn into_error(self, phase: Phase, subject: &str) -> Error {
        match self {
            Self::Kind(kind) => Error::new(phase, kind, subject),
            Self::Io(error) => Error::io(phase, subject, error),
        }
    }
}
