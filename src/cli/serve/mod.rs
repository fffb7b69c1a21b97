//! The embedded loopback server of `boaws serve`, `boaws run --serve`, the examples and the tests.
//!
//! It speaks `ws:` on one port and `wss:` on another, with a certificate made when it starts. Frames are
//! tungstenite's server side, so that the client of this crate meets an implementation that is not its own;
//! what tungstenite would not say (protocol errors, wrong handshakes) is written byte by byte.
//!
//! Every connection has a thread of its own with a small stack, in straight-line blocking code. Stopping
//! the server shuts every socket down, which wakes every thread.
//!
//! ```
//! # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
//! use boa_websocket::cli::serve::{Scheme, Server, ServerOptions};
//!
//! let server = Server::start(ServerOptions::default())?;
//! assert!(server.url(Scheme::Ws, "/echo").is_some_and(|url| url.starts_with("ws://127.0.0.1:")));
//! assert!(server.ca_pem().is_some_and(|pem| pem.contains("BEGIN CERTIFICATE")));
//! # }
//! # Ok::<(), std::io::Error>(())
//! ```

mod accept;
mod certificate;
mod endpoints;
mod exchange;
mod frames;
mod handshakes;
mod line;
mod log;
mod records;
mod request;
mod scenario;
mod shared;
mod tap;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

pub use self::certificate::CertificateKind;
pub use self::endpoints::{ENDPOINTS, Endpoint, listing};
pub use self::log::{Entry, Kind, Log, LogEvent, Side};
pub use self::records::{CloseReceived, End, Record};
pub(in crate::cli) use self::scenario::SCHEMA;
pub use self::scenario::{Scenario, ScenarioError};
use self::shared::Shared;

/// How long [`Server::stop`] waits for the threads of connections it has shut down.
const STOP_WAIT: Duration = Duration::from_secs(5);

/// The two schemes the server speaks, each on its own port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `ws:`, plain TCP.
    Ws,
    /// `wss:`, TLS.
    Wss,
}

/// What [`Server::start`] is told.
#[derive(Clone)]
pub struct ServerOptions {
    /// The address to listen on; 127.0.0.1 by default.
    pub bind: IpAddr,
    /// Must be set for a [`bind`](Self::bind) that is not a loopback address: the endpoints are made for
    /// trying things out and do whatever a stranger asks of them. `false` by default.
    pub allow_remote: bool,
    /// The port for `ws:`; 0, the default, lets the system choose.
    pub port: u16,
    /// The port for `wss:`; 0, the default, lets the system choose.
    pub tls_port: u16,
    /// Whether to listen for `wss:` too. `true` by default when the crate has a TLS provider (feature
    /// `ring` or `aws-lc-rs`).
    pub tls: bool,
    /// What kind of certificate `wss:` shows; a good one by default.
    pub certificate: CertificateKind,
    /// How many connections may be open at once, 1 or more; 16,384 by default. Further ones are closed as
    /// soon as they are accepted.
    pub max_connections: usize,
    /// The largest message and frame that is read, in bytes; 128 MiB by default. A larger one is answered
    /// with the close code 1009.
    pub max_message_size: usize,
    /// Told of what connects and of what is said; `None` by default, which costs nothing.
    pub log: Option<Log>,
    /// What is served besides the endpoints. The first of those at the same path counts, and goes before an endpoint.
    pub scenarios: Vec<Scenario>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            allow_remote: false,
            port: 0,
            tls_port: 0,
            tls: certificate::HAS_PROVIDER,
            certificate: CertificateKind::Good,
            max_connections: 16_384,
            max_message_size: 128 << 20,
            log: None,
            scenarios: Vec::new(),
        }
    }
}

/// A running server. Dropping it stops it, as [`stop`](Self::stop) does.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    waker: Arc<mio::Waker>,
    address: SocketAddr,
    tls_address: Option<SocketAddr>,
    ca_pem: Option<String>,
}

impl Server {
    /// Binds the ports and starts to accept connections. Clients can connect as soon as it returns.
    ///
    /// # Errors
    ///
    /// `PermissionDenied` for an address that is not loopback without
    /// [`allow_remote`](ServerOptions::allow_remote); `Unsupported` for TLS without a provider; whatever the
    /// system says about binding the ports or starting a thread.
    pub fn start(options: ServerOptions) -> io::Result<Self> {
        if !options.bind.is_loopback() && !options.allow_remote {
            let message = format!("{} is not a loopback address", options.bind);
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let identity = if options.tls {
            Some(certificate::Identity::make(options.certificate)?)
        } else {
            None
        };
        let tls_port = options.tls.then_some(options.tls_port);
        let listeners = accept::Listeners::bind(options.bind, options.port, tls_port)?;
        let (address, tls_address) = listeners.addresses()?;
        let waker = listeners.waker();
        let (config, ca_pem) = identity.map(|made| (made.config, made.ca_pem)).unzip();
        let shared = Arc::new(Shared::new(options));
        let accepting = accept::spawn(listeners, config, Arc::clone(&shared))?;
        Ok(Self {
            shared,
            accepting: Some(accepting),
            waker,
            address,
            tls_address,
            ca_pem,
        })
    }

    /// The address that `ws:` listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that `wss:` listens on, unless started without TLS.
    pub fn tls_address(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// `ws://ADDRESS:PORT`, without a slash at the end.
    pub fn ws_url(&self) -> String {
        format!("ws://{}", reachable(self.address))
    }

    /// `wss://ADDRESS:PORT`, without a slash at the end; `None` when started without TLS.
    pub fn wss_url(&self) -> Option<String> {
        self.tls_address
            .map(|address| format!("wss://{}", reachable(address)))
    }

    /// The URL of `path` (which starts with a slash) over `scheme`; `None` for `wss:` when started without TLS.
    pub fn url(&self, scheme: Scheme, path: &str) -> Option<String> {
        let base = match scheme {
            Scheme::Ws => Some(self.ws_url()),
            Scheme::Wss => self.wss_url(),
        };
        base.map(|base| base + path)
    }

    /// The certificate of the authority that signed the server's certificate, in PEM; `None` when started
    /// without TLS. A client that trusts it accepts the names `localhost`, `127.0.0.1` and `::1`. Its key is
    /// forgotten before `start` returns, so nothing else can ever be signed with it.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.connections()
    }

    /// What the latest connection with the query parameter `id` in its URL has sent so far.
    pub fn record(&self, id: &str) -> Option<Record> {
        self.shared.records.get(id)
    }

    /// Waits until the latest connection with `id` has sent a Close frame or ended, at most `limit`.
    /// Returns what is known then.
    pub fn wait_for_record(&self, id: &str, limit: Duration) -> Option<Record> {
        self.shared.records.wait(id, limit, Record::is_telling)
    }

    /// Stops accepting, cuts every connection, and waits (a few seconds at most) until their threads have
    /// ended. Calling it again does nothing.
    pub fn stop(&mut self) {
        self.shared.stop();
        // An error here would mean that the accepting thread has gone already.
        let _ = self.waker.wake();
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        self.shared.wait_until_idle(STOP_WAIT);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("tls_address", &self.tls_address)
            .field("connections", &self.connections())
            .finish_non_exhaustive()
    }
}

/// An address that a client on this machine can connect to: "any address" is one to listen on only.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(IpAddr::V6(std::net::Ipv6Addr::LOCALHOST), address.port())
        }
        _ => address,
    }
}
