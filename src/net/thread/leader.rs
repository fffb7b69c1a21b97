//! Who leads the reactor: the socket thread, or the JavaScript thread while it has nothing else to do.
//!
//! With one thread for sockets and one for script, each round trip of a script that waits for answers takes four wakes:
//! the socket thread for what is sent, and again for the answer, and script for the answer and for word of what was sent. So a script that waits does
//! so in the poller, and reads, runs its callbacks and writes without another thread.
//!
//! ```text
//!            script waits, and few events wake it
//!   ┌────────┐ ───────────────────────────────────> ┌────────────────┐ <──── script waits ──── ┌───────────────────┐
//!   │ socket │                                      │ nobody: script │                         │ JavaScript thread │
//!   │ thread │ <─────────────────────────────────── │ has work       │ ── something came ────> │                   │
//!   └────────┘  much came or was sent at once,      └────────────────┘  (read right to left:   └───────────────────┘
//!               or nobody has led for a while                            it stops leading)
//! ```
//!
//! So a flood is read by one thread while script works on the other, and sockets are seen to (Pings, deadlines, what
//! was sent) while script computes. It is the pattern of leader and followers (D. C. Schmidt et al., Pattern-Oriented Software
//! Architecture, volume 2, 2000). No lock is held while somebody leads.

use std::{
    mem,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use mio::Waker;

use super::{Reactor, rounds::Left};

/// How long the reactor is without a leader before the socket thread takes it; at most twice as long, because it looks
/// that often.
const UNLED: Duration = Duration::from_millis(2);

/// Where the leaders of one network hand the reactor to each other.
#[derive(Default)]
pub(crate) struct Leader {
    place: Mutex<Place>,
    /// For the socket thread.
    changed: Condvar,
    /// Script waits elsewhere because the socket thread leads: it can lead once it was woken.
    script_waits: AtomicBool,
    /// Script is in the poller, or will look once more whether it was notified before it is.
    script_polls: AtomicBool,
}

#[derive(Default)]
struct Place {
    /// It is here when nobody leads.
    reactor: Option<Box<Reactor>>,
    /// Ends a wait in the reactor's poller.
    waker: Option<Arc<Waker>>,
    /// Counts how often script has begun or stopped to lead.
    changes: u64,
    /// The socket thread sleeps until script stops leading.
    asleep: bool,
    /// The socket thread is to lead at once.
    take_over: bool,
    /// The reactor has come to its end under script's lead: there is no use for the socket thread.
    ended: bool,
}

impl Leader {
    fn lock(&self) -> MutexGuard<'_, Place> {
        // Every change of the place is complete before anything could panic.
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new socket thread is about to begin, with a reactor that `waker` wakes.
    pub(super) fn begin(&self, waker: Arc<Waker>) {
        *self.lock() = Place {
            waker: Some(waker),
            ..Place::default()
        };
    }

    /// All that the socket thread does.
    pub(super) fn run_thread(&self, mut reactor: Box<Reactor>) {
        while reactor.lead_on_thread(|| self.script_waits.load(SeqCst)) == Left::Sockets {
            match self.follow(reactor) {
                Some(again) => reactor = again,
                None => return,
            }
        }
    }

    /// Lets script lead, until it is this thread's turn again. `None`: it never will be.
    fn follow(&self, reactor: Box<Reactor>) -> Option<Box<Reactor>> {
        let mut place = self.lock();
        place.reactor = Some(reactor);
        place.take_over = false;
        loop {
            let before = place.changes;
            let undisturbed = |place: &mut Place| !place.take_over && !place.ended;
            let waited = self.changed.wait_timeout_while(place, UNLED, undisturbed);
            place = waited.unwrap_or_else(PoisonError::into_inner).0;
            if place.ended {
                return None;
            }
            // While script leads and stops to lead in turns, this looks every now and then, so that nobody has to wake it.
            if !mem::take(&mut place.take_over) && place.changes != before {
                continue;
            }
            if let Some(reactor) = place.reactor.take() {
                return Some(reactor);
            }
            place.asleep = true;
            let asleep = |place: &mut Place| place.asleep;
            let waited = self.changed.wait_while(place, asleep);
            place = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Has the calling thread, script's, wait by leading, until it is `notified` or until `timeout` has passed. False: the
    /// socket thread leads, so that script has to wait elsewhere, and to say when it [is awake](Self::is_awake) again.
    pub(crate) fn wait(&self, timeout: Option<Duration>, notified: &dyn Fn() -> bool) -> bool {
        let mut place = self.lock();
        let taken_over = place.take_over;
        let Some(mut reactor) = place.reactor.take_if(|_| !taken_over) else {
            self.script_waits.store(true, SeqCst);
            return false;
        };
        place.changes += 1;
        drop(place);
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let left = reactor.lead_for_script(until, notified, &self.script_polls);
        let mut place = self.lock();
        place.changes += 1;
        place.take_over = left == Left::BusySockets;
        place.ended = left == Left::Nothing;
        if !place.ended {
            place.reactor = Some(reactor);
        }
        if mem::take(&mut place.asleep) || place.take_over || place.ended {
            self.changed.notify_one();
        }
        true
    }

    /// Script waits no more elsewhere.
    pub(crate) fn is_awake(&self) {
        self.script_waits.store(false, SeqCst);
    }

    /// Ends script's wait, if it waits by leading: it was notified.
    pub(crate) fn interrupt(&self) {
        if self.script_polls.load(SeqCst)
            && let Some(waker) = self.lock().waker.clone()
            && let Err(error) = waker.wake()
        {
            tracing::error!(target: "boa_websocket::net", %error, "cannot wake the JavaScript thread");
        }
    }

    /// Has the socket thread lead at once if nobody does: there is much to do, or script will be gone.
    pub(crate) fn take_over(&self) {
        let mut place = self.lock();
        if place.reactor.is_some() {
            place.take_over = true;
            place.asleep = false;
            self.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests;
