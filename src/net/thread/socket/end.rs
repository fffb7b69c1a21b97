//! How a connection has ended.

use super::Socket;
use crate::net::error::{Error, ErrorKind};
use crate::protocol;

impl Socket {
    /// How it ended: code, reason, whether cleanly, and why not. For a socket that was finished.
    pub(in crate::net::thread) fn take_end(&mut self) -> ((u16, String, bool), Option<Error>) {
        if let Some(why) = self.dead.take() {
            let error = self.error(why);
            let end = (protocol::NO_CLOSE_FRAME, String::new(), false);
            return (end, Some(error));
        }
        let Some(outcome) = self.protocol.finished().cloned() else {
            let error = self.error(ErrorKind::ConnectionLost);
            return (
                (protocol::NO_CLOSE_FRAME, String::new(), false),
                Some(error),
            );
        };
        let error = outcome.error.map(|why| match why {
            protocol::Error::LineEnded => match self.read_error.take() {
                Some(error) => self.error(ErrorKind::ConnectionLost).caused_by(error),
                None => self.error(ErrorKind::ConnectionLost),
            },
            protocol::Error::LineFailed => match self.read_error.take().or(self.broken.take()) {
                Some(error) => Error::io(self.phase(), self.subject.clone(), error),
                None => self.error(ErrorKind::ConnectionLost),
            },
            protocol::Error::CloseTimeout => self.error(ErrorKind::TimedOut),
            why => self.error(ErrorKind::Protocol).caused_by(why),
        });
        ((outcome.code, outcome.reason, outcome.was_clean), error)
    }
}
