//! TextEncoder. <https://encoding.spec.whatwg.org/#interface-textencoder>
//!
//! ```webidl
//! interface mixin TextEncoderCommon { readonly attribute DOMString encoding; };
//! dictionary TextEncoderEncodeIntoResult { unsigned long long read; unsigned long long written; };
//! [Exposed=*]
//! interface TextEncoder {
//!   constructor();
//!   [NewObject] Uint8Array encode(optional USVString input = "");
//!   TextEncoderEncodeIntoResult encodeInto(USVString source, [AllowShared] Uint8Array destination);
//! };
//! TextEncoder includes TextEncoderCommon;
//! ```

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace,
    builtins::{array_buffer::AlignedVec, typed_array::TypedArrayKind},
    js_string,
    object::builtins::{JsArrayBuffer, JsTypedArray, JsUint8Array},
    string::JsStrVariant,
};
use encoding_rs::mem::{convert_latin1_to_utf8_partial, convert_utf16_to_utf8_partial, is_ascii};

use super::bytes_of_argument;
use crate::webidl::{
    ByteRange, Interface, Member, construct_platform_object, dom_string, illegal_invocation,
    required_arguments, type_error,
};

/// The interface `TextEncoder`.
pub static TEXT_ENCODER: Interface = Interface {
    name: "TextEncoder",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("encoding", encoding),
        Member::Operation {
            name: "encode",
            length: 0,
            call: encode,
        },
        Member::Operation {
            name: "encodeInto",
            length: 2,
            call: encode_into,
        },
    ],
};

/// The data of a TextEncoder object, which has no state.
#[derive(Debug, Trace, Finalize, JsData)]
struct TextEncoder;

fn check_brand(this: &JsValue) -> JsResult<()> {
    match this.as_object() {
        Some(object) if object.is::<TextEncoder>() => Ok(()),
        _ => Err(illegal_invocation(TEXT_ENCODER.name)),
    }
}

fn constructor(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Ok(construct_platform_object(&TEXT_ENCODER, new_target, TextEncoder, context)?.into())
}

fn encoding(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    Ok(js_string!("utf-8").into())
}

/// <https://encoding.spec.whatwg.org/#dom-textencoder-encode>
fn encode(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    let bytes = match args.get_or_undefined(0) {
        value if value.is_undefined() => AlignedVec::new(0),
        value => utf8_bytes(&dom_string(value, context)?),
    };
    let buffer = JsArrayBuffer::from_byte_block(bytes, context)?;
    Ok(JsUint8Array::from_array_buffer(buffer, context)?.into())
}

/// The UTF-8 of a string, with U+FFFD for lone surrogates, where an ArrayBuffer can adopt it.
fn utf8_bytes(string: &JsString) -> AlignedVec<u8> {
    match string.as_str().variant() {
        JsStrVariant::Latin1(latin1) if is_ascii(latin1) => copied(latin1),
        JsStrVariant::Latin1(latin1) => utf8_in_pieces(latin1, convert_latin1_to_utf8_partial),
        JsStrVariant::Utf16(utf16) => utf8_in_pieces(utf16, convert_utf16_to_utf8_partial),
    }
}

/// A copy with all of the speed there is; `AlignedVec::from_slice` goes byte by byte.
fn copied(bytes: &[u8]) -> AlignedVec<u8> {
    let mut copy = AlignedVec::with_capacity(0, bytes.len());
    copy.extend_from_slice(bytes);
    copy
}

/// Encodes by way of a piece of the stack, so that no more memory is touched than the result has bytes.
fn utf8_in_pieces<T>(
    mut units: &[T],
    encode: impl Fn(&[T], &mut [u8]) -> (usize, usize),
) -> AlignedVec<u8> {
    /// Room that is left over at the end and not worth a copy.
    const SMALL: usize = 64;
    let mut bytes = AlignedVec::with_capacity(0, units.len());
    let mut piece = [0; 4096];
    while !units.is_empty() {
        let (read, written) = encode(units, &mut piece);
        bytes.extend_from_slice(piece.get(..written).unwrap_or_default());
        units = units.get(read..).unwrap_or_default();
    }
    if bytes.capacity() - bytes.len() > SMALL {
        bytes.shrink_to_fit();
    }
    bytes
}

/// <https://encoding.spec.whatwg.org/#dom-textencoder-encodeinto>
fn encode_into(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this)?;
    required_arguments(args, 2, TEXT_ENCODER.name, "encodeInto")?;
    let source = dom_string(args.get_or_undefined(0), context)?;
    let destination = args
        .get_or_undefined(1)
        .as_object()
        .and_then(|object| JsTypedArray::from_object(object).ok())
        .filter(|array| matches!(array.kind(), Some(TypedArrayKind::Uint8)))
        .ok_or_else(|| type_error("encodeInto: the destination is not a Uint8Array"))?;
    let range = bytes_of_argument(&destination, "encodeInto: the destination", context)?;
    let (read, written) = if range.is_shared() {
        encode_into_shared(&source, &range, &destination, context)?
    } else {
        range.write(|bytes| encode_partially(&source, bytes))?
    };
    let result = JsObject::with_object_proto(context.intrinsics());
    result.create_data_property_or_throw(js_string!("read"), read, context)?;
    result.create_data_property_or_throw(js_string!("written"), written, context)?;
    Ok(result.into())
}

/// Encodes what fits, in whole characters; the bytes behind it stay as they are. How many code units were read and bytes written.
fn encode_partially(source: &JsString, bytes: &mut [u8]) -> (usize, usize) {
    match source.as_str().variant() {
        JsStrVariant::Latin1(latin1) => convert_latin1_to_utf8_partial(latin1, bytes),
        JsStrVariant::Utf16(utf16) => convert_utf16_to_utf8_partial(utf16, bytes),
    }
}

/// Boa hands out no bytes of a SharedArrayBuffer to be written: by way of an array of our own.
fn encode_into_shared(
    source: &JsString,
    range: &ByteRange,
    destination: &JsTypedArray,
    context: &mut Context,
) -> JsResult<(usize, usize)> {
    // No more than the source can become: the destination may be huge.
    let length = range.len().min(source.len().saturating_mul(3));
    let mut bytes = vec![0; length];
    let (read, written) = encode_partially(source, &mut bytes);
    bytes.truncate(written);
    let buffer = JsArrayBuffer::from_byte_block(copied(&bytes), context)?;
    let encoded = JsUint8Array::from_array_buffer(buffer, context)?;
    destination.set_values(encoded.into(), Some(0), context)?;
    Ok((read, written))
}
