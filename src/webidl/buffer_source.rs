//! Buffer source types. <https://webidl.spec.whatwg.org/#idl-buffer-source-types>

use boa_engine::{
    Context, JsObject, JsResult,
    builtins::{
        array_buffer::{ArrayBuffer, SharedArrayBuffer},
        dataview::DataView,
        typed_array::TypedArray,
    },
    object::builtins::{JsArrayBuffer, JsDataView, JsSharedArrayBuffer, JsTypedArray},
};

/// Is the object an ArrayBuffer, a SharedArrayBuffer, a typed array or a DataView?
#[must_use]
pub fn is_buffer_source(object: &JsObject) -> bool {
    object.is::<ArrayBuffer>()
        || object.is::<TypedArray>()
        || object.is::<DataView>()
        || object.is::<SharedArrayBuffer>()
}

/// Gets a copy of the bytes held by a buffer source, or `None` if the object is not one.
///
/// Shared and resizable buffers and views on them are accepted. A detached buffer, and a view that
/// a resized buffer has left out of bounds, hold no bytes.
///
/// <https://webidl.spec.whatwg.org/#dfn-get-buffer-source-copy>
///
/// No script runs meanwhile: only Boa's own accessors are used, not what script may have put in
/// their place.
///
/// # Errors
///
/// Those of Boa's accessors; none is known for an object that passed the checks here.
pub fn buffer_source_bytes(object: &JsObject, context: &mut Context) -> Option<JsResult<Vec<u8>>> {
    if object.is::<ArrayBuffer>() || object.is::<SharedArrayBuffer>() {
        return Some(buffer_bytes(object, 0, usize::MAX));
    }
    if object.is::<TypedArray>() {
        return Some(typed_array_bytes(object, context));
    }
    if object.is::<DataView>() {
        return Some(data_view_bytes(object, context));
    }
    None
}

fn typed_array_bytes(object: &JsObject, context: &mut Context) -> JsResult<Vec<u8>> {
    let array = JsTypedArray::from_object(object.clone())?;
    // Both are 0 where the buffer is detached or the view is out of bounds.
    let offset = array.byte_offset(context)?;
    let length = array.byte_length(context)?;
    match array.buffer(context)?.as_object() {
        Some(buffer) if length > 0 => buffer_bytes(&buffer, offset, length),
        _ => Ok(Vec::new()),
    }
}

fn data_view_bytes(object: &JsObject, context: &mut Context) -> JsResult<Vec<u8>> {
    let view = JsDataView::from_object(object.clone())?;
    // The accessors of a DataView throw where those of a typed array give 0.
    let (Ok(offset), Ok(length)) = (view.byte_offset(context), view.byte_length(context)) else {
        return Ok(Vec::new());
    };
    let (Ok(offset), Ok(length)) = (usize::try_from(offset), usize::try_from(length)) else {
        return Ok(Vec::new());
    };
    match view.buffer(context)?.as_object() {
        Some(buffer) => buffer_bytes(&buffer, offset, length),
        None => Ok(Vec::new()),
    }
}

/// Copies at most `length` bytes from `offset`; fewer where the buffer ends before.
fn buffer_bytes(buffer: &JsObject, offset: usize, length: usize) -> JsResult<Vec<u8>> {
    if buffer.is::<ArrayBuffer>() {
        let buffer = JsArrayBuffer::from_object(buffer.clone())?;
        let bytes = match buffer.data() {
            Some(data) => within(&data, offset, length).to_vec(),
            None => Vec::new(),
        };
        return Ok(bytes);
    }
    let buffer = JsSharedArrayBuffer::from_object(buffer.clone())?;
    let mut bytes = buffer.to_vec();
    let end = offset.saturating_add(length).min(bytes.len());
    bytes.truncate(end);
    bytes.drain(..offset.min(end));
    Ok(bytes)
}

fn within(data: &[u8], offset: usize, length: usize) -> &[u8] {
    let end = offset.saturating_add(length).min(data.len());
    data.get(offset..end).unwrap_or_default()
}
