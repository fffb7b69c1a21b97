//! The deadlines of all sockets in one heap.

use std::{cmp::Reverse, collections::BinaryHeap, time::Instant};

use crate::net::vocabulary::SocketId;

/// Points in time at which a socket wants to be looked at. One that is not needed any more stays
/// until it comes; looking at a socket too early does no harm.
#[derive(Default)]
pub(super) struct Deadlines {
    heap: BinaryHeap<Reverse<(Instant, SocketId)>>,
}

impl Deadlines {
    pub(super) fn add(&mut self, at: Instant, id: SocketId) {
        self.heap.push(Reverse((at, id)));
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
}
