//! Tasks from other threads.

use std::{
    collections::VecDeque,
    error, fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use boa_engine::{Context, JsResult};

use super::LoopWaker;

type SentSteps = Box<dyn FnOnce(&mut Context) -> JsResult<()> + Send>;

/// What is shared by a loop and its spawners.
#[derive(Default)]
struct Spawned {
    queue: Mutex<Queue>,
    /// How many [`KeepAlive`]s there are.
    held: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<SentSteps>,
    /// The loop is gone.
    closed: bool,
}

impl Spawned {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop's end. Dropping it drops the tasks that wait and refuses others.
#[derive(Default)]
pub(super) struct Inbox(Arc<Spawned>);

impl Inbox {
    pub(super) fn spawner(&self, waker: LoopWaker) -> Spawner {
        Spawner {
            spawned: Arc::clone(&self.0),
            waker,
        }
    }

    /// Apart, so that the queue is not locked while the task runs.
    pub(super) fn next(&self) -> Option<SentSteps> {
        self.0.queue().tasks.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.queue().tasks.is_empty()
    }

    /// Must the loop wait for another thread?
    pub(super) fn keeps_alive(&self) -> bool {
        self.0.held.load(Ordering::Acquire) > 0
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let tasks = {
            let mut queue = self.0.queue();
            queue.closed = true;
            std::mem::take(&mut queue.tasks)
        };
        // Not under the lock: what a task has captured may hold a spawner and use it.
        drop(tasks);
    }
}

/// Runs closures on the thread of an [`EventLoop`](super::EventLoop), from any other; made by
/// [`EventLoop::spawner`](super::EventLoop::spawner), and cloned freely.
///
/// ```
/// use boa_engine::{Context, JsResult, Source};
/// use boa_websocket::EventLoop;
///
/// # fn main() -> JsResult<()> {
/// let event_loop = EventLoop::new();
/// let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// let spawner = event_loop.spawner();
/// // The loop waits for as long as this is there.
/// let keep_alive = spawner.keep_alive();
/// let worker = std::thread::spawn(move || {
///     let answer = 6 * 7;
///     let sent = spawner.spawn_task(move |context| {
///         context.eval(Source::from_bytes(&format!("globalThis.answer = {answer}"))).map(drop)
///     });
///     drop(keep_alive);
///     sent
/// });
/// event_loop.run(&mut context)?;
/// assert!(matches!(worker.join(), Ok(Ok(()))));
/// assert_eq!(context.eval(Source::from_bytes("answer"))?.as_number(), Some(42.0));
/// # Ok(())
/// # }
/// ```
///
/// It does not by itself keep the loop running: that is what [`keep_alive`](Self::keep_alive) is for. A task that
/// waits does, until it has run.
#[derive(Clone)]
pub struct Spawner {
    spawned: Arc<Spawned>,
    waker: LoopWaker,
}

impl Spawner {
    /// How many tasks may wait at a time, of all spawners of one loop together.
    pub const MAX_WAITING: usize = 65_536;

    /// Queues `task` and wakes the loop. Spawned tasks run first in, first out, one a turn, each followed by a microtask
    /// checkpoint, in the realm that is current then; an error is given to
    /// [`report_exception`](super::report_exception). They have a queue of their own: there is no order between them
    /// and what [`EventLoop::queue_task`](super::EventLoop::queue_task) queues.
    ///
    /// A loop that is not running keeps the task until it runs again, or drops it when it is dropped itself.
    ///
    /// # Errors
    ///
    /// `task` is dropped, on the calling thread, when
    ///
    /// * [`MAX_WAITING`](Self::MAX_WAITING) tasks wait already ([`SpawnError::Full`]): the script's thread does not keep up;
    /// * the loop is gone ([`SpawnError::Closed`]).
    pub fn spawn_task(
        &self,
        task: impl FnOnce(&mut Context) -> JsResult<()> + Send + 'static,
    ) -> Result<(), SpawnError> {
        let task: SentSteps = Box::new(task);
        {
            let mut queue = self.spawned.queue();
            // `task` outlives the lock: dropping it may run anything.
            if queue.closed {
                return Err(SpawnError::Closed);
            }
            if queue.tasks.len() >= Self::MAX_WAITING {
                return Err(SpawnError::Full);
            }
            queue.tasks.push_back(task);
        }
        self.waker.wake();
        Ok(())
    }

    /// Keeps the loop running, though there be nothing to do, until the value is dropped: for a thread that works on
    /// something and will spawn a task when it is done.
    #[must_use = "the loop waits only as long as it is held"]
    pub fn keep_alive(&self) -> KeepAlive {
        self.spawned.held.fetch_add(1, Ordering::AcqRel);
        KeepAlive(self.clone())
    }

    /// Whether the loop is gone. It may go at any moment, so that `false` promises nothing.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.spawned.queue().closed
    }
}

impl fmt::Debug for Spawner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spawner").finish_non_exhaustive()
    }
}

/// Keeps an [`EventLoop`](super::EventLoop) running; made by [`Spawner::keep_alive`].
pub struct KeepAlive(Spawner);

impl Drop for KeepAlive {
    fn drop(&mut self) {
        self.0.spawned.held.fetch_sub(1, Ordering::AcqRel);
        // It may have been the last thing to wait for.
        self.0.waker.wake();
    }
}

impl fmt::Debug for KeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeepAlive").finish_non_exhaustive()
    }
}

/// Why a task could not be given to another thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpawnError {
    /// [`Spawner::MAX_WAITING`] tasks wait already.
    Full,
    /// The loop is gone.
    Closed,
}

impl fmt::Display for SpawnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("spawning a task on the event loop: ")?;
        match self {
            Self::Full => write!(f, "{} tasks wait already", Spawner::MAX_WAITING),
            Self::Closed => f.write_str("the loop is gone"),
        }
    }
}

impl error::Error for SpawnError {}
