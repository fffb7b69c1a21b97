//! The race of a socket's addresses for the first connection.

use std::{
    io, mem,
    time::{Duration, Instant},
};

use tracing::debug;

use super::{Connects, Dial, Racer, Stage, Turn};
use crate::net::{
    dialer::DialRequest,
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
        if attempt.in_place.is_some() {
            return self.go_on_in_place(id, now);
        }
        let Some(at) = attempt.racers.iter().position(|racer| racer.name == name) else {
            return;
        };
        let connected = match attempt
            .racers
            .get(at)
            .and_then(|racer| racer.stream.as_ref())
            .map(Stream::is_connected)
        {
            Some(Ok(false)) | None => return,
            Some(Ok(true)) => Ok(()),
            Some(Err(error)) => Err(error),
        };
        let racer = attempt.racers.swap_remove(at);
        self.racers.remove(&name);
        let usable = connected.and_then(|()| match &racer.stream {
            Some(stream) => stream.configure(&self.dialler.options.tcp),
            None => Ok(()),
        });
        match usable {
            Ok(()) => self.has_won(id, racer, now),
            Err(error) => {
                self.give_back(&racer.turn, id);
                self.address_failed(id, &racer.endpoint, error, now);
            }
        }
        self.settle(now);
    }

    /// A call of the embedder's dialer has ended.
    pub(crate) fn called(
        &mut self,
        name: SocketId,
        result: Option<io::Result<Stream>>,
        now: Instant,
    ) {
        // There may be room for another one.
        let failed = self.calls.start_waiting();
        self.calls_failed(failed, now);
        if let Some((id, mut racer)) = self.take_racer(name) {
            let nothing = || Err(io::ErrorKind::NotConnected.into());
            let usable = result.unwrap_or_else(nothing).and_then(|stream| {
                stream.configure(&self.dialler.options.tcp)?;
                Ok(stream)
            });
            match usable {
                Ok(stream) => {
                    racer.stream = Some(stream);
                    self.has_won(id, racer, now);
                }
                Err(error) => {
                    self.give_back(&racer.turn, id);
                    self.address_failed(id, &racer.endpoint, error, now);
                }
            }
        }
        self.settle(now);
    }

    fn calls_failed(&mut self, failed: Vec<(SocketId, io::Error)>, now: Instant) {
        for (name, error) in failed {
            if let Some((id, racer)) = self.take_racer(name) {
                self.give_back(&racer.turn, id);
                self.address_failed(id, &racer.endpoint, error, now);
            }
        }
    }

    fn take_racer(&mut self, name: SocketId) -> Option<(SocketId, Racer)> {
        let id = self.racers.remove(&name)?;
        let racers = &mut self.attempts.get_mut(&id)?.racers;
        let at = racers.iter().position(|racer| racer.name == name)?;
        Some((id, racers.swap_remove(at)))
    }

    /// Has the embedder's dialer called for an attempt whose turn it is.
    fn call(&mut self, id: SocketId, now: Instant) {
        let Some(dialer) = self.dialler.options.dialer.clone() else {
            return;
        };
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let name = SocketId::next();
        let deadline = attempt.clock.deadline();
        let url = attempt.request.url.clone();
        let (request, call) = DialRequest::new(url, &attempt.target, deadline);
        attempt.racers.push(Racer {
            name,
            endpoint: Endpoint::Dialer,
            turn: attempt.turn(&Endpoint::Dialer),
            stream: None,
            _call: Some(call),
        });
        self.racers.insert(name, id);
        let failed = self.calls.start(name, dialer, request);
        self.calls_failed(failed, now);
    }

    /// "Establish a TCP connection" to an endpoint whose turn it has.
    pub(super) fn dial(&mut self, id: SocketId, endpoint: Endpoint, now: Instant) {
        if endpoint == Endpoint::Dialer {
            return self.call(id, now);
        }
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
                    stream: Some(stream),
                    _call: None,
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

    /// The first one that is connected goes on, alone. Its stream is still registered, unless a dialer gave it.
    pub(super) fn has_won(&mut self, id: SocketId, racer: Racer, now: Instant) {
        let Some(mut stream) = racer.stream else {
            return;
        };
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
        let is_ours = racer.endpoint != Endpoint::Dialer;
        if is_ours && self.needs_no_thread(&dial) {
            return self.begin_in_place(racer.name, dial, stream, now);
        }
        self.set_timer(id, now);
        let free = if is_ours {
            stream.deregister(&self.registry)
        } else {
            Ok(())
        };
        if let Err(error) = free.and_then(|()| self.workers.submit(dial, stream)) {
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
        if let Some(in_place) = attempt.in_place.take() {
            self.racers.remove(&in_place.name);
            turns.push(in_place.dial.turn);
        }
        for turn in turns.iter().filter(|turn| Some(*turn) != kept) {
            self.give_back(turn, id);
        }
    }
}

fn delayed(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or(now)
}
