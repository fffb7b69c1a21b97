//! The WebSockets Standard: `WebSocket`. <https://websockets.spec.whatwg.org> (Its `CloseEvent`, which needs no network, stands
//! with the other events in [`html`](crate::html).)
//!
//! This room joins script and [`net`](crate::net), and is the only one that does. What script asks for becomes a
//! [`Command`](crate::net::Command); what happens on the line comes back as a
//! [`SocketEvent`](crate::net::SocketEvent), and each of those is one task.
//!
//! ```text
//!  script ──▶ web_socket ──▶ sockets ──Command──▶ net (its own threads)
//!    ▲                          │
//!    └──── feedback ◀───────────┴◀──SocketEvent──
//! ```
//!
//! A socket is held while it can fire an event that somebody listens to, while it is connecting and
//! while it has something to transmit; that is also what keeps the event loop running. One that
//! script has lost while it was open closes without a code.
//!
//! For Rust code: [`WebSockets`] has all sockets of a context, [`WebSocketsHandle`] ends them from other threads, [`WebSocket`]
//! makes one and uses it, and [`MessageEventView`] and [`CloseEventView`] read its events, which
//! [`dom::add_listener`](crate::dom::add_listener) hears.

mod arguments;
mod control;
mod driver;
mod event_views;
mod external_memory;
mod feedback;
mod handle;
mod init;
mod remote;
mod sockets;
mod state;
pub mod web_socket;

use boa_engine::{Context, Finalize, JsData, JsResult, Trace, realm::Realm};
use url::Url;

pub use control::{InvalidClose, SocketInfo, WebSockets};
pub use event_views::{CloseEventView, MessageEventView, MessagePayload};
pub use handle::WebSocket;
pub use remote::WebSocketsHandle;
pub use state::ReadyState;
pub use web_socket::WEB_SOCKET;

pub use crate::html::{CLOSE_EVENT, CloseEventData, create_close_event};

use crate::{net::Options, webidl::define_interface};

/// What the sockets of one realm take from their settings object.
/// <https://html.spec.whatwg.org/multipage/webappapis.html#environment-settings-objects>
#[derive(Clone, Debug, Default, Trace, Finalize, JsData)]
#[boa_gc(unsafe_no_drop)]
pub struct Settings {
    /// The API base URL, against which relative URLs are resolved. Without one they are a SyntaxError.
    #[unsafe_ignore_trace]
    pub base_url: Option<Url>,
    /// The serialised origin, sent as `Origin`. Without one there is no such header.
    #[unsafe_ignore_trace]
    pub origin: Option<String>,
}

impl Settings {
    fn of(realm: &Realm) -> Self {
        let settings = realm.host_defined().get::<Self>().cloned();
        settings.unwrap_or_default()
    }
}

/// Registers this room's interfaces in the context's current realm. The rooms below come first.
///
/// The network and its `options` are the context's: those of the first call hold for all its realms.
/// `settings` are the realm's.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(options: Options, settings: Settings, context: &mut Context) -> JsResult<()> {
    define_interface(&WEB_SOCKET, context)?;
    sockets::Sockets::register(options, context);
    context.realm().host_defined_mut().insert(settings);
    Ok(())
}
