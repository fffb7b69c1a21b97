//! Where the loop waits, and how it is woken from anywhere.

use std::{
    fmt,
    sync::{
        Arc, Condvar, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

/// Called on the thread that wakes.
type WakeCallback = Arc<dyn Fn() + Send + Sync>;

/// What a loop that has nothing to do can do for others while it waits.
pub(crate) trait IdleWork: Send + Sync {
    /// Works, and waits for more of it, until `notified` or until `timeout` has passed; it may return before that. False, at
    /// once: somebody else does the work, and [`is_awake`](Self::is_awake) is to be called after a wait without it.
    fn wait(&self, timeout: Option<Duration>, notified: &dyn Fn() -> bool) -> bool;

    /// The wait without it is over.
    fn is_awake(&self);

    /// Called after a notification, on any thread: ends [`wait`](Self::wait) soon.
    fn interrupt(&self);
}

/// One waiting thread, any number of waking ones.
#[derive(Default)]
pub(super) struct Parker {
    /// There may be something to do. Set before anyone is told, cleared before anyone looks.
    notified: AtomicBool,
    waiter: Mutex<Waiter>,
    condvar: Condvar,
    idle_work: OnceLock<Weak<dyn IdleWork>>,
}

/// Who is to be told besides the parked thread.
#[derive(Default)]
struct Waiter {
    callback: Option<WakeCallback>,
    /// The loop waits for the condition variable.
    parked: bool,
    /// The task in which `run_jobs_async` is awaited.
    task: Option<Waker>,
}

impl Parker {
    /// Says that there is something to do. A second wake before the loop looked costs one atomic swap.
    pub(super) fn wake(&self) {
        if self.notified.swap(true, Ordering::SeqCst) {
            return;
        }
        let (callback, task, parked) = {
            // Holding the lock here means that the other side is either before its look at the flag
            // or already waiting: no wake falls in between.
            let mut waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
            (waiter.callback.clone(), waiter.task.take(), waiter.parked)
        };
        if parked {
            self.condvar.notify_one();
        } else if let Some(work) = self.idle_work() {
            work.interrupt();
        }
        if let Some(task) = task {
            task.wake();
        }
        if let Some(callback) = callback {
            callback();
        }
    }

    fn idle_work(&self) -> Option<Arc<dyn IdleWork>> {
        self.idle_work.get()?.upgrade()
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
        let work = self.idle_work();
        // Both sides are in one order: who notifies sets the flag and then looks whether the work must be
        // interrupted, which here is said before the flag is looked at.
        let notified = || self.notified.load(Ordering::SeqCst);
        if work
            .as_ref()
            .is_some_and(|work| work.wait(timeout, &notified))
        {
            return;
        }
        self.park_without_work(timeout);
        if let Some(work) = work {
            work.is_awake();
        }
    }

    fn park_without_work(&self, timeout: Option<Duration>) {
        let mut waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner);
        waiter.parked = true;
        let idle = |_: &mut Waiter| !self.notified.load(Ordering::Acquire);
        let mut waiter = match timeout {
            None => self
                .condvar
                .wait_while(waiter, idle)
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.condvar.wait_timeout_while(waiter, timeout, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        waiter.parked = false;
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

    /// Gives the loop something to do while it waits; only the first one does.
    #[cfg(feature = "net")]
    pub(crate) fn set_idle_work(&self, work: Weak<dyn IdleWork>) {
        let _ = self.0.idle_work.set(work);
    }
}

impl fmt::Debug for LoopWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopWaker").finish_non_exhaustive()
    }
}
