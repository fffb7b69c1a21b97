//! From a URL to an open WebSocket: who may try, when it is whose turn, and the trying itself.
//!
//! ```text
//! begin ──> resolve ──> race: TCP to one address and the next ──┬───────> upgrade in place ───┬─> open
//!   │          │ detached thread  │ no thread                    │           │ no thread       │
//!   │          └─ no more than    ├─ a turn at each              └─> dial: tunnel, TLS, upgrade ─┘
//!   └─ policy:    `connectors`    │  (address, port): RFC 6455 4.1   │ connector thread
//!      the URL                    └─ policy: each address            └─ no more than `connectors`
//! ```
//!
//! The socket thread decides all of it in [`Connects`], without a lock; the threads that resolve
//! and dial tell it their results through its inbox.
//!
//! # Racing, and one handshake at a time
//!
//! Two rules meet here. RFC 8305 wants all addresses of a name tried, the next one as soon as one
//! has failed or has had its delay, until the first is connected. RFC 6455 wants no more than one
//! handshake at a time with an address, so that each needs its *turn* for as long as it is connected
//! to and shaken hands with.
//!
//! * A turn is for one address (and port), not for a socket: each address that is raced has its own,
//!   and is given back as soon as it has failed or lost. Only the winner's is kept to the end of the
//!   upgrade.
//! * Where a turn is taken, the address is left out for the moment: the socket queues for it, and
//!   goes on to its next address. So a thousand sockets to a name with one dead address do not queue
//!   up behind it. Of those that queue, the oldest socket is first.
//! * Who has a turn never waits for another one: a race goes on with what it has, and ends at its
//!   deadline. So nothing can be deadlocked.
//! * The deadline covers all from the lookup to the upgrade. It stands still while nothing is under
//!   way for a socket: while all it could try is taken by others, or while there are
//!   [`Limits::dialling`] others. It does run while other lookups are waited for, which nobody can
//!   interrupt: a resolver that hangs must not make a socket wait for ever.
//!
//! TCP connections are established on the socket thread, which polls anyway: no thread is held by
//! an address that does not answer. Nor by a server that does not answer the upgrade, as long as there is nothing in it but to
//! write a request and to read a response: each hand-over between threads takes longer than that. What may block or
//! calculate for long, a tunnel, TLS or a cookie jar, goes to a connector thread.
//!
//! # An embedder's dialer
//!
//! It takes the place of the lookup and of the race: there is one thing to try, a call on a thread of
//! its own, and what it gives back goes to a connector thread as a connection that has won would. The
//! turn is for the target's host name and port. A call cannot be interrupted, so its thread is
//! detached; it is told when nobody waits for it any more.
//!
//! # Behind a proxy
//!
//! What is looked up and raced is the proxy. Its addresses are no matter of the policy, which is
//! asked about the URL alone. The turn is for the target's host name and port, and so the same for
//! all addresses of the proxy: it is the target that is to have no more than one handshake under
//! way. A dial then begins with a tunnel.
//!
//! [`Limits::dialling`]: super::Limits::dialling

mod attempt;
mod calls;
mod dial;
mod resolve;
mod schedule;
mod tunnel;
mod turns;
mod upgrade;
mod wait;
mod workers;

pub(crate) use dial::{Dialler, Established};
pub(crate) use schedule::{Connects, Ended};
pub(crate) use turns::Turn;
