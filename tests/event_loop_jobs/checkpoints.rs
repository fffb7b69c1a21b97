//! Microtask checkpoints, and what comes after them.

use std::{cell::RefCell, rc::Rc};

use boa_engine::{
    JsValue,
    gc::force_collect,
    job::{GenericJob, JobExecutor, PromiseJob},
};
use boa_websocket::event_loop::{
    after_microtask_checkpoint, clean_up_after_running_script, perform_a_microtask_checkpoint,
};

use crate::{
    event_loop_log::{context_on, eval},
    fixture,
};

#[test]
fn a_checkpoint_waits_for_an_empty_stack_and_is_not_nested() {
    let (_, mut context, log) = fixture();
    let native = boa_engine::NativeFunction::from_fn_ptr(|_, _, context| {
        clean_up_after_running_script(context);
        perform_a_microtask_checkpoint(context);
        Ok(JsValue::undefined())
    });
    context
        .register_global_builtin_callable(boa_engine::js_string!("checkpoint"), 0, native.clone())
        .unwrap();
    eval(
        &mut context,
        "Promise.resolve().then(() => { log('a1'); checkpoint(); log('a2') });
         Promise.resolve().then(checkpoint).then(() => log('c'));
         Promise.resolve().then(() => log('b'));
         checkpoint(); log('script');",
    );
    assert_eq!(log.take(), "script");
    clean_up_after_running_script(&mut context);
    assert_eq!(log.take(), "a1 a2 b c");
}

/// With an empty stack too: a microtask that is no script must not run the others in its midst.
#[test]
fn a_native_microtask_does_not_nest_a_checkpoint() {
    let (event_loop, mut context, log) = fixture();
    let native = log.clone();
    let job = PromiseJob::new(move |context| {
        native.push("before");
        perform_a_microtask_checkpoint(context);
        native.push("after");
        Ok(JsValue::undefined())
    });
    context.enqueue_job(job.into());
    eval(&mut context, "Promise.resolve().then(() => log('m'))");
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "before after m");
}

#[test]
fn steps_after_the_checkpoint_run_once_and_after_all_microtasks() {
    let (event_loop, mut context, log) = fixture();
    let steps = log.clone();
    assert!(after_microtask_checkpoint(&mut context, move |_| steps.push("after")));
    eval(
        &mut context,
        "Promise.resolve().then(() => log('a')).then(() => log('b'))",
    );
    perform_a_microtask_checkpoint(&mut context);
    assert_eq!(log.take(), "a b after");
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "");

    // Asked for within a checkpoint: at the end of that one. What a step asks for: at the end of the next one, which comes.
    let steps = log.clone();
    context.enqueue_job(
        PromiseJob::new(move |context| {
            let again = steps.clone();
            assert!(after_microtask_checkpoint(context, move |context| {
                again.push("first");
                let last = again.clone();
                assert!(after_microtask_checkpoint(context, move |_| last.push("second")));
            }));
            Ok(JsValue::undefined())
        })
        .into(),
    );
    eval(&mut context, "Promise.resolve().then(() => log('c'))");
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "c first second");
}

#[test]
fn steps_after_the_checkpoint_under_other_executors() {
    use boa_engine::job::SimpleJobExecutor;
    use boa_websocket::event_loop::Microtasks;
    let simple = Rc::new(SimpleJobExecutor::new());
    let (mut context, log) = context_on(Microtasks::new(simple.clone()));
    let steps = log.clone();
    assert!(after_microtask_checkpoint(&mut context, move |_| steps.push("after")));
    eval(
        &mut context,
        "Promise.resolve().then(() => log('a')).then(() => log('b'))",
    );
    context.run_jobs().unwrap();
    assert_eq!(log.take(), "a b after");

    // Asked for by a job that bypassed the wrapper, so that the checkpoint is the scheduled one; a
    // microtask that a step queues is not forgotten.
    let (steps, realm) = (log.clone(), context.realm().clone());
    let job = GenericJob::new(
        move |context| {
            assert!(after_microtask_checkpoint(context, move |context| {
                steps.push("step");
                eval(context, "Promise.resolve().then(() => log('c'))");
            }));
            Ok(JsValue::undefined())
        },
        realm,
    );
    simple.enqueue_job(job.into(), &mut context);
    context.run_jobs().unwrap();
    assert_eq!(log.take(), "step c");

    let (mut context, log) = context_on(Rc::new(SimpleJobExecutor::new()));
    let steps = log.clone();
    assert!(!after_microtask_checkpoint(&mut context, move |_| steps.push("after")));
    context.run_jobs().unwrap();
    assert_eq!(
        log.take(),
        "",
        "a bare executor has no checkpoint, and says so"
    );
}

#[test]
fn weak_references_are_let_go_after_the_checkpoint() {
    let (event_loop, mut context, _) = fixture();
    eval(
        &mut context,
        "globalThis.weak = new WeakRef({}); task(() => {});",
    );
    event_loop.run(&mut context).unwrap();
    force_collect();
    assert_eq!(
        eval(&mut context, "weak.deref() === undefined").as_boolean(),
        Some(true)
    );
}

#[test]
fn a_finalization_registry_is_called_but_keeps_nothing_alive() {
    let (event_loop, mut context, log) = fixture();
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    eval(
        &mut cell.borrow_mut(),
        "globalThis.registry = new FinalizationRegistry((v) => log('collected ' + v));
         task(() => { registry.register({}, 'x') });",
    );
    turns.run().unwrap();
    assert_eq!(log.take(), "");
    force_collect();
    turns.run().unwrap();
    assert_eq!(log.take(), "collected x");
    drop(turns);
    event_loop.run(&mut context).unwrap();
}
