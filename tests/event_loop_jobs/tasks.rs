//! Tasks, and when the loop ends.

use std::{rc::Rc, time::Duration};

use boa_engine::{JsValue, job::PromiseJob};

use crate::{event_loop_log::eval, fixture};

#[test]
fn nothing_to_do_ends_at_once() {
    let (event_loop, mut context, _) = fixture();
    event_loop.run(&mut context).unwrap();
    context.run_jobs().unwrap();
}

#[test]
fn tasks_run_first_in_first_out_each_with_its_microtasks() {
    let (event_loop, mut context, log) = fixture();
    for name in ["a", "b"] {
        let log = log.clone();
        event_loop.queue_task(move |context| {
            log.push(name);
            eval(context, "Promise.resolve().then(() => log('m'))");
            Ok(())
        });
    }
    eval(&mut context, "task(() => log('c'))");
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "a m b m c");
}

#[test]
fn a_flood_of_due_timers_does_not_starve_tasks() {
    let (event_loop, mut context, log) = fixture();
    eval(
        &mut context,
        "const i = setInterval(() => {}); task(() => task(() => task(() => { log('through'); clearInterval(i) })))",
    );
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "through");
}

#[test]
fn running_from_within_a_job_or_script_is_refused() {
    let (event_loop, mut context, log) = fixture();
    let nested = event_loop.clone();
    event_loop.queue_task(move |context| nested.run(context));
    context.enqueue_job(
        PromiseJob::new(|context| context.run_jobs().map(|()| JsValue::undefined())).into(),
    );
    let native = boa_engine::NativeFunction::from_fn_ptr(|_, _, context| {
        context.run_jobs()?;
        Ok(JsValue::undefined())
    });
    context
        .register_global_builtin_callable(boa_engine::js_string!("run"), 0, native)
        .unwrap();
    eval(
        &mut context,
        "Promise.resolve().then(() => log('later')); try { run() } catch (e) { log(e.name) }; log('script')",
    );
    assert_eq!(
        log.take(),
        "TypeError script",
        "no microtask ran under the script"
    );
    event_loop.run(&mut context).unwrap();
    let refused = "Uncaught TypeError: jobs cannot be run from within script or another job";
    assert_eq!(log.take(), format!("{refused} later {refused}"));
}

#[test]
fn dynamic_import_and_atomics_wait_async_work() {
    let (event_loop, mut context, log) = fixture();
    eval(
        &mut context,
        "import('./does-not-exist.js').then(() => log('loaded'), (e) => log(e.name));
         const cells = new Int32Array(new SharedArrayBuffer(4));
         Atomics.waitAsync(cells, 0, 0, 5).value.then((v) => log(v));",
    );
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "TypeError timed-out");
}

#[test]
fn dropping_the_context_lets_go_of_what_waits() {
    let (event_loop, mut context, _) = fixture();
    let held = Rc::new(());
    let (task, timer) = (Rc::clone(&held), Rc::clone(&held));
    event_loop.queue_task(move |_| {
        drop(task);
        Ok(())
    });
    event_loop.set_timer(
        Duration::from_secs(1),
        move |_| {
            drop(timer);
            Ok(())
        },
        &context,
    );
    eval(
        &mut context,
        "setInterval(() => {}, 10); Promise.resolve().then(() => {})",
    );
    assert_eq!(Rc::strong_count(&held), 3);
    drop(event_loop);
    drop(context);
    assert_eq!(Rc::strong_count(&held), 1);
}
