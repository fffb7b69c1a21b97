//! Boa's job executor with the semantics of HTML's event loop. No DOM.
//!
//! [`EventLoop`] is a [`JobExecutor`](boa_engine::job::JobExecutor): give it to
//! [`ContextBuilder::job_executor`](boa_engine::context::ContextBuilder::job_executor) and run it
//! when the script has been evaluated.
//!
//! ```
//! use boa_engine::{Context, JsResult, Source};
//! use boa_websocket::event_loop::{EventLoop, timers};
//!
//! # fn main() -> JsResult<()> {
//! let event_loop = EventLoop::new();
//! let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
//! timers::register(&mut context)?;
//! context.eval(Source::from_bytes("setTimeout(() => { globalThis.done = true }, 1)"))?;
//! event_loop.run(&mut context)?;
//! assert_eq!(context.eval(Source::from_bytes("done"))?.as_boolean(), Some(true));
//! # Ok(())
//! # }
//! ```
//!
//! # What one turn does
//!
//! Each of these is followed by a [microtask checkpoint], so that no task sees the microtasks of another:
//!
//! 1. a microtask checkpoint for what was evaluated since the last turn;
//! 2. async jobs: new ones are started, then each one that was woken is polled once;
//! 3. *one* timer that is due, the earliest first, equal ones in the order of their creation;
//! 4. *one* task of the queue, first in, first out;
//! 5. *one* task that another thread has [spawned](Spawner), first in, first out;
//! 6. one batch of each [`TaskSource`].
//!
//! Nothing that keeps producing work in one of them can therefore starve the others. Between turns
//! that found nothing to do, the loop is parked until the next timer's deadline or a wake, and uses no
//! CPU; where there are sockets it waits for them itself. Nested timers are not clamped to 4 ms.
//!
//! # Errors
//!
//! An error in one job is given to [`report_exception`] and never discards another job. An error
//! that script cannot catch (a runtime limit) ends its job like any other error. One kind ends the
//! loop: after an [engine panic](boa_engine::error::EngineError::Panic) the context is not to be
//! used again, so [`EventLoop::run`] returns that error once it was reported.
//!
//! # Under other executors
//!
//! [`Microtasks`] wraps any executor to give it the checkpoint. Under a bare foreign executor
//! [`perform_a_microtask_checkpoint`] does nothing: the order of microtasks and what an error does to
//! other jobs are that executor's.
//!
//! [microtask checkpoint]: https://html.spec.whatwg.org/multipage/webappapis.html#perform-a-microtask-checkpoint

mod alarm;
mod async_jobs;
mod exceptions;
mod executor;
mod microtasks;
mod parker;
mod spawner;
mod timer_queue;
pub mod timers;
mod turns;
#[cfg(feature = "testing")]
mod until;
mod wrapper;

pub use exceptions::{ReportException, report_exception, script_can_catch, set_exception_reporter};
pub use executor::{EventLoop, TaskSource};
#[cfg(feature = "net")]
pub(crate) use microtasks::Checkpoint;
pub use microtasks::{
    after_microtask_checkpoint, clean_up_after_running_script, perform_a_microtask_checkpoint,
};
#[cfg(feature = "net")]
pub(crate) use parker::IdleWork;
pub use parker::LoopWaker;
pub use spawner::{KeepAlive, SpawnError, Spawner};
pub use timer_queue::TimerId;
pub use turns::{Progress, Turns};
#[cfg(feature = "testing")]
pub(crate) use until::Ran;
pub use wrapper::Microtasks;
