//! The members that HTML gives the global object.
//!
//! ```webidl
//! partial interface mixin WindowOrWorkerGlobalScope {
//!   undefined reportError(any e);
//! };
//! // of WorkerGlobalScope and of the mixins GlobalEventHandlers and WindowEventHandlers:
//!   readonly attribute … self;
//!   attribute OnErrorEventHandler onerror;
//!   attribute EventHandler onrejectionhandled;
//!   attribute EventHandler onunhandledrejection;
//! // of the High Resolution Time standard:
//!   [Replaceable] readonly attribute Performance performance;
//! ```
//!
//! As the members of every global object they are properties of the object itself.

use boa_engine::{Context, JsArgs, JsError, JsResult, JsString, JsValue, js_string};

use super::{
    error_event_handler::the_error_event_handler_processing_algorithm,
    performance::this_performance, report_exception::report_an_exception,
};
use crate::{
    dom::{GlobalScope, event_handler_get, event_handler_set, target_core},
    event_handler_attribute,
    webidl::{Member, illegal_invocation, interface::define_members, required_arguments},
};

const MEMBERS: &[Member] = &[
    Member::Attribute {
        name: "self",
        get: self_,
        set: Some(|this, args, context| replace("self", this, args, context)),
    },
    Member::Attribute {
        name: "onerror",
        get: |this, _, context| event_handler_get::<GlobalScope>(this, "onerror", "error", context),
        set: Some(set_onerror),
    },
    event_handler_attribute!("onrejectionhandled", "rejectionhandled", GlobalScope),
    event_handler_attribute!("onunhandledrejection", "unhandledrejection", GlobalScope),
    Member::Operation {
        name: "reportError",
        length: 1,
        call: report_error,
    },
    Member::Attribute {
        name: "performance",
        get: performance,
        set: Some(|this, args, context| replace("performance", this, args, context)),
    },
];

/// Defines the members on the global object of the current realm.
pub(super) fn register(context: &mut Context) -> JsResult<()> {
    let global = context.global_object();
    let realm = context.realm().clone();
    if global.has_own_property(js_string!("reportError"), context)? {
        return Ok(());
    }
    define_members(MEMBERS, &global, None, &realm);
    Ok(())
}

fn check_brand(this: &JsValue, context: &mut Context) -> JsResult<()> {
    let target = target_core(this, context)?;
    match target.extension::<GlobalScope>() {
        Some(_) => Ok(()),
        None => Err(illegal_invocation("the global object's interface")),
    }
}

/// The setter of a `[Replaceable]` attribute. <https://webidl.spec.whatwg.org/#Replaceable>
fn replace(
    name: &str,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    check_brand(this, context)?;
    let global = this.as_object().unwrap_or_else(|| context.global_object());
    let value = args.get_or_undefined(0).clone();
    global.create_data_property_or_throw(JsString::from(name), value, context)?;
    Ok(JsValue::undefined())
}

fn set_onerror(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = the_error_event_handler_processing_algorithm;
    event_handler_set::<GlobalScope>(this, args, "onerror", "error", algorithm, context)
}

fn self_(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    let global = this.as_object().unwrap_or_else(|| context.global_object());
    Ok(global.into())
}

fn performance(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    this_performance(context)
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#dom-reporterror>
fn report_error(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    required_arguments(args, 1, "global object", "reportError")?;
    let error = JsError::from_opaque(args.get_or_undefined(0).clone());
    report_an_exception(error, context);
    Ok(JsValue::undefined())
}
