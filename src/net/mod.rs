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
//! sees; proxies.
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
//! `boa_websocket::net`: connect, resolved, connected, tls, upgraded, pong (with the round trip),
//! closing, closed, failed, with the socket's id. Host names, ports and addresses are; user info, paths, queries, header values
//! and payloads never are.
//!
//! # Where later parts go
//!
//! * Policy: the URL in `Connects::admit`, each address in `Connects::has_addresses`.
//! * Racing of addresses: `Connects::next_address`; a turn belongs to a dial, not to an attempt.
//! * Proxies: a phase between `Dial::connect` and `Dial::start_tls`.
//!
//! [RFC 6455]: https://www.rfc-editor.org/rfc/rfc6455
//! [`protocol`]: crate::protocol

mod connect;
mod cookies;
mod error;
mod handshake;
mod heartbeat;
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
pub use handshake::{Refusal, is_handshake_header};
pub use heartbeat::Heartbeat;
pub use network::Network;
pub use options::{Compression, Limits, Options, Timeouts};
pub use queue::{EventBatch, TextRange};
pub use tls::TlsOptions;
pub use vocabulary::{Command, ConnectRequest, Incoming, Outgoing, SocketEvent, SocketId};
