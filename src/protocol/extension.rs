//! What the opening handshake agreed on beyond RFC 6455. As yet: nothing.
//!
//! This is the place of permessage-deflate ([RFC 7692]). What it will need from its surroundings:
//!
//! * `permits_reserved_bits`, below, decides about RSV bits from a frame's first byte: RSV1 on the
//!   first frame of a text or binary message means that the message is compressed.
//! * Receiving: every byte of a message passes through `Assembly::push` in `message.rs`, in pieces
//!   and in order; the inflater stands before it, a message's last empty block is added in
//!   `Incoming::end_of_frame`, and a compressed message takes neither the way past the assembly nor
//!   `body_buffer`. The limit on the announced size (`frame.rs`) then holds for the compressed
//!   size, and the assembly's own for the inflated one.
//! * Sending: every message passes through `Output::begin_message` in `output.rs`, whole and in
//!   order; the deflater replaces its payload there and sets RSV1, and the bytes that count as sent
//!   are those of the payload before.
//!
//! [RFC 7692]: https://www.rfc-editor.org/rfc/rfc7692

/// RSV1, RSV2 and RSV3 in the first byte of a frame (RFC 6455, section 5.2).
const RESERVED_BITS: u8 = 0b0111_0000;

/// Whether the reserved bits in the first byte of a frame have an agreed meaning.
///
/// [RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2): they must be 0
/// unless an extension was agreed on that defines them.
pub(super) fn permits_reserved_bits(first_byte: u8) -> bool {
    first_byte & RESERVED_BITS == 0
}
