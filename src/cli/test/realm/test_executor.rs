//! Tests under other executors.

use std::time::Duration;

use boa_engine::{Context, JsResult, context::ContextBuilder};

/// An executor under which a test runs, with its way of running.
pub trait TestExecutor {
    /// Makes the context on this executor, and gives it timers, which `WebSocketExtension` has only for
    /// [`EventLoop`](crate::EventLoop).
    ///
    /// # Errors
    ///
    /// What making it throws.
    fn context(&self, builder: ContextBuilder) -> JsResult<Context>;

    /// Runs jobs until there are none, or until `done` says so, which is to be asked whenever jobs have run; for at most `limit`.
    ///
    /// # Errors
    ///
    /// Those of the executor; they end the test.
    fn run(&self, context: &mut Context, limit: Duration, done: &dyn Fn() -> bool) -> JsResult<()>;
}
