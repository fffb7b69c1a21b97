//! TCP, TLS and the upgrade, one after the other, on a connector thread.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use mio::{Interest, net::TcpStream};
use rustls::{ClientConfig, ClientConnection, pki_types::ServerName};
use tracing::debug;
use url::Host;

use super::wait::{Cancel, Interruption, LINE, Patience, Waiter};
use crate::net::{
    cookies::cookie_url,
    error::{Error, ErrorKind, Phase},
    handshake::{Accepted, Handshake, Refusal, ResponseReader},
    line::{Ciphertext, Line},
    options::Options,
    proxy::{self, Route, Turn},
    vocabulary::{ConnectRequest, SocketId},
};

/// A shorter time for one of several addresses would rule out distant ones.
const LEAST_SHARE: Duration = Duration::from_secs(1);

/// What all dials of a network share.
pub(crate) struct Dialler {
    pub(crate) options: Options,
    tls: OnceLock<Result<Arc<ClientConfig>, Error>>,
    proxy_tls: OnceLock<Result<Arc<ClientConfig>, Error>>,
}

impl Dialler {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            tls: OnceLock::new(),
            proxy_tls: OnceLock::new(),
        }
    }

    /// Made on the first use of `wss:`, and then the same for all, so that sessions are resumed.
    pub(super) fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        self.tls
            .get_or_init(|| self.options.tls.client_config())
            .clone()
    }

    /// The same for proxies.
    pub(super) fn proxy_tls(&self) -> Result<Arc<ClientConfig>, Error> {
        self.proxy_tls
            .get_or_init(|| Ok(proxy::tls_config(&*self.tls()?)))
            .clone()
    }
}

/// One dial: an address of an attempt, at its turn.
pub(super) struct Dial {
    pub(super) id: SocketId,
    pub(super) route: Arc<Route>,
    /// What it holds up for others until it has ended.
    pub(super) turn: Turn,
    pub(super) request: Arc<ConnectRequest>,
    pub(super) address: SocketAddr,
    /// Addresses to try after this one, for which some of the time must be left.
    pub(super) more_addresses: usize,
    /// The time there is for all of it.
    pub(super) budget: Duration,
    pub(super) cancel: Arc<Cancel>,
}

/// A WebSocket whose opening handshake has succeeded.
pub(crate) struct Established {
    /// The line, registered nowhere.
    pub(crate) line: Line,
    /// What the server agreed to, and the first bytes behind it.
    pub(crate) accepted: Accepted,
}

impl Dial {
    /// Does it.
    pub(super) fn run(
        &self,
        dialler: &Dialler,
        waiter: &mut Waiter,
        ciphertext: &mut Ciphertext,
    ) -> Result<Established, Error> {
        let jar = dialler.options.cookie_jar.as_deref();
        let cookies = jar.and_then(|jar| jar.cookies(&cookie_url(&self.request.url)));
        let agent = dialler.options.user_agent();
        let compression = &dialler.options.compression;
        let handshake = Handshake::new(
            &self.route.target,
            &self.request,
            agent,
            cookies,
            compression,
        )?;
        let mut patience = waiter.begin(&self.cancel, self.budget);
        // What was read for the dial before.
        ciphertext.clear();
        let mut line = Line::Plain(self.connect(&mut patience)?);
        if let Some(proxy) = &self.route.proxy {
            line = self.tunnel(line, proxy, dialler, &mut patience, ciphertext)?;
        }
        if self.route.target.secure {
            line = self.start_tls(line, dialler, &mut patience, ciphertext)?;
        }
        let accepted = self.upgrade(
            &mut line,
            &handshake,
            &dialler.options,
            &mut patience,
            ciphertext,
        )?;
        line.deregister(patience.registry())
            .map_err(|error| self.io(Phase::Handshake, error))?;
        debug!(
            target: "boa_websocket::net", id = %self.id, protocol = accepted.protocol,
            extensions = accepted.extensions, "upgraded"
        );
        Ok(Established { line, accepted })
    }

    /// "Establish a TCP connection" to the address.
    fn connect(&self, patience: &mut Patience<'_>) -> Result<TcpStream, Error> {
        let failed = |error| self.io(Phase::Connect, error);
        if self.cancel.is_cancelled() {
            return Err(self.error(Phase::Connect, ErrorKind::Cancelled));
        }
        let mut tcp = TcpStream::connect(self.address).map_err(failed)?;
        let interest = Interest::READABLE.add(Interest::WRITABLE);
        patience
            .registry()
            .register(&mut tcp, LINE, interest)
            .map_err(failed)?;
        let until = self.share(patience);
        loop {
            patience
                .wait(until)
                .map_err(|why| self.interrupted(Phase::Connect, why))?;
            if let Some(error) = tcp.take_error().map_err(failed)? {
                return Err(failed(error));
            }
            match tcp.peer_addr() {
                Ok(_) => break,
                // Not yet: the wait ended for another reason.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
                Err(error) => return Err(failed(error)),
            }
        }
        // Messages are written whole: waiting to fill a packet would only delay them.
        tcp.set_nodelay(true).map_err(failed)?;
        debug!(target: "boa_websocket::net", id = %self.id, address = %self.address, "connected");
        Ok(tcp)
    }

    /// Until when to wait for this address, when others are left to try.
    fn share(&self, patience: &Patience<'_>) -> Option<Instant> {
        if self.more_addresses == 0 {
            return None;
        }
        let parts = u32::try_from(self.more_addresses + 1).unwrap_or(u32::MAX);
        let share = (patience.left()? / parts).max(LEAST_SHARE);
        Instant::now().checked_add(share)
    }

    fn start_tls(
        &self,
        under: Line,
        dialler: &Dialler,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
    ) -> Result<Line, Error> {
        let subject = self.route.target.subject();
        let config = dialler.tls()?;
        let name = server_name(&self.route.target.host, &subject)?;
        self.tls(under, config, name, &subject, patience, ciphertext)
    }

    /// Speaks TLS with the server, or with the proxy.
    pub(super) fn tls(
        &self,
        under: Line,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        subject: &str,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
    ) -> Result<Line, Error> {
        let tls = ClientConnection::new(config, name)
            .map_err(|error| Error::tls(Phase::Tls, subject, error))?;
        let mut line = Line::tls(under, tls);
        patience
            .until_done(|| line.handshake(ciphertext))
            .map_err(|why| why.into_error(Phase::Tls, subject))?;
        debug!(
            target: "boa_websocket::net", id = %self.id, version = ?line.tls_version(), "tls"
        );
        Ok(line)
    }

    /// Sends the request and reads the response, RFC 6455 section 4.
    fn upgrade(
        &self,
        line: &mut Line,
        handshake: &Handshake,
        options: &Options,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
    ) -> Result<Accepted, Error> {
        let stopped = |why| self.interrupted(Phase::Handshake, why);
        let refused = |refusal| self.error(Phase::Handshake, ErrorKind::Refused(refusal));

        let mut unsent = &handshake.request[..];
        while !unsent.is_empty() {
            let count = patience
                .until_done(|| line.write(unsent))
                .map_err(stopped)?;
            unsent = unsent.get(count..).unwrap_or_default();
        }
        patience.until_done(|| line.flush()).map_err(stopped)?;

        let limits = &options.limits;
        let mut reader = ResponseReader::new(limits.response_head, limits.response_headers);
        let mut buffer = [0; 4096];
        let mut accepted = loop {
            let count = patience
                .until_done(|| line.read(&mut buffer, ciphertext, true))
                .map_err(stopped)?;
            if count == 0 {
                return Err(refused(Refusal::Truncated));
            }
            let bytes = buffer.get(..count).unwrap_or_default();
            let answer = reader.push(bytes, handshake);
            if let Some(jar) = &options.cookie_jar
                && !reader.set_cookies.is_empty()
            {
                jar.set_cookies(&cookie_url(&self.request.url), &reader.set_cookies);
            }
            if let Some(accepted) = answer.map_err(refused)? {
                break accepted;
            }
        };
        // Ciphertext read together with the head stays on this thread, so it goes along decrypted.
        loop {
            match line.read(&mut buffer, ciphertext, false) {
                // An end or an error here is found again by the next reader.
                Ok(0) | Err(_) => break,
                Ok(count) => accepted
                    .rest
                    .extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
        }
        Ok(accepted)
    }

    fn error(&self, phase: Phase, kind: ErrorKind) -> Error {
        Error::new(phase, kind, self.subject(phase))
    }

    fn io(&self, phase: Phase, error: io::Error) -> Error {
        Error::io(phase, self.subject(phase), error)
    }

    fn interrupted(&self, phase: Phase, why: Interruption) -> Error {
        why.into_error(phase, &self.subject(phase))
    }

    fn subject(&self, phase: Phase) -> String {
        match phase {
            Phase::Connect => self.route.subject(),
            _ => self.route.target.subject(),
        }
    }
}

/// The name that a certificate must be for.
pub(super) fn server_name(
    host: &Host<String>,
    subject: &str,
) -> Result<ServerName<'static>, Error> {
    Ok(match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|error| {
            let kind = ErrorKind::InvalidRequest("server name");
            Error::new(Phase::Tls, kind, subject).caused_by(error)
        })?,
        Host::Ipv4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
        Host::Ipv6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
    })
}
