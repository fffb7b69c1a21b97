//! Connections: from a URL to an open WebSocket and to its end. Knows nothing of JavaScript.
//!
//! [`Network`] is the whole of it. [`Command`]s go in and [`SocketEvent`]s come out, in batches;
//! between them stand threads that resolve names, connector threads, which agree on TLS and
//! upgrade, and one thread that races TCP connections and owns every open one.
//!
//! **In scope:** `ws:` and `wss:`, the opening handshake of [RFC 6455], the closing handshake as
//! the bytes on the line, limits and deadlines, errors by phase.
//!
//! **Out of scope:** the frames and the state of the closing handshake ([`protocol`]); what script
//! sees; heartbeats.
//!
//! ```text
//!  JavaScript thread                                      threads of this room
//!  ┌─────────────┐  Command   ┌───────┐   ┌──────────────────────────────┐   ┌────────────────┐
//!  │             ├───────────>│ inbox ├──>│ boaws-socket                 ├──>│ boaws-connect  │
//!  │   Network   │            └───────┘   │ open connections, deadlines, │   │ (some)         │
//!  │             │  SocketEvent           │ who may connect now          │<──┤ boaws-resolve  │
//!  │             │<─────[event queue]─────┤                              │   │ (some)         │
//!  └─────────────┘   wake()               └──────────────────────────────┘   └────────────────┘
//! ```
//!
//! # Diagnostics
//!
//! What happens to a connection is told to `tracing` at the level debug, target
//! `boa_websocket::net`: connect, resolved, connected, proxy, tls, upgraded, closing, closed, failed,
//! with the socket's id. Host names, ports and addresses are; user info, paths, queries, header
//! values and payloads never are.
//!
//! # Where later parts go
//!
//! * Heartbeat: a deadline of `thread::socket`, beside the protocol's.
//!
//! [RFC 6455]: https://www.rfc-editor.org/rfc/rfc6455
//! [`protocol`]: crate::protocol

mod connect;
mod cookies;
mod error;
mod handshake;
mod line;
mod network;
mod options;
mod policy;
mod ports;
mod proxy;
mod queue;
mod resolver;
mod stream;
mod target;
mod tcp;
mod thread;
mod tls;
#[cfg(unix)]
mod unix;
mod vocabulary;

pub use cookies::CookieJar;
pub use error::{CertificateFault, Error, ErrorKind, Phase};
pub use handshake::{Refusal, is_handshake_header};
pub use network::Network;
pub use options::{Compression, Limits, Options, Timeouts};
pub use policy::{Denied, InvalidRule, Policy, PolicyRules};
pub use proxy::{NoProxy, Proxy, ProxyKind, ProxyOptions, ProxyRefusal};
pub use queue::{EventBatch, TextRange};
#[cfg(feature = "cli")]
pub(crate) use resolver::known_addresses;
pub use resolver::{Resolver, SystemResolver};
pub use tcp::{TcpKeepAlive, TcpOptions};
pub use tls::TlsOptions;
#[cfg(unix)]
pub use unix::UnixSockets;
pub use vocabulary::{Command, ConnectRequest, Incoming, Outgoing, SocketEvent, SocketId};
