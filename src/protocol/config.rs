//! What a connection is allowed: sizes, counts and times.

use std::time::Duration;

use super::extension::Deflate;

/// The limits and times of one [`Connection`](super::Connection).
///
/// ```
/// use boa_websocket::protocol::Config;
///
/// let config = Config { max_message_size: 1024 * 1024, ..Config::default() };
/// assert_eq!(config.output_high_water, 64 * 1024);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The largest message that is received, in payload bytes (for text: of its UTF-8).
    ///
    /// A frame that would exceed it fails the connection with 1009 as soon as its header says so;
    /// none of its payload is kept. A compressed message fails it once it has been inflated to more;
    /// up to 64 KiB of it are inflated at a time. Default: 64 MiB.
    pub max_message_size: usize,

    /// The largest number of frames that one received message may consist of; 0 counts as 1.
    ///
    /// One more fails the connection with 1008: the message is not too big, but frames without
    /// payload could otherwise follow each other for ever. Default: 262,144, which is
    /// 64 MiB in frames of 256 bytes.
    pub max_fragments: usize,

    /// How long to wait for the peer once the closing handshake has started.
    ///
    /// For the peer's Close frame: from the moment when the last byte of ours was written. While our
    /// Close frame waits behind data: for the peer to take some of it, from the last time it did, so
    /// that a slow peer has its time and a stuck one has not. Default: 10 seconds.
    pub close_timeout: Duration,

    /// How long to wait for the peer to end the line.
    ///
    /// Once both Close frames are through, the server is to close TCP first
    /// ([RFC 6455, section 7.1.1]); and after a failure, input is discarded for this long so that
    /// our Close frame reaches the peer. Default: 2 seconds.
    ///
    /// [RFC 6455, section 7.1.1]: https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1
    pub linger: Duration,

    /// How long a connection that breaks a rule or a limit while it is open goes on sending before
    /// it is failed, so that messages received before can still be answered: see
    /// [`Connection::is_failing`](super::Connection::is_failing). Default: zero, it is failed at
    /// once.
    pub failure_delay: Duration,

    /// How many bytes are encoded ahead into the output buffer; 0 counts as 1.
    ///
    /// Frame headers and waiting control frames may come on top of it, less than 5 KiB; and where
    /// messages are compressed, one frame with up to 64 KiB of payload. [`Frames`](super::Frames) are encoded already.
    /// Default: 64 KiB.
    pub output_high_water: usize,

    /// permessage-deflate, if the opening handshake agreed on it. Default: `None`.
    pub deflate: Option<Deflate>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message_size: 64 * 1024 * 1024,
            max_fragments: 262_144,
            close_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(2),
            failure_delay: Duration::ZERO,
            output_high_water: 64 * 1024,
            deflate: None,
        }
    }
}
