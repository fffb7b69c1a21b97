//! An executor on smol as an embedder would write one.

use std::{cell::RefCell, collections::VecDeque, mem, rc::Rc};

use boa_engine::{
    Context, JsResult, JsValue,
    job::{GenericJob, Job, JobExecutor, NativeAsyncJob, PromiseJob},
};
use boa_websocket::event_loop::report_exception;
use futures_concurrency::future::FutureGroup;
use futures_lite::StreamExt;
use smol::{Timer, channel, future};

/// Tasks one by one, microtasks until there are none, futures by a group, and a channel that says when
/// something is enqueued meanwhile. It keeps going after an error, because this embedder thought of it.
pub(crate) struct SmolExecutor {
    promise_jobs: RefCell<VecDeque<PromiseJob>>,
    generic_jobs: RefCell<VecDeque<GenericJob>>,
    async_jobs: RefCell<Vec<NativeAsyncJob>>,
    enqueued: (channel::Sender<()>, channel::Receiver<()>),
}

impl Default for SmolExecutor {
    fn default() -> Self {
        Self {
            promise_jobs: RefCell::default(),
            generic_jobs: RefCell::default(),
            async_jobs: RefCell::default(),
            enqueued: channel::bounded(1),
        }
    }
}

impl SmolExecutor {
    fn next_promise_job(&self) -> Option<PromiseJob> {
        self.promise_jobs.borrow_mut().pop_front()
    }

    fn next_generic_job(&self) -> Option<GenericJob> {
        self.generic_jobs.borrow_mut().pop_front()
    }
}

impl JobExecutor for SmolExecutor {
    fn enqueue_job(self: Rc<Self>, job: Job, _context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promise_jobs.borrow_mut().push_back(job),
            Job::GenericJob(job) => self.generic_jobs.borrow_mut().push_back(job),
            Job::AsyncJob(job) => self.async_jobs.borrow_mut().push(job),
            Job::TimeoutJob(job) => self.async_jobs.borrow_mut().push(NativeAsyncJob::new(
                async move |cell: &RefCell<&mut Context>| {
                    Timer::after(job.timeout().into()).await;
                    if job.cancelled() {
                        return Ok(JsValue::undefined());
                    }
                    job.call(&mut cell.borrow_mut())
                },
            )),
            Job::IntervalJob(job) => self.async_jobs.borrow_mut().push(NativeAsyncJob::new(
                async move |cell: &RefCell<&mut Context>| {
                    loop {
                        Timer::after(job.interval().into()).await;
                        if job.cancelled() {
                            return Ok(JsValue::undefined());
                        }
                        job.call(&mut cell.borrow_mut())?;
                    }
                },
            )),
            // Nothing depends on the clean-up of finalization registries here.
            other => drop(other),
        }
        // Full: it was said already.
        let _ = self.enqueued.0.try_send(());
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        smol::block_on(self.run_jobs_async(&RefCell::new(context)))
    }

    async fn run_jobs_async(self: Rc<Self>, cell: &RefCell<&mut Context>) -> JsResult<()> {
        let mut futures = FutureGroup::new();
        loop {
            let new = mem::take(&mut *self.async_jobs.borrow_mut());
            for job in new {
                futures.insert(job.call(cell));
            }
            while let Some(job) = self.next_promise_job() {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
            }
            if let Some(job) = self.next_generic_job() {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
                future::yield_now().await;
                continue;
            }
            if !self.async_jobs.borrow().is_empty() {
                continue;
            }
            if futures.is_empty() {
                return Ok(());
            }
            let finished = async { futures.next().await };
            let enqueued = async {
                let _ = self.enqueued.1.recv().await;
                None
            };
            if let Some(result) = future::or(finished, enqueued).await {
                settle(result, cell);
            }
        }
    }
}

fn settle(result: JsResult<JsValue>, cell: &RefCell<&mut Context>) {
    if let Err(error) = result {
        report_exception(error, &mut cell.borrow_mut());
    }
}
