//! Tasks, async jobs and task sources: fairness, errors, and when the loop ends.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use boa_engine::{
    Context, JsNativeError, JsResult, JsValue,
    error::{EngineError, PanicError},
    gc::force_collect,
    job::{GenericJob, JobExecutor, NativeAsyncJob, PromiseJob, TimeoutJob},
};
use boa_websocket::event_loop::{
    EventLoop, LoopWaker, TaskSource, after_microtask_checkpoint, clean_up_after_running_script,
    perform_a_microtask_checkpoint, report_exception, script_can_catch, set_exception_reporter,
    timers,
};

use event_loop_log::{Log, context_on, eval};

fn fixture() -> (Rc<EventLoop>, Context, Log) {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    (event_loop, context, log)
}

fn boom<T>(name: &'static str) -> JsResult<T> {
    Err(JsNativeError::error().with_message(name).into())
}

/// A future that another thread completes; counts how often it is polled.
#[derive(Clone, Default)]
struct Gate {
    open: Arc<AtomicBool>,
    waker: Arc<Mutex<Option<Waker>>>,
    polls: Rc<Cell<u32>>,
}

impl Gate {
    async fn passed(&self) {
        poll_fn(|cx| {
            self.polls.set(self.polls.get() + 1);
            *self.waker.lock().unwrap() = Some(cx.waker().clone());
            if self.open.load(Ordering::Acquire) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Opens it from another thread after a while.
    fn open_later(&self) -> thread::JoinHandle<()> {
        let (open, waker) = (Arc::clone(&self.open), Arc::clone(&self.waker));
        thread::spawn(move || {
            let waker = loop {
                // Not before somebody waits.
                if let Some(waker) = waker.lock().unwrap().take() {
                    break waker;
                }
                thread::sleep(Duration::from_millis(1));
            };
            thread::sleep(Duration::from_millis(30));
            open.store(true, Ordering::Release);
            waker.wake();
        })
    }
}

/// An async job that logs `name` when the gate opens.
fn gated(gate: &Gate, name: &'static str, log: &Log) -> NativeAsyncJob {
    let (gate, log) = (gate.clone(), log.clone());
    NativeAsyncJob::new(async move |_: &RefCell<&mut Context>| {
        gate.passed().await;
        log.push(name);
        Ok(JsValue::undefined())
    })
}

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
fn an_async_job_is_polled_only_when_woken() {
    let (event_loop, mut context, log) = fixture();
    let gate = Gate::default();
    context.enqueue_job(gated(&gate, "passed", &log).into());
    // Plenty of turns meanwhile.
    eval(
        &mut context,
        "let n = 0; const i = setInterval(() => { if (++n === 20) clearInterval(i) })",
    );
    let opener = gate.open_later();
    event_loop.run(&mut context).unwrap();
    opener.join().unwrap();
    assert_eq!(log.take(), "passed");
    assert_eq!(
        gate.polls.get(),
        2,
        "once to start it and once when it was woken"
    );
}

#[test]
fn a_future_that_wakes_itself_does_not_starve_timers_and_tasks() {
    let (event_loop, mut context, log) = fixture();
    let end = Rc::new(Cell::new(0));
    let ended = Rc::clone(&end);
    context.enqueue_job(
        NativeAsyncJob::new(async move |_: &RefCell<&mut Context>| {
            poll_fn(|cx| {
                cx.waker().wake_by_ref();
                if ended.get() == 2 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            })
            .await;
            Ok(JsValue::undefined())
        })
        .into(),
    );
    let counted = Rc::clone(&end);
    event_loop.queue_task(move |_| {
        counted.set(counted.get() + 1);
        Ok(())
    });
    let counted = Rc::clone(&end);
    let steps = move |_: &mut Context| {
        counted.set(counted.get() + 1);
        Ok(())
    };
    event_loop.set_timer(Duration::from_millis(1), steps, &context);
    // Ends only if both had their turn.
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "");
}

#[test]
fn microtasks_follow_each_poll_of_an_async_job() {
    let (event_loop, mut context, log) = fixture();
    for name in ["a", "b"] {
        let log = log.clone();
        context.enqueue_job(
            NativeAsyncJob::new(async move |cell: &RefCell<&mut Context>| {
                for _ in 0..2 {
                    log.push(name);
                    eval(
                        &mut cell.borrow_mut(),
                        "Promise.resolve().then(() => log('m'))",
                    );
                    futures_lite::future::yield_now().await;
                }
                Ok(JsValue::undefined())
            })
            .into(),
        );
    }
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "a m b m a m b m");
}

/// A source with a counter for tasks, woken by a thread.
#[derive(Default)]
struct Counter {
    waiting: Arc<Mutex<u32>>,
    ran: Cell<u32>,
    /// How many tasks it expects before it lets the loop end.
    expected: Cell<u32>,
    /// Never runs out.
    flood: Cell<bool>,
}

impl TaskSource for Counter {
    fn run_tasks(&self, context: &mut Context) -> bool {
        let batch = std::mem::take(&mut *self.waiting.lock().unwrap());
        for _ in 0..batch {
            self.ran.set(self.ran.get() + 1);
            eval(context, "Promise.resolve().then(() => log('m'))");
            perform_a_microtask_checkpoint(context);
        }
        batch > 0 || self.flood.get()
    }

    fn keeps_alive(&self, _: &Context) -> bool {
        self.ran.get() < self.expected.get()
    }
}

/// Puts `tasks` tasks in from another thread, one after the other.
fn feed(source: &Counter, waker: LoopWaker, tasks: u32) -> thread::JoinHandle<()> {
    let waiting = Arc::clone(&source.waiting);
    thread::spawn(move || {
        for _ in 0..tasks {
            thread::sleep(Duration::from_millis(5));
            *waiting.lock().unwrap() += 1;
            waker.wake();
        }
    })
}

#[test]
fn a_task_source_is_woken_from_another_thread_and_keeps_the_loop_running() {
    let (event_loop, mut context, log) = fixture();
    let source = Rc::new(Counter::default());
    source.expected.set(3);
    event_loop.add_task_source(source.clone());
    let feeder = feed(&source, event_loop.waker(), 3);
    event_loop.run(&mut context).unwrap();
    feeder.join().unwrap();
    assert_eq!((source.ran.get(), log.take()), (3, "m m m".into()));
}

#[test]
fn a_source_that_keeps_nothing_alive_does_not_hold_the_loop() {
    let (event_loop, mut context, _) = fixture();
    let source: Rc<dyn TaskSource> = Rc::new(Counter::default());
    event_loop.add_task_source(Rc::clone(&source));
    event_loop.run(&mut context).unwrap();
    assert!(event_loop.remove_task_source(&source));
    assert!(!event_loop.remove_task_source(&source));
    assert_eq!(Rc::strong_count(&source), 1);
}

#[test]
fn a_flooding_source_starves_neither_timers_nor_tasks_nor_other_sources() {
    let (event_loop, mut context, log) = fixture();
    let (flood, other) = (Rc::new(Counter::default()), Rc::new(Counter::default()));
    flood.flood.set(true);
    event_loop.add_task_source(flood.clone());
    event_loop.add_task_source(other.clone());
    *other.waiting.lock().unwrap() = 1;
    let ends = flood.clone();
    let steps = move |_: &mut Context| {
        ends.flood.set(false);
        Ok(())
    };
    event_loop.set_timer(Duration::from_millis(2), steps, &context);
    eval(&mut context, "task(() => log('task'))");
    // Ends only if the timer has its turn.
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "task m");
    assert_eq!(other.ran.get(), 1);
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

/// No wake may be lost, however it falls between a look and a wait.
#[test]
fn wakes_from_many_threads_are_not_lost() {
    let (event_loop, mut context, log) = fixture();
    let source = Rc::new(Counter::default());
    source.expected.set(4 * 500);
    event_loop.add_task_source(source.clone());
    let feeders = (0..4).map(|_| {
        let (waiting, waker) = (Arc::clone(&source.waiting), event_loop.waker());
        thread::spawn(move || {
            for _ in 0..500 {
                *waiting.lock().unwrap() += 1;
                waker.wake();
                thread::yield_now();
            }
        })
    });
    let feeders = feeders.collect::<Vec<_>>();
    event_loop.run(&mut context).unwrap();
    for feeder in feeders {
        feeder.join().unwrap();
    }
    assert_eq!(source.ran.get(), 4 * 500);
    assert_eq!(log.take().matches('m').count(), 4 * 500);
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
