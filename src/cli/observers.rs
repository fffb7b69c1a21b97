//! Who is told of what happens on the network: one observer for all who want to know.

use std::sync::Arc;

use super::{failures::FailureLines, stats::Stats};
use crate::net::{Destination, Error, MessageView, Observer, SocketId};

/// Those that there are. Each method is one that one of them has.
#[derive(Debug)]
pub(super) struct Observers {
    pub(super) failures: Option<FailureLines>,
    pub(super) stats: Option<Arc<Stats>>,
}

impl Observers {
    fn each(&self) -> impl Iterator<Item = &dyn Observer> {
        let failures = self.failures.iter().map(|lines| lines as &dyn Observer);
        let stats = self.stats.iter().map(|stats| &**stats as &dyn Observer);
        failures.chain(stats)
    }
}

impl Observer for Observers {
    fn connecting(&self, socket: SocketId, to: Destination<'_>) {
        self.each()
            .for_each(|observer| observer.connecting(socket, to));
    }

    fn wants_heads(&self) -> bool {
        false
    }

    fn wants_messages(&self) -> bool {
        self.stats.is_some()
    }

    fn open(&self, socket: SocketId, protocol: &str, extensions: &str) {
        self.each()
            .for_each(|observer| observer.open(socket, protocol, extensions));
    }

    fn message_in(&self, socket: SocketId, message: MessageView<'_>) {
        if let Some(stats) = &self.stats {
            stats.message_in(socket, message);
        }
    }

    fn message_out(&self, socket: SocketId, message: MessageView<'_>) {
        if let Some(stats) = &self.stats {
            stats.message_out(socket, message);
        }
    }

    fn failed(&self, socket: SocketId, error: &Error) {
        self.each()
            .for_each(|observer| observer.failed(socket, error));
    }

    fn closed(&self, socket: SocketId, code: u16, reason: &str, was_clean: bool) {
        self.each()
            .for_each(|observer| observer.closed(socket, code, reason, was_clean));
    }
}
