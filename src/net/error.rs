//! What can go wrong between a URL and the end of its connection.

use std::{fmt, io, sync::Arc, time::Duration};

use rustls::pki_types::CertificateDer;

use super::{
    handshake::{Answer, Refusal},
    policy::Denied,
    proxy::ProxyRefusal,
    tls::TlsAlert,
};

/// A cause kept for callers that want to look closer; shared, because errors are cloned.
type Source = Arc<dyn std::error::Error + Send + Sync>;

/// Why a connection could not be made, or why it ended.
///
/// `Display` is one line that says what was being done, to what, and why it failed, the cause
/// included; [`source`](std::error::Error::source) gives the cause as a value. Neither ever holds
/// the user name, password, path or query of the URL.
#[derive(Debug, Clone)]
pub struct Error {
    phase: Phase,
    kind: ErrorKind,
    subject: Box<str>,
    source: Option<Source>,
    evidence: Option<Arc<Evidence>>,
}

/// What the server has shown that was not accepted. Apart, because most errors have none.
#[derive(Debug)]
enum Evidence {
    Answer(Answer),
    Certificates(Vec<CertificateDer<'static>>),
}

/// What was being done when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Reading trust anchors, when options are made or on the first use of `wss:`.
    TrustAnchors,
    /// Taking other TLS settings, a client certificate for one, when options are made.
    TlsSettings,
    /// Deciding whether the connection may be made at all. Nothing has been sent.
    Policy,
    /// Turning the host name into addresses.
    Resolve,
    /// Opening the TCP connection, to the server or to the proxy.
    Connect,
    /// Having a proxy open a tunnel; and reading what proxies there are, when options are made.
    Proxy,
    /// Agreeing on TLS, the check of the server's certificate included.
    Tls,
    /// The HTTP upgrade, RFC 6455 section 4.
    Handshake,
    /// Exchanging messages.
    Open,
    /// The closing handshake, RFC 6455 section 7.
    Close,
}

impl Phase {
    fn doing(self) -> &'static str {
        match self {
            Self::TrustAnchors => "reading trust anchors from",
            Self::TlsSettings => "preparing TLS with",
            Self::Policy => "preparing a connection to",
            Self::Resolve => "resolving",
            Self::Connect => "connecting to",
            Self::Proxy => "using",
            Self::Tls => "setting up TLS with",
            Self::Handshake => "opening handshake with",
            Self::Open => "connection to",
            Self::Close => "closing the connection to",
        }
    }
}

/// The reason, in a form a caller can act on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The URL is not `ws:` or `wss:`, or has no host.
    UnsupportedUrl,
    /// The port is on the Fetch Standard's list of bad ports.
    BlockedPort(u16),
    /// The [`Policy`](super::Policy) does not allow it; this says which rule.
    Denied(Denied),
    /// A header, subprotocol or origin that cannot stand in the request; the text names it.
    InvalidRequest(&'static str),
    /// [`Limits::sockets`](super::Limits::sockets) are there already.
    TooManySockets(usize),
    /// [`Limits::connecting`](super::Limits::connecting) sockets are connecting already.
    TooManyConnecting(usize),
    /// More than [`Limits::send_queue`](super::Limits::send_queue) bytes wait to be sent.
    SendQueueFull(usize),
    /// The name could not be resolved.
    Unresolved,
    /// A deadline of [`Timeouts`](super::Timeouts) has passed, or one of the operating system's.
    TimedOut,
    /// The peer has given no sign of life within [`Heartbeat::timeout`](super::Heartbeat::timeout),
    /// which is this, after a Ping.
    PongTimeout(Duration),
    /// Nothing was received for [`Timeouts::idle`](super::Timeouts::idle), which is this.
    IdleTimeout(Duration),
    /// The script closed the socket before it was open.
    Cancelled,
    /// The [`Network`](super::Network) was dropped, and the connection was not closed within
    /// [`Timeouts::shutdown`](super::Timeouts::shutdown) or not open yet.
    ShutDown,
    /// The embedder has cut the connection, with [`Command::Cut`](super::Command::Cut).
    Aborted,
    /// The URL of a proxy, or the list of hosts without one, cannot be used; the text says why.
    InvalidProxy(&'static str),
    /// The proxy did not open a tunnel.
    ProxyRefused(ProxyRefusal),
    /// The operating system reported an error.
    Io(io::ErrorKind),
    /// `wss:` in a build without a TLS provider and without a `ClientConfig` of the embedder's.
    NoTlsProvider,
    /// Trust anchors or another TLS setting could not be used.
    TlsConfig,
    /// The server's certificate was not accepted.
    Certificate(CertificateFault),
    /// The server ended TLS with an alert, because of our certificate for one.
    Alert(TlsAlert),
    /// TLS failed for another reason.
    Tls,
    /// The server's answer to the upgrade request was not the one RFC 6455 asks for.
    Refused(Refusal),
    /// The peer broke the WebSocket protocol, or went past a limit of it.
    Protocol,
    /// The peer ended the line without a closing handshake.
    ConnectionLost,
    /// A thread of this crate ended unexpectedly.
    ThreadDied,
}

/// What was wrong with the server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is for another name.
    WrongName,
    /// Nobody who is trusted has signed it.
    UnknownIssuer,
    /// It has been revoked.
    Revoked,
    /// Anything else: a bad encoding, a bad signature, a wrong purpose.
    Other,
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the server's certificate has expired",
            Self::NotYetValid => "the server's certificate is not valid yet",
            Self::WrongName => "the server's certificate is for another name",
            Self::UnknownIssuer => "the server's certificate is not signed by a trusted issuer",
            Self::Revoked => "the server's certificate has been revoked",
            Self::Other => "the server's certificate was not accepted",
        })
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnsupportedUrl => f.write_str("not a ws: or wss: URL with a host"),
            Self::BlockedPort(port) => write!(f, "port {port} is blocked"),
            Self::Denied(why) => write!(f, "not allowed: {why}"),
            Self::InvalidRequest(what) => write!(f, "invalid {what}"),
            Self::TooManySockets(limit) => write!(f, "more than {limit} sockets"),
            Self::TooManyConnecting(limit) => write!(f, "more than {limit} sockets connecting"),
            Self::SendQueueFull(limit) => write!(f, "more than {limit} bytes wait to be sent"),
            Self::Unresolved => f.write_str("the name could not be resolved"),
            Self::TimedOut => f.write_str("timed out"),
            Self::PongTimeout(time) => write!(f, "no answer to a ping within {time:?}"),
            Self::IdleTimeout(time) => write!(f, "nothing was received for {time:?}"),
            Self::Cancelled => f.write_str("closed before the connection was established"),
            Self::ShutDown => f.write_str("the network was shut down"),
            Self::Aborted => f.write_str("cut by the host"),
            Self::InvalidProxy(what) => f.write_str(what),
            Self::ProxyRefused(refusal) => write!(f, "{refusal}"),
            Self::Io(kind) => write!(f, "{kind}"),
            Self::NoTlsProvider => f.write_str("this build has no TLS provider"),
            Self::TlsConfig => f.write_str("the TLS settings cannot be used"),
            Self::Certificate(fault) => write!(f, "{fault}"),
            Self::Alert(alert) => write!(f, "{alert}"),
            Self::Tls => f.write_str("TLS failed"),
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Protocol => f.write_str("the WebSocket protocol was broken"),
            Self::ConnectionLost => f.write_str("the connection was lost without a Close frame"),
            Self::ThreadDied => f.write_str("the network thread ended unexpectedly"),
        }
    }
}

impl Error {
    /// An error without a further cause.
    pub(crate) fn new(phase: Phase, kind: ErrorKind, subject: impl Into<Box<str>>) -> Self {
        Self {
            phase,
            kind,
            subject: subject.into(),
            source: None,
            evidence: None,
        }
    }

    /// Adds what the server said instead.
    pub(crate) fn with_answer(mut self, answer: Option<Answer>) -> Self {
        self.evidence = answer.map(Evidence::Answer).map(Arc::new);
        self
    }

    /// Adds the certificates that the server showed, if it did.
    pub(crate) fn with_certificates(mut self, chain: Vec<CertificateDer<'static>>) -> Self {
        if !chain.is_empty() {
            self.evidence = Some(Arc::new(Evidence::Certificates(chain)));
        }
        self
    }

    /// Adds the cause.
    pub(crate) fn caused_by(
        mut self,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// An error of the operating system.
    pub(crate) fn io(phase: Phase, subject: impl Into<Box<str>>, error: io::Error) -> Self {
        // What rustls reports through `io` types stays recognisable.
        let kind = match error.kind() {
            io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            kind => ErrorKind::Io(kind),
        };
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(tls) => Self::tls(phase, subject, tls.clone()),
            None => Self::new(phase, kind, subject).caused_by(error),
        }
    }

    /// An error of the TLS layer.
    pub(crate) fn tls(phase: Phase, subject: impl Into<Box<str>>, error: rustls::Error) -> Self {
        let kind = match &error {
            rustls::Error::InvalidCertificate(fault) => {
                ErrorKind::Certificate(certificate_fault(fault))
            }
            rustls::Error::AlertReceived(alert) => ErrorKind::Alert(TlsAlert::new(*alert)),
            _ => ErrorKind::Tls,
        };
        Self::new(phase, kind, subject).caused_by(error)
    }

    /// What was being done.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why it failed.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// What the server answered, status and headers, when it was a whole answer that was
    /// [refused](ErrorKind::Refused).
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match self.evidence.as_deref()? {
            Evidence::Answer(answer) => Some(answer),
            Evidence::Certificates(_) => None,
        }
    }

    /// The certificates that the server showed, its own first, when they were
    /// [not accepted](ErrorKind::Certificate). Empty for other errors, and where a `ClientConfig`
    /// of the embedder's own has judged them.
    #[must_use]
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        match self.evidence.as_deref() {
            Some(Evidence::Certificates(chain)) => chain,
            _ => &[],
        }
    }

    /// To what: `host:port` in most phases, a file name for trust anchors and client certificates,
    /// words where a proxy is meant.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

fn certificate_fault(error: &rustls::CertificateError) -> CertificateFault {
    use rustls::CertificateError as Fault;
    match error {
        Fault::Expired | Fault::ExpiredContext { .. } => CertificateFault::Expired,
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => CertificateFault::NotYetValid,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        Fault::UnknownIssuer => CertificateFault::UnknownIssuer,
        Fault::Revoked => CertificateFault::Revoked,
        _ => CertificateFault::Other,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.phase.doing(), self.subject)?;
        match (&self.kind, &self.source) {
            // The cause says it better than the kind.
            (ErrorKind::Io(_) | ErrorKind::Tls | ErrorKind::Protocol, Some(source)) => {
                write!(f, "{source}")
            }
            // The kind says it better than the cause.
            (kind @ ErrorKind::Alert(_), _) => write!(f, "{kind}"),
            (kind, Some(source)) => write!(f, "{kind} ({source})"),
            (kind, None) => write!(f, "{kind}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn says_what_was_done_to_what_and_why() {
        let error = Error::io(
            Phase::Connect,
            "example.org:80",
            io::Error::from(io::ErrorKind::ConnectionRefused),
        );
        assert_eq!(
            error.to_string(),
            "connecting to example.org:80: connection refused"
        );
        assert_eq!(
            error.kind(),
            &ErrorKind::Io(io::ErrorKind::ConnectionRefused)
        );
        assert!(error.source().is_some());
    }

    #[test]
    fn certificate_faults_keep_their_kind_and_their_cause() {
        let error = Error::tls(
            Phase::Tls,
            "example.org:443",
            rustls::Error::InvalidCertificate(rustls::CertificateError::Expired),
        );
        assert_eq!(
            error.kind(),
            &ErrorKind::Certificate(CertificateFault::Expired)
        );
        assert!(error.to_string().contains("has expired"), "{error}");
    }

    #[test]
    fn a_tls_error_inside_an_io_error_is_found() {
        let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = Error::io(
            Phase::Tls,
            "h:1",
            io::Error::new(io::ErrorKind::InvalidData, inner),
        );
        assert_eq!(
            error.kind(),
            &ErrorKind::Certificate(CertificateFault::UnknownIssuer)
        );
    }
}
