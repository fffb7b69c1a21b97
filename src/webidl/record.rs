//! `record<K, V>`. <https://webidl.spec.whatwg.org/#js-record>

use boa_engine::{
    Context, JsObject, JsResult, JsValue, builtins::object::OrdinaryObject, js_string,
    property::PropertyKey,
};

use super::boolean;

/// Converts the own enumerable properties of an object, in their order. The conversion of keys is to keep different ones
/// different, as that to `ByteString` does: nothing here looks for equal ones.
///
/// # Errors
///
/// What a trap of a proxy, a getter or one of the conversions throws.
pub fn record<K, V>(
    object: &JsObject,
    context: &mut Context,
    mut key: impl FnMut(&JsValue, &mut Context) -> JsResult<K>,
    mut value: impl FnMut(&JsValue, &mut Context) -> JsResult<V>,
) -> JsResult<Vec<(K, V)>> {
    let mut result = Vec::new();
    // 3. Let keys be ? O.[[OwnPropertyKeys]](). 4. For each key of keys:
    for property in object.own_property_keys(context)? {
        // 1. Let desc be ? O.[[GetOwnProperty]](key).
        if !is_own_enumerable(object, &property, context)? {
            continue;
        }
        // 2.1. Let typedKey be key converted to K: for a symbol, what the conversion throws.
        let typed_key = key(&JsValue::from(property.clone()), context)?;
        // 2.2.–2.3. Let typedValue be ? Get(O, key), converted to V.
        let found = object.get(property, context)?;
        result.push((typed_key, value(&found, context)?));
    }
    Ok(result)
}

/// Boa gives the descriptor of a property only as an object.
fn is_own_enumerable(
    object: &JsObject,
    property: &PropertyKey,
    context: &mut Context,
) -> JsResult<bool> {
    let arguments = [object.clone().into(), JsValue::from(property.clone())];
    let descriptor =
        OrdinaryObject::get_own_property_descriptor(&JsValue::undefined(), &arguments, context)?;
    match descriptor.as_object() {
        Some(descriptor) => Ok(boolean(&descriptor.get(js_string!("enumerable"), context)?)),
        None => Ok(false),
    }
}
