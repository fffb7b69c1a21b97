//! An executor on tokio as an embedder would write one.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    mem,
    rc::Rc,
    time::{Duration, Instant},
};

use boa_engine::{
    Context, JsResult, JsValue,
    job::{GenericJob, IntervalJob, Job, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob},
};
use boa_websocket::event_loop::report_exception;
use futures_concurrency::future::FutureGroup;
use futures_lite::{StreamExt, future::poll_once};
use tokio::sync::Notify;

/// Tasks one by one, microtasks until there are none, futures by a group, and a notification for whatever is
/// enqueued meanwhile. It keeps going after an error, because this embedder thought of it.
#[derive(Default)]
pub(crate) struct TokioExecutor {
    promise_jobs: RefCell<VecDeque<PromiseJob>>,
    generic_jobs: RefCell<VecDeque<GenericJob>>,
    async_jobs: RefCell<Vec<NativeAsyncJob>>,
    /// In the order they are due; of those that are due at one time, the oldest first.
    timers: RefCell<BTreeMap<(Instant, u64), TimerJob>>,
    timers_made: Cell<u64>,
    enqueued: Notify,
}

impl TokioExecutor {
    fn next_promise_job(&self) -> Option<PromiseJob> {
        self.promise_jobs.borrow_mut().pop_front()
    }

    fn next_generic_job(&self) -> Option<GenericJob> {
        self.generic_jobs.borrow_mut().pop_front()
    }
}

enum TimerJob {
    Timeout(TimeoutJob),
    Interval(IntervalJob),
}

impl TimerJob {
    fn cancelled(&self) -> bool {
        match self {
            Self::Timeout(job) => job.cancelled(),
            Self::Interval(job) => job.cancelled(),
        }
    }
}

impl TokioExecutor {
    fn add_timer(&self, due: Instant, job: TimerJob) {
        self.timers_made.set(self.timers_made.get() + 1);
        let key = (due, self.timers_made.get());
        self.timers.borrow_mut().insert(key, job);
    }

    /// When the first timer is due.
    fn next_deadline(&self) -> Option<Instant> {
        let mut timers = self.timers.borrow_mut();
        timers.retain(|_, job| !job.cancelled());
        timers.first_key_value().map(|((due, _), _)| *due)
    }

    /// Runs the first timer, if it is due.
    fn run_a_timer(&self, cell: &RefCell<&mut Context>) -> bool {
        if self.next_deadline().is_none_or(|due| due > Instant::now()) {
            return false;
        }
        let first = self.timers.borrow_mut().pop_first();
        match first {
            Some((_, TimerJob::Timeout(job))) => {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
            }
            Some((_, TimerJob::Interval(job))) => {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
                let due = Instant::now() + Duration::from(job.interval());
                self.add_timer(due, TimerJob::Interval(job));
            }
            None => {}
        }
        true
    }

    fn run_promise_jobs(&self, cell: &RefCell<&mut Context>) {
        while let Some(job) = self.next_promise_job() {
            let result = job.call(&mut cell.borrow_mut());
            settle(result, cell);
        }
    }
}

impl JobExecutor for TokioExecutor {
    fn enqueue_job(self: Rc<Self>, job: Job, _context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promise_jobs.borrow_mut().push_back(job),
            Job::GenericJob(job) => self.generic_jobs.borrow_mut().push_back(job),
            Job::AsyncJob(job) => self.async_jobs.borrow_mut().push(job),
            Job::TimeoutJob(job) => {
                let due = Instant::now() + Duration::from(job.timeout());
                self.add_timer(due, TimerJob::Timeout(job));
            }
            Job::IntervalJob(job) => {
                let due = Instant::now() + Duration::from(job.interval());
                self.add_timer(due, TimerJob::Interval(job));
            }
            other => panic!("this embedder's scripts need no {other:?}"),
        }
        self.enqueued.notify_one();
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(self.run_jobs_async(&RefCell::new(context)))
    }

    async fn run_jobs_async(self: Rc<Self>, cell: &RefCell<&mut Context>) -> JsResult<()> {
        let mut futures = FutureGroup::new();
        loop {
            let new = mem::take(&mut *self.async_jobs.borrow_mut());
            for job in new {
                futures.insert(job.call(cell));
            }
            self.run_promise_jobs(cell);
            let mut busy = self.run_a_timer(cell);
            if busy {
                self.run_promise_jobs(cell);
            }
            if let Some(job) = self.next_generic_job() {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
                busy = true;
            }
            if busy {
                // None of the three keeps the others waiting.
                if let Some(Some(result)) = poll_once(futures.next()).await {
                    settle(result, cell);
                }
                tokio::task::yield_now().await;
                continue;
            }
            if !self.async_jobs.borrow().is_empty() {
                continue;
            }
            let deadline = self.next_deadline();
            if futures.is_empty() && deadline.is_none() {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some(result) = futures.next() => settle(result, cell),
                () = self.enqueued.notified() => {}
                () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => {}
            }
        }
    }
}

fn settle(result: JsResult<JsValue>, cell: &RefCell<&mut Context>) {
    if let Err(error) = result {
        report_exception(error, &mut cell.borrow_mut());
    }
}
