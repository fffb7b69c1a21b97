//! What a test expected, and what came instead.

use std::{error, fmt, io, time::Duration};

/// Something did not come about. `Display` is one line: what was expected, and what came instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    expected: Box<str>,
    kind: ErrorKind,
}

/// What came instead of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Nothing, for as long as this.
    TimedOut(Duration),
    /// Something else, which this describes.
    Unexpected(Box<str>),
    /// The client has ended its direction, or is gone.
    Ended,
    /// The connection was cut.
    Cut,
    /// What the client has sent is not to be understood, and why; or what was to be sent.
    Invalid(Box<str>),
    /// The event loop has nothing to do any more.
    NothingLeft,
    /// An exception, or an engine panic.
    Script(Box<str>),
}

impl Error {
    pub(super) fn new(expected: impl Into<Box<str>>, kind: ErrorKind) -> Self {
        Self {
            expected: expected.into(),
            kind,
        }
    }

    /// What was expected, in words.
    #[must_use]
    pub fn expected(&self) -> &str {
        &self.expected
    }

    /// What came instead.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl ErrorKind {
    /// Of a line on which nobody waits for longer than `timeout`.
    pub(super) fn of_io(error: &io::Error, timeout: Duration) -> Self {
        match error.kind() {
            io::ErrorKind::TimedOut => Self::TimedOut(timeout),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::BrokenPipe => Self::Ended,
            io::ErrorKind::ConnectionReset => Self::Cut,
            _ => Self::Invalid(error.to_string().into()),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, but ", self.expected)?;
        match &self.kind {
            ErrorKind::TimedOut(time) => {
                write!(f, "that did not come about within {time:?}")
            }
            ErrorKind::Unexpected(what) => write!(f, "there was {what}"),
            ErrorKind::Ended => f.write_str("the client has ended the connection"),
            ErrorKind::Cut => f.write_str("the connection was cut"),
            ErrorKind::Invalid(why) => f.write_str(why),
            ErrorKind::NothingLeft => f.write_str("the event loop has nothing left to do"),
            ErrorKind::Script(error) => write!(f, "there was an exception: {error}"),
        }
    }
}

impl error::Error for Error {}
