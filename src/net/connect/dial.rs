//! The proxy, TLS and the upgrade, one after the other, on a connector thread.

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
    wait::{Cancel, Interruption, LINE, Patience, Waiter},
};
use crate::net::{
    cookies::cookie_url,
    error::{Error, ErrorKind, Phase},
    handshake::{Accepted, Answer, Handshake, Refusal, ResponseReader, Shown},
    line::{Ciphertext, Line},
    observer::{Head, RequestHead, ResponseHead, Watch},
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
        let jar = dialler.options.cookie_jar.as_deref();
        let cookies = jar.and_then(|jar| jar.cookies(&cookie_url(&self.request.url)));
        let handshake = Handshake::new(&self.target, &self.request, cookies, &dialler.options)?;
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
        let tell = dialler.watch.as_ref().map(|_| tell);
        if let Some(tell) = tell {
            tell(Head::Request(RequestHead::new(&handshake.request)));
        }
        let accepted = self.upgrade(
            &mut line,
            &handshake,
            &dialler.options,
            &mut patience,
            ciphertext,
            tell,
        )?;
        line.deregister(patience.registry())
            .map_err(|error| self.io(Phase::Handshake, error))?;
        debug!(
            target: "boa_websocket::net", id = %self.id, protocol = accepted.protocol,
            extensions = accepted.extensions, "upgraded"
        );
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

    /// Sends the request and reads the response, RFC 6455 section 4.
    fn upgrade(
        &self,
        line: &mut Line,
        handshake: &Handshake,
        options: &Options,
        patience: &mut Patience<'_>,
        ciphertext: &mut Ciphertext,
        tell: Option<&dyn Fn(Head)>,
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
        reader.keeps_answer = tell.is_some();
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
            if let (Some(tell), Some(answer)) = (tell, &reader.answer) {
                tell(Head::Response(ResponseHead::new(answer)));
            }
            if let Some(jar) = &options.cookie_jar
                && !reader.set_cookies.is_empty()
            {
                jar.set_cookies(&cookie_url(&self.request.url), &reader.set_cookies);
            }
            let answer = answer.map_err(|refusal| {
                let answer = reader.answer.take();
                self.show(answer.as_ref());
                refused(refusal).with_answer(answer)
            });
            if let Some(accepted) = answer? {
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

    /// Tells of an answer that is refused.
    fn show(&self, answer: Option<&Answer>) {
        let Some(Answer {
            status,
            reason,
            headers,
            ..
        }) = answer
        else {
            return;
        };
        debug!(target: "boa_websocket::net", id = %self.id, status, reason, "answer");
        for (name, value) in headers {
            let value = Shown(name, value);
            debug!(target: "boa_websocket::net", id = %self.id, %name, %value, "header");
        }
    }

    fn error(&self, phase: Phase, kind: ErrorKind) -> Error {
        Error::new(phase, kind, self.target.subject())
    }

    fn io(&self, phase: Phase, error: io::Error) -> Error {
        Error::io(phase, self.target.subject(), error)
    }

    fn interrupted(&self, phase: Phase, why: Interruption) -> Error {
        why.into_error(phase, &self.target.subject())
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
