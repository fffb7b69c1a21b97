//! From a URL to an open WebSocket: who may try, when it is whose turn, and the trying itself.
//!
//! ```text
//! begin ──> resolve ──> turn at (address, port) ──> dial: TCP, TLS, upgrade ──> open
//!              │ detached thread    │ no thread         │ connector thread
//!              └─ no more than      └─ one at a time    └─ TCP fails: the next address
//!                 `connectors`         (RFC 6455 4.1)
//! ```
//!
//! The socket thread decides all of it in [`Connects`], without a lock; the threads that resolve
//! and dial tell it their results through its inbox.

mod dial;
mod resolve;
mod schedule;
mod tunnel;
mod wait;
mod workers;

pub(crate) use dial::{Dialler, Established};
pub(crate) use schedule::{Connects, Ended};
