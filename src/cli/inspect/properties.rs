//! Looking at objects without running script: data is read, nothing is called.

use boa_engine::{
    JsObject, JsString, JsSymbol, JsValue,
    builtins::proxy::Proxy,
    js_string,
    property::{PropertyDescriptor, PropertyKey},
};

/// A prototype chain is followed this far: script can make it as long as it likes.
const MAX_PROTOTYPES: usize = 100;

/// An own property as it is stored. Not for proxies, typed arrays and other objects that compute theirs.
pub(super) fn own(object: &JsObject, key: &PropertyKey) -> Option<PropertyDescriptor> {
    if object.is::<Proxy>() {
        return None;
    }
    object.borrow().properties().get(key)
}

/// The value of an own data property.
pub(super) fn own_data(object: &JsObject, key: impl Into<PropertyKey>) -> Option<JsValue> {
    own(object, &key.into())?.value().cloned()
}

/// The object and its prototypes, up to a proxy.
pub(super) fn chain(object: &JsObject) -> impl Iterator<Item = JsObject> {
    let ordinary = |object: &JsObject| !object.is::<Proxy>();
    let first = Some(object.clone()).filter(ordinary);
    let next = move |current: &JsObject| current.prototype().filter(ordinary);
    std::iter::successors(first, next).take(MAX_PROTOTYPES)
}

/// The value of a data property of the object or of the first prototype that has the property.
pub(super) fn data(object: &JsObject, key: impl Into<PropertyKey>) -> Option<JsValue> {
    let key = key.into();
    let property = chain(object).find_map(|object| own(&object, &key))?;
    property.value().cloned()
}

/// The name of a function, unless it is computed or empty.
pub(super) fn function_name(function: &JsObject) -> Option<JsString> {
    let name = own_data(function, js_string!("name"))?.as_string()?;
    (!name.is_empty()).then_some(name)
}

/// The name of the constructor whose `prototype` is the first in the object's chain to have one.
pub(super) fn constructor_name(object: &JsObject) -> Option<JsString> {
    chain(object).skip(1).find_map(|prototype| {
        let constructor = own_data(&prototype, js_string!("constructor"))?.as_object()?;
        if !constructor.is_callable() {
            return None;
        }
        function_name(&constructor)
    })
}

/// `Object.prototype.toString`'s tag, unless it is computed or empty.
pub(super) fn to_string_tag(object: &JsObject) -> Option<JsString> {
    let tag = data(object, JsSymbol::to_string_tag())?.as_string()?;
    (!tag.is_empty()).then_some(tag)
}

/// The keys that are no indices, in the order they were made, strings first.
pub(super) fn named_keys(object: &JsObject) -> Vec<PropertyKey> {
    let mut keys = object.borrow().shape().keys();
    keys.sort_by_key(|key| matches!(key, PropertyKey::Symbol(_)));
    keys
}

/// Whether there are any.
pub(super) fn has_indices(object: &JsObject) -> bool {
    let object = object.borrow();
    object.properties().index_property_keys().next().is_some()
}

/// The indices that are stored, in ascending order.
pub(super) fn indices(object: &JsObject) -> Vec<u32> {
    let mut indices: Vec<u32> = object.borrow().properties().index_property_keys().collect();
    indices.sort_unstable();
    indices
}
