//! The proxy, TLS and the upgrade, one after the other, on a connector thread; where the upgrade is all that is left, the
//! [schedule](super::schedule) has it done in place.

use std::{
    io,
    sync::{Arc, OnceLock, atomic::AtomicUsize},
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection,
    pki_types::{InvalidDnsNameError, ServerName},
};
use tracing::{Span, debug, warn};

use super::{
    turns::Turn,
    upgrade::Upgrade,
    wait::{Cancel, LINE, Patience, Waiter},
};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    handshake::Accepted,
    line::{Ciphertext, Line},
    observer::{Head, Watch},
    options::Options,
    proxy::{self, Proxy},
    stream::Stream,
    target::Target,
    tls::take_rejected,
    vocabulary::{ConnectRequest, SocketId},
};

/// What all dials of a network share.
pub(crate) struct Dialler {
    pub(crate) options: Options,
    /// Who is told of what happens.
    pub(crate) watch: Option<Arc<Watch>>,
    tls: OnceLock<Result<Arc<ClientConfig>, Error>>,
    proxy_tls: OnceLock<Result<Arc<ClientConfig>, Error>>,
    /// Calls of the embedder's dialer that have not returned.
    pub(super) calls: Arc<AtomicUsize>,
}

impl Dialler {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            watch: options.observer.clone().map(Watch::new),
            options,
            tls: OnceLock::new(),
            proxy_tls: OnceLock::new(),
            calls: Arc::default(),
        }
    }

    /// Made on the first use of `wss:`, and then the same for all, so that sessions are resumed.
    fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
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

/// One dial: what is left to be done with a stream that has been connected.
pub(super) struct Dial {
    pub(super) id: SocketId,
    pub(super) target: Arc<Target>,
    /// To which the stream leads, if it is not the target itself.
    pub(super) proxy: Option<Arc<Proxy>>,
    pub(super) request: Arc<ConnectRequest>,
    /// The turn it has, to be given back with the result.
    pub(super) turn: Turn,
    /// The time there is for it.
    pub(super) budget: Duration,
    pub(super) cancel: Arc<Cancel>,
    /// The connection's.
    pub(super) span: Span,
}

/// A WebSocket whose opening handshake has succeeded.
pub(crate) struct Established {
    /// The line, registered nowhere.
    pub(crate) line: Line,
    /// What the server agreed to, and the first bytes behind it.
    pub(crate) accepted: Accepted,
}

impl Dial {
    /// Does it, with a stream that is registered nowhere.
    pub(super) fn run(
        &self,
        mut stream: Stream,
        dialler: &Dialler,
        waiter: &mut Waiter,
        ciphertext: &mut Ciphertext,
        tell: &dyn Fn(Head),
    ) -> Result<Established, Error> {
        let _entered = self.span.enter();
        let mut upgrade = Upgrade::new(self, dialler)?;
        let mut patience = waiter.begin(&self.cancel, self.budget);
        stream
            .register(patience.registry(), LINE)
            .and_then(|()| stream.watch(|| patience.readiness()))
            .map_err(|error| self.io(Phase::Connect, error))?;
        // What was read for the dial before.
        ciphertext.clear();
        let mut line = Line::Plain(stream);
        if let Some(proxy) = &self.proxy {
            line = self.tunnel(line, proxy, dialler, &mut patience, ciphertext)?;
        }
        if self.target.secure {
            line = self.start_tls(line, dialler, &mut patience, ciphertext)?;
        }
        upgrade.tell_request(tell);
        let answer = patience
            .until_done(|| upgrade.advance(&mut line, ciphertext))
            .map_err(|why| why.into_error(Phase::Handshake, &self.target.subject()))?;
        let mut accepted = upgrade.conclude(answer, self, dialler, tell)?;
        take_decrypted(&mut line, ciphertext, &mut accepted.rest);
        line.deregister(patience.registry())
            .map_err(|error| self.io(Phase::Handshake, error))?;
        Ok(Established { line, accepted })
    }

    fn start_tls(
        &self,
        under: Line,
        dialler: &Dialler,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
    ) -> Result<Line, Error> {
        let subject = self.target.subject();
        let config = dialler.tls()?;
        let name = server_name(dialler.options.tls.name_of(&self.target.host), &subject)?;
        self.warn_of_any_certificate(dialler, &subject);
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
        take_rejected();
        patience
            .until_done(|| line.handshake(ciphertext))
            .map_err(|why| {
                why.into_error(Phase::Tls, subject)
                    .with_certificates(take_rejected())
            })?;
        debug!(target: "boa_websocket::net", id = %self.id, agreed = line.tls_agreed(), "tls");
        Ok(line)
    }

    /// Nobody shall forget that certificates are not verified.
    pub(super) fn warn_of_any_certificate(&self, dialler: &Dialler, server: &str) {
        if dialler.options.tls.takes_any_certificate() {
            warn!(
                target: "boa_websocket::net", id = %self.id, server,
                "the server's certificate is not verified: anybody could be answering"
            );
        }
    }

    fn io(&self, phase: Phase, error: io::Error) -> Error {
        Error::io(phase, self.target.subject(), error)
    }
}

/// Ciphertext read together with the head stays on this thread, so it goes along decrypted.
fn take_decrypted(line: &mut Line, ciphertext: &mut Ciphertext, rest: &mut Vec<u8>) {
    let mut buffer = [0; 4096];
    // An end or an error here is found again by the next reader.
    while let Ok(count @ 1..) = line.read(&mut buffer, ciphertext, false) {
        rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
    }
}

/// The name that a certificate must be for, if the host can be one.
pub(super) fn server_name(
    name: Result<ServerName<'static>, InvalidDnsNameError>,
    subject: &str,
) -> Result<ServerName<'static>, Error> {
    name.map_err(|error| {
        let kind = ErrorKind::InvalidRequest("server name");
        Error::new(Phase::Tls, kind, subject).caused_by(error)
    })
}
