//! The HTML Standard's part: MessageEvent, ErrorEvent, PromiseRejectionEvent, the WebSockets Standard's CloseEvent,
//! reporting exceptions, and what the global object has of it; with the crate's feature `runtime`
//! MessageChannel, MessagePort and BroadcastChannel too.
//!
//! Standard: <https://html.spec.whatwg.org/>.
//!
//! An exception that no script catches takes this way: the event loop's
//! [`report_exception`](crate::event_loop::report_exception) → [`report_an_exception`] → an `error`
//! event at the global object → if that was not cancelled, the embedder's
//! [sink](set_uncaught_error_sink), which prints to stderr unless another is set.

#[cfg(feature = "runtime")]
mod broadcast_channel;
mod close_event;
mod error_event;
mod error_event_handler;
mod error_info;
mod global_scope;
#[cfg(feature = "runtime")]
mod message_channel;
mod message_event;
#[cfg(feature = "runtime")]
mod message_port;
mod performance;
#[cfg(feature = "runtime")]
mod posted_messages;
mod promise_rejection_event;
mod report_exception;
#[cfg(feature = "runtime")]
mod structured_clone;
mod unhandled_rejections;

#[cfg(test)]
mod tests;

#[cfg(feature = "runtime")]
pub use broadcast_channel::BROADCAST_CHANNEL;
pub use close_event::{CLOSE_EVENT, CloseEventData, create_close_event};
pub use error_event::{ERROR_EVENT, ErrorEventData};
#[cfg(feature = "runtime")]
pub use message_channel::MESSAGE_CHANNEL;
#[cfg(feature = "net")]
pub(crate) use message_event::create_message_event_at;
pub use message_event::{
    DeferredData, MESSAGE_EVENT, MessageData, MessageEventData, create_message_event,
    message_event_data,
};
#[cfg(feature = "runtime")]
pub use message_port::MESSAGE_PORT;
pub use performance::PERFORMANCE;
pub use promise_rejection_event::{PROMISE_REJECTION_EVENT, PromiseRejectionEventData};
#[cfg(feature = "cli")]
pub(crate) use report_exception::stack_of_error;
pub use report_exception::{
    UncaughtError, UncaughtErrorSink, UncaughtKind, report_an_exception, set_uncaught_error_sink,
};
pub use unhandled_rejections::{Hooks, host_promise_rejection_tracker};

use boa_engine::{Context, JsResult};

use crate::webidl::define_interface;

/// Registers this room's interfaces and the global object's members in the context's current
/// realm, and makes uncaught exceptions go to `error` events. [`crate::dom::register`] comes first.
///
/// It takes the place of a reporter set with
/// [`set_exception_reporter`](crate::event_loop::set_exception_reporter); an embedder that wants to
/// hear of errors uses [`set_uncaught_error_sink`].
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&MESSAGE_EVENT, context)?;
    define_interface(&ERROR_EVENT, context)?;
    define_interface(&CLOSE_EVENT, context)?;
    define_interface(&PROMISE_REJECTION_EVENT, context)?;
    // What they post is cloned by `boa_runtime`.
    #[cfg(feature = "runtime")]
    for interface in [&MESSAGE_PORT, &MESSAGE_CHANNEL, &BROADCAST_CHANNEL] {
        define_interface(interface, context)?;
    }
    report_exception::register(context)?;
    performance::register(context)?;
    global_scope::register(context)
}
