//! What TCP connections are set to.

use std::{io, time::Duration};

use mio::net::TcpStream;
use socket2::{SockRef, TcpKeepalive};

/// The least time between two attempts: RFC 8305, section 8.
const LEAST_DELAY: Duration = Duration::from_millis(10);

/// The most: longer than any deadline that makes sense.
const MOST_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How TCP connections are made and kept.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TcpOptions {
    /// Whether messages go out at once, however small (`TCP_NODELAY`). Default: `true`; without it
    /// a message may wait for the answer to the one before.
    pub nodelay: bool,
    /// Whether the operating system asks a silent peer from time to time if it is still there, and
    /// ends the connection if it is not. Default: every 60 s. It also keeps routers from forgetting
    /// a connection that is idle.
    pub keep_alive: Option<TcpKeepAlive>,
    /// How long one address of a name has before the next one is tried beside it. Default: 250 ms;
    /// less than 10 ms counts as 10 ms, more than a day as a day.
    /// [RFC 8305, section 5](https://www.rfc-editor.org/rfc/rfc8305#section-5)
    pub attempt_delay: Duration,
}

impl Default for TcpOptions {
    fn default() -> Self {
        Self {
            nodelay: true,
            keep_alive: Some(TcpKeepAlive::default()),
            attempt_delay: Duration::from_millis(250),
        }
    }
}

/// TCP keep-alive, [RFC 9293, section 3.8.4](https://www.rfc-editor.org/rfc/rfc9293#section-3.8.4).
///
/// A value that the operating system does not take (Linux wants times of 1 to 32,767 seconds) fails
/// the connection; parts of a second may be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpKeepAlive {
    /// Silence before the first question. Default: 60 s.
    pub idle: Duration,
    /// From one unanswered question to the next. `None`: the system's default. Default: 60 s.
    pub interval: Option<Duration>,
    /// Unanswered questions after which the connection is lost. `None`: the system's default.
    /// Default: `None`.
    pub retries: Option<u32>,
}

impl Default for TcpKeepAlive {
    fn default() -> Self {
        Self::every(Duration::from_secs(60))
    }
}

impl TcpKeepAlive {
    /// The same time before the first question and between all others.
    #[must_use]
    pub fn every(time: Duration) -> Self {
        Self {
            idle: time,
            interval: Some(time),
            retries: None,
        }
    }
}

impl TcpOptions {
    /// [`Self::attempt_delay`] within its range.
    pub(crate) fn delay(&self) -> Duration {
        self.attempt_delay.clamp(LEAST_DELAY, MOST_DELAY)
    }

    /// Sets a connection that has just been established.
    pub(crate) fn apply(&self, tcp: &TcpStream) -> io::Result<()> {
        tcp.set_nodelay(self.nodelay)?;
        if let Some(wanted) = &self.keep_alive {
            SockRef::from(tcp)
                .set_tcp_keepalive(&keep_alive(wanted))
                .map_err(|error| {
                    io::Error::new(error.kind(), format!("TCP keep-alive: {error}"))
                })?;
        }
        Ok(())
    }
}

#[cfg(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    windows
))]
fn keep_alive(wanted: &TcpKeepAlive) -> TcpKeepalive {
    let mut set = TcpKeepalive::new().with_time(wanted.idle);
    if let Some(interval) = wanted.interval {
        set = set.with_interval(interval);
    }
    if let Some(retries) = wanted.retries {
        set = set.with_retries(retries);
    }
    set
}

/// Where the system has no more to set.
#[cfg(not(any(
    target_vendor = "apple",
    target_os = "android",
    target_os = "freebsd",
    target_os = "linux",
    target_os = "netbsd",
    windows
)))]
fn keep_alive(wanted: &TcpKeepAlive) -> TcpKeepalive {
    TcpKeepalive::new().with_time(wanted.idle)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream as StdStream};

    use super::*;

    fn connected() -> (TcpStream, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        (TcpStream::from_std(stream), listener)
    }

    #[test]
    fn what_is_wanted_is_what_the_system_says() {
        let (tcp, _listener) = connected();
        TcpOptions::default().apply(&tcp).unwrap();
        assert!(tcp.nodelay().unwrap());
        assert!(SockRef::from(&tcp).keepalive().unwrap());

        let (tcp, _listener) = connected();
        let off = TcpOptions {
            nodelay: false,
            keep_alive: None,
            ..TcpOptions::default()
        };
        off.apply(&tcp).unwrap();
        assert!(!tcp.nodelay().unwrap());
        assert!(!SockRef::from(&tcp).keepalive().unwrap());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keep_alive_has_three_numbers_and_one_that_cannot_be_set_is_an_error() {
        let (tcp, _listener) = connected();
        let with = |keep_alive| TcpOptions {
            keep_alive: Some(keep_alive),
            ..TcpOptions::default()
        };
        let options = with(TcpKeepAlive {
            idle: Duration::from_secs(20),
            interval: Some(Duration::from_secs(7)),
            retries: Some(3),
        });
        options.apply(&tcp).unwrap();
        let socket = SockRef::from(&tcp);
        assert_eq!(
            socket.tcp_keepalive_time().unwrap(),
            Duration::from_secs(20)
        );
        assert_eq!(
            socket.tcp_keepalive_interval().unwrap(),
            Duration::from_secs(7)
        );
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);

        let too_long = with(TcpKeepAlive::every(Duration::from_secs(32_768)));
        let error = too_long.apply(&tcp).unwrap_err();
        assert!(error.to_string().starts_with("TCP keep-alive: "), "{error}");
    }

    #[test]
    fn attempts_are_never_closer_than_rfc_8305_allows() {
        assert_eq!(TcpOptions::default().delay(), Duration::from_millis(250));
        let none = TcpOptions {
            attempt_delay: Duration::ZERO,
            ..TcpOptions::default()
        };
        assert_eq!(none.delay(), Duration::from_millis(10));
    }
}
