//! Network to script.

use std::{
    collections::VecDeque,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use super::batch::EventBatch;
use crate::net::{error::Error, vocabulary::SocketId};

/// Emptied batches kept for use again.
const SPARE_BATCHES: usize = 4;

/// What a socket's queued messages weigh. The socket thread adds, the JavaScript thread takes away.
#[derive(Debug, Default)]
pub(crate) struct Charge {
    bytes: AtomicUsize,
    paused: AtomicBool,
    /// What script said to messages that were taken away may not have been handed over.
    unflushed: AtomicBool,
    /// The socket thread waits until all messages were taken away, and that was handed over.
    awaited: AtomicBool,
}

impl Charge {
    /// Adds a message.
    pub(crate) fn add(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, SeqCst);
    }

    /// Whether reading must stop. Once it has said yes, it does until [`release`](Self::release)
    /// tells the JavaScript thread to resume, or until the queue is found to be half empty here.
    pub(crate) fn must_pause(&self, limit: usize) -> bool {
        if self.bytes.load(SeqCst) <= limit {
            return false;
        }
        self.paused.store(true, SeqCst);
        // The other side may have taken the last message away before it could see the flag; then
        // whoever clears the flag is the one to resume.
        !(self.bytes.load(SeqCst) <= limit / 2 && self.paused.swap(false, SeqCst))
    }

    /// Takes `bytes` away; true when the socket thread has paused and is to be told to resume.
    pub(crate) fn release(&self, bytes: usize, limit: usize) -> bool {
        let release = |charged: usize| Some(charged.saturating_sub(bytes));
        let before = self
            .bytes
            .fetch_update(SeqCst, SeqCst, release)
            .unwrap_or_default();
        before.saturating_sub(bytes) <= limit / 2 && self.paused.swap(false, SeqCst)
    }

    /// Called before [`release`](Self::release): notes that answers may have been gathered. True if
    /// that was not known yet, and [`flushed`](Self::flushed) is to be called.
    pub(crate) fn note_unflushed(&self) -> bool {
        !self.unflushed.swap(true, SeqCst)
    }

    /// Called when those answers are in the inbox; true when the socket thread waits for that, and is
    /// to be told.
    pub(crate) fn flushed(&self) -> bool {
        self.unflushed.store(false, SeqCst);
        self.bytes.load(SeqCst) == 0 && self.awaited.swap(false, SeqCst)
    }

    /// Whether script still has messages that it may answer. If so, [`flushed`](Self::flushed) will
    /// tell the JavaScript thread when it has not; else every answer is in the inbox.
    pub(crate) fn must_await(&self) -> bool {
        self.awaited.store(true, SeqCst);
        let settled = self.bytes.load(SeqCst) == 0 && !self.unflushed.load(SeqCst);
        // As with a pause: whoever clears the flag is the one to act.
        !(settled && self.awaited.swap(false, SeqCst))
    }
}

/// The queue of events, and the callback that says it is no longer empty.
pub(crate) struct EventQueue {
    state: Mutex<State>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

struct State {
    ready: VecDeque<EventBatch>,
    spare: Vec<EventBatch>,
    /// The reader found nothing and waits for the callback.
    parked: bool,
    /// Nobody will read any more.
    closed: bool,
}

impl EventQueue {
    pub(crate) fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            state: Mutex::new(State {
                ready: VecDeque::new(),
                spare: Vec::new(),
                parked: true,
                closed: false,
            }),
            wake,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the reader waits for the callback.
    pub(crate) fn is_parked(&self) -> bool {
        self.lock().parked
    }

    /// Hands `pending` over and leaves an empty batch in its place. Whether the reader was parked.
    pub(crate) fn deliver(&self, pending: &mut EventBatch) -> bool {
        if pending.is_empty() {
            return false;
        }
        let mut state = self.lock();
        if state.closed {
            pending.clear();
            return false;
        }
        match state.ready.back_mut() {
            Some(last) if last.has_room_for(pending) => last.append(pending),
            _ => {
                let empty = state.spare.pop().unwrap_or_default();
                state.ready.push_back(mem::replace(pending, empty));
            }
        }
        let parked = mem::take(&mut state.parked);
        drop(state);
        if parked {
            (self.wake)();
        }
        parked
    }

    /// Reports sockets as failed: 1006, with the reason.
    pub(crate) fn deliver_failures(&self, failed: impl IntoIterator<Item = (SocketId, Error)>) {
        let mut batch = EventBatch::new();
        for (id, error) in failed {
            batch.push_closed(id, (1006, String::new(), false), Some(error));
        }
        self.deliver(&mut batch);
    }

    /// Swaps `batch` for the oldest one; false, and parked, when there is none.
    pub(crate) fn take(&self, batch: &mut EventBatch) -> bool {
        batch.clear();
        let mut state = self.lock();
        let Some(next) = state.ready.pop_front() else {
            state.parked = true;
            return false;
        };
        let used = mem::replace(batch, next);
        if state.spare.len() < SPARE_BATCHES {
            state.spare.push(used);
        }
        true
    }

    /// From now on events go nowhere and nobody is woken.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.ready.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::vocabulary::SocketEvent;

    fn queue() -> (EventQueue, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let wake = move || {
            count.fetch_add(1, SeqCst);
        };
        (EventQueue::new(Arc::new(wake)), woken)
    }

    fn one(id: SocketId) -> EventBatch {
        let mut batch = EventBatch::new();
        batch.push(SocketEvent::ClosingHandshakeStarted { id });
        batch
    }

    #[test]
    fn the_reader_is_woken_once_and_only_when_it_has_found_nothing() {
        let (queue, woken) = queue();
        let id = SocketId::next();
        queue.deliver(&mut one(id));
        queue.deliver(&mut one(id));
        assert_eq!(woken.load(SeqCst), 1, "parked from the start, woken once");

        let mut batch = EventBatch::new();
        assert!(queue.take(&mut batch));
        assert_eq!(batch.len(), 2, "small batches are joined");
        queue.deliver(&mut one(id));
        assert_eq!(woken.load(SeqCst), 1, "not parked");

        assert!(queue.take(&mut batch));
        assert!(!queue.take(&mut batch));
        assert!(batch.is_empty());
        queue.deliver(&mut one(id));
        assert_eq!(woken.load(SeqCst), 2);
    }

    #[test]
    fn nothing_wakes_nobody() {
        let (queue, woken) = queue();
        queue.deliver(&mut EventBatch::new());
        assert_eq!(woken.load(SeqCst), 0);
        queue.close();
        queue.deliver(&mut one(SocketId::next()));
        assert_eq!(woken.load(SeqCst), 0);
        assert!(!queue.take(&mut EventBatch::new()));
    }

    #[test]
    fn order_is_kept_over_batches_too_large_to_join() {
        let (queue, _) = queue();
        let id = SocketId::next();
        let mut expected = Vec::new();
        for round in 0..5 {
            let mut batch = EventBatch::new();
            for message in 0..400 {
                let text = format!("{round}/{message}");
                batch.push_text(id, &text);
                expected.push(text);
            }
            queue.deliver(&mut batch);
        }
        let (mut batch, mut found) = (EventBatch::new(), Vec::new());
        while queue.take(&mut batch) {
            assert!(batch.len() <= 1024);
            while let Some(event) = batch.next_event() {
                if let SocketEvent::Message {
                    message: crate::net::Incoming::Text(range),
                    ..
                } = event
                {
                    found.push(batch.text(&range).0.to_owned());
                }
            }
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn reading_pauses_past_the_limit_and_resumes_at_half() {
        let charge = Charge::default();
        charge.add(100);
        assert!(!charge.must_pause(100));
        charge.add(1);
        assert!(charge.must_pause(100));
        assert!(!charge.release(50, 100), "51 left");
        assert!(charge.release(1, 100), "50 left");
        assert!(!charge.release(50, 100), "told already");
        assert!(!charge.release(50, 100), "never below nothing");
        assert!(!charge.must_pause(100));
    }

    #[test]
    fn answers_are_awaited_until_the_last_message_is_consumed_and_flushed() {
        let charge = Charge::default();
        assert!(!charge.must_await(), "nothing to be answered");
        charge.add(100);
        assert!(charge.must_await());
        assert!(charge.note_unflushed());
        charge.release(60, 1000);
        assert!(!charge.note_unflushed(), "known already");
        assert!(!charge.flushed(), "40 left");
        assert!(charge.note_unflushed());
        charge.release(40, 1000);
        assert!(charge.must_await(), "consumed, but not flushed");
        assert!(charge.flushed());
        assert!(!charge.flushed(), "told already");
        assert!(!charge.must_await());
    }
}
