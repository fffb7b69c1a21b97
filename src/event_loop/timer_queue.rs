//! Timers ordered by deadline.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use boa_engine::{
    Context, JsResult,
    context::time::{JsDuration, JsInstant},
    job::{IntervalJob, TimeoutJob},
};

/// Names one timer of an [`EventLoop`](super::EventLoop). Ids are not used twice. These are not the
/// numbers that `setTimeout` gives to script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u64);

/// What the host has run, as a timer or as a task.
pub(super) type Steps = Box<dyn FnOnce(&mut Context) -> JsResult<()>>;

/// What a timer runs.
pub(super) enum Timer {
    /// The host's own, once.
    Steps(Steps),
    /// Boa's, once.
    Timeout(TimeoutJob),
    /// Boa's, until it is cancelled.
    Interval(IntervalJob),
}

/// Deadline, then order of creation.
type Key = (JsInstant, u64);

/// All live timers. Setting and clearing are O(log n), and a cleared timer is gone at once.
#[derive(Default)]
pub(super) struct TimerQueue {
    by_deadline: BTreeMap<Key, (TimerId, Timer)>,
    keys: HashMap<TimerId, Key>,
    /// Those of the live timers that keep nothing going.
    background: HashSet<TimerId>,
    next_id: u64,
    next_order: u64,
}

impl TimerQueue {
    /// A fresh id.
    pub(super) fn next_id(&mut self) -> TimerId {
        self.next_id += 1;
        TimerId(self.next_id)
    }

    /// Enters a timer that is due at `now + delay`.
    pub(super) fn insert(&mut self, id: TimerId, now: JsInstant, delay: Duration, timer: Timer) {
        // Boa's instants panic on overflow; 500 million years are enough.
        let delay = delay.min(Duration::from_millis(u64::MAX));
        let key = (now + JsDuration::from(delay), self.next_order);
        self.next_order += 1;
        self.keys.insert(id, key);
        self.by_deadline.insert(key, (id, timer));
    }

    /// Takes a timer out. The caller drops it when the queue is no longer borrowed, because a drop may run foreign code.
    #[must_use]
    pub(super) fn remove(&mut self, id: TimerId) -> Option<Timer> {
        let key = self.keys.remove(&id)?;
        self.background.remove(&id);
        self.by_deadline.remove(&key).map(|(_, timer)| timer)
    }

    /// Takes out the earliest timer if it is due.
    pub(super) fn pop_due(&mut self, now: JsInstant) -> Option<(TimerId, Timer)> {
        let entry = self.by_deadline.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let (id, timer) = entry.remove();
        self.keys.remove(&id);
        self.background.remove(&id);
        Some((id, timer))
    }

    /// When the earliest timer is due.
    pub(super) fn next_deadline(&self) -> Option<JsInstant> {
        self.by_deadline.first_key_value().map(|(key, _)| key.0)
    }

    /// Says whether a live timer keeps the loop going.
    pub(super) fn set_keeps_alive(&mut self, id: TimerId, keeps_alive: bool) {
        if keeps_alive {
            self.background.remove(&id);
        } else if self.keys.contains_key(&id) {
            self.background.insert(id);
        }
    }

    /// Is there a timer that keeps the loop going?
    pub(super) fn keeps_alive(&self) -> bool {
        self.by_deadline.len() > self.background.len()
    }

    /// Is there no timer?
    pub(super) fn is_empty(&self) -> bool {
        self.by_deadline.is_empty()
    }
}
