//! Options with which nothing could ever work, found before they are used.

use std::time::Duration;

use super::options::Options;

/// An option that cannot be as it is, by itself or together with another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the option '{option}' {why}")]
pub struct InvalidOption {
    option: &'static str,
    why: &'static str,
}

impl InvalidOption {
    /// Which one: its path in [`Options`], such as `limits.sockets`.
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl Options {
    /// Whether connections can be made at all by these options.
    /// [`Network::new`](super::Network::new) does not ask; a builder of an embedder's should.
    ///
    /// # Errors
    ///
    /// The first of these:
    ///
    /// * a limit of zero of which one is needed for any connection or message: `sockets`, `connecting`, `dialling`,
    ///   `connectors`, `send_queue`, `message_size`, `fragments`, `response_head`, `response_headers`;
    /// * no time for the opening or the closing handshake: `timeouts.handshake`, `timeouts.close`;
    /// * an idle timeout that is over before the heartbeat's first Ping is due (`timeouts.idle` not above
    ///   `heartbeat.interval`): every silent connection would be failed, with a live peer too;
    /// * a dialer beside what it takes the place of: `proxy`, `resolver`, `unix_sockets`.
    pub fn check(&self) -> Result<(), InvalidOption> {
        let refuse = |option, why| Err(InvalidOption { option, why });
        let (limits, timeouts) = (&self.limits, &self.timeouts);
        for (option, limit) in [
            ("limits.sockets", limits.sockets),
            ("limits.connecting", limits.connecting),
            ("limits.dialling", limits.dialling),
            ("limits.connectors", limits.connectors),
            ("limits.send_queue", limits.send_queue),
            ("limits.message_size", limits.message_size),
            ("limits.fragments", limits.fragments),
            ("limits.response_head", limits.response_head),
            ("limits.response_headers", limits.response_headers),
        ] {
            if limit == 0 {
                return refuse(option, "is zero, which would let nothing through");
            }
        }
        for (option, time) in [
            ("timeouts.handshake", timeouts.handshake),
            ("timeouts.close", timeouts.close),
        ] {
            if time.is_zero() {
                return refuse(option, "is zero, which leaves no time for a handshake");
            }
        }
        let idle = timeouts.idle.filter(|idle| *idle > Duration::ZERO);
        if let (Some(idle), Some(interval)) = (idle, self.heartbeat.ping_interval())
            && idle <= interval
        {
            return refuse(
                "timeouts.idle",
                "is not above the heartbeat's interval, so that live peers would be cut",
            );
        }
        if let Some(idle) = self.idle_beside_dialer() {
            return refuse(idle, "has no effect beside a dialer, which takes its place");
        }
        Ok(())
    }

    /// What a dialer takes the place of, if it is set as well.
    fn idle_beside_dialer(&self) -> Option<&'static str> {
        self.dialer.as_ref()?;
        if self.proxy.is_any_set() {
            return Some("proxy");
        }
        if self.resolver.is_some() {
            return Some("resolver");
        }
        #[cfg(unix)]
        if !self.unix_sockets.is_empty() {
            return Some("unix_sockets");
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut Options)) -> Option<&'static str> {
        let mut options = Options::default();
        change(&mut options);
        options.check().err().map(|error| error.option())
    }

    #[test]
    fn what_is_usual_is_let_through() {
        assert_eq!(refused(|_| {}), None);
        assert_eq!(refused(|o| o.limits.receive_queue = 0), None);
        assert_eq!(refused(|o| o.timeouts.failure_delay = Duration::ZERO), None);
        assert_eq!(refused(|o| o.limits.sockets = 1), None);
        let idle = |o: &mut Options, idle: u64| {
            o.heartbeat.interval = Some(Duration::from_secs(20));
            o.timeouts.idle = Some(Duration::from_secs(idle));
        };
        assert_eq!(refused(|o| idle(o, 21)), None);
        assert_eq!(refused(|o| idle(o, 0)), None, "zero is for ever");
        assert_eq!(refused(|o| idle(o, 20)), Some("timeouts.idle"));
    }

    #[test]
    fn what_lets_nothing_through_is_refused() {
        assert_eq!(refused(|o| o.limits.sockets = 0), Some("limits.sockets"));
        let connectors = refused(|o| o.limits.connectors = 0);
        assert_eq!(connectors, Some("limits.connectors"));
        let head = refused(|o| o.limits.response_head = 0);
        assert_eq!(head, Some("limits.response_head"));
        let close = refused(|o| o.timeouts.close = Duration::ZERO);
        assert_eq!(close, Some("timeouts.close"));
        let handshake = refused(|o| o.timeouts.handshake = Duration::ZERO);
        assert_eq!(handshake, Some("timeouts.handshake"));
    }
}
