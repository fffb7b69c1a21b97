//! Messages of one socket that are sent one after the other, encoded in one piece of memory.
//!
//! An allocation for each would be made on one thread and freed on another, and what the allocator does about that costs more than
//! the copy. That they are encoded here spares the socket thread a second one, of bytes that another processor has in its cache.

use super::Item;
use crate::{
    net::{observer::MessageView, vocabulary::SocketId},
    protocol::Frames,
};

/// Memory for what is gathered, in bytes: what there may be before the last message, and that.
const ROOM: usize = Gathering::FULL + Gathering::OWN_MEMORY + (1 << 10);

/// Gathers [`Frames`].
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    id: Option<SocketId>,
    frames: Frames,
}

impl Gathering {
    /// Bytes on the line at which what is gathered is handed over before the turn ends. A hand-over for each message would
    /// cost much, and each wakes a thread that has often fallen asleep meanwhile: with 256 KiB sending 1 KiB takes three
    /// quarters of the processor time that it takes with 32 KiB.
    pub(crate) const FULL: usize = 256 << 10;

    /// Bytes of payload from which on a message is worth memory of its own.
    pub(crate) const OWN_MEMORY: usize = 16 << 10;

    /// Whether a message of this socket can be added.
    pub(crate) fn takes(&self, id: SocketId) -> bool {
        self.id.is_none_or(|of| of == id)
    }

    /// Adds a copy of a message, whose socket it [`takes`](Self::takes); returns its length on the line.
    pub(crate) fn push(&mut self, id: SocketId, message: MessageView<'_>) -> usize {
        self.id = Some(id);
        if self.frames.capacity() == 0 {
            self.frames.reserve_exact(ROOM);
        }
        let before = self.frames.len();
        self.frames.push(message.is_text(), message.payload());
        self.frames.len() - before
    }

    /// What was gathered, in memory of which at least half is used: one message that cannot be written keeps all of it.
    pub(crate) fn take(&mut self) -> Option<Item> {
        let id = self.id.take()?;
        let frames = self.frames.take();
        Some(Item::Frames { id, frames })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(gathering: &mut Gathering) -> Vec<(bool, Vec<u8>)> {
        let Some(Item::Frames { frames, .. }) = gathering.take() else {
            return Vec::new();
        };
        let messages = frames.into_messages();
        messages
            .map(|(text, payload)| (text, payload.to_vec()))
            .collect()
    }

    #[test]
    fn messages_come_out_as_they_went_in() {
        let mut gathering = Gathering::default();
        assert!(gathering.take().is_none());
        let (id, other) = (SocketId::next(), SocketId::next());
        let big = vec![7; Gathering::OWN_MEMORY - 1];
        for count in [1, 2, 5] {
            for payload in [&b"one"[..], b"", &big] {
                assert!(gathering.takes(id));
                for _ in 0..count {
                    gathering.push(id, MessageView::of_binary(payload));
                    gathering.push(id, MessageView::of_text("zwölf"));
                }
                assert!(gathering.takes(id) && !gathering.takes(other));
                let messages = taken(&mut gathering);
                assert_eq!(messages.len(), 2 * count);
                for pair in messages.chunks(2) {
                    let expected = [(false, payload.to_vec()), (true, "zwölf".into())];
                    assert_eq!(pair, expected);
                }
                assert!(gathering.takes(other));
            }
        }
    }

    #[test]
    fn little_does_not_keep_much() {
        let mut gathering = Gathering::default();
        let id = SocketId::next();
        for text in ["a", "b"] {
            gathering.push(id, MessageView::of_text(text));
            let Some(Item::Frames { frames, .. }) = gathering.take() else {
                panic!("something was gathered");
            };
            assert_eq!(frames.capacity(), frames.len());
            assert_eq!(gathering.frames.capacity(), ROOM, "its room is used again");
        }
        gathering.push(id, MessageView::of_binary(&[0; ROOM / 2]));
        taken(&mut gathering);
        let capacity = gathering.frames.capacity();
        assert_eq!(capacity, 0, "it went with the messages");
    }
}
