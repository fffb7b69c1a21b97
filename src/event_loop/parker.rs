//! Where the loop waits, and how it is woken from anywhere.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

/// Called on the thread that wakes.
type WakeCallback = Arc<dyn Fn() + Send + Sync>;

/// One waiting thread, any number of waking ones.
#[derive(Default)]
pub(super) struct Parker {
    /// There may be something to do. Set before anyone is told, cleared before anyone looks.
    notified: AtomicBool,
    waiter: Mutex<Waiter>,
    condvar: Condvar,
}

/// Who is to be told besides the parked thread.
#[derive(Default)]
struct Waiter {
    callback: Option<WakeCallback>,
    /// The task in which `run_jobs_async` is awaited.
    task: Option<Waker>,
}

impl Parker {
    /// Says that there is something to do. A second wake before the loop looked costs one atomic swap.
    pub(super) fn wake(&self) {
        if self.notified.swap(true, Ordering::AcqRel) {
            return;
        }
        let (callback, task) = {
            // Holding the lock here means that the other side is either before its look at the flag
            // or already waiting: no wake falls in between.
            let mut waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
            (waiter.callback.clone(), waiter.task.take())
        };
        self.condvar.notify_one();
        if let Some(task) = task {
            task.wake();
        }
        if let Some(callback) = callback {
            callback();
        }
    }

    /// Takes the notification: what is done about it must come after this.
    pub(super) fn take_notification(&self) {
        // A swap, so as to see what was written before the wake; the load keeps a busy loop from
        // bouncing the cache line at every turn.
        if self.notified.load(Ordering::Relaxed) {
            self.notified.swap(false, Ordering::AcqRel);
        }
    }

    /// Blocks until a wake, or until `timeout` has passed. A notification that stands already returns at once; it is not taken.
    pub(super) fn park(&self, timeout: Option<Duration>) {
        let waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |_: &mut Waiter| !self.notified.load(Ordering::Acquire);
        match timeout {
            None => {
                drop(
                    self.condvar
                        .wait_while(waiter, idle)
                        .unwrap_or_else(PoisonError::into_inner),
                );
            }
            Some(timeout) => {
                drop(
                    self.condvar
                        .wait_timeout_while(waiter, timeout, idle)
                        .unwrap_or_else(PoisonError::into_inner),
                );
            }
        }
    }

    /// The same wait for an async task.
    pub(super) fn poll_notified(&self, waker: &Waker) -> Poll<()> {
        let mut waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
        if self.notified.load(Ordering::Acquire) {
            waiter.task = None;
            return Poll::Ready(());
        }
        match &mut waiter.task {
            Some(task) if task.will_wake(waker) => {}
            task => *task = Some(waker.clone()),
        }
        Poll::Pending
    }

    /// Replaces the callback.
    pub(super) fn set_callback(&self, callback: Option<WakeCallback>) {
        self.waiter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .callback = callback;
    }
}

/// Wakes an [`EventLoop`](super::EventLoop) from any thread; made by
/// [`EventLoop::waker`](super::EventLoop::waker).
///
/// It does not keep the loop alive or running: a [`TaskSource`](super::TaskSource) says whether there
/// is something to wait for. Waking a loop that is not running makes its next wait return at once.
#[derive(Clone)]
pub struct LoopWaker(pub(super) Arc<Parker>);

impl LoopWaker {
    /// Makes the loop look at its task sources soon. Cheap when it was woken already and has not yet looked.
    pub fn wake(&self) {
        self.0.wake();
    }
}

impl fmt::Debug for LoopWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopWaker").finish_non_exhaustive()
    }
}
