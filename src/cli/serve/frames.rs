//! Frames as they are: reading what a client sends without judging it, writing what no honest server would.

use std::io::{self, Read, Write};

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;

use super::line::Line;
use super::records::CloseReceived;

/// Opcodes of RFC 6455 section 5.2.
pub(super) mod opcode {
    pub(in super::super) const TEXT: u8 = 1;
    pub(in super::super) const CONTINUATION: u8 = 0;
    pub(in super::super) const BINARY: u8 = 2;
    pub(in super::super) const CLOSE: u8 = 8;
    pub(in super::super) const PING: u8 = 9;
    pub(in super::super) const PONG: u8 = 10;
}

/// How much of a payload is kept, in bytes; the rest is read and dropped.
const KEPT: u64 = 64 * 1024;

/// A frame that a client sent.
#[derive(Debug)]
pub(super) struct RawFrame {
    pub(super) opcode: u8,
    /// Whether it is the last frame of its message.
    pub(super) last: bool,
    /// The length of the payload in bytes.
    pub(super) length: u64,
    /// The payload unmasked, or its start when it is long.
    pub(super) payload: Vec<u8>,
}

impl RawFrame {
    /// Whether it carries a message or a part of one.
    pub(super) fn is_data(&self) -> bool {
        self.opcode < opcode::CLOSE
    }

    /// The body of a Close frame.
    pub(super) fn close(&self) -> CloseReceived {
        match self.payload.split_first_chunk() {
            None => CloseReceived {
                code: None,
                reason: String::new(),
            },
            Some((code, reason)) => CloseReceived {
                code: Some(u16::from_be_bytes(*code)),
                reason: String::from_utf8_lossy(reason).into_owned(),
            },
        }
    }
}

/// Reads one frame whatever it is; `Ok(None)` at the end of the stream.
pub(super) fn read(line: &mut Line) -> io::Result<Option<RawFrame>> {
    let mut first = [0];
    if line.read(&mut first)? == 0 {
        return Ok(None);
    }
    let mut second = [0];
    line.read_exact(&mut second)?;
    let length = match second[0] & 0x7f {
        126 => {
            let mut bytes = [0; 2];
            line.read_exact(&mut bytes)?;
            u64::from(u16::from_be_bytes(bytes))
        }
        127 => {
            let mut bytes = [0; 8];
            line.read_exact(&mut bytes)?;
            u64::from_be_bytes(bytes)
        }
        short => u64::from(short),
    };
    let mut mask = [0; 4];
    if second[0] & 0x80 != 0 {
        line.read_exact(&mut mask)?;
    }
    let mut payload = Vec::new();
    Read::by_ref(line)
        .take(length.min(KEPT))
        .read_to_end(&mut payload)?;
    if (payload.len() as u64) < length.min(KEPT) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    for (byte, mask) in payload.iter_mut().zip(mask.into_iter().cycle()) {
        *byte ^= mask;
    }
    let rest = length.saturating_sub(KEPT);
    if io::copy(&mut Read::by_ref(line).take(rest), &mut io::sink())? < rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(RawFrame {
        opcode: first[0] & 0x0f,
        last: first[0] & 0x80 != 0,
        length,
        payload,
    }))
}

/// Appends a frame of a server (not masked) to `output`.
pub(super) fn encode(output: &mut Vec<u8>, opcode: u8, last: bool, payload: &[u8]) {
    let header = FrameHeader {
        is_final: last,
        opcode: OpCode::from(opcode),
        ..FrameHeader::default()
    };
    // Writing to a vector cannot fail.
    let _ = header.format(payload.len() as u64, output);
    output.extend_from_slice(payload);
}

/// Writes a frame of a server to the line, without flushing it.
pub(super) fn write(line: &mut Line, opcode: u8, last: bool, payload: &[u8]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(payload.len() + 10);
    encode(&mut bytes, opcode, last, payload);
    line.write_all(&bytes)
}

/// Writes a Close frame, whatever its code, and flushes.
pub(super) fn write_close(line: &mut Line, code: Option<u16>, reason: &str) -> io::Result<()> {
    let mut body = Vec::new();
    if let Some(code) = code {
        body.extend_from_slice(&code.to_be_bytes());
        body.extend_from_slice(reason.as_bytes());
    }
    write(line, opcode::CLOSE, true, &body)?;
    line.flush()
}
