//! The upgrade on the socket thread itself, where nothing in it can block: two hand-overs between threads less.

use std::{io, time::Instant};

use super::{
    super::{dial::Dial, upgrade::Upgrade},
    Connects, Established, Stage,
};
use crate::net::{
    error::{Error, Phase},
    line::{Ciphertext, Line},
    observer::Head,
    stream::Stream,
    vocabulary::SocketId,
};

/// An upgrade whose line is registered with the socket thread's poller.
pub(in crate::net::connect) struct InPlace {
    /// What the poller calls the line.
    pub(super) name: SocketId,
    pub(super) dial: Dial,
    line: Line,
    upgrade: Upgrade,
}

impl Connects {
    /// Whether all that is left is an upgrade in which nothing blocks: no tunnel, no TLS, which calculates for long, and no
    /// cookie jar, which is the embedder's.
    pub(super) fn needs_no_thread(&self, dial: &Dial) -> bool {
        let jar = &self.dialler.options.cookie_jar;
        dial.proxy.is_none() && !dial.target.secure && jar.is_none()
    }

    /// Begins with it. The poller calls the stream by this name.
    pub(super) fn begin_in_place(
        &mut self,
        name: SocketId,
        dial: Dial,
        stream: Stream,
        now: Instant,
    ) {
        let id = dial.id;
        let begun = {
            let _entered = dial.span.enter();
            Upgrade::new(&dial, &self.dialler)
        };
        let upgrade = match begun {
            Ok(upgrade) => upgrade,
            Err(error) => return self.dialled(id, &dial.turn, Err(error), now),
        };
        upgrade.tell_request(|head| self.tell(id, &head));
        let Some(attempt) = self.attempts.get_mut(&id) else {
            return;
        };
        attempt.stage = Stage::Upgrading;
        attempt.in_place = Some(Box::new(InPlace {
            name,
            dial,
            line: Line::Plain(stream),
            upgrade,
        }));
        self.racers.insert(name, id);
        self.set_timer(id, now);
        self.go_on_in_place(id, now);
    }

    /// Goes on with it as far as the line lets it. A server that answers without end comes to the limit of a response soon.
    pub(super) fn go_on_in_place(&mut self, id: SocketId, now: Instant) {
        let attempt = self.attempts.get_mut(&id);
        let Some(mut in_place) = attempt.and_then(|attempt| attempt.in_place.take()) else {
            return;
        };
        let InPlace { line, upgrade, .. } = &mut *in_place;
        // None of it is encrypted.
        let mut ciphertext = Ciphertext::new();
        let answer = loop {
            match upgrade.advance(line, &mut ciphertext) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if let Some(attempt) = self.attempts.get_mut(&id) {
                        attempt.in_place = Some(in_place);
                    }
                    return;
                }
                answer => break answer,
            }
        };
        self.racers.remove(&in_place.name);
        let InPlace {
            dial,
            mut line,
            upgrade,
            ..
        } = *in_place;
        let failed = |error| Error::io(Phase::Handshake, dial.target.subject(), error);
        let result = {
            let _entered = dial.span.enter();
            let accepted = answer.map_err(failed).and_then(|answer| {
                upgrade.conclude(answer, &dial, &self.dialler, |head| self.tell(id, &head))
            });
            accepted.and_then(|accepted| {
                line.deregister(&self.registry).map_err(failed)?;
                Ok(Box::new(Established { line, accepted }))
            })
        };
        self.dialled(id, &dial.turn, result, now);
    }

    fn tell(&self, id: SocketId, head: &Head) {
        if let Some(watch) = &self.dialler.watch {
            watch.tell_head(id, head);
        }
    }
}
