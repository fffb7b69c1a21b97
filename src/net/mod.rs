//! Connections: from a URL to an open WebSocket and to its end. Knows nothing of JavaScript.
//!
//! [`Network`] is the whole of it. [`Command`]s go in and [`SocketEvent`]s come out, in batches;
//! between them stand connector threads, which resolve, dial, agree on TLS and upgrade, and one
//! thread that owns every open connection.
//!
//! **In scope:** `ws:` and `wss:`, the opening handshake of [RFC 6455], the closing handshake as
//! the bytes on the line, limits and deadlines, errors by phase.
//!
//! **Out of scope:** the frames and the state of the closing handshake ([`protocol`]); what script
//! sees; proxies and heartbeats.
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
//! tls, upgraded, closing, closed, failed; of an upgrade that is refused, answer (status and reason)
//! and header, for each of the answer's headers. Without a listener that costs next to nothing.
//! Never told are user info, paths, queries, values of request headers, payloads, and those values
//! of response headers that may be secrets: cookies, tokens, what follows the scheme of a challenge,
//! the query of a `Location`. A connection whose certificate is not verified is warned of.
//!
//! # Where later parts go
//!
//! * Policy: the URL in `Connects::admit`, each address in `Connects::has_addresses`.
//! * Racing of addresses: `Connects::next_address`; a turn belongs to a dial, not to an attempt.
//! * Proxies: a phase between `Dial::connect` and `Dial::start_tls`.
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
mod ports;
mod queue;
mod target;
mod thread;
mod tls;
mod vocabulary;

pub use cookies::CookieJar;
pub use error::{CertificateFault, Error, ErrorKind, Phase};
pub(crate) use handshake::is_secret;
pub use handshake::{Answer, Refusal, is_handshake_header};
pub use network::Network;
pub use options::{Compression, Limits, Options, Timeouts};
pub use queue::{EventBatch, TextRange};
pub use tls::{TlsAlert, TlsOptions};
pub use vocabulary::{Command, ConnectRequest, Incoming, Outgoing, SocketEvent, SocketId};
