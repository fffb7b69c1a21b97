//! Calling script's callbacks.

use boa_engine::{Context, JsObject, JsResult, JsString, JsValue};

use super::conversions::type_error;
use crate::event_loop::clean_up_after_running_script;

/// Invokes a callback function.
///
/// <https://webidl.spec.whatwg.org/#invoke-a-callback-function>
///
/// # Errors
///
/// What the callback throws. The microtask checkpoint has taken place by then.
pub fn invoke_callback(
    function: &JsObject,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // 3. Not callable, which only [LegacyTreatNonObjectAsNull] allows: undefined.
    if !function.is_callable() {
        return Ok(JsValue::undefined());
    }
    // 8. – 9. N/A: preparing to run script and a callback; Boa has no incumbent settings.
    // 11. The call. Boa enters the realm of the function.
    let result = function.call(this, args, context);
    // Return: 1. – 2. Clean up after running a callback and script.
    clean_up_after_running_script(context);
    result
}

/// Calls an operation of an object that implements a callback interface: the object itself where
/// it is callable, otherwise its method of that name, which is looked up at each call.
///
/// <https://webidl.spec.whatwg.org/#call-a-user-objects-operation>
///
/// # Errors
///
/// What the getter or the operation throws, or a TypeError if there is nothing to call. The
/// microtask checkpoint has taken place by then.
pub fn call_a_user_objects_operation(
    object: &JsObject,
    operation: JsString,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // 7. – 8. N/A: preparing to run script and a callback; Boa has no incumbent settings.
    let result = if object.is_callable() {
        // 12. – 13. this is the callback this value.
        object.call(this, args, context)
    } else {
        call_method(object, operation, args, context)
    };
    // Return: 1. – 2. Clean up after running a callback and script.
    clean_up_after_running_script(context);
    result
}

/// Step 10 of [`call_a_user_objects_operation`]: the object is not callable.
fn call_method(
    object: &JsObject,
    operation: JsString,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // 10.1. – 10.2. Get(O, opName), and what it throws.
    let method = object.get(operation.clone(), context)?;
    // 10.3. Not callable: TypeError.
    let Some(method) = method.as_callable() else {
        let operation = operation.to_std_string_lossy();
        return Err(type_error(format!("'{operation}' is not a function")));
    };
    // 10.4. this is O.
    method.call(&object.clone().into(), args, context)
}
