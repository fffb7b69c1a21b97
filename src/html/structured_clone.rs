//! Structured cloning, as far as [`boa_runtime::store`] has it.
//! <https://html.spec.whatwg.org/multipage/structured-data.html#safe-passing-of-structured-data>
//!
//! In scope: primitives but symbols, plain objects, arrays, Map, Set, Date, RegExp, ArrayBuffer,
//! SharedArrayBuffer and typed arrays, with cycles; transfer of ArrayBuffers and MessagePorts. Not
//! in scope, and a DataCloneError: errors, DataViews, the wrappers of primitives, Blobs, and a
//! transferred port that stands in the message as well (it arrives in `event.ports`).

use std::collections::HashSet;

use boa_engine::{
    Context, JsArgs, JsError, JsObject, JsResult, JsSymbol, JsValue,
    builtins::{
        array_buffer::{ArrayBuffer, SharedArrayBuffer},
        date::Date,
        map::ordered_map::OrderedMap,
        regexp::RegExp,
        set::ordered_set::OrderedSet,
        typed_array::TypedArray,
    },
    js_string,
    object::builtins::{JsArrayBuffer, JsMap, JsSet},
    value::TryIntoJs,
};
use boa_gc::Gc;
use boa_runtime::store::JsValueStore;

use super::message_port::{self, PortEnd};
use crate::{
    dom::target_of,
    webidl::{
        Dictionary, conversions::sequence_from_iterable, sequence, throw_dom_exception, type_error,
    },
};

fn data_clone_error(message: &str, context: &mut Context) -> JsError {
    throw_dom_exception("DataCloneError", message, context)
}

/// The second argument of `postMessage(any message, sequence<object> transfer)` and of
/// `postMessage(any message, optional StructuredSerializeOptions options = {})`, by the rules of
/// overload resolution. <https://webidl.spec.whatwg.org/#es-overloads>
pub(super) fn transfer_argument(
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<Vec<JsObject>> {
    let object = |value: JsValue, _: &mut Context| {
        value
            .as_object()
            .ok_or_else(|| type_error("an element of 'transfer' is not an object"))
    };
    let argument = args.get_or_undefined(1);
    if let Some(iterable) = argument.as_object() {
        let method = iterable.get(JsSymbol::iterator(), context)?;
        if !method.is_null_or_undefined() {
            return sequence_from_iterable(&iterable, &method, "'transfer'", context, &mut {
                object
            });
        }
    }
    match Dictionary::new(argument, "options")?.get(js_string!("transfer"), context)? {
        Some(transfer) => sequence(&transfer, "'transfer'", context, object),
        None => Ok(Vec::new()),
    }
}

/// The result of [`structured_serialize_with_transfer`].
pub(super) struct SerializeWithTransferResult {
    pub(super) serialized: JsValueStore,
    /// The ports of the transfer list, in its order.
    pub(super) ports: Vec<Gc<PortEnd>>,
}

/// StructuredSerializeWithTransfer.
/// <https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializewithtransfer>
///
/// # Errors
///
/// A DataCloneError; what a getter of the message throws.
pub(super) fn structured_serialize_with_transfer(
    value: &JsValue,
    transfer_list: &[JsObject],
    context: &mut Context,
) -> JsResult<SerializeWithTransferResult> {
    // 1. – 2. Each can be transferred, and stands in the list once.
    for (index, transferable) in transfer_list.iter().enumerate() {
        let is_port = message_port::is_message_port(transferable);
        if !is_port && !transferable.is::<ArrayBuffer>() {
            let message = "a value in 'transfer' cannot be transferred";
            return Err(data_clone_error(message, context));
        }
        let before = &transfer_list[..index];
        if before
            .iter()
            .any(|other| JsObject::equals(other, transferable))
        {
            let message = "a value stands in 'transfer' twice";
            return Err(data_clone_error(message, context));
        }
    }
    // 3. Serialize. Transferred buffers are copied: that they are detached only when all else went
    // well is worth more here than the copy costs.
    let serialized = structured_serialize(value, context)?;
    // 5. Nothing is detached already.
    let mut buffers = Vec::new();
    for transferable in transfer_list {
        let detached = if transferable.is::<ArrayBuffer>() {
            let buffer = JsArrayBuffer::from_object(transferable.clone())?;
            let detached = buffer.data().is_none();
            buffers.push(buffer);
            detached
        } else {
            message_port::is_detached(transferable)
        };
        if detached {
            let message = "a value in 'transfer' is detached";
            return Err(data_clone_error(message, context));
        }
    }
    // Transfer, and detach.
    for buffer in buffers {
        buffer.detach(&JsValue::undefined())?;
    }
    let ports = transfer_list
        .iter()
        .filter_map(message_port::transfer)
        .collect();
    Ok(SerializeWithTransferResult { serialized, ports })
}

/// StructuredSerialize.
/// <https://html.spec.whatwg.org/multipage/structured-data.html#structuredserialize>
///
/// # Errors
///
/// A DataCloneError; what a getter of the message throws.
pub(super) fn structured_serialize(
    value: &JsValue,
    context: &mut Context,
) -> JsResult<JsValueStore> {
    check_platform_objects(value, context)?;
    JsValueStore::try_from_js(value, context, Vec::new()).map_err(|error| {
        // The store's own errors are native ones with these messages; all else came from script.
        let own = error.as_native().map(|native| native.message().to_string());
        match own.as_deref() {
            Some(
                message @ ("DataCloneError: unsupported type for structured data"
                | "Errors are not supported yet."
                | "Data views are not supported yet."),
            ) => {
                let message = message.trim_start_matches("DataCloneError: ");
                data_clone_error(message, context)
            }
            _ => error,
        }
    })
}

/// StructuredDeserialize, into the current realm.
/// <https://html.spec.whatwg.org/multipage/structured-data.html#structureddeserialize>
///
/// # Errors
///
/// Those of the store.
pub(super) fn structured_deserialize(
    serialized: &JsValueStore,
    context: &mut Context,
) -> JsResult<JsValue> {
    serialized.try_into_js(context)
}

/// The store takes objects that it does not know for plain ones, and would clone a MessagePort, a
/// Promise or the global object to a heap of properties. They are looked for before, in everything
/// that the message holds without running a getter.
fn check_platform_objects(value: &JsValue, context: &mut Context) -> JsResult<()> {
    let mut seen = HashSet::new();
    let mut rest = vec![value.clone()];
    while let Some(value) = rest.pop() {
        let Some(object) = value.as_object() else {
            continue;
        };
        if !seen.insert(object.clone()) {
            continue;
        }
        if object.is::<OrderedMap<JsValue>>() {
            JsMap::from_object(object)?.for_each_native(|key, value| {
                rest.push(key);
                rest.push(value);
                Ok(())
            })?;
        } else if object.is::<OrderedSet>() {
            let set = JsSet::from_object(object).map_err(|_| type_error("not a Set"))?;
            set.for_each_native(|value| {
                rest.push(value);
                Ok(())
            })?;
        } else if (object.is_ordinary() && target_of(&object, context).is_none())
            || object.is_array()
        {
            for key in object.own_property_keys(context)? {
                let property = object.borrow().properties().get(&key);
                rest.extend(property.and_then(|property| property.value().cloned()));
            }
        } else if !has_internal_data(&object) {
            let message = if message_port::is_message_port(&object) {
                "a MessagePort in a message is not supported: it is received in event.ports"
            } else {
                "an object cannot be cloned"
            };
            return Err(data_clone_error(message, context));
        }
    }
    Ok(())
}

fn has_internal_data(object: &JsObject) -> bool {
    object.is::<ArrayBuffer>()
        || object.is::<SharedArrayBuffer>()
        || object.is::<TypedArray>()
        || object.is::<Date>()
        || object.is::<RegExp>()
}
