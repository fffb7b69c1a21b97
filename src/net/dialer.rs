//! Connections that somebody else makes.

use std::{
    fmt, io,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use url::Url;

use super::{target::Target, transport::Transport};

/// Makes the connections of a network in the place of the operating system: to a server in the same
/// process, through an SSH session or another tunnel, to a test.
///
/// It takes the place of everything between the URL and a connected byte stream: the
/// [`Resolver`](super::Resolver), the race of addresses, [proxies](super::ProxyOptions) and
/// [Unix-domain sockets](super::UnixSockets); with any of those set as well, the builder of the
/// extension refuses that, and a [`Network`](super::Network) made without it uses the
/// dialer alone. What comes behind is the same as ever: TLS for `wss:` with the usual options, the upgrade,
/// the messages.
///
/// A [`Policy`](super::Policy) is asked about the URL before, and whether that is enough where there
/// is [no address](super::Policy::check_without_address): addresses are the dialer's business. The
/// ports that the Fetch Standard blocks are blocked here, too. Handshakes are made one at a time for each host name and
/// port, unless [that is lifted](super::Options::serial_handshakes).
///
/// ```
/// use std::{io, net::TcpStream};
///
/// use boa_websocket::{WebSocketExtension, net::{DialRequest, Dialled, Dialer}};
///
/// /// Every server is behind the same gateway.
/// #[derive(Debug)]
/// struct Gateway;
///
/// impl Dialer for Gateway {
///     fn dial(&self, request: &DialRequest) -> io::Result<Dialled> {
///         let tcp = TcpStream::connect("127.0.0.1:7000")?;
///         // … tell the gateway about request.host() and request.port() …
///         Ok(tcp.into())
///     }
/// }
///
/// let extension = WebSocketExtension::builder().dialer(Gateway).build()?;
/// # Ok::<(), boa_websocket::Error>(())
/// ```
pub trait Dialer: fmt::Debug + Send + Sync {
    /// A connected byte stream that leads to the target of `request`.
    ///
    /// Called on a thread of its own, named `boaws-dial`, where it may block; at most
    /// [`Limits::connectors`](super::Limits::connectors) of them run at a time. It has until
    /// [`deadline`](DialRequest::deadline), and should look at
    /// [`is_cancelled`](DialRequest::is_cancelled) now and then: script does not wait for one that
    /// is late, whose result is dropped, but its thread is kept for as long as it runs.
    ///
    /// # Errors
    ///
    /// There is no such stream. The socket fails in
    /// [`Phase::Connect`](super::Phase::Connect) with the kind of the error,
    /// [`ErrorKind::Io`](super::ErrorKind::Io) or [`TimedOut`](super::ErrorKind::TimedOut), and the error itself as the source. A
    /// panic counts as an error.
    fn dial(&self, request: &DialRequest) -> io::Result<Dialled>;
}

impl<D: Dialer + ?Sized> Dialer for Arc<D> {
    fn dial(&self, request: &DialRequest) -> io::Result<Dialled> {
        (**self).dial(request)
    }
}

/// What a [`Dialer`] has made.
#[non_exhaustive]
pub enum Dialled {
    /// A TCP connection; [`TcpOptions`](super::TcpOptions) are applied to it. It is made
    /// non-blocking.
    Tcp(TcpStream),
    /// A Unix-domain socket. It is made non-blocking.
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixStream),
    /// Anything else.
    Transport(Box<dyn Transport>),
}

impl Dialled {
    /// A stream of one's own.
    #[must_use]
    pub fn transport(transport: impl Transport + 'static) -> Self {
        Self::Transport(Box::new(transport))
    }
}

impl From<TcpStream> for Dialled {
    fn from(tcp: TcpStream) -> Self {
        Self::Tcp(tcp)
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixStream> for Dialled {
    fn from(unix: std::os::unix::net::UnixStream) -> Self {
        Self::Unix(unix)
    }
}

impl From<Box<dyn Transport>> for Dialled {
    fn from(transport: Box<dyn Transport>) -> Self {
        Self::Transport(transport)
    }
}

impl fmt::Debug for Dialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(tcp) => f.debug_tuple("Tcp").field(tcp).finish(),
            #[cfg(unix)]
            Self::Unix(unix) => f.debug_tuple("Unix").field(unix).finish(),
            Self::Transport(_) => f.debug_tuple("Transport").finish_non_exhaustive(),
        }
    }
}

/// Where a [`Dialer`] is to connect to, and how long that may take.
///
/// `Debug` shows neither user info, path nor query of the URL.
pub struct DialRequest {
    url: Url,
    host: String,
    port: u16,
    secure: bool,
    deadline: Option<Instant>,
    cancelled: Arc<AtomicBool>,
}

impl DialRequest {
    /// A request, and what cancels it.
    pub(crate) fn new(url: Url, target: &Target, deadline: Option<Instant>) -> (Self, Call) {
        let cancelled = Arc::<AtomicBool>::default();
        let request = Self {
            url,
            host: target.host.to_string(),
            port: target.port,
            secure: target.secure,
            deadline,
            cancelled: cancelled.clone(),
        };
        (request, Call { cancelled })
    }

    /// The URL, `ws:` or `wss:`, with all that is in it: user info, path and query may be secrets.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The host as the URL has it: a name in lower case and ASCII, or an address; an IPv6 address
    /// in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS will be spoken over the stream, which is not the dialer's task.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// When the socket fails if the stream is not there; `None` for never. What is left then is for
    /// TLS and the upgrade: [`Timeouts::handshake`](super::Timeouts::handshake) is for all of it.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time that is left until the [`deadline`](Self::deadline): zero once it has passed.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let deadline = self.deadline?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Whether nobody wants the stream any more: script has closed the socket, the deadline has
    /// passed, or the context is gone. It is not needed to look at it, but good manners in a loop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }
}

impl fmt::Debug for DialRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialRequest")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("secure", &self.secure)
            .field("deadline", &self.deadline)
            .field("cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}

/// Somebody waits for a dialer. Dropping it says that nobody does any more.
pub(crate) struct Call {
    cancelled: Arc<AtomicBool>,
}

impl Drop for Call {
    fn drop(&mut self) {
        self.cancelled.store(true, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_where_to_and_shows_no_secrets() {
        let url = Url::parse("wss://user:secret@[::1]/path?token=secret").unwrap();
        let target = Target::new(&url).unwrap();
        let (request, call) = DialRequest::new(url.clone(), &target, None);
        assert_eq!((request.host(), request.port()), ("[::1]", 443));
        assert!(request.secure() && request.url() == &url);
        assert_eq!((request.deadline(), request.time_left()), (None, None));
        let shown = format!("{request:?}");
        assert!(
            shown.contains("443") && !shown.contains("secret"),
            "{shown}"
        );
        assert!(!request.is_cancelled());
        drop(call);
        assert!(request.is_cancelled());
    }

    #[test]
    fn no_time_is_left_after_the_deadline() {
        let url = Url::parse("ws://h/").unwrap();
        let target = Target::new(&url).unwrap();
        let (request, _call) = DialRequest::new(url, &target, Some(Instant::now()));
        assert_eq!(request.time_left(), Some(Duration::ZERO));
    }
}
