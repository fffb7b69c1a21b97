//! Messages of ours that are encoded where they come from, before they reach the connection.

use std::mem;

use tungstenite::{
    Bytes,
    protocol::frame::coding::{Data, OpCode},
};

use super::{
    encode::put_message_header,
    mask,
    output::{MAX_HEADER_LENGTH, Mark, MarkKind},
};

/// What counts at once of a large message when it is written, in bytes.
const PIECE: usize = 64 << 10;

/// Whole messages, each as the one masked frame it goes out in, one behind the other.
///
/// Messages cost a connection less this way: what was encoded is written as it is, without a copy. For one with
/// permessage-deflate, which has to compress them first, they are taken apart again.
///
/// ```
/// use boa_websocket::protocol::{Config, Connection, Frames};
///
/// let mut frames = Frames::default();
/// frames.push_text("one");
/// frames.push_binary(&[2]);
/// assert_eq!((frames.len(), frames.payload()), (2 + 4 + 3 + 2 + 4 + 1, 4));
///
/// let mut connection = Connection::new(Config::default());
/// connection.send_frames(frames);
/// assert_eq!(connection.output().len(), 16);
/// ```
#[derive(Debug, Default)]
pub struct Frames {
    pub(super) bytes: Vec<u8>,
    /// The ends of the frames, and of the pieces of large ones.
    pub(super) marks: Vec<Mark>,
    payload: u64,
}

impl Frames {
    /// Appends a text message.
    pub fn push_text(&mut self, text: &str) {
        self.push(true, text.as_bytes());
    }

    /// Appends a binary message.
    pub fn push_binary(&mut self, payload: &[u8]) {
        self.push(false, payload);
    }

    /// Appends a message. A text is UTF-8.
    pub(crate) fn push(&mut self, text: bool, payload: &[u8]) {
        let kind = if text { Data::Text } else { Data::Binary };
        self.bytes.reserve(MAX_HEADER_LENGTH + payload.len());
        let key = put_message_header(&mut self.bytes, kind, payload.len());
        let mut position = 0;
        loop {
            let rest = &payload[position..];
            let piece = &rest[..rest.len().min(PIECE)];
            mask::append_masked(&mut self.bytes, piece, key, position);
            position += piece.len();
            let last = position == payload.len();
            self.marks.push(Mark {
                end: self.bytes.len(),
                payload: piece.len() as u64,
                kind: match last {
                    true => MarkKind::EndOfFrame,
                    false => MarkKind::WithinFrame,
                },
            });
            if last {
                break;
            }
        }
        self.payload += payload.len() as u64;
    }

    /// Their length on the line, in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no message, not even one without payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The payload of all of them, in bytes.
    #[must_use]
    pub fn payload(&self) -> u64 {
        self.payload
    }

    /// Makes room for `bytes` more on the line, and for no more than that.
    pub(crate) fn reserve_exact(&mut self, bytes: usize) {
        self.bytes.reserve_exact(bytes);
    }

    /// How much would fit without more memory, with what is there, in bytes on the line.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes all that is there, in memory of which at least half is used. Memory of which it is less stays here.
    pub(crate) fn take(&mut self) -> Self {
        if self.bytes.len() >= self.bytes.capacity() / 2 {
            return mem::take(self);
        }
        let taken = Self {
            bytes: self.bytes.clone(),
            marks: self.marks.clone(),
            payload: mem::take(&mut self.payload),
        };
        self.bytes.clear();
        self.marks.clear();
        taken
    }

    /// The messages they were made of: whether each is a text, and its payload.
    pub(crate) fn into_messages(mut self) -> impl Iterator<Item = (bool, Bytes)> {
        let mut messages = Vec::with_capacity(self.marks.len());
        let (mut start, mut length) = (0, 0);
        for &Mark { end, payload, kind } in &self.marks {
            length += payload as usize;
            if kind == MarkKind::WithinFrame {
                continue;
            }
            let (header, payload) = self.bytes[start..end].split_at_mut(end - start - length);
            if let &mut [first, .., a, b, c, d] = header {
                mask::mask_in_place(payload, [a, b, c, d]);
                let text = OpCode::from(first & 0x0f) == OpCode::Data(Data::Text);
                messages.push((text, end - length..end));
            }
            (start, length) = (end, 0);
        }
        let bytes = Bytes::from(self.bytes);
        let messages = messages.into_iter();
        messages.map(move |(text, payload)| (text, bytes.slice(payload)))
    }
}
