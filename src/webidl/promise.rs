//! Promise types. <https://webidl.spec.whatwg.org/#js-promise>

use boa_engine::{Context, JsResult, JsValue, object::builtins::JsPromise};

/// The result of an operation whose return type is a promise type: a promise resolved with the
/// value, or rejected with the exception that the operation's steps, its brand check and its
/// argument conversions included, threw.
///
/// # Errors
///
/// An error that script cannot catch ends the call instead of rejecting the promise.
pub fn promise_from(result: JsResult<JsValue>, context: &mut Context) -> JsResult<JsValue> {
    let (promise, resolvers) = JsPromise::new_pending(context);
    let undefined = JsValue::undefined();
    match result {
        Ok(value) => resolvers.resolve.call(&undefined, &[value], context)?,
        Err(error) => {
            let reason = error.into_opaque(context)?;
            resolvers.reject.call(&undefined, &[reason], context)?
        }
    };
    Ok(promise.into())
}
