//! Test doubles: the server side of a WebSocket, played by a test. Feature `testing`.
//!
//! [`pair`] gives a dialer for [`WebSocketExtensionBuilder::dialer`] and a [`Server`]. What scripts
//! open then comes to that server through memory, whatever the URL: no port is taken, no name looked up, and
//! nothing has to be waited for by sleeping. Everything else is real: the network's threads, TLS for `wss:`
//! if the server is [given a certificate](Setup::tls), the upgrade, the frames (which the server
//! reads and writes with tungstenite), limits and deadlines.
//!
//! ```
//! use boa_engine::{Context, Source};
//! use boa_websocket::{EventLoop, WebSocketExtension, testing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (dialer, server) = testing::pair();
//! let event_loop = EventLoop::new();
//! let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
//! let extension = WebSocketExtension::builder().dialer(dialer).build()?;
//! extension.register(None, &mut context)?;
//!
//! context.eval(Source::from_bytes(
//!     "const ws = new WebSocket('ws://prices.test/gold');
//!      ws.onmessage = event => { ws.send(event.data * 2); globalThis.sent = true };
//!      ws.onclose = event => { globalThis.code = event.code };
//!      globalThis.sent = false; globalThis.code = 0;",
//! ))?;
//! // What script asks for goes out when the loop has its turn.
//! event_loop.run_until_stalled(&mut context)?;
//! let upgrade = server.expect_upgrade()?;
//! assert_eq!(upgrade.target(), "/gold");
//! let mut peer = upgrade.accept()?;
//! peer.send_text("21")?;
//! testing::run_until_script(&event_loop, &mut context, "sent")?;
//! assert_eq!(peer.expect_text()?, "42");
//! peer.close(4001, "bye")?;
//! peer.expect_close()?;
//! testing::run_until_script(&event_loop, &mut context, "code == 4001")?;
//! # Ok(())
//! # }
//! ```
//!
//! # One thread or two
//!
//! The network has threads of its own, so a test on one thread just takes turns: it runs the loop
//! until script has done its part ([`run_until`], [`run_until_script`], or
//! [`EventLoop::run_until_stalled`](crate::EventLoop::run_until_stalled)), and then says what the server does. What
//! `expect_…` waits for must have been sent before: if script has still to send it, run the loop
//! first. A server that is to answer while the loop runs stands on another thread; [`Server`] and
//! [`Peer`] are `Send`, and `Server` is `Sync`.
//!
//! # Nothing hangs
//!
//! Every call that waits gives up after a time, 20 s unless [`Setup::timeout`] says otherwise, with an [`Error`]
//! that says what was expected and what came instead.
//!
//! [`WebSocketExtensionBuilder::dialer`]: crate::WebSocketExtensionBuilder::dialer

mod error;
mod line;
mod peer;
mod pipe;
mod run;
mod server;
mod upgrade;

pub use error::{Error, ErrorKind};
pub use peer::{Close, Message, Peer};
pub use run::{run_until, run_until_script};
pub use server::{MemoryDialer, Server, Setup, pair};
pub use upgrade::Upgrade;
