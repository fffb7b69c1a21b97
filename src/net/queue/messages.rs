//! Messages of one socket that are sent one after the other, in one piece of memory.
//!
//! An allocation for each would be made on one thread and freed on another, and what the allocator does about that costs more than
//! the copy.

use std::mem;

use tungstenite::Bytes;

use super::Item;
use crate::net::{
    observer::MessageView,
    vocabulary::{Command, Outgoing, SocketId},
};

/// Memory for the payloads that are gathered, in bytes.
const ROOM: usize = 48 << 10;

/// Messages of one socket, to be sent in this order.
#[derive(Debug)]
pub(crate) struct Messages {
    pub(crate) id: SocketId,
    payloads: Bytes,
    messages: std::vec::IntoIter<Message>,
}

#[derive(Debug, Clone, Copy)]
struct Message {
    text: bool,
    length: usize,
}

impl Iterator for Messages {
    type Item = Outgoing;

    fn next(&mut self) -> Option<Outgoing> {
        let message = self.messages.next()?;
        let payload = self.payloads.split_to(message.length);
        Some(Outgoing::new(message.text, payload))
    }
}

/// Gathers [`Messages`].
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    id: Option<SocketId>,
    payloads: Vec<u8>,
    messages: Vec<Message>,
}

impl Gathering {
    /// From this payload on a message is worth memory of its own. bytes
    pub(crate) const OWN_MEMORY: usize = 16 << 10;

    /// Whether a message of this socket can be added.
    pub(crate) fn takes(&self, id: SocketId) -> bool {
        self.id.is_none_or(|of| of == id)
    }

    /// Adds a copy of a message, whose socket it [`takes`](Self::takes).
    pub(crate) fn push(&mut self, id: SocketId, message: MessageView<'_>) {
        self.id = Some(id);
        let payload = message.payload();
        if self.payloads.capacity() == 0 {
            self.payloads.reserve_exact(ROOM);
        }
        self.payloads.extend_from_slice(payload);
        self.messages.push(Message {
            text: message.is_text(),
            length: payload.len(),
        });
    }

    /// What was gathered, in memory of which at least half is used: one message that cannot be written keeps all of it.
    pub(crate) fn take(&mut self) -> Option<Item> {
        let id = self.id.take()?;
        let payloads = if self.payloads.len() < self.payloads.capacity() / 2 {
            let payloads = Bytes::copy_from_slice(&self.payloads);
            self.payloads.clear();
            payloads
        } else {
            Bytes::from(mem::take(&mut self.payloads))
        };
        if let [message] = self.messages[..] {
            self.messages.clear();
            let message = Outgoing::new(message.text, payloads);
            return Some(Item::Command(Command::Send { id, message }));
        }
        let messages = mem::take(&mut self.messages).into_iter();
        Some(Item::Messages(Box::new(Messages {
            id,
            payloads,
            messages,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(gathering: &mut Gathering) -> Vec<Outgoing> {
        match gathering.take() {
            Some(Item::Command(Command::Send { message, .. })) => vec![message],
            Some(Item::Messages(messages)) => messages.collect(),
            _ => Vec::new(),
        }
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
                    let [Outgoing::Binary(binary), Outgoing::Text(text)] = pair else {
                        panic!("{pair:?}")
                    };
                    assert_eq!(binary, payload);
                    assert_eq!(text, "zwölf".as_bytes());
                }
                assert!(gathering.takes(other));
            }
        }
    }

    #[test]
    fn little_does_not_keep_much() {
        let mut gathering = Gathering::default();
        let id = SocketId::next();
        gathering.push(id, MessageView::of_text("a"));
        let room = gathering.payloads.as_ptr();
        gathering.push(id, MessageView::of_text("b"));
        taken(&mut gathering);
        gathering.push(id, MessageView::of_text("c"));
        assert_eq!(gathering.payloads.as_ptr(), room, "its room is used again");
        gathering.push(id, MessageView::of_binary(&[0; ROOM / 2]));
        taken(&mut gathering);
        assert_eq!(
            gathering.payloads.capacity(),
            0,
            "it went with the messages"
        );
    }
}
