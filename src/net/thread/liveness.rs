//! Whether the peer of one connection is still there: Pings and their Pongs, and silence.
//!
//! What is received is only noted. Each deadline stands until it comes, and is then found to be over
//! or set anew, so that traffic costs nothing here.

use std::time::{Duration, Instant};

use tracing::debug;

use crate::net::{error::ErrorKind, options::Options, vocabulary::SocketId};

/// The Close code for a peer that is taken for dead: "unexpected condition".
pub(super) const GIVEN_UP: u16 = 1011;

/// What is to be done when a deadline has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Alive,
    /// To be asked for a sign of life, with this payload.
    Ping([u8; 8]),
    /// The connection is to be failed.
    Dead(ErrorKind),
}

/// When there was a sign of life, and when the next one is due.
#[derive(Debug)]
pub(super) struct Liveness {
    interval: Option<Duration>,
    timeout: Option<Duration>,
    idle: Option<Duration>,
    /// When something was received last, or reading went on after a pause.
    received: Instant,
    /// When the line took something last.
    written: Instant,
    /// When the next Ping is due, or the answer to one is looked for.
    beat_at: Option<Instant>,
    unanswered: Option<Ping>,
    /// When silence is looked for.
    idle_at: Option<Instant>,
    /// One of these has come and was not looked at.
    due: bool,
    pings: u64,
}

/// A Ping without its Pong.
#[derive(Debug)]
struct Ping {
    queued: Instant,
    /// When it was written.
    sent: Option<Instant>,
}

impl Liveness {
    pub(super) fn new(options: &Options, now: Instant) -> Self {
        let (beat, idle) = (&options.heartbeat, options.timeouts.idle);
        let mut liveness = Self {
            interval: beat.ping_interval(),
            timeout: beat.pong_timeout(),
            idle: idle.filter(|idle| !idle.is_zero()),
            received: now,
            written: now,
            beat_at: None,
            unanswered: None,
            idle_at: None,
            due: false,
            pings: 0,
        };
        liveness.restart(now);
        liveness
    }

    /// Reading goes on after a pause: what the peer has sent meanwhile could not be seen. A Ping
    /// from before counts no more.
    pub(super) fn restart(&mut self, now: Instant) {
        self.received = now;
        self.beat_at = later(now, self.interval);
        self.idle_at = later(now, self.idle);
        self.unanswered = None;
    }

    /// Something was received.
    pub(super) fn received(&mut self, now: Instant) {
        self.received = now;
    }

    /// The line took something; the Ping waits behind it if `ping_unsent`.
    pub(super) fn written(&mut self, ping_unsent: bool, now: Instant) {
        self.written = now;
        if let Some(ping) = &mut self.unanswered
            && !ping_unsent
        {
            ping.sent.get_or_insert(now);
        }
    }

    /// A Pong was received. Gives back how long it took, if it answers our Ping.
    pub(super) fn pong(&mut self, payload: &[u8], id: SocketId, now: Instant) -> Option<Duration> {
        if payload != self.pings.to_be_bytes() {
            return None;
        }
        let ping = self.unanswered.take()?;
        let round_trip = now.saturating_duration_since(ping.sent.unwrap_or(ping.queued));
        debug!(target: "boa_websocket::net", %id, ?round_trip, "pong");
        self.beat_at = later(ping.queued, self.interval);
        Some(round_trip)
    }

    /// When to look again, if nothing else happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.beat_at.into_iter().chain(self.idle_at).min()
    }

    /// Whether a deadline has come; then [`look`](Self::look) is to be called once everything that
    /// has arrived was read.
    pub(super) fn note_deadline(&mut self, now: Instant) -> bool {
        self.due = self.deadline().is_some_and(|deadline| deadline <= now);
        self.due
    }

    /// Judges, if a deadline was noted.
    pub(super) fn look(&mut self, now: Instant) -> Verdict {
        match std::mem::take(&mut self.due) {
            true => self.judge(now),
            false => Verdict::Alive,
        }
    }

    fn judge(&mut self, now: Instant) -> Verdict {
        let due = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if due(self.idle_at)
            && let Some(idle) = self.idle
        {
            self.idle_at = later(self.received, Some(idle));
            if due(self.idle_at) {
                return Verdict::Dead(ErrorKind::IdleTimeout(idle));
            }
        }
        if !due(self.beat_at) {
            return Verdict::Alive;
        }
        if let Some(ping) = &self.unanswered {
            // As long as the Ping waits, what the peer takes is a sign of life.
            let progress = ping.sent.unwrap_or(self.written.max(ping.queued));
            let bound = later(progress, self.timeout);
            // It may send something, if not the Pong.
            let sends = self.received > ping.sent.unwrap_or(ping.queued);
            if due(bound) && !sends {
                let timeout = self.timeout.unwrap_or_default();
                return Verdict::Dead(ErrorKind::PongTimeout(timeout));
            }
            if !sends && bound.is_some() {
                self.beat_at = self.next_look(bound, now);
                return Verdict::Alive;
            }
            let next = later(ping.queued, self.interval);
            self.unanswered = None;
            if !due(next) {
                self.beat_at = next;
                return Verdict::Alive;
            }
        }
        self.pings += 1;
        self.beat_at = self.next_look(later(now, self.timeout), now);
        self.unanswered = Some(Ping {
            queued: now,
            sent: None,
        });
        Verdict::Ping(self.pings.to_be_bytes())
    }

    /// When an answer is looked for that may take until `bound`: at each interval, so that no
    /// deadline stands that a usual answer makes needless.
    fn next_look(&self, bound: Option<Instant>, now: Instant) -> Option<Instant> {
        bound.into_iter().chain(later(now, self.interval)).min()
    }
}

/// `None` for never, and for what is beyond all time.
fn later(from: Instant, time: Option<Duration>) -> Option<Instant> {
    from.checked_add(time?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Heartbeat;

    const SECOND: Duration = Duration::from_secs(1);

    /// Pings every 10 seconds, Pongs within 3.
    fn beating(start: Instant) -> Liveness {
        let heartbeat = Heartbeat {
            interval: Some(10 * SECOND),
            timeout: 3 * SECOND,
        };
        let options = Options {
            heartbeat,
            ..Options::default()
        };
        Liveness::new(&options, start)
    }

    fn look(liveness: &mut Liveness, now: Instant) -> Verdict {
        liveness.note_deadline(now);
        liveness.look(now)
    }

    fn ping(number: u64) -> Verdict {
        Verdict::Ping(number.to_be_bytes())
    }

    #[test]
    fn a_ping_comes_at_each_interval_and_not_before() {
        let start = Instant::now();
        let mut liveness = beating(start);
        for number in 1..4 {
            let due = start + number as u32 * 10 * SECOND;
            assert_eq!(liveness.deadline(), Some(due));
            assert_eq!(look(&mut liveness, due - SECOND), Verdict::Alive);
            assert_eq!(look(&mut liveness, due), ping(number));
            liveness.written(false, due);
            assert_eq!(liveness.deadline(), Some(due + 3 * SECOND));
            liveness.received(due + SECOND);
            liveness.pong(&number.to_be_bytes(), SocketId::next(), due + SECOND);
        }
    }

    #[test]
    fn silence_after_a_ping_is_death_and_a_pong_of_another_is_no_answer() {
        let start = Instant::now();
        let mut liveness = beating(start);
        let at = |seconds| start + seconds * SECOND;
        liveness.received(at(10));
        assert_eq!(look(&mut liveness, at(10)), ping(1));
        liveness.written(false, at(10));
        liveness.pong(b"unasked", SocketId::next(), at(11));
        assert_eq!(look(&mut liveness, at(12)), Verdict::Alive);
        let dead = Verdict::Dead(ErrorKind::PongTimeout(3 * SECOND));
        assert_eq!(look(&mut liveness, at(13)), dead);
    }

    #[test]
    fn whatever_is_received_after_a_ping_is_a_sign_of_life() {
        let start = Instant::now();
        let mut liveness = beating(start);
        let at = |seconds| start + seconds * SECOND;
        assert_eq!(look(&mut liveness, at(10)), ping(1));
        liveness.written(false, at(10));
        liveness.received(at(11));
        assert_eq!(look(&mut liveness, at(13)), Verdict::Alive);
        assert_eq!(liveness.deadline(), Some(at(20)));
        assert_eq!(look(&mut liveness, at(20)), ping(2));
    }

    #[test]
    fn the_time_for_a_pong_begins_when_the_ping_is_written() {
        let start = Instant::now();
        let mut liveness = beating(start);
        let at = |seconds| start + seconds * SECOND;
        assert_eq!(look(&mut liveness, at(10)), ping(1));
        liveness.written(true, at(12));
        assert_eq!(
            look(&mut liveness, at(13)),
            Verdict::Alive,
            "something was taken"
        );
        assert_eq!(liveness.deadline(), Some(at(15)));
        liveness.written(false, at(14));
        assert_eq!(look(&mut liveness, at(15)), Verdict::Alive);
        assert_eq!(liveness.deadline(), Some(at(17)));
        liveness.written(false, at(16));
        assert_eq!(liveness.deadline(), Some(at(17)), "it is not sent twice");
        assert!(matches!(look(&mut liveness, at(17)), Verdict::Dead(_)));
    }

    #[test]
    fn a_peer_that_takes_nothing_is_dead_even_if_the_ping_was_never_written() {
        let start = Instant::now();
        let mut liveness = beating(start);
        assert_eq!(look(&mut liveness, start + 10 * SECOND), ping(1));
        let verdict = look(&mut liveness, start + 13 * SECOND);
        assert_eq!(verdict, Verdict::Dead(ErrorKind::PongTimeout(3 * SECOND)));
    }

    #[test]
    fn a_long_time_for_a_pong_leaves_no_deadlines_behind() {
        let start = Instant::now();
        let mut options = Options::default();
        options.heartbeat.interval = Some(SECOND);
        options.heartbeat.timeout = 10 * SECOND;
        let mut liveness = Liveness::new(&options, start);
        let at = |seconds| start + seconds * SECOND;
        assert_eq!(look(&mut liveness, at(1)), ping(1));
        liveness.written(false, at(1));
        for second in 2..11 {
            assert_eq!(liveness.deadline(), Some(at(second)));
            assert_eq!(look(&mut liveness, at(second)), Verdict::Alive);
        }
        let dead = Verdict::Dead(ErrorKind::PongTimeout(10 * SECOND));
        assert_eq!(look(&mut liveness, at(11)), dead);
    }

    #[test]
    fn after_a_pause_everything_begins_anew() {
        let start = Instant::now();
        let mut liveness = beating(start);
        let at = |seconds| start + seconds * SECOND;
        liveness.idle = Some(5 * SECOND);
        assert_eq!(look(&mut liveness, at(10)), ping(1));
        liveness.written(false, at(10));
        liveness.restart(at(100));
        assert_eq!(liveness.deadline(), Some(at(105)));
        liveness.received(at(101));
        assert_eq!(look(&mut liveness, at(105)), Verdict::Alive);
        assert_eq!(liveness.deadline(), Some(at(106)));
        let dead = Verdict::Dead(ErrorKind::IdleTimeout(5 * SECOND));
        assert_eq!(look(&mut liveness, at(106)), dead);
    }

    #[test]
    fn times_without_end_are_no_deadlines() {
        let start = Instant::now();
        let mut options = Options::default();
        options.heartbeat.interval = Some(Duration::MAX);
        options.timeouts.idle = Some(Duration::MAX);
        assert_eq!(Liveness::new(&options, start).deadline(), None);
        options.heartbeat.interval = Some(Duration::ZERO);
        options.timeouts.idle = Some(Duration::ZERO);
        assert_eq!(Liveness::new(&options, start).deadline(), None);

        for unbounded in [Duration::ZERO, Duration::MAX] {
            options.heartbeat.interval = Some(SECOND);
            options.heartbeat.timeout = unbounded;
            let mut liveness = Liveness::new(&options, start);
            assert_eq!(look(&mut liveness, start + SECOND), ping(1));
            liveness.written(false, start + SECOND);
            assert_eq!(
                look(&mut liveness, start + 2 * SECOND),
                ping(2),
                "unanswered"
            );
        }
    }
}
