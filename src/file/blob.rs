//! Blob. <https://w3c.github.io/FileAPI/#blob-section>
//!
//! ```webidl
//! [Exposed=(Window,Worker), Serializable]
//! interface Blob {
//!   constructor(optional sequence<BlobPart> blobParts, optional BlobPropertyBag options = {});
//!   readonly attribute unsigned long long size;
//!   readonly attribute DOMString type;
//!   Blob slice(optional [Clamp] long long start, optional [Clamp] long long end, optional DOMString contentType);
//!   [NewObject] ReadableStream stream();
//!   [NewObject] Promise<USVString> text();
//!   [NewObject] Promise<ArrayBuffer> arrayBuffer();
//!   [NewObject] Promise<Uint8Array> bytes();
//! };
//! enum EndingType { "transparent", "native" };
//! dictionary BlobPropertyBag { DOMString type = ""; EndingType endings = "transparent"; };
//! typedef (BufferSource or Blob or USVString) BlobPart;
//! ```
//!
//! `stream()` is not there yet: it needs ReadableStream.

use std::fmt;

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace,
    builtins::array_buffer::AlignedVec,
    js_string,
    object::builtins::{JsArrayBuffer, JsUint8Array},
};

use super::{blob_bytes::BlobBytes, file_object::FileProperties};
use crate::webidl::{
    Dictionary, Interface, Member, NativeFn, buffer_source_bytes, construct_platform_object,
    dom_string, illegal_invocation, long_long_clamp, new_platform_object, promise_from, sequence,
    type_error, usv_string,
};

/// The interface `Blob`.
pub static BLOB: Interface = Interface {
    name: "Blob",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("size", size),
        Member::readonly("type", type_),
        operation("slice", slice),
        operation("text", text),
        operation("arrayBuffer", array_buffer),
        operation("bytes", bytes),
    ],
};

const fn operation(name: &'static str, call: NativeFn) -> Member {
    Member::Operation {
        name,
        length: 0,
        call,
    }
}

/// The data of a Blob object, and of a File object.
#[derive(Clone, Trace, Finalize, JsData)]
pub(super) struct Blob {
    /// Bytes are not the collector's.
    #[unsafe_ignore_trace]
    bytes: BlobBytes,
    type_: JsString,
    /// Strings are not the collector's.
    #[unsafe_ignore_trace]
    pub(super) file: Option<FileProperties>,
}

impl Blob {
    /// With `type_` as its constructor takes it.
    pub(super) fn new(bytes: BlobBytes, type_: &JsString) -> Self {
        Self {
            bytes,
            type_: normalized_type(type_),
            file: None,
        }
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("size", &self.bytes.len())
            .field("type", &self.type_)
            .finish()
    }
}

/// Creates a Blob in the context's current realm.
///
/// `type_` is put into lower case; one with a character outside U+0020 to U+007E becomes empty.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn new_blob(
    bytes: impl Into<BlobBytes>,
    type_: &str,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = Blob::new(bytes.into(), &JsString::from(type_));
    new_platform_object(&BLOB, data, context)
}

/// The bytes of a Blob, shared with it, or `None` if the object is not a Blob.
#[must_use]
pub fn blob_bytes(object: &JsObject) -> Option<BlobBytes> {
    object.downcast_ref::<Blob>().map(|blob| blob.bytes.clone())
}

/// The type of a Blob, or `None` if the object is not a Blob.
#[must_use]
pub fn blob_type(object: &JsObject) -> Option<JsString> {
    object.downcast_ref::<Blob>().map(|blob| blob.type_.clone())
}

pub(super) fn this_blob(this: &JsValue) -> JsResult<Blob> {
    this.as_object()
        .and_then(|object| object.downcast_ref::<Blob>().map(|blob| blob.clone()))
        .ok_or_else(|| illegal_invocation(BLOB.name))
}

/// Step 3 of the constructor and of slice: a type with other characters than U+0020 to U+007E is
/// ignored; the rest is put into lower case.
fn normalized_type(type_: &JsString) -> JsString {
    match type_.as_str().as_latin1() {
        Some(latin1) if latin1.iter().all(|byte| (0x20..=0x7e).contains(byte)) => {
            if latin1.iter().any(u8::is_ascii_uppercase) {
                JsString::from(type_.to_std_string_lossy().to_ascii_lowercase())
            } else {
                type_.clone()
            }
        }
        // The empty string, and ASCII that Boa happens to store in 16 bits.
        _ => {
            let text = type_.to_std_string_lossy();
            if text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
                JsString::from(text.to_ascii_lowercase())
            } else {
                js_string!()
            }
        }
    }
}

/// One element of the parts.
pub(super) enum BlobPart {
    Bytes(Vec<u8>),
    Blob(BlobBytes),
    Text(String),
}

fn blob_part(value: &JsValue, context: &mut Context) -> JsResult<BlobPart> {
    if let Some(object) = value.as_object() {
        if let Some(bytes) = blob_bytes(&object) {
            return Ok(BlobPart::Blob(bytes));
        }
        if let Some(bytes) = buffer_source_bytes(&object, context) {
            return Ok(BlobPart::Bytes(bytes?));
        }
    }
    usv_string(value, context).map(BlobPart::Text)
}

/// The argument `sequence<BlobPart>`.
pub(super) fn blob_parts(value: &JsValue, context: &mut Context) -> JsResult<Vec<BlobPart>> {
    sequence(value, "the list of parts", context, |part, context| {
        blob_part(&part, context)
    })
}

/// The members of `BlobPropertyBag`.
pub(super) struct PropertyBag {
    pub(super) native_endings: bool,
    pub(super) type_: JsString,
}

/// Reads them; those of `FilePropertyBag` come after them.
pub(super) fn read_property_bag(
    options: &Dictionary,
    context: &mut Context,
) -> JsResult<PropertyBag> {
    let native_endings = match options.get(js_string!("endings"), context)? {
        Some(value) => native_endings(&value, context)?,
        None => false,
    };
    let type_ = match options.get(js_string!("type"), context)? {
        Some(value) => dom_string(&value, context)?,
        None => js_string!(),
    };
    Ok(PropertyBag {
        native_endings,
        type_,
    })
}

/// `EndingType`: are line endings to be converted?
fn native_endings(value: &JsValue, context: &mut Context) -> JsResult<bool> {
    match dom_string(value, context)?.to_std_string_lossy().as_str() {
        "transparent" => Ok(false),
        "native" => Ok(true),
        _ => Err(type_error("'endings' is not an EndingType")),
    }
}

/// <https://w3c.github.io/FileAPI/#constructorBlob>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let parts = match args.get_or_undefined(0) {
        value if value.is_undefined() => Vec::new(),
        value => blob_parts(value, context)?,
    };
    let options = Dictionary::new(args.get_or_undefined(1), "the options of a Blob")?;
    let properties = read_property_bag(&options, context)?;
    // 1. – 2. Process the parts. 3. The type.
    let bytes = process_blob_parts(parts, properties.native_endings);
    let data = Blob::new(bytes, &properties.type_);
    Ok(construct_platform_object(&BLOB, new_target, data, context)?.into())
}

/// <https://w3c.github.io/FileAPI/#process-blob-parts>
pub(super) fn process_blob_parts(mut parts: Vec<BlobPart>, native_endings: bool) -> BlobBytes {
    // A single part needs no second copy, and a single Blob none at all.
    if parts.len() == 1 {
        match parts.remove(0) {
            BlobPart::Blob(bytes) => return bytes,
            BlobPart::Bytes(bytes) => return bytes.into(),
            BlobPart::Text(text) => return encode(text, native_endings).into(),
        }
    }
    let mut all = Vec::new();
    for part in parts {
        match part {
            BlobPart::Bytes(bytes) => all.extend_from_slice(&bytes),
            BlobPart::Blob(bytes) => all.extend_from_slice(&bytes),
            BlobPart::Text(text) => all.extend_from_slice(&encode(text, native_endings)),
        }
    }
    all.into()
}

fn encode(text: String, native_endings: bool) -> Vec<u8> {
    if native_endings {
        convert_line_endings_to_native(&text).into_bytes()
    } else {
        text.into_bytes()
    }
}

/// <https://w3c.github.io/FileAPI/#convert-line-endings-to-native>
fn convert_line_endings_to_native(text: &str) -> String {
    let native = if cfg!(windows) { "\r\n" } else { "\n" };
    let mut converted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find(['\r', '\n']) {
        let (line, ending) = rest.split_at(position);
        converted.push_str(line);
        converted.push_str(native);
        rest = ending.strip_prefix("\r\n").unwrap_or(&ending[1..]);
    }
    converted.push_str(rest);
    converted
}

fn size(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_blob(this)?.bytes.len().into())
}

fn type_(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_blob(this)?.type_.clone().into())
}

/// <https://w3c.github.io/FileAPI/#slice-blob>
fn slice(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let blob = this_blob(this)?;
    let size = i64::try_from(blob.bytes.len()).unwrap_or(i64::MAX);
    let mut position = |index: usize, default: i64| match args.get_or_undefined(index) {
        value if value.is_undefined() => JsResult::Ok(default),
        value => {
            let value = long_long_clamp(value, context)?;
            Ok(if value < 0 {
                size.saturating_add(value).max(0)
            } else {
                value.min(size)
            })
        }
    };
    // 1. – 2. The range, relative to the end where it is negative.
    let start = position(0, 0)?;
    let end = position(1, size)?;
    // 3. The type.
    let type_ = match args.get_or_undefined(2) {
        value if value.is_undefined() => js_string!(),
        value => dom_string(value, context)?,
    };
    // 4. – 5. The bytes, which both Blobs share.
    let start = usize::try_from(start).unwrap_or_default();
    let end = usize::try_from(end).unwrap_or_default().max(start);
    let data = Blob::new(blob.bytes.slice(start..end), &type_);
    Ok(new_platform_object(&BLOB, data, context)?.into())
}

/// <https://w3c.github.io/FileAPI/#text-method-algo>
///
/// The bytes are in memory, so the promise is resolved at once; its reactions are microtasks.
fn text(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = this_blob(this).map(|blob| utf8_decode(&blob.bytes).into());
    promise_from(text, context)
}

/// UTF-8 decode: without a byte order mark, each maximal invalid piece becoming U+FFFD.
/// <https://encoding.spec.whatwg.org/#utf-8-decode>
fn utf8_decode(bytes: &[u8]) -> JsString {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    JsString::from(&*String::from_utf8_lossy(bytes))
}

/// <https://w3c.github.io/FileAPI/#arraybuffer-method-algo>
fn array_buffer(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let buffer = this_blob(this).and_then(|blob| new_array_buffer(&blob.bytes, context));
    promise_from(buffer.map(JsValue::from), context)
}

/// <https://w3c.github.io/FileAPI/#bytes-method-algo>
fn bytes(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let array = this_blob(this)
        .and_then(|blob| new_array_buffer(&blob.bytes, context))
        .and_then(|buffer| JsUint8Array::from_array_buffer(buffer, context));
    promise_from(array.map(JsValue::from), context)
}

fn new_array_buffer(bytes: &[u8], context: &mut Context) -> JsResult<JsArrayBuffer> {
    JsArrayBuffer::from_byte_block(AlignedVec::from_slice(0, bytes), context)
}
