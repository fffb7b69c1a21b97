//! Who may try what, and when. Used by the socket thread alone.

mod admission;
mod in_place;
mod race;

use std::{
    collections::{BTreeSet, VecDeque},
    io, mem,
    net::IpAddr,
    sync::Arc,
    time::Instant,
};

use mio::Registry;
use rustc_hash::FxHashMap;
use tracing::{Span, debug};
use url::Host;

use super::{
    attempt::{Attempt, Racer, Stage},
    calls::Calls,
    dial::{Dial, Dialler, Established},
    resolve::{self, Lookups},
    turns::{Turn, Turns},
    workers::Workers,
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    queue::{Charge, Inbox},
    resolver::{SystemResolver, known_addresses},
    stream::Endpoint,
    vocabulary::{ConnectRequest, SocketId},
};

pub(super) use in_place::InPlace;

/// Room that the tables keep when nothing is connecting.
const KEPT_ENTRIES: usize = 64;

/// An attempt that is over.
pub(crate) enum Ended {
    Established {
        id: SocketId,
        established: Box<Established>,
        charge: Arc<Charge>,
        /// `host:port`
        subject: String,
    },
    Failed {
        id: SocketId,
        error: Error,
    },
}

/// Every socket that is connecting.
pub(crate) struct Connects {
    dialler: Arc<Dialler>,
    registry: Registry,
    attempts: FxHashMap<SocketId, Attempt>,
    /// Whose the connections are that are being established, or upgraded on this thread.
    racers: FxHashMap<SocketId, SocketId>,
    lookups: Lookups,
    calls: Calls,
    turns: Turns,
    workers: Workers,
    timers: BTreeSet<(Instant, SocketId)>,
    /// Those to be looked at before the thread goes on.
    due: VecDeque<SocketId>,
    /// The turns that have been given back since.
    freed: Vec<Turn>,
    /// How many attempts have a place among those that dial.
    places_taken: usize,
    /// Those that wait for one, the oldest first.
    without_place: BTreeSet<SocketId>,
    ended: Vec<Ended>,
}

impl Connects {
    /// Connections that are being established are registered with `registry`; what its poller says
    /// of sockets it does not know goes to [`line_ready`](Self::line_ready).
    pub(crate) fn new(dialler: Arc<Dialler>, inbox: Arc<Inbox>, registry: Registry) -> Self {
        let options = &dialler.options;
        let resolver = options.resolver.clone();
        let resolver = resolver.unwrap_or_else(|| Arc::new(SystemResolver));
        Self {
            registry,
            attempts: FxHashMap::default(),
            racers: FxHashMap::default(),
            lookups: Lookups::new(resolver, inbox.clone(), options.limits.connectors),
            calls: Calls::new(
                inbox.clone(),
                options.limits.connectors,
                dialler.calls.clone(),
            ),
            turns: Turns::new(options.serial_handshakes),
            workers: Workers::new(dialler.clone(), inbox),
            timers: BTreeSet::new(),
            due: VecDeque::new(),
            freed: Vec::new(),
            places_taken: 0,
            without_place: BTreeSet::new(),
            ended: Vec::new(),
            dialler,
        }
    }

    /// How many are connecting or wait.
    pub(crate) fn len(&self) -> usize {
        self.attempts.len()
    }

    /// Whether this one is.
    pub(crate) fn has(&self, id: SocketId) -> bool {
        self.attempts.contains_key(&id)
    }

    /// Which ones.
    pub(crate) fn ids(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.attempts.keys().copied()
    }

    /// The same, with where each leads: `host:port`.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = (SocketId, String)> + '_ {
        let attempts = self.attempts.iter();
        attempts.map(|(id, attempt)| (*id, attempt.target.subject()))
    }

    /// The attempts that are over since the last call.
    pub(crate) fn take_ended(&mut self) -> Vec<Ended> {
        mem::take(&mut self.ended)
    }

    // ---------------------------------------------------------- what comes from outside

    /// Begins to connect.
    pub(crate) fn begin(
        &mut self,
        id: SocketId,
        request: ConnectRequest,
        charge: Arc<Charge>,
        span: Span,
        now: Instant,
    ) {
        let target = match self.admit(&request) {
            Ok(target) => target,
            Err(error) => return self.fail(id, error, now),
        };
        debug!(
            target: "boa_websocket::net", parent: &span,
            %id, host = %target.host, port = target.port, tls = target.secure, "connect"
        );
        let endpoint = self.endpoint_without_address(&target);
        let proxy = match endpoint {
            None => span.in_scope(|| self.dialler.proxy(id, &target, &request)),
            // It is on this machine or a dialer's, and no proxy's business.
            Some(_) => {
                let checked = self.dialler.check_without_address(&target, &request);
                checked.map(|()| None)
            }
        };
        let proxy = match proxy {
            Ok(proxy) => proxy,
            Err(error) => return self.fail(id, error, now),
        };
        let budget = self.dialler.options.timeouts.handshake;
        let mut attempt = Attempt::new(target, request, charge, budget, span, now);
        attempt.proxy = proxy;
        let host = attempt.hop().host().clone();
        self.attempts.insert(id, attempt);
        match (endpoint, known_addresses(&host), host) {
            (Some(endpoint), ..) => self.has_endpoints(id, [endpoint].into(), now),
            (None, None, Host::Domain(name)) => {
                let failed = self.lookups.start(&name, id);
                self.lookups_failed(failed, now);
                self.set_timer(id, now);
            }
            (None, addresses, _) => {
                self.has_addresses(id, &addresses.unwrap_or_default(), now);
            }
        }
        self.settle(now);
    }

    /// A lookup has ended.
    pub(crate) fn resolved(&mut self, host: &str, result: io::Result<Vec<IpAddr>>, now: Instant) {
        let (asking, failed) = self.lookups.ended(host);
        match result {
            Ok(addresses) => {
                for id in asking {
                    self.has_addresses(id, &addresses, now);
                }
            }
            Err(error) => {
                let text = error.to_string();
                for id in asking {
                    let why = io::Error::new(error.kind(), text.clone());
                    self.unresolved(id, Some(why), now);
                }
            }
        }
        self.lookups_failed(failed, now);
        self.settle(now);
    }

    /// A dial has ended, and with it its turn.
    pub(crate) fn dialled(
        &mut self,
        id: SocketId,
        turn: &Turn,
        result: Result<Box<Established>, Error>,
        now: Instant,
    ) {
        self.give_back(turn, id);
        match result {
            Ok(established) => {
                if let Some(attempt) = self.remove(id, now) {
                    self.ended.push(Ended::Established {
                        id,
                        established,
                        subject: attempt.target.subject(),
                        charge: attempt.charge,
                    });
                }
            }
            // What answered wrongly is not asked again at another address.
            Err(error) if self.attempts.contains_key(&id) => self.fail(id, error, now),
            Err(_) => {}
        }
        self.settle(now);
    }

    /// Ends an attempt, wherever it is, and gives back how to report that; nothing if there is no
    /// such one.
    pub(crate) fn cancel(&mut self, id: SocketId, now: Instant) -> Option<Error> {
        let attempt = self.remove(id, now)?;
        attempt.cancel.cancel();
        // It might wait for long behind those that the connector threads are at.
        if let Some(turn) = self.workers.withdraw(id) {
            self.give_back(&turn, id);
        }
        let subject = attempt.target.subject();
        self.settle(now);
        Some(Error::new(
            phase(attempt.stage),
            ErrorKind::Cancelled,
            subject,
        ))
    }

    /// Ends all attempts.
    pub(crate) fn cancel_all(&mut self) {
        for (_, attempt) in self.attempts.drain() {
            attempt.cancel.cancel();
        }
        self.racers.clear();
        self.timers.clear();
        self.turns.clear();
        self.lookups.leave_all();
        self.without_place.clear();
        self.places_taken = 0;
    }

    /// When [`handle_timers`](Self::handle_timers) is to be called.
    pub(crate) fn next_timer(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// Looks after the attempts whose time has come.
    pub(crate) fn handle_timers(&mut self, now: Instant) {
        while let Some(&(at, id)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            let Some(attempt) = self.attempts.get_mut(&id) else {
                continue;
            };
            attempt.timer = None;
            if attempt.clock.deadline().is_some_and(|end| end <= now) {
                let phase = phase(attempt.stage);
                let subject = attempt.hop().subject();
                self.fail(id, Error::new(phase, ErrorKind::TimedOut, subject), now);
            } else {
                self.due.push_back(id);
            }
        }
        self.settle(now);
    }

    // ---------------------------------------------------------- whose turn it is

    /// Does what has become possible, until nothing is left of it.
    fn settle(&mut self, now: Instant) {
        loop {
            // Each of these steps leaves less to try, to wait for or to hand on.
            if let Some(turn) = self.freed.pop() {
                let able = |id| self.attempts.get(&id).is_some_and(|a| a.wants_turn(now));
                let able = |id| able(id) && !self.without_place.contains(&id);
                if let Some(id) = self.turns.next(&turn, able) {
                    self.freed.push(turn);
                    self.advance(id, now);
                }
            } else if let Some(id) = self.due.pop_front() {
                self.advance(id, now);
            } else if self.has_places()
                && let Some(id) = self.without_place.pop_first()
            {
                self.advance(id, now);
            } else {
                return;
            }
        }
    }

    /// Tries the next address of an attempt if its time has come and a turn is to be had.
    fn advance(&mut self, id: SocketId, now: Instant) {
        let has_places = self.has_places();
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        if attempt.stage == Stage::Racing && attempt.untried.is_empty() && attempt.racers.is_empty()
        {
            let subject = attempt.hop().subject();
            let unknown = || Error::new(Phase::Connect, ErrorKind::Unresolved, subject);
            let error = attempt.failure.take().unwrap_or_else(unknown);
            return self.fail(id, error, now);
        }
        if attempt.wants_turn(now) {
            if !attempt.has_place && !has_places {
                self.without_place.insert(id);
                return;
            }
            // The first one whose turn is to be had; for those before it, it waits from now on.
            let turns = &mut self.turns;
            let can_be_had = |endpoint: &Endpoint| turns.take(&attempt.turn(endpoint), id);
            match attempt.untried.iter().position(can_be_had) {
                Some(at) => {
                    if !mem::replace(&mut attempt.has_place, true) {
                        self.places_taken += 1;
                    }
                    attempt.clock.run(now);
                    if let Some(endpoint) = attempt.untried.remove(at) {
                        self.dial(id, endpoint, now);
                    }
                }
                None if attempt.racers.is_empty() => self.only_waits(id, now),
                None => {}
            }
        }
        self.set_timer(id, now);
    }

    /// Nothing is under way for it, so that its time does not run.
    fn only_waits(&mut self, id: SocketId, now: Instant) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.clock.stop(now);
            if mem::take(&mut attempt.has_place) {
                self.places_taken -= 1;
            }
        }
    }

    fn has_places(&self) -> bool {
        self.places_taken < self.dialler.options.limits.dialling.max(1)
    }

    fn give_back(&mut self, turn: &Turn, id: SocketId) {
        // Behind a proxy, all that an attempt tries at once has the same turn.
        let racers = self.attempts.get(&id).map(|attempt| &attempt.racers);
        let still_needed = racers.is_some_and(|all| all.iter().any(|racer| racer.turn == *turn));
        if !still_needed && self.turns.leave(turn, id) {
            self.freed.push(turn.clone());
        }
    }

    fn set_timer(&mut self, id: SocketId, now: Instant) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let timer = attempt.next_timer(now);
        let before = mem::replace(&mut attempt.timer, timer);
        if before != timer {
            before.map(|at| self.timers.remove(&(at, id)));
            timer.map(|at| self.timers.insert((at, id)));
        }
    }

    // ---------------------------------------------------------- the end

    fn fail(&mut self, id: SocketId, error: Error, now: Instant) {
        self.remove(id, now);
        self.ended.push(Ended::Failed { id, error });
    }

    /// Takes an attempt out, and leaves nothing of it behind but, if it has been handed over, the
    /// turn that its dial will give back.
    fn remove(&mut self, id: SocketId, now: Instant) -> Option<Attempt> {
        self.end_race(id, None);
        self.only_waits(id, now);
        self.without_place.remove(&id);
        let attempt = self.attempts.remove(&id)?;
        attempt.timer.map(|at| self.timers.remove(&(at, id)));
        if self.attempts.is_empty() {
            // Thousands may have been begun at once, and there are none for hours now.
            self.attempts.shrink_to(KEPT_ENTRIES);
            self.racers.shrink_to(KEPT_ENTRIES);
        }
        if attempt.stage == Stage::Resolving
            && let Host::Domain(name) = attempt.hop().host()
        {
            self.lookups.leave(name, id);
        }
        Some(attempt)
    }
}

impl Drop for Connects {
    fn drop(&mut self) {
        // Dropping the workers, which comes next, waits for their dials.
        self.cancel_all();
    }
}

/// What is being done, for errors.
fn phase(stage: Stage) -> Phase {
    match stage {
        Stage::Resolving => Phase::Resolve,
        Stage::Racing | Stage::HandedOver => Phase::Connect,
        Stage::Upgrading => Phase::Handshake,
    }
}

#[cfg(test)]
mod tests;
