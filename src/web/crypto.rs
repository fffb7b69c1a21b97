//! Crypto. <https://w3c.github.io/webcrypto/#crypto-interface>
//!
//! ```webidl
//! partial interface mixin WindowOrWorkerGlobalScope {
//!   [SameObject] readonly attribute Crypto crypto;
//! };
//! [Exposed=(Window,Worker)]
//! interface Crypto {
//!   [SecureContext] readonly attribute SubtleCrypto subtle;
//!   ArrayBufferView getRandomValues(ArrayBufferView array);
//!   [SecureContext] DOMString randomUUID();
//! };
//! ```
//!
//! `subtle` is not there. Every context counts as secure: scripts come from the host.

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace,
    builtins::{
        dataview::DataView,
        typed_array::{TypedArray, TypedArrayKind},
    },
    object::builtins::JsTypedArray,
};
use rand::{TryRng, rngs::SysRng};
use uuid::{Builder, fmt::Hyphenated};

use super::bytes_of_argument;
use crate::webidl::{
    Interface, Member, Quota, define_interface, illegal_invocation, interface::define_members,
    new_platform_object, realm_of_global_object, required_arguments, throw_dom_exception,
    throw_quota_exceeded_error, type_error,
};

/// The interface `Crypto`.
pub static CRYPTO: Interface = Interface {
    name: "Crypto",
    parent: None,
    constructor: None,
    members: &[
        Member::Operation {
            name: "getRandomValues",
            length: 1,
            call: get_random_values,
        },
        Member::Operation {
            name: "randomUUID",
            length: 0,
            call: random_uuid,
        },
    ],
};

const GLOBAL_MEMBERS: &[Member] = &[Member::readonly("crypto", crypto)];

/// What one call of `getRandomValues` gives at most, in bytes.
const MAX_RANDOM_BYTES: usize = 65_536;

/// The data of a Crypto object, which has no state.
#[derive(Debug, Trace, Finalize, JsData)]
struct Crypto;

/// The realm's one Crypto object.
#[derive(Trace, Finalize, JsData)]
struct RealmCrypto(JsObject);

pub(super) fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&CRYPTO, context)?;
    let realm = context.realm().clone();
    if realm.host_defined().has::<RealmCrypto>() {
        return Ok(());
    }
    let crypto = new_platform_object(&CRYPTO, Crypto, context)?;
    realm.host_defined_mut().insert(RealmCrypto(crypto));
    define_members(GLOBAL_MEMBERS, &context.global_object(), None, &realm);
    Ok(())
}

/// <https://w3c.github.io/webcrypto/#dom-windoworworkerglobalscope-crypto>
fn crypto(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let realm = if this.is_null_or_undefined() {
        Some(context.realm().clone())
    } else {
        this.as_object()
            .and_then(|object| realm_of_global_object(&object, context))
    };
    realm
        .and_then(|realm| {
            let host_defined = realm.host_defined();
            let crypto = host_defined.get::<RealmCrypto>()?;
            Some(crypto.0.clone().into())
        })
        .ok_or_else(|| illegal_invocation("the global object's interface"))
}

fn check_brand(this: &JsValue) -> JsResult<()> {
    match this.as_object() {
        Some(object) if object.is::<Crypto>() => Ok(()),
        _ => Err(illegal_invocation(CRYPTO.name)),
    }
}

/// <https://w3c.github.io/webcrypto/#Crypto-method-getRandomValues>
fn get_random_values(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 1, CRYPTO.name, "getRandomValues")?;
    let array = args
        .get_or_undefined(0)
        .as_object()
        .filter(|array| array.is::<TypedArray>() || array.is::<DataView>())
        .ok_or_else(|| type_error("getRandomValues: the argument is not a view of a buffer"))?;
    let bytes = bytes_of_argument(&array, "getRandomValues: the array", context)?;
    if bytes.is_shared() {
        let message = "getRandomValues: the array is of a SharedArrayBuffer";
        return Err(type_error(message));
    }
    // 1. An array of other than integers: TypeMismatchError.
    if !is_integer_array(&array) {
        let message = "getRandomValues: the array is not one of integers";
        return Err(throw_dom_exception("TypeMismatchError", message, context));
    }
    // 2. Too long: QuotaExceededError, which says no numbers.
    if bytes.len() > MAX_RANDOM_BYTES {
        let message = format!(
            "getRandomValues: the array has {} bytes, and {MAX_RANDOM_BYTES} is the most",
            bytes.len()
        );
        let quota = Quota::default();
        return Err(throw_quota_exceeded_error(&message, quota, context));
    }
    // 3. Overwrite all elements. 4. Return the array.
    match bytes.write(|bytes| SysRng.try_fill_bytes(bytes))? {
        Ok(()) => Ok(array.into()),
        Err(error) => Err(no_randomness(&error, context)),
    }
}

fn is_integer_array(object: &JsObject) -> bool {
    use TypedArrayKind::{
        BigInt64, BigUint64, Int8, Int16, Int32, Uint8, Uint8Clamped, Uint16, Uint32,
    };
    let Ok(array) = JsTypedArray::from_object(object.clone()) else {
        return false;
    };
    matches!(
        array.kind(),
        Some(Int8 | Int16 | Int32 | BigInt64 | Uint8 | Uint8Clamped | Uint16 | Uint32 | BigUint64)
    )
}

/// The standard knows no system without random bytes; `OperationError` is its name for what fails for reasons of the system's.
fn no_randomness(error: &impl std::fmt::Display, context: &mut Context) -> boa_engine::JsError {
    let message = format!("the system gives no random bytes: {error}");
    throw_dom_exception("OperationError", &message, context)
}

/// <https://w3c.github.io/webcrypto/#Crypto-method-randomUUID>
fn random_uuid(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    // 1. – 2. Sixteen random bytes. 3. – 6. The version and the variant. 7. In hexadecimal.
    let mut bytes = [0; 16];
    if let Err(error) = SysRng.try_fill_bytes(&mut bytes) {
        return Err(no_randomness(&error, context));
    }
    let uuid = Builder::from_random_bytes(bytes).into_uuid();
    let mut text = [0; Hyphenated::LENGTH];
    let text = uuid.hyphenated().encode_lower(&mut text);
    Ok(JsString::from(&*text).into())
}
