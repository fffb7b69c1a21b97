//! The race of a socket's addresses for the first connection.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use tracing::debug;

use super::{Connects, Dial, Racer, Stage, Turn};
use crate::net::{
    error::{Error, Phase},
    stream::{Endpoint, Stream},
    vocabulary::SocketId,
};

/// After how long to try again where a connection could not even be begun: the server behind a
/// Unix-domain socket has too many waiting, and nothing would tell when that is over.
const RETRY: Duration = Duration::from_millis(50);

impl Connects {
    /// The poller has something to say about a connection that is being established.
    pub(crate) fn line_ready(&mut self, name: SocketId, now: Instant) {
        let Some(&id) = self.racers.get(&name) else {
            return;
        };
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let Some(at) = attempt.racers.iter().position(|racer| racer.name == name) else {
            return;
        };
        let connected = match attempt
            .racers
            .get(at)
            .map(|racer| racer.stream.is_connected())
        {
            Some(Ok(false)) | None => return,
            Some(Ok(true)) => Ok(()),
            Some(Err(error)) => Err(error),
        };
        let mut racer = attempt.racers.swap_remove(at);
        self.racers.remove(&name);
        let usable = connected
            .and_then(|()| racer.stream.configure(&self.dialler.options.tcp))
            .and_then(|()| racer.stream.deregister(&self.registry));
        match usable {
            Ok(()) => self.has_won(id, racer, now),
            Err(error) => {
                self.give_back(&racer.turn, id);
                self.address_failed(id, &racer.endpoint, error, now);
            }
        }
        self.settle(now);
    }

    /// "Establish a TCP connection" to an endpoint whose turn it has.
    pub(super) fn dial(&mut self, id: SocketId, endpoint: Endpoint, now: Instant) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let name = SocketId::next();
        let turn = attempt.turn(&endpoint);
        let begun = Stream::connect(&endpoint).and_then(|mut stream| {
            stream.register(&self.registry, name.token())?;
            Ok(stream)
        });
        match begun {
            Ok(stream) => {
                attempt.next_at = delayed(now, self.dialler.options.tcp.delay());
                attempt.racers.push(Racer {
                    name,
                    endpoint,
                    turn,
                    stream,
                });
                self.racers.insert(name, id);
            }
            // It keeps the turn for the time being.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                attempt.next_at = delayed(now, RETRY);
                attempt.untried.push_front(endpoint);
            }
            Err(error) => {
                self.give_back(&turn, id);
                self.address_failed(id, &endpoint, error, now);
            }
        }
    }

    /// One address less: the next one is tried at once.
    pub(super) fn address_failed(
        &mut self,
        id: SocketId,
        endpoint: &Endpoint,
        why: io::Error,
        now: Instant,
    ) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            let error = Error::io(Phase::Connect, attempt.hop().subject(), why);
            debug!(
                target: "boa_websocket::net", parent: &attempt.span, %id, address = %endpoint,
                %error, "address failed"
            );
            attempt.address_failed(error);
            attempt.next_at = now;
            self.due.push_back(id);
        }
    }

    /// The first one that is connected goes on, alone.
    pub(super) fn has_won(&mut self, id: SocketId, racer: Racer, now: Instant) {
        self.end_race(id, Some(&racer.turn));
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        debug!(
            target: "boa_websocket::net", parent: &attempt.span, %id, address = %racer.endpoint,
            "connected"
        );
        attempt.stage = Stage::HandedOver;
        let dial = Dial {
            id,
            target: attempt.target.clone(),
            proxy: attempt.proxy.clone(),
            request: attempt.request.clone(),
            turn: racer.turn.clone(),
            budget: attempt.clock.left(now),
            cancel: attempt.cancel.clone(),
            span: attempt.span.clone(),
        };
        self.set_timer(id, now);
        if let Err(error) = self.workers.submit(dial, racer.stream) {
            let error = self
                .attempts
                .get(&id)
                .map(|attempt| Error::io(Phase::Connect, attempt.target.subject(), error));
            self.give_back(&racer.turn, id);
            error
                .into_iter()
                .for_each(|error| self.fail(id, error, now));
        }
    }

    /// Drops what is under way for an attempt, and lets others have the turns, but for the one that
    /// it keeps.
    pub(super) fn end_race(&mut self, id: SocketId, kept: Option<&Turn>) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let mut turns = Vec::new();
        for endpoint in mem::take(&mut attempt.untried) {
            turns.push(attempt.turn(&endpoint));
        }
        for racer in mem::take(&mut attempt.racers) {
            self.racers.remove(&racer.name);
            turns.push(racer.turn);
        }
        for turn in turns.iter().filter(|turn| Some(*turn) != kept) {
            self.give_back(turn, id);
        }
    }
}

fn delayed(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or(now)
}
