//! The order of microtasks and tasks, and what an error does to others, on each executor.
//!
//! `EventLoop` and everything wrapped in `Microtasks` must agree, to the letter. A bare foreign executor has its own
//! ways, which the tests below write down, so that a change in them is noticed.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;
mod event_loop_tokio;

use std::rc::Rc;

use boa_engine::job::{JobExecutor, SimpleJobExecutor};
use boa_websocket::event_loop::{EventLoop, Microtasks};

use event_loop_log::{context_on, eval};
use event_loop_tokio::TokioExecutor;

/// Evaluates, runs all jobs, and returns what was logged and whether running failed.
fn run_on<E: JobExecutor + 'static>(executor: Rc<E>, source: &str) -> (String, bool) {
    let (mut context, log) = context_on(executor);
    eval(&mut context, source);
    let failed = context.run_jobs().is_err();
    (log.take(), failed)
}

/// The same on the four executors that have the checkpoint; they must agree.
fn run_with_checkpoint(source: &str) -> String {
    let (expected, failed) = run_on(EventLoop::new(), source);
    assert!(!failed);
    for (name, result) in [
        (
            "Microtasks<SimpleJobExecutor>",
            run_on(Microtasks::new(Rc::new(SimpleJobExecutor::new())), source),
        ),
        (
            "Microtasks<TokioExecutor>",
            run_on(Microtasks::new(Rc::new(TokioExecutor::default())), source),
        ),
        (
            "Microtasks<EventLoop>",
            run_on(Microtasks::new(EventLoop::new()), source),
        ),
    ] {
        assert_eq!(result, (expected.clone(), false), "{name}");
    }
    expected
}

fn run_on_simple(source: &str) -> (String, bool) {
    run_on(Rc::new(SimpleJobExecutor::new()), source)
}

fn run_on_tokio(source: &str) -> (String, bool) {
    run_on(Rc::new(TokioExecutor::default()), source)
}

/// Microtasks of microtasks of a task, before the next task.
const TASKS: &str = "
    task(() => { log('A'); Promise.resolve().then(() => log('m1')).then(() => log('m2')).then(() => log('m3')); });
    task(() => log('B'));
    Promise.resolve().then(() => log('script')).then(() => log('script2'));
";

#[test]
fn a_task_has_all_its_microtasks_before_the_next_task() {
    assert_eq!(run_with_checkpoint(TASKS), "script script2 A m1 m2 m3 B");
}

#[test]
fn bare_simple_runs_a_generation_of_microtasks_and_then_all_tasks() {
    assert_eq!(
        run_on_simple(TASKS).0,
        "script A B script2 m1 m2 m3",
        "one generation of microtasks a pass, all tasks in one go"
    );
}

#[test]
fn bare_tokio_executor_drains_microtasks_between_tasks() {
    assert_eq!(run_on_tokio(TASKS).0, "script script2 A m1 m2 m3 B");
}

/// Two callbacks within one task, as with two listeners of one event.
const CALLBACKS: &str = "
    callbacks(
        () => { log('L1'); Promise.resolve().then(() => log('m1')).then(() => log('m2')); },
        () => { log('L2'); Promise.resolve().then(() => log('m3')); },
    );
";

#[test]
fn a_checkpoint_follows_each_callback() {
    assert_eq!(run_with_checkpoint(CALLBACKS), "L1 m1 m2 L2 m3");
}

#[test]
fn bare_executors_have_no_checkpoint_between_callbacks() {
    assert_eq!(run_on_simple(CALLBACKS).0, "L1 L2 m1 m3 m2");
    assert_eq!(run_on_tokio(CALLBACKS).0, "L1 L2 m1 m3 m2");
}

/// A microtask that throws, among others; a task that throws, among others.
#[cfg(feature = "runtime")]
const ERRORS: &str = "
    const boom = (name) => { throw new Error(name); };
    queueMicrotask(() => boom('micro'));
    queueMicrotask(() => log('microtask'));
    task(() => boom('task'));
    task(() => log('task'));
    setTimeout(() => boom('timer'), 100);
    setTimeout(() => log('timer'), 101);
";

/// `queueMicrotask` and timers as `boa_runtime` brings them.
#[cfg(feature = "runtime")]
fn run_with_runtime<E: JobExecutor + 'static>(executor: Rc<E>, source: &str) -> (String, bool) {
    use boa_runtime::extensions::{MicrotaskExtension, TimeoutExtension};
    let (mut context, log) = context_on(executor);
    boa_runtime::register((TimeoutExtension, MicrotaskExtension), None, &mut context).unwrap();
    eval(&mut context, source);
    let failed = context.run_jobs().is_err();
    (log.take(), failed)
}

#[cfg(feature = "runtime")]
#[test]
fn an_error_is_reported_and_discards_no_other_job() {
    let expected = "Uncaught Error: micro microtask Uncaught Error: task task \
                    Uncaught Error: timer timer";
    let expected = (expected.to_owned(), false);
    assert_eq!(run_with_runtime(EventLoop::new(), ERRORS), expected);
    let wrapped = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
    assert_eq!(run_with_runtime(wrapped, ERRORS), expected);
    let wrapped = Microtasks::new(Rc::new(TokioExecutor::default()));
    assert_eq!(run_with_runtime(wrapped, ERRORS), expected);
}

#[cfg(feature = "runtime")]
#[test]
fn bare_simple_drops_every_job_at_the_first_error() {
    let simple = Rc::new(SimpleJobExecutor::new());
    assert_eq!(run_with_runtime(simple, ERRORS), (String::new(), true));
}

/// Cancelling goes through to the inner executor, and an interval that clears itself ends.
#[cfg(feature = "runtime")]
#[test]
fn wrapped_timers_can_be_cleared() {
    let source = "
        const gone = setTimeout(() => log('gone'), 1);
        clearTimeout(gone);
        let rounds = 0;
        const interval = setInterval(() => {
            log('round');
            Promise.resolve().then(() => log('m'));
            if (++rounds === 2) clearInterval(interval);
        }, 1);
    ";
    let expected = ("round m round m".to_owned(), false);
    assert_eq!(run_with_runtime(EventLoop::new(), source), expected);
    let wrapped = Microtasks::new(Rc::new(SimpleJobExecutor::new()));
    assert_eq!(run_with_runtime(wrapped, source), expected);
    let wrapped = Microtasks::new(Rc::new(TokioExecutor::default()));
    assert_eq!(run_with_runtime(wrapped, source), expected);
}

/// However long the chain, no task comes in between.
#[test]
fn long_chains_of_microtasks_run_to_their_end() {
    let source = "
        task(() => { (async () => { for (let i = 0; i < 20000; i++) await 0; log('awaited'); })(); });
        task(() => log('next task'));
    ";
    assert_eq!(run_with_checkpoint(source), "awaited next task");
}

/// The inner executor may throw jobs away, the one that performs the checkpoint among them.
#[test]
fn a_wrapped_executor_that_discards_its_jobs_gets_a_new_checkpoint() {
    let simple = Rc::new(SimpleJobExecutor::new());
    let (mut context, log) = context_on(Microtasks::new(simple.clone()));
    let stop = simple.get_cancellation_token();
    eval(
        &mut context,
        "Promise.resolve().then(() => log('first')); task(() => log('lost'))",
    );
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    context.run_jobs().unwrap();
    assert_eq!(log.take(), "first");
    eval(
        &mut context,
        "task(() => Promise.resolve().then(() => log('second')).then(() => log('third')))",
    );
    context.run_jobs().unwrap();
    assert_eq!(log.take(), "second third");
}
