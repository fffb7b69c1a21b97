//! What the thread does over and over: look at the inbox and the deadlines, give turns, hand over, wait.

use std::{
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::{Duration, Instant},
};

use super::{IDLE, Reactor, desk::Handed, make_ready};
use crate::net::{
    error::{Error, ErrorKind, Phase},
    queue::Item,
    vocabulary::SocketId,
};

/// What is to be done after a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Wait, for [`Reactor::timeout`] at most.
    Wait,
    /// Nothing any more, and the inbox has no reader.
    End,
}

/// What is left when somebody stops leading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// Whoever leads next goes on with them.
    Sockets,
    /// The same, and so much has come that script and sockets are best seen to side by side.
    BusySockets,
    /// No socket, and the inbox has no reader.
    Nothing,
}

impl Reactor {
    /// Leads on the socket thread, until there is nothing left to lead or a sleeping script was woken that can do it
    /// itself.
    pub(super) fn lead_on_thread(&mut self, script_can_lead: impl Fn() -> bool) -> Left {
        self.lead(|reactor| {
            loop {
                if reactor.round() == Next::End {
                    return Ok(Left::Nothing);
                }
                let handed = reactor.desk.take_handed();
                if handed.woke && !handed.is_much() && script_can_lead() {
                    return Ok(Left::Sockets);
                }
                let timeout = reactor.timeout(Instant::now());
                reactor.wait(timeout)?;
            }
        })
    }

    /// Leads on the JavaScript thread, until that is `notified`, which what this brings does too, or until `until`.
    /// `polling` is set while it needs a [`Waker`](mio::Waker) to see that.
    pub(super) fn lead_for_script(
        &mut self,
        until: Option<Instant>,
        notified: &dyn Fn() -> bool,
        polling: &AtomicBool,
    ) -> Left {
        self.lead(|reactor| {
            let mut handed = Handed::default();
            loop {
                if reactor.round() == Next::End {
                    return Ok(Left::Nothing);
                }
                handed += reactor.desk.take_handed();
                if handed.is_much() || reactor.desk.moves_much() {
                    return Ok(Left::BusySockets);
                }
                let now = Instant::now();
                let left = until.map(|until| until.saturating_duration_since(now));
                if notified() || left == Some(Duration::ZERO) {
                    return Ok(Left::Sockets);
                }
                let timeouts = [reactor.timeout(now), left];
                let timeout = timeouts.into_iter().flatten().min();
                polling.store(true, SeqCst);
                // Whoever notifies looks at the flag afterwards: no notification falls in between.
                let waited = match notified() {
                    true => Ok(()),
                    false => reactor.wait(timeout),
                };
                polling.store(false, SeqCst);
                waited?;
            }
        })
    }

    /// Whatever goes wrong, every socket gets its end.
    fn lead(&mut self, lead: impl FnOnce(&mut Self) -> io::Result<Left>) -> Left {
        match catch_unwind(AssertUnwindSafe(|| lead(self))) {
            Ok(Ok(left)) => return left,
            Ok(Err(error)) => {
                tracing::error!(target: "boa_websocket::net", %error, "the poller failed");
                self.fail_everything(Some(&error));
            }
            Err(_) => self.fail_everything(None),
        }
        Left::Nothing
    }

    /// Nobody may wait for events of a thread that is gone.
    fn fail_everything(&mut self, why: Option<&io::Error>) {
        let error = Error::new(Phase::Open, ErrorKind::ThreadDied, "all sockets");
        let error = match why {
            Some(why) => error.caused_by(io::Error::new(why.kind(), why.to_string())),
            None => error,
        };
        let mut lost: Vec<SocketId> = self.sockets.drain().map(|(id, _)| id).collect();
        lost.extend(self.connects.ids());
        for id in &lost {
            self.tell_end(*id, (1006, "", false), Some(&error));
        }
        self.connects.cancel_all();
        let unseen = self.shared.inbox.detach();
        for item in mem::take(&mut self.items).into_iter().chain(unseen) {
            if let Item::Connect { id, .. } = item {
                lost.push(id);
            }
        }
        // The callback may be what has panicked, and may again: the events are queued before.
        let deliver = AssertUnwindSafe(|| self.desk.deliver());
        let delivered = catch_unwind(deliver);
        let failures = lost.into_iter().map(|id| (id, error.clone()));
        let deliver = AssertUnwindSafe(|| self.shared.events.deliver_failures(failures));
        if delivered.is_err() || catch_unwind(deliver).is_err() {
            tracing::error!(target: "boa_websocket::net", "the wake callback panics");
        }
    }

    /// Does what there is to do, without waiting.
    fn round(&mut self) -> Next {
        let stop = self.shared.inbox.take(&mut self.items);
        let now = Instant::now();
        self.handle_items(now);
        if stop && self.stop_at.is_none() {
            self.begin_to_stop(now);
        }
        while let Some(id) = self.deadlines.pop_due(now) {
            self.handle_deadline(id, now);
        }
        self.connects.handle_timers(now);
        self.handle_ended();
        self.give_turns(now);
        self.kept_until = match self.ready.is_empty() {
            true => self.desk.deliver_before_sleep(now),
            false => {
                self.desk.deliver();
                None
            }
        };
        if self.is_done(now) {
            Next::End
        } else {
            Next::Wait
        }
    }

    /// Waits for the poller, and takes note of what it says.
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.let_go.clear();
        match self.poll.poll(&mut self.polled, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            Err(_) => return Ok(()),
            Ok(()) => {}
        }
        for event in &self.polled {
            let id = SocketId::of_token(event.token());
            if let Some(socket) = self.sockets.get_mut(&id) {
                socket.note(event);
                make_ready(&mut self.ready, id, socket);
            } else {
                self.connects.line_ready(id, Instant::now());
            }
        }
        self.handle_ended();
        Ok(())
    }

    /// How long the poller may wait. After this has said more than nothing, a push to the inbox
    /// wakes the poller.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        if !self.ready.is_empty() || !self.shared.inbox.may_sleep() {
            return Some(Duration::ZERO);
        }
        let idle = self.idle_since.and_then(|since| since.checked_add(IDLE));
        let connecting = self.connects.next_timer();
        let next = [
            self.deadlines.next(),
            connecting,
            self.stop_at,
            idle,
            self.kept_until,
        ];
        let next = next.into_iter().flatten().min()?;
        Some(next.saturating_duration_since(now))
    }

    /// Whether the thread is to end; then the inbox has no reader any more.
    fn is_done(&mut self, now: Instant) -> bool {
        if let Some(stop_at) = self.stop_at {
            if !self.sockets.is_empty() && now < stop_at {
                return false;
            }
            for (id, socket) in mem::take(&mut self.sockets) {
                let error = socket.error(ErrorKind::ShutDown);
                self.tell_end(id, (1006, "", false), Some(&error));
                socket.cut();
            }
            self.shared.inbox.detach();
            return true;
        }
        if !self.sockets.is_empty() || self.connects.len() > 0 {
            self.idle_since = None;
            return false;
        }
        let since = *self.idle_since.get_or_insert(now);
        now.saturating_duration_since(since) >= IDLE && self.shared.inbox.detach_if_empty()
    }
}
