//! An executor on tokio as an embedder would write one.

use std::{cell::RefCell, collections::VecDeque, mem, rc::Rc};

use boa_engine::{
    Context, JsResult, JsValue,
    job::{GenericJob, Job, JobExecutor, NativeAsyncJob, PromiseJob},
};
use boa_websocket::event_loop::report_exception;
use futures_concurrency::future::FutureGroup;
use futures_lite::StreamExt;
use tokio::sync::Notify;

/// Tasks one by one, microtasks until there are none, futures by a group, and a notification for whatever is
/// enqueued meanwhile. It keeps going after an error, because this embedder thought of it.
#[derive(Default)]
pub(crate) struct TokioExecutor {
    promise_jobs: RefCell<VecDeque<PromiseJob>>,
    generic_jobs: RefCell<VecDeque<GenericJob>>,
    async_jobs: RefCell<Vec<NativeAsyncJob>>,
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

impl JobExecutor for TokioExecutor {
    fn enqueue_job(self: Rc<Self>, job: Job, _context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promise_jobs.borrow_mut().push_back(job),
            Job::GenericJob(job) => self.generic_jobs.borrow_mut().push_back(job),
            Job::AsyncJob(job) => self.async_jobs.borrow_mut().push(job),
            Job::TimeoutJob(job) => self.async_jobs.borrow_mut().push(NativeAsyncJob::new(
                async move |cell: &RefCell<&mut Context>| {
                    tokio::time::sleep(job.timeout().into()).await;
                    if job.cancelled() {
                        return Ok(JsValue::undefined());
                    }
                    job.call(&mut cell.borrow_mut())
                },
            )),
            Job::IntervalJob(job) => self.async_jobs.borrow_mut().push(NativeAsyncJob::new(
                async move |cell: &RefCell<&mut Context>| {
                    loop {
                        tokio::time::sleep(job.interval().into()).await;
                        if job.cancelled() {
                            return Ok(JsValue::undefined());
                        }
                        job.call(&mut cell.borrow_mut())?;
                    }
                },
            )),
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
            while let Some(job) = self.next_promise_job() {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
            }
            if let Some(job) = self.next_generic_job() {
                let result = job.call(&mut cell.borrow_mut());
                settle(result, cell);
                continue;
            }
            if !self.async_jobs.borrow().is_empty() {
                continue;
            }
            if futures.is_empty() {
                return Ok(());
            }
            tokio::select! {
                biased;
                Some(result) = futures.next() => settle(result, cell),
                () = self.enqueued.notified() => {}
            }
        }
    }
}

fn settle(result: JsResult<JsValue>, cell: &RefCell<&mut Context>) {
    if let Err(error) = result {
        report_exception(error, &mut cell.borrow_mut());
    }
}
