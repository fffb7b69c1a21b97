//! CustomEvent. <https://dom.spec.whatwg.org/#interface-customevent>
//!
//! ```webidl
//! [Exposed=*]
//! interface CustomEvent : Event {
//!   constructor(DOMString type, optional CustomEventInit eventInitDict = {});
//!   readonly attribute any detail;
//!   undefined initCustomEvent(DOMString type, optional boolean bubbles = false, optional boolean cancelable = false, optional any detail = null); // legacy
//! };
//! dictionary CustomEventInit : EventInit { any detail = null; };
//! ```

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
};
use boa_gc::GcRefCell;

use super::{
    event::EVENT,
    event_object::{
        EventInit, construct_event, create_event, event_constructor_arguments, event_extension,
        this_event,
    },
};
use crate::webidl::{Interface, Member, dom_string, illegal_invocation, required_arguments};

/// The interface `CustomEvent`.
pub static CUSTOM_EVENT: Interface = Interface {
    name: "CustomEvent",
    parent: Some(&EVENT),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("detail", detail),
        Member::Operation {
            name: "initCustomEvent",
            length: 1,
            call: init_custom_event,
        },
    ],
};

/// The extension of a CustomEvent.
#[derive(Debug, Trace, Finalize, JsData)]
pub struct CustomEventData {
    detail: GcRefCell<JsValue>,
}

impl CustomEventData {
    /// The extension of an event with that detail.
    #[must_use]
    pub fn new(detail: JsValue) -> Self {
        Self {
            detail: GcRefCell::new(detail),
        }
    }
}

/// A trusted CustomEvent, in the context's current realm.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn create_custom_event(
    type_: JsString,
    init: EventInit,
    detail: JsValue,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = CustomEventData::new(detail);
    create_event(&CUSTOM_EVENT, type_, init, data, context)
}

fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, dictionary) = event_constructor_arguments(args, context)?;
    let detail = dictionary
        .get(js_string!("detail"), context)?
        .unwrap_or_else(JsValue::null);
    let data = CustomEventData::new(detail);
    Ok(construct_event(&CUSTOM_EVENT, new_target, type_, init, data, context)?.into())
}

fn detail(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &CUSTOM_EVENT, |data: &CustomEventData| {
        data.detail.borrow().clone()
    })
}

/// <https://dom.spec.whatwg.org/#dom-customevent-initcustomevent>
fn init_custom_event(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this)?;
    if event.extension(|_: &CustomEventData| ()).is_none() {
        return Err(illegal_invocation(CUSTOM_EVENT.name));
    }
    required_arguments(args, 1, CUSTOM_EVENT.name, "initCustomEvent")?;
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let bubbles = args.get_or_undefined(1).to_boolean();
    let cancelable = args.get_or_undefined(2).to_boolean();
    let detail = match args.get_or_undefined(3) {
        value if value.is_undefined() => JsValue::null(),
        value => value.clone(),
    };
    // 1. Being dispatched: return. 2. Initialize. 3. detail.
    if event.initialize(type_, bubbles, cancelable) {
        event.extension(|data: &CustomEventData| *data.detail.borrow_mut() = detail);
    }
    Ok(JsValue::undefined())
}
