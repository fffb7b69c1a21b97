//! Frames of ours, as bytes.

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::mask::{self, Key};

/// Appends the header of a message in one frame, uncompressed; returns the key to mask its payload with.
pub(super) fn put_message_header(output: &mut Vec<u8>, kind: Data, length: usize) -> Key {
    let key = mask::new_key();
    let header = FrameHeader {
        opcode: OpCode::Data(kind),
        mask: Some(key),
        ..FrameHeader::default()
    };
    put_header(output, header, length);
    key
}

/// Appends a control frame.
pub(super) fn put_control_frame(output: &mut Vec<u8>, opcode: Control, payload: &[u8]) {
    let key = mask::new_key();
    let header = FrameHeader {
        opcode: OpCode::Control(opcode),
        mask: Some(key),
        ..FrameHeader::default()
    };
    put_header(output, header, payload.len());
    mask::append_masked(output, payload, key, 0);
}

/// Appends the header of a frame with `length` bytes of payload.
pub(super) fn put_header(output: &mut Vec<u8>, header: FrameHeader, length: usize) {
    let written = header.format(length as u64, output);
    debug_assert!(written.is_ok(), "a vector takes everything");
}
