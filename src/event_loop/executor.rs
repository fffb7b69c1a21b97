//! The event loop's queues, and its face towards Boa.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    fmt,
    future::poll_fn,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use boa_engine::{
    Context, JsError, JsNativeError, JsResult,
    job::{CancellationToken, GenericJob, Job, JobExecutor, NativeAsyncJob},
};

use super::{
    LoopWaker, Progress, Spawner, TimerId, Turns,
    alarm::Alarm,
    microtasks::{self, MicrotaskQueue},
    parker::Parker,
    report_exception,
    spawner::Inbox,
    timer_queue::{Steps, Timer, TimerQueue},
    turns::AsyncMode,
};

/// A queue of tasks that something outside fills, the WebSocket task source for one.
///
/// Whatever fills it calls [`LoopWaker::wake`] after it has put something in. The loop holds its
/// sources strongly: one that must end with the context holds its state weakly, and one that needs the loop
/// holds a [`LoopWaker`] rather than the loop.
pub trait TaskSource {
    /// Runs a capped batch of tasks and returns whether there was one. Errors are the source's to report; it performs a
    /// microtask checkpoint after each of its tasks ([`perform_a_microtask_checkpoint`](super::perform_a_microtask_checkpoint)).
    fn run_tasks(&self, context: &mut Context) -> bool;

    /// Must the loop go on waiting for it? True also while a task is waiting. Asked only when there is nothing else to do.
    fn keeps_alive(&self, context: &Context) -> bool;
}

/// One entry of the task queue.
pub(super) enum Task {
    Steps(Steps),
    Job(GenericJob),
}

/// A [`JobExecutor`] with HTML's semantics; see the [module](super).
///
/// One loop serves one context. It is not tied to a thread by itself, but like every `Context` it stays on the one it was made on;
/// what other threads may hold is its [`waker`](Self::waker) and its [`spawner`](Self::spawner).
///
/// A pending task or timer is held by the loop, with all that it captures. A host that keeps the
/// loop after its context keeps those as well.
#[derive(Default)]
pub struct EventLoop {
    microtasks: Rc<MicrotaskQueue>,
    tasks: RefCell<VecDeque<Task>>,
    /// Async jobs that were not started yet.
    pub(super) async_jobs: RefCell<VecDeque<NativeAsyncJob>>,
    /// The same for the clean-up of finalization registries, which keeps nothing going.
    pub(super) background_jobs: RefCell<VecDeque<NativeAsyncJob>>,
    pub(super) timers: RefCell<TimerQueue>,
    sources: RefCell<Vec<Rc<dyn TaskSource>>>,
    /// Tasks from other threads.
    pub(super) inbox: Inbox,
    pub(super) parker: Arc<Parker>,
    /// In a turn.
    pub(super) running: Cell<bool>,
    /// `run_jobs_async` waits while others may use the context.
    awaited: Cell<bool>,
}

impl EventLoop {
    /// An empty loop, for [`ContextBuilder::job_executor`](boa_engine::context::ContextBuilder::job_executor).
    #[must_use]
    pub fn new() -> Rc<Self> {
        Rc::default()
    }

    /// Runs until nothing can happen any more: there is no microtask, no task, no async job, no
    /// timer, no task source that [keeps it alive](TaskSource::keeps_alive), and no [`KeepAlive`](super::KeepAlive). While there is
    /// nothing to do it is parked. [`Context::run_jobs`] does the same.
    ///
    /// Timers go by [`Context::clock`]; with a clock that stands still use
    /// [`run_until_stalled`](Self::run_until_stalled).
    ///
    /// The clean-up jobs of `FinalizationRegistry` run when the loop lives long enough, but keep nothing alive, and end with
    /// this call; a host that runs its loop again and again keeps them by holding one [`Turns`].
    ///
    /// # Errors
    ///
    /// * An engine panic, after which the context is not to be used again. Every other error is reported.
    /// * A `TypeError` when called from within a turn, a microtask or script: jobs may run only when the stack is empty.
    ///   So does [`JsPromise::await_blocking`](boa_engine::object::builtins::JsPromise::await_blocking) there, which calls it.
    pub fn run(&self, context: &mut Context) -> JsResult<()> {
        self.turns(&RefCell::new(context)).run()
    }

    /// Does what is due, without ever waiting, for a host with a loop of its own (winit, epoll, a
    /// game's frame): call it when [woken](Self::set_wake_callback), at the deadline it returned,
    /// and after evaluating script.
    ///
    /// Async jobs (`import()`, `Atomics.waitAsync`, and what the host makes of
    /// [`NativeAsyncJob`]) are not started by this method: their futures borrow the context, so one
    /// that is not finished could not outlive the call. They stay queued for [`run`](Self::run) or for [`turns`](Self::turns),
    /// which a host that wants both holds as long as its own loop runs.
    ///
    /// Work that keeps producing work cannot hold the host for ever: after
    /// [`Turns::MAX_TURNS`] turns it returns with a deadline of zero.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub fn run_until_stalled(&self, context: &mut Context) -> JsResult<Progress> {
        Turns::new(self, &RefCell::new(context), AsyncMode::Leave).run_until_stalled()
    }

    /// The loop bound to a context, so that async jobs can stay unfinished between calls.
    #[must_use]
    pub fn turns<'a, 'b>(&'a self, cell: &'a RefCell<&'b mut Context>) -> Turns<'a, 'b> {
        Turns::new(self, cell, AsyncMode::Start)
    }

    /// A handle that wakes this loop from any thread.
    #[must_use]
    pub fn waker(&self) -> LoopWaker {
        LoopWaker(Arc::clone(&self.parker))
    }

    /// A handle with which other threads run closures on this loop's.
    #[must_use]
    pub fn spawner(&self) -> Spawner {
        self.inbox.spawner(self.waker())
    }

    /// Has `callback` called by the first wake since the loop last looked for work, on the thread that wakes: the
    /// place to post an event to the host's own loop. It replaces the one before; `None` removes it.
    pub fn set_wake_callback(&self, callback: Option<Arc<dyn Fn() + Send + Sync>>) {
        self.parker.set_callback(callback);
    }

    /// Adds a task source. A batch of each is run every turn, in the order they were added.
    pub fn add_task_source(&self, source: Rc<dyn TaskSource>) {
        self.sources.borrow_mut().push(source);
        self.changed();
    }

    /// Takes out a task source; false if it is not there.
    pub fn remove_task_source(&self, source: &Rc<dyn TaskSource>) -> bool {
        let mut sources = self.sources.borrow_mut();
        let found = sources.iter().position(|other| Rc::ptr_eq(other, source));
        // Dropped after the borrow ends.
        let removed = found.map(|index| sources.remove(index));
        drop(sources);
        removed.is_some()
    }

    /// <https://html.spec.whatwg.org/multipage/webappapis.html#queue-a-task>
    ///
    /// Tasks run first in, first out, in the realm that is current then; an error is reported.
    pub fn queue_task(&self, task: impl FnOnce(&mut Context) -> JsResult<()> + 'static) {
        self.tasks
            .borrow_mut()
            .push_back(Task::Steps(Box::new(task)));
        self.changed();
    }

    /// Runs `steps` once as a task, when `delay` has passed on the context's clock. Until then the timer keeps the loop going.
    pub fn set_timer(
        &self,
        delay: Duration,
        steps: impl FnOnce(&mut Context) -> JsResult<()> + 'static,
        context: &Context,
    ) -> TimerId {
        let now = context.clock().now();
        let mut timers = self.timers.borrow_mut();
        let id = timers.next_id();
        timers.insert(id, now, delay, Timer::Steps(Box::new(steps)));
        drop(timers);
        self.changed();
        id
    }

    /// Says whether a timer of [`set_timer`](Self::set_timer) keeps the loop going, as each does at first. One that does not
    /// still runs when it is due while something else does, or when the host runs its loop later. Does nothing for a timer
    /// that is gone.
    pub fn set_timer_keeps_alive(&self, id: TimerId, keeps_alive: bool) {
        self.timers.borrow_mut().set_keeps_alive(id, keeps_alive);
        self.changed();
    }

    /// Takes back a timer; false if it is gone already.
    pub fn clear_timer(&self, id: TimerId) -> bool {
        // Dropped after the borrow ends: what the steps captured may itself clear a timer.
        let timer = self.timers.borrow_mut().remove(id);
        timer.is_some()
    }

    pub(super) const fn microtasks(&self) -> &Rc<MicrotaskQueue> {
        &self.microtasks
    }

    pub(super) fn next_task(&self) -> Option<Task> {
        self.tasks.borrow_mut().pop_front()
    }

    pub(super) fn has_tasks(&self) -> bool {
        !self.tasks.borrow().is_empty()
    }

    /// The source at `index`, apart so that sources can be added while one runs.
    pub(super) fn source(&self, index: usize) -> Option<Rc<dyn TaskSource>> {
        self.sources.borrow().get(index).cloned()
    }

    /// Whether a turn may begin: jobs run only when the JavaScript stack is empty.
    pub(super) fn may_run(&self, context: &Context) -> JsResult<()> {
        if self.running.get()
            || self.microtasks.performing()
            || microtasks::script_is_running(context)
        {
            return Err(run_within_script());
        }
        Ok(())
    }

    /// Something was queued on this thread. Only an awaited loop must be told.
    fn changed(&self) {
        if self.awaited.get() {
            self.parker.wake();
        }
    }

    /// Enters one of Boa's timers, unless it was cancelled already.
    fn insert_job_timer(
        self: &Rc<Self>,
        token: CancellationToken,
        delay: Duration,
        timer: Timer,
        context: &Context,
    ) {
        // Boa asserts that no callback is set on a used token.
        if token.revoked() {
            return;
        }
        let now = context.clock().now();
        let mut timers = self.timers.borrow_mut();
        let id = timers.next_id();
        timers.insert(id, now, delay, timer);
        drop(timers);
        let event_loop = Rc::downgrade(self);
        token.push_callback(move |_| {
            if let Some(event_loop) = event_loop.upgrade() {
                event_loop.clear_timer(id);
            }
        });
    }
}

/// The error of running a loop where jobs may not run.
pub(super) fn run_within_script() -> JsError {
    JsNativeError::typ()
        .with_message("jobs cannot be run from within script or another job")
        .into()
}

impl JobExecutor for EventLoop {
    fn enqueue_job(self: Rc<Self>, job: Job, context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.microtasks.enqueue(job, context),
            Job::GenericJob(job) => self.tasks.borrow_mut().push_back(Task::Job(job)),
            Job::AsyncJob(job) => self.async_jobs.borrow_mut().push_back(job),
            Job::FinalizationRegistryCleanupJob(job) => {
                self.background_jobs.borrow_mut().push_back(job);
            }
            Job::TimeoutJob(job) => self.insert_job_timer(
                job.cancellation_token().clone(),
                job.timeout().into(),
                Timer::Timeout(job),
                context,
            ),
            Job::IntervalJob(job) => self.insert_job_timer(
                job.cancellation_token().clone(),
                job.interval().into(),
                Timer::Interval(job),
                context,
            ),
            // `Job` may grow. Better a word than a job that silently never runs.
            other => {
                let error = JsNativeError::error()
                    .with_message(format!("the event loop cannot run this job: {other:?}"));
                report_exception(error.into(), context);
            }
        }
        self.changed();
    }

    /// [`EventLoop::run`].
    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        self.run(context)
    }

    /// [`EventLoop::run`] for a host with an async runtime, any one: it yields to the runtime after
    /// each turn, and while there is nothing to do it is pending without being polled. The context
    /// cell is not borrowed then, so other futures of the host may use the context. Deadlines
    /// of timers are watched by a thread that ends with the returned future.
    async fn run_jobs_async(self: Rc<Self>, context: &RefCell<&mut Context>) -> JsResult<()> {
        /// Resets the flag also when the future is dropped half-way.
        struct Awaited<'a>(&'a Cell<bool>);
        impl Drop for Awaited<'_> {
            fn drop(&mut self) {
                self.0.set(false);
            }
        }

        let mut turns = self.turns(context);
        let mut alarm = Alarm::new(self.waker());
        loop {
            let progressed = turns.turn()?;
            if !progressed {
                match turns.progress() {
                    Progress::Done => return Ok(()),
                    Progress::Stalled { next_deadline } => {
                        alarm.set(next_deadline).map_err(JsError::from_rust)?;
                    }
                }
            }
            self.awaited.set(true);
            let awaited = Awaited(&self.awaited);
            if progressed {
                yield_now().await;
            } else {
                poll_fn(|cx| self.parker.poll_notified(cx.waker())).await;
            }
            drop(awaited);
        }
    }
}

/// Pending once, so that the runtime gets a turn.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLoop").finish_non_exhaustive()
    }
}
