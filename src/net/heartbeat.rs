//! The options by which a dead peer is noticed.

use std::time::Duration;

/// Pings sent more often than this would be a flood.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// Pings at an interval, and a bound on the wait for their Pongs.
///
/// Without it a connection whose peer has vanished without a word stays open until something is sent
/// and TCP gives up, which takes many minutes. Default: no pings, as with browsers and other
/// runtimes; 20 to 30 seconds suit most, and also keep proxies and address translators from
/// forgetting a silent connection.
///
/// While reading is held back, because script has not consumed what has arrived
/// ([`Limits::receive_queue`](super::Limits::receive_queue)), no Ping is sent, and afterwards the
/// time for a Pong and the interval begin anew. Nothing is sent any more once either side has begun
/// to close.
///
/// [RFC 6455, section 5.5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.2)
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heartbeat {
    /// From the opening handshake to the first Ping, and from one Ping to the next; the next one
    /// waits for a sign of life after the one before. `None` or zero: no pings. Less than 10 ms counts as
    /// that. Default: `None`.
    pub interval: Option<Duration>,
    /// From a Ping to its Pong. Default: 20 s; zero: there is no bound.
    ///
    /// If there is no Pong by then and nothing else was received since the Ping either, the
    /// connection is failed with [`ErrorKind::PongTimeout`](super::ErrorKind::PongTimeout): 1006 for
    /// script. A peer that is busy sending a large message is alive, even if its Pong waits behind
    /// that. As long as the Ping itself waits behind what is being sent, the time begins anew
    /// whenever the peer takes some of that.
    pub timeout: Duration,
}

impl Default for Heartbeat {
    fn default() -> Self {
        Self {
            interval: None,
            timeout: Duration::from_secs(20),
        }
    }
}

impl Heartbeat {
    /// [`Self::interval`] within its range.
    pub(crate) fn ping_interval(&self) -> Option<Duration> {
        let interval = self.interval.filter(|interval| !interval.is_zero());
        interval.map(|interval| interval.max(MIN_INTERVAL))
    }

    /// [`Self::timeout`], if there is one.
    pub(crate) fn pong_timeout(&self) -> Option<Duration> {
        Some(self.timeout).filter(|timeout| !timeout.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_never_and_little_is_not_too_little() {
        let beat = |interval, timeout| {
            let beat = Heartbeat { interval, timeout };
            (beat.ping_interval(), beat.pong_timeout())
        };
        let second = Duration::from_secs(1);
        assert_eq!(beat(None, Duration::ZERO), (None, None));
        assert_eq!(beat(Some(Duration::ZERO), second), (None, Some(second)));
        assert_eq!(beat(Some(second), second), (Some(second), Some(second)));
        let nanosecond = Some(Duration::from_nanos(1));
        assert_eq!(beat(nanosecond, second).0, Some(MIN_INTERVAL));
        assert_eq!(beat(Some(MIN_INTERVAL), second).0, Some(MIN_INTERVAL));
    }
}
