//! Tasks that other threads give to the event loop.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;

use std::{
    cell::RefCell,
    rc::Rc,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use boa_engine::{Context, JsNativeError, Source, job::JobExecutor};
use boa_websocket::{
    EventLoop, EventsExtension, Spawner,
    event_loop::{Progress, SpawnError},
    html::set_uncaught_error_sink,
};
use event_loop_log::{Log, context_on, eval};

fn fixture() -> (Rc<EventLoop>, Context, Log) {
    let event_loop = EventLoop::new();
    let (context, log) = context_on(event_loop.clone());
    (event_loop, context, log)
}

/// Says when it is dropped.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn number(context: &mut Context, source: &str) -> f64 {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    value.as_number().unwrap()
}

#[test]
fn what_a_thread_spawns_runs_in_its_order_each_with_its_microtasks() {
    let (event_loop, mut context, log) = fixture();
    let spawner = event_loop.spawner();
    let worker = thread::spawn(move || {
        for n in 1..=3 {
            let script = format!("log({n}); Promise.resolve().then(() => log('m{n}'))");
            let task =
                move |context: &mut Context| context.eval(Source::from_bytes(&script)).map(drop);
            spawner.spawn_task(task).unwrap();
        }
    });
    worker.join().unwrap();
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "1 m1 2 m2 3 m3");
}

#[test]
fn no_task_of_many_threads_is_lost_or_keeps_the_loop_from_ending() {
    const THREADS: usize = 4;
    const EACH: usize = 500;
    let (event_loop, mut context, _log) = fixture();
    eval(&mut context, "globalThis.count = 0");
    let start = Arc::new(Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (spawner, start) = (event_loop.spawner(), Arc::clone(&start));
            let keep_alive = spawner.keep_alive();
            thread::spawn(move || {
                start.wait();
                for _ in 0..EACH {
                    let task = |context: &mut Context| {
                        context.eval(Source::from_bytes("count++")).map(drop)
                    };
                    spawner.spawn_task(task).unwrap();
                }
                drop(keep_alive);
            })
        })
        .collect();
    start.wait();
    event_loop.run(&mut context).unwrap();
    for thread in threads {
        thread.join().unwrap();
    }
    // It ended after the last of them had let go, and nothing was left behind.
    assert_eq!(number(&mut context, "count"), (THREADS * EACH) as f64);
}

#[test]
fn a_parked_loop_wakes_for_a_task() {
    let (event_loop, mut context, log) = fixture();
    let spawner = event_loop.spawner();
    let keep_alive = spawner.keep_alive();
    let worker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        let (sender, ran) = mpsc::channel();
        let task = move |context: &mut Context| {
            context.eval(Source::from_bytes("log('late')"))?;
            sender.send(()).unwrap();
            Ok(())
        };
        spawner.spawn_task(task).unwrap();
        // The loop is held until the task has run.
        ran.recv().unwrap();
        drop(keep_alive);
    });
    event_loop.run(&mut context).unwrap();
    worker.join().unwrap();
    assert_eq!(log.take(), "late");
}

#[test]
fn a_spawner_alone_does_not_keep_the_loop_running() {
    let (event_loop, mut context, _log) = fixture();
    let spawner = event_loop.spawner();
    event_loop.run(&mut context).unwrap();
    let keep_alive = spawner.keep_alive();
    let stalled = Progress::Stalled {
        next_deadline: None,
    };
    assert_eq!(event_loop.run_until_stalled(&mut context).unwrap(), stalled);
    drop(keep_alive);
    assert_eq!(
        event_loop.run_until_stalled(&mut context).unwrap(),
        Progress::Done
    );
}

#[test]
fn a_host_that_ticks_is_told() {
    let (event_loop, mut context, log) = fixture();
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&wakes);
    event_loop.set_wake_callback(Some(Arc::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    })));
    let spawner = event_loop.spawner();
    let spawn = move || {
        let task =
            |context: &mut Context| context.eval(Source::from_bytes("log('task')")).map(drop);
        spawner.spawn_task(task).unwrap();
    };
    thread::spawn(spawn).join().unwrap();
    assert_eq!(wakes.load(Ordering::SeqCst), 1);
    assert_eq!(
        event_loop.run_until_stalled(&mut context).unwrap(),
        Progress::Done
    );
    assert_eq!(log.take(), "task");
}

#[test]
fn an_awaited_loop_gets_it_too() {
    let (event_loop, mut context, log) = fixture();
    let spawner = event_loop.spawner();
    let keep_alive = spawner.keep_alive();
    let worker = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        let task =
            |context: &mut Context| context.eval(Source::from_bytes("log('task')")).map(drop);
        spawner.spawn_task(task).unwrap();
        drop(keep_alive);
    });
    let cell = RefCell::new(&mut context);
    futures_lite::future::block_on(event_loop.run_jobs_async(&cell)).unwrap();
    worker.join().unwrap();
    assert_eq!(log.take(), "task");
}

#[test]
fn an_error_is_reported_and_the_next_task_runs() {
    let (event_loop, mut context, log) = fixture();
    EventsExtension.register(None, &mut context).unwrap();
    let errors = Rc::new(RefCell::new(Vec::new()));
    let sink = Rc::clone(&errors);
    set_uncaught_error_sink(
        &mut context,
        Rc::new(move |error, _: &mut Context| sink.borrow_mut().push(error.description.clone())),
    );
    let spawner = event_loop.spawner();
    let failing = |_: &mut Context| Err(JsNativeError::error().with_message("in a task").into());
    spawner.spawn_task(failing).unwrap();
    spawner
        .spawn_task(|context| context.eval(Source::from_bytes("log('next')")).map(drop))
        .unwrap();
    event_loop.run(&mut context).unwrap();
    assert_eq!(*errors.borrow(), ["Error: in a task"]);
    assert_eq!(log.take(), "next");
}

#[test]
fn when_the_loop_is_gone_tasks_are_dropped_and_refused() {
    let (event_loop, context, _log) = fixture();
    let spawner = event_loop.spawner();
    let dropped = Arc::new(AtomicUsize::new(0));
    let task = |spawner: Spawner| {
        let witness = Dropped(Arc::clone(&dropped));
        // What a task has captured may ask the loop that is going.
        move |_: &mut Context| {
            let _captured = (&witness, &spawner);
            Ok(())
        }
    };
    spawner.spawn_task(task(spawner.clone())).unwrap();
    assert!(!spawner.is_closed());
    drop(context);
    drop(event_loop);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
    assert!(spawner.is_closed());
    let refused = spawner.spawn_task(task(spawner.clone()));
    assert_eq!(refused, Err(SpawnError::Closed));
    assert_eq!(dropped.load(Ordering::SeqCst), 2);
    // It holds nothing any more, and may still be dropped.
    drop(spawner.keep_alive());
}

#[test]
fn one_task_too_many_is_refused_and_the_others_run() {
    let (event_loop, mut context, _log) = fixture();
    let spawner = event_loop.spawner();
    let ran = Arc::new(AtomicUsize::new(0));
    let task = || {
        let ran = Arc::clone(&ran);
        move |_: &mut Context| {
            ran.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    };
    for _ in 0..Spawner::MAX_WAITING {
        spawner.spawn_task(task()).unwrap();
    }
    assert_eq!(spawner.spawn_task(task()), Err(SpawnError::Full));
    event_loop.run(&mut context).unwrap();
    assert_eq!(ran.load(Ordering::SeqCst), Spawner::MAX_WAITING);
    spawner.spawn_task(task()).unwrap();
}
