//! The bytes of a Blob.

use std::{
    fmt,
    ops::{Deref, Range},
    sync::Arc,
};

/// Immutable bytes that several Blobs, and threads, can share. A clone or a slice copies nothing.
#[derive(Clone)]
pub struct BlobBytes {
    owner: Arc<dyn AsRef<[u8]> + Send + Sync>,
    range: Range<usize>,
}

impl BlobBytes {
    /// Takes bytes over without a copy, whatever container they are in. The container must always
    /// give the same bytes.
    #[must_use]
    pub fn from_owner(owner: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        let range = 0..owner.as_ref().len();
        Self {
            owner: Arc::new(owner),
            range,
        }
    }

    /// Part of the bytes; what lies past the end is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let start = (self.range.start.saturating_add(range.start)).min(self.range.end);
        let end = (self.range.start.saturating_add(range.end)).clamp(start, self.range.end);
        Self {
            owner: Arc::clone(&self.owner),
            range: start..end,
        }
    }
}

impl Deref for BlobBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        (*self.owner)
            .as_ref()
            .get(self.range.clone())
            .unwrap_or_default()
    }
}

impl AsRef<[u8]> for BlobBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for BlobBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobBytes({} bytes)", self.range.len())
    }
}

impl From<Vec<u8>> for BlobBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self::from_owner(bytes)
    }
}
