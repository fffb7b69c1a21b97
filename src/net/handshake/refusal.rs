//! Why a response is not the one that RFC 6455 asks for.

use std::fmt;

/// What was wrong with the server's answer to the upgrade request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Not an HTTP response; the text says where it stops being one.
    NotHttp(&'static str),
    /// The line ended before the head did.
    Truncated,
    /// The head is longer than [`Limits::response_head`](crate::net::Limits::response_head) bytes.
    HeadTooLong(usize),
    /// It has more than [`Limits::response_headers`](crate::net::Limits::response_headers) lines.
    TooManyHeaders(usize),
    /// HTTP/1.0.
    Version,
    /// Any status but 101, and those of interim responses, which are passed over. No redirect is followed, no credentials are asked for.
    /// [`Error::answer`](crate::net::Error::answer) has the headers.
    Status(u16),
    /// No `Upgrade`, more than one, or one that is not `websocket`.
    Upgrade,
    /// No `Connection`, or none with the token `upgrade`.
    Connection,
    /// No `Sec-WebSocket-Accept`, or more than one.
    AcceptCount(usize),
    /// A `Sec-WebSocket-Accept` that does not belong to our key.
    Accept,
    /// A subprotocol that was not asked for.
    UnexpectedProtocol,
    /// No subprotocol, though some were asked for.
    MissingProtocol,
    /// More than one `Sec-WebSocket-Protocol`.
    SeveralProtocols,
    /// An extension that was not offered.
    UnexpectedExtension,
    /// permessage-deflate more than once.
    SeveralExtensions,
    /// A `Sec-WebSocket-Extensions` that is no list of extensions.
    ExtensionSyntax,
    /// A parameter of permessage-deflate that it does not have, that comes twice, or whose value
    /// is not one it can have or not one that was offered. The text is its name.
    ExtensionParameter(String),
    /// No such parameter, though it was asked for.
    MissingExtensionParameter(&'static str),
}

impl Refusal {
    /// What a server's answer in [`NotHttp`](Self::NotHttp) is that expects TLS.
    pub(crate) const TLS: &'static str = "it is TLS";
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotHttp(what) => write!(f, "the answer is not HTTP ({what})"),
            Self::Truncated => f.write_str("the connection ended before the answer did"),
            Self::HeadTooLong(limit) => write!(f, "the answer's head is over {limit} bytes"),
            Self::TooManyHeaders(limit) => write!(f, "the answer has over {limit} headers"),
            Self::Version => f.write_str("the answer is not HTTP/1.1"),
            Self::Status(status) => write!(f, "the answer has status {status}, not 101"),
            Self::Upgrade => f.write_str("the answer has no Upgrade: websocket"),
            Self::Connection => f.write_str("the answer has no Connection: Upgrade"),
            Self::AcceptCount(0) => f.write_str("the answer has no Sec-WebSocket-Accept"),
            Self::AcceptCount(_) => f.write_str("the answer has several Sec-WebSocket-Accept"),
            Self::Accept => f.write_str("the answer's Sec-WebSocket-Accept is wrong"),
            Self::UnexpectedProtocol => {
                f.write_str("the answer chose a subprotocol that was not asked for")
            }
            Self::MissingProtocol => {
                f.write_str("the answer chose none of the subprotocols that were asked for")
            }
            Self::SeveralProtocols => f.write_str("the answer chose several subprotocols"),
            Self::UnexpectedExtension => {
                f.write_str("the answer chose an extension that was not offered")
            }
            Self::SeveralExtensions => f.write_str("the answer chose permessage-deflate twice"),
            Self::ExtensionSyntax => {
                f.write_str("the answer's Sec-WebSocket-Extensions is no list")
            }
            Self::ExtensionParameter(name) => {
                write!(
                    f,
                    "the answer's permessage-deflate has a wrong parameter, {name}"
                )
            }
            Self::MissingExtensionParameter(name) => {
                write!(
                    f,
                    "the answer's permessage-deflate lacks {name}, which was asked for"
                )
            }
        }
    }
}
