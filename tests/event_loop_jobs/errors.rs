//! Errors that no script catches.

use std::{cell::RefCell, rc::Rc, time::Duration};

use boa_engine::{
    Context, JsNativeError,
    error::{EngineError, PanicError},
    job::{GenericJob, NativeAsyncJob, PromiseJob, TimeoutJob},
};
use boa_websocket::event_loop::{
    report_exception, script_can_catch, set_exception_reporter, timers,
};

use crate::{
    boom,
    event_loop_log::{context_on, eval},
    fixture,
};

#[test]
fn an_error_of_any_kind_of_job_is_reported_and_loses_no_other() {
    let (event_loop, mut context, log) = fixture();
    let realm = context.realm().clone();
    context.enqueue_job(PromiseJob::new(|_| boom("promise")).into());
    context
        .enqueue_job(NativeAsyncJob::new(async |_: &RefCell<&mut Context>| boom("async")).into());
    context.enqueue_job(GenericJob::new(|_| boom("generic"), realm).into());
    context.enqueue_job(TimeoutJob::from_duration(|_| boom("timeout"), Duration::ZERO).into());
    event_loop.queue_task(|_| boom("task"));
    event_loop.set_timer(Duration::ZERO, |_| boom("timer"), &context);
    eval(
        &mut context,
        "Promise.resolve().then(() => log('1')); task(() => log('2')); setTimeout(() => log('3'))",
    );
    event_loop.run(&mut context).unwrap();
    let log = log.take();
    for name in ["promise", "async", "generic", "timeout", "task", "timer"] {
        assert!(
            log.contains(&format!("Uncaught Error: {name}")),
            "{name} in {log}"
        );
    }
    for number in ["1", "2", "3"] {
        assert!(log.contains(number), "{number} in {log}");
    }
}

#[test]
fn runaway_recursion_ends_its_task_and_the_next_one_runs() {
    let (event_loop, mut context, log) = fixture();
    eval(
        &mut context,
        "const deeper = () => { try { deeper() } catch { log('caught') } finally { log('finally') } };
         task(() => { deeper(); log('after') });
         task(() => Promise.resolve().then(() => log('next')));
         Promise.resolve().then(deeper);
         Promise.resolve().then(() => log('microtask'));",
    );
    event_loop.run(&mut context).unwrap();
    let limit = "Uncaught RuntimeLimitError: reached the maximum number of recursive calls on this execution";
    assert_eq!(log.take(), format!("{limit} microtask {limit} next"));
}

#[test]
fn an_engine_panic_ends_the_loop() {
    let (event_loop, mut context, log) = fixture();
    event_loop.queue_task(|_| Err(EngineError::from(PanicError::new("broken")).into()));
    eval(&mut context, "task(() => log('not with this context'))");
    let error = event_loop.run(&mut context).unwrap_err();
    assert!(!script_can_catch(&error));
    assert_eq!(log.take(), "Uncaught EnginePanic: broken");
    assert!(script_can_catch(&JsNativeError::error().into()));
}

#[test]
fn an_engine_panic_ends_a_wrapped_executor() {
    use boa_engine::job::SimpleJobExecutor;
    use boa_websocket::event_loop::Microtasks;
    let broken = |_: &mut Context| Err(EngineError::from(PanicError::new("broken")).into());
    for in_microtask in [true, false] {
        let (mut context, log) = context_on(Microtasks::new(Rc::new(SimpleJobExecutor::new())));
        let realm = context.realm().clone();
        if in_microtask {
            context.enqueue_job(PromiseJob::new(broken).into());
        } else {
            context.enqueue_job(GenericJob::new(broken, realm).into());
        }
        eval(&mut context, "task(() => log('not with this context'))");
        let error = context.run_jobs().unwrap_err();
        assert!(!script_can_catch(&error));
        assert_eq!(log.take(), "Uncaught EnginePanic: broken");
    }
}

#[test]
fn the_reporter_is_replaceable_and_may_run_script() {
    let (event_loop, mut context, log) = fixture();
    let reporter = |_: boa_engine::JsError, context: &mut Context| {
        eval(
            context,
            "Promise.resolve().then(() => log('micro of reporter')); log('reported')",
        );
    };
    let before = set_exception_reporter(&mut context, Rc::new(reporter));
    eval(
        &mut context,
        "task(() => { throw 1 }); task(() => log('next'))",
    );
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "reported micro of reporter next");
    set_exception_reporter(&mut context, before.unwrap());
    report_exception(
        JsNativeError::error().with_message("x").into(),
        &mut context,
    );
    assert_eq!(log.take(), "Uncaught Error: x");
}

/// A global's `error` event has to be fired at the right global.
#[test]
fn errors_are_reported_in_the_realm_of_their_job() {
    let (event_loop, mut context, _) = fixture();
    let realm = context.create_realm().unwrap();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let reports = Rc::clone(&seen);
    let expected = realm.clone();
    set_exception_reporter(
        &mut context,
        Rc::new(move |error: boa_engine::JsError, context: &mut Context| {
            reports
                .borrow_mut()
                .push((error.to_string(), *context.realm() == expected));
        }),
    );
    context.enqueue_job(PromiseJob::with_realm(|_| boom("promise"), realm.clone()).into());
    let job = async |_: &RefCell<&mut Context>| boom("async");
    context.enqueue_job(NativeAsyncJob::with_realm(job, realm.clone()).into());
    context.enqueue_job(GenericJob::new(|_| boom("generic"), realm.clone()).into());
    let main = context.enter_realm(realm);
    timers::register(&mut context).unwrap();
    eval(&mut context, "setTimeout(() => { throw 1 })");
    context.enter_realm(main);
    event_loop.run(&mut context).unwrap();
    let seen = seen.borrow();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert!(seen.iter().all(|(_, in_realm)| *in_realm), "{seen:?}");
}
