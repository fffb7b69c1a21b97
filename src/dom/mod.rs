//! The DOM Standard's events: Event, CustomEvent, EventTarget and dispatch.
//!
//! Standard: <https://dom.spec.whatwg.org/#events>.
//!
//! In scope: events and event targets of a host without a node tree; the global object as an event
//! target; AbortController and AbortSignal; event handler attributes. Out of scope: nodes, shadow
//! trees, activation behaviour, `window.event`.
//!
//! ```text
//! JsObject ── TargetObject ── Gc<TargetCore> ─┬─ listeners
//!                                             ├─ realm
//!                                             └─ extension: SocketState, (), an embedder's own …
//! JsObject ── EventObject ─┬─ type, target, flags, timeStamp
//!                          └─ extension: CloseEventData, (), …
//! ```
//!
//! Embedders define event targets of their own in the same way; see [`TargetObject`].

pub mod abort_controller;
pub mod abort_signal;
pub mod abort_signal_state;
pub mod custom_event;
pub mod dispatch;
pub mod event;
pub mod event_handlers;
pub mod event_object;
pub mod event_target;
pub mod global;
pub mod high_resolution_time;
pub mod listeners;
pub mod rust_listeners;

pub use abort_controller::ABORT_CONTROLLER;
pub use abort_signal::{ABORT_SIGNAL, AbortSignal};
pub use abort_signal_state::{AlgorithmId, AlgorithmSteps};
pub use custom_event::{CUSTOM_EVENT, CustomEventData, create_custom_event};
#[cfg(feature = "net")]
pub(crate) use dispatch::dispatch_to;
pub use dispatch::{dispatch, fire_an_event, fire_an_event_using, in_relevant_realm};
pub use event::EVENT;
pub use event_handlers::{
    event_handler_get, event_handler_set, the_event_handler_processing_algorithm,
};
pub(crate) use event_object::create_event_at;
pub use event_object::{
    Event, EventInit, construct_event, create_event, event_constructor_arguments, event_extension,
    this_event,
};
pub use event_target::{
    EVENT_TARGET, ListenersChange, ListenersChanged, TargetCore, TargetObject,
    construct_event_target, create_event_target, event_target_extension, target_core, target_of,
};
pub use global::GlobalScope;
#[cfg(feature = "net")]
pub(crate) use high_resolution_time::Occurrence;
pub use high_resolution_time::{current_high_resolution_time, time_origin_timestamp};
pub use listeners::NativeListener;
pub use rust_listeners::{ListenerHandle, ListenerOptions, add_listener, add_listener_with};

use boa_engine::{Context, JsResult};

use crate::webidl::define_interface;

/// Registers this room's interfaces in the context's current realm, and makes the realm's global
/// object an event target. [`crate::webidl::register`] comes first.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&EVENT_TARGET, context)?;
    define_interface(&EVENT, context)?;
    define_interface(&CUSTOM_EVENT, context)?;
    define_interface(&ABORT_SIGNAL, context)?;
    define_interface(&ABORT_CONTROLLER, context)?;
    global::register(context);
    abort_signal_state::register(context);
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
