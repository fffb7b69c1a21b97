//! Connections: from a URL to an open WebSocket and to its end. Knows nothing of JavaScript.
//!
//! [`Network`] is the whole of it. [`Command`]s go in and [`SocketEvent`]s come out, in batches;
//! between them stand threads that resolve names, connector threads for what may take long before a connection is open,
//! TLS for one, and one thread that races TCP connections and owns every open one. Where
//! [`EventLoop`](crate::EventLoop) waits for this network and no code of the embedder's is called in it, the JavaScript
//! thread does that one's work while it waits, so that a message and its answer wake one thread and not three.
//!
//! **In scope:** `ws:` and `wss:`, the opening handshake of [RFC 6455], the closing handshake as
//! the bytes on the line, limits and deadlines, errors by phase.
//!
//! **Out of scope:** the frames and the state of the closing handshake ([`protocol`]); what script
//! sees.
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
//! Each connection has a `tracing` span, `connection`, with the fields id, host, port and secure;
//! target `boa_websocket::net`, level debug, like the events in it: connect, resolved, connected,
//! proxy, tls, upgraded, pong (with the round trip), closing, closed, failed; of an upgrade that is
//! refused, answer (status and reason) and header, for each of the answer's headers. Without a
//! listener that costs next to nothing. Never told are user info, paths, queries, values of request headers, payloads, and those values
//! of response headers that may be secrets: cookies, tokens, what follows the scheme of a challenge,
//! the query of a `Location`. A connection whose certificate is not verified is warned of.
//!
//! [RFC 6455]: https://www.rfc-editor.org/rfc/rfc6455
//! [`protocol`]: crate::protocol

mod connect;
mod contradictions;
mod cookies;
mod dialer;
mod error;
mod handshake;
mod heartbeat;
mod line;
mod network;
mod observer;
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
mod transport;
#[cfg(unix)]
mod unix;
mod vocabulary;

pub use contradictions::InvalidOption;
pub use cookies::CookieJar;
pub use dialer::{DialRequest, Dialer, Dialled};
pub use error::{CertificateFault, Error, ErrorKind, Phase};
#[cfg(feature = "cli")]
pub(crate) use handshake::Shown;
pub(crate) use handshake::is_secret;
pub use handshake::{Answer, Refusal, is_handshake_header};
pub use heartbeat::Heartbeat;
pub(crate) use network::Ender;
pub use network::Network;
pub use observer::{Destination, MessageView, Observer, RequestHead, ResponseHead};
pub use options::{Compression, Limits, Options, Timeouts};
pub use policy::{Denied, InvalidRule, Policy, PolicyRules};
pub use proxy::{NoProxy, Proxy, ProxyKind, ProxyOptions, ProxyRefusal};
pub(crate) use queue::EndAll;
pub use queue::{EventBatch, TextRange};
#[cfg(feature = "cli")]
pub(crate) use resolver::known_addresses;
pub use resolver::{Resolver, SystemResolver};
pub use tcp::{TcpKeepAlive, TcpOptions};
pub(crate) use thread::Leader;
pub use tls::{TlsAlert, TlsOptions};
pub use transport::{Readiness, Transport};
#[cfg(unix)]
pub use unix::UnixSockets;
pub use vocabulary::{Command, ConnectRequest, Incoming, Outgoing, SocketEvent, SocketId};
