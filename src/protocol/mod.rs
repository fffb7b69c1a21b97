//! The client side of the WebSocket protocol, without any input or output of its own.
//!
//! Bytes and the time go in, events and bytes come out. There is no socket here, no thread, no
//! clock and no JavaScript: whoever owns the line calls [`Connection`], which makes every rule of
//! [RFC 6455] testable with byte literals.
//!
//! **In scope:** everything behind the opening handshake. Frames and their limits, messages and
//! their UTF-8, pings and pongs, masking, the closing handshake and its timers, failing the
//! connection.
//!
//! **Out of scope:** the HTTP upgrade, TLS, sockets, back-pressure towards the reader of messages
//! (the caller just stops reading), and the server's role.
//!
//! Frame headers, opcodes and close codes are those of `tungstenite::protocol::frame`.
//!
//! # How a caller drives it
//!
//! ```text
//!   readable:  body_buffer() ── Some(buffer) ──> read into it ──> body_filled(n)
//!                    └───────── None ──────────> read into a scratch buffer ──> receive(bytes)
//!              end of input: end_of_stream()           error: line_failed()
//!   writable:  output() ──> write ──> wrote(n), until has_output() is false
//!   then:      wants_shutdown(): shut down the sending side, once
//!              is_failing(): fail_now() when messages from before have been answered
//!              deadline(): call handle_deadline() when it has come
//!              finished(): Some: drop the line, the outcome is what the close event shows
//! ```
//!
//! # The states
//!
//! ```text
//!                              OPEN
//!        close()                │                  Close frame arrives
//!      ┌────────────────────────┼───────────────────────────┐
//!      v                        │                           v
//!   CLOSING, by us              │ violation,             CLOSING, by the peer
//!   Close behind what           │ limit, fail()          what was sent before goes out, then
//!   was sent before             │                        our Close with the peer's code
//!      │ written:               v                        (close_timeout from its arrival)
//!      │ close_timeout       FAILED                         │ written
//!      │                     Close ahead of what is         │
//!      │ Close arrives       unsent, then wants_shutdown(), │
//!      ├──────────┐          input is discarded (linger)    │
//!      │          v             │                           v
//!      │        both Close frames are through: linger for the server to end the line
//!      │ time is  │             │                           │
//!      │ up       └─────────────│──────────────┬────────────┘
//!      v                        v              v
//!    FINISHED               FINISHED       FINISHED
//!    unclean, 1006          unclean, 1006  clean, the peer's code
//! ```
//!
//! The line may end in any state. It is a clean end exactly when both Close frames are through
//! ([RFC 6455, section 7.1.4]); the code is that of the Close frame that was received, 1005 if it
//! had none, and 1006 if no Close frame was received ([section 7.1.5]). So a line that breaks after
//! the peer's Close frame and before ours was written shows the peer's code and is not clean.
//! An end of input alone does not break the line: it can still take our answer, and then the
//! handshake is complete.
//!
//! A caller that gives [`Config::failure_delay`] comes to FAILED later: as long as
//! [`Connection::is_failing`] says so, the connection is OPEN for what is sent and deaf to the line.
//!
//! # permessage-deflate
//!
//! `extension.rs` says what was agreed on and where a message's payload passes [RFC 7692]:
//! `inflate.rs` on its way in, `deflate.rs` on its way out. Without an agreement a set RSV bit fails
//! the connection with 1002.
//!
//! A connection that has not sent or received a compressed message has no memory for it. From the
//! first one on, deflating takes 245 to 371 KiB for a window of 9 to 15 bits and inflating 47 KiB.
//! Without context takeover the inflater goes with each message, and the deflater when nothing is
//! left to be written.
//!
//! [RFC 6455]: https://www.rfc-editor.org/rfc/rfc6455
//! [RFC 6455, section 7.1.4]: https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4
//! [section 7.1.5]: https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5
//! [RFC 7692]: https://www.rfc-editor.org/rfc/rfc7692

mod close;
mod config;
mod connection;
mod deflate;
mod encode;
mod error;
mod extension;
mod frame;
mod frames;
mod incoming;
mod inflate;
mod mask;
mod message;
mod output;
mod sink;
mod state;
mod utf8;

#[cfg(test)]
mod tests;

pub use close::{NO_CLOSE_FRAME, NO_STATUS_CODE, is_close_code_for_the_wire};
pub use config::Config;
pub use connection::Connection;
pub use error::Error;
pub use extension::Deflate;
pub use frames::Frames;
pub use incoming::DIRECT_READ_MIN;
pub use sink::{Binary, Sink};
pub use state::{Outcome, State};
