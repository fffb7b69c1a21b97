//! A connection in memory: a transport for the client, and a blocking stream for the server.

use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    mem,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use crate::net::{Readiness, Transport};

struct Pipe {
    state: Mutex<State>,
    /// Something the server may wait for.
    changed: Condvar,
    /// Bytes that each direction holds.
    capacity: usize,
}

#[derive(Default)]
struct State {
    to_server: Direction,
    to_client: Direction,
    /// It was cut.
    cut: bool,
    client_gone: bool,
    server_gone: bool,
    readiness: Option<Readiness>,
}

#[derive(Default)]
struct Direction {
    bytes: VecDeque<u8>,
    ended: bool,
}

impl Direction {
    /// Moves what there is room for.
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.bytes.len());
        for (to, from) in buffer.iter_mut().zip(self.bytes.drain(..count)) {
            *to = from;
        }
        count
    }

    fn put(&mut self, bytes: &[u8], capacity: usize) -> usize {
        let room = capacity.saturating_sub(self.bytes.len());
        let part = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        self.bytes.extend(part);
        part.len()
    }
}

/// A connection that holds at most so many bytes, at least one, in each direction.
pub(super) fn pipe(capacity: usize) -> (ClientEnd, ServerEnd) {
    let pipe = Arc::new(Pipe {
        state: Mutex::default(),
        changed: Condvar::new(),
        capacity: capacity.max(1),
    });
    let server = ServerEnd {
        pipe: pipe.clone(),
        deadline: None,
    };
    (ClientEnd(pipe), server)
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state as the server, and tells the client, after the lock.
    fn change(&self, act: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        act(&mut state);
        let readiness = state.readiness.clone();
        drop(state);
        if let Some(readiness) = readiness {
            readiness.readable();
            readiness.writable();
        }
        self.changed.notify_all();
    }
}

/// The client's.
pub(super) struct ClientEnd(Arc<Pipe>);

impl Transport for ClientEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let count = state.to_client.take(buffer);
        if count == 0 && !state.to_client.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        drop(state);
        self.0.changed.notify_all();
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        if state.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if state.server_gone || state.to_server.ended {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = state.to_server.put(bytes, self.0.capacity);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        drop(state);
        self.0.changed.notify_all();
        Ok(count)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.lock().to_server.ended = true;
        self.0.changed.notify_all();
        Ok(())
    }

    fn set_readiness(&mut self, readiness: Readiness) {
        // What it was is dropped after the lock.
        let before = self.0.lock().readiness.replace(readiness);
        drop(before);
    }
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.client_gone = true;
        state.to_server.ended = true;
        state.to_client.bytes.clear();
        let readiness = state.readiness.take();
        drop(state);
        drop(readiness);
        self.0.changed.notify_all();
    }
}

/// The server's. It blocks, until its deadline.
pub(super) struct ServerEnd {
    pipe: Arc<Pipe>,
    deadline: Option<Instant>,
}

impl ServerEnd {
    /// From now on what blocks does so until `deadline`, and is then `TimedOut`.
    pub(super) fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Ends the server's direction behind what was written.
    pub(super) fn end(&mut self) {
        self.pipe.change(|state| state.to_client.ended = true);
    }

    /// Ends everything, and loses what has not been read.
    pub(super) fn cut(&mut self) {
        self.pipe.change(|state| {
            state.cut = true;
            state.to_client.bytes.clear();
            state.to_server.bytes.clear();
        });
    }

    /// Waits until `act` has something to give.
    fn wait<T>(
        &mut self,
        mut act: impl FnMut(&mut State) -> Option<io::Result<T>>,
    ) -> io::Result<T> {
        let mut state = self.pipe.lock();
        loop {
            if let Some(result) = act(&mut state) {
                return result;
            }
            let waited = match self.deadline {
                None => self.pipe.changed.wait(state),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    let waited = self.pipe.changed.wait_timeout(state, left);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
            };
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Read for ServerEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let (count, readiness) = self.wait(|state| {
            if state.cut {
                return Some(Err(io::ErrorKind::ConnectionReset.into()));
            }
            let count = state.to_server.take(buffer);
            let done = count > 0 || state.to_server.ended;
            done.then(|| Ok((count, state.readiness.clone())))
        })?;
        if let Some(readiness) = readiness {
            readiness.writable();
        }
        Ok(count)
    }
}

impl Write for ServerEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let capacity = self.pipe.capacity;
        let (count, readiness) = self.wait(|state| {
            if state.cut {
                return Some(Err(io::ErrorKind::ConnectionReset.into()));
            }
            if state.client_gone || state.to_client.ended {
                return Some(Err(io::ErrorKind::BrokenPipe.into()));
            }
            let count = state.to_client.put(bytes, capacity);
            (count > 0).then(|| Ok((count, state.readiness.clone())))
        })?;
        if let Some(readiness) = readiness {
            readiness.readable();
        }
        Ok(count)
    }

    /// Nothing is held back here.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        self.pipe.change(|state| {
            state.to_client.ended = true;
            state.server_gone = true;
            mem::take(&mut state.to_server.bytes);
        });
    }
}
