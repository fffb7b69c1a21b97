//! ErrorEvent. <https://html.spec.whatwg.org/multipage/webappapis.html#errorevent>
//!
//! ```webidl
//! [Exposed=*]
//! interface ErrorEvent : Event {
//!   constructor(DOMString type, optional ErrorEventInit eventInitDict = {});
//!   readonly attribute DOMString message;
//!   readonly attribute USVString filename;
//!   readonly attribute unsigned long lineno;
//!   readonly attribute unsigned long colno;
//!   readonly attribute any error;
//! };
//! dictionary ErrorEventInit : EventInit {
//!   DOMString message = ""; USVString filename = "";
//!   unsigned long lineno = 0; unsigned long colno = 0; any error;
//! };
//! ```

use boa_engine::{Context, Finalize, JsData, JsResult, JsString, JsValue, Trace, js_string};

use crate::{
    dom::{EVENT, construct_event, event_constructor_arguments, event_extension},
    webidl::{Interface, Member, dom_string, unsigned_long, usv_js_string},
};

/// The interface `ErrorEvent`.
pub static ERROR_EVENT: Interface = Interface {
    name: "ErrorEvent",
    parent: Some(&EVENT),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("message", message),
        Member::readonly("filename", filename),
        Member::readonly("lineno", lineno),
        Member::readonly("colno", colno),
        Member::readonly("error", error),
    ],
};

/// The extension of an ErrorEvent.
#[derive(Clone, Debug, Trace, Finalize, JsData)]
pub struct ErrorEventData {
    /// What happened.
    pub message: JsString,
    /// The file it happened in, or an empty string.
    pub filename: JsString,
    /// The line, from 1, or 0.
    pub lineno: u32,
    /// The column, from 1, or 0.
    pub colno: u32,
    /// The value that was thrown.
    pub error: JsValue,
}

impl ErrorEventData {
    /// The arguments of an `OnErrorEventHandler`.
    pub(super) fn arguments(&self) -> [JsValue; 5] {
        [
            self.message.clone().into(),
            self.filename.clone().into(),
            self.lineno.into(),
            self.colno.into(),
            self.error.clone(),
        ]
    }
}

fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, dictionary) = event_constructor_arguments(args, context)?;
    let colno = match dictionary.get(js_string!("colno"), context)? {
        Some(value) => unsigned_long(&value, context)?,
        None => 0,
    };
    let error = dictionary
        .get(js_string!("error"), context)?
        .unwrap_or_default();
    let filename = match dictionary.get(js_string!("filename"), context)? {
        Some(value) => usv_js_string(&value, context)?,
        None => js_string!(),
    };
    let lineno = match dictionary.get(js_string!("lineno"), context)? {
        Some(value) => unsigned_long(&value, context)?,
        None => 0,
    };
    let message = match dictionary.get(js_string!("message"), context)? {
        Some(value) => dom_string(&value, context)?,
        None => js_string!(),
    };
    let data = ErrorEventData {
        message,
        filename,
        lineno,
        colno,
        error,
    };
    Ok(construct_event(&ERROR_EVENT, new_target, type_, init, data, context)?.into())
}

fn read(this: &JsValue, read: impl FnOnce(&ErrorEventData) -> JsValue) -> JsResult<JsValue> {
    event_extension(this, &ERROR_EVENT, read)
}

fn message(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    read(this, |data| data.message.clone().into())
}

fn filename(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    read(this, |data| data.filename.clone().into())
}

fn lineno(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    read(this, |data| data.lineno.into())
}

fn colno(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    read(this, |data| data.colno.into())
}

fn error(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    read(this, |data| data.error.clone())
}
