//! Whose turn it is to resolve and to dial. Used by the socket thread alone.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::debug;
use url::Host;

use super::{
    dial::{Dial, Dialler, Established},
    resolve::{self, Lookups},
    wait::Cancel,
    workers::Workers,
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    ports::is_bad_port,
    proxy::{Choice, Route, Turn},
    queue::{Charge, Inbox},
    target::Target,
    vocabulary::{ConnectRequest, SocketId},
};

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
    attempts: HashMap<SocketId, Attempt>,
    lookups: Lookups,
    /// What a handshake is under way to, with those who wait for its end, and where they will dial
    /// then.
    turns: HashMap<Turn, VecDeque<(SocketId, SocketAddr)>>,
    workers: Workers,
    ended: Vec<Ended>,
}

struct Attempt {
    route: Arc<Route>,
    request: Arc<ConnectRequest>,
    charge: Arc<Charge>,
    cancel: Arc<Cancel>,
    /// Not yet tried.
    addresses: VecDeque<SocketAddr>,
    /// Time left, waits for a turn not counted.
    budget: Duration,
    /// While it is being resolved: since when.
    resolving: Option<Instant>,
    /// Why its first address failed. The later ones are often of a kind that this machine has no
    /// route to, which says less.
    first_error: Option<Error>,
}

impl Connects {
    pub(crate) fn new(dialler: Arc<Dialler>, inbox: Arc<Inbox>) -> Self {
        let max_lookups = dialler.options.limits.connectors;
        Self {
            attempts: HashMap::new(),
            lookups: Lookups::new(inbox.clone(), max_lookups),
            turns: HashMap::new(),
            workers: Workers::new(dialler.clone(), inbox),
            dialler,
            ended: Vec::new(),
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
        std::mem::take(&mut self.ended)
    }

    fn fail(&mut self, id: SocketId, error: Error) {
        self.attempts.remove(&id);
        self.ended.push(Ended::Failed { id, error });
    }

    /// Begins to connect. Gives back when [`expire`](Self::expire) is to be called, if at all.
    pub(crate) fn begin(
        &mut self,
        id: SocketId,
        request: ConnectRequest,
        charge: Arc<Charge>,
        now: Instant,
    ) -> Option<Instant> {
        let route = match self.admit(&request) {
            Ok(target) => self.route(id, target),
            Err(error) => {
                self.fail(id, error);
                return None;
            }
        };
        let host = route.host().clone();
        let attempt = Attempt {
            route: Arc::new(route),
            request: Arc::new(request),
            charge,
            cancel: Arc::default(),
            addresses: VecDeque::new(),
            budget: self.dialler.options.timeouts.handshake,
            resolving: Some(now),
            first_error: None,
        };
        let deadline = now.checked_add(attempt.budget);
        self.attempts.insert(id, attempt);
        match (resolve::known(&host), host) {
            (None, Host::Domain(name)) => {
                let failed = self.lookups.start(&name, id);
                self.lookups_failed(failed);
                deadline
            }
            (addresses, _) => {
                self.has_addresses(id, &addresses.unwrap_or_default(), now);
                None
            }
        }
    }

    /// The first point of policy: the URL, before anything is sent or asked.
    fn admit(&self, request: &ConnectRequest) -> Result<Target, Error> {
        let target = Target::new(&request.url)?;
        let refuse = |kind| Err(Error::new(Phase::Policy, kind, target.subject()));
        // "Main fetch", step 7: "should request be blocked due to a bad port".
        if is_bad_port(target.port) {
            return refuse(ErrorKind::BlockedPort(target.port));
        }
        let limit = self.dialler.options.limits.connecting;
        if self.attempts.len() >= limit {
            return refuse(ErrorKind::TooManyConnecting(limit));
        }
        Ok(target)
    }

    /// Which way to go. With a proxy it is its name that is looked up, and its addresses that are
    /// dialled; the target's name goes to the proxy as it is.
    fn route(&self, id: SocketId, target: Target) -> Route {
        debug!(
            target: "boa_websocket::net",
            %id, host = %target.host, port = target.port, tls = target.secure, "connect"
        );
        let proxy = match self.dialler.options.proxy.choose(&target) {
            Choice::Proxy(proxy) => Some(proxy.clone()),
            Choice::None => None,
            Choice::Excepted => {
                debug!(target: "boa_websocket::net", %id, "no proxy for this host");
                None
            }
        };
        Route { target, proxy }
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
                    self.unresolved(id, Some(io::Error::new(error.kind(), text.clone())));
                }
            }
        }
        self.lookups_failed(failed);
    }

    fn lookups_failed(&mut self, failed: Vec<(Vec<SocketId>, io::Error)>) {
        for (asking, error) in failed {
            for id in asking {
                let Some(attempt) = self.attempts.get(&id) else {
                    continue;
                };
                let why = io::Error::new(error.kind(), error.to_string());
                let error = Error::io(Phase::Resolve, attempt.route.subject(), why);
                self.fail(id, error);
            }
        }
    }

    fn unresolved(&mut self, id: SocketId, why: Option<io::Error>) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        let subject = attempt.route.host_subject();
        let error = Error::new(Phase::Resolve, ErrorKind::Unresolved, subject);
        let error = match why {
            Some(why) => error.caused_by(why),
            None => error,
        };
        self.fail(id, error);
    }

    fn has_addresses(&mut self, id: SocketId, addresses: &[IpAddr], now: Instant) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        if let Some(since) = attempt.resolving.take() {
            attempt.budget = attempt
                .budget
                .saturating_sub(now.saturating_duration_since(since));
        }
        debug!(target: "boa_websocket::net", %id, ?addresses, "resolved");
        let port = attempt.route.port();
        // The second point of policy will stand here: each address, before it is dialled.
        attempt.addresses = addresses
            .iter()
            .map(|address| SocketAddr::new(*address, port))
            .collect();
        if attempt.addresses.is_empty() {
            return self.unresolved(id, None);
        }
        self.next_address(id);
    }

    /// Goes on to the next address, and waits for its turn there.
    fn next_address(&mut self, id: SocketId) {
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        let Some(address) = attempt.addresses.pop_front() else {
            let subject = attempt.route.subject();
            let unknown = || Error::new(Phase::Connect, ErrorKind::Unresolved, subject);
            let error = attempt.first_error.take().unwrap_or_else(unknown);
            return self.fail(id, error);
        };
        let turn = attempt.route.turn(address);
        if self.dialler.options.serial_handshakes {
            if let Some(waiting) = self.turns.get_mut(&turn) {
                return waiting.push_back((id, address));
            }
            self.turns.insert(turn.clone(), VecDeque::new());
        }
        self.dial(id, address, turn);
    }

    /// Has an address dialled whose turn is taken.
    fn dial(&mut self, id: SocketId, address: SocketAddr, turn: Turn) {
        let Some(attempt) = self.attempts.get(&id) else {
            return self.give_turn(&turn);
        };
        let dial = Dial {
            id,
            route: attempt.route.clone(),
            turn,
            request: attempt.request.clone(),
            address,
            more_addresses: attempt.addresses.len(),
            budget: attempt.budget,
            cancel: attempt.cancel.clone(),
        };
        if let Err(failed) = self.workers.submit(dial) {
            let (dial, error) = *failed;
            let error = Error::io(Phase::Connect, dial.route.subject(), error);
            self.fail(id, error);
            self.give_turn(&dial.turn);
        }
    }

    /// A handshake has ended: the next one's turn.
    fn give_turn(&mut self, turn: &Turn) {
        let Some(waiting) = self.turns.get_mut(turn) else {
            return;
        };
        while let Some((id, address)) = waiting.pop_front() {
            // Cancelled ones are skipped.
            if self.attempts.contains_key(&id) {
                return self.dial(id, address, turn.clone());
            }
        }
        self.turns.remove(turn);
    }

    /// A dial has ended, having used `spent` of its time.
    pub(crate) fn dialled(
        &mut self,
        id: SocketId,
        address: SocketAddr,
        turn: &Turn,
        spent: Duration,
        result: Result<Box<Established>, Error>,
    ) {
        self.give_turn(turn);
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        attempt.budget = attempt.budget.saturating_sub(spent);
        match result {
            Ok(established) => {
                let subject = attempt.route.target.subject();
                let charge = attempt.charge.clone();
                self.attempts.remove(&id);
                self.ended.push(Ended::Established {
                    id,
                    established,
                    charge,
                    subject,
                });
            }
            // Another address may answer. What answered wrongly is not asked again elsewhere.
            Err(error) if error.phase() == Phase::Connect => {
                debug!(target: "boa_websocket::net", %id, %address, %error, "address failed");
                attempt.first_error.get_or_insert(error);
                self.next_address(id);
            }
            Err(error) => self.fail(id, error),
        }
    }

    /// Ends an attempt, wherever it is, and gives back how to report that; nothing if there is no
    /// such one.
    pub(crate) fn cancel(&mut self, id: SocketId) -> Option<Error> {
        let attempt = self.attempts.remove(&id)?;
        attempt.cancel.cancel();
        let phase = if attempt.resolving.is_some() {
            Phase::Resolve
        } else {
            Phase::Connect
        };
        let subject = attempt.route.target.subject();
        Some(Error::new(phase, ErrorKind::Cancelled, subject))
    }

    /// Ends all attempts.
    pub(crate) fn cancel_all(&mut self) {
        for (_, attempt) in self.attempts.drain() {
            attempt.cancel.cancel();
        }
    }

    /// Fails an attempt that has been resolving for too long.
    pub(crate) fn expire(&mut self, id: SocketId, now: Instant) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        let since = |start| now.saturating_duration_since(start);
        if attempt.resolving.map(since) >= Some(attempt.budget) {
            let subject = attempt.route.host_subject();
            self.fail(id, Error::new(Phase::Resolve, ErrorKind::TimedOut, subject));
        }
    }
}

impl Drop for Connects {
    fn drop(&mut self) {
        // Dropping the workers, which comes next, waits for their dials.
        self.cancel_all();
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;
    use crate::net::options::Options;

    fn connects(options: Options) -> Connects {
        Connects::new(Arc::new(Dialler::new(options)), Arc::default())
    }

    fn begin(connects: &mut Connects, url: &str, now: Instant) -> (SocketId, Option<Instant>) {
        let id = SocketId::next();
        let request = ConnectRequest::new(Url::parse(url).unwrap());
        let deadline = connects.begin(id, request, Arc::default(), now);
        (id, deadline)
    }

    /// A name that the system's resolver knows to be wrong without asking anybody.
    fn unknown_name() -> String {
        format!("{}.test", "a".repeat(64))
    }

    #[test]
    fn a_lookup_that_takes_too_long_is_given_up_and_its_late_result_ignored() {
        let mut connects = connects(Options::default());
        let now = Instant::now();
        let (id, deadline) = begin(&mut connects, &format!("ws://{}/", unknown_name()), now);
        assert_eq!(deadline, Some(now + Duration::from_secs(30)));
        connects.expire(id, now + Duration::from_secs(29));
        assert!(connects.take_ended().is_empty());

        connects.expire(id, now + Duration::from_secs(30));
        let ended = connects.take_ended();
        let [Ended::Failed { id: of, error }] = &ended[..] else {
            panic!("it did not fail");
        };
        assert_eq!((of, error.phase()), (&id, Phase::Resolve));
        assert_eq!(error.kind(), &ErrorKind::TimedOut);

        let addresses = vec![IpAddr::from([127, 0, 0, 1])];
        connects.resolved(&unknown_name(), Ok(addresses), now);
        assert!(connects.take_ended().is_empty());
        assert_eq!(connects.len(), 0);
    }

    #[test]
    fn sockets_to_the_same_name_share_a_lookup() {
        let mut connects = connects(Options::default());
        let now = Instant::now();
        for port in [8001, 8002] {
            begin(
                &mut connects,
                &format!("ws://{}:{port}/", unknown_name()),
                now,
            );
        }
        // One result is for both.
        connects.resolved(&unknown_name(), Ok(Vec::new()), now);
        let ended = connects.take_ended();
        assert_eq!(ended.len(), 2);
        for ended in ended {
            let Ended::Failed { error, .. } = ended else {
                panic!("connected to nowhere");
            };
            assert_eq!(error.kind(), &ErrorKind::Unresolved);
        }
    }
}
