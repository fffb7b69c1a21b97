//! Where a connection stands, and how it ended.

use super::{
    close::{CloseFrame, NO_CLOSE_FRAME, NO_STATUS_CODE},
    error::Error,
};

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Messages go both ways.
    Open,
    /// The closing handshake has started: [`close`](super::Connection::close) was called or the
    /// peer's Close frame arrived.
    Closing,
    /// The connection was failed; its Close frame is sent and input is discarded.
    Failed,
    /// It is over: [`finished`](super::Connection::finished) tells how.
    Finished,
}

/// How a connection ended: what the close event shows.
///
/// `error` is there exactly when `was_clean` is false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The code of the peer's Close frame; 1005 if it had none, 1006 if no Close frame came before
    /// the connection ended or was failed
    /// ([RFC 6455, section 7.1.5](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.5)).
    pub code: u16,
    /// The reason in the peer's Close frame, else empty; at most 123 bytes.
    pub reason: String,
    /// Both Close frames were through and the connection was not failed
    /// ([RFC 6455, section 7.1.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.4)).
    pub was_clean: bool,
    /// Why it was not clean. Not for script.
    pub error: Option<Error>,
}

impl Outcome {
    /// `error` is `None` for a clean end.
    pub(super) fn new(received: Option<CloseFrame>, error: Option<Error>) -> Self {
        let was_clean = error.is_none();
        match received {
            Some(CloseFrame { code, reason }) => Self {
                code: code.unwrap_or(NO_STATUS_CODE),
                reason,
                was_clean,
                error,
            },
            None => Self {
                code: NO_CLOSE_FRAME,
                reason: String::new(),
                was_clean,
                error,
            },
        }
    }
}
