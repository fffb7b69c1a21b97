//! Putting a message together from the payload of its frames.

use super::{
    error::Error,
    sink::{BINARY_ALIGNMENT, Binary, Sink},
    utf8::Utf8,
};

/// How much room is made at first for a message that was announced as larger.
const FIRST_CAPACITY: usize = 256 * 1024;

/// By how much a large buffer of unknown size grows at once. What is not touched takes no memory, but an allocator
/// may keep what was moved away from for a while: that is to be little beside what it was moved to.
const GROWTH: usize = 32;

/// How much of a buffer is handed out to be read into at once.
const MAX_WINDOW: usize = 256 * 1024;

/// What is left of a buffer that was handed out is handed out again while it is at least this.
const MIN_WINDOW: usize = 64 * 1024;

/// What a buffer is filled with before it is handed out.
static ZEROS: [u8; 4096] = [0; 4096];

/// A message of which not everything has arrived.
///
/// Its memory follows what really arrived, not what a header announced: capacity is at most
/// 512 KiB more than that, or four times that, or, where nothing was announced, [`GROWTH`] times
/// that; and untouched until it is used.
#[derive(Debug)]
pub(super) struct Assembly {
    payload: Payload,
    /// How many frames it has so far.
    fragments: usize,
    size: Size,
}

/// What is known of a message's size before it is whole, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// Its first frame is its last one, and not compressed.
    Announced(usize),
    /// Nothing but the limit.
    AtMost(usize),
}

#[derive(Debug)]
enum Payload {
    Text(Utf8),
    /// `filled` bytes have arrived; what is behind them was handed out to be read into.
    Binary {
        data: Binary,
        filled: usize,
    },
}

impl Assembly {
    /// A text message whose first frame begins.
    pub(super) fn text(size: Size) -> Self {
        Self {
            payload: Payload::Text(Utf8::default()),
            fragments: 1,
            size,
        }
    }

    /// A binary message whose first frame begins.
    pub(super) fn binary(size: Size) -> Self {
        let data = Binary::new(BINARY_ALIGNMENT);
        Self {
            payload: Payload::Binary { data, filled: 0 },
            fragments: 1,
            size,
        }
    }

    /// Counts one more frame, and returns how many there are.
    pub(super) fn count_fragment(&mut self) -> usize {
        self.fragments += 1;
        self.fragments
    }

    /// How many bytes of payload have arrived.
    pub(super) fn len(&self) -> usize {
        match &self.payload {
            Payload::Text(text) => text.len(),
            Payload::Binary { filled, .. } => *filled,
        }
    }

    /// Nothing but the header of its first and only frame has arrived.
    pub(super) fn is_fresh(&self) -> bool {
        matches!(self.size, Size::Announced(_)) && self.len() == 0
    }

    /// Appends the next piece of payload.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), Error> {
        let size = self.size;
        match &mut self.payload {
            Payload::Text(text) => {
                let needed = text.len() + piece.len();
                let string = text.string_mut();
                let (length, capacity) = (string.len(), string.capacity());
                if needed > capacity {
                    let wanted = next_capacity(needed, needed, size) - length;
                    match size {
                        Size::Announced(_) => string.try_reserve_exact(wanted),
                        Size::AtMost(_) => string
                            .try_reserve(wanted)
                            .or_else(|_| string.try_reserve(needed - length)),
                    }
                    .map_err(|_| Error::OutOfMemory { size: needed })?;
                }
                text.push(piece)
            }
            Payload::Binary { data, filled } => {
                data.truncate(*filled);
                let arrived = *filled + piece.len();
                reserve(data, arrived, arrived, size)?;
                data.extend_from_slice(piece);
                *filled = data.len();
                Ok(())
            }
        }
    }

    /// Where up to `limit` further bytes can be read straight to, if this is binary.
    ///
    /// `None` also when there is no memory: the way over `push` will then say so.
    pub(super) fn window(&mut self, limit: u64) -> Option<&mut [u8]> {
        let Payload::Binary { data, filled } = &mut self.payload else {
            return None;
        };
        let size = usize::try_from(limit).unwrap_or(usize::MAX).min(MAX_WINDOW);
        if data.len() - *filled < size.min(MIN_WINDOW) {
            let end = *filled + size;
            reserve(data, end, *filled, self.size).ok()?;
            let missing = end - data.len();
            for _ in 0..missing / ZEROS.len() {
                data.extend_from_slice(&ZEROS);
            }
            data.extend_from_slice(&ZEROS[..missing % ZEROS.len()]);
        }
        let end = data.len().min(*filled + size);
        data.get_mut(*filled..end)
    }

    /// The first bytes of the [`Self::window`] have been read into; returns how many that can
    /// really have been.
    pub(super) fn window_filled(&mut self, count: usize) -> usize {
        let Payload::Binary { data, filled } = &mut self.payload else {
            return 0;
        };
        let count = count.min(data.len() - *filled);
        *filled += count;
        count
    }

    /// Gives the whole message to `sink`.
    pub(super) fn finish(self, sink: &mut impl Sink) -> Result<(), Error> {
        match self.payload {
            Payload::Text(text) => sink.text_owned(text.finish()?),
            Payload::Binary { mut data, filled } => {
                data.truncate(filled);
                sink.binary(data);
            }
        }
        Ok(())
    }

    /// Gives a message that arrived in one piece to `sink`.
    pub(super) fn finish_with(self, whole: &[u8], sink: &mut impl Sink) -> Result<(), Error> {
        match self.payload {
            Payload::Text(_) => {
                let text = std::str::from_utf8(whole).map_err(|_| Error::InvalidUtf8InText)?;
                sink.text(text);
            }
            Payload::Binary { .. } => sink.binary(Binary::from_slice(BINARY_ALIGNMENT, whole)),
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        match &self.payload {
            Payload::Text(text) => text.capacity(),
            Payload::Binary { data, .. } => data.capacity(),
        }
    }
}

/// Makes room in `data` for `needed` bytes in all.
fn reserve(data: &mut Binary, needed: usize, arrived: usize, size: Size) -> Result<(), Error> {
    if needed <= data.capacity() {
        return Ok(());
    }
    let length = data.len();
    let wanted = next_capacity(needed, arrived, size) - length;
    match size {
        Size::Announced(_) => data.try_reserve_exact(wanted),
        Size::AtMost(_) => data
            .try_reserve(wanted)
            .or_else(|_| data.try_reserve(needed - length)),
    }
    .map_err(|_| Error::OutOfMemory { size: needed })
}

/// The capacity to ask for when `needed` bytes do not fit any more.
///
/// A message whose size is known ends with exactly that capacity and is moved seldom on the way;
/// for any other, the vector's own doubling is right at first. Then the limit follows, so that what
/// is moved and its copy are never much larger together than what is allowed.
fn next_capacity(needed: usize, arrived: usize, size: Size) -> usize {
    match size {
        Size::Announced(whole) => {
            needed.max(whole.min(arrived.saturating_mul(4).max(FIRST_CAPACITY)))
        }
        Size::AtMost(limit) if needed > limit / GROWTH => needed.max(limit),
        Size::AtMost(_) => needed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacity_follows_what_arrived() {
        assert_eq!(next_capacity(1, 1, Size::Announced(10)), 10);
        assert_eq!(
            next_capacity(1, 1, Size::Announced(FIRST_CAPACITY)),
            FIRST_CAPACITY
        );
        assert_eq!(
            next_capacity(1, 1, Size::Announced(60 << 20)),
            FIRST_CAPACITY
        );
        assert_eq!(
            next_capacity(MAX_WINDOW, 0, Size::Announced(60 << 20)),
            FIRST_CAPACITY
        );
        assert_eq!(
            next_capacity(1 << 20, 1 << 20, Size::Announced(60 << 20)),
            4 << 20
        );
        assert_eq!(
            next_capacity(16 << 20, 16 << 20, Size::Announced(60 << 20)),
            60 << 20
        );
        assert_eq!(next_capacity(10, 10, Size::AtMost(10 * GROWTH)), 10);
        assert_eq!(
            next_capacity(11, 11, Size::AtMost(10 * GROWTH)),
            10 * GROWTH
        );
        assert_eq!(next_capacity(30, 30, Size::AtMost(28)), 30);
        let half = usize::MAX / 2;
        assert_eq!(
            next_capacity(half, half, Size::Announced(usize::MAX)),
            usize::MAX
        );
    }

    #[test]
    fn a_window_keeps_what_is_before_it() {
        let mut message = Assembly::binary(Size::Announced(10_000));
        message.push(b"abc").unwrap();
        let window = message.window(9_997).unwrap();
        assert_eq!(window.len(), 9_997);
        window[..2].copy_from_slice(b"de");
        assert_eq!(message.window_filled(2), 2);
        assert_eq!(message.len(), 5);
        // A piece that comes another way overwrites the part that was not filled.
        message.push(b"fg").unwrap();
        let window = message.window(1).unwrap();
        assert_eq!(window, [0]);
        window[0] = b'h';
        assert_eq!(message.window_filled(7), 1);
        let Payload::Binary { data, filled } = message.payload else {
            panic!("it is binary")
        };
        assert_eq!(&data[..filled], b"abcdefgh");
    }

    #[test]
    fn a_window_is_bounded() {
        let mut message = Assembly::binary(Size::Announced(64 << 20));
        assert_eq!(message.window(64 << 20).unwrap().len(), MAX_WINDOW);
        assert_eq!(message.capacity(), FIRST_CAPACITY);
        // What is left of it is used first.
        assert_eq!(message.window_filled(1000), 1000);
        assert_eq!(message.window(64 << 20).unwrap().len(), MAX_WINDOW - 1000);
        let rest = MAX_WINDOW - 1000 - MIN_WINDOW + 1;
        assert_eq!(message.window_filled(rest), rest);
        assert_eq!(message.window(64 << 20).unwrap().len(), MAX_WINDOW);
        let mut text = Assembly::text(Size::Announced(64 << 20));
        assert_eq!(text.window(64 << 20), None);
    }
}
