//! A loop with nothing to do uses no CPU. Measured on the loop's own thread, so other tests do not count.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;

use std::{
    cell::RefCell,
    fs,
    future::poll_fn,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    thread,
    time::Duration,
};

use boa_engine::{
    Context, JsValue,
    job::{JobExecutor, NativeAsyncJob},
};
use boa_websocket::event_loop::{EventLoop, TaskSource, timers};

use event_loop_log::{Log, context_on, eval};

/// CPU time of this thread so far, in clock ticks (10 ms each): fields 14 and 15 of `proc(5)`'s stat.
fn ticks() -> u64 {
    let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
    // The second field, a name in parentheses, may contain spaces.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    fields
        .skip(11)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

/// Runs something that waits for about a second and says how many ticks that took.
fn ticks_of(run: impl FnOnce()) -> u64 {
    let before = ticks();
    run();
    ticks() - before
}

const IDLE: u64 = 2;

fn fixture() -> (Rc<EventLoop>, Context, Log) {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    (event_loop, context, log)
}

#[test]
fn the_measure_sees_a_busy_loop() {
    let spent = ticks_of(|| {
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(300) {
            std::hint::spin_loop();
        }
    });
    assert!(spent > IDLE, "{spent} ticks");
}

#[test]
fn waiting_for_a_timer() {
    let (event_loop, mut context, log) = fixture();
    eval(&mut context, "setTimeout(() => log('timer'), 1000)");
    let spent = ticks_of(|| event_loop.run(&mut context).unwrap());
    assert_eq!(log.take(), "timer");
    assert!(spent <= IDLE, "{spent} ticks");
}

#[test]
fn waiting_for_another_thread() {
    struct Source(Arc<AtomicBool>);
    impl TaskSource for Source {
        fn run_tasks(&self, _: &mut Context) -> bool {
            false
        }
        fn keeps_alive(&self, _: &Context) -> bool {
            !self.0.load(Ordering::Acquire)
        }
    }
    let (event_loop, mut context, _) = fixture();
    let done = Arc::new(AtomicBool::new(false));
    event_loop.add_task_source(Rc::new(Source(Arc::clone(&done))));
    let waker = event_loop.waker();
    let other = thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
        done.store(true, Ordering::Release);
        waker.wake();
    });
    let spent = ticks_of(|| event_loop.run(&mut context).unwrap());
    other.join().unwrap();
    assert!(spent <= IDLE, "{spent} ticks");
}

#[test]
fn waiting_for_an_async_job() {
    let (event_loop, mut context, _) = fixture();
    let mut other = None;
    context.enqueue_job(
        NativeAsyncJob::new(async move |_: &RefCell<&mut Context>| {
            poll_fn(|cx| match &other {
                Some(_) => Poll::Ready(()),
                None => {
                    let waker = cx.waker().clone();
                    other = Some(thread::spawn(move || {
                        thread::sleep(Duration::from_secs(1));
                        waker.wake();
                    }));
                    Poll::Pending
                }
            })
            .await;
            Ok(JsValue::undefined())
        })
        .into(),
    );
    let spent = ticks_of(|| event_loop.run(&mut context).unwrap());
    assert!(spent <= IDLE, "{spent} ticks");
}

#[test]
fn awaiting_a_timer() {
    let (event_loop, mut context, log) = fixture();
    eval(&mut context, "setTimeout(() => log('timer'), 1000)");
    let spent = ticks_of(|| {
        futures_lite::future::block_on(event_loop.run_jobs_async(&RefCell::new(&mut context)))
            .unwrap();
    });
    assert_eq!(log.take(), "timer");
    assert!(spent <= IDLE, "{spent} ticks");
}
