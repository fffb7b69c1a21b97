//! Async jobs.

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

use boa_engine::{Context, JsValue, job::NativeAsyncJob};

use crate::{
    event_loop_log::{Log, eval},
    fixture,
};

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
