//! What an embedder may set, with its defaults.

use std::{sync::Arc, time::Duration};

use super::{cookies::CookieJar, tls::TlsOptions};
use crate::protocol::Config;

/// Everything a [`Network`](super::Network) can be told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Whom to trust in `wss:`.
    pub tls: TlsOptions,
    /// Bounds on memory, sockets and threads.
    pub limits: Limits,
    /// Bounds on time.
    pub timeouts: Timeouts,
    /// The `User-Agent` of the opening handshake. `None`: `boa_websocket/` and the version; an
    /// empty string: no such header.
    pub user_agent: Option<String>,
    /// Where cookies come from and go to. Default: nowhere; no `Cookie` is sent.
    pub cookie_jar: Option<Arc<dyn CookieJar>>,
    /// Whether only one connection to an IP address and port may be in its opening handshake at a
    /// time, as RFC 6455 section 4.1 demands. Default: `true`. Sockets that wait for their turn
    /// take no thread, and their deadline does not run.
    pub serial_handshakes: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: TlsOptions::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            user_agent: None,
            cookie_jar: None,
            serial_handshakes: true,
        }
    }
}

impl Options {
    /// The `User-Agent` to send, if any.
    pub(crate) fn user_agent(&self) -> Option<&str> {
        match self.user_agent.as_deref() {
            None => Some(concat!("boa_websocket/", env!("CARGO_PKG_VERSION"))),
            Some("") => None,
            Some(agent) => Some(agent),
        }
    }
}

/// Bounds on memory, sockets and threads. Every one holds for one [`Network`](super::Network).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Sockets, connecting and open together. Default: 10,000. One more fails with
    /// [`ErrorKind::TooManySockets`](super::ErrorKind::TooManySockets).
    pub sockets: usize,
    /// Sockets that are connecting or wait for their turn. Default: 4,096. One more fails with
    /// [`ErrorKind::TooManyConnecting`](super::ErrorKind::TooManyConnecting).
    pub connecting: usize,
    /// Threads that connect at the same time, and, apart from those, threads that wait for the
    /// system's resolver. Default: 32, at least 1. What comes beyond waits without a thread.
    pub connectors: usize,
    /// Payload bytes of a socket that script has sent and the operating system has not taken.
    /// Default: 256 MiB. One byte more cuts the connection with
    /// [`ErrorKind::SendQueueFull`](super::ErrorKind::SendQueueFull).
    pub send_queue: usize,
    /// Bytes of a socket that have been received and not yet been
    /// [consumed](super::Network::consumed), counted by
    /// [`SocketEvent::charge`](super::SocketEvent::charge). Default: 16 MiB. Past it the socket is
    /// not read, so that TCP holds the peer back; at half of it reading goes on. What one read has
    /// brought (128 KiB) and the message that was under way go beyond it.
    pub receive_queue: usize,
    /// Payload bytes of a received message. Default: 64 MiB. One more fails the connection with
    /// Close code 1009.
    pub message_size: usize,
    /// Frames of a received message. Default: 262,144. One more fails the connection with Close
    /// code 1008.
    pub fragments: usize,
    /// Bytes of the response head in the opening handshake. Default: 16 KiB. One more fails it.
    pub response_head: usize,
    /// Header lines of that head. Default: 100. One more fails it.
    pub response_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let protocol = Config::default();
        Self {
            sockets: 10_000,
            connecting: 4_096,
            connectors: 32,
            send_queue: 256 << 20,
            receive_queue: 16 << 20,
            message_size: protocol.max_message_size,
            fragments: protocol.max_fragments,
            response_head: 16 << 10,
            response_headers: 100,
        }
    }
}

/// Bounds on time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Timeouts {
    /// From the start of connecting until the WebSocket is open, lookup included; the waits for
    /// other handshakes to the same address and for a connector thread are not counted. Default:
    /// 30 s.
    pub handshake: Duration,
    /// From the moment our Close frame has been written until the peer's has arrived. Default:
    /// 10 s. Then the line is cut: 1006.
    pub close: Duration,
    /// How long the line is kept once both Close frames are through, or once the connection has
    /// been failed, for the peer to end it first. Default: 2 s.
    pub linger: Duration,
    /// How long a dropped [`Network`](super::Network) waits for its Close frames to be written and
    /// answered. Default: 250 ms.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let protocol = Config::default();
        Self {
            handshake: Duration::from_secs(30),
            close: protocol.close_timeout,
            linger: protocol.linger,
            shutdown: Duration::from_millis(250),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_that_are_documented() {
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        assert_eq!((limits.message_size, limits.fragments), (64 << 20, 262_144));
        assert_eq!(timeouts.close, Duration::from_secs(10));
        assert_eq!(timeouts.linger, Duration::from_secs(2));
    }

    #[test]
    fn user_agent_can_be_default_chosen_or_none() {
        let mut options = Options::default();
        assert!(
            options
                .user_agent()
                .is_some_and(|agent| agent.starts_with("boa_websocket/"))
        );
        options.user_agent = Some("tests".into());
        assert_eq!(options.user_agent(), Some("tests"));
        options.user_agent = Some(String::new());
        assert_eq!(options.user_agent(), None);
    }
}
