//! The way in: from the bytes of the line to messages and control frames.

use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{
    close::{self, MAX_CONTROL_LENGTH},
    config::Config,
    error::Error,
    extension::{self, Deflate},
    frame::{Expected, Header, HeaderReader},
    inflate::{Inflater, STEP},
    message::{Assembly, Size},
    sink::Sink,
};

/// From how many missing bytes on a binary frame is read straight into its message, in bytes: see
/// [`Connection::body_buffer`](super::Connection::body_buffer).
///
/// With less, the copy costs less than the further read that it saves.
pub const DIRECT_READ_MIN: u64 = 64 * 1024;

/// A whole control frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ControlFrame<'a> {
    pub(super) opcode: Control,
    pub(super) payload: &'a [u8],
}

/// Everything that is kept of what has arrived: no more than is needed to go on.
#[derive(Debug)]
pub(super) struct Incoming {
    header: HeaderReader,
    frame: Option<Frame>,
    /// The data message under way: between its first frame's header and its last frame's end.
    message: Option<Assembly>,
    /// What is known of the compressed form of that message, if it has one.
    compressed: Option<Compressed>,
    /// Where permessage-deflate was agreed on.
    inflater: Option<Inflater>,
    /// Bytes that were inflated since somebody asked.
    inflated: u64,
    /// The payload of a control frame that did not arrive in one piece.
    control: [u8; MAX_CONTROL_LENGTH],
    control_length: usize,
}

/// The compressed form of the message under way.
#[derive(Debug)]
struct Compressed {
    /// How many bytes of it have been announced by frames.
    length: usize,
}

/// The frame whose header was read and whose payload is awaited.
#[derive(Debug)]
struct Frame {
    fin: bool,
    opcode: OpCode,
    missing: u64,
}

impl Default for Incoming {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Incoming {
    pub(super) fn new(deflate: Option<&Deflate>) -> Self {
        Self {
            header: HeaderReader::default(),
            frame: None,
            message: None,
            compressed: None,
            inflater: deflate.cloned().map(Inflater::new),
            inflated: 0,
            control: [0; MAX_CONTROL_LENGTH],
            control_length: 0,
        }
    }

    /// Takes bytes off the front of `bytes` until a control frame is whole or nothing is left.
    /// Messages go to `sink`.
    pub(super) fn next<'a, 'b: 'a>(
        &'a mut self,
        bytes: &mut &'b [u8],
        config: &Config,
        sink: &mut impl Sink,
    ) -> Result<Option<ControlFrame<'a>>, Error> {
        loop {
            if self.frame.is_none() {
                let Some(header) = self.header.read(bytes, self.expected(config))? else {
                    return Ok(None);
                };
                self.begin_frame(header, config)?;
            }
            let Some(frame) = &mut self.frame else {
                return Ok(None);
            };

            let take = usize::try_from(frame.missing).map_or(bytes.len(), |n| n.min(bytes.len()));
            let (piece, rest) = bytes.split_at(take);
            *bytes = rest;
            frame.missing -= take as u64;
            let whole = frame.missing == 0;

            match frame.opcode {
                OpCode::Data(_) if self.compressed.is_some() => {
                    self.compressed_data(piece, whole, config, sink)?;
                }
                OpCode::Data(_) => self.data(piece, whole, sink)?,
                OpCode::Control(opcode) => {
                    if whole && self.control_length == 0 {
                        self.frame = None;
                        return Ok(Some(ControlFrame {
                            opcode,
                            payload: piece,
                        }));
                    }
                    let begun = self.keep_control(piece);
                    if whole {
                        self.frame = None;
                        self.control_length = 0;
                        return Ok(Some(ControlFrame {
                            opcode,
                            payload: &self.control[..begun],
                        }));
                    }
                    if opcode == Control::Close {
                        close::check_begun_body(&self.control[..begun])?;
                    }
                }
            }
            if !whole {
                return Ok(None);
            }
        }
    }

    /// Where the payload of a large binary frame can be read straight to.
    pub(super) fn body_buffer(&mut self) -> Option<&mut [u8]> {
        let frame = self.frame.as_ref()?;
        // No control frame is that large.
        if frame.missing < DIRECT_READ_MIN || self.compressed.is_some() {
            return None;
        }
        self.message.as_mut()?.window(frame.missing)
    }

    /// The first `count` bytes of [`Self::body_buffer`] have been read.
    pub(super) fn body_filled(&mut self, count: usize, sink: &mut impl Sink) -> Result<(), Error> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(());
        };
        if matches!(frame.opcode, OpCode::Control(_)) || self.compressed.is_some() {
            return Ok(());
        }
        let most = usize::try_from(frame.missing).unwrap_or(usize::MAX);
        frame.missing -= message.window_filled(count.min(most)) as u64;
        if frame.missing == 0 {
            self.end_of_frame(sink)
        } else {
            Ok(())
        }
    }

    fn expected(&self, config: &Config) -> Expected {
        let limit = config.max_message_size;
        let room = match (&self.compressed, &self.message) {
            (Some(form), _) => extension::most_compressed(limit).saturating_sub(form.length),
            (None, Some(message)) => limit.saturating_sub(message.len()),
            (None, None) => limit,
        };
        Expected {
            within_message: self.message.is_some(),
            room,
            limit,
            deflate: self.inflater.is_some(),
        }
    }

    /// A header is whole and in order: see `frame.rs`.
    fn begin_frame(&mut self, header: Header, config: &Config) -> Result<(), Error> {
        let Header {
            fin,
            compressed,
            opcode,
            length,
        } = header;
        // Its size is known where the message has just one frame. A length within the limit fits.
        let size = match usize::try_from(length) {
            Ok(length) if fin && !compressed => Size::Announced(length),
            _ => Size::AtMost(config.max_message_size),
        };
        match opcode {
            OpCode::Data(Data::Text) => self.message = Some(Assembly::text(size)),
            OpCode::Data(Data::Binary) => self.message = Some(Assembly::binary(size)),
            OpCode::Data(_) => {
                let limit = config.max_fragments.max(1);
                if let Some(message) = &mut self.message
                    && message.count_fragment() > limit
                {
                    return Err(Error::TooManyFragments { limit });
                }
            }
            OpCode::Control(_) => {}
        }
        if compressed {
            self.compressed = Some(Compressed { length: 0 });
        }
        if let (Some(form), OpCode::Data(_)) = (&mut self.compressed, opcode) {
            // Within the limit, which was checked with the header.
            form.length += usize::try_from(length).unwrap_or(usize::MAX);
        }
        self.frame = Some(Frame {
            fin,
            opcode,
            missing: length,
        });
        Ok(())
    }

    /// A piece of a data frame has arrived, perhaps its last one.
    fn data(&mut self, piece: &[u8], last: bool, sink: &mut impl Sink) -> Result<(), Error> {
        // The usual case: one frame, in one piece. Nothing is stored, nothing allocated for text.
        if last && let Some(message) = self.message.take_if(|message| message.is_fresh()) {
            self.frame = None;
            return message.finish_with(piece, sink);
        }
        if let Some(message) = &mut self.message {
            message.push(piece)?;
        }
        if last {
            self.end_of_frame(sink)
        } else {
            Ok(())
        }
    }

    /// The same for a frame of a compressed message: RFC 7692, 7.2.2.
    fn compressed_data(
        &mut self,
        mut piece: &[u8],
        last: bool,
        config: &Config,
        sink: &mut impl Sink,
    ) -> Result<(), Error> {
        let (Some(inflater), Some(message), Some(frame)) =
            (&mut self.inflater, &mut self.message, &self.frame)
        else {
            return Ok(());
        };
        let ends = last && frame.fin;
        let limit = config.max_message_size;
        let mut plain = Vec::new();
        let mut room = Inflater::first_step(piece.len());
        let mut more = !piece.is_empty();
        while more {
            plain.reserve_exact(room);
            let mut step = inflater.step(&mut piece, &mut plain);
            self.inflated += plain.len() as u64;
            if plain.len() > limit.saturating_sub(message.len()) {
                return Err(Error::MessageTooLarge { limit });
            }
            // The usual case, as with uncompressed messages: what is whole is not stored.
            if ends && step == Ok(false) && message.len() == 0 {
                step = inflater.end_of_message().map(|()| false);
                if step.is_ok() {
                    self.frame = None;
                    self.compressed = None;
                    let message = self.message.take();
                    return message.map_or(Ok(()), |message| message.finish_with(&plain, sink));
                }
            }
            // What is wrong first is found first, even if a step has found both.
            message.push(&plain)?;
            more = step?;
            plain.clear();
            room = STEP;
        }
        if last {
            self.frame = None;
        }
        if ends && let Some(message) = self.message.take() {
            self.compressed = None;
            inflater.end_of_message()?;
            message.finish(sink)?;
        }
        Ok(())
    }

    pub(super) fn take_inflated(&mut self) -> u64 {
        std::mem::take(&mut self.inflated)
    }

    fn end_of_frame(&mut self, sink: &mut impl Sink) -> Result<(), Error> {
        if self.frame.take().is_some_and(|frame| frame.fin)
            && let Some(message) = self.message.take()
        {
            message.finish(sink)?;
        }
        Ok(())
    }

    /// Appends to the payload of a control frame, and returns how much there is of it.
    fn keep_control(&mut self, piece: &[u8]) -> usize {
        let begun = self.control_length;
        // A control frame's length was checked with its header.
        if let Some(space) = self.control.get_mut(begun..begun + piece.len()) {
            space.copy_from_slice(piece);
            self.control_length += piece.len();
        }
        self.control_length
    }

    #[cfg(test)]
    pub(super) fn has_inflater_memory(&self) -> bool {
        self.inflater.as_ref().is_some_and(Inflater::is_allocated)
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.message.as_ref().map_or(0, Assembly::capacity)
    }
}
