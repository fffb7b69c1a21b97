//! The memory behind ArrayBuffers, which Boa's collector does not count.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

/// The fewest bytes handed to script between two collections.
const MIN_THRESHOLD: usize = 8 << 20;

/// The most bytes handed to script between two collections.
const MAX_THRESHOLD: usize = 256 << 20;

/// Counts the bytes handed to script and asks for a collection when they have grown enough.
///
/// How many of them survive cannot be asked of Boa, but what a collection costs can be measured: one that takes more than
/// a tenth of the time since the last doubles the bytes until the next, one that takes less halves them.
pub(super) struct ExternalMemory {
    handed: Cell<usize>,
    threshold: Cell<usize>,
    last: Cell<Instant>,
}

impl Default for ExternalMemory {
    fn default() -> Self {
        Self {
            handed: Cell::new(0),
            threshold: Cell::new(MIN_THRESHOLD),
            last: Cell::new(Instant::now()),
        }
    }
}

impl ExternalMemory {
    /// `bytes` are about to be handed to script. May run the collector.
    pub(super) fn charge(&self, bytes: usize) {
        let handed = self.handed.get().saturating_add(bytes);
        if handed < self.threshold.get() {
            self.handed.set(handed);
            return;
        }
        let begin = Instant::now();
        boa_gc::force_collect();
        let end = Instant::now();
        let threshold = next_threshold(
            self.threshold.get(),
            end - begin,
            begin.saturating_duration_since(self.last.get()),
        );
        self.threshold.set(threshold);
        self.last.set(end);
        self.handed.set(bytes);
    }
}

fn next_threshold(threshold: usize, collecting: Duration, between: Duration) -> usize {
    if collecting * 10 > between {
        (threshold * 2).min(MAX_THRESHOLD)
    } else {
        (threshold / 2).max(MIN_THRESHOLD)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_follows_the_cost_within_its_bounds() {
        let (quick, slow) = (Duration::from_micros(10), Duration::from_millis(10));
        let between = Duration::from_millis(50);
        assert_eq!(next_threshold(MIN_THRESHOLD, quick, between), MIN_THRESHOLD);
        assert_eq!(
            next_threshold(MIN_THRESHOLD, slow, between),
            2 * MIN_THRESHOLD
        );
        assert_eq!(next_threshold(MAX_THRESHOLD, slow, between), MAX_THRESHOLD);
        assert_eq!(
            next_threshold(MAX_THRESHOLD, quick, between),
            MAX_THRESHOLD / 2
        );
    }

    #[test]
    fn what_was_handed_out_starts_again_after_a_collection() {
        let memory = ExternalMemory::default();
        memory.charge(MIN_THRESHOLD - 1);
        assert_eq!(memory.handed.get(), MIN_THRESHOLD - 1);
        memory.charge(5);
        assert_eq!(memory.handed.get(), 5);
    }
}
