//! The reactor: it owns every open connection and waits for all of them in one poller. It is led by the socket thread, or by
//! the JavaScript thread while that has nothing else to do ([`leader`]): who leads has it alone.
//!
//! Readiness is reported on its edge, and bytes can wait where no poller sees them (in TLS, behind
//! the response head). So a connection that has something to do stands in a ready list, gets one
//! bounded turn a round, and the poller is asked without waiting as long as the list is not empty.

mod answers;
mod deadlines;
mod desk;
mod leader;
mod liveness;
mod rounds;
mod running;
mod socket;

use std::{
    collections::VecDeque,
    io, mem,
    sync::Arc,
    time::{Duration, Instant},
};

use mio::{Events, Poll, Token, Waker};
use rustc_hash::FxHashMap;
use tracing::{Span, debug, debug_span};
use url::Url;

pub(crate) use self::leader::Leader;
pub(super) use self::running::Running;
use self::{
    deadlines::Deadlines,
    desk::Desk,
    socket::{Next, Socket},
};
use super::{
    connect::{Connects, Dialler, Ended},
    error::{Error, ErrorKind, Phase},
    observer::Destination,
    queue::{EndAll, EventQueue, Inbox, Item},
    vocabulary::{Command, SocketId},
};

/// How long the thread waits for another socket after its last one.
const IDLE: Duration = Duration::from_secs(3);

/// How long a network that is being dropped waits at most, whatever its options say.
const LONGEST_SHUTDOWN: Duration = Duration::from_secs(3600);

/// How many connections that are over may wait to be let go until there is nothing else to do. Few, because a script that
/// opens others meanwhile may need their file descriptors.
const LET_GO: usize = 8;

/// The poller's name for "look at the inbox". No socket has it: their ids count up from one.
const INBOX: Token = Token(usize::MAX);

/// What the thread and its owner share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) dialler: Arc<Dialler>,
    pub(super) inbox: Arc<Inbox>,
    pub(super) events: Arc<EventQueue>,
}

/// Starts the thread. It ends when it has had nothing to do for a while, or when the inbox says
/// stop; from then on the inbox has no reader.
///
/// # Errors
///
/// No poller or no thread can be had, mostly for lack of file descriptors.
pub(super) fn spawn(shared: &Shared, leader: &Arc<Leader>) -> io::Result<Running> {
    let poll = Poll::new()?;
    let waker = Arc::new(Waker::new(poll.registry(), INBOX)?);
    let reactor = Box::new(Reactor {
        sockets: FxHashMap::default(),
        connects: Connects::new(
            shared.dialler.clone(),
            shared.inbox.clone(),
            poll.registry().try_clone()?,
        ),
        ready: VecDeque::new(),
        deadlines: Deadlines::default(),
        spans: FxHashMap::default(),
        desk: Desk::new(shared.events.clone()),
        items: Vec::new(),
        let_go: Vec::new(),
        idle_since: None,
        kept_until: None,
        stop_at: None,
        polled: Events::with_capacity(256),
        poll,
        shared: shared.clone(),
    });
    leader.begin(waker.clone());
    shared.inbox.attach(waker);
    let leader = leader.clone();
    let started = Running::start(move || leader.run_thread(reactor));
    if started.is_err() {
        shared.inbox.detach();
    }
    started
}

struct Reactor {
    shared: Shared,
    poll: Poll,
    /// What the poller has said last.
    polled: Events,
    /// Boxed: a table has room for up to twice as many as are in it.
    sockets: FxHashMap<SocketId, Box<Socket>>,
    connects: Connects,
    /// Sockets that want a turn, each once.
    ready: VecDeque<SocketId>,
    deadlines: Deadlines,
    /// The spans of connections that are not over. Empty when nobody listens.
    spans: FxHashMap<SocketId, Span>,
    desk: Desk,
    items: Vec<Item>,
    /// Connections that are over: ending a line takes the operating system as long as script takes for the next one.
    let_go: Vec<Socket>,
    /// Since when there has been no socket.
    idle_since: Option<Instant>,
    /// Until when events are kept from script.
    kept_until: Option<Instant>,
    /// Set when the network is being dropped: until when its Close frames may take.
    stop_at: Option<Instant>,
}

impl Reactor {
    fn begin_to_stop(&mut self, now: Instant) {
        self.shared.events.close();
        if self.shared.dialler.watch.is_some() {
            for (id, subject) in self.connects.subjects() {
                let error = Error::new(Phase::Connect, ErrorKind::ShutDown, subject);
                self.tell_end(id, (1006, "", false), Some(&error));
            }
        }
        self.connects.cancel_all();
        // WebSockets Standard, "make disappear": an established connection is closed with 1001.
        for (id, socket) in &mut self.sockets {
            socket.close(Some(1001), "", now);
            make_ready(&mut self.ready, *id, socket);
        }
        let grace = self.shared.dialler.options.timeouts.shutdown;
        let grace = grace.min(LONGEST_SHUTDOWN);
        self.stop_at = Some(now.checked_add(grace).unwrap_or(now));
    }

    fn handle_items(&mut self, now: Instant) {
        let mut items = mem::take(&mut self.items);
        // In this order, so that a panic leaves those behind it to be found.
        items.reverse();
        self.items = items;
        while let Some(item) = self.items.pop() {
            self.handle_item(item, now);
            self.handle_ended();
        }
    }

    fn handle_item(&mut self, item: Item, now: Instant) {
        match item {
            Item::Connect { .. } if self.stop_at.is_some() => {}
            Item::Connect {
                id,
                request,
                charge,
            } => {
                let span = span_of(id, &request.url);
                if !span.is_disabled() {
                    self.spans.insert(id, span.clone());
                }
                if let Some(watch) = &self.shared.dialler.watch {
                    let to = Destination::of(&request.url);
                    watch.tell(|observer| observer.connecting(id, to));
                }
                let limit = self.shared.dialler.options.limits.sockets;
                if self.sockets.len() + self.connects.len() >= limit {
                    let kind = ErrorKind::TooManySockets(limit);
                    let subject = request.url.host_str().unwrap_or_default();
                    return self.failed(id, Error::new(Phase::Policy, kind, subject));
                }
                self.connects.begin(id, *request, charge, span, now);
            }
            Item::Command(command) => self.handle_command(command, now),
            Item::Frames { id, frames } => self.send(id, |socket| socket.send_frames(frames)),
            Item::EndAll(end) => self.end_all(&end, now),
            Item::Discard { id } => self.with_socket(id, |socket| socket.discard(now)),
            Item::Resume { id } => self.with_socket(id, |socket| socket.resume(now)),
            Item::Settled { id } => self.with_socket(id, Socket::settle),
            Item::Head { id, head } => {
                // It may have been cancelled meanwhile.
                if let Some(watch) = &self.shared.dialler.watch
                    && self.connects.has(id)
                {
                    watch.tell_head(id, &head);
                }
            }
            Item::Resolved { host, result } => self.connects.resolved(&host, result, now),
            Item::Dialled { id, turn, result } => self.connects.dialled(id, &turn, result, now),
            Item::Called { name, result } => self.connects.called(name, result, now),
            Item::Ready { id } => self.with_socket(id, Socket::note_readiness),
        }
    }

    fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Send { id, message } => self.send(id, |socket| socket.send(message)),
            Command::Close { id, code, reason } => {
                if let Some(error) = self.connects.cancel(id, now) {
                    return self.failed(id, error);
                }
                if self.sockets.contains_key(&id) {
                    let _entered = self.spans.get(&id).map(Span::enter);
                    debug!(target: "boa_websocket::net", %id, ?code, "closing");
                }
                self.with_socket(id, |socket| socket.close(code, &reason, now));
            }
            Command::Cut { id, at } => {
                if let Some(error) = self.connects.cancel(id, now) {
                    return self.failed(id, aborted(&error));
                }
                self.with_socket(id, |socket| socket.cut_at(at, now));
            }
            Command::Abort { id } => {
                let connecting = self.connects.cancel(id, now).map(|error| aborted(&error));
                let open = self.sockets.remove(&id);
                let open = open.map(|socket| socket.error(ErrorKind::Aborted));
                if let Some(error) = connecting.or(open) {
                    self.tell_end(id, (1006, "", false), Some(&error));
                }
                self.spans.remove(&id);
            }
            // Comes as an item of its own.
            Command::Connect { .. } => {}
        }
    }

    fn send(&mut self, id: SocketId, send: impl FnOnce(&mut Socket) -> Result<(), Error>) {
        let mut sent = Ok(());
        self.with_socket(id, |socket| sent = send(socket));
        if let Err(error) = sent {
            self.sockets.remove(&id);
            self.failed(id, error);
        }
    }

    fn end_all(&mut self, end: &EndAll, now: Instant) {
        let mut ids: Vec<SocketId> = self.sockets.keys().copied().collect();
        ids.extend(self.connects.ids());
        for id in ids {
            if let Some((code, reason)) = end.close.clone() {
                let code = Some(code);
                self.handle_command(Command::Close { id, code, reason }, now);
            }
            if let Some(at) = end.cut_at {
                self.handle_command(Command::Cut { id, at }, now);
            }
        }
    }

    /// Has something done to a socket, and gives it a turn.
    fn with_socket(&mut self, id: SocketId, act: impl FnOnce(&mut Socket)) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            let _entered = self.spans.get(&id).map(Span::enter);
            act(socket);
            make_ready(&mut self.ready, id, socket);
        }
    }

    fn handle_ended(&mut self) {
        for ended in self.connects.take_ended() {
            match ended {
                Ended::Failed { id, error } => self.failed(id, error),
                Ended::Established {
                    id,
                    established,
                    charge,
                    subject,
                } => {
                    let adopted = Socket::adopt(
                        id,
                        subject,
                        *established,
                        charge,
                        &self.shared.dialler,
                        self.poll.registry(),
                        &mut self.desk,
                    )
                    .and_then(|socket| socket.watched(&self.shared.inbox));
                    match adopted {
                        Ok(mut socket) => {
                            make_ready(&mut self.ready, id, &mut socket);
                            self.sockets.insert(id, Box::new(socket));
                        }
                        Err(error) => self.failed(id, error),
                    }
                }
            }
        }
    }

    /// The end of a socket that has no other one.
    fn failed(&mut self, id: SocketId, error: Error) {
        let span = self.spans.remove(&id);
        let _entered = span.as_ref().map(Span::enter);
        debug!(
            target: "boa_websocket::net", %id, phase = ?error.phase(), %error, "failed"
        );
        self.tell_end(id, (1006, "", false), Some(&error));
        let end = (1006, String::new(), false);
        self.desk.pending.push_closed(id, end, Some(error));
        self.desk.deliver_if_full();
    }

    /// Tells the observer, if there is one.
    fn tell_end(&self, id: SocketId, end: (u16, &str, bool), error: Option<&Error>) {
        if let Some(watch) = &self.shared.dialler.watch {
            watch.tell_end(id, end, error);
        }
    }

    fn handle_deadline(&mut self, id: SocketId, now: Instant) {
        self.with_socket(id, |socket| socket.handle_deadline(now));
    }

    /// One turn for each socket that is in the ready list now.
    fn give_turns(&mut self, now: Instant) {
        for _ in 0..self.ready.len() {
            let Some(id) = self.ready.pop_front() else {
                return;
            };
            let Some(socket) = self.sockets.get_mut(&id) else {
                continue;
            };
            socket.in_ready_list = false;
            let next = {
                let _entered = self.spans.get(&id).map(Span::enter);
                socket.turn(&mut self.desk, now)
            };
            match next {
                Next::Wait => {}
                Next::Again => make_ready(&mut self.ready, id, socket),
                Next::Finished => {
                    self.finish(id);
                    continue;
                }
            }
            if let Some(deadline) = socket.new_deadline() {
                self.deadlines.add(deadline, id);
            }
        }
        self.deadlines.tidy(self.sockets.len(), |at, id| {
            let socket = self.sockets.get(&id);
            socket.is_some_and(|socket| socket.known_deadline == Some(at))
        });
    }

    fn finish(&mut self, id: SocketId) {
        let Some(mut socket) = self.sockets.remove(&id) else {
            return;
        };
        let (end, error) = socket.take_end();
        if self.let_go.len() < LET_GO {
            self.let_go.push(*socket);
        }
        let span = self.spans.remove(&id);
        let _entered = span.as_ref().map(Span::enter);
        let (code, reason, clean) = &end;
        self.tell_end(id, (*code, reason, *clean), error.as_ref());
        match &error {
            Some(error) => debug!(target: "boa_websocket::net", %id, code, clean, %error, "closed"),
            None => debug!(target: "boa_websocket::net", %id, code, clean, "closed"),
        }
        self.desk.pending.push_closed(id, end, error);
        self.desk.deliver_if_full();
    }
}

/// An attempt that was cancelled, but not by script.
fn aborted(error: &Error) -> Error {
    Error::new(error.phase(), ErrorKind::Aborted, error.subject())
}

/// What everything that happens to a connection belongs to.
fn span_of(id: SocketId, url: &Url) -> Span {
    debug_span!(
        target: "boa_websocket::net", parent: None, "connection",
        %id, host = url.host_str(), port = url.port_or_known_default(), secure = url.scheme() == "wss"
    )
}

fn make_ready(ready: &mut VecDeque<SocketId>, id: SocketId, socket: &mut Socket) {
    if !mem::replace(&mut socket.in_ready_list, true) {
        ready.push_back(id);
    }
}
