//! What the accepting thread, the connections' threads and the [`Server`](super::Server) handle have in common.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::ServerOptions;
use super::log::{Entry, LogEvent};
use super::records::Records;
use super::scenario::Stage;

/// State behind the lock. It is held for a few instructions at a time, never over I/O.
#[derive(Default)]
struct Open {
    stopping: bool,
    next: u64,
    /// Weak, so that a connection's end of its socket is what closes it.
    sockets: HashMap<u64, Weak<TcpStream>>,
}

/// How many handshakes of each group are waiting.
#[derive(Default)]
pub(super) struct Groups(Mutex<HashMap<String, usize>>);

impl Groups {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more; returns how many there are with it.
    pub(super) fn enter(&self, group: &str) -> usize {
        let mut groups = self.lock();
        let count = groups.entry(group.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub(super) fn leave(&self, group: &str) {
        let mut groups = self.lock();
        if let Some(count) = groups.get_mut(group) {
            *count -= 1;
            if *count == 0 {
                groups.remove(group);
            }
        }
    }
}

/// One per server.
pub(super) struct Shared {
    pub(super) options: ServerOptions,
    pub(super) records: Records,
    pub(super) groups: Groups,
    scenarios: Vec<Stage>,
    open: Mutex<Open>,
    /// Signalled when the server stops and when a connection ends.
    changed: Condvar,
}

impl Shared {
    pub(super) fn new(mut options: ServerOptions) -> Self {
        let scenarios = std::mem::take(&mut options.scenarios);
        Self {
            scenarios: scenarios.into_iter().map(Stage::new).collect(),
            options,
            records: Records::default(),
            groups: Groups::default(),
            open: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // Nothing that runs under the lock can leave it half changed.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a new connection. `None` when there are too many, or the server is stopping.
    pub(super) fn register(self: &Arc<Self>, socket: &Arc<TcpStream>) -> Option<Registration> {
        let mut open = self.lock();
        if open.stopping || open.sockets.len() >= self.options.max_connections.max(1) {
            return None;
        }
        let id = open.next;
        open.next += 1;
        open.sockets.insert(id, Arc::downgrade(socket));
        Some(Registration {
            shared: Arc::clone(self),
            id,
        })
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().sockets.len()
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Waits for `duration`, or less when the server stops. `false` when it does.
    pub(super) fn sleep(&self, duration: Duration) -> bool {
        let deadline = Instant::now().checked_add(duration);
        let mut open = self.lock();
        while !open.stopping {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                return true;
            }
            open = self
                .changed
                .wait_timeout(open, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        false
    }

    /// Ends every wait and shuts every socket down, which ends every blocked read and write.
    pub(super) fn stop(&self) {
        let sockets: Vec<_> = {
            let mut open = self.lock();
            open.stopping = true;
            open.sockets.values().filter_map(Weak::upgrade).collect()
        };
        self.changed.notify_all();
        self.records.stop();
        for socket in sockets {
            // It fails when the peer was quicker.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Waits until no connection is left, at most `limit`.
    pub(super) fn wait_until_idle(&self, limit: Duration) {
        let open = self.lock();
        let _ = self
            .changed
            .wait_timeout_while(open, limit, |open| !open.sockets.is_empty());
    }

    /// Tells the log of a fault of the whole server; the text is made only when there is a log.
    pub(super) fn log(&self, text: impl FnOnce() -> String) {
        if let Some(log) = &self.options.log {
            log(&Entry {
                connection: None,
                elapsed: Duration::ZERO,
                event: LogEvent::Fault(&text()),
            });
        }
    }

    /// The scenarios, in the order given.
    pub(super) fn scenarios(&self) -> &[Stage] {
        &self.scenarios
    }

    /// The scenario at `path`.
    pub(super) fn scenario(&self, path: &str) -> Option<&Stage> {
        self.scenarios.iter().find(|stage| stage.path() == path)
    }
}

/// A connection that is counted; dropping it ends that.
pub(super) struct Registration {
    shared: Arc<Shared>,
    id: u64,
}

impl Registration {
    /// Which connection it is, counted from 1.
    pub(super) fn number(&self) -> u64 {
        self.id + 1
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.shared.lock().sockets.remove(&self.id);
        self.shared.changed.notify_all();
    }
}
