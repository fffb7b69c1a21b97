//! Who may try what, and when. Used by the socket thread alone.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    io, mem,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use mio::Registry;
use tracing::debug;
use url::Host;

use super::{
    attempt::{Attempt, Racer, Stage},
    dial::{Dial, Dialler, Established},
    resolve::{self, Lookups},
    turns::{Turn, Turns},
    workers::Workers,
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    handshake::Handshake,
    policy,
    ports::is_bad_port,
    queue::{Charge, Inbox},
    resolver::{SystemResolver, known_addresses},
    stream::{Endpoint, Stream},
    target::Target,
    vocabulary::{ConnectRequest, SocketId},
};

/// After how long to try again where a connection could not even be begun: the server behind a
/// Unix-domain socket has too many waiting, and nothing would tell when that is over.
const RETRY: Duration = Duration::from_millis(50);

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
    attempts: HashMap<SocketId, Attempt>,
    /// Whose the connections are that are being established.
    racers: HashMap<SocketId, SocketId>,
    lookups: Lookups,
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
            attempts: HashMap::new(),
            racers: HashMap::new(),
            lookups: Lookups::new(resolver, inbox.clone(), options.limits.connectors),
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

    /// Which ones.
    pub(crate) fn ids(&self) -> impl Iterator<Item = SocketId> + '_ {
        self.attempts.keys().copied()
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
        now: Instant,
    ) {
        let target = match self.admit(&request) {
            Ok(target) => target,
            Err(error) => return self.fail(id, error, now),
        };
        debug!(
            target: "boa_websocket::net",
            %id, host = %target.host, port = target.port, tls = target.secure, "connect"
        );
        let endpoint = self.endpoint_without_address(&target);
        let proxy = match endpoint {
            None => self.dialler.proxy(id, &target, &request),
            // It is on this machine, and no proxy's business.
            Some(_) => Ok(None),
        };
        let proxy = match proxy {
            Ok(proxy) => proxy,
            Err(error) => return self.fail(id, error, now),
        };
        let budget = self.dialler.options.timeouts.handshake;
        let mut attempt = Attempt::new(target, request, charge, budget, now);
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

    // ---------------------------------------------------------- may it, and where to

    /// Whether it may be tried at all, as far as the URL tells; nothing is sent or asked before.
    fn admit(&self, request: &ConnectRequest) -> Result<Target, Error> {
        let options = &self.dialler.options;
        let target = Target::new(&request.url)?;
        let refuse = |kind| Err(Error::new(Phase::Policy, kind, target.subject()));
        // "Main fetch", step 7: "should request be blocked due to a bad port".
        if is_bad_port(target.port) {
            return refuse(ErrorKind::BlockedPort(target.port));
        }
        if let Err(denied) = policy::check_url(options.policy.as_deref(), &request.url) {
            return refuse(ErrorKind::Denied(denied));
        }
        if self.attempts.len() >= options.limits.connecting {
            return refuse(ErrorKind::TooManyConnecting(options.limits.connecting));
        }
        // It is made again when it is sent, with the cookies of that moment.
        let agent = options.user_agent();
        Handshake::new(&target, request, agent, None, &options.compression)?;
        Ok(target)
    }

    /// Where a target is that has no address.
    #[cfg(unix)]
    fn endpoint_without_address(&self, target: &Target) -> Option<Endpoint> {
        let path = self.dialler.options.unix_sockets.path(target)?;
        Some(Endpoint::Unix(path.clone()))
    }

    /// Every target has an address here.
    #[cfg(not(unix))]
    fn endpoint_without_address(&self, _: &Target) -> Option<Endpoint> {
        None
    }

    fn lookups_failed(&mut self, failed: Vec<(Vec<SocketId>, io::Error)>, now: Instant) {
        for (asking, error) in failed {
            for id in asking {
                let Some(attempt) = self.attempts.get(&id) else {
                    continue;
                };
                let why = io::Error::new(error.kind(), error.to_string());
                let error = Error::io(Phase::Resolve, attempt.hop().subject(), why);
                self.fail(id, error, now);
            }
        }
    }

    fn unresolved(&mut self, id: SocketId, why: Option<io::Error>, now: Instant) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        let subject = attempt.hop().host_subject();
        let error = Error::new(Phase::Resolve, ErrorKind::Unresolved, subject);
        let error = match why {
            Some(why) => error.caused_by(why),
            None => error,
        };
        self.fail(id, error, now);
    }

    /// Its name, or its proxy's, has been resolved. The only way of an address to a connection: the
    /// policy is asked about each one here, but not about a proxy's, whom the embedder has chosen.
    fn has_addresses(&mut self, id: SocketId, addresses: &[IpAddr], now: Instant) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        debug!(target: "boa_websocket::net", %id, ?addresses, "resolved");
        let policy = self.dialler.options.policy.as_deref();
        let mut endpoints = VecDeque::new();
        let mut first_denied = None;
        for address in resolve::in_order(addresses) {
            let address = SocketAddr::new(address, attempt.hop().port());
            let allowed = match attempt.proxy {
                Some(_) => Ok(()),
                None => policy::check_address(policy, &attempt.request.url, address),
            };
            match allowed {
                Ok(()) => endpoints.push_back(Endpoint::Tcp(address)),
                Err(denied) => {
                    debug!(target: "boa_websocket::net", %id, %address, %denied, "address denied");
                    first_denied.get_or_insert(denied);
                }
            }
        }
        match first_denied {
            _ if !endpoints.is_empty() => self.has_endpoints(id, endpoints, now),
            Some(denied) => {
                let subject = attempt.target.subject();
                let error = Error::new(Phase::Policy, ErrorKind::Denied(denied), subject);
                self.fail(id, error, now);
            }
            None => self.unresolved(id, None, now),
        }
    }

    fn has_endpoints(&mut self, id: SocketId, endpoints: VecDeque<Endpoint>, now: Instant) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.stage = Stage::Racing;
            attempt.clock.stop(now);
            attempt.untried = endpoints;
            attempt.next_at = now;
            self.due.push_back(id);
        }
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

    // ---------------------------------------------------------- the race

    /// "Establish a TCP connection" to an endpoint whose turn it has.
    fn dial(&mut self, id: SocketId, endpoint: Endpoint, now: Instant) {
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
    fn address_failed(&mut self, id: SocketId, endpoint: &Endpoint, why: io::Error, now: Instant) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            let error = Error::io(Phase::Connect, attempt.hop().subject(), why);
            debug!(target: "boa_websocket::net", %id, %endpoint, %error, "address failed");
            attempt.address_failed(error);
            attempt.next_at = now;
            self.due.push_back(id);
        }
    }

    /// The first one that is connected goes on, alone.
    fn has_won(&mut self, id: SocketId, racer: Racer, now: Instant) {
        debug!(target: "boa_websocket::net", %id, address = %racer.endpoint, "connected");
        self.end_race(id, Some(&racer.turn));
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        attempt.stage = Stage::HandedOver;
        let dial = Dial {
            id,
            target: attempt.target.clone(),
            proxy: attempt.proxy.clone(),
            request: attempt.request.clone(),
            turn: racer.turn.clone(),
            budget: attempt.clock.left(now),
            cancel: attempt.cancel.clone(),
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
    fn end_race(&mut self, id: SocketId, kept: Option<&Turn>) {
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
    }
}

fn delayed(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or(now)
}

#[cfg(test)]
mod tests;
