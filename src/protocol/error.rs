//! Why a connection was failed, or ended uncleanly.

use std::borrow::Cow;

/// Why a connection did not end cleanly.
///
/// Script never sees it: it is for logs, observers and embedders.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A frame has an RSV bit set that no agreed extension gives a meaning (RFC 6455, 5.2).
    #[error("a frame has a reserved bit set that no extension explains (first byte {0:#04x})")]
    ReservedBit(u8),
    /// A frame has an opcode that is not defined (RFC 6455, 5.2).
    #[error("a frame has the reserved opcode {0:#x}")]
    ReservedOpcode(u8),
    /// The server masked a frame (RFC 6455, 5.1).
    #[error("a frame from the server is masked")]
    MaskedFrame,
    /// A 64-bit frame length has its highest bit set (RFC 6455, 5.2).
    #[error("a frame length has its highest bit set")]
    FrameLengthOutOfRange,
    /// A frame length takes more bytes than it needs (RFC 6455, 5.2: the minimal number of bytes
    /// must be used).
    #[error("a frame length is not in its shortest form")]
    FrameLengthNotMinimal,
    /// A control frame without the FIN bit (RFC 6455, 5.5).
    #[error("a control frame is fragmented")]
    FragmentedControlFrame,
    /// A control frame with more than 125 bytes of payload (RFC 6455, 5.5).
    #[error("a control frame is longer than 125 bytes")]
    ControlFrameTooLong,
    /// A continuation frame, and no message has begun (RFC 6455, 5.4).
    #[error("a continuation frame has no message to continue")]
    OrphanContinuation,
    /// A new message within an unfinished one (RFC 6455, 5.4).
    #[error("a message begins before the one before it has ended")]
    ExpectedContinuation,
    /// A Close frame with a body of one byte (RFC 6455, 5.5.1).
    #[error("the body of a Close frame is a single byte")]
    CloseBodyTooShort,
    /// A Close frame with a code that may not stand on the wire (RFC 6455, 7.4).
    #[error("a Close frame has the code {0}, which is not for the wire")]
    CloseCode(u16),
    /// A text message that is not UTF-8 (RFC 6455, 8.1).
    #[error("a text message is not valid UTF-8")]
    InvalidUtf8InText,
    /// A reason for closing that is not UTF-8 (RFC 6455, 8.1 and 5.5.1).
    #[error("the reason in a Close frame is not valid UTF-8")]
    InvalidUtf8InReason,
    /// A compressed message that is not a whole DEFLATE stream (RFC 7692, 7.2.2).
    #[error("a compressed message cannot be inflated")]
    InvalidCompressedData,
    /// A message over [`Config::max_message_size`](super::Config::max_message_size).
    #[error("a message is larger than the limit of {limit} bytes")]
    MessageTooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// A message over [`Config::max_fragments`](super::Config::max_fragments).
    #[error("a message has more than {limit} fragments")]
    TooManyFragments {
        /// The limit, in frames.
        limit: usize,
    },
    /// There is no memory for a message that is within its limit.
    #[error("there is no memory for a message of at least {size} bytes")]
    OutOfMemory {
        /// What was needed, in bytes.
        size: usize,
    },
    /// The closing handshake was not through in time: see
    /// [`Config::close_timeout`](super::Config::close_timeout).
    #[error("the closing handshake was not completed in time")]
    CloseTimeout,
    /// The peer ended the line before both Close frames were through.
    #[error("the peer ended the line before the closing handshake was completed")]
    LineEnded,
    /// The line broke before both Close frames were through.
    #[error("the line broke before the closing handshake was completed")]
    LineFailed,
    /// The connection was failed from outside this module, for the reason given.
    #[error("the connection was failed: {0}")]
    Failed(Cow<'static, str>),
}

impl Error {
    /// The code that our Close frame tells the peer, if this is an error that a peer is told.
    ///
    /// `None` where there is nobody to tell any more, and for [`Error::Failed`], whose code is
    /// chosen by whoever fails the connection.
    pub fn close_code(&self) -> Option<u16> {
        match self {
            Self::ReservedBit(_)
            | Self::ReservedOpcode(_)
            | Self::MaskedFrame
            | Self::FrameLengthOutOfRange
            | Self::FrameLengthNotMinimal
            | Self::FragmentedControlFrame
            | Self::ControlFrameTooLong
            | Self::OrphanContinuation
            | Self::ExpectedContinuation
            | Self::CloseBodyTooShort
            | Self::CloseCode(_) => Some(1002),
            Self::InvalidUtf8InText | Self::InvalidUtf8InReason | Self::InvalidCompressedData => {
                Some(1007)
            }
            Self::TooManyFragments { .. } => Some(1008),
            Self::MessageTooLarge { .. } | Self::OutOfMemory { .. } => Some(1009),
            Self::CloseTimeout | Self::LineEnded | Self::LineFailed | Self::Failed(_) => None,
        }
    }
}
