//! What the socket thread needs for one connection at a time, and so has only once.

use std::{
    mem,
    ops::AddAssign,
    sync::Arc,
    time::{Duration, Instant},
};

use super::liveness::Liveness;
use crate::net::{
    line::Ciphertext,
    observer::{MessageView, Watch},
    queue::{Charge, EventBatch, EventQueue},
    vocabulary::{SocketEvent, SocketId, receive_charge},
};
use crate::protocol::{Binary, Sink};

/// What one read brings at most, in bytes. Idle connections own no buffer: this one is for all.
const SCRATCH: usize = 128 << 10;

/// How long a script that sleeps is not told that bytes were sent: longer than most answers take on
/// a near line, and shorter than anybody notices.
const PATIENCE: Duration = Duration::from_millis(1);

/// Events handed over from which on there is work for both threads.
const MANY_EVENTS: usize = 32;

/// Bytes moved from which on it is better done by a thread that does nothing else: an echo of 16 MiB is a fifth faster.
const MANY_BYTES: usize = 256 << 10;

/// Buffers, and the events on their way to script.
pub(super) struct Desk {
    pub(super) scratch: Box<[u8]>,
    pub(super) ciphertext: Ciphertext,
    pub(super) pending: EventBatch,
    pub(super) events: Arc<EventQueue>,
    /// Until when `pending` is kept from a sleeping script.
    kept_until: Option<Instant>,
    /// Bytes read and written since the last hand-over.
    moved: usize,
    handed: Handed,
}

/// What was handed over since the last look.
#[derive(Debug, Default)]
pub(super) struct Handed {
    events: usize,
    /// Script slept, and was woken.
    pub(super) woke: bool,
    /// Bytes read and written before.
    moved: usize,
}

impl Handed {
    /// Whether there is work for both threads.
    pub(super) fn is_much(&self) -> bool {
        self.events >= MANY_EVENTS || self.moved >= MANY_BYTES
    }
}

impl AddAssign for Handed {
    fn add_assign(&mut self, more: Self) {
        self.events += more.events;
        self.woke |= more.woke;
        self.moved = self.moved.saturating_add(more.moved);
    }
}

impl Desk {
    pub(super) fn new(events: Arc<EventQueue>) -> Self {
        Self {
            scratch: vec![0; SCRATCH].into_boxed_slice(),
            ciphertext: Ciphertext::new(),
            pending: EventBatch::new(),
            events,
            kept_until: None,
            moved: 0,
            handed: Handed::default(),
        }
    }

    /// Hands over what there is.
    pub(super) fn deliver(&mut self) {
        self.handed += Handed {
            events: self.pending.len(),
            woke: self.events.deliver(&mut self.pending),
            moved: mem::take(&mut self.moved),
        };
    }

    /// Counts what was read or written.
    pub(super) fn count(&mut self, bytes: usize) {
        self.moved = self.moved.saturating_add(bytes);
    }

    /// Whether much is being moved, of which nothing is to be told yet.
    pub(super) fn moves_much(&self) -> bool {
        self.moved >= MANY_BYTES
    }

    pub(super) fn take_handed(&mut self) -> Handed {
        mem::take(&mut self.handed)
    }

    /// Hands over what there is before the thread sleeps. To a script that sleeps it need not be said
    /// at once that bytes were sent: what the peer answers comes along and saves a wake. Until when the
    /// thread may sleep, if something was kept.
    pub(super) fn deliver_before_sleep(&mut self, now: Instant) -> Option<Instant> {
        if self.pending.is_empty() {
            self.kept_until = None;
            return None;
        }
        let until = *self.kept_until.get_or_insert(now + PATIENCE);
        if now < until && self.pending.can_wait() && self.events.is_parked() {
            return Some(until);
        }
        self.kept_until = None;
        self.deliver();
        None
    }

    /// Hands over what there is if it is a lot.
    pub(super) fn deliver_if_full(&mut self) {
        if self.pending.is_full() {
            self.deliver();
        }
    }
}

/// Takes what one connection receives into the events.
pub(super) struct Delivery<'a> {
    pub(super) id: SocketId,
    pub(super) charge: &'a Charge,
    /// Script does not want messages any more.
    pub(super) discard: bool,
    pub(super) closing: &'a mut bool,
    pub(super) liveness: &'a mut Liveness,
    pub(super) now: Instant,
    pub(super) pending: &'a mut EventBatch,
    pub(super) events: &'a EventQueue,
    pub(super) watch: Option<&'a Watch>,
}

impl Delivery<'_> {
    /// Whether script wants it; then it is counted.
    fn message(&mut self, view: MessageView<'_>) -> bool {
        if self.discard {
            return false;
        }
        if let Some(watch) = self.watch.filter(|watch| watch.wants_messages()) {
            watch.tell(|observer| observer.message_in(self.id, view));
        }
        self.charge.add(receive_charge(view.payload().len()));
        true
    }

    fn deliver_if_full(&mut self) {
        if self.pending.is_full() {
            self.events.deliver(self.pending);
        }
    }
}

impl Sink for Delivery<'_> {
    fn text(&mut self, text: &str) {
        if self.message(MessageView::of_text(text)) {
            self.pending.push_text(self.id, text);
            self.deliver_if_full();
        }
    }

    fn text_owned(&mut self, text: String) {
        if self.message(MessageView::of_text(&text)) {
            self.pending.push_own_text(self.id, text);
            self.deliver_if_full();
        }
    }

    fn binary(&mut self, data: Binary) {
        if self.message(MessageView::of_binary(&data)) {
            self.pending.push_binary(self.id, data);
            self.deliver_if_full();
        }
    }

    // Answered by the protocol; script has no way to see them.
    fn ping(&mut self, payload: &[u8]) {
        if let Some(watch) = self.watch {
            watch.tell(|observer| observer.ping_in(self.id, payload.len()));
        }
    }

    fn pong(&mut self, payload: &[u8]) {
        let round_trip = self.liveness.pong(payload, self.id, self.now);
        if let (Some(watch), Some(round_trip)) = (self.watch, round_trip) {
            watch.tell(|observer| observer.pong(self.id, round_trip));
        }
    }

    fn closing_handshake_started(&mut self) {
        *self.closing = true;
        let event = SocketEvent::ClosingHandshakeStarted { id: self.id };
        self.pending.push(event);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn a_sleeping_script_is_told_of_sent_bytes_with_the_next_event_or_soon() {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Arc::new(move || {
            count.fetch_add(1, SeqCst);
        });
        let events = Arc::new(EventQueue::new(wake));
        let mut desk = Desk::new(Arc::clone(&events));
        let (id, now) = (SocketId::next(), Instant::now());
        let mut batch = EventBatch::new();
        assert_eq!(desk.deliver_before_sleep(now), None, "nothing to be told");

        // It sleeps: kept, but not for long.
        desk.pending.push_sent(id, 1);
        let until = desk.deliver_before_sleep(now).expect("kept");
        assert_eq!(desk.deliver_before_sleep(now), Some(until), "no longer");
        assert_eq!(desk.deliver_before_sleep(until), None);
        assert_eq!(woken.load(SeqCst), 1);
        assert!(events.take(&mut batch));
        assert_eq!(batch.len(), 1);

        // It is awake: at once.
        desk.pending.push_sent(id, 1);
        assert_eq!(desk.deliver_before_sleep(now), None);
        assert!(events.take(&mut batch));

        // With anything else: at once.
        assert!(!events.take(&mut batch), "sleeps again");
        desk.pending.push_sent(id, 1);
        assert!(desk.deliver_before_sleep(now).is_some());
        desk.pending.push_text(id, "answer");
        assert_eq!(desk.deliver_before_sleep(now), None);
        assert_eq!(woken.load(SeqCst), 2, "one wake for both");
        assert!(events.take(&mut batch));
        assert_eq!(batch.len(), 2);
    }
}
