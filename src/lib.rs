//! The web's event and socket interfaces for the [Boa](https://boajs.dev) JavaScript engine:
//! `EventTarget`, `Event`, `CloseEvent`, `WebSocket` and their kin as native classes, backed by a
//! blocking Rust socket thread.
//!
#![cfg_attr(feature = "net", doc = "```")]
#![cfg_attr(not(feature = "net"), doc = "```ignore")]
//! use boa_engine::{Context, JsValue, Source};
//! use boa_websocket::{EventLoop, WebSocketExtension};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let url = "wss://example.org/chat";
//! # // While this is tested, a server on this machine that sends everything back.
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let url = format!("ws://{}/", listener.local_addr()?);
//! # std::thread::spawn(move || {
//! #     let tcp = listener.accept().expect("a client").0;
//! #     let mut socket = tungstenite::accept(tcp).expect("a handshake");
//! #     while let Ok(message) = socket.read() {
//! #         if message.is_text() { let _ = socket.send(message); }
//! #     }
//! # });
//! let event_loop = EventLoop::new();
//! let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
//! WebSocketExtension::default().register(None, &mut context)?;
//! context.eval(Source::from_bytes(&format!(
//!     "const ws = new WebSocket('{url}');
//!      ws.onopen = () => ws.send('hello');
//!      ws.onmessage = (event) => ws.close(1000, event.data);
//!      ws.onclose = (event) => globalThis.code = event.code;",
//! )))?;
//! // Until nothing can happen any more.
//! event_loop.run(&mut context)?;
//! assert_eq!(context.eval(Source::from_bytes("code"))?, JsValue::from(1000));
//! # Ok(())
//! # }
//! ```
//!
//! # Scope
//!
//! In scope: the events of the DOM and HTML Standards, aborting, `Blob`, timers and the client side of WebSockets, for a host without
//! documents. Out of scope: nodes, `fetch`, streams, workers, a WebSocket server (the binary's is for tests).
//!
//! # States
//!
//! ```text
//! new WebSocket ─▶ CONNECTING ──open──▶ OPEN ──close(), or the peer's Close──▶ CLOSING ──close──▶ CLOSED
//!                      │                 │                                        ▲             ▲
//!                      └──── close() ────┼────────────────────────────────────────┘             │
//!                                        └── the line is cut or an error: error, close (1006) ──┘
//! ```
//!
//! `readyState` changes in tasks and in `close()` only: script never sees it move within a turn.
//!
//! # Threads
//!
//! A context, its [`EventLoop`] and all script stay on one thread. The network has its own: one that owns the open connections, from the
//! first socket until a few seconds after the last, and a bounded number that connect. What other threads may hold: a
//! [`Spawner`], which runs closures on the script's thread, a [`LoopWaker`](event_loop::LoopWaker), and a `WebSocketsHandle`, which
//! closes and aborts sockets under every executor. There is no global state: two contexts share nothing.
//!
//! # Lifetime
//!
//! A socket lives while it connects, while it has bytes to send, and while an event can still reach a listener; that is also what keeps
//! [`EventLoop::run`] going. One that script has lost while it was open closes without a code. Dropping the context ends its
//! connections and threads; drop the loop as well, which holds the tasks and timers that wait.
//!
//! Under an executor other than [`EventLoop`] the crate has one job, which ends when no socket keeps it: with no listener on any, say. A new
//! listener, sending, closing, a new socket or reading `readyState` brings it back, and what has come meanwhile is seen then.
//!
//! # Scripts that are not trusted
//!
//! Everything that comes from the network is bounded, and script is told of a failure no more than browsers tell. What a script may do is for the
//! embedder to bound; `examples/untrusted.rs` shows all of it together:
//!
//! 1. **Time and stack**: Boa's [`RuntimeLimits`](boa_engine::vm::RuntimeLimits): iterations of a loop, recursion, the stack. Script cannot catch
//!    these errors; they end the task, and the loop goes on.
//! 2. **Whom it reaches**: a policy (`WebSocketExtensionBuilder::policy`, `net::PolicyRules`), asked about the URL and about each address.
//! 3. **How much**: `net::Limits`: sockets, connectors, bytes of a message and of each queue. Bytes in buffers handed to script are
//!    counted, and the collector is asked to run when they have grown.
//! 4. **A watchdog**: another thread sets a flag and wakes the loop; the host runs [`Turns::run_until`](event_loop::Turns::run_until) with
//!    that flag and then drops the context and the loop.
//!
//! What Boa cannot do: it has no interrupt. The watchdog is heeded between tasks, so one long run of script, a regular expression or a native
//! function that computes long holds it back; Boa's heap has no limit; and deep native recursion can end the process. A script that may be
//! malicious belongs in a process of its own, with the operating system's limits on memory and time.
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
//! | `web` | what scripts lean on beside sockets: `URL`, `TextDecoder`, `crypto`; its `WebExtension` registers it |
//! | [`events`] | the registration of all that needs no network |
//! | [`extension`] | the registration of all |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `net` | yes | `WebSocket`, and the modules it needs; without it [`EventsExtension`] registers the rest |
//! | `cli` | yes | the host binary `boaws` and what only it needs |
//! | `runtime` | with `cli` | the extensions as `boa_runtime::RuntimeExtension`s; message ports and broadcast channels |
//! | `ring` | yes | TLS with the provider `ring` |
//! | `system-roots` | with `cli` | [`net::TlsOptions`] can trust what the operating system trusts |
//! | `web` | with `cli` | `WebExtension`: `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder` and `crypto` |
//! | `testing` | no | the module `testing`: servers in memory that an embedder's tests play |
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
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "web")]
pub mod web;
pub mod webidl;
#[cfg(feature = "net")]
pub mod websocket;

pub use event_loop::{EventLoop, Microtasks, Spawner};
pub use events::EventsExtension;
#[cfg(feature = "net")]
pub use extension::{Error, WebSocketExtension, WebSocketExtensionBuilder};
pub use html::Hooks;
#[cfg(feature = "web")]
pub use web::WebExtension;
#[cfg(feature = "net")]
pub use websocket::{WebSocket, WebSockets, WebSocketsHandle};
