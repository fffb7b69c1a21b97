//! Hosts with a loop of their own: ticks, kept futures, an async runtime, wake callbacks.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;
mod event_loop_tokio;

use std::{
    cell::RefCell,
    collections::VecDeque,
    future::poll_fn,
    rc::Rc,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use boa_engine::{
    Context, JsResult, JsValue,
    context::time::FixedClock,
    job::{JobExecutor, NativeAsyncJob},
};
use boa_websocket::event_loop::{EventLoop, LoopWaker, Microtasks, Progress, Turns, timers};

use event_loop_log::{Log, context_on, context_with, eval};
use event_loop_tokio::TokioExecutor;

fn fixture() -> (Rc<EventLoop>, Context, Rc<FixedClock>, Log) {
    let event_loop = EventLoop::new();
    let clock = Rc::new(FixedClock::from_millis(0));
    let builder = Context::builder()
        .job_executor(event_loop.clone())
        .clock(clock.clone());
    let (mut context, log) = context_with(builder);
    timers::register(&mut context).unwrap();
    (event_loop, context, clock, log)
}

fn stalled(next_deadline: Option<u64>) -> Progress {
    Progress::Stalled {
        next_deadline: next_deadline.map(Duration::from_millis),
    }
}

/// A channel whose receiving end can be awaited.
#[derive(Clone, Default)]
struct Channel(Arc<Mutex<Shared>>);

#[derive(Default)]
struct Shared {
    messages: VecDeque<&'static str>,
    waker: Option<Waker>,
}

impl Channel {
    fn send(&self, message: &'static str) {
        let mut shared = self.0.lock().unwrap();
        shared.messages.push_back(message);
        if let Some(waker) = shared.waker.take() {
            waker.wake();
        }
    }

    async fn receive(&self) -> &'static str {
        poll_fn(|cx| {
            let mut shared = self.0.lock().unwrap();
            if let Some(message) = shared.messages.pop_front() {
                return Poll::Ready(message);
            }
            shared.waker = Some(cx.waker().clone());
            Poll::Pending
        })
        .await
    }
}

/// An async job that logs what comes, up to an "end".
fn receiving(channel: &Channel, log: &Log) -> NativeAsyncJob {
    let (channel, log) = (channel.clone(), log.clone());
    NativeAsyncJob::new(async move |_: &RefCell<&mut Context>| {
        loop {
            let message = channel.receive().await;
            log.push(message);
            if message == "end" {
                return Ok(JsValue::undefined());
            }
        }
    })
}

#[test]
fn a_frame_loop_drives_it() {
    let (event_loop, mut context, clock, log) = fixture();
    eval(
        &mut context,
        "let n = 0; const i = setInterval(() => { log('tick'); if (++n === 3) clearInterval(i) }, 20);
         task(() => Promise.resolve().then(() => log('task')));",
    );
    let mut frames = Vec::new();
    loop {
        let progress = event_loop.run_until_stalled(&mut context).unwrap();
        frames.push(log.take());
        if progress == Progress::Done {
            break;
        }
        clock.forward(16);
    }
    // At 0, 16, 32 (due at 20; the next 20 later), 48, 64 (due at 52), 80, 96 (due at 84).
    assert_eq!(frames, ["task", "", "tick", "", "tick", "", "tick"]);
}

#[test]
fn endless_work_does_not_hold_the_host() {
    let (event_loop, mut context, _, _) = fixture();
    eval(
        &mut context,
        "globalThis.n = 0; const again = () => { n++; task(again) }; task(again); setInterval(() => {});",
    );
    assert_eq!(
        event_loop.run_until_stalled(&mut context).unwrap(),
        stalled(Some(0))
    );
    let turns = u32::try_from(Turns::MAX_TURNS).unwrap();
    assert_eq!(eval(&mut context, "n").as_number(), Some(f64::from(turns)));
}

#[test]
fn without_turns_async_jobs_stay_queued_and_are_not_lost() {
    let (event_loop, mut context, _, log) = fixture();
    let channel = Channel::default();
    channel.send("end");
    context.enqueue_job(receiving(&channel, &log).into());
    for _ in 0..3 {
        assert_eq!(
            event_loop.run_until_stalled(&mut context).unwrap(),
            stalled(None)
        );
    }
    assert_eq!(log.take(), "");
    event_loop.run(&mut context).unwrap();
    assert_eq!(log.take(), "end");
}

#[test]
fn turns_keep_futures_between_ticks() {
    let (event_loop, mut context, clock, log) = fixture();
    let channel = Channel::default();
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    assert_eq!(turns.run_until_stalled().unwrap(), Progress::Done);
    cell.borrow_mut()
        .enqueue_job(receiving(&channel, &log).into());
    assert_eq!(turns.run_until_stalled().unwrap(), stalled(None));
    channel.send("one");
    assert_eq!(turns.run_until_stalled().unwrap(), stalled(None));
    assert_eq!(log.take(), "one");
    // The host uses the context in between.
    eval(&mut cell.borrow_mut(), "setTimeout(() => log('timer'), 7)");
    channel.send("two");
    assert_eq!(turns.run_until_stalled().unwrap(), stalled(Some(7)));
    assert_eq!(log.take(), "two");
    clock.forward(7);
    assert!(turns.turn().unwrap());
    assert_eq!(log.take(), "timer");
    assert!(!turns.turn().unwrap());
    channel.send("end");
    assert_eq!(turns.run_until_stalled().unwrap(), Progress::Done);
    assert_eq!(log.take(), "end");
}

#[test]
fn turns_refuse_a_borrowed_context() {
    let (event_loop, mut context, _, _) = fixture();
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    let borrowed = cell.borrow_mut();
    assert!(turns.turn().is_err());
    drop(borrowed);
    assert!(!turns.turn().unwrap());
}

#[test]
fn the_wake_callback_is_called_once_until_the_loop_has_looked() {
    let (event_loop, mut context, _, log) = fixture();
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    event_loop.set_wake_callback(Some(Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    })));
    let wake = |waker: LoopWaker| thread::spawn(move || waker.wake()).join().unwrap();
    wake(event_loop.waker());
    wake(event_loop.waker());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    event_loop.run_until_stalled(&mut context).unwrap();
    wake(event_loop.waker());
    assert_eq!(calls.load(Ordering::Relaxed), 2);

    // An async job's waker comes by the same way.
    let channel = Channel::default();
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    cell.borrow_mut()
        .enqueue_job(receiving(&channel, &log).into());
    turns.run_until_stalled().unwrap();
    let sender = channel.clone();
    thread::spawn(move || sender.send("end")).join().unwrap();
    assert_eq!(calls.load(Ordering::Relaxed), 3);
    turns.run().unwrap();

    event_loop.set_wake_callback(None);
    wake(event_loop.waker());
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn an_event_driven_host_sleeps_between_wakes() {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    let (sender, events) = mpsc::channel();
    event_loop.set_wake_callback(Some(Arc::new(move || {
        let _ = sender.send(());
    })));
    let channel = Channel::default();
    context.enqueue_job(receiving(&channel, &log).into());
    eval(&mut context, "setTimeout(() => log('timer'), 5)");
    let feeder = thread::spawn(move || {
        thread::sleep(Duration::from_millis(40));
        channel.send("end");
    });
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    loop {
        match turns.run_until_stalled().unwrap() {
            Progress::Done => break,
            Progress::Stalled {
                next_deadline: Some(deadline),
            } => drop(events.recv_timeout(deadline)),
            Progress::Stalled {
                next_deadline: None,
            } => events.recv().unwrap(),
        }
    }
    feeder.join().unwrap();
    let lines = log.take();
    let mut lines = lines.split(' ').collect::<Vec<_>>();
    lines.sort_unstable();
    assert_eq!(lines, ["end", "timer"]);
}

/// `run_jobs_async` beside a future of the host's that uses the same context.
#[test]
fn awaited_beside_other_futures_of_the_host() {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    let channel = Channel::default();
    context.enqueue_job(receiving(&channel, &log).into());
    eval(&mut context, "setTimeout(() => log('timer'), 10)");
    let cell = RefCell::new(&mut context);
    // Waits for a line of the log.
    let line = async || {
        loop {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let lines = log.take();
            if !lines.is_empty() {
                return lines;
            }
        }
    };
    let host = async {
        assert_eq!(line().await, "timer");
        // The loop is waiting; a job that is enqueued now has to wake it.
        eval(
            &mut cell.borrow_mut(),
            "task(() => log('task')); Promise.resolve().then(() => log('micro'))",
        );
        assert_eq!(line().await, "micro task");
        channel.send("end");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let result: JsResult<()> = runtime.block_on(async {
        let (result, ()) = tokio::join!(event_loop.clone().run_jobs_async(&cell), host);
        result
    });
    result.unwrap();
    assert_eq!(log.take(), "end");
}

/// A busy loop yields to the runtime after each turn.
#[test]
fn awaited_it_does_not_starve_the_runtime() {
    let event_loop = EventLoop::new();
    let (mut context, log) = context_on(event_loop.clone());
    timers::register(&mut context).unwrap();
    eval(
        &mut context,
        "globalThis.go = true; const again = () => { if (go) task(again); else log('stopped') }; again()",
    );
    let cell = RefCell::new(&mut context);
    let host = async {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        eval(&mut cell.borrow_mut(), "go = false");
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (result, ()) = tokio::join!(event_loop.clone().run_jobs_async(&cell), host);
        result.unwrap();
    });
    assert_eq!(log.take(), "stopped");
}

#[test]
fn awaited_executors_in_a_wrapper() {
    let source =
        "task(() => { log('A'); Promise.resolve().then(() => log('m')) }); task(() => log('B'))";
    let (mut context, log) = context_on(Microtasks::new(Rc::new(TokioExecutor::default())));
    eval(&mut context, source);
    let executor = context
        .downcast_job_executor::<Microtasks<TokioExecutor>>()
        .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime
        .block_on(executor.run_jobs_async(&RefCell::new(&mut context)))
        .unwrap();
    assert_eq!(log.take(), "A m B");
}
