//! The microtask queue and its checkpoint.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    mem,
    rc::Rc,
};

use boa_engine::{Context, JsError, JsValue, job::PromiseJob};

use super::{exceptions::report_exception_in, executor::EventLoop};

/// What is to happen when a checkpoint has run dry.
type Step = Box<dyn FnOnce(&mut Context)>;

/// The [microtask queue] of an executor.
///
/// [microtask queue]: https://html.spec.whatwg.org/multipage/webappapis.html#microtask-queue
#[derive(Default)]
pub(super) struct MicrotaskQueue {
    jobs: RefCell<VecDeque<PromiseJob>>,
    /// "performing a microtask checkpoint"
    performing: Cell<bool>,
    after: RefCell<Vec<Step>>,
    /// The engine panic after which no more jobs are run.
    fatal: RefCell<Option<JsError>>,
}

/// The queue's place in the context's data, where it is found without knowing the executor's type.
struct Handle(Rc<MicrotaskQueue>);

impl MicrotaskQueue {
    /// Appends a microtask, and enters the queue in the context's data if it is not there.
    pub(super) fn enqueue(self: &Rc<Self>, job: PromiseJob, context: &mut Context) {
        self.enter(context);
        self.jobs.borrow_mut().push_back(job);
    }

    /// Enters the queue in the context's data if it is not there.
    pub(super) fn enter(self: &Rc<Self>, context: &mut Context) {
        if context.get_data::<Handle>().is_none() {
            context.insert_data(Handle(Rc::clone(self)));
        }
    }

    /// Is there nothing for a checkpoint to do?
    pub(super) fn is_empty(&self) -> bool {
        self.jobs.borrow().is_empty() && self.after.borrow().is_empty()
    }

    /// Is a checkpoint being performed?
    pub(super) fn performing(&self) -> bool {
        self.performing.get()
    }

    /// Takes the error after which the loop must end.
    pub(super) fn take_fatal(&self) -> Option<JsError> {
        self.fatal.borrow_mut().take()
    }

    /// <https://html.spec.whatwg.org/multipage/webappapis.html#perform-a-microtask-checkpoint>
    pub(super) fn perform_a_checkpoint(&self, context: &mut Context) {
        // 1. Nested checkpoints do nothing. Nor may any job run while script is on the stack (ECMA-262, "Jobs").
        if self.performing.get() || script_is_running(context) {
            return;
        }
        if !self.is_empty() {
            // 2. Now one is being performed.
            self.performing.set(true);
            // 3. While the queue is not empty, run the oldest microtask.
            while self.fatal.borrow().is_none() {
                let Some(job) = self.next() else { break };
                let realm = job.realm().cloned();
                if let Err(error) = job.call(context) {
                    report_exception_in(realm, error, context);
                }
            }
            // 4. Notify about rejected promises. What a step asks for in turn waits for the next checkpoint.
            let steps = mem::take(&mut *self.after.borrow_mut());
            for step in steps {
                step(context);
            }
            // 5. N/A: no Indexed DB.
            // 7. (6 is below, where an empty queue comes by as well.)
            self.performing.set(false);
        }
        // 6. ClearKeptObjects().
        context.clear_kept_objects();
    }

    /// Apart, so that the queue is not borrowed while the job runs.
    fn next(&self) -> Option<PromiseJob> {
        self.jobs.borrow_mut().pop_front()
    }
}

/// Is there script on the stack?
pub(super) fn script_is_running(context: &Context) -> bool {
    context.stack_trace().next().is_some()
}

/// The queue of the executor in use, if it has one.
fn queue(context: &mut Context) -> Option<Rc<MicrotaskQueue>> {
    if let Some(handle) = context.get_data::<Handle>() {
        return Some(Rc::clone(&handle.0));
    }
    // Nothing was enqueued so far. A `Microtasks<E>` cannot be told by its type; it enters itself with the first microtask.
    let event_loop = context.downcast_job_executor::<EventLoop>()?;
    event_loop.microtasks().enter(context);
    Some(Rc::clone(event_loop.microtasks()))
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#perform-a-microtask-checkpoint>
///
/// Runs microtasks until there are none. Does nothing when called within a checkpoint, when script
/// is on the stack, and when the context's executor is neither [`EventLoop`] nor
/// [`Microtasks`](super::Microtasks). With an empty queue it costs a few nanoseconds.
pub fn perform_a_microtask_checkpoint(context: &mut Context) {
    if let Some(queue) = queue(context) {
        queue.perform_a_checkpoint(context);
    }
}

/// The checkpoint of a context's executor, looked up once for many tasks.
#[cfg(feature = "net")]
pub(crate) struct Checkpoint(Rc<MicrotaskQueue>);

#[cfg(feature = "net")]
impl Checkpoint {
    /// If the executor has one. (A [`Microtasks`](super::Microtasks) is known from its first microtask on;
    /// until then there is nothing that a checkpoint could run.)
    pub(crate) fn of(context: &mut Context) -> Option<Self> {
        queue(context).map(Self)
    }

    /// As [`perform_a_microtask_checkpoint`].
    pub(crate) fn perform(&self, context: &mut Context) {
        self.0.perform_a_checkpoint(context);
    }
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#clean-up-after-running-script>
///
/// To be called after each callback into script: performs a microtask checkpoint if the JavaScript
/// stack is empty now, that is, not inside a nested `dispatchEvent()`.
pub fn clean_up_after_running_script(context: &mut Context) {
    // 1.–2. N/A: Boa keeps no separate stack of settings objects.
    // 3. If the JavaScript execution context stack is empty, perform a microtask checkpoint: which looks at that itself.
    perform_a_microtask_checkpoint(context);
}

/// Has `step` run once, at the end of the microtask checkpoint under way or else of the next one,
/// when the microtasks are done. This is where HTML [notifies about rejected promises]; while nobody asks, it costs nothing.
///
/// Makes sure that there is such a checkpoint. Returns false, and drops `step`, when the executor in
/// use has no checkpoint; enqueue a [`GenericJob`](boa_engine::job::GenericJob) then, which comes after the
/// microtasks of that moment.
///
/// [notifies about rejected promises]: https://html.spec.whatwg.org/multipage/webappapis.html#notify-about-rejected-promises
#[must_use = "without a checkpoint the step does not run"]
pub fn after_microtask_checkpoint(
    context: &mut Context,
    step: impl FnOnce(&mut Context) + 'static,
) -> bool {
    // An empty job sees to two things under every executor: that a checkpoint comes at all, and that
    // the executor has entered its queue in the context's data.
    context.enqueue_job(PromiseJob::new(|_| Ok(JsValue::undefined())).into());
    let Some(queue) = queue(context) else {
        return false;
    };
    queue.after.borrow_mut().push(Box::new(step));
    true
}

/// Makes the executor stop running jobs.
pub(super) fn give_up(error: &JsError, context: &mut Context) {
    if let Some(queue) = queue(context) {
        queue
            .fatal
            .borrow_mut()
            .get_or_insert_with(|| error.clone());
    }
}
