//! The way out: messages and control frames, encoded when the line is ready for them.

use std::collections::VecDeque;

use tungstenite::{
    Bytes,
    protocol::frame::{
        FrameHeader,
        coding::{Control, Data, OpCode},
    },
};

use super::{
    close::{CloseFrame, MAX_CONTROL_LENGTH},
    deflate::{Deflater, FRAGMENT},
    encode::{put_control_frame, put_header, put_message_header},
    extension::Deflate,
    frames::Frames,
    mask::{self, Key},
};

/// How many bytes of pongs may wait. With one more, only the newest is kept, as
/// [RFC 6455, section 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3) allows: a peer
/// that sends pings and does not read must not make us collect pongs.
pub(super) const MAX_WAITING_PONGS: usize = 4096;

/// The longest header of a frame to a server: two bytes, a length of eight, a key of four.
pub(super) const MAX_HEADER_LENGTH: usize = 14;

/// The header of a control frame to a server: two bytes and a key of four.
const CONTROL_OVERHEAD: usize = 6;

/// How many bytes of payload are compressed for one filling of the buffer, however small they get.
const COMPRESSED_AT_ONCE: usize = 4 * FRAGMENT;

/// Bytes up to which frames that come encoded are copied behind others, to be written together. Above it the copy costs more
/// than a write of their own.
const COPIED_FRAMES: usize = 4096;

/// What is to be written, and how far it got.
#[derive(Debug)]
pub(super) struct Output {
    high_water: usize,
    /// What comes behind all that is below.
    queue: VecDeque<Queued>,
    /// The message of which a part is encoded.
    begun: Option<Begun>,
    /// The message of which some fragments are encoded, compressed, and not the last.
    fragmented: Option<Fragmented>,
    /// Where permessage-deflate was agreed on.
    deflater: Option<Deflater>,
    /// Frames ready to be sent between two messages.
    pongs: Vec<u8>,
    ping: Vec<u8>,
    /// A ping was queued and is not written.
    ping_unsent: bool,
    close: OurClose,

    /// What is encoded, of which `written` bytes were taken. It is filled only when it is empty.
    buffer: Vec<u8>,
    written: usize,
    /// The ends of the pieces in `buffer` that are not wholly written.
    marks: VecDeque<Mark>,
    /// The last end of a frame within what was written, if there is one.
    last_boundary: Option<usize>,

    /// Payload bytes accepted and not written.
    queued: u64,
    /// Payload bytes accepted and neither encoded nor given up.
    waiting: u64,
    /// Payload bytes written since somebody asked.
    sent: u64,
}

/// What waits for its turn.
#[derive(Debug)]
enum Queued {
    /// A message of which nothing is encoded.
    Message(Data, Bytes),
    /// Messages that are encoded.
    Frames(Frames),
}

/// A message whose frame does not fit the buffer as a whole.
#[derive(Debug)]
struct Begun {
    payload: Bytes,
    key: Key,
    position: usize,
}

/// A message that is compressed fragment by fragment.
#[derive(Debug)]
struct Fragmented {
    kind: Data,
    payload: Bytes,
    position: usize,
}

/// How far our own Close frame is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum OurClose {
    No,
    /// It goes out when nothing else is left.
    Queued(CloseFrame),
    /// It is in the buffer: nothing can come after it.
    Encoded,
    Written,
}

/// The end of a piece in the buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) end: usize,
    /// The payload bytes of data messages in this piece.
    pub(super) payload: u64,
    pub(super) kind: MarkKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkKind {
    WithinFrame,
    EndOfFrame,
    EndOfPing,
    EndOfClose,
}

impl Output {
    pub(super) fn new(high_water: usize, deflate: Option<&Deflate>) -> Self {
        Self {
            high_water: high_water.max(1),
            queue: VecDeque::new(),
            begun: None,
            fragmented: None,
            deflater: deflate.cloned().and_then(Deflater::new),
            pongs: Vec::new(),
            ping: Vec::new(),
            ping_unsent: false,
            close: OurClose::No,
            buffer: Vec::new(),
            written: 0,
            marks: VecDeque::new(),
            last_boundary: Some(0),
            queued: 0,
            waiting: 0,
            sent: 0,
        }
    }

    // --- what is to be sent

    /// Queues a message. Never called once our Close frame is queued.
    pub(super) fn send(&mut self, kind: Data, payload: Bytes) {
        self.queued += payload.len() as u64;
        self.waiting += payload.len() as u64;
        self.queue.push_back(Queued::Message(kind, payload));
    }

    /// Queues messages, likewise.
    pub(super) fn send_frames(&mut self, frames: Frames) {
        if frames.is_empty() {
            return;
        }
        if self.deflater.is_some() {
            for (text, payload) in frames.into_messages() {
                let kind = if text { Data::Text } else { Data::Binary };
                self.send(kind, payload);
            }
            return;
        }
        self.queued += frames.payload();
        self.queue.push_back(Queued::Frames(frames));
    }

    /// Queues a pong, which goes out before the next message.
    pub(super) fn pong(&mut self, payload: &[u8]) {
        if self.takes_control_frames() {
            if self.pongs.len() + CONTROL_OVERHEAD + payload.len() > MAX_WAITING_PONGS {
                self.pongs.clear();
            }
            put_control_frame(&mut self.pongs, Control::Pong, payload);
        }
    }

    /// Queues a ping, which goes out before the next message and takes the place of one that is
    /// still waiting.
    pub(super) fn ping(&mut self, payload: &[u8]) {
        if self.takes_control_frames() {
            self.ping.clear();
            let payload = &payload[..payload.len().min(MAX_CONTROL_LENGTH)];
            put_control_frame(&mut self.ping, Control::Ping, payload);
            self.ping_unsent = true;
        }
    }

    pub(super) fn is_ping_unsent(&self) -> bool {
        self.ping_unsent
    }

    fn takes_control_frames(&self) -> bool {
        matches!(self.close, OurClose::No | OurClose::Queued(_))
    }

    /// Queues our Close frame behind everything else, unless there is one.
    pub(super) fn close(&mut self, frame: CloseFrame) {
        if self.close == OurClose::No {
            self.close = OurClose::Queued(frame);
        }
    }

    /// Gives up everything but the frame that is partly written, and lets our Close frame follow it
    /// (none if `frame` is `None`), unless that frame is our Close frame.
    pub(super) fn fail(&mut self, frame: Option<CloseFrame>) {
        if self.close == OurClose::Written {
            return;
        }
        let end_of_frame = if self.last_boundary == Some(self.written) {
            Some(self.written)
        } else {
            let ends = |mark: &&Mark| mark.kind != MarkKind::WithinFrame;
            match self.marks.iter().find(ends) {
                Some(mark) if mark.kind == MarkKind::EndOfClose => return,
                mark => mark.map(|mark| mark.end),
            }
        };
        self.close = frame.map_or(OurClose::No, OurClose::Queued);
        self.give_up();
        // No end in the buffer: the frame being written is the begun one, which has to go on.
        if let Some(end) = end_of_frame {
            self.begun = None;
            self.buffer.truncate(end);
            self.marks.retain(|mark| mark.end <= end);
        }
        self.waiting = self.begun.as_ref().map_or(0, Begun::missing);
        self.reset_if_written();
    }

    /// Nothing will be written any more.
    pub(super) fn abandon(&mut self) {
        self.give_up();
        self.begun = None;
        self.waiting = 0;
        self.written = self.buffer.len();
        self.marks.clear();
        if let OurClose::Queued(_) = self.close {
            self.close = OurClose::No;
        }
        self.reset_if_written();
    }

    fn give_up(&mut self) {
        self.queue = VecDeque::new();
        self.fragmented = None;
        self.deflater = None;
        self.pongs = Vec::new();
        self.ping = Vec::new();
        self.ping_unsent = false;
    }

    // --- what is known about it

    /// Our Close frame is queued, encoded or written.
    pub(super) fn is_closing(&self) -> bool {
        self.close != OurClose::No
    }

    /// The last byte of our Close frame was written.
    pub(super) fn is_close_written(&self) -> bool {
        self.close == OurClose::Written
    }

    pub(super) fn is_empty(&self) -> bool {
        self.written == self.buffer.len() && !self.has_more()
    }

    pub(super) fn queued(&self) -> u64 {
        self.queued
    }

    pub(super) fn take_sent(&mut self) -> u64 {
        std::mem::take(&mut self.sent)
    }

    /// Something waits to be encoded.
    fn has_more(&self) -> bool {
        self.begun.is_some()
            || self.fragmented.is_some()
            || !self.queue.is_empty()
            || !self.pongs.is_empty()
            || !self.ping.is_empty()
            || matches!(self.close, OurClose::Queued(_))
    }

    // --- to the line

    /// What to write next: never empty while [`Self::is_empty`] is false.
    pub(super) fn bytes(&mut self) -> &[u8] {
        if self.written == self.buffer.len() && self.has_more() {
            self.fill();
        }
        &self.buffer[self.written..]
    }

    /// The first `count` of [`Self::bytes`] were taken; true if the last byte of our Close frame
    /// was among them.
    pub(super) fn wrote(&mut self, count: usize) -> bool {
        self.written = self.buffer.len().min(self.written.saturating_add(count));
        let mut closed = false;
        while let Some(&mark) = self.marks.front()
            && mark.end <= self.written
        {
            self.marks.pop_front();
            self.queued -= mark.payload;
            self.sent += mark.payload;
            if mark.kind != MarkKind::WithinFrame {
                self.last_boundary = Some(mark.end);
            }
            closed |= mark.kind == MarkKind::EndOfClose;
            // A newer one may wait already.
            self.ping_unsent &= mark.kind != MarkKind::EndOfPing || !self.ping.is_empty();
        }
        if closed {
            self.close = OurClose::Written;
        }
        self.reset_if_written();
        closed
    }

    fn reset_if_written(&mut self) {
        if self.written < self.buffer.len() {
            return;
        }
        self.buffer.clear();
        self.written = 0;
        self.last_boundary = if self.begun.is_some() { None } else { Some(0) };
        if !self.has_more() {
            // An idle connection owns no buffer.
            self.buffer = Vec::new();
            self.pongs = Vec::new();
            self.ping = Vec::new();
            if let Some(deflater) = &mut self.deflater {
                deflater.rest();
            }
            self.marks = VecDeque::new();
            self.queue = VecDeque::new();
        }
    }

    /// Encodes what is next into the empty buffer.
    fn fill(&mut self) {
        let messages = usize::try_from(self.waiting).unwrap_or(usize::MAX);
        let headers = match messages {
            0 => 0,
            _ => (self.queue.len() + 1).saturating_mul(MAX_HEADER_LENGTH),
        };
        let close = if self.is_closing() {
            CONTROL_OVERHEAD + MAX_CONTROL_LENGTH
        } else {
            0
        };
        let room = self.high_water.saturating_add(MAX_HEADER_LENGTH);
        let data = messages.saturating_add(headers).min(room);
        self.buffer
            .reserve(data + self.pongs.len() + self.ping.len() + close);

        self.last_boundary = if self.begun.is_some() { None } else { Some(0) };
        if self.begun.is_some() {
            self.continue_message();
        }
        if self.begun.is_none() {
            self.append_control_frames();
        }
        let mut compressed = 0;
        while self.begun.is_none()
            && self.buffer.len() < self.high_water
            && compressed < COMPRESSED_AT_ONCE
        {
            compressed += if let Some(message) = self.fragmented.take() {
                self.append_fragment(message)
            } else {
                match self.queue.pop_front() {
                    Some(Queued::Message(kind, payload)) => self.begin_message(kind, payload),
                    Some(Queued::Frames(frames)) => match self.append_frames(frames) {
                        Ok(()) => 0,
                        Err(frames) => {
                            self.queue.push_front(Queued::Frames(frames));
                            break;
                        }
                    },
                    None => break,
                }
            };
        }
        if self.begun.is_none()
            && self.fragmented.is_none()
            && self.queue.is_empty()
            && let OurClose::Queued(frame) = &self.close
        {
            put_control_frame(&mut self.buffer, Control::Close, &frame.body());
            self.close = OurClose::Encoded;
            self.mark(0, MarkKind::EndOfClose);
        }
    }

    fn append_control_frames(&mut self) {
        if self.pongs.is_empty() && self.ping.is_empty() {
            return;
        }
        let kind = match self.ping.is_empty() {
            true => MarkKind::EndOfFrame,
            false => MarkKind::EndOfPing,
        };
        self.buffer.append(&mut self.pongs);
        self.buffer.append(&mut self.ping);
        self.mark(0, kind);
    }

    /// Encodes what there is room for of a new message; returns how much of it was compressed.
    fn begin_message(&mut self, kind: Data, payload: Bytes) -> usize {
        let deflater = self.deflater.as_ref();
        if deflater.is_some_and(|deflater| deflater.takes(payload.len())) {
            return self.append_fragment(Fragmented {
                kind,
                payload,
                position: 0,
            });
        }
        self.begin_frame(kind, payload);
        0
    }

    /// Encodes the next fragment of a message that is compressed; returns its size before.
    fn append_fragment(&mut self, mut message: Fragmented) -> usize {
        let Some(deflater) = &mut self.deflater else {
            return 0;
        };
        let rest = message.payload.get(message.position..).unwrap_or_default();
        let part = &rest[..rest.len().min(FRAGMENT)];
        let (first, last) = (message.position == 0, part.len() == rest.len());
        let blocks = deflater.compress(part, last);
        let length = part.len();
        if first && last && blocks.len() >= length && deflater.forgets() {
            self.begin_frame(message.kind, message.payload);
            return length;
        }
        let key = mask::new_key();
        let header = FrameHeader {
            is_final: last,
            // RFC 7692, section 6: RSV1 is set on the first fragment only.
            rsv1: first,
            opcode: OpCode::Data(if first { message.kind } else { Data::Continue }),
            mask: Some(key),
            ..FrameHeader::default()
        };
        put_header(&mut self.buffer, header, blocks.len());
        mask::append_masked(&mut self.buffer, &blocks, key, 0);
        self.waiting = self.waiting.saturating_sub(length as u64);
        self.mark(length as u64, MarkKind::EndOfFrame);
        if !last {
            message.position += length;
            self.fragmented = Some(message);
        }
        length
    }

    /// Makes the buffer of them, or adds them to it if they are few; gives them back if they are to wait until it is written.
    fn append_frames(&mut self, frames: Frames) -> Result<(), Frames> {
        let start = self.buffer.len();
        if start == 0 {
            self.buffer = frames.bytes;
            self.marks = frames.marks.into();
            return Ok(());
        }
        if frames.len() > COPIED_FRAMES {
            return Err(frames);
        }
        self.buffer.extend_from_slice(&frames.bytes);
        let moved = |mark: Mark| Mark {
            end: start + mark.end,
            ..mark
        };
        self.marks.extend(frames.marks.into_iter().map(moved));
        Ok(())
    }

    fn begin_frame(&mut self, kind: Data, payload: Bytes) {
        let key = put_message_header(&mut self.buffer, kind, payload.len());
        self.begun = Some(Begun {
            payload,
            key,
            position: 0,
        });
        self.continue_message();
    }

    /// Encodes as much of the begun message as there is room for.
    fn continue_message(&mut self) {
        let Some(begun) = &mut self.begun else { return };
        let room = self.high_water.saturating_sub(self.buffer.len());
        let rest = &begun.payload[begun.position..];
        let piece = &rest[..rest.len().min(room)];
        mask::append_masked(&mut self.buffer, piece, begun.key, begun.position);
        begun.position += piece.len();
        let length = piece.len() as u64;
        self.waiting = self.waiting.saturating_sub(length);
        if begun.missing() == 0 {
            self.begun = None;
            self.mark(length, MarkKind::EndOfFrame);
        } else {
            self.mark(length, MarkKind::WithinFrame);
        }
    }

    fn mark(&mut self, payload: u64, kind: MarkKind) {
        self.marks.push_back(Mark {
            end: self.buffer.len(),
            payload,
            kind,
        });
    }

    #[cfg(test)]
    pub(super) fn has_deflater_memory(&self) -> bool {
        self.deflater.as_ref().is_some_and(Deflater::is_allocated)
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.capacity() + self.pongs.capacity() + self.ping.capacity()
    }
}

impl Begun {
    fn missing(&self) -> u64 {
        (self.payload.len() - self.position) as u64
    }
}
