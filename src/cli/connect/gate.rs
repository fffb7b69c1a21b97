//! How far reading runs ahead of sending.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Bytes that were read and not sent from which on nothing more is read.
const MAX_BYTES: usize = 1 << 20;

/// The same for messages.
const MAX_MESSAGES: usize = 4_096;

/// Counts what waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Gate {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    sizes: VecDeque<usize>,
    bytes: usize,
    /// Bytes of the first message that were sent.
    of_first: usize,
}

impl Gate {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until more may be read.
    pub(super) fn wait(&self) {
        let full = |waiting: &mut Waiting| {
            waiting.bytes >= MAX_BYTES || waiting.sizes.len() >= MAX_MESSAGES
        };
        let waited = self.changed.wait_while(self.waiting(), full);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// A message was read.
    pub(super) fn add(&self, size: usize) {
        let mut waiting = self.waiting();
        waiting.bytes += size;
        waiting.sizes.push_back(size);
    }

    /// So many bytes of messages were sent.
    pub(super) fn sent(&self, bytes: u64) {
        let mut waiting = self.waiting();
        let bytes = usize::try_from(bytes)
            .unwrap_or(usize::MAX)
            .min(waiting.bytes);
        waiting.bytes -= bytes;
        waiting.of_first += bytes;
        while let Some(&first) = waiting.sizes.front()
            && first <= waiting.of_first
        {
            waiting.of_first -= first;
            waiting.sizes.pop_front();
        }
        drop(waiting);
        self.changed.notify_all();
    }

    /// Whether everything was sent, as far as bytes tell.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting().bytes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_counts_no_more() {
        let gate = Gate::default();
        for size in [3, 0, 5] {
            gate.add(size);
        }
        gate.sent(2);
        assert_eq!(gate.waiting().sizes, [3, 0, 5]);
        gate.sent(1);
        assert_eq!(gate.waiting().sizes, [5]);
        assert!(!gate.is_empty());
        gate.sent(5);
        assert!(gate.is_empty());
        gate.sent(100);
        assert!(gate.waiting().sizes.is_empty());
        gate.add(MAX_BYTES - 1);
        gate.wait();
    }
}
