//! The deadlines of all sockets in one heap.

use std::{cmp::Reverse, collections::BinaryHeap, time::Instant};

use crate::net::vocabulary::SocketId;

/// How many needless ones are always kept: to look for them has its cost.
const KEPT: usize = 64;

/// Points in time at which a socket wants to be looked at. One that is not needed any more may stay
/// until it comes; looking at a socket too early does no harm.
#[derive(Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, SocketId)>>,
}

impl Deadlines {
    pub(super) fn add(&mut self, at: Instant, id: SocketId) {
        self.heap.push(Reverse((at, id)));
    }

    /// Forgets those that are not `needed` if they are the most, where each of so many `sockets`
    /// needs one. A socket may be gone long before an hour that it has once asked for.
    pub(super) fn tidy(&mut self, sockets: usize, needed: impl Fn(Instant, SocketId) -> bool) {
        if self.heap.len() > KEPT.saturating_add(sockets.saturating_mul(2)) {
            self.heap.retain(|Reverse((at, id))| needed(*at, *id));
        }
    }

    /// The next one.
    pub(super) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one that has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<SocketId> {
        if self.next()? > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, id))| id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn they_come_in_the_order_of_time_and_not_before() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let (a, b, c) = (SocketId::next(), SocketId::next(), SocketId::next());
        let mut deadlines = Deadlines::default();
        for (seconds, id) in [(3, c), (1, a), (2, b)] {
            deadlines.add(at(seconds), id);
        }
        assert_eq!(deadlines.pop_due(at(0)), None);
        assert_eq!(deadlines.next(), Some(at(1)));
        assert_eq!(deadlines.pop_due(at(2)), Some(a));
        assert_eq!(deadlines.pop_due(at(2)), Some(b));
        assert_eq!(deadlines.pop_due(at(2)), None);
        assert_eq!(deadlines.pop_due(at(3)), Some(c));
        assert_eq!(deadlines.next(), None);
    }

    #[test]
    fn those_of_sockets_that_are_gone_do_not_add_up() {
        let far = Instant::now() + Duration::from_secs(3600);
        let stays = SocketId::next();
        let mut deadlines = Deadlines::default();
        deadlines.add(far, stays);
        for _ in 0..10_000 {
            deadlines.add(far, SocketId::next());
            deadlines.tidy(1, |_, id| id == stays);
            assert!(deadlines.heap.len() <= KEPT + 2);
        }
        assert_eq!(deadlines.pop_due(far), Some(stays));
    }
}
