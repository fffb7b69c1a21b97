//! Conversions from JavaScript values to IDL types.
//! <https://webidl.spec.whatwg.org/#js-type-mapping>
//!
//! They coerce as the standard says, in contrast to Boa's `TryFromJs`.

use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, JsSymbol, JsValue, js_string,
    string::JsStrVariant,
};

/// 2^53 − 1, the largest integer whose neighbours are all told apart.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A TypeError with a message.
pub fn type_error(message: impl Into<std::borrow::Cow<'static, str>>) -> JsError {
    JsNativeError::typ().with_message(message).into()
}

/// The TypeError of a brand check: `this` does not implement `interface`.
#[must_use]
pub fn illegal_invocation(interface: &str) -> JsError {
    type_error(format!("'this' does not implement {interface}"))
}

/// Checks that at least `required` arguments were given.
///
/// # Errors
///
/// A TypeError if there are fewer.
pub fn required_arguments(
    args: &[JsValue],
    required: usize,
    interface: &str,
    operation: &str,
) -> JsResult<()> {
    if args.len() >= required {
        return Ok(());
    }
    Err(type_error(format!(
        "{interface} {operation}: {required} argument{} required, but only {} given",
        if required == 1 { "" } else { "s" },
        args.len(),
    )))
}

/// `DOMString`.
///
/// # Errors
///
/// A TypeError for a symbol, or what a conversion method of the value throws.
pub fn dom_string(value: &JsValue, context: &mut Context) -> JsResult<JsString> {
    match value.as_string() {
        Some(string) => Ok(string),
        None => value.to_string(context),
    }
}

/// `ByteString`.
///
/// # Errors
///
/// Those of [`dom_string`]; a TypeError for a string with a code unit above 255.
pub fn byte_string(value: &JsValue, context: &mut Context) -> JsResult<Vec<u8>> {
    let string = dom_string(value, context)?;
    string
        .iter()
        .map(u8::try_from)
        .collect::<Result<_, _>>()
        .map_err(|_| type_error("the string has a character that is not of Latin-1"))
}

/// `USVString`, as UTF-8. Lone surrogates become U+FFFD.
///
/// # Errors
///
/// Those of [`dom_string`].
pub fn usv_string(value: &JsValue, context: &mut Context) -> JsResult<String> {
    Ok(scalar_value_string(&dom_string(value, context)?))
}

/// `USVString`, as a JavaScript string. Lone surrogates become U+FFFD; a string without any is
/// not copied.
///
/// # Errors
///
/// Those of [`dom_string`].
pub fn usv_js_string(value: &JsValue, context: &mut Context) -> JsResult<JsString> {
    let string = dom_string(value, context)?;
    if string.as_str().is_latin1() || string.to_std_string().is_ok() {
        return Ok(string);
    }
    Ok(JsString::from(scalar_value_string(&string)))
}

/// Converts a JavaScript string to UTF-8. Lone surrogates become U+FFFD.
#[must_use]
pub fn scalar_value_string(string: &JsString) -> String {
    // Boa's own conversion walks code points; a copy of the bytes is 40 times faster.
    if let Some(ascii) = ascii(string) {
        return ascii.to_owned();
    }
    match string.as_str().as_latin1() {
        Some(bytes) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        None => string.to_std_string_lossy(),
    }
}

/// A JavaScript string as it is, where it is stored as ASCII.
pub(crate) fn ascii(string: &JsString) -> Option<&str> {
    let JsStrVariant::Latin1(bytes) = string.as_str().variant() else {
        return None;
    };
    std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii())
}

/// `boolean`.
#[must_use]
pub fn boolean(value: &JsValue) -> bool {
    value.to_boolean()
}

/// `unsigned short`: modulo 2^16.
///
/// # Errors
///
/// A TypeError for a symbol or BigInt, or what a conversion method of the value throws.
pub fn unsigned_short(value: &JsValue, context: &mut Context) -> JsResult<u16> {
    value.to_uint16(context)
}

/// `[Clamp] unsigned short`: to the nearest value of the range, ties to even, NaN to 0.
///
/// # Errors
///
/// Those of [`unsigned_short`].
pub fn unsigned_short_clamp(value: &JsValue, context: &mut Context) -> JsResult<u16> {
    let number = value.to_number(context)?;
    if number.is_nan() {
        return Ok(0);
    }
    let rounded = number.clamp(0.0, f64::from(u16::MAX)).round_ties_even();
    // In range by the clamp above, so the cast is exact.
    Ok(rounded as u16)
}

/// `[EnforceRange] unsigned short`.
///
/// # Errors
///
/// Those of [`unsigned_short`]; a TypeError for a number that is not finite or whose integer part
/// is out of range.
pub fn unsigned_short_enforce_range(value: &JsValue, context: &mut Context) -> JsResult<u16> {
    enforce_range(value, f64::from(u16::MAX), context).map(|integer| integer as u16)
}

/// `[EnforceRange] unsigned long long`, which covers the safe integers: 0 to 2^53 − 1.
///
/// # Errors
///
/// As [`unsigned_short_enforce_range`].
pub fn unsigned_long_long_enforce_range(value: &JsValue, context: &mut Context) -> JsResult<u64> {
    enforce_range(value, MAX_SAFE_INTEGER, context).map(|integer| integer as u64)
}

/// The integer part of a number from 0 to `max`, within which a cast is exact.
fn enforce_range(value: &JsValue, max: f64, context: &mut Context) -> JsResult<f64> {
    let number = value.to_number(context)?;
    if !number.is_finite() {
        return Err(type_error("the number is not finite"));
    }
    let integer = number.trunc();
    if !(0.0..=max).contains(&integer) {
        return Err(type_error(format!(
            "the number is out of the range 0 to {max}"
        )));
    }
    Ok(integer)
}

/// `unsigned long`: modulo 2^32.
///
/// # Errors
///
/// Those of [`unsigned_short`].
pub fn unsigned_long(value: &JsValue, context: &mut Context) -> JsResult<u32> {
    value.to_u32(context)
}

/// `long`: modulo 2^32, signed.
///
/// # Errors
///
/// Those of [`unsigned_short`].
pub fn long(value: &JsValue, context: &mut Context) -> JsResult<i32> {
    value.to_i32(context)
}

/// `long long`: modulo 2^64, signed; NaN and the infinities become 0.
///
/// # Errors
///
/// Those of [`unsigned_short`].
pub fn long_long(value: &JsValue, context: &mut Context) -> JsResult<i64> {
    const TWO_TO_THE_64: f64 = 18_446_744_073_709_551_616.0;
    let number = value.to_number(context)?;
    if !number.is_finite() {
        return Ok(0);
    }
    // Exact: the remainder of an integer is an integer, and less than 2^64 in magnitude.
    let modulo = number.trunc() % TWO_TO_THE_64;
    Ok((modulo as i128) as i64)
}

/// `[Clamp] long long`, which covers the safe integers: to the nearest, ties to even, NaN to 0.
///
/// # Errors
///
/// Those of [`unsigned_short`].
pub fn long_long_clamp(value: &JsValue, context: &mut Context) -> JsResult<i64> {
    let number = value.to_number(context)?;
    if number.is_nan() {
        return Ok(0);
    }
    let rounded = number
        .clamp(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER)
        .round_ties_even();
    Ok(rounded as i64)
}

/// `double`.
///
/// # Errors
///
/// Those of [`unsigned_short`]; a TypeError for NaN and the infinities.
pub fn double(value: &JsValue, context: &mut Context) -> JsResult<f64> {
    let number = value.to_number(context)?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(type_error("the number is not finite"))
    }
}

/// A callback interface type, nullable: `null` and `undefined` give `None`.
///
/// # Errors
///
/// A TypeError for a primitive.
pub fn nullable_callback_interface(value: &JsValue, what: &str) -> JsResult<Option<JsObject>> {
    if value.is_null_or_undefined() {
        return Ok(None);
    }
    value
        .as_object()
        .map(Some)
        .ok_or_else(|| type_error(format!("{what} is not an object")))
}

/// `sequence<T>`: drives the iterator of `value` and hands each of its values to `convert`.
///
/// <https://webidl.spec.whatwg.org/#js-sequence>
///
/// # Errors
///
/// A TypeError if `value` is not an iterable object; what the iterator or `convert` throws.
pub fn sequence<T>(
    value: &JsValue,
    what: &str,
    context: &mut Context,
    mut convert: impl FnMut(JsValue, &mut Context) -> JsResult<T>,
) -> JsResult<Vec<T>> {
    // 1. V is not an Object: TypeError.
    let Some(object) = value.as_object() else {
        return Err(type_error(format!("{what} is not a sequence")));
    };
    // 2. method = GetMethod(V, @@iterator). 3. undefined: TypeError.
    let method = object.get(JsSymbol::iterator(), context)?;
    if method.is_null_or_undefined() {
        return Err(type_error(format!("{what} is not iterable")));
    }
    sequence_from_iterable(&object, &method, what, context, &mut convert)
}

/// Creates a sequence from an iterable, given its iterator method.
///
/// <https://webidl.spec.whatwg.org/#create-sequence-from-iterable>
///
/// # Errors
///
/// A TypeError if `method` or what it gives does not follow the iterator protocol; what the
/// iterator or `convert` throws. As the standard says, the iterator is not closed then.
pub fn sequence_from_iterable<T>(
    object: &JsObject,
    method: &JsValue,
    what: &str,
    context: &mut Context,
    convert: &mut impl FnMut(JsValue, &mut Context) -> JsResult<T>,
) -> JsResult<Vec<T>> {
    let not_an_iterator = || type_error(format!("{what} does not follow the iterator protocol"));
    let method = method.as_callable().ok_or_else(not_an_iterator)?;
    // 1. The iterator record: the `next` method is read once.
    let iterator = method
        .call(&object.clone().into(), &[], context)?
        .as_object()
        .ok_or_else(not_an_iterator)?;
    let next = iterator.get(js_string!("next"), context)?;
    let iterator = JsValue::from(iterator);
    // 2. – 3. Until it is done.
    let mut values = Vec::new();
    loop {
        let next = next.as_callable().ok_or_else(not_an_iterator)?;
        let result = next
            .call(&iterator, &[], context)?
            .as_object()
            .ok_or_else(not_an_iterator)?;
        if result.get(js_string!("done"), context)?.to_boolean() {
            return Ok(values);
        }
        let value = result.get(js_string!("value"), context)?;
        values.push(convert(value, context)?);
    }
}

/// A dictionary argument while its members are read.
///
/// <https://webidl.spec.whatwg.org/#js-dictionary>
///
/// The caller reads the members: those of the parent dictionaries first, those of one dictionary
/// in lexicographic order, each converted before the next is read.
#[derive(Clone, Debug)]
pub struct Dictionary {
    object: Option<JsObject>,
}

impl Dictionary {
    /// A dictionary from an argument; `undefined` and `null` are the empty one.
    ///
    /// # Errors
    ///
    /// A TypeError for any other value that is not an object.
    pub fn new(value: &JsValue, what: &str) -> JsResult<Self> {
        if value.is_null_or_undefined() {
            return Ok(Self { object: None });
        }
        match value.as_object() {
            Some(object) => Ok(Self {
                object: Some(object),
            }),
            None => Err(type_error(format!("{what} is not an object"))),
        }
    }

    /// The value of a member, or `None` if it is absent or `undefined`.
    ///
    /// # Errors
    ///
    /// What a getter throws.
    pub fn get(&self, name: JsString, context: &mut Context) -> JsResult<Option<JsValue>> {
        let Some(object) = &self.object else {
            return Ok(None);
        };
        let value = object.get(name, context)?;
        Ok((!value.is_undefined()).then_some(value))
    }

    /// A `boolean` member that defaults to `false`.
    ///
    /// # Errors
    ///
    /// What a getter throws.
    pub fn boolean(&self, name: JsString, context: &mut Context) -> JsResult<bool> {
        Ok(self
            .get(name, context)?
            .is_some_and(|value| value.to_boolean()))
    }

    /// A required member.
    ///
    /// # Errors
    ///
    /// A TypeError if it is absent; what a getter throws.
    pub fn required(&self, name: JsString, context: &mut Context) -> JsResult<JsValue> {
        self.get(name.clone(), context)?.ok_or_else(|| {
            let name = name.to_std_string_lossy();
            type_error(format!("the member '{name}' is required"))
        })
    }
}
