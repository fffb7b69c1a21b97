//! Event. <https://dom.spec.whatwg.org/#interface-event>
//!
//! ```webidl
//! [Exposed=*]
//! interface Event {
//!   constructor(DOMString type, optional EventInit eventInitDict = {});
//!   readonly attribute DOMString type;
//!   readonly attribute EventTarget? target;
//!   readonly attribute EventTarget? srcElement; // legacy
//!   readonly attribute EventTarget? currentTarget;
//!   sequence<EventTarget> composedPath();
//!   const unsigned short NONE = 0;
//!   const unsigned short CAPTURING_PHASE = 1;
//!   const unsigned short AT_TARGET = 2;
//!   const unsigned short BUBBLING_PHASE = 3;
//!   readonly attribute unsigned short eventPhase;
//!   undefined stopPropagation();
//!            attribute boolean cancelBubble; // legacy alias of .stopPropagation()
//!   undefined stopImmediatePropagation();
//!   readonly attribute boolean bubbles;
//!   readonly attribute boolean cancelable;
//!            attribute boolean returnValue;  // legacy
//!   undefined preventDefault();
//!   readonly attribute boolean defaultPrevented;
//!   readonly attribute boolean composed;
//!   [LegacyUnforgeable] readonly attribute boolean isTrusted;
//!   readonly attribute DOMHighResTimeStamp timeStamp;
//!   undefined initEvent(DOMString type, optional boolean bubbles = false, optional boolean cancelable = false); // legacy
//! };
//! dictionary EventInit { boolean bubbles = false; boolean cancelable = false; boolean composed = false; };
//! ```

use boa_engine::{Context, JsArgs, JsObject, JsResult, JsValue, object::builtins::JsArray};

use super::event_object::{
    AT_TARGET, BUBBLING_PHASE, CAPTURING_PHASE, Flag, NONE, construct_event,
    event_constructor_arguments, this_event,
};
use crate::webidl::{Interface, Member, NativeFn, dom_string, required_arguments};

/// The interface `Event`.
pub static EVENT: Interface = Interface {
    name: "Event",
    parent: None,
    constructor: Some((1, constructor)),
    members: &[
        readonly("type", type_),
        readonly("target", target),
        readonly("srcElement", target),
        readonly("currentTarget", current_target),
        operation("composedPath", 0, composed_path),
        constant("NONE", NONE),
        constant("CAPTURING_PHASE", CAPTURING_PHASE),
        constant("AT_TARGET", AT_TARGET),
        constant("BUBBLING_PHASE", BUBBLING_PHASE),
        readonly("eventPhase", event_phase),
        operation("stopPropagation", 0, stop_propagation),
        attribute("cancelBubble", cancel_bubble, set_cancel_bubble),
        operation("stopImmediatePropagation", 0, stop_immediate_propagation),
        readonly("bubbles", bubbles),
        readonly("cancelable", cancelable),
        attribute("returnValue", return_value, set_return_value),
        operation("preventDefault", 0, prevent_default),
        readonly("defaultPrevented", default_prevented),
        readonly("composed", composed),
        Member::UnforgeableAttribute {
            name: "isTrusted",
            get: is_trusted,
        },
        readonly("timeStamp", time_stamp),
        operation("initEvent", 1, init_event),
    ],
};

const fn readonly(name: &'static str, get: NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: None,
    }
}

const fn attribute(name: &'static str, get: NativeFn, set: NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: Some(set),
    }
}

const fn operation(name: &'static str, length: usize, call: NativeFn) -> Member {
    Member::Operation { name, length, call }
}

const fn constant(name: &'static str, value: u8) -> Member {
    Member::Constant {
        name,
        value: value as i32,
    }
}

/// <https://dom.spec.whatwg.org/#dom-event-event>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, _) = event_constructor_arguments(args, context)?;
    Ok(construct_event(&EVENT, new_target, type_, init, (), context)?.into())
}

fn type_(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.type_().into())
}

fn target(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(nullable(this_event(this)?.target()))
}

fn current_target(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(nullable(this_event(this)?.current_target()))
}

fn nullable(object: Option<JsObject>) -> JsValue {
    object.map_or_else(JsValue::null, JsValue::from)
}

/// <https://dom.spec.whatwg.org/#dom-event-composedpath>
///
/// There is no tree and no shadow root: the path is the target alone while the event is
/// dispatched, and empty otherwise.
fn composed_path(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let path = this_event(this)?.current_target();
    Ok(JsArray::from_iter(path.map(JsValue::from), context).into())
}

fn event_phase(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.phase().into())
}

/// <https://dom.spec.whatwg.org/#dom-event-stoppropagation>
fn stop_propagation(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    this_event(this)?.set(Flag::StopPropagation, true);
    Ok(JsValue::undefined())
}

fn cancel_bubble(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.get(Flag::StopPropagation).into())
}

/// <https://dom.spec.whatwg.org/#dom-event-cancelbubble>: true sets the flag, false does nothing.
fn set_cancel_bubble(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this)?;
    if args.get_or_undefined(0).to_boolean() {
        event.set(Flag::StopPropagation, true);
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-event-stopimmediatepropagation>
fn stop_immediate_propagation(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this)?;
    event.set(Flag::StopPropagation, true);
    event.set(Flag::StopImmediatePropagation, true);
    Ok(JsValue::undefined())
}

fn bubbles(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.get(Flag::Bubbles).into())
}

fn cancelable(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.get(Flag::Cancelable).into())
}

fn return_value(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok((!this_event(this)?.is_canceled()).into())
}

/// <https://dom.spec.whatwg.org/#dom-event-returnvalue>: false cancels, true does nothing.
fn set_return_value(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this)?;
    if !args.get_or_undefined(0).to_boolean() {
        event.set_the_canceled_flag();
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-event-preventdefault>
fn prevent_default(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    this_event(this)?.set_the_canceled_flag();
    Ok(JsValue::undefined())
}

fn default_prevented(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.is_canceled().into())
}

fn composed(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.get(Flag::Composed).into())
}

fn is_trusted(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.is_trusted().into())
}

fn time_stamp(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_event(this)?.time_stamp().into())
}

/// <https://dom.spec.whatwg.org/#dom-event-initevent>
fn init_event(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this)?;
    required_arguments(args, 1, EVENT.name, "initEvent")?;
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let bubbles = args.get_or_undefined(1).to_boolean();
    let cancelable = args.get_or_undefined(2).to_boolean();
    // 1. Being dispatched: return. 2. Initialize.
    event.initialize(type_, bubbles, cancelable);
    Ok(JsValue::undefined())
}
