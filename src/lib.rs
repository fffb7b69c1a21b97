//! The web's event and socket interfaces for the [Boa](https://boajs.dev) JavaScript engine:
//! `EventTarget`, `Event`, `CloseEvent`, `WebSocket` and their kin as native classes, backed by a
//! blocking Rust socket thread.
//!
//! ```no_run
//! use boa_engine::{Context, JsResult, Source};
//! use boa_websocket::{EventLoop, WebSocketExtension};
//!
//! # fn main() -> JsResult<()> {
//! let event_loop = EventLoop::new();
//! let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
//! WebSocketExtension::default().register(None, &mut context)?;
//! context.eval(Source::from_bytes(
//!     "const ws = new WebSocket('wss://example.org/chat');
//!      ws.onopen = () => ws.send('hello');
//!      ws.onmessage = (event) => ws.close(1000, event.data);
//!      ws.onclose = (event) => { globalThis.code = event.code };",
//! ))?;
//! event_loop.run(&mut context)?;
//! # Ok(())
//! # }
//! ```
//!
//! # Rooms
//!
//! Each module stands on those before it and knows nothing of those after it.
//!
//! | module | what it is |
//! |---|---|
//! | [`protocol`] | RFC 6455 without sockets, threads or clocks: bytes and time in, bytes and events out |
//! | [`net`] | connecting, TLS, and the thread that owns all open connections; knows nothing of Boa |
//! | [`event_loop`] | Boa's job executor with HTML's semantics: tasks, microtasks, timers |
//! | [`webidl`] | Web IDL for Boa: interface tables, conversions, callbacks, `DOMException` |
//! | [`dom`] | the DOM Standard's events and abort signals |
//! | [`html`] | `MessageEvent`, `CloseEvent`, `ErrorEvent`, message ports, uncaught errors, `performance` |
//! | [`mod@file`] | `Blob`, `File` |
//! | [`websocket`] | `WebSocket`; joins script and network |
//! | [`events`] | the registration of all that needs no network |
//! | [`extension`] | the registration of all |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `net` | yes | `WebSocket`, and the modules it needs; without it [`EventsExtension`] registers the rest |
//! | `cli` | yes | the host binary `boaws` and what only it needs |
//! | `runtime` | with `cli` | `boa_runtime::RuntimeExtension` for [`WebSocketExtension`] |
//! | `ring` | yes | TLS with the provider `ring` |
//! | `system-roots` | with `cli` | [`net::TlsOptions`] can trust what the operating system trusts |
//! | `aws-lc-rs` | no | TLS with the provider `aws-lc-rs`, which goes before `ring` |
//!
//! `default-features = false` is the event interfaces alone; with `features = ["ring"]` it is the library without the binary.
//! `cli`, `ring`, `aws-lc-rs` and `system-roots` imply `net`. Without a provider, `wss:` works with a `rustls::ClientConfig` of the embedder's own
//! ([`net::TlsOptions::set_config`]) and fails with a clear error otherwise.

// Nothing from outside may panic.
#![deny(missing_docs)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod dom;
pub mod event_loop;
pub mod events;
#[cfg(feature = "net")]
pub mod extension;
pub mod file;
pub mod html;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "net")]
pub mod protocol;
pub mod webidl;
#[cfg(feature = "net")]
pub mod websocket;

pub use event_loop::{EventLoop, Microtasks, Spawner};
pub use events::EventsExtension;
#[cfg(feature = "net")]
pub use extension::{Error, WebSocketExtension, WebSocketExtensionBuilder};
pub use html::Hooks;
