//! permessage-deflate on the way out: a message's payload becomes DEFLATE blocks.

use flate2::{Compress, CompressError, Compression, FlushCompress};

use super::extension::Deflate;

/// What the last block of a message ends with, and what is left out of it: RFC 7692, 7.2.1.
pub(super) const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// How much of a message is compressed into one frame, in bytes. A larger one goes out in
/// fragments, so that a step of compressing is short and others have their turn in between.
pub(super) const FRAGMENT: usize = 64 * 1024;

/// The smallest window that zlib compresses with.
const LEAST_WINDOW_BITS: u8 = 9;

/// The largest payload of a block that is not compressed: RFC 1951, 3.2.4.
const MAX_STORED: usize = 0xffff;

/// Compresses the messages of one connection.
#[derive(Debug)]
pub(super) struct Deflater {
    agreed: Deflate,
    /// Made for the first message that needs it: it takes some hundred KiB.
    stream: Option<Compress>,
}

impl Deflater {
    /// `None` where messages can only go uncompressed: RFC 7692 leaves that to the sender, and zlib
    /// has no window as small as 8 bits.
    pub(super) fn new(agreed: Deflate) -> Option<Self> {
        (agreed.client_max_window_bits >= LEAST_WINDOW_BITS).then_some(Self {
            agreed,
            stream: None,
        })
    }

    /// Whether a message of that many bytes is worth it.
    pub(super) fn takes(&self, length: usize) -> bool {
        length >= self.agreed.threshold
    }

    /// Compresses the next part of a message, in a form that ends on a byte: the payload of one
    /// frame. `last`: it is the end of the message.
    pub(super) fn compress(&mut self, part: &[u8], last: bool) -> Vec<u8> {
        // RFC 7692, 7.2.3.6: the empty message.
        if part.is_empty() && last {
            return vec![0];
        }
        let stream = self.stream.get_or_insert_with(|| {
            let level = Compression::new(self.agreed.level.min(9).into());
            let bits = self.agreed.client_max_window_bits.min(15);
            Compress::new_with_window_bits(level, false, bits.max(LEAST_WINDOW_BITS))
        });
        let mut blocks = match deflate(stream, part) {
            Ok(blocks) => blocks,
            // Not to be expected. What was sent before ended on a byte, so that blocks which refer
            // to nothing can follow, and after them those of a new stream.
            Err(_) => {
                self.stream = None;
                stored(part)
            }
        };
        if last {
            if blocks.ends_with(&TAIL) {
                blocks.truncate(blocks.len() - TAIL.len());
            } else {
                // The header of an empty block, whose rest is the tail.
                blocks.push(0);
            }
            if self.agreed.client_no_context_takeover
                && let Some(stream) = &mut self.stream
            {
                stream.reset();
            }
        }
        blocks
    }

    /// Whether the peer does without what it was sent: a message may go uncompressed after all.
    pub(super) fn forgets(&self) -> bool {
        self.agreed.client_no_context_takeover
    }

    /// Nothing is left to be sent: memory that has no use any more is given back.
    pub(super) fn rest(&mut self) {
        if self.agreed.client_no_context_takeover {
            self.stream = None;
        }
    }

    #[cfg(test)]
    pub(super) fn is_allocated(&self) -> bool {
        self.stream.is_some()
    }
}

/// All of `part` as blocks, the last of which is empty and ends on a byte.
fn deflate(stream: &mut Compress, part: &[u8]) -> Result<Vec<u8>, CompressError> {
    let begin = stream.total_in();
    let mut blocks = Vec::with_capacity(part.len() / 2 + 64);
    loop {
        let taken = usize::try_from(stream.total_in() - begin).unwrap_or(usize::MAX);
        let rest = part.get(taken..).unwrap_or_default();
        stream.compress_vec(rest, &mut blocks, FlushCompress::Sync)?;
        // With room left over, everything is out.
        if blocks.len() < blocks.capacity() {
            return Ok(blocks);
        }
        blocks.reserve(blocks.len().max(64));
    }
}

/// `part` as blocks that are not compressed, and an empty one: RFC 1951, 3.2.4.
fn stored(part: &[u8]) -> Vec<u8> {
    let mut blocks = Vec::with_capacity(part.len() + 64);
    for piece in part.chunks(MAX_STORED).chain([&[][..]]) {
        // A chunk is no longer than that.
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        blocks.push(0);
        blocks.extend_from_slice(&length.to_le_bytes());
        blocks.extend_from_slice(&(!length).to_le_bytes());
        blocks.extend_from_slice(piece);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    fn inflate(stream: &mut Decompress, blocks: &[u8], size: usize) -> Vec<u8> {
        let mut plain = Vec::with_capacity(size + 64);
        stream
            .decompress_vec(blocks, &mut plain, FlushDecompress::Sync)
            .unwrap();
        plain
    }

    #[test]
    fn stored_blocks_are_what_any_inflater_reads_at_any_place() {
        for size in [0, 1, MAX_STORED, MAX_STORED + 1, 200_000] {
            let part: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
            let mut compress = Compress::new(Compression::fast(), false);
            let mut whole = deflate(&mut compress, b"before, compressed").unwrap();
            whole.extend(stored(&part));
            assert!(whole.ends_with(&TAIL));
            let mut compress = Compress::new(Compression::fast(), false);
            whole.extend(deflate(&mut compress, b"after, compressed").unwrap());
            let plain = inflate(&mut Decompress::new(false), &whole, size + 64);
            let expected = [b"before, compressed", &part[..], b"after, compressed"].concat();
            assert!(plain == expected, "{size}");
        }
    }

    #[test]
    fn a_message_in_parts_is_one_stream() {
        let mut deflater = Deflater::new(Deflate::default()).unwrap();
        let message: Vec<u8> = (0..150_000u32)
            .flat_map(|i| (i / 7).to_le_bytes())
            .collect();
        let mut blocks = Vec::new();
        let parts: Vec<_> = message.chunks(FRAGMENT).collect();
        for (i, part) in parts.iter().enumerate() {
            let last = i + 1 == parts.len();
            let payload = deflater.compress(part, last);
            assert_eq!(payload.ends_with(&TAIL), !last);
            blocks.extend(payload);
        }
        blocks.extend(TAIL);
        let plain = inflate(&mut Decompress::new(false), &blocks, message.len());
        assert!(plain == message);
    }
}
