//! One open connection: its line, its protocol, and what is known about both.

mod end;
mod moving;

use std::{io, sync::Arc, time::Instant};

use mio::{Registry, event::Event};

use super::{
    answers::Answers,
    desk::{Delivery, Desk},
    liveness::{GIVEN_UP, Liveness, Verdict},
};
use crate::net::{
    connect::{Dialler, Established},
    error::{Error, ErrorKind, Phase},
    line::Line,
    observer::{MessageView, Watch},
    options::Limits,
    queue::{Charge, EventBatch, EventQueue, Inbox},
    transport::Readiness,
    vocabulary::{Outgoing, SocketEvent, SocketId},
};
use crate::protocol::{self, Connection, Frames, State};

/// What one read brings at most where compression was agreed on, in bytes: inflated at once, it can
/// be a thousand times as much.
const COMPRESSED_READ: usize = 16 << 10;

/// What is to be done with a socket after its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing, until the poller or script says something about it.
    Wait,
    /// Another turn.
    Again,
    /// It is over.
    Finished,
}

/// An open connection.
pub(super) struct Socket {
    id: SocketId,
    /// `host:port`
    subject: String,
    line: Line,
    /// What the line tells if no poller knows of it.
    readiness: Option<Readiness>,
    protocol: Connection,
    charge: Arc<Charge>,
    /// What one read may bring.
    read_size: usize,
    receive_limit: usize,
    send_limit: usize,
    /// The poller has said so, and no read or write has found otherwise since.
    readable: bool,
    writable: bool,
    /// The poller has said that the peer's direction has ended, or that the line is broken.
    peer_ended: bool,
    /// Too much of what was received waits for script.
    paused: bool,
    /// Script does not want messages any more.
    discard: bool,
    /// The closing handshake has begun, from either side.
    closing: bool,
    /// Script has asked for a Close frame and is to be told when it has been written.
    announce_close: bool,
    /// What failing the connection waits for, as long as the protocol lets it.
    answers: Answers,
    liveness: Liveness,
    watch: Option<Arc<Watch>>,
    /// When the embedder wants it cut.
    cut_at: Option<Instant>,
    /// Why the peer is taken for dead, or the line is cut.
    dead: Option<ErrorKind>,
    /// Our direction has been ended.
    shut: bool,
    /// Nothing can be written any more, and why. What the peer has sent before is still read.
    broken: Option<io::Error>,
    /// Why reading ended, if not in good order.
    read_error: Option<io::Error>,
    /// Stands in the list of those that want a turn.
    pub(super) in_ready_list: bool,
    /// The earliest deadline the thread knows of.
    pub(super) known_deadline: Option<Instant>,
}

impl Socket {
    /// Takes a connection over from its connector, and what the server has sent already.
    pub(super) fn adopt(
        id: SocketId,
        subject: String,
        established: Established,
        charge: Arc<Charge>,
        dialler: &Dialler,
        registry: &Registry,
        desk: &mut Desk,
    ) -> Result<Self, Error> {
        let Established { mut line, accepted } = established;
        line.register(registry, id.token())
            .map_err(|error| Error::io(Phase::Open, subject.clone(), error))?;
        let options = &dialler.options;
        let Limits {
            receive_queue,
            send_queue,
            ..
        } = options.limits;
        let now = Instant::now();
        let mut socket = Self {
            id,
            subject,
            readiness: None,
            read_size: match accepted.deflate {
                Some(_) => COMPRESSED_READ,
                None => usize::MAX,
            },
            protocol: Connection::new(options.protocol_config(accepted.deflate)),
            charge,
            receive_limit: receive_queue,
            send_limit: send_queue,
            // A poller tells of what was there when it was asked to. Nobody does of what TLS holds.
            readable: !line.is_plain(),
            writable: true,
            line,
            peer_ended: false,
            paused: false,
            discard: false,
            closing: false,
            announce_close: false,
            answers: Answers::NotAwaited,
            liveness: Liveness::new(options, now),
            watch: dialler.watch.clone(),
            cut_at: None,
            dead: None,
            shut: false,
            broken: None,
            read_error: None,
            in_ready_list: false,
            known_deadline: None,
        };
        if let Some(watch) = &socket.watch {
            let (protocol, extensions) = (&accepted.protocol, &accepted.extensions);
            watch.tell(|observer| observer.open(id, protocol, extensions));
        }
        desk.pending.push(SocketEvent::Opened {
            id,
            protocol: accepted.protocol,
            extensions: accepted.extensions,
        });
        if !accepted.rest.is_empty() {
            let (protocol, mut delivery) = socket.receiving(&mut desk.pending, &desk.events, now);
            protocol.receive(&accepted.rest, now, &mut delivery);
            socket.received(now);
        }
        Ok(socket)
    }

    /// Has its line tell `inbox` what no poller does.
    pub(super) fn watched(mut self, inbox: &Arc<Inbox>) -> Result<Self, Error> {
        let id = self.id;
        self.readiness = self
            .line
            .watch(|| Readiness::of_socket(id, inbox.clone()))
            .map_err(|error| Error::io(Phase::Open, self.subject.clone(), error))?;
        Ok(self)
    }

    /// The protocol, and where what it receives goes.
    fn receiving<'a>(
        &'a mut self,
        pending: &'a mut EventBatch,
        events: &'a EventQueue,
        now: Instant,
    ) -> (&'a mut Connection, Delivery<'a>) {
        let delivery = Delivery {
            id: self.id,
            charge: &self.charge,
            discard: self.discard,
            closing: &mut self.closing,
            liveness: &mut self.liveness,
            now,
            pending,
            events,
            watch: self.watch.as_deref(),
        };
        (&mut self.protocol, delivery)
    }

    /// Takes note of what the poller says.
    pub(super) fn note(&mut self, event: &Event) {
        self.peer_ended |= event.is_read_closed() || event.is_error();
        self.readable |= event.is_readable() || self.peer_ended;
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    /// Takes note of what the line says itself.
    pub(super) fn note_readiness(&mut self) {
        if let Some((readable, writable)) = self.readiness.as_ref().map(Readiness::take) {
            self.readable |= readable;
            self.writable |= writable;
        }
    }

    /// Queues a message.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::SendQueueFull`]: the socket is to be dropped. Nothing could be sent behind
    /// what is stuck, a Close frame neither.
    pub(super) fn send(&mut self, message: Outgoing) -> Result<(), Error> {
        self.check_send_limit(message.len() as u64)?;
        if let Some(watch) = self.message_watch() {
            let view = MessageView::of_outgoing(&message);
            watch.tell(|observer| observer.message_out(self.id, view));
        }
        match message {
            Outgoing::Text(text) => self.protocol.send_text(text),
            Outgoing::Binary(bytes) => self.protocol.send_binary(bytes),
        }
        Ok(())
    }

    /// Queues messages that are encoded.
    ///
    /// # Errors
    ///
    /// The same.
    pub(super) fn send_frames(&mut self, frames: Frames) -> Result<(), Error> {
        if self.message_watch().is_some() {
            let mut messages = frames.into_messages();
            return messages
                .try_for_each(|(text, payload)| self.send(Outgoing::new(text, payload)));
        }
        self.check_send_limit(frames.payload())?;
        self.protocol.send_frames(frames);
        Ok(())
    }

    /// Who is to be told of messages.
    fn message_watch(&self) -> Option<&Watch> {
        self.watch.as_deref().filter(|watch| watch.wants_messages())
    }

    fn check_send_limit(&self, more: u64) -> Result<(), Error> {
        let queued = self.protocol.queued().saturating_add(more);
        if usize::try_from(queued).is_ok_and(|queued| queued <= self.send_limit) {
            return Ok(());
        }
        Err(self.error(ErrorKind::SendQueueFull(self.send_limit)))
    }

    /// Starts the closing handshake; messages are dropped from now on.
    pub(super) fn close(&mut self, code: Option<u16>, reason: &str, now: Instant) {
        self.closing = true;
        self.announce_close = true;
        self.discard(now);
        self.protocol.close(code, reason, now);
    }

    /// Has it cut at that time, if it is not over by then.
    pub(super) fn cut_at(&mut self, at: Instant, now: Instant) {
        let at = self.cut_at.map_or(at, |before| before.min(at));
        self.cut_at = Some(at);
        self.cut_if_due(now);
    }

    fn cut_if_due(&mut self, now: Instant) {
        if self.cut_at.is_some_and(|at| at <= now) && !self.is_finished() {
            self.dead = Some(ErrorKind::Aborted);
        }
    }

    /// Drops messages from now on, which need no pause.
    pub(super) fn discard(&mut self, now: Instant) {
        self.discard = true;
        self.settle();
        self.resume(now);
    }

    /// Reads again after a pause.
    pub(super) fn resume(&mut self, now: Instant) {
        if std::mem::take(&mut self.paused) {
            self.liveness.restart(now);
        }
        // The limit may have been passed again meanwhile, by another round.
        self.pause_if_too_much();
    }

    /// Script has answered what it wanted to answer of what has been received.
    pub(super) fn settle(&mut self) {
        self.answers.settle();
    }

    /// Tells the protocol that one of its deadlines may have come.
    pub(super) fn handle_deadline(&mut self, now: Instant) {
        if self.known_deadline.is_some_and(|known| known > now) {
            // One that another has taken the place of.
            return;
        }
        self.known_deadline = None;
        self.cut_if_due(now);
        self.protocol.handle_deadline(now);
        if self.is_watched() && self.liveness.note_deadline(now) {
            // What the poller would say was perhaps not heard yet.
            self.readable = true;
        }
    }

    /// A deadline the thread does not know of yet.
    pub(super) fn new_deadline(&mut self) -> Option<Instant> {
        let watched = self.is_watched().then(|| self.liveness.deadline());
        let deadlines = [self.protocol.deadline(), watched.flatten(), self.cut_at];
        let deadline = deadlines.into_iter().flatten().min()?;
        if self.known_deadline.is_some_and(|known| known <= deadline) {
            return None;
        }
        self.known_deadline = Some(deadline);
        Some(deadline)
    }

    fn pause_if_too_much(&mut self) {
        if !self.discard && self.charge.must_pause(self.receive_limit) {
            self.paused = true;
        }
    }

    /// Something was received and is dealt with.
    fn received(&mut self, now: Instant) {
        self.liveness.received(now);
        self.pause_if_too_much();
        if self.protocol.is_failing() {
            self.answers.await_them(&self.charge, self.discard);
        }
    }

    fn is_finished(&self) -> bool {
        self.protocol.finished().is_some() || self.dead.is_some()
    }

    /// Whether a silent peer is noticed: not while we do not listen ourselves.
    fn is_watched(&self) -> bool {
        !self.paused
            && !self.closing
            && self.protocol.state() == State::Open
            && !self.protocol.is_failing()
    }

    /// Whether a connection is to be failed now that was kept for the answers: they are written.
    fn must_fail(&self) -> bool {
        self.answers == Answers::Given
            && self.protocol.is_failing()
            && (!self.protocol.has_output() || self.broken.is_some())
    }

    /// A turn: writes what can be written and reads what can be read, both within bounds.
    pub(super) fn turn(&mut self, desk: &mut Desk, now: Instant) -> Next {
        self.write(desk, now);
        // Never in the turn that has found the breach: the inbox is looked at in between.
        if self.must_fail() {
            self.protocol.fail_now(now);
        }
        // Before the peer's answers to it.
        self.report_sent(desk);
        self.read(desk, now);
        self.look_for_life(now);
        // What reading has brought about: pongs, and the answer to a Close frame.
        self.write(desk, now);
        self.report_sent(desk);
        desk.deliver_if_full();
        if self.is_finished() {
            Next::Finished
        } else if (self.readable && self.may_read()) || self.can_write() || self.must_fail() {
            Next::Again
        } else {
            Next::Wait
        }
    }

    fn look_for_life(&mut self, now: Instant) {
        let verdict = match self.is_watched() {
            true => self.liveness.look(now),
            false => Verdict::Alive,
        };
        match verdict {
            Verdict::Alive => {}
            Verdict::Ping(payload) => {
                self.protocol.ping(&payload);
                if let Some(watch) = &self.watch {
                    watch.tell(|observer| observer.ping_out(self.id));
                }
            }
            Verdict::Dead(why) => {
                // It is told if that can be done at once.
                let reason = protocol::Error::Failed(why.to_string().into());
                self.protocol.fail(GIVEN_UP, reason, now);
                self.dead = Some(why);
            }
        }
    }

    fn report_sent(&mut self, desk: &mut Desk) {
        let sent = self.protocol.take_sent();
        if sent > 0 {
            desk.pending.push_sent(self.id, sent);
        }
        if self.announce_close && self.protocol.is_close_sent() {
            self.announce_close = false;
            desk.pending.push(SocketEvent::CloseSent { id: self.id });
        }
    }

    /// A pause is over once nothing that is read is for script any more: what the peer goes on
    /// sending must not come between it and our Close frame.
    fn may_read(&self) -> bool {
        let held_back = self.paused && self.protocol.expects_frames();
        !held_back && self.protocol.wants_read()
    }

    fn can_write(&self) -> bool {
        self.writable
            && self.broken.is_none()
            && (self.protocol.has_output() || self.line.holds_output() || self.must_shut_down())
    }

    fn must_shut_down(&self) -> bool {
        !self.shut && self.protocol.wants_shutdown()
    }

    /// Ends our direction as well as that can be done at once.
    pub(super) fn cut(mut self) {
        let _ = self.line.shutdown_write();
    }

    fn phase(&self) -> Phase {
        if self.closing {
            Phase::Close
        } else {
            Phase::Open
        }
    }

    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(self.phase(), kind, self.subject.clone())
    }
}
