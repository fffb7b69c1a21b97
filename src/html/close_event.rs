//! `CloseEvent`. <https://websockets.spec.whatwg.org/#the-closeevent-interface>
//!
//! The WebSockets Standard defines it, but nothing in it needs a network: it stands with the other events, so that scripts
//! have it where there is no `WebSocket`.
//!
//! ```idl
//! [Exposed=*]
//! interface CloseEvent : Event {
//!   constructor(DOMString type, optional CloseEventInit eventInitDict = {});
//!
//!   readonly attribute boolean wasClean;
//!   readonly attribute unsigned short code;
//!   readonly attribute USVString reason;
//! };
//!
//! dictionary CloseEventInit : EventInit {
//!   boolean wasClean = false;
//!   unsigned short code = 0;
//!   USVString reason = "";
//! };
//! ```

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
};

use crate::{
    dom::{
        EVENT, EventInit, construct_event, create_event, event_constructor_arguments,
        event_extension,
    },
    webidl::{Interface, Member, unsigned_short, usv_js_string},
};

/// The interface `CloseEvent`.
pub static CLOSE_EVENT: Interface = Interface {
    name: "CloseEvent",
    parent: Some(&EVENT),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("wasClean", was_clean),
        Member::readonly("code", code),
        Member::readonly("reason", reason),
    ],
};

/// The extension of a CloseEvent: what is known of the end of a connection.
#[derive(Clone, Debug, Trace, Finalize, JsData)]
pub struct CloseEventData {
    /// Whether both Close frames went through.
    pub was_clean: bool,
    /// The WebSocket connection close code (RFC 6455, section 7.1.5); 1005 for a Close frame
    /// without one, 1006 when there was none.
    pub code: u16,
    /// The WebSocket connection close reason (RFC 6455, section 7.1.6).
    pub reason: JsString,
}

/// A trusted event named `close`, in the context's current realm.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn create_close_event(data: CloseEventData, context: &mut Context) -> JsResult<JsObject> {
    let init = EventInit::default();
    create_event(&CLOSE_EVENT, js_string!("close"), init, data, context)
}

fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, dictionary) = event_constructor_arguments(args, context)?;
    let code = match dictionary.get(js_string!("code"), context)? {
        Some(value) => unsigned_short(&value, context)?,
        None => 0,
    };
    let reason = match dictionary.get(js_string!("reason"), context)? {
        Some(value) => usv_js_string(&value, context)?,
        None => js_string!(),
    };
    let data = CloseEventData {
        was_clean: dictionary.boolean(js_string!("wasClean"), context)?,
        code,
        reason,
    };
    Ok(construct_event(&CLOSE_EVENT, new_target, type_, init, data, context)?.into())
}

fn was_clean(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &CLOSE_EVENT, |data: &CloseEventData| {
        data.was_clean.into()
    })
}

fn code(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &CLOSE_EVENT, |data: &CloseEventData| data.code.into())
}

fn reason(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &CLOSE_EVENT, |data: &CloseEventData| {
        data.reason.clone().into()
    })
}
