//! Event handler attributes such as `onclose`.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers>
//!
//! The HTML Standard defines them, but the DOM's own AbortSignal has one, so they live here. What
//! needs HTML's interfaces, the `OnErrorEventHandler` of a global object, is HTML's room's: it comes
//! with a processing algorithm of its own.
//!
//! A handler that is not null is one listener in the target's list; its object is replaced in
//! place. A null handler is not in the list, so that one set anew comes last.

use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, object::NativeObject};
use boa_gc::Gc;

use super::{
    event_object::Event,
    event_target::{TargetCore, target_core},
    listeners::NativeListener,
};
use crate::webidl::{illegal_invocation, invoke_callback};

/// An event handler attribute of the type `EventHandler` in a member table: its name, the type of
/// its events, and the type of the extension that the targets which have it carry (the brand check).
///
/// ```
/// # use boa_engine::{Finalize, JsData, Trace};
/// # use boa_websocket::{event_handler_attribute, webidl::Member};
/// # #[derive(Trace, Finalize, JsData)]
/// # struct SocketState;
/// const MEMBERS: &[Member] = &[
///     event_handler_attribute!("onopen", "open", SocketState),
///     event_handler_attribute!("onclose", "close", SocketState),
/// ];
/// ```
#[macro_export]
macro_rules! event_handler_attribute {
    ($name:literal, $type:literal, $brand:ty) => {
        $crate::webidl::Member::Attribute {
            name: $name,
            get: |this, _, context| {
                $crate::dom::event_handler_get::<$brand>(this, $name, $type, context)
            },
            set: Some(|this, args, context| {
                $crate::dom::event_handler_set::<$brand>(
                    this,
                    args,
                    $name,
                    $type,
                    $crate::dom::the_event_handler_processing_algorithm,
                    context,
                )
            }),
        }
    };
}

fn branded<T: NativeObject>(
    this: &JsValue,
    name: &str,
    context: &mut Context,
) -> JsResult<Gc<TargetCore>> {
    target_core(this, context)
        .ok()
        .filter(|target| target.extension::<T>().is_some())
        .ok_or_else(|| illegal_invocation(&format!("an interface with '{name}'")))
}

/// The getter of an event handler attribute; see [`event_handler_attribute!`](crate::event_handler_attribute).
///
/// <https://html.spec.whatwg.org/multipage/webappapis.html#event-handler-idl-attributes>
///
/// # Errors
///
/// A TypeError if `this` is not an event target with a `T`.
pub fn event_handler_get<T: NativeObject>(
    this: &JsValue,
    name: &str,
    type_: &str,
    context: &mut Context,
) -> JsResult<JsValue> {
    let target = branded::<T>(this, name, context)?;
    let handler = target.native_listener(&JsString::from(type_));
    Ok(handler.map_or_else(JsValue::null, JsValue::from))
}

/// The setter of an event handler attribute; see [`event_handler_attribute!`](crate::event_handler_attribute).
/// `algorithm` is what runs the handler: [`the_event_handler_processing_algorithm`], if the
/// attribute's type is `EventHandler`.
///
/// # Errors
///
/// A TypeError if `this` is not an event target with a `T`.
pub fn event_handler_set<T: NativeObject>(
    this: &JsValue,
    args: &[JsValue],
    name: &str,
    type_: &str,
    algorithm: NativeListener,
    context: &mut Context,
) -> JsResult<JsValue> {
    let target = branded::<T>(this, name, context)?;
    let type_ = JsString::from(type_);
    // [LegacyTreatNonObjectAsNull]: any object is kept, also one that cannot be called.
    match args.first().and_then(JsValue::as_object) {
        // Set the handler's value and activate it.
        Some(handler) => target.set_native_listener(type_, handler, algorithm, context),
        // Deactivate it.
        None => target.remove_native_listener(&type_),
    }
    Ok(JsValue::undefined())
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#the-event-handler-processing-algorithm>,
/// for a handler of the type `EventHandler`.
///
/// # Errors
///
/// What the handler throws; the dispatch reports it.
pub fn the_event_handler_processing_algorithm(
    handler: &JsObject,
    this: &JsValue,
    event: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    // 1. – 2. N/A: a handler that is null is no listener.
    // 3. N/A: special error event handling is for a handler of the type OnErrorEventHandler.
    // 4. Invoke it with the event.
    let returned = invoke_callback(handler, this, &[event.clone().into()], context)?;
    // 5. N/A: beforeunload. False cancels.
    if returned.as_boolean() == Some(false)
        && let Some(event) = Event::of(event)
    {
        event.set_the_canceled_flag();
    }
    Ok(())
}
