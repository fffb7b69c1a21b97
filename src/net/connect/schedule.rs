//! Whose turn it is to resolve and to dial. Used by the socket thread alone.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::{Span, debug};
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
    /// The addresses of which one handshake is under way, with those who wait for its end.
    turns: HashMap<SocketAddr, VecDeque<SocketId>>,
    workers: Workers,
    ended: Vec<Ended>,
}

struct Attempt {
    target: Arc<Target>,
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
    span: Span,
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
        span: Span,
        now: Instant,
    ) -> Option<Instant> {
        let target = match self.admit(&request) {
            Ok(target) => target,
            Err(error) => {
                self.fail(id, error);
                return None;
            }
        };
        debug!(
            target: "boa_websocket::net", parent: &span,
            %id, host = %target.host, port = target.port, tls = target.secure, "connect"
        );
        let host = target.host.clone();
        let attempt = Attempt {
            target: Arc::new(target),
            request: Arc::new(request),
            charge,
            cancel: Arc::default(),
            addresses: VecDeque::new(),
            budget: self.dialler.options.timeouts.handshake,
            resolving: Some(now),
            first_error: None,
            span,
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
                let error = Error::io(Phase::Resolve, attempt.target.subject(), why);
                self.fail(id, error);
            }
        }
    }

    fn unresolved(&mut self, id: SocketId, why: Option<io::Error>) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        let subject = attempt.target.host.to_string();
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
        debug!(
            target: "boa_websocket::net", parent: &attempt.span, %id, ?addresses, "resolved"
        );
        let port = attempt.target.port;
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
            let subject = attempt.target.subject();
            let unknown = || Error::new(Phase::Connect, ErrorKind::Unresolved, subject);
            let error = attempt.first_error.take().unwrap_or_else(unknown);
            return self.fail(id, error);
        };
        if self.dialler.options.serial_handshakes {
            // RFC 6455 section 4.1, point 2: "there MUST be no more than one connection in a
            // CONNECTING state" to an IP address; with its port, as the browsers read it.
            if let Some(waiting) = self.turns.get_mut(&turn_of(address)) {
                return waiting.push_back(id);
            }
            self.turns.insert(turn_of(address), VecDeque::new());
        }
        self.dial(id, address);
    }

    /// Has an address dialled whose turn is taken.
    fn dial(&mut self, id: SocketId, address: SocketAddr) {
        let Some(attempt) = self.attempts.get(&id) else {
            return self.give_turn(address);
        };
        let dial = Dial {
            id,
            target: attempt.target.clone(),
            request: attempt.request.clone(),
            address,
            more_addresses: attempt.addresses.len(),
            budget: attempt.budget,
            cancel: attempt.cancel.clone(),
            span: attempt.span.clone(),
        };
        if let Err((dial, error)) = self.workers.submit(dial) {
            let error = Error::io(Phase::Connect, dial.target.subject(), error);
            self.fail(id, error);
            self.give_turn(address);
        }
    }

    /// A handshake has ended: the next one's turn.
    fn give_turn(&mut self, address: SocketAddr) {
        let key = turn_of(address);
        let Some(waiting) = self.turns.get_mut(&key) else {
            return;
        };
        while let Some(id) = waiting.pop_front() {
            // Cancelled ones are skipped.
            if self.attempts.contains_key(&id) {
                return self.dial(id, address);
            }
        }
        self.turns.remove(&key);
    }

    /// A dial has ended, having used `spent` of its time.
    pub(crate) fn dialled(
        &mut self,
        id: SocketId,
        address: SocketAddr,
        spent: Duration,
        result: Result<Box<Established>, Error>,
    ) {
        self.give_turn(address);
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        attempt.budget = attempt.budget.saturating_sub(spent);
        match result {
            Ok(established) => {
                let subject = attempt.target.subject();
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
                debug!(
                    target: "boa_websocket::net", parent: &attempt.span, %id, %address, %error,
                    "address failed"
                );
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
        let subject = attempt.target.subject();
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
            let subject = attempt.target.host.to_string();
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

/// An IPv4 address is the same one when it is written as IPv6.
fn turn_of(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
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
        let deadline = connects.begin(id, request, Arc::default(), Span::none(), now);
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

    #[test]
    fn a_turn_is_the_same_for_an_address_written_as_ipv4_and_as_ipv6() {
        let v4: SocketAddr = "192.0.2.1:80".parse().unwrap();
        let mapped: SocketAddr = "[::ffff:192.0.2.1]:80".parse().unwrap();
        assert_eq!(turn_of(v4), turn_of(mapped));
        let other_port: SocketAddr = "192.0.2.1:81".parse().unwrap();
        assert_ne!(turn_of(v4), turn_of(other_port));
    }
}
