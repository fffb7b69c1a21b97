//! The microtask checkpoint for executors that have none.

use std::{
    cell::{Cell, RefCell},
    future::Future,
    future::poll_fn,
    pin::Pin,
    rc::Rc,
};

use boa_engine::{
    Context, JsResult, JsValue,
    job::{
        GenericJob, IntervalJob, Job, JobExecutor, NativeAsyncJob, NativeJob, NativeJobFn,
        PromiseJob, TimeoutJob,
    },
};

use super::{
    executor::run_within_script,
    microtasks::{self, MicrotaskQueue},
    report_exception,
};

/// Any executor, with HTML's microtask checkpoint added.
///
/// It keeps the promise jobs to itself, gives the inner executor one job that performs a checkpoint, and performs one after
/// each other job (after each poll of an async one), so that microtasks run before the
/// next task whatever the inner executor thinks of them. An error is given to
/// [`report_exception`] and reaches neither the inner executor, which might discard other jobs over it, nor the host;
/// an engine panic alone goes on, because the context is not to be used again.
///
/// ```
/// use std::rc::Rc;
/// use boa_engine::{Context, JsResult, job::SimpleJobExecutor};
/// use boa_websocket::event_loop::Microtasks;
///
/// # fn main() -> JsResult<()> {
/// let executor = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
/// let mut context = Context::builder().job_executor(executor).build()?;
/// # context.run_jobs()?;
/// # Ok(())
/// # }
/// ```
///
/// `run_jobs` and `run_jobs_async` fail with a `TypeError` when called from within a job or script.
pub struct Microtasks<E: JobExecutor> {
    inner: Rc<E>,
    queue: Rc<MicrotaskQueue>,
    /// The inner executor holds a job that will perform a checkpoint.
    scheduled: Rc<Cell<bool>>,
}

impl<E: JobExecutor> Microtasks<E> {
    /// Wraps `inner`, which the host may go on using through its own `Rc`.
    #[must_use]
    pub fn new(inner: Rc<E>) -> Rc<Self> {
        Rc::new(Self {
            inner,
            queue: Rc::default(),
            scheduled: Rc::default(),
        })
    }

    /// The wrapped executor.
    #[must_use]
    pub const fn inner(&self) -> &Rc<E> {
        &self.inner
    }

    /// Gives the inner executor a job that performs a checkpoint, unless it has one.
    fn schedule(&self, context: &mut Context) {
        // Also within a checkpoint: a step at its end may ask for more, when the queue has run dry.
        if self.scheduled.replace(true) {
            return;
        }
        let queue = Rc::clone(&self.queue);
        let scheduled = Scheduled(Rc::clone(&self.scheduled));
        let job = PromiseJob::new(move |context| {
            drop(scheduled);
            end(Ok(JsValue::undefined()), &queue, context)
        });
        Rc::clone(&self.inner).enqueue_job(job.into(), context);
    }

    /// Wraps a job so that it ends with a checkpoint and without an error.
    fn wrap(&self, job: Job) -> Job {
        let queue = Rc::clone(&self.queue);
        match job {
            Job::GenericJob(job) => {
                let realm = job.realm().clone();
                // The realm of the outer job stays entered while an error is reported.
                GenericJob::new(
                    move |context| end(job.call(context), &queue, context),
                    realm,
                )
                .into()
            }
            Job::TimeoutJob(job) => {
                let (delay, token) = (job.timeout().as_millis(), job.cancellation_token().clone());
                if token.revoked() {
                    return job.into();
                }
                let job = TimeoutJob::new(
                    NativeJob::new(move |context| end(job.call(context), &queue, context)),
                    delay,
                );
                let outer = job.cancellation_token().clone();
                token.push_callback(move |context| outer.cancel(context));
                job.into()
            }
            Job::IntervalJob(job) => {
                let (delay, token) = (job.interval().as_millis(), job.cancellation_token().clone());
                if token.revoked() {
                    return job.into();
                }
                let job = IntervalJob::new(
                    NativeJobFn::new(move |context| end(job.call(context), &queue, context)),
                    delay,
                );
                let outer = job.cancellation_token().clone();
                token.push_callback(move |context| outer.cancel(context));
                job.into()
            }
            Job::AsyncJob(job) => Job::AsyncJob(wrap_async(job, queue)),
            Job::FinalizationRegistryCleanupJob(job) => {
                Job::FinalizationRegistryCleanupJob(wrap_async(job, queue))
            }
            // `Job` may grow; what is not known is passed on as it is.
            other => other,
        }
    }

    /// What comes before the inner executor's own run.
    fn begin(&self, context: &mut Context) -> JsResult<()> {
        if self.queue.performing() || microtasks::script_is_running(context) {
            return Err(run_within_script());
        }
        end(Ok(JsValue::undefined()), &self.queue, context).map(drop)
    }
}

/// Says that the scheduled job is gone, whether it ran or the inner executor threw it away.
struct Scheduled(Rc<Cell<bool>>);

impl Drop for Scheduled {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Ends a task: its error is reported, its microtasks run. Only an engine panic goes on to the inner executor.
fn end(
    result: JsResult<JsValue>,
    queue: &MicrotaskQueue,
    context: &mut Context,
) -> JsResult<JsValue> {
    let value = match result {
        Ok(value) => value,
        Err(error) => {
            report_exception(error, context);
            JsValue::undefined()
        }
    };
    queue.perform_a_checkpoint(context);
    queue.take_fatal().map_or(Ok(value), Err)
}

fn wrap_async(job: NativeAsyncJob, queue: Rc<MicrotaskQueue>) -> NativeAsyncJob {
    let realm = job.realm().cloned();
    let run = async move |cell: &RefCell<&mut Context>| {
        let mut future = job.call(cell);
        let result = poll_fn(|cx| {
            let poll = Pin::new(&mut future).poll(cx);
            if poll.is_pending() {
                queue.perform_a_checkpoint(&mut cell.borrow_mut());
            }
            poll
        })
        .await;
        end(result, &queue, &mut cell.borrow_mut())
    };
    match realm {
        Some(realm) => NativeAsyncJob::with_realm(run, realm),
        None => NativeAsyncJob::new(run),
    }
}

impl<E: JobExecutor> JobExecutor for Microtasks<E> {
    fn enqueue_job(self: Rc<Self>, job: Job, context: &mut Context) {
        match job {
            Job::PromiseJob(job) => {
                self.queue.enqueue(job, context);
                self.schedule(context);
            }
            job => {
                self.queue.enter(context);
                let job = self.wrap(job);
                Rc::clone(&self.inner).enqueue_job(job, context);
            }
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        self.begin(context)?;
        Rc::clone(&self.inner).run_jobs(context)
    }

    async fn run_jobs_async(self: Rc<Self>, context: &RefCell<&mut Context>) -> JsResult<()> {
        self.begin(&mut context.borrow_mut())?;
        Rc::clone(&self.inner).run_jobs_async(context).await
    }
}
