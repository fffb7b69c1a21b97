//! The handle of the JavaScript thread.

use std::{
    fmt, mem,
    sync::{Arc, Weak},
};

use rustc_hash::FxHashMap;

use super::{
    connect::Dialler,
    error::{Error, Phase},
    observer::MessageView,
    options::Options,
    queue::{Charge, EndAll, EventBatch, EventQueue, Gathering, Inbox, Item, Pushed},
    thread::{self, Leader, Running, Shared},
    vocabulary::{Command, SocketId},
};
use crate::protocol::Frames;

/// The sockets of one JavaScript context: commands go in, events come out, and one thread, named
/// `boaws-socket`, does the work.
///
/// An [`EventLoop`](crate::EventLoop) that waits does the thread's work itself, unless there is an [`Observer`](super::Observer), a
/// [`Dialer`](super::Dialer) or a [`Policy`](super::Policy) other than [`PolicyRules`](super::PolicyRules), which may hold up that
/// thread and never script's.
///
/// The thread is started with the first [`Command::Connect`] and ends three seconds after the
/// last socket; it starts again when it is needed. Dropping the handle ends everything: open
/// sockets get a Close frame with 1001 and [`Timeouts::shutdown`](super::Timeouts::shutdown) to
/// see it answered, and no thread is left but those that the resolver, a [`Dialer`](super::Dialer), or, for more than three seconds, an
/// [`Observer`](super::Observer), a [`Policy`](super::Policy) or a [`Transport`](super::Transport) holds; such a thread ends when they return.
pub struct Network {
    shared: Shared,
    /// What is counted for each socket whose `Closed` has not been taken.
    charges: FxHashMap<SocketId, Arc<Charge>>,
    gathered: Vec<Item>,
    /// What comes behind `gathered`.
    messages: Gathering,
    gathered_bytes: usize,
    /// Sockets of which messages were consumed since the last flush.
    unflushed: Vec<SocketId>,
    thread: Option<Running>,
    leader: Arc<Leader>,
}

impl Network {
    /// A network without a thread yet.
    ///
    /// `wake` is called, on any thread, when an event has come while the queue was found empty by
    /// [`take`](Self::take), and for the very first one. It must be quick and must not call back
    /// into this object.
    #[must_use]
    pub fn new(options: Options, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            shared: Shared {
                dialler: Arc::new(Dialler::new(options)),
                inbox: Arc::default(),
                events: Arc::new(EventQueue::new(wake)),
            },
            charges: FxHashMap::default(),
            gathered: Vec::new(),
            messages: Gathering::default(),
            gathered_bytes: 0,
            unflushed: Vec::new(),
            thread: None,
            leader: Arc::default(),
        }
    }

    /// A name for a new socket.
    #[must_use]
    pub fn next_id(&self) -> SocketId {
        SocketId::next()
    }

    /// Gathers a command. It is carried out after [`flush`](Self::flush), which happens here when
    /// 256 KiB have gathered.
    pub fn command(&mut self, command: Command) {
        let payload = command.payload();
        let item = match command {
            Command::Connect { id, request } => {
                let charge = Arc::<Charge>::default();
                self.charges.insert(id, charge.clone());
                Item::Connect {
                    id,
                    request,
                    charge,
                }
            }
            command => {
                if let Command::Abort { id } = &command {
                    self.charges.remove(id);
                }
                Item::Command(command)
            }
        };
        self.gather(item);
        self.count_gathered(payload);
    }

    /// [`Command::Send`] with a copy of a message, which is encoded on its way.
    pub(crate) fn send(&mut self, id: SocketId, message: MessageView<'_>) {
        let length = message.payload().len();
        if length >= Gathering::OWN_MEMORY {
            let mut frames = Frames::default();
            frames.push(message.is_text(), message.payload());
            let length = frames.len();
            self.gather(Item::Frames { id, frames });
            return self.count_gathered(length);
        }
        if !self.messages.takes(id) {
            self.gathered.extend(self.messages.take());
        }
        let length = self.messages.push(id, message);
        self.count_gathered(length);
    }

    fn gather(&mut self, item: Item) {
        self.gathered.extend(self.messages.take());
        self.gathered.push(item);
    }

    fn count_gathered(&mut self, bytes: usize) {
        self.gathered_bytes += bytes;
        if self.gathered_bytes >= Gathering::FULL {
            self.flush();
            self.leader.take_over();
        }
    }

    /// Hands over what has gathered. To be called at the end of each turn of the event loop.
    pub fn flush(&mut self) {
        self.gathered_bytes = 0;
        self.gathered.extend(self.messages.take());
        if !self.gathered.is_empty()
            && self.shared.inbox.push(&mut self.gathered) == Pushed::NoThread
        {
            self.start();
        }
        for id in self.unflushed.drain(..) {
            if self.charges.get(&id).is_some_and(|charge| charge.flushed()) {
                self.shared.inbox.push_one(Item::Settled { id });
            }
        }
    }

    /// Starts the thread for what is in its inbox, if a socket is to be connected; everything else
    /// is about sockets that are gone.
    fn start(&mut self) {
        if let Some(ended) = self.thread.take() {
            // It has let go of the inbox, so it is at its very end.
            ended.join();
        }
        let mut waiting = self.shared.inbox.detach();
        waiting.retain(|item| {
            !matches!(
                item,
                Item::Resolved { .. }
                    | Item::Dialled { .. }
                    | Item::Called { .. }
                    | Item::Ready { .. }
                    | Item::Head { .. }
            )
        });
        if !waiting
            .iter()
            .any(|item| matches!(item, Item::Connect { .. }))
        {
            return;
        }
        match thread::spawn(&self.shared, &self.leader) {
            Ok(handle) => {
                self.thread = Some(handle);
                self.shared.inbox.push(&mut waiting);
            }
            Err(error) => {
                let failed = waiting.into_iter().filter_map(|item| match item {
                    Item::Connect { id, request, .. } => {
                        let host = request.url.host_str().unwrap_or_default();
                        let why = std::io::Error::new(error.kind(), error.to_string());
                        Some((id, Error::io(Phase::Connect, host, why)))
                    }
                    _ => None,
                });
                self.shared.events.deliver_failures(failed);
            }
        }
    }

    /// Swaps `batch` for the oldest events: at most 1,024 of them, or as many as have 1 MiB of
    /// payload together with the last one. What was in it is lost; its memory is used again.
    ///
    /// False when there is no event. From then on the next event calls `wake`, once.
    pub fn take(&mut self, batch: &mut EventBatch) -> bool {
        if !self.shared.events.take(batch) {
            return false;
        }
        for id in batch.take_closed() {
            self.charges.remove(&id);
        }
        true
    }

    /// Says that script has seen `bytes` worth of a socket's events, by
    /// [`SocketEvent::charge`](super::SocketEvent::charge). Once a batch and socket is enough. A
    /// socket whose reading had paused goes on at half of its limit. With the next
    /// [`flush`](Self::flush), one that is about to be failed
    /// ([`Timeouts::failure_delay`](super::Timeouts::failure_delay)) knows that it was answered.
    pub fn consumed(&mut self, id: SocketId, bytes: usize) {
        let limit = self.shared.dialler.options.limits.receive_queue;
        let Some(charge) = self.charges.get(&id) else {
            return;
        };
        if charge.note_unflushed() {
            self.unflushed.push(id);
        }
        if charge.release(bytes, limit) {
            self.shared.inbox.push_one(Item::Resume { id });
        }
    }

    /// Says that script will not look at further messages of this socket: they are dropped where
    /// they arrive, and reading goes on if it had paused. [`Command::Close`] does the same.
    pub fn discard(&mut self, id: SocketId) {
        self.gather(Item::Discard { id });
    }

    /// With what the owner's thread can do the work of the network's while it waits. `None` where code of the embedder's
    /// is called in it, which may take its time.
    pub(crate) fn leader(&self) -> Option<&Arc<Leader>> {
        let own = self.shared.dialler.options.calls_only_our_code();
        own.then_some(&self.leader)
    }

    /// What other threads may hold to end sockets.
    pub(crate) fn ender(&self) -> Ender {
        Ender(Arc::downgrade(&self.shared.inbox))
    }

    /// Sockets whose last event has not been taken.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.charges.len()
    }
}

/// Ends sockets from any thread, also while the network's owner is busy. Without effect once that is dropped, and where
/// there is no thread of the network's, and so no socket that it knows.
pub(crate) struct Ender(Weak<Inbox>);

impl Ender {
    /// A [`Command::Close`] or [`Command::Cut`].
    pub(crate) fn end(&self, command: Command) {
        self.tell(Item::Command(command));
    }

    /// The same for all that there are. What the owner has not [flushed](Network::flush) is not among them.
    pub(crate) fn end_all(&self, end: EndAll) {
        self.tell(Item::EndAll(end));
    }

    fn tell(&self, item: Item) {
        if let Some(inbox) = self.0.upgrade() {
            inbox.tell(item);
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Sends and closes of the last turn are still carried out, but nothing new is begun.
        let mut gathered = mem::take(&mut self.gathered);
        gathered.extend(self.messages.take());
        gathered.retain(|item| !matches!(item, Item::Connect { .. }));
        self.shared.inbox.push(&mut gathered);
        self.shared.inbox.stop();
        self.leader.take_over();
        if let Some(thread) = self.thread.take()
            && !thread.join_in_time(&self.shared.dialler.options)
        {
            tracing::error!(
                target: "boa_websocket::net",
                "the network's thread is held up by an observer, a policy or a transport, and is left to itself"
            );
        }
        self.shared.events.close();
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("sockets", &self.charges.len())
            .field("running", &self.thread.is_some())
            .finish_non_exhaustive()
    }
}
