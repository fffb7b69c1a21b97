//! What a turn writes to the line, and what it reads from it.

use std::{io, time::Instant};

use super::Socket;
use crate::net::thread::desk::Desk;

/// Bytes of a connection that are read in one turn, and the same of what is written, so that a
/// busy one does not starve the others.
///
/// A byte that was inflated or is still to be deflated counts as much as one on the line.
const TURN: usize = 512 << 10;

/// What a read that was interrupted counts in a turn, in bytes: as much as it may have brought that
/// was nothing to be read, TLS's own affairs.
const INTERRUPTION: usize = 64 << 10;

impl Socket {
    pub(super) fn write(&mut self, desk: &mut Desk, now: Instant) {
        let mut budget = TURN;
        while budget > 0 && self.can_write() {
            let result = if self.protocol.has_output() {
                let queued = self.protocol.queued();
                let output = self.protocol.output();
                let written = self.line.write(&output[..output.len().min(budget)]);
                written.map(|count| {
                    desk.count(count);
                    self.protocol.wrote(count, now);
                    self.liveness.written(self.protocol.is_ping_unsent(), now);
                    budget = spend(budget, count, queued - self.protocol.queued());
                })
            } else if self.must_shut_down() {
                self.line.shutdown_write().map(|()| self.shut = true)
            } else {
                self.line.flush()
            };
            match result {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // The peer may have said why before it went: read to the end first.
                    self.broken = Some(error);
                    self.readable = true;
                }
            }
        }
    }

    pub(super) fn read(&mut self, desk: &mut Desk, now: Instant) {
        let mut budget = TURN;
        while self.readable && !self.is_finished() {
            // Even when no more may be read, what TLS holds must be used up: nobody would say that
            // it is there, and its buffer is the next connection's too.
            let more = budget > 0 && self.may_read();
            let count = match self.read_once(desk, now, more) {
                Ok((0, _)) => {
                    self.readable = false;
                    self.protocol.end_of_stream(now);
                    break;
                }
                Ok((count, room)) => {
                    desk.count(count);
                    self.readable = count == room || !self.poller_says_what_comes();
                    count
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if more {
                        self.readable = false;
                    }
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    // A part of what TLS gives out as a whole, perhaps: a sign of life.
                    self.liveness.received(now);
                    budget = budget.saturating_sub(INTERRUPTION);
                    continue;
                }
                Err(error) => {
                    self.readable = false;
                    // TLS cut without its close_notify: what came before is no less worth for
                    // it, and a Close frame of ours may still be read.
                    if error.kind() == io::ErrorKind::UnexpectedEof {
                        self.protocol.end_of_stream(now);
                    } else {
                        self.protocol.line_failed(now);
                    }
                    self.read_error = Some(error);
                    break;
                }
            };
            budget = spend(budget, count, self.protocol.take_inflated());
            self.received(now);
        }
        desk.ciphertext.clear();
        let read_to_the_end = !self.readable || !self.protocol.wants_read();
        if self.broken.is_some() && read_to_the_end && !self.is_finished() {
            self.protocol.line_failed(now);
        }
    }

    /// Whether what comes after a read that has not filled its room is a new edge for the poller. Not
    /// the end that came together with the data: it has told of that already. Nor anything that TLS
    /// may hold, and where the poller is no epoll only `WouldBlock` says that there is nothing left.
    fn poller_says_what_comes(&self) -> bool {
        cfg!(target_os = "linux") && self.line.is_plain() && !self.peer_ended
    }

    /// How much was read, and how much could have been.
    fn read_once(
        &mut self,
        desk: &mut Desk,
        now: Instant,
        more: bool,
    ) -> io::Result<(usize, usize)> {
        if let Some(body) = self.protocol.body_buffer() {
            let room = body.len();
            let count = self.line.read(body, &mut desk.ciphertext, more)?;
            let (protocol, mut delivery) = self.receiving(&mut desk.pending, &desk.events, now);
            if count > 0 {
                protocol.body_filled(count, now, &mut delivery);
            }
            return Ok((count, room));
        }
        let scratch = &mut desk.scratch;
        let size = scratch.len().min(self.read_size);
        let room = scratch.get_mut(..size).unwrap_or_default();
        let count = self.line.read(room, &mut desk.ciphertext, more)?;
        let bytes = desk.scratch.get(..count).unwrap_or_default();
        let (protocol, mut delivery) = self.receiving(&mut desk.pending, &desk.events, now);
        if !bytes.is_empty() {
            protocol.receive(bytes, now, &mut delivery);
        }
        Ok((count, size))
    }
}

/// What is left of a turn's budget after `count` bytes on the line that stand for `payload` bytes.
fn spend(budget: usize, count: usize, payload: u64) -> usize {
    let payload = usize::try_from(payload).unwrap_or(usize::MAX);
    budget.saturating_sub(count.max(payload))
}
