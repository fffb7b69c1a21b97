//! Event handler attributes such as `onclose`.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers>
//!
//! A handler that is not null is one listener in the target's list; its object is replaced in
//! place. A null handler is not in the list, so that one set anew comes last.

use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, js_string, object::NativeObject};

use super::error_event::ErrorEventData;
use crate::{
    dom::{EventCore, GlobalScope, TargetCore, event_core, target_core, target_of},
    webidl::{illegal_invocation, invoke_callback},
};
use boa_gc::Gc;

/// An event handler attribute in a member table: its name, the type of its events, and the type of
/// the extension that the targets which have it carry (the brand check).
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
                $crate::html::event_handler_get::<$brand>(this, $name, $type, context)
            },
            set: Some(|this, args, context| {
                $crate::html::event_handler_set::<$brand>(this, args, $name, $type, context)
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
///
/// # Errors
///
/// A TypeError if `this` is not an event target with a `T`.
pub fn event_handler_set<T: NativeObject>(
    this: &JsValue,
    args: &[JsValue],
    name: &str,
    type_: &str,
    context: &mut Context,
) -> JsResult<JsValue> {
    let target = branded::<T>(this, name, context)?;
    let type_ = JsString::from(type_);
    // [LegacyTreatNonObjectAsNull]: any object is kept, also one that cannot be called.
    match args.first().and_then(JsValue::as_object) {
        // Set the handler's value and activate it.
        Some(handler) => {
            target.set_native_listener(type_, handler, the_event_handler_processing_algorithm);
        }
        // Deactivate it.
        None => target.remove_native_listener(&type_),
    }
    Ok(JsValue::undefined())
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#the-event-handler-processing-algorithm>
///
/// 1. – 2. of it, a handler that is null, cannot come here: it is no listener.
fn the_event_handler_processing_algorithm(
    handler: &JsObject,
    this: &JsValue,
    event: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    let event_value = JsValue::from(event.clone());
    let core = event_core(&event_value)?;
    // 3. Special error event handling.
    if let Some(error_info) = special_error_event(&core, this, context) {
        // 4. Five arguments. What it throws is reported by the dispatch.
        let returned = invoke_callback(handler, this, &error_info.arguments(), context)?;
        // 5. True cancels.
        if returned.as_boolean() == Some(true) {
            core.set_the_canceled_flag();
        }
        return Ok(());
    }
    // 4. The event. What it throws is reported by the dispatch.
    let returned = invoke_callback(handler, this, &[event_value], context)?;
    // 5. N/A: beforeunload. False cancels.
    if returned.as_boolean() == Some(false) {
        core.set_the_canceled_flag();
    }
    Ok(())
}

/// Is it an ErrorEvent of type `error` at a global object?
fn special_error_event<'a>(
    event: &'a EventCore,
    this: &JsValue,
    context: &mut Context,
) -> Option<&'a ErrorEventData> {
    let error_info = event.extension::<ErrorEventData>()?;
    let target = target_of(&this.as_object()?, context)?;
    target.extension::<GlobalScope>()?;
    (event.type_() == js_string!("error")).then_some(error_info)
}
