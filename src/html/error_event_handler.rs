//! The type `OnErrorEventHandler`, which only the `onerror` of a global object has.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#onerroreventhandler>

use boa_engine::{Context, JsObject, JsResult, JsValue, js_string};

use super::error_event::ErrorEventData;
use crate::{
    dom::{Event, the_event_handler_processing_algorithm},
    webidl::invoke_callback,
};

/// <https://html.spec.whatwg.org/multipage/webappapis.html#the-event-handler-processing-algorithm>,
/// for the `onerror` of a global object.
pub(super) fn the_error_event_handler_processing_algorithm(
    handler: &JsObject,
    this: &JsValue,
    event: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    // 3. Special error event handling is for an ErrorEvent of type "error".
    let Some((event, arguments)) = special_error_event(event) else {
        return the_event_handler_processing_algorithm(handler, this, event, context);
    };
    // 4. Five arguments. What it throws is reported by the dispatch.
    let returned = invoke_callback(handler, this, &arguments, context)?;
    // 5. True cancels.
    if returned.as_boolean() == Some(true) {
        event.set_the_canceled_flag();
    }
    Ok(())
}

/// The event, and the arguments of its handler.
fn special_error_event(event: &JsObject) -> Option<(Event, [JsValue; 5])> {
    let event = Event::of(event).filter(|event| event.type_() == js_string!("error"))?;
    let arguments = event.extension(ErrorEventData::arguments)?;
    Some((event, arguments))
}
