//! The connector threads: as many as there are dials, up to a limit, each ending when there has
//! been nothing to do for a moment.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{
    dial::{Dial, Dialler},
    turns::Turn,
    wait::Waiter,
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    line::Ciphertext,
    queue::{Inbox, Item},
    stream::Stream,
    vocabulary::SocketId,
};

/// How long a connector thread waits for the next dial.
const IDLE: Duration = Duration::from_secs(1);

pub(super) struct Workers {
    shared: Arc<Shared>,
    max: usize,
    handles: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    dialler: Arc<Dialler>,
    inbox: Arc<Inbox>,
}

#[derive(Default)]
struct State {
    dials: VecDeque<(Dial, Stream)>,
    threads: usize,
    idle: usize,
    stop: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workers {
    pub(super) fn new(dialler: Arc<Dialler>, inbox: Arc<Inbox>) -> Self {
        Self {
            max: dialler.options.limits.connectors.max(1),
            shared: Arc::new(Shared {
                state: Mutex::default(),
                changed: Condvar::new(),
                dialler,
                inbox,
            }),
            handles: Vec::new(),
        }
    }

    /// Has `dial` done with `stream` as soon as a thread is free. An error: there is no thread at
    /// all and none can be started.
    pub(super) fn submit(&mut self, dial: Dial, stream: Stream) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.dials.push_back((dial, stream));
        if state.idle >= state.dials.len() {
            self.shared.changed.notify_one();
            return Ok(());
        }
        if state.threads >= self.max {
            return Ok(());
        }
        let shared = self.shared.clone();
        // The thread begins by taking the lock that is held here.
        let spawned = thread::Builder::new()
            .name("boaws-connect".into())
            .spawn(move || work(&shared));
        match spawned {
            Ok(handle) => {
                state.threads += 1;
                drop(state);
                self.handles.retain(|handle| !handle.is_finished());
                self.handles.push(handle);
                Ok(())
            }
            // The threads that there are will come to it.
            Err(_) if state.threads > 0 => Ok(()),
            Err(error) => {
                state.dials.pop_back();
                Err(error)
            }
        }
    }

    /// Takes a dial back that no thread has begun with, and gives back its turn.
    pub(super) fn withdraw(&mut self, id: SocketId) -> Option<Turn> {
        let mut state = self.shared.lock();
        let at = state.dials.iter().position(|(dial, _)| dial.id == id)?;
        let (dial, _) = state.dials.remove(at)?;
        Some(dial.turn)
    }
}

impl Drop for Workers {
    /// Waits for the threads: every dial must have been cancelled before.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.stop = true;
        state.dials.clear();
        drop(state);
        self.shared.changed.notify_all();
        for handle in self.handles.drain(..) {
            // A panic has been reported where it happened.
            let _ = handle.join();
        }
    }
}

fn work(shared: &Shared) {
    let mut waiter = None;
    let mut ciphertext = Ciphertext::new();
    while let Some((dial, stream)) = next(shared) {
        let result = catch_unwind(AssertUnwindSafe(|| {
            let waiter = match &mut waiter {
                Some(waiter) => waiter,
                none => none
                    .insert(Waiter::new().map_err(|error| {
                        Error::io(Phase::Connect, dial.target.subject(), error)
                    })?),
            };
            let tell = |head| {
                let id = dial.id;
                shared.inbox.push_one(Item::Head { id, head });
            };
            dial.run(stream, &shared.dialler, waiter, &mut ciphertext, &tell)
        }));
        let result = result.unwrap_or_else(|_| {
            // Whatever was registered with it, it is not used again.
            waiter = None;
            let subject = dial.target.subject();
            Err(Error::new(Phase::Connect, ErrorKind::ThreadDied, subject))
        });
        shared.inbox.push_one(Item::Dialled {
            id: dial.id,
            turn: dial.turn,
            result: result.map(Box::new),
        });
    }
}

/// The next dial; `None` when the thread is to end, which is counted already then.
fn next(shared: &Shared) -> Option<(Dial, Stream)> {
    let mut state = shared.lock();
    loop {
        if let Some(dial) = state.dials.pop_front() {
            return Some(dial);
        }
        if state.stop {
            state.threads -= 1;
            return None;
        }
        state.idle += 1;
        let (after, timeout) = shared
            .changed
            .wait_timeout(state, IDLE)
            .unwrap_or_else(PoisonError::into_inner);
        state = after;
        state.idle -= 1;
        if timeout.timed_out() && state.dials.is_empty() {
            state.threads -= 1;
            return None;
        }
    }
}
