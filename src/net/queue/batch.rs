//! A batch of events, whose texts stand in one piece of memory.

use std::collections::VecDeque;

use crate::net::{
    error::Error,
    vocabulary::{Incoming, SocketEvent, SocketId},
};
use crate::protocol::Binary;

/// Events of a batch. More wait for the next one, so that timers get their turn.
const MAX_EVENTS: usize = 1024;
/// Payload bytes after which a batch takes no more events.
const MAX_BYTES: usize = 1 << 20;
/// Of so many sockets a batch may say that bytes were sent without being handed over.
const PATIENT: usize = 16;
/// A text this long has memory of its own instead of being copied from arena to arena.
const OWN_MEMORY: usize = 64 << 10;

/// Where a text of a batch is, and whether it is ASCII throughout.
#[derive(Debug)]
pub struct TextRange(Place);

#[derive(Debug)]
enum Place {
    Arena {
        start: usize,
        len: usize,
        ascii: bool,
    },
    Own {
        text: String,
        ascii: bool,
    },
}

impl TextRange {
    /// Bytes of UTF-8.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Place::Arena { len, .. } => *len,
            Place::Own { text, .. } => text.len(),
        }
    }

    /// Whether it is the empty text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Events in the order they happened, taken with [`Network::take`](super::super::Network::take)
/// and given back by the next call of it, so that its memory serves again.
#[derive(Debug, Default)]
pub struct EventBatch {
    events: VecDeque<SocketEvent>,
    texts: String,
    bytes: usize,
    /// Sockets whose last event stands in this batch.
    closed: Vec<SocketId>,
}

impl EventBatch {
    /// An empty batch, to be filled by [`Network::take`](super::super::Network::take).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the oldest event.
    pub fn next_event(&mut self) -> Option<SocketEvent> {
        self.events.pop_front()
    }

    /// Events not taken yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether all events have been taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// A text of this batch, and whether it is ASCII throughout. Of another batch's range it gives
    /// some other text, or an empty one.
    #[must_use]
    pub fn text<'a>(&'a self, range: &'a TextRange) -> (&'a str, bool) {
        match &range.0 {
            Place::Arena { start, len, ascii } => {
                let text = self.texts.get(*start..start.saturating_add(*len));
                (text.unwrap_or_default(), *ascii)
            }
            Place::Own { text, ascii } => (text, *ascii),
        }
    }

    /// Whether nobody has to hurry: bytes were sent, and nothing else has happened.
    pub(crate) fn can_wait(&self) -> bool {
        let mut events = self.events.iter();
        self.events.len() <= PATIENT
            && events.all(|event| matches!(event, SocketEvent::Sent { .. }))
    }

    /// Whether it has reached the size at which it is handed over.
    pub(crate) fn is_full(&self) -> bool {
        self.events.len() >= MAX_EVENTS || self.bytes >= MAX_BYTES
    }

    pub(crate) fn push_text(&mut self, id: SocketId, text: &str) {
        if text.len() >= OWN_MEMORY {
            return self.push_own_text(id, text.to_owned());
        }
        let place = Place::Arena {
            start: self.texts.len(),
            len: text.len(),
            ascii: text.is_ascii(),
        };
        self.texts.push_str(text);
        self.push_message(id, Incoming::Text(TextRange(place)));
    }

    pub(crate) fn push_own_text(&mut self, id: SocketId, text: String) {
        if text.len() < OWN_MEMORY {
            return self.push_text(id, &text);
        }
        let ascii = text.is_ascii();
        let place = Place::Own { text, ascii };
        self.push_message(id, Incoming::Text(TextRange(place)));
    }

    pub(crate) fn push_binary(&mut self, id: SocketId, data: Binary) {
        self.push_message(id, Incoming::Binary(data));
    }

    fn push_message(&mut self, id: SocketId, message: Incoming) {
        self.bytes += message.len();
        self.events.push_back(SocketEvent::Message { id, message });
    }

    /// Reports bytes as sent; one event does for a socket in most batches.
    pub(crate) fn push_sent(&mut self, id: SocketId, more: u64) {
        // Only looked for at the end, where it is when nothing else happened meanwhile.
        for event in self.events.iter_mut().rev().take(4) {
            if let SocketEvent::Sent { id: of, bytes } = event
                && *of == id
            {
                *bytes += more;
                return;
            }
        }
        self.events.push_back(SocketEvent::Sent { id, bytes: more });
    }

    /// Pushes an event that is neither a message nor `Closed`.
    pub(crate) fn push(&mut self, event: SocketEvent) {
        self.events.push_back(event);
    }

    pub(crate) fn push_closed(
        &mut self,
        id: SocketId,
        (code, reason, was_clean): (u16, String, bool),
        error: Option<Error>,
    ) {
        self.closed.push(id);
        self.events.push_back(SocketEvent::Closed {
            id,
            code,
            reason,
            was_clean,
            error,
        });
    }

    /// The sockets whose last event stands in this batch.
    pub(crate) fn take_closed(&mut self) -> impl Iterator<Item = SocketId> + '_ {
        self.closed.drain(..)
    }

    /// Whether `more` fits behind this batch without making it larger than a batch should be.
    pub(crate) fn has_room_for(&self, more: &Self) -> bool {
        self.events.len() + more.events.len() <= MAX_EVENTS && self.bytes + more.bytes <= MAX_BYTES
    }

    /// Moves everything of `more` behind what is here.
    pub(crate) fn append(&mut self, more: &mut Self) {
        let shift = self.texts.len();
        self.texts.push_str(&more.texts);
        self.bytes += more.bytes;
        self.closed.append(&mut more.closed);
        for mut event in more.events.drain(..) {
            if let SocketEvent::Message {
                message: Incoming::Text(TextRange(Place::Arena { start, .. })),
                ..
            } = &mut event
            {
                *start += shift;
            }
            self.events.push_back(event);
        }
        more.clear();
    }

    /// Empties it and keeps its memory, unless that has grown out of proportion.
    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.texts.clear();
        self.texts.shrink_to(2 * MAX_BYTES);
        self.events.shrink_to(2 * MAX_EVENTS);
        self.closed.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(batch: &mut EventBatch) -> Vec<(String, bool)> {
        let mut texts = Vec::new();
        while let Some(event) = batch.next_event() {
            if let SocketEvent::Message {
                message: Incoming::Text(range),
                ..
            } = event
            {
                let (text, ascii) = batch.text(&range);
                assert_eq!(text.len(), range.len());
                texts.push((text.to_owned(), ascii));
            }
        }
        texts
    }

    #[test]
    fn texts_are_found_again_after_batches_were_joined() {
        let id = SocketId::next();
        let long = "x".repeat(OWN_MEMORY);
        let (mut first, mut second) = (EventBatch::new(), EventBatch::new());
        first.push_text(id, "one");
        first.push_text(id, "");
        second.push_text(id, "zwölf");
        second.push_text(id, &long);
        second.push_own_text(id, "own".into());
        first.append(&mut second);
        assert!(second.is_empty());
        let expected = [
            ("one".into(), true),
            (String::new(), true),
            ("zwölf".into(), false),
            (long, true),
            ("own".into(), true),
        ];
        assert_eq!(texts(&mut first), expected);
    }

    #[test]
    fn sent_bytes_of_a_socket_are_added_up() {
        let (a, b) = (SocketId::next(), SocketId::next());
        let mut batch = EventBatch::new();
        for (id, bytes) in [(a, 1), (b, 10), (a, 2), (b, 20)] {
            batch.push_sent(id, bytes);
        }
        let mut sums = Vec::new();
        while let Some(SocketEvent::Sent { id, bytes }) = batch.next_event() {
            sums.push((id, bytes));
        }
        assert_eq!(sums, [(a, 3), (b, 30)]);
    }

    #[test]
    fn a_batch_is_full_at_its_limit_of_events_and_of_bytes() {
        let id = SocketId::next();
        let mut batch = EventBatch::new();
        for _ in 0..MAX_EVENTS - 1 {
            batch.push_text(id, "");
        }
        assert!(!batch.is_full());
        let mut one = EventBatch::new();
        one.push_text(id, "");
        assert!(batch.has_room_for(&one));
        batch.append(&mut one);
        assert!(batch.is_full());
        one.push_text(id, "");
        assert!(!batch.has_room_for(&one));

        batch.clear();
        batch.push_own_text(id, "x".repeat(MAX_BYTES));
        assert!(batch.is_full());
    }
}
