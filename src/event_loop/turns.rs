//! The event loop's processing model.

use std::{cell::RefCell, sync::Arc, time::Duration};

use boa_engine::{Context, JsResult};

use super::{
    EventLoop,
    async_jobs::AsyncJobs,
    exceptions::report_exception_in,
    executor::{Task, run_within_script},
    report_exception,
    timer_queue::Timer,
};

/// How far a loop has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing is due now, but something can still happen: a timer, a task source, an async job.
    Stalled {
        /// Time from now, on the context's clock, until the earliest timer is due; zero when there is more to do at once.
        /// `None`: there is no timer, and only a wake can bring work.
        next_deadline: Option<Duration>,
    },
    /// Nothing can happen any more.
    Done,
}

/// Whether async jobs may be started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AsyncMode {
    Start,
    /// The context cell does not live long enough.
    Leave,
}

/// An [`EventLoop`] bound to a context, made by [`EventLoop::turns`]. It holds the futures of the
/// async jobs that were started, which borrow the context's cell; dropping it drops those that are
/// not finished. Between calls the host uses the context through the same cell:
///
/// ```
/// # use boa_engine::{Context, JsResult, Source};
/// # use boa_websocket::event_loop::{EventLoop, Progress};
/// # use std::cell::RefCell;
/// # fn main() -> JsResult<()> {
/// let event_loop = EventLoop::new();
/// let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// let cell = RefCell::new(&mut context);
/// let mut turns = event_loop.turns(&cell);
/// // In the host's own loop:
/// cell.borrow_mut().eval(Source::from_bytes("Promise.resolve().then(() => 1)"))?;
/// assert_eq!(turns.run_until_stalled()?, Progress::Done);
/// # Ok(())
/// # }
/// ```
pub struct Turns<'a, 'b> {
    event_loop: &'a EventLoop,
    cell: &'a RefCell<&'b mut Context>,
    jobs: AsyncJobs<'a>,
    mode: AsyncMode,
}

/// Marks the loop as running for the time of a turn, whatever ends it.
struct Running<'a>(&'a EventLoop);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.set(false);
    }
}

impl<'a, 'b> Turns<'a, 'b> {
    /// After so many turns [`run_until_stalled`](Self::run_until_stalled) returns to the host even if there is more to do.
    pub const MAX_TURNS: usize = 1024;

    pub(super) fn new(
        event_loop: &'a EventLoop,
        cell: &'a RefCell<&'b mut Context>,
        mode: AsyncMode,
    ) -> Self {
        Self {
            event_loop,
            cell,
            jobs: AsyncJobs::new(Arc::clone(&event_loop.parker)),
            mode,
        }
    }

    /// [`EventLoop::run`].
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run`].
    pub fn run(&mut self) -> JsResult<()> {
        self.run_until(|_| false)
    }

    /// As [`run`](Self::run), but only until `done` says so, which is asked before each turn.
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run`].
    pub fn run_until(&mut self, mut done: impl FnMut(&Context) -> bool) -> JsResult<()> {
        while !done(&self.cell.borrow()) {
            if self.turn()? {
                continue;
            }
            match self.progress() {
                Progress::Done => return Ok(()),
                Progress::Stalled { next_deadline } => self.event_loop.parker.park(next_deadline),
            }
        }
        Ok(())
    }

    /// [`EventLoop::run_until_stalled`], and starts and polls async jobs as well.
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run`].
    pub fn run_until_stalled(&mut self) -> JsResult<Progress> {
        for _ in 0..Self::MAX_TURNS {
            if !self.turn()? {
                return Ok(self.progress());
            }
        }
        Ok(Progress::Stalled {
            next_deadline: Some(Duration::ZERO),
        })
    }

    /// One turn: at most one timer, one task, one spawned task, one poll of each woken job and one batch of each source
    /// (see the [module](super)). Returns whether there was anything to do. Never waits.
    ///
    /// # Errors
    ///
    /// As [`EventLoop::run`].
    pub fn turn(&mut self) -> JsResult<bool> {
        let event_loop = self.event_loop;
        {
            // A cell that is borrowed here is borrowed by a job of this very turn.
            let Ok(context) = self.cell.try_borrow() else {
                return Err(run_within_script());
            };
            event_loop.may_run(&context)?;
        }
        event_loop.running.set(true);
        let _running = Running(event_loop);
        // Before looking anywhere, so that a wake from now on is seen by the next turn.
        event_loop.parker.take_notification();

        // What was evaluated since the last turn has its microtasks first.
        let microtasks = !event_loop.microtasks().is_empty();
        self.checkpoint()?;
        let jobs = self.run_async_jobs()?;
        let timer = self.run_a_timer()?;
        let task = self.run_a_task()?;
        let spawned = self.run_a_spawned_task()?;
        let sources = self.run_task_sources()?;
        Ok(microtasks || jobs || timer || task || spawned || sources)
    }

    /// What can still happen.
    pub(super) fn progress(&self) -> Progress {
        let event_loop = self.event_loop;
        let context = self.cell.borrow();
        // Before the look at the inbox: a thread spawns its task first and lets go then.
        let awaits_a_thread = event_loop.inbox.keeps_alive();
        if !event_loop.microtasks().is_empty()
            || event_loop.has_tasks()
            || !event_loop.inbox.is_empty()
            || self.mode == AsyncMode::Start && !event_loop.async_jobs.borrow().is_empty()
        {
            return Progress::Stalled {
                next_deadline: Some(Duration::ZERO),
            };
        }
        let (next_deadline, timers_keep_alive) = {
            let timers = event_loop.timers.borrow();
            (timers.next_deadline(), timers.keeps_alive())
        };
        if !timers_keep_alive
            && !awaits_a_thread
            && !self.jobs.keep_alive()
            && event_loop.async_jobs.borrow().is_empty()
            && !self.a_source_keeps_alive(&context)
        {
            return Progress::Done;
        }
        Progress::Stalled {
            next_deadline: next_deadline.map(|deadline| (deadline - context.clock().now()).into()),
        }
    }

    fn a_source_keeps_alive(&self, context: &Context) -> bool {
        (0..)
            .map_while(|index| self.event_loop.source(index))
            .any(|source| source.keeps_alive(context))
    }

    /// A microtask checkpoint, and the look whether the engine has given up.
    fn checkpoint(&self) -> JsResult<()> {
        self.event_loop
            .microtasks()
            .perform_a_checkpoint(&mut self.cell.borrow_mut());
        match self.event_loop.microtasks().take_fatal() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Ends a task: its error is reported, its microtasks run.
    fn settle<T>(&self, result: JsResult<T>) -> JsResult<()> {
        if let Err(error) = result {
            report_exception(error, &mut self.cell.borrow_mut());
        }
        self.checkpoint()
    }

    /// Starts new async jobs and polls those that were woken.
    fn run_async_jobs(&mut self) -> JsResult<bool> {
        if self.mode == AsyncMode::Leave {
            return Ok(false);
        }
        for (queue, background) in [
            (&self.event_loop.async_jobs, false),
            (&self.event_loop.background_jobs, true),
        ] {
            // Starting a job may queue more; those are for the next turn.
            let new = std::mem::take(&mut *queue.borrow_mut());
            for job in new {
                self.jobs.start(job, background, self.cell);
            }
        }
        let (event_loop, cell) = (self.event_loop, self.cell);
        self.jobs.poll_woken(|result| {
            let context = &mut cell.borrow_mut();
            if let Err((error, realm)) = result {
                report_exception_in(realm, error, context);
            }
            event_loop.microtasks().perform_a_checkpoint(context);
            match event_loop.microtasks().take_fatal() {
                Some(error) => Err(error),
                None => Ok(()),
            }
        })
    }

    /// Runs the earliest timer if it is due.
    fn run_a_timer(&self) -> JsResult<bool> {
        let timers = &self.event_loop.timers;
        if timers.borrow().is_empty() {
            return Ok(false);
        }
        let now = self.cell.borrow().clock().now();
        let Some((id, timer)) = timers.borrow_mut().pop_due(now) else {
            return Ok(false);
        };
        match timer {
            Timer::Steps(steps) => {
                let result = steps(&mut self.cell.borrow_mut());
                self.settle(result)?;
            }
            Timer::Timeout(job) => {
                let result = job.call(&mut self.cell.borrow_mut());
                self.settle(result)?;
            }
            Timer::Interval(job) => {
                let result = job.call(&mut self.cell.borrow_mut());
                self.settle(result)?;
                if !job.cancelled() {
                    // From the end of the callback, as HTML has it: a slow one cannot pile up.
                    let (now, delay) = (self.cell.borrow().clock().now(), job.interval());
                    timers
                        .borrow_mut()
                        .insert(id, now, delay.into(), Timer::Interval(job));
                }
            }
        }
        Ok(true)
    }

    /// Runs the oldest task.
    fn run_a_task(&self) -> JsResult<bool> {
        let Some(task) = self.event_loop.next_task() else {
            return Ok(false);
        };
        match task {
            Task::Steps(steps) => {
                let result = steps(&mut self.cell.borrow_mut());
                self.settle(result)?;
            }
            Task::Job(job) => {
                let realm = job.realm().clone();
                let result = job.call(&mut self.cell.borrow_mut());
                if let Err(error) = result {
                    report_exception_in(Some(realm), error, &mut self.cell.borrow_mut());
                }
                self.checkpoint()?;
            }
        }
        Ok(true)
    }

    /// Runs the oldest task from another thread.
    fn run_a_spawned_task(&self) -> JsResult<bool> {
        let Some(task) = self.event_loop.inbox.next() else {
            return Ok(false);
        };
        let result = task(&mut self.cell.borrow_mut());
        self.settle(result)?;
        Ok(true)
    }

    /// Runs a batch of each task source.
    fn run_task_sources(&self) -> JsResult<bool> {
        let mut ran = false;
        let mut index = 0;
        while let Some(source) = self.event_loop.source(index) {
            index += 1;
            if source.run_tasks(&mut self.cell.borrow_mut()) {
                ran = true;
                // After each of its tasks there was one already; this is for a source that forgot.
                self.checkpoint()?;
            }
        }
        Ok(ran)
    }
}
