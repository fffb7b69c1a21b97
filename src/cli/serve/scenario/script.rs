//! Actions that are under way: which is due when. Knows the time only as an argument.

use std::{
    num::NonZeroU64,
    time::{Duration, Instant},
};

use super::schema::Action;

/// How many lists of actions may be under way on a connection. Past it nothing more is read until one has ended.
pub(super) const MAX_RUNNING: usize = 256;

/// A list of actions under way.
struct Running<'a, Cause> {
    due: Instant,
    actions: &'a [Action],
    /// How often the first of them is still done; `None`: without end.
    left: Option<NonZeroU64>,
    cause: Cause,
}

/// All lists of a connection that are under way, each with what has caused it.
pub(super) struct Agenda<'a, Cause> {
    running: Vec<Running<'a, Cause>>,
}

impl<'a, Cause: Clone> Agenda<'a, Cause> {
    pub(super) fn new() -> Self {
        Self {
            running: Vec::new(),
        }
    }

    /// Begins with a list.
    pub(super) fn start(&mut self, actions: &'a [Action], cause: Cause, now: Instant) {
        if let Some(first) = actions.first() {
            self.running.push(Running {
                due: after(now, first.after),
                actions,
                left: first.times,
                cause,
            });
        }
    }

    /// Whether there is room for another list.
    pub(super) fn has_room(&self) -> bool {
        self.running.len() < MAX_RUNNING
    }

    /// How long until something is due.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        let next = self.running.iter().map(|running| running.due).min()?;
        Some(next.saturating_duration_since(now))
    }

    /// The next action that is due, of several the one that was due first.
    pub(super) fn next(&mut self, now: Instant) -> Option<(&'a Action, Cause)> {
        let due = self
            .running
            .iter()
            .enumerate()
            .filter(|(_, running)| running.due <= now);
        let (at, _) = due.min_by_key(|(_, running)| running.due)?;
        let running = self.running.get_mut(at)?;
        let action = running.actions.first()?;
        let cause = running.cause.clone();
        // The next one counts from when this one was due, so that a beat stays one; but what was missed is not made up for.
        let from = match now.saturating_duration_since(running.due) > action.after {
            true => now,
            false => running.due,
        };
        running.left = match running.left {
            None => None,
            Some(left) => match NonZeroU64::new(left.get() - 1) {
                Some(left) => Some(left),
                None => {
                    running.actions = running.actions.get(1..).unwrap_or_default();
                    running.actions.first().and_then(|next| next.times)
                }
            },
        };
        match running.actions.first() {
            Some(next) => running.due = after(from, next.after),
            None => {
                // In order: what was due at the same time is done in the order in which it began.
                self.running.remove(at);
            }
        }
        Some((action, cause))
    }
}

fn after(now: Instant, wait: Duration) -> Instant {
    now.checked_add(wait).unwrap_or(now)
}
