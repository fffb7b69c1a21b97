//! Whether a socket may connect, and where to.

use std::{
    collections::VecDeque,
    io,
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use tracing::debug;

use super::{Connects, Stage, resolve};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    handshake::Handshake,
    policy,
    ports::is_bad_port,
    stream::Endpoint,
    target::Target,
    vocabulary::{ConnectRequest, SocketId},
};

impl Connects {
    /// Whether it may be tried at all, as far as the URL tells; nothing is sent or asked before.
    pub(super) fn admit(&self, request: &ConnectRequest) -> Result<Target, Error> {
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
        Handshake::check(&target, request, options)?;
        Ok(target)
    }

    /// Where a target is that has no address, or none that is known here.
    pub(super) fn endpoint_without_address(&self, target: &Target) -> Option<Endpoint> {
        match self.dialler.options.dialer {
            Some(_) => Some(Endpoint::Dialer),
            None => self.unix_socket(target),
        }
    }

    #[cfg(unix)]
    fn unix_socket(&self, target: &Target) -> Option<Endpoint> {
        let path = self.dialler.options.unix_sockets.path(target)?;
        Some(Endpoint::Unix(path.clone()))
    }

    #[cfg(not(unix))]
    fn unix_socket(&self, _: &Target) -> Option<Endpoint> {
        None
    }

    pub(super) fn lookups_failed(&mut self, failed: Vec<(Vec<SocketId>, io::Error)>, now: Instant) {
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

    pub(super) fn unresolved(&mut self, id: SocketId, why: Option<io::Error>, now: Instant) {
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
    pub(super) fn has_addresses(&mut self, id: SocketId, addresses: &[IpAddr], now: Instant) {
        let Some(attempt) = self.attempts.get(&id) else {
            return;
        };
        let _entered = attempt.span.clone().entered();
        match &attempt.proxy {
            None => debug!(target: "boa_websocket::net", %id, ?addresses, "resolved"),
            Some(proxy) => {
                debug!(target: "boa_websocket::net", %id, %proxy, ?addresses, "resolved");
            }
        }
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

    pub(super) fn has_endpoints(
        &mut self,
        id: SocketId,
        endpoints: VecDeque<Endpoint>,
        now: Instant,
    ) {
        if let Some(attempt) = self.attempts.get_mut(&id) {
            attempt.stage = Stage::Racing;
            attempt.clock.stop(now);
            attempt.untried = endpoints;
            attempt.next_at = now;
            self.due.push_back(id);
        }
    }
}
