//! Task sources.

use std::{
    cell::Cell,
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use boa_engine::Context;
use boa_websocket::event_loop::{LoopWaker, TaskSource, perform_a_microtask_checkpoint};

use crate::{event_loop_log::eval, fixture};

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
