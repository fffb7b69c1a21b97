//! The socket thread, from outside.

use std::{
    convert::Infallible,
    io,
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use super::LONGEST_SHUTDOWN;
use crate::net::options::Options;

/// How much longer than its sockets may take a network that is being dropped waits for its thread, which the embedder's code
/// may hold up.
const HELD_UP: Duration = Duration::from_secs(3);

pub(in crate::net) struct Running {
    handle: JoinHandle<()>,
    /// Disconnected when the thread has ended.
    ended: Receiver<Infallible>,
}

impl Running {
    pub(super) fn start(run: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let (alive, ended) = mpsc::channel();
        let handle = thread::Builder::new()
            .name("boaws-socket".into())
            .spawn(move || {
                // Dropped after all that the thread has.
                let _alive = alive;
                run();
            })?;
        Ok(Self { handle, ended })
    }

    /// Waits for the end of a thread that has nothing left to do.
    pub(in crate::net) fn join(self) {
        // A panic in it has been reported there.
        let _ = self.handle.join();
    }

    /// Waits for the end of a thread that was told to stop. False, and the thread is left to itself, if code of the
    /// embedder's holds it up: an observer or a policy that does not return.
    pub(in crate::net) fn join_in_time(self, options: &Options) -> bool {
        let patience = options.timeouts.shutdown.min(LONGEST_SHUTDOWN) + HELD_UP;
        let in_time = self.ended.recv_timeout(patience) != Err(RecvTimeoutError::Timeout);
        if in_time {
            self.join();
        }
        in_time
    }
}
