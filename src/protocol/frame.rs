//! Frame headers: read from any splitting of the input, refused as early as their bytes allow.

use std::io::Cursor;

use tungstenite::protocol::frame::{
    FrameHeader,
    coding::{Control, Data, OpCode},
};

use super::{close::MAX_CONTROL_LENGTH, error::Error, extension};

/// The longest header of a frame from a server: two bytes and a length of eight.
const MAX_HEADER_LENGTH: usize = 10;

const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// What a frame's header has to fit: the message under way and its limit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    /// A message has begun and is not finished.
    pub(super) within_message: bool,
    /// How many bytes of payload the message may still take.
    pub(super) room: usize,
    /// The limit that `room` is what is left of.
    pub(super) limit: usize,
    /// permessage-deflate was agreed on.
    pub(super) deflate: bool,
}

impl Expected {
    /// How many bytes of payload a frame with this first byte may have.
    fn room_for(&self, first_byte: u8) -> usize {
        if first_byte & extension::COMPRESSED != 0 {
            extension::most_compressed(self.limit)
        } else {
            self.room
        }
    }
}

/// A header that is known to be in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    /// The message that begins with it is compressed.
    pub(super) compressed: bool,
    pub(super) opcode: OpCode,
    pub(super) length: u64,
}

/// Reads headers, and keeps the first bytes of one that has not arrived as a whole.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    begun: [u8; MAX_HEADER_LENGTH],
    begun_length: usize,
}

impl HeaderReader {
    /// Takes a header off `bytes`; `None` if more bytes are needed, and then all were taken.
    pub(super) fn read(
        &mut self,
        bytes: &mut &[u8],
        expected: Expected,
    ) -> Result<Option<Header>, Error> {
        if self.begun_length == 0 {
            let prefix = &bytes[..bytes.len().min(header_length(bytes))];
            if let Some(header) = parse(prefix, expected)? {
                *bytes = &bytes[prefix.len()..];
                return Ok(Some(header));
            }
        }
        while let Some((&byte, rest)) = bytes.split_first() {
            self.begun[self.begun_length] = byte;
            self.begun_length += 1;
            *bytes = rest;
            if let Some(header) = parse(&self.begun[..self.begun_length], expected)? {
                self.begun_length = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }
}

/// How long the header is that begins with `bytes`, as far as they tell: at least two bytes.
fn header_length(bytes: &[u8]) -> usize {
    2 + match bytes.get(1).map(|second| second & LENGTH) {
        Some(126) => 2,
        Some(127) => 8,
        _ => 0,
    }
}

/// Checks the first bytes of a header, and reads it when it is whole.
fn parse(prefix: &[u8], expected: Expected) -> Result<Option<Header>, Error> {
    check(prefix, expected)?;
    match FrameHeader::parse(&mut Cursor::new(prefix)) {
        Ok(None) => Ok(None),
        Ok(Some((header, length))) => Ok(Some(Header {
            fin: header.is_final,
            compressed: header.rsv1,
            opcode: header.opcode,
            length,
        })),
        // All that this parser refuses is a reserved opcode, which was refused above.
        Err(_) => Err(Error::ReservedOpcode(
            prefix.first().map_or(0, |first| first & OPCODE),
        )),
    }
}

/// The rules that a header breaks or may still keep, for any of its prefixes.
///
/// [RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2), 5.4 and 5.5.
fn check(prefix: &[u8], expected: Expected) -> Result<(), Error> {
    let Some(&first) = prefix.first() else {
        return Ok(());
    };
    let opcode = OpCode::from(first & OPCODE);
    if !extension::permits_reserved_bits(first, opcode, expected.deflate) {
        return Err(Error::ReservedBit(first));
    }
    match opcode {
        OpCode::Data(Data::Reserved(_)) | OpCode::Control(Control::Reserved(_)) => {
            return Err(Error::ReservedOpcode(first & OPCODE));
        }
        OpCode::Control(_) if first & FIN == 0 => return Err(Error::FragmentedControlFrame),
        OpCode::Data(Data::Continue) if !expected.within_message => {
            return Err(Error::OrphanContinuation);
        }
        OpCode::Data(Data::Text | Data::Binary) if expected.within_message => {
            return Err(Error::ExpectedContinuation);
        }
        _ => {}
    }

    let Some(&second) = prefix.get(1) else {
        return Ok(());
    };
    if second & MASK != 0 {
        return Err(Error::MaskedFrame);
    }
    if let OpCode::Control(control) = opcode {
        let length = usize::from(second & LENGTH);
        if length > MAX_CONTROL_LENGTH {
            return Err(Error::ControlFrameTooLong);
        }
        if length == 1 && control == Control::Close {
            return Err(Error::CloseBodyTooShort);
        }
        return Ok(());
    }

    let (least, most) = length_bounds(second & LENGTH, &prefix[2..]);
    let minimum = match second & LENGTH {
        126 => 126,
        127 => 0x1_0000,
        _ => 0,
    };
    if least > i64::MAX as u64 {
        return Err(Error::FrameLengthOutOfRange);
    }
    if most < minimum {
        return Err(Error::FrameLengthNotMinimal);
    }
    if least > expected.room_for(first) as u64 {
        return Err(Error::MessageTooLarge {
            limit: expected.limit,
        });
    }
    Ok(())
}

/// The smallest and the largest length that a frame can have, by as many bytes of its extended
/// length as have arrived.
fn length_bounds(short: u8, extended: &[u8]) -> (u64, u64) {
    let width = match short {
        126 => 2,
        127 => 8,
        _ => return (u64::from(short), u64::from(short)),
    };
    (0..width).fold((0, 0), |(least, most), i| {
        let (low, high) = extended.get(i).map_or((0, 0xff), |&byte| (byte, byte));
        (least << 8 | u64::from(low), most << 8 | u64::from(high))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_of_a_length() {
        assert_eq!(length_bounds(125, &[]), (125, 125));
        assert_eq!(length_bounds(126, &[]), (0, 0xffff));
        assert_eq!(length_bounds(126, &[1]), (0x100, 0x1ff));
        assert_eq!(length_bounds(126, &[1, 2]), (0x102, 0x102));
        assert_eq!(length_bounds(127, &[]), (0, u64::MAX));
        assert_eq!(length_bounds(127, &[0, 0, 0, 0, 0, 0]), (0, 0xffff));
        assert_eq!(
            length_bounds(127, &[0, 0, 0, 0, 0, 1, 0, 2]),
            (0x1_0002, 0x1_0002)
        );
    }
}
