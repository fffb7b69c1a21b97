//! QuotaExceededError. <https://webidl.spec.whatwg.org/#quotaexceedederror>
//!
//! ```webidl
//! [Exposed=*, Serializable]
//! interface QuotaExceededError : DOMException {
//!   constructor(optional DOMString message = "", optional QuotaExceededErrorOptions options = {});
//!   readonly attribute double? quota;
//!   readonly attribute double? requested;
//! };
//! dictionary QuotaExceededErrorOptions { double quota; double requested; };
//! ```

use boa_engine::{Context, JsArgs, JsError, JsNativeError, JsResult, JsString, JsValue, js_string};

use super::{
    conversions::{Dictionary, dom_string, double, illegal_invocation},
    dom_exception::{DOM_EXCEPTION, DomException},
    interface::{Interface, Member, construct_platform_object, new_platform_object},
};

/// The interface `QuotaExceededError`.
pub static QUOTA_EXCEEDED_ERROR: Interface = Interface {
    name: "QuotaExceededError",
    parent: Some(&DOM_EXCEPTION),
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("quota", quota),
        Member::readonly("requested", requested),
    ],
};

/// What a QuotaExceededError tells beyond any DOMException. In what units is for the one who throws it to say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quota {
    /// How much there may be.
    pub quota: Option<f64>,
    /// How much was asked for.
    pub requested: Option<f64>,
}

/// The error with which Rust code throws a QuotaExceededError.
pub fn throw_quota_exceeded_error(message: &str, quota: Quota, context: &mut Context) -> JsError {
    let thrown = create(message.into(), quota, context)
        .and_then(|data| new_platform_object(&QUOTA_EXCEEDED_ERROR, data, context));
    match thrown {
        Ok(exception) => JsError::from_opaque(exception.into()),
        Err(error) => error,
    }
}

fn create(message: JsString, quota: Quota, context: &mut Context) -> JsResult<DomException> {
    let name = js_string!("QuotaExceededError");
    Ok(DomException::create(name, message, context)?.with_quota(quota))
}

/// The constructor steps.
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let message = match args.get_or_undefined(0) {
        value if value.is_undefined() => js_string!(),
        value => dom_string(value, context)?,
    };
    let options = Dictionary::new(
        args.get_or_undefined(1),
        "the options of a QuotaExceededError",
    )?;
    let mut member = |name: JsString| match options.get(name, context)? {
        Some(value) => double(&value, context).map(Some),
        None => Ok(None),
    };
    let quota = member(js_string!("quota"))?;
    let requested = member(js_string!("requested"))?;
    // 3.–5. What cannot be: RangeError.
    let range_error = |message: &'static str| JsNativeError::range().with_message(message);
    if quota.is_some_and(|quota| quota < 0.0) {
        return Err(range_error("the quota is negative").into());
    }
    if requested.is_some_and(|requested| requested < 0.0) {
        return Err(range_error("what was requested is negative").into());
    }
    if let (Some(quota), Some(requested)) = (quota, requested)
        && requested < quota
    {
        return Err(range_error("what was requested is within the quota").into());
    }
    let data = create(message, Quota { quota, requested }, context)?;
    Ok(construct_platform_object(&QUOTA_EXCEEDED_ERROR, new_target, data, context)?.into())
}

fn this_quota(this: &JsValue) -> JsResult<Quota> {
    this.as_object()
        .and_then(|object| DomException::of(&object))
        .and_then(|exception| exception.quota())
        .ok_or_else(|| illegal_invocation(QUOTA_EXCEEDED_ERROR.name))
}

fn quota(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_quota(this)?
        .quota
        .map_or_else(JsValue::null, JsValue::from))
}

fn requested(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let requested = this_quota(this)?.requested;
    Ok(requested.map_or_else(JsValue::null, JsValue::from))
}
