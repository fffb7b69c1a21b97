//! Who runs the sockets' tasks: the crate's event loop, or a job under another executor.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    rc::{Rc, Weak},
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use boa_engine::{Context, JsValue, job::NativeAsyncJob};

use super::sockets::{Sockets, WakeCallback};
use crate::{
    event_loop::{Checkpoint, EventLoop, IdleWork, LoopWaker},
    net::{Leader, Network},
};

/// How many times an executor without a microtask checkpoint gets its turn between two tasks. One is enough for most; Boa's
/// `SimpleJobExecutor` runs in each of them those microtasks only that were there at its beginning, and what one of them
/// enqueues in the next.
const PASSES: u32 = 8;

/// The one place where the executor makes a difference.
pub(super) enum Driver {
    /// [`EventLoop`]: it has the sockets as a task source.
    EventLoop(LoopWaker),
    /// Any other executor: one [`NativeAsyncJob`] per context, while a socket is alive.
    Job {
        alarm: Arc<Alarm>,
        /// A job is enqueued or running.
        enqueued: Rc<Cell<bool>>,
    },
}

impl Driver {
    pub(super) fn of(context: &Context) -> Self {
        match context.downcast_job_executor::<EventLoop>() {
            Some(event_loop) => Self::EventLoop(event_loop.waker()),
            None => Self::Job {
                alarm: Arc::default(),
                enqueued: Rc::default(),
            },
        }
    }

    /// Has the event loop see to the sockets while it waits. Other executors wait by themselves.
    pub(super) fn lead(&self, network: &Network) {
        if let (Self::EventLoop(waker), Some(leader)) = (self, network.leader()) {
            let work: Arc<dyn IdleWork> = leader.clone();
            waker.set_idle_work(Arc::downgrade(&work));
        }
    }

    pub(super) fn wake_callback(&self) -> WakeCallback {
        match self {
            Self::EventLoop(waker) => {
                let waker = waker.clone();
                Arc::new(move || waker.wake())
            }
            Self::Job { alarm, .. } => {
                let alarm = Arc::clone(alarm);
                Arc::new(move || alarm.ring())
            }
        }
    }

    /// Enqueues the job if it has ended because nobody listened: it takes what has come meanwhile, and ends again.
    pub(super) fn come_back(&self, sockets: &Rc<Sockets>, context: &mut Context) {
        if let Self::Job { enqueued, .. } = self
            && !enqueued.get()
        {
            self.see_to(sockets, context);
        }
    }

    /// Makes sure that what was just given to the network is flushed when the turn ends, and that
    /// events will find someone. Under another executor the job is enqueued again whenever it is
    /// not there: because all sockets were closed, or because the executor dropped its jobs.
    pub(super) fn see_to(&self, sockets: &Rc<Sockets>, context: &mut Context) {
        let Self::Job { alarm, enqueued } = self else {
            return;
        };
        if enqueued.replace(true) {
            alarm.ring();
            return;
        }
        let here = Enqueued(Rc::clone(enqueued));
        let alarm = Arc::clone(alarm);
        let sockets = Rc::downgrade(sockets);
        let job = NativeAsyncJob::new(async move |context| {
            // Dropped with the job, also when it is dropped before its end.
            let _here = here;
            run_job(&sockets, &alarm, context).await;
            Ok(JsValue::undefined())
        });
        context.enqueue_job(job.into());
    }
}

impl IdleWork for Leader {
    fn wait(&self, timeout: Option<Duration>, notified: &dyn Fn() -> bool) -> bool {
        Self::wait(self, timeout, notified)
    }

    fn is_awake(&self) {
        Self::is_awake(self);
    }

    fn interrupt(&self) {
        Self::interrupt(self);
    }
}

/// Runs until no socket can fire an event any more. It holds no socket, and the registry only while it is polled.
async fn run_job(sockets: &Weak<Sockets>, alarm: &Alarm, context: &RefCell<&mut Context>) {
    loop {
        let Some(sockets) = sockets.upgrade() else {
            return;
        };
        let (found, passes) = match context.try_borrow_mut() {
            Ok(mut context) => {
                let found = sockets.turn(&mut context);
                let checkpoint = Checkpoint::of(&mut context).is_some();
                (found, if checkpoint { 1 } else { PASSES })
            }
            // The executor polls while something else has the context: another time.
            Err(_) => (true, 1),
        };
        if !found && !sockets.keeps_alive() {
            return;
        }
        drop(sockets);
        if found {
            // The executor has its turn between batches, or between tasks where it has no checkpoint.
            let mut left = passes;
            poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(());
                }
                left -= 1;
                cx.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        } else {
            poll_fn(|cx| alarm.poll(cx.waker())).await;
        }
    }
}

/// Says that the job is there, for as long as it is.
struct Enqueued(Rc<Cell<bool>>);

impl Drop for Enqueued {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Wakes the job from the network's thread, or from script that has given something to the network.
#[derive(Default)]
pub(super) struct Alarm(Mutex<AlarmState>);

#[derive(Default)]
struct AlarmState {
    rung: bool,
    waker: Option<Waker>,
}

impl Alarm {
    fn ring(&self) {
        let waker = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.rung = true;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.rung) {
            return Poll::Ready(());
        }
        match &mut state.waker {
            Some(same) => same.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Poll::Pending
    }
}
