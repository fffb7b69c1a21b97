//! The two vocabularies between script and network, and what they are made of.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use http::{HeaderName, HeaderValue};
use tungstenite::Bytes;
use url::Url;

use super::{error::Error, queue::TextRange};
use crate::protocol::Binary;

/// Names a socket, from before its connection until after its last event. Never used twice in a
/// process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(u64);

impl SocketId {
    pub(crate) fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The name under which the poller knows the socket. Zero and the largest value are free.
    pub(crate) fn token(self) -> mio::Token {
        // On a 32-bit machine this would wrap after four thousand million sockets.
        mio::Token(self.0 as usize)
    }

    /// The socket the poller means.
    pub(crate) fn of_token(token: mio::Token) -> Self {
        Self(token.0 as u64)
    }
}

impl fmt::Display for SocketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// What is needed to make one connection.
///
/// `Debug` shows neither user info, path and query of the URL nor header values.
#[derive(Clone)]
pub struct ConnectRequest {
    /// `ws:` or `wss:`. User info becomes `Authorization: Basic`; a fragment is not sent.
    pub url: Url,
    /// The subprotocols to ask for, each a token, in the order of preference.
    pub protocols: Vec<String>,
    /// More headers for the request. They take the place of the default ones of the same name; the
    /// names that belong to the handshake itself (see [`is_handshake_header`]) are refused.
    ///
    /// [`is_handshake_header`]: super::is_handshake_header
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The value of `Origin`, if one is sent.
    pub origin: Option<String>,
}

impl ConnectRequest {
    /// A request for `url` with nothing else said.
    #[must_use]
    pub fn new(url: Url) -> Self {
        Self {
            url,
            protocols: Vec::new(),
            headers: Vec::new(),
            origin: None,
        }
    }
}

impl fmt::Debug for ConnectRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ConnectRequest")
            .field("scheme", &self.url.scheme())
            .field("host", &self.url.host_str())
            .field("port", &self.url.port_or_known_default())
            .field("protocols", &self.protocols)
            .field("headers", &names)
            .field("origin", &self.origin)
            .finish()
    }
}

/// Script to network. What names a socket that is gone has no effect.
#[derive(Debug)]
#[non_exhaustive]
pub enum Command {
    /// First of all, once per socket: "establish a WebSocket connection",
    /// <https://websockets.spec.whatwg.org/#concept-websocket-establish>.
    Connect {
        /// From [`Network::next_id`](super::Network::next_id).
        id: SocketId,
        /// Where to, and what to ask for.
        request: Box<ConnectRequest>,
    },
    /// `send()`, while the socket is OPEN.
    Send {
        /// Which socket.
        id: SocketId,
        /// A whole message.
        message: Outgoing,
    },
    /// `close()`, or the end of a socket that script has lost. While connecting it cancels the
    /// attempt, and [`SocketEvent::Closed`] with 1006 follows at once; while open it starts the
    /// closing handshake behind what was sent before, and messages are dropped from then on.
    Close {
        /// Which socket.
        id: SocketId,
        /// One that may be sent: 1000 or 3000–4999 if it is script's. `None` for a Close frame without a
        /// body.
        code: Option<u16>,
        /// At most 123 bytes; empty when there is no code.
        reason: String,
    },
    /// Cut the line at a point in time if the socket is not over by then: no Close frame, and
    /// [`SocketEvent::Closed`] with 1006 and [`ErrorKind::Aborted`](super::ErrorKind::Aborted). The
    /// earliest of several holds. One that is connecting is cut at once.
    Cut {
        /// Which socket.
        id: SocketId,
        /// When; a time that is past: now.
        at: Instant,
    },
    /// Drop everything about the socket now, with no Close frame and no further event. Events that
    /// are queued already may still be taken.
    Abort {
        /// Which socket.
        id: SocketId,
    },
}

impl Command {
    /// Payload bytes in it, for the decision when gathered commands are worth a flush.
    pub(crate) fn payload(&self) -> usize {
        match self {
            Self::Send { message, .. } => message.len(),
            _ => 0,
        }
    }
}

/// A message on its way out.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// UTF-8; that it is valid is the sender's promise.
    Text(Bytes),
    /// Anything.
    Binary(Bytes),
}

impl Outgoing {
    pub(crate) fn new(text: bool, payload: Bytes) -> Self {
        match text {
            true => Self::Text(payload),
            false => Self::Binary(payload),
        }
    }

    /// Payload bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(bytes) | Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it is the empty message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Network to script: facts, in the order they happened. They carry no engine type and change no
/// state; the tasks made of them do.
#[derive(Debug)]
#[non_exhaustive]
pub enum SocketEvent {
    /// The opening handshake has succeeded. First event of a socket, unless it is `Closed`.
    Opened {
        /// Which socket.
        id: SocketId,
        /// The subprotocol in use; empty for none.
        protocol: String,
        /// The extensions in use; empty for none.
        extensions: String,
    },
    /// A message has arrived.
    Message {
        /// Which socket.
        id: SocketId,
        /// The message.
        message: Incoming,
    },
    /// Payload bytes have been handed to the operating system (with `wss:` up to 64 KiB of them
    /// may still be in the TLS layer). At most one per socket in most batches.
    Sent {
        /// Which socket.
        id: SocketId,
        /// How many since the last `Sent`.
        bytes: u64,
    },
    /// The Close frame that [`Command::Close`] asked for has been handed to the operating system.
    CloseSent {
        /// Which socket.
        id: SocketId,
    },
    /// The peer's Close frame has arrived, whether or not ours was sent before.
    ClosingHandshakeStarted {
        /// Which socket.
        id: SocketId,
    },
    /// The connection is over, or was never made. The last event of a socket, exactly once for
    /// every [`Command::Connect`], unless [`Command::Abort`] came first.
    Closed {
        /// Which socket.
        id: SocketId,
        /// The code of the peer's Close frame; 1005 when that had none; 1006 when there was no
        /// such frame.
        code: u16,
        /// The reason in that frame.
        reason: String,
        /// Whether both Close frames went through.
        was_clean: bool,
        /// Why, for everyone but script, when it was not clean.
        error: Option<Error>,
    },
}

/// What one waiting message costs besides its payload, so that a flood of empty ones counts: its
/// place in a batch.
const MESSAGE_OVERHEAD: usize = 128;

/// The receive charge of a message of `payload` bytes.
pub(crate) fn receive_charge(payload: usize) -> usize {
    payload + MESSAGE_OVERHEAD
}

impl SocketEvent {
    /// Which socket it is about.
    #[must_use]
    pub fn id(&self) -> SocketId {
        match self {
            Self::Opened { id, .. }
            | Self::Message { id, .. }
            | Self::Sent { id, .. }
            | Self::CloseSent { id }
            | Self::ClosingHandshakeStarted { id }
            | Self::Closed { id, .. } => *id,
        }
    }

    /// What it weighs against [`Limits::receive_queue`](super::Limits::receive_queue), to be given
    /// back to [`Network::consumed`](super::Network::consumed): the payload and a fixed 128 bytes for a
    /// message, nothing for the others.
    #[must_use]
    pub fn charge(&self) -> usize {
        match self {
            Self::Message { message, .. } => receive_charge(message.len()),
            _ => 0,
        }
    }
}

/// A message that has arrived.
#[derive(Debug)]
pub enum Incoming {
    /// Where its text is: ask [`EventBatch::text`](super::EventBatch::text) of the batch it came in.
    Text(TextRange),
    /// The bytes, in memory that an `ArrayBuffer` can adopt.
    Binary(Binary),
}

impl Incoming {
    /// Payload bytes (of a text: its UTF-8).
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Text(range) => range.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// Whether it is the empty message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_survive_the_poller() {
        let (a, b) = (SocketId::next(), SocketId::next());
        assert!(a < b);
        assert_eq!(SocketId::of_token(b.token()), b);
        assert!(b.to_string().starts_with('#'));
    }

    #[test]
    fn debug_output_of_a_request_has_no_secrets() {
        let mut request = ConnectRequest::new(
            Url::parse("ws://user:secret@example.org/path?token=secret").unwrap(),
        );
        request.headers.push((
            http::header::COOKIE,
            HeaderValue::from_static("session=secret"),
        ));
        let shown = format!("{request:?}");
        assert!(shown.contains("example.org") && shown.contains("cookie"));
        assert!(!shown.contains("secret"), "{shown}");
    }

    #[test]
    fn an_empty_message_is_not_free() {
        let place = size_of::<SocketEvent>();
        assert!(receive_charge(0) >= place, "{place} bytes");
        assert_eq!(receive_charge(10) - receive_charge(0), 10);
    }
}
