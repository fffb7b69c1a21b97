//! The File API's Blob and File.
//!
//! Standard: <https://w3c.github.io/FileAPI/>.
//!
//! In scope: Blob and File, with their bytes in memory. Out of scope: FileList, FileReader, blob URLs.

mod blob;
mod blob_bytes;
mod file_object;

#[cfg(test)]
mod tests;

pub use blob::{BLOB, blob_bytes, blob_type, new_blob};
pub use blob_bytes::BlobBytes;
pub use file_object::FILE;

use boa_engine::{Context, JsResult};

use crate::webidl::define_interface;

/// Registers `Blob` and `File` in the context's current realm. [`crate::webidl::register`] comes first.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&BLOB, context)?;
    define_interface(&FILE, context)
}
