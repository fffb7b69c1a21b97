//! What the opening handshake agreed on beyond RFC 6455: permessage-deflate ([RFC 7692]), or
//! nothing.
//!
//! The places where a message's payload passes it:
//!
//! * `frame.rs`: RSV1 on the first frame of a text or binary message means that the message is
//!   compressed. The limit on announced lengths is then one of the compressed size.
//! * `incoming.rs`: what arrives of such a message goes through the [`Inflater`] on its way to the
//!   assembly, which finds wrong UTF-8, and within the limit on the size of the message itself. It
//!   takes neither the way past the assembly nor `body_buffer`.
//! * `output.rs`: a message goes through the [`Deflater`] when it is encoded. What counts as sent
//!   is its payload before.
//!
//! [`Inflater`]: super::inflate::Inflater
//! [`Deflater`]: super::deflate::Deflater
//! [RFC 7692]: https://www.rfc-editor.org/rfc/rfc7692

use tungstenite::protocol::frame::coding::{Data, OpCode};

/// RSV1, RSV2 and RSV3 in the first byte of a frame (RFC 6455, section 5.2).
const RESERVED_BITS: u8 = 0b0111_0000;

/// RSV1: "per-message compressed" (RFC 7692, section 6).
pub(super) const COMPRESSED: u8 = 0b0100_0000;

/// permessage-deflate as it was agreed on for one connection, and how this side uses it.
///
/// [RFC 7692, section 7](https://www.rfc-editor.org/rfc/rfc7692#section-7)
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deflate {
    /// How hard to compress: from 0, not at all, over 1, the fastest, to 9, the smallest. More
    /// counts as 9. Default: 3.
    ///
    /// JSON of 64 KiB was measured to become 31 % of that with level 1, 21 % with 3 in twice the
    /// time, and 20 % with 6 in five times the time.
    pub level: u8,

    /// Messages with fewer bytes of payload go out uncompressed. Default: 256.
    ///
    /// JSON of 256 bytes was measured to become 29 % of that (53 % without context takeover) within
    /// 3 µs (7 µs), one of 128 bytes 30 % (76 %): what smaller ones could save is not worth a step
    /// of compressing, and a connection that has no larger ones needs no memory for it.
    pub threshold: usize,

    /// We begin each message anew, so that the peer need not remember the one before. Default:
    /// `false`.
    pub client_no_context_takeover: bool,

    /// The peer begins each message anew, so that we need not remember the one before. Default:
    /// `false`.
    pub server_no_context_takeover: bool,

    /// The window we may compress with, as the logarithm of its size in bytes: 8 to 15. With 8
    /// everything goes out uncompressed. Default: 15, which is 32 KiB.
    pub client_max_window_bits: u8,

    /// The window the peer compresses with: 8 to 15. Default: 15.
    pub server_max_window_bits: u8,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            level: 3,
            threshold: 256,
            client_no_context_takeover: false,
            server_no_context_takeover: false,
            client_max_window_bits: 15,
            server_max_window_bits: 15,
        }
    }
}

/// Whether the reserved bits in the first byte of a frame have an agreed meaning.
///
/// [RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2): they must be 0
/// unless an extension was agreed on that defines them.
/// [RFC 7692, section 6](https://www.rfc-editor.org/rfc/rfc7692#section-6): RSV1 is for the first
/// frame of a data message only.
pub(super) fn permits_reserved_bits(first_byte: u8, opcode: OpCode, deflate_agreed: bool) -> bool {
    match first_byte & RESERVED_BITS {
        0 => true,
        COMPRESSED => deflate_agreed && matches!(opcode, OpCode::Data(Data::Text | Data::Binary)),
        _ => false,
    }
}

/// How many bytes a message may take in its compressed form when it may have `limit` bytes itself.
///
/// Fixed codes make a message larger by an eighth at worst, frames and blocks that are flushed
/// add to that. What takes more is not compressed but padded without end.
pub(super) fn most_compressed(limit: usize) -> usize {
    limit.saturating_add(limit / 4).saturating_add(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsv1_is_for_the_first_frame_of_a_message_where_it_was_agreed() {
        for first_byte in 0..=255u8 {
            let opcode = OpCode::from(first_byte & 0x0f);
            let plain = first_byte & 0x70 == 0;
            assert_eq!(permits_reserved_bits(first_byte, opcode, false), plain);
            let compressed = matches!(first_byte & 0x7f, 0x41 | 0x42);
            assert_eq!(
                permits_reserved_bits(first_byte, opcode, true),
                plain || compressed,
                "{first_byte:#x}"
            );
        }
    }
}
