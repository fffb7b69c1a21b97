//! The File API's Blob.
//!
//! Standard: <https://w3c.github.io/FileAPI/>.
//!
//! In scope: Blob, with its bytes in memory. Out of scope: File, FileList, FileReader, blob URLs.

mod blob;
mod blob_bytes;

#[cfg(test)]
mod tests;

pub use blob::{BLOB, blob_bytes, blob_type, new_blob};
pub use blob_bytes::BlobBytes;

use boa_engine::{Context, JsResult};

use crate::webidl::define_interface;

/// Registers `Blob` in the context's current realm. [`crate::webidl::register`] comes first.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&BLOB, context)
}
