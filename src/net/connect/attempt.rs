//! One socket that is connecting.

use std::{
    collections::VecDeque,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use tracing::Span;

use super::{schedule::InPlace, turns::Turn, wait::Cancel};
use crate::net::{
    dialer::Call,
    error::{Error, ErrorKind},
    proxy::{Hop, Proxy},
    queue::Charge,
    stream::{Endpoint, Stream},
    target::Target,
    vocabulary::{ConnectRequest, SocketId},
};

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its addresses are being looked up.
    Resolving,
    /// Its addresses are tried, or wait for their turns.
    Racing,
    /// It is connected, and shakes hands on the socket thread.
    Upgrading,
    /// It is connected, and a connector thread does the rest.
    HandedOver,
}

/// What is known of it.
pub(super) struct Attempt {
    pub(super) target: Arc<Target>,
    /// Through which it goes.
    pub(super) proxy: Option<Arc<Proxy>>,
    pub(super) request: Arc<ConnectRequest>,
    pub(super) charge: Arc<Charge>,
    pub(super) cancel: Arc<Cancel>,
    pub(super) stage: Stage,
    pub(super) clock: Clock,
    /// Not yet tried, the best first.
    pub(super) untried: VecDeque<Endpoint>,
    /// Being connected to. The turn of each is taken.
    pub(super) racers: Vec<Racer>,
    /// The one that has won, while it is upgraded.
    pub(super) in_place: Option<Box<InPlace>>,
    /// When the next one may be tried.
    pub(super) next_at: Instant,
    /// Counts as one of those that are dialling.
    pub(super) has_place: bool,
    /// When it is to be looked at again.
    pub(super) timer: Option<Instant>,
    /// Why no address has worked so far.
    pub(super) failure: Option<Error>,
    pub(super) span: Span,
}

/// A connection that is being established.
pub(super) struct Racer {
    /// What the poller calls it: out of the sockets' own names, so that no two are the same.
    pub(super) name: SocketId,
    pub(super) endpoint: Endpoint,
    pub(super) turn: Turn,
    /// Not yet there while a dialer is being called.
    pub(super) stream: Option<Stream>,
    /// Tells that dialer when nobody waits for it any more.
    pub(super) _call: Option<Call>,
}

impl Attempt {
    pub(super) fn new(
        target: Target,
        request: ConnectRequest,
        charge: Arc<Charge>,
        budget: Duration,
        span: Span,
        now: Instant,
    ) -> Self {
        Self {
            target: Arc::new(target),
            proxy: None,
            request: Arc::new(request),
            charge,
            cancel: Arc::default(),
            stage: Stage::Resolving,
            clock: Clock::running(budget, now),
            untried: VecDeque::new(),
            racers: Vec::new(),
            in_place: None,
            next_at: now,
            has_place: false,
            timer: None,
            failure: None,
            span,
        }
    }

    /// Where it leads first.
    pub(super) fn hop(&self) -> Hop<'_> {
        Hop {
            target: &self.target,
            proxy: self.proxy.as_deref(),
        }
    }

    /// The turn that connecting to `endpoint` needs. Where the address is not known, it is the target's own.
    pub(super) fn turn(&self, endpoint: &Endpoint) -> Turn {
        let known = match self.proxy {
            Some(_) => None,
            None => Turn::at(endpoint),
        };
        known.unwrap_or_else(|| Turn::by_name(&self.target))
    }

    /// Whether it would try another address now if it had the turn there.
    pub(super) fn wants_turn(&self, now: Instant) -> bool {
        self.stage == Stage::Racing && !self.untried.is_empty() && self.next_at <= now
    }

    /// Remembers why an address failed. That there is no way to one of its kind from here says the
    /// least; otherwise the first reason is the one that is told.
    pub(super) fn address_failed(&mut self, error: Error) {
        if self.failure.as_ref().is_none_or(says_little) {
            self.failure = Some(error);
        }
    }

    /// When to look at it again: at its deadline, or when another address may be tried.
    pub(super) fn next_timer(&self, now: Instant) -> Option<Instant> {
        if self.stage == Stage::HandedOver {
            // Its connector has the deadline now.
            return None;
        }
        let next = (!self.untried.is_empty() && self.next_at > now).then_some(self.next_at);
        next.into_iter().chain(self.clock.deadline()).min()
    }
}

fn says_little(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Io(
            io::ErrorKind::NetworkUnreachable
                | io::ErrorKind::HostUnreachable
                | io::ErrorKind::AddrNotAvailable
                | io::ErrorKind::Unsupported
        )
    )
}

/// A time that can be stopped and that ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    left: Duration,
    since: Option<Instant>,
}

impl Clock {
    pub(super) fn running(left: Duration, now: Instant) -> Self {
        Self {
            left,
            since: Some(now),
        }
    }

    pub(super) fn run(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    pub(super) fn stop(&mut self, now: Instant) {
        self.left = self.left(now);
        self.since = None;
    }

    /// What is left of it.
    pub(super) fn left(&self, now: Instant) -> Duration {
        let spent = self
            .since
            .map(|since| now.saturating_duration_since(since))
            .unwrap_or_default();
        self.left.saturating_sub(spent)
    }

    /// When it ends, if it runs; `None` also for an end that the system's clock cannot reach.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.since?.checked_add(self.left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::error::Phase;

    #[test]
    fn a_clock_counts_only_while_it_runs() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut clock = Clock::running(Duration::from_secs(30), start);
        assert_eq!(clock.deadline(), Some(at(30)));
        clock.stop(at(10));
        assert_eq!(clock.deadline(), None);
        assert_eq!(clock.left(at(100)), Duration::from_secs(20));
        clock.run(at(100));
        clock.run(at(105));
        assert_eq!(clock.deadline(), Some(at(120)));
        assert_eq!(clock.left(at(130)), Duration::ZERO);
        assert_eq!(Clock::running(Duration::MAX, start).deadline(), None);
    }

    #[test]
    fn the_reason_that_is_told_is_the_first_that_says_something() {
        let error = |kind: io::ErrorKind| Error::io(Phase::Connect, "h:1", kind.into());
        let target = Target::new(&url::Url::parse("ws://h:1/").unwrap()).unwrap();
        let request = ConnectRequest::new(url::Url::parse("ws://h:1/").unwrap());
        let charge = Arc::default();
        let mut attempt = Attempt::new(
            target,
            request,
            charge,
            Duration::ZERO,
            Span::none(),
            Instant::now(),
        );
        for (kind, told) in [
            (
                io::ErrorKind::NetworkUnreachable,
                io::ErrorKind::NetworkUnreachable,
            ),
            (
                io::ErrorKind::ConnectionRefused,
                io::ErrorKind::ConnectionRefused,
            ),
            (
                io::ErrorKind::ConnectionReset,
                io::ErrorKind::ConnectionRefused,
            ),
            (
                io::ErrorKind::HostUnreachable,
                io::ErrorKind::ConnectionRefused,
            ),
        ] {
            attempt.address_failed(error(kind));
            let failure = attempt.failure.as_ref().unwrap();
            assert_eq!(failure.kind(), &ErrorKind::Io(told));
        }
    }
}
