//! AbortController. <https://dom.spec.whatwg.org/#interface-abortcontroller>
//!
//! ```webidl
//! [Exposed=*]
//! interface AbortController {
//!   constructor();
//!   [SameObject] readonly attribute AbortSignal signal;
//!   undefined abort(optional any reason);
//! };
//! ```

use boa_engine::{Context, Finalize, JsArgs, JsData, JsResult, JsValue, Trace};

use super::abort_signal::AbortSignal;
use crate::webidl::{Interface, Member, construct_platform_object, illegal_invocation};

/// The interface `AbortController`.
pub static ABORT_CONTROLLER: Interface = Interface {
    name: "AbortController",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("signal", signal),
        Member::Operation {
            name: "abort",
            length: 0,
            call: abort,
        },
    ],
};

/// The data of an AbortController's object.
#[derive(Debug, Trace, Finalize, JsData)]
struct AbortControllerObject {
    signal: AbortSignal,
}

/// <https://dom.spec.whatwg.org/#dom-abortcontroller-abortcontroller>
fn constructor(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // 1. A new signal. 2. this's signal is it.
    let data = AbortControllerObject {
        signal: AbortSignal::new(context)?,
    };
    Ok(construct_platform_object(&ABORT_CONTROLLER, new_target, data, context)?.into())
}

fn this_signal(this: &JsValue) -> JsResult<AbortSignal> {
    this.as_object()
        .and_then(|object| {
            object
                .downcast_ref::<AbortControllerObject>()
                .map(|controller| controller.signal.clone())
        })
        .ok_or_else(|| illegal_invocation(ABORT_CONTROLLER.name))
}

/// <https://dom.spec.whatwg.org/#dom-abortcontroller-signal>
fn signal(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_signal(this)?.object().clone().into())
}

/// <https://dom.spec.whatwg.org/#dom-abortcontroller-abort>
fn abort(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let signal = this_signal(this)?;
    signal.signal_abort(args.get_or_undefined(0).clone(), context)?;
    Ok(JsValue::undefined())
}
