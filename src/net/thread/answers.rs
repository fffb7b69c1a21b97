//! Script's answers to messages that came before a breach of the protocol.
//!
//! A message and what breaks the protocol often come in one read, before script could see the
//! message. Failing the connection gives up what is unsent, so it is put off until script has
//! answered, or until [`Timeouts::failure_delay`](crate::net::Timeouts::failure_delay) is over.

use crate::net::queue::Charge;

/// Whether script can still answer such messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// There was no breach.
    NotAwaited,
    /// The inbox will say when they are there.
    Awaited,
    /// They are in the inbox, or were taken from it.
    Given,
}

impl Answers {
    /// There is a breach; `discard`: script does not want messages any more.
    pub(super) fn await_them(&mut self, charge: &Charge, discard: bool) {
        if *self == Self::NotAwaited {
            *self = match discard || !charge.must_await() {
                true => Self::Given,
                false => Self::Awaited,
            };
        }
    }

    /// Script has answered what it wanted to answer.
    pub(super) fn settle(&mut self) {
        if *self == Self::Awaited {
            *self = Self::Given;
        }
    }
}
