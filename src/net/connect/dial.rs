//! TCP, TLS and the upgrade, one after the other, on a connector thread.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use mio::{Interest, net::TcpStream};
use rustls::{ClientConfig, ClientConnection};
use tracing::{Span, debug, warn};

use super::wait::{Cancel, Interruption, LINE, Patience, Waiter};
use crate::net::{
    cookies::cookie_url,
    error::{Error, ErrorKind, Phase},
    handshake::{Accepted, Answer, Handshake, Refusal, ResponseReader, Shown},
    line::{Ciphertext, Line},
    options::Options,
    target::Target,
    tls::agreed,
    vocabulary::{ConnectRequest, SocketId},
};

/// A shorter time for one of several addresses would rule out distant ones.
const LEAST_SHARE: Duration = Duration::from_secs(1);

/// What all dials of a network share.
pub(crate) struct Dialler {
    pub(crate) options: Options,
    tls: OnceLock<Result<Arc<ClientConfig>, Error>>,
}

impl Dialler {
    pub(crate) fn new(options: Options) -> Self {
        Self {
            options,
            tls: OnceLock::new(),
        }
    }

    /// Made on the first use of `wss:`, and then the same for all, so that sessions are resumed.
    fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        self.tls
            .get_or_init(|| self.options.tls.client_config())
            .clone()
    }
}

/// One dial: an address of an attempt, at its turn.
pub(super) struct Dial {
    pub(super) id: SocketId,
    pub(super) target: Arc<Target>,
    pub(super) request: Arc<ConnectRequest>,
    pub(super) address: SocketAddr,
    /// Addresses to try after this one, for which some of the time must be left.
    pub(super) more_addresses: usize,
    /// The time there is for all of it.
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
    /// Does it.
    pub(super) fn run(
        &self,
        dialler: &Dialler,
        waiter: &mut Waiter,
        ciphertext: &mut Ciphertext,
    ) -> Result<Established, Error> {
        let _entered = self.span.enter();
        let jar = dialler.options.cookie_jar.as_deref();
        let cookies = jar.and_then(|jar| jar.cookies(&cookie_url(&self.request.url)));
        let handshake = Handshake::new(&self.target, &self.request, cookies, &dialler.options)?;
        let mut patience = waiter.begin(&self.cancel, self.budget);
        let tcp = self.connect(&mut patience)?;
        let mut line = if self.target.secure {
            self.start_tls(tcp, dialler, &mut patience)?
        } else {
            Line::Plain(tcp)
        };
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
        mut tcp: TcpStream,
        dialler: &Dialler,
        patience: &mut Patience<'_>,
    ) -> Result<Line, Error> {
        let failed = |error| Error::tls(Phase::Tls, self.target.subject(), error);
        let config = dialler.tls()?;
        let options = &dialler.options.tls;
        let name = options.name_of(&self.target.host).map_err(|error| {
            self.error(Phase::Tls, ErrorKind::InvalidRequest("server name"))
                .caused_by(error)
        })?;
        if options.takes_any_certificate() {
            warn!(
                target: "boa_websocket::net", id = %self.id, server = self.target.subject(),
                "the server's certificate is not verified: anybody could be answering"
            );
        }
        let mut tls = ClientConnection::new(config, name).map_err(failed)?;
        let handshake = patience.until_done(|| {
            loop {
                while tls.wants_write() {
                    if tls.write_tls(&mut tcp)? == 0 {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                }
                if !tls.is_handshaking() {
                    return Ok(());
                }
                if tls.read_tls(&mut tcp)? == 0 {
                    let why = "the server ended the connection";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
                }
                if let Err(error) = tls.process_new_packets() {
                    // The alert that tells the server why; it is too late to care for its fate.
                    let _ = tls.write_tls(&mut tcp);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, error));
                }
            }
        });
        handshake.map_err(|why| self.interrupted(Phase::Tls, why))?;
        debug!(target: "boa_websocket::net", id = %self.id, agreed = agreed(&tls), "tls");
        Ok(Line::tls(tcp, tls))
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
        ciphertext.clear();
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
            let answer = answer.map_err(|refusal| {
                let answer = reader.refused.take();
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
        match why {
            Interruption::Kind(kind) => self.error(phase, kind),
            Interruption::Io(error) => self.io(phase, error),
        }
    }
}
