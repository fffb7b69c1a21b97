//! PromiseRejectionEvent.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#promiserejectionevent>
//!
//! ```webidl
//! [Exposed=*]
//! interface PromiseRejectionEvent : Event {
//!   constructor(DOMString type, PromiseRejectionEventInit eventInitDict);
//!   readonly attribute object promise;
//!   readonly attribute any reason;
//! };
//! dictionary PromiseRejectionEventInit : EventInit { required object promise; any reason; };
//! ```

use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, JsValue, Trace, js_string};

use crate::{
    dom::{EVENT, construct_event, event_constructor_arguments, event_extension},
    webidl::{Interface, Member, type_error},
};

/// The interface `PromiseRejectionEvent`.
pub static PROMISE_REJECTION_EVENT: Interface = Interface {
    name: "PromiseRejectionEvent",
    parent: Some(&EVENT),
    constructor: Some((2, constructor)),
    members: &[
        Member::readonly("promise", promise),
        Member::readonly("reason", reason),
    ],
};

/// The extension of a PromiseRejectionEvent.
#[derive(Clone, Debug, Trace, Finalize, JsData)]
pub struct PromiseRejectionEventData {
    /// The promise that was rejected.
    pub promise: JsObject,
    /// Why.
    pub reason: JsValue,
}

fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, dictionary) = event_constructor_arguments(args, context)?;
    let promise = dictionary
        .required(js_string!("promise"), context)?
        .as_object()
        .ok_or_else(|| type_error("the member 'promise' is not an object"))?;
    let reason = dictionary
        .get(js_string!("reason"), context)?
        .unwrap_or_default();
    let data = PromiseRejectionEventData { promise, reason };
    let event = construct_event(
        &PROMISE_REJECTION_EVENT,
        new_target,
        type_,
        init,
        data,
        context,
    )?;
    Ok(event.into())
}

fn promise(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(
        this,
        &PROMISE_REJECTION_EVENT,
        |data: &PromiseRejectionEventData| data.promise.clone().into(),
    )
}

fn reason(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(
        this,
        &PROMISE_REJECTION_EVENT,
        |data: &PromiseRejectionEventData| data.reason.clone(),
    )
}
