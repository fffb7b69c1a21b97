//! Buffer source types. <https://webidl.spec.whatwg.org/#idl-buffer-source-types>

use boa_engine::{
    Context, JsObject, JsResult, JsValue,
    builtins::{
        array_buffer::{ArrayBuffer, SharedArrayBuffer},
        dataview::DataView,
        typed_array::TypedArray,
    },
    object::builtins::{JsArrayBuffer, JsDataView, JsSharedArrayBuffer, JsTypedArray},
};

use super::conversions::type_error;

/// Is the object an ArrayBuffer, a SharedArrayBuffer, a typed array or a DataView?
#[must_use]
pub fn is_buffer_source(object: &JsObject) -> bool {
    object.is::<ArrayBuffer>()
        || object.is::<TypedArray>()
        || object.is::<DataView>()
        || object.is::<SharedArrayBuffer>()
}

/// Where the bytes of a buffer source are: a range of a buffer.
///
/// It holds good until script runs again, which may detach or resize the buffer. Even then nothing outside the buffer is
/// touched: the range is then of the bytes that are left.
#[derive(Clone, Debug)]
pub struct ByteRange {
    buffer: JsObject,
    offset: usize,
    length: usize,
}

impl ByteRange {
    /// How many bytes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Are they in a SharedArrayBuffer?
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.buffer.is::<SharedArrayBuffer>()
    }

    /// Are they in an ArrayBuffer that is resizable? Of a SharedArrayBuffer Boa does not tell whether it can grow.
    #[must_use]
    pub fn is_resizable(&self) -> bool {
        let Some(mut buffer) = self.buffer.downcast_mut::<ArrayBuffer>() else {
            return false;
        };
        // Boa has no such question; resizing to the present length changes nothing, and fails for a fixed length.
        let Some(length) = buffer.data().map(<[u8]>::len) else {
            return false;
        };
        buffer.resize(length as u64).is_ok()
    }

    /// Hands the bytes to `read`, which must not run script. Those of an ArrayBuffer are not copied.
    pub fn read<R>(&self, read: impl FnOnce(&[u8]) -> R) -> R {
        if let Some(buffer) = self.buffer.downcast_ref::<ArrayBuffer>() {
            let data = buffer.data().unwrap_or_default();
            return read(within(data, self.offset, self.length));
        }
        let shared = JsSharedArrayBuffer::from_object(self.buffer.clone());
        let bytes = shared.map(|buffer| buffer.to_vec()).unwrap_or_default();
        read(within(&bytes, self.offset, self.length))
    }

    /// Hands the bytes to `write`, to be changed in place; it must not run script.
    ///
    /// # Errors
    ///
    /// A TypeError for a SharedArrayBuffer.
    pub fn write<R>(&self, write: impl FnOnce(&mut [u8]) -> R) -> JsResult<R> {
        let buffer = JsArrayBuffer::from_object(self.buffer.clone())?;
        Ok(match buffer.data_mut() {
            Some(mut data) => {
                let end = self.offset.saturating_add(self.length).min(data.len());
                write(data.get_mut(self.offset..end).unwrap_or_default())
            }
            None => write(&mut []),
        })
    }
}

/// Finds the bytes held by a buffer source, or gives `None` if the object is not one.
///
/// Shared and resizable buffers and views on them are accepted. A detached buffer, and a view that
/// a resized buffer has left out of bounds, hold no bytes.
///
/// No script runs meanwhile: only Boa's own accessors are used, not what script may have put in
/// their place.
///
/// # Errors
///
/// Those of Boa's accessors; none is known for an object that passed the checks here.
pub fn byte_range(object: &JsObject, context: &mut Context) -> Option<JsResult<ByteRange>> {
    if object.is::<ArrayBuffer>() {
        return Some(JsArrayBuffer::from_object(object.clone()).map(|buffer| {
            let length = buffer.data().map_or(0, |data| data.len());
            whole(object, length)
        }));
    }
    if object.is::<SharedArrayBuffer>() {
        let buffer = JsSharedArrayBuffer::from_object(object.clone());
        return Some(buffer.map(|buffer| whole(object, buffer.byte_length())));
    }
    if object.is::<TypedArray>() {
        return Some(typed_array_range(object, context));
    }
    if object.is::<DataView>() {
        return Some(data_view_range(object, context));
    }
    None
}

fn whole(buffer: &JsObject, length: usize) -> ByteRange {
    ByteRange {
        buffer: buffer.clone(),
        offset: 0,
        length,
    }
}

fn typed_array_range(object: &JsObject, context: &mut Context) -> JsResult<ByteRange> {
    let array = JsTypedArray::from_object(object.clone())?;
    // Both are 0 where the buffer is detached or the view is out of bounds.
    let offset = array.byte_offset(context)?;
    let length = array.byte_length(context)?;
    let buffer = array.buffer(context)?;
    range_in(&buffer, offset, length)
}

fn data_view_range(object: &JsObject, context: &mut Context) -> JsResult<ByteRange> {
    let view = JsDataView::from_object(object.clone())?;
    // The accessors of a DataView throw where those of a typed array give 0.
    let offset = view.byte_offset(context).unwrap_or_default();
    let length = view.byte_length(context).unwrap_or_default();
    let buffer = view.buffer(context)?;
    let length = usize::try_from(length).unwrap_or_default();
    range_in(&buffer, usize::try_from(offset).unwrap_or_default(), length)
}

fn range_in(buffer: &JsValue, offset: usize, length: usize) -> JsResult<ByteRange> {
    let buffer = buffer
        .as_object()
        .ok_or_else(|| type_error("the view has no buffer"))?;
    Ok(ByteRange {
        buffer,
        offset,
        length,
    })
}

/// Gets a copy of the bytes held by a buffer source, or `None` if the object is not one. See [`byte_range`].
///
/// <https://webidl.spec.whatwg.org/#dfn-get-buffer-source-copy>
///
/// # Errors
///
/// Those of [`byte_range`].
pub fn buffer_source_bytes(object: &JsObject, context: &mut Context) -> Option<JsResult<Vec<u8>>> {
    let range = byte_range(object, context)?;
    Some(range.map(|range| range.read(<[u8]>::to_vec)))
}

fn within(data: &[u8], offset: usize, length: usize) -> &[u8] {
    let end = offset.saturating_add(length).min(data.len());
    data.get(offset..end).unwrap_or_default()
}
