//! The server that a test plays, and the dialer that leads to it.

use std::{
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use url::Url;

use super::{
    error::{Error, ErrorKind},
    line::Line,
    pipe::{ServerEnd, pipe},
    upgrade::Upgrade,
};
use crate::net::{DialRequest, Dialer, Dialled};

/// A dialer and the server it leads to, with the defaults of [`Setup`].
#[must_use]
pub fn pair() -> (MemoryDialer, Server) {
    Setup::new().pair()
}

/// What a [`Server`] can be told beforehand.
#[derive(Debug, Clone)]
pub struct Setup {
    capacity: usize,
    timeout: Duration,
    tls: Option<Arc<ServerConfig>>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            capacity: 64 << 10,
            timeout: Duration::from_secs(20),
            tls: None,
        }
    }
}

impl Setup {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes each direction of a connection holds that the other side has not read, at
    /// least 1. Default: 64 KiB. What goes beyond waits on its side, as with a peer that does not
    /// read: `bufferedAmount` stays where it is.
    #[must_use]
    pub fn capacity(mut self, bytes: usize) -> Self {
        self.capacity = bytes;
        self
    }

    /// How long each call waits at most. Default: 20 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The certificate and whatever else TLS needs for `wss:`. Default: none; a connection for a
    /// `wss:` URL is then an error of [`Server::expect_upgrade`].
    #[must_use]
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// The dialer and the server.
    #[must_use]
    pub fn pair(self) -> (MemoryDialer, Server) {
        let hub = Arc::new(Hub {
            capacity: self.capacity,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let dialer = MemoryDialer { hub: hub.clone() };
        let server = Server {
            hub,
            timeout: self.timeout,
            tls: self.tls,
        };
        (dialer, server)
    }
}

/// Where connections wait for the server.
struct Hub {
    capacity: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    failures: VecDeque<io::ErrorKind>,
    server_gone: bool,
}

struct Waiting {
    url: Url,
    secure: bool,
    end: ServerEnd,
}

impl Hub {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects every URL to a [`Server`], through memory; for
/// [`WebSocketExtensionBuilder::dialer`](crate::WebSocketExtensionBuilder::dialer) or
/// [`net::Options::dialer`](crate::net::Options::dialer). Once the server has been dropped, connections are refused.
#[derive(Clone)]
pub struct MemoryDialer {
    hub: Arc<Hub>,
}

impl Dialer for MemoryDialer {
    fn dial(&self, request: &DialRequest) -> io::Result<Dialled> {
        let mut state = self.hub.lock();
        if state.server_gone {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        if let Some(kind) = state.failures.pop_front() {
            return Err(kind.into());
        }
        let (client, end) = pipe(self.hub.capacity);
        state.waiting.push_back(Waiting {
            url: request.url().clone(),
            secure: request.secure(),
            end,
        });
        drop(state);
        self.hub.changed.notify_all();
        Ok(Dialled::transport(client))
    }
}

impl fmt::Debug for MemoryDialer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryDialer").finish_non_exhaustive()
    }
}

/// The server side of all connections of a [`MemoryDialer`]. It does nothing by itself: a client
/// whose connection nobody expects waits until its deadline.
///
/// The client makes one handshake at a time with each host name and port, unless
/// [`net::Options::serial_handshakes`](crate::net::Options::serial_handshakes) is unset: of two sockets to one host, the second
/// one comes here when the first one has had its answer.
pub struct Server {
    hub: Arc<Hub>,
    timeout: Duration,
    tls: Option<Arc<ServerConfig>>,
}

impl Server {
    /// The request of the next connection, whatever its URL; the oldest one first.
    ///
    /// # Errors
    ///
    /// None comes, for the event loop has had no turn since script asked for it, or its client goes
    /// away; it is no HTTP request; TLS fails, because the client does not trust the certificate for
    /// one.
    pub fn expect_upgrade(&self) -> Result<Upgrade, Error> {
        self.expect("a connection", |_| true)
    }

    /// As [`expect_upgrade`](Self::expect_upgrade), for a connection to this URL; those to others stay
    /// where they are.
    ///
    /// # Errors
    ///
    /// Those of [`expect_upgrade`](Self::expect_upgrade), and a URL that is none.
    pub fn expect_upgrade_to(&self, url: &str) -> Result<Upgrade, Error> {
        let expected = format!("a connection to {url}");
        let url = Url::parse(url).map_err(|error| {
            Error::new(&*expected, ErrorKind::Invalid(error.to_string().into()))
        })?;
        self.expect(&expected, |other| *other == url)
    }

    /// Has the next connection that is not yet made fail with this error, as one to a server that
    /// cannot be reached. Called again, the one after that.
    pub fn fail_next(&self, kind: io::ErrorKind) {
        self.hub.lock().failures.push_back(kind);
    }

    /// Connections that wait to be expected.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.hub.lock().waiting.len()
    }

    fn expect(&self, expected: &str, fits: impl Fn(&Url) -> bool) -> Result<Upgrade, Error> {
        let deadline = Instant::now().checked_add(self.timeout);
        let mut state = self.hub.lock();
        let found = loop {
            let at = state.waiting.iter().position(|one| fits(&one.url));
            if let Some(found) = at.and_then(|at| state.waiting.remove(at)) {
                break found;
            }
            let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(Error::new(expected, ErrorKind::TimedOut(self.timeout)));
            }
            let waited = self
                .hub
                .changed
                .wait_timeout(state, left.unwrap_or(Duration::from_secs(3600)));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(state);
        let line = self.line(found.end, found.secure)?;
        Upgrade::read(line, found.url, self.timeout)
    }

    fn line(&self, end: ServerEnd, secure: bool) -> Result<Line, Error> {
        if !secure {
            return Ok(Line::Plain(end));
        }
        let invalid = |why: String| Error::new("a TLS connection", ErrorKind::Invalid(why.into()));
        let Some(config) = self.tls.clone() else {
            return Err(invalid(
                "the server has no certificate: see Setup::tls".into(),
            ));
        };
        let tls = ServerConnection::new(config).map_err(|error| invalid(error.to_string()))?;
        Ok(Line::Tls(Box::new(StreamOwned::new(tls, end))))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut state = self.hub.lock();
        state.server_gone = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("waiting", &self.waiting())
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
