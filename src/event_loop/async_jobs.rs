//! Futures of async jobs, each polled only when it was woken.

use std::{
    cell::RefCell,
    collections::HashMap,
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Poll, Wake, Waker},
};

use boa_engine::{Context, JsError, JsResult, JsValue, job::NativeAsyncJob, realm::Realm};

use super::parker::Parker;

/// The jobs that were started, bound to the context cell that their futures borrow.
pub(super) struct AsyncJobs<'a> {
    running: HashMap<u64, Running<'a>>,
    next_id: u64,
    /// How many of `running` keep the loop going.
    foreground: usize,
    ready: Arc<Ready>,
    /// The ids being polled in this turn; kept for its capacity.
    batch: Vec<u64>,
}

/// One job that has not finished.
struct Running<'a> {
    future: Pin<Box<dyn Future<Output = JsResult<JsValue>> + 'a>>,
    signal: Arc<Signal>,
    waker: Waker,
    realm: Option<Realm>,
    background: bool,
}

/// Which jobs are to be polled; filled from any thread.
struct Ready {
    ids: Mutex<Vec<u64>>,
    parker: Arc<Parker>,
}

/// The waker of one job.
struct Signal {
    id: u64,
    /// Stands in `ready` and was not polled since.
    woken: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            self.ready.push(self.id);
            self.ready.parker.wake();
        }
    }
}

impl Ready {
    fn push(&self, id: u64) {
        self.ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(id);
    }
}

impl<'a> AsyncJobs<'a> {
    pub(super) fn new(parker: Arc<Parker>) -> Self {
        Self {
            running: HashMap::new(),
            next_id: 0,
            foreground: 0,
            ready: Arc::new(Ready {
                ids: Mutex::default(),
                parker,
            }),
            batch: Vec::new(),
        }
    }

    /// Starts a job; its first poll comes with the next [`poll_woken`](Self::poll_woken). A background
    /// job does not keep the loop going.
    pub(super) fn start(
        &mut self,
        job: NativeAsyncJob,
        background: bool,
        cell: &'a RefCell<&mut Context>,
    ) {
        let id = self.next_id;
        self.next_id += 1;
        let signal = Arc::new(Signal {
            id,
            woken: AtomicBool::new(true),
            ready: Arc::clone(&self.ready),
        });
        let realm = job.realm().cloned();
        self.running.insert(
            id,
            Running {
                realm,
                future: Box::pin(job.call(cell)),
                waker: Waker::from(Arc::clone(&signal)),
                signal,
                background,
            },
        );
        self.foreground += usize::from(!background);
        self.ready.push(id);
    }

    /// Must the loop wait for one of them?
    pub(super) const fn keep_alive(&self) -> bool {
        self.foreground > 0
    }

    /// Polls each job that was woken since the last call, once and in the order of the wakes, and gives the outcome of
    /// each poll to `settle`, an error with the realm of its job. One that wakes itself while it is polled has its turn at
    /// the next call. Returns whether there was one.
    pub(super) fn poll_woken(
        &mut self,
        mut settle: impl FnMut(Result<(), (JsError, Option<Realm>)>) -> JsResult<()>,
    ) -> JsResult<bool> {
        if self.running.is_empty() {
            return Ok(false);
        }
        let mut batch = mem::take(&mut self.batch);
        mem::swap(
            &mut batch,
            &mut *self
                .ready
                .ids
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
        let polled = !batch.is_empty();
        let mut outcome = Ok(());
        let mut ids = batch.drain(..);
        for id in ids.by_ref() {
            let Some(job) = self.running.get_mut(&id) else {
                continue;
            };
            // Before the poll, so that a wake during it counts.
            job.signal.woken.store(false, Ordering::Release);
            let poll = job
                .future
                .as_mut()
                .poll(&mut task::Context::from_waker(&job.waker));
            let mut result = Ok(());
            if let Poll::Ready(ready) = poll {
                self.foreground -= usize::from(!job.background);
                let realm = job.realm.take();
                result = ready.map(drop).map_err(|error| (error, realm));
                self.running.remove(&id);
            }
            outcome = settle(result);
            if outcome.is_err() {
                break;
            }
        }
        // After an engine panic the others still stand as woken, whether or not anyone goes on.
        for id in ids {
            self.ready.push(id);
        }
        self.batch = batch;
        outcome.map(|()| polled)
    }
}
