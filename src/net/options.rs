//! What an embedder may set, with its defaults.

use std::{any::Any, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};

#[cfg(unix)]
use super::unix::UnixSockets;
use super::{
    cookies::CookieJar,
    dialer::Dialer,
    heartbeat::Heartbeat,
    observer::Observer,
    policy::{Policy, PolicyRules},
    proxy::ProxyOptions,
    resolver::Resolver,
    tcp::TcpOptions,
    tls::TlsOptions,
};
use crate::protocol::{Config, Deflate};

/// Everything a [`Network`](super::Network) can be told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Whom to trust in `wss:`.
    pub tls: TlsOptions,
    /// Which proxies are used. Default: none.
    pub proxy: ProxyOptions,
    /// Whether messages may be compressed on the line, and how.
    pub compression: Compression,
    /// Bounds on memory, sockets and threads.
    pub limits: Limits,
    /// Bounds on time.
    pub timeouts: Timeouts,
    /// Whether the peer is asked for a sign of life.
    pub heartbeat: Heartbeat,
    /// The `User-Agent` of the opening handshake. `None`: `boa_websocket/` and the version; an
    /// empty string: no such header.
    pub user_agent: Option<String>,
    /// Further headers of every opening handshake, in this order. Those that script sets by the
    /// same name take their place; they take the place of those that are sent by default, of
    /// `User-Agent` for one. A name that [belongs to the handshake](super::is_handshake_header)
    /// fails every connection. `Debug` shows the values that are not marked as sensitive. Default:
    /// none.
    pub default_headers: Vec<(HeaderName, HeaderValue)>,
    /// Where cookies come from and go to. Default: nowhere; no `Cookie` is sent.
    pub cookie_jar: Option<Arc<dyn CookieJar>>,
    /// Whether only one connection to an IP address and port may be in its opening handshake at a
    /// time, as RFC 6455 section 4.1 demands; behind a proxy, which alone knows the address, to a
    /// host name and port. Default: `true`. Sockets that wait for their turn take no thread, and
    /// their deadline does not run.
    pub serial_handshakes: bool,
    /// How TCP connections are made and kept.
    pub tcp: TcpOptions,
    /// Which connections may be made. Default: all, but to the ports that the Fetch Standard
    /// blocks.
    pub policy: Option<Arc<dyn Policy>>,
    /// Where the addresses of names come from. Default: the operating system.
    pub resolver: Option<Arc<dyn Resolver>>,
    /// Who is told of what happens. Default: nobody.
    pub observer: Option<Arc<dyn Observer>>,
    /// The hosts that are reached through a Unix-domain socket. Default: none.
    #[cfg(unix)]
    pub unix_sockets: UnixSockets,
    /// Who makes the connections, in the place of resolver, proxies and Unix-domain sockets. Default:
    /// the operating system.
    pub dialer: Option<Arc<dyn Dialer>>,
    /// The observer is this crate's own, and quick.
    pub(crate) observer_is_ours: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tls: TlsOptions::default(),
            proxy: ProxyOptions::default(),
            compression: Compression::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            heartbeat: Heartbeat::default(),
            user_agent: None,
            default_headers: Vec::new(),
            cookie_jar: None,
            serial_handshakes: true,
            tcp: TcpOptions::default(),
            policy: None,
            resolver: None,
            observer: None,
            #[cfg(unix)]
            unix_sockets: UnixSockets::default(),
            dialer: None,
            observer_is_ours: false,
        }
    }
}

impl Options {
    /// Whether nobody else's code is called on the network's own thread.
    pub(crate) fn calls_only_our_code(&self) -> bool {
        let policy_is_ours = self.policy.as_deref().is_none_or(|policy| {
            let policy: &dyn Any = policy;
            policy.is::<PolicyRules>()
        });
        policy_is_ours
            && (self.observer.is_none() || self.observer_is_ours)
            // What it dials is read and written there.
            && self.dialer.is_none()
    }

    /// The `User-Agent` to send, if any.
    pub(crate) fn user_agent(&self) -> Option<&str> {
        match self.user_agent.as_deref() {
            None => Some(concat!("boa_websocket/", env!("CARGO_PKG_VERSION"))),
            Some("") => None,
            Some(agent) => Some(agent),
        }
    }

    /// What the protocol of one connection has to know, where `deflate` was agreed on.
    pub(crate) fn protocol_config(&self, deflate: Option<Deflate>) -> Config {
        Config {
            max_message_size: self.limits.message_size,
            max_fragments: self.limits.fragments,
            close_timeout: self.timeouts.close,
            linger: self.timeouts.linger,
            failure_delay: self.timeouts.failure_delay,
            deflate,
            ..Config::default()
        }
    }
}

/// permessage-deflate: what is offered to servers, and how it is used where they agree.
///
/// A server that leaves the offer out of its answer is talked to without it; one whose answer does
/// not fit the offer fails the handshake with [`Refusal`](super::Refusal).
///
/// What it takes in memory, for each connection that has really sent or received a compressed
/// message: 371 KiB to compress (245 KiB with a window of 9 bits) and 47 KiB to decompress. With
/// [`client_no_context_takeover`](Self::client_no_context_takeover) the former is given back
/// whenever nothing is left to be sent, and with
/// [`server_no_context_takeover`](Self::server_no_context_takeover) the latter with each message.
///
/// [RFC 7692, section 7](https://www.rfc-editor.org/rfc/rfc7692#section-7)
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Compression {
    /// Whether it is offered at all. Default: `true`.
    pub enabled: bool,
    /// How hard to compress what is sent: 0, not at all, to 9, the most. More counts as 9.
    /// Default: 3; see [`Deflate::level`].
    pub level: u8,
    /// Payload bytes from which on a message is compressed. Default: 256; see
    /// [`Deflate::threshold`].
    pub threshold: usize,
    /// Compress each message by itself, so that neither side need keep the window between two.
    /// Messages of a few hundred bytes then stay about twice as large. Default: `false`; a server
    /// may demand it in any case.
    pub client_no_context_takeover: bool,
    /// Demand the same of the server. One that answers without it fails the handshake. Default:
    /// `false`.
    pub server_no_context_takeover: bool,
    /// The largest window to compress with, as the logarithm of its size in bytes, 8 to 15; other
    /// values count as the nearest of those. With 8, everything is sent uncompressed. `None`: the
    /// parameter is not offered, so that the server cannot ask for a smaller window than 15.
    /// Default: 15.
    pub client_max_window_bits: Option<u8>,
    /// The largest window to demand of the server, as the logarithm of its size in bytes, 8 to 15;
    /// other values count as the nearest of those. A server that answers without it or with more
    /// fails the handshake. `None`: nothing is demanded, and up to 15 is taken. Default: `None`.
    pub server_max_window_bits: Option<u8>,
}

impl Default for Compression {
    fn default() -> Self {
        let protocol = Deflate::default();
        Self {
            enabled: true,
            level: protocol.level,
            threshold: protocol.threshold,
            client_no_context_takeover: protocol.client_no_context_takeover,
            server_no_context_takeover: protocol.server_no_context_takeover,
            client_max_window_bits: Some(15),
            server_max_window_bits: None,
        }
    }
}

impl Compression {
    /// [`Self::client_max_window_bits`] within its range.
    pub(crate) fn client_window(&self) -> Option<u8> {
        self.client_max_window_bits.map(|bits| bits.clamp(8, 15))
    }

    /// [`Self::server_max_window_bits`] within its range.
    pub(crate) fn server_window(&self) -> Option<u8> {
        self.server_max_window_bits.map(|bits| bits.clamp(8, 15))
    }
}

/// Bounds on memory, sockets and threads. Every one holds for one [`Network`](super::Network), and so for one
/// JavaScript context with all its realms: two contexts have their own. What is one too many fails alone, with
/// the error that is named; everything else goes on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Sockets, connecting and open together. Default: 10,000. One more fails with
    /// [`ErrorKind::TooManySockets`](super::ErrorKind::TooManySockets).
    pub sockets: usize,
    /// Sockets that are connecting or wait for their turn. Default: 10,000. One more fails with
    /// [`ErrorKind::TooManyConnecting`](super::ErrorKind::TooManyConnecting).
    pub connecting: usize,
    /// Sockets whose TCP connection is being established or whose handshake is under way. Default:
    /// 256, at least 1. What comes beyond waits, and its deadline does not run.
    pub dialling: usize,
    /// Threads that agree on TLS, open tunnels through proxies and wait for a [`CookieJar`](super::CookieJar) at the same
    /// time, and, apart from those, threads that wait for the resolver, and threads on which a [`Dialer`] is called. Default:
    /// 32, at least 1. What comes beyond waits without a thread.
    pub connectors: usize,
    /// Payload bytes of a socket that script has sent and the operating system has not taken.
    /// Default: 256 MiB. One byte more cuts the connection with
    /// [`ErrorKind::SendQueueFull`](super::ErrorKind::SendQueueFull).
    pub send_queue: usize,
    /// Bytes of a socket that have been received and not yet been
    /// [consumed](super::Network::consumed), counted by
    /// [`SocketEvent::charge`](super::SocketEvent::charge). Default: 16 MiB. Past it the socket is
    /// not read, so that TCP holds the peer back; at half of it reading goes on. What one read has
    /// brought (128 KiB, which as empty messages count 8 MiB; where compression was agreed on,
    /// 16 KiB, which can become 16 MiB) and the message that was under way go beyond it.
    pub receive_queue: usize,
    /// Payload bytes of a received message. Default: 64 MiB. One more fails the connection with
    /// Close code 1009.
    pub message_size: usize,
    /// Frames of a received message. Default: 262,144. One more fails the connection with Close
    /// code 1008.
    pub fragments: usize,
    /// Bytes of the response head in the opening handshake, with those of interim responses before
    /// it. Default: 16 KiB. One more fails it.
    pub response_head: usize,
    /// Header lines of that head. Default: 100. One more fails it.
    pub response_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let protocol = Config::default();
        Self {
            sockets: 10_000,
            connecting: 10_000,
            dialling: 256,
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
    /// From the start of connecting until the WebSocket is open, lookup and all addresses included;
    /// the waits for other handshakes to the same addresses and for a place among those that
    /// [`Limits::dialling`] and, once TCP is connected, [`Limits::connectors`] allow are not
    /// counted. A wait for other lookups, or for other calls of a [`Dialer`], is: nobody can say how
    /// long those take. Default: 30 s.
    pub handshake: Duration,
    /// From the moment our Close frame has been written until the peer's has arrived. Default:
    /// 10 s. Then the line is cut: 1006.
    pub close: Duration,
    /// How long nothing at all may be received on an open connection, Pongs included. `None` or zero:
    /// for ever, which is the default. Then it is failed with
    /// [`ErrorKind::IdleTimeout`](super::ErrorKind::IdleTimeout): 1006 for script. While reading is
    /// held back for script's sake this time does not run, and afterwards it begins anew.
    pub idle: Option<Duration>,
    /// How long a connection that the peer has broken the protocol on, or a limit of it, is failed
    /// later than that is found while script has not yet
    /// [consumed](super::Network::consumed) the messages that came before, so that their answers
    /// still get through. Default: 500 ms; zero: it is failed at once. Meanwhile nothing is read.
    pub failure_delay: Duration,
    /// How long the line is kept once both Close frames are through, or once the connection has
    /// been failed, for the peer to end it first. Default: 2 s.
    pub linger: Duration,
    /// How long a dropped [`Network`](super::Network) waits for its Close frames to be written and
    /// answered. Default: 250 ms; more than an hour counts as that.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let protocol = Config::default();
        Self {
            handshake: Duration::from_secs(30),
            close: protocol.close_timeout,
            idle: None,
            failure_delay: Duration::from_millis(500),
            linger: protocol.linger,
            shutdown: Duration::from_millis(250),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use url::Url;

    use super::*;
    use crate::net::policy::Denied;

    #[test]
    fn defaults_are_those_that_are_documented() {
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        assert_eq!((limits.message_size, limits.fragments), (64 << 20, 262_144));
        assert_eq!((limits.sockets, limits.connecting), (10_000, 10_000));
        assert_eq!((limits.dialling, limits.connectors), (256, 32));
        assert_eq!(
            (limits.send_queue, limits.receive_queue),
            (256 << 20, 16 << 20)
        );
        assert_eq!(
            (limits.response_head, limits.response_headers),
            (16 << 10, 100)
        );
        assert_eq!(timeouts.handshake, Duration::from_secs(30));
        assert_eq!(timeouts.idle, None);
        assert_eq!(timeouts.failure_delay, Duration::from_millis(500));
        assert_eq!(timeouts.shutdown, Duration::from_millis(250));
        assert_eq!(timeouts.close, Duration::from_secs(10));
        assert_eq!(timeouts.linger, Duration::from_secs(2));
    }

    #[test]
    fn code_of_an_embedder_is_known_from_ours() {
        #[derive(Debug)]
        struct Theirs;
        impl Observer for Theirs {}
        impl Policy for Theirs {
            fn check_url(&self, _: &Url) -> Result<(), Denied> {
                Ok(())
            }
            fn check_address(&self, _: &Url, _: SocketAddr) -> Result<(), Denied> {
                Ok(())
            }
        }
        let with = |change: &dyn Fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.calls_only_our_code()
        };
        assert!(with(&|_| {}));
        assert!(with(
            &|options| options.policy = Some(Arc::new(PolicyRules::default()))
        ));
        assert!(!with(&|options| options.policy = Some(Arc::new(Theirs))));
        assert!(!with(&|options| options.observer = Some(Arc::new(Theirs))));
        assert!(with(&|options| {
            options.observer = Some(Arc::new(Theirs));
            options.observer_is_ours = true;
        }));
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
