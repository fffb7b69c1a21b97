//! Script and connectors to the socket thread.

use std::{
    io, mem,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use mio::Waker;

use super::events::Charge;
use crate::net::{
    connect::{Established, Turn},
    error::Error,
    observer::Head,
    stream::Stream,
    vocabulary::{Command, ConnectRequest, SocketId},
};
use crate::protocol::Frames;

/// What the socket thread is told.
pub(crate) enum Item {
    /// [`Command::Connect`], with what is counted for the socket.
    Connect {
        id: SocketId,
        request: Box<ConnectRequest>,
        charge: Arc<Charge>,
    },
    /// Every other command.
    Command(Command),
    /// What several of [`Command::Send`] would be for one socket.
    Frames { id: SocketId, frames: Frames },
    /// From another thread: all sockets that there are now.
    EndAll(EndAll),
    /// Script will not look at further messages of this socket.
    Discard { id: SocketId },
    /// Enough of this socket's messages have been consumed.
    Resume { id: SocketId },
    /// All of this socket's messages have been consumed, and what script said to them stands before
    /// this.
    Settled { id: SocketId },
    /// A lookup has ended.
    Resolved {
        host: String,
        result: io::Result<Vec<IpAddr>>,
    },
    /// For the observer, from a dial that is under way.
    Head { id: SocketId, head: Head },
    /// A dial has ended, and with it its turn.
    Dialled {
        id: SocketId,
        turn: Turn,
        result: Result<Box<Established>, Error>,
    },
    /// A call of the embedder's dialer has ended; with nothing when nobody waits for it any more.
    Called {
        /// What the connection is called that it was to become.
        name: SocketId,
        result: Option<io::Result<Stream>>,
    },
    /// A socket's transport has told its [`Readiness`](crate::net::Readiness).
    Ready { id: SocketId },
}

/// A [`Command::Close`] if there is one, and a [`Command::Cut`] if there is a time, for each socket.
pub(crate) struct EndAll {
    pub(crate) close: Option<(u16, String)>,
    pub(crate) cut_at: Option<Instant>,
}

/// Whether there is a thread that will look at what was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// There is.
    Taken,
    /// There is none: start one, or take the items back.
    NoThread,
}

/// The queue into the socket thread. Items of one pusher stay in order.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    items: Vec<Item>,
    /// How to end the thread's wait; `Some` as long as there is a thread.
    waker: Option<Arc<Waker>>,
    /// The thread is in the poller, or will look at the queue once more before it is.
    sleeping: bool,
    /// The network is being dropped.
    stop: bool,
    /// The thread knows that.
    stop_seen: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is complete before anything could panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends items and wakes the thread if it sleeps.
    pub(crate) fn push(&self, items: &mut Vec<Item>) -> Pushed {
        let mut state = self.lock();
        state.items.append(items);
        Self::wake(state)
    }

    /// Appends one item and wakes the thread if it sleeps.
    pub(crate) fn push_one(&self, item: Item) -> Pushed {
        let mut state = self.lock();
        state.items.push(item);
        Self::wake(state)
    }

    /// The same, but where there is no thread the item is dropped: it is about what is gone with it.
    pub(crate) fn tell(&self, item: Item) {
        let mut state = self.lock();
        if state.waker.is_some() {
            state.items.push(item);
            Self::wake(state);
        }
        // If dropped, then after the lock: a transport may have something to say to that.
    }

    fn wake(mut state: MutexGuard<'_, State>) -> Pushed {
        let Some(waker) = state.waker.clone() else {
            return Pushed::NoThread;
        };
        if mem::take(&mut state.sleeping) {
            drop(state);
            if let Err(error) = waker.wake() {
                tracing::error!(target: "boa_websocket::net", %error, "cannot wake the thread");
            }
        }
        Pushed::Taken
    }

    /// A thread that waits with `waker` will look at the queue from now on.
    pub(crate) fn attach(&self, waker: Arc<Waker>) {
        let mut state = self.lock();
        state.waker = Some(waker);
        state.sleeping = false;
    }

    /// The thread is gone. Gives back what it has not seen.
    pub(crate) fn detach(&self) -> Vec<Item> {
        let mut state = self.lock();
        state.waker = None;
        mem::take(&mut state.items)
    }

    /// Called by the thread when it would end for lack of work: true when it may, because nothing
    /// has come in; then it is detached.
    pub(crate) fn detach_if_empty(&self) -> bool {
        let mut state = self.lock();
        let empty = state.items.is_empty();
        if empty {
            state.waker = None;
        }
        empty
    }

    /// Swaps the queue for the empty `items`; gives back whether the thread is to stop.
    pub(crate) fn take(&self, items: &mut Vec<Item>) -> bool {
        let mut state = self.lock();
        state.sleeping = false;
        mem::swap(&mut state.items, items);
        state.stop_seen = state.stop;
        state.stop
    }

    /// Called by the thread before it waits: false when it must not, because something came in or
    /// it has not yet seen that it is to stop. While it winds down after that it sleeps as usual.
    /// From here on, a push wakes it.
    pub(crate) fn may_sleep(&self) -> bool {
        let mut state = self.lock();
        state.sleeping = state.items.is_empty() && state.stop == state.stop_seen;
        state.sleeping
    }

    /// Tells the thread to end.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        state.stop = true;
        Self::wake(state);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll, Token};

    use super::*;

    fn discard() -> Item {
        Item::Discard {
            id: SocketId::next(),
        }
    }

    #[test]
    fn the_thread_is_woken_only_when_it_sleeps() {
        let inbox = Inbox::default();
        assert_eq!(inbox.push_one(discard()), Pushed::NoThread);

        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(4);
        let mut woken = |poll: &mut Poll| {
            poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
            !events.is_empty()
        };
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        inbox.attach(Arc::new(waker));
        assert_eq!(inbox.push_one(discard()), Pushed::Taken);
        assert!(!woken(&mut poll), "it was not asleep");
        assert!(!inbox.may_sleep(), "something came in meanwhile");

        let mut items = Vec::new();
        assert!(!inbox.take(&mut items));
        assert_eq!(items.len(), 2, "nothing was lost before there was a thread");
        assert!(inbox.may_sleep());
        inbox.push(&mut vec![discard(), discard()]);
        assert!(woken(&mut poll));
        inbox.push_one(discard());
        assert!(!woken(&mut poll), "once is enough");

        assert!(!inbox.detach_if_empty());
        items.clear();
        inbox.take(&mut items);
        assert_eq!(items.len(), 3);
        assert!(inbox.detach_if_empty());
        assert_eq!(inbox.push_one(discard()), Pushed::NoThread);
        assert_eq!(inbox.detach().len(), 1);
    }

    #[test]
    fn a_stop_wakes_and_stays() {
        let mut poll = Poll::new().unwrap();
        let inbox = Inbox::default();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        inbox.attach(Arc::new(waker));
        assert!(inbox.may_sleep());
        inbox.stop();
        let mut events = Events::with_capacity(4);
        poll.poll(&mut events, Some(Duration::ZERO)).unwrap();
        assert!(!events.is_empty());
        assert!(inbox.take(&mut Vec::new()));
        assert!(inbox.take(&mut Vec::new()));
        assert!(inbox.may_sleep(), "it sleeps while it winds down");
    }

    #[test]
    fn a_stop_between_looking_and_sleeping_is_not_missed() {
        let poll = Poll::new().unwrap();
        let inbox = Inbox::default();
        let waker = Waker::new(poll.registry(), Token(0)).unwrap();
        inbox.attach(Arc::new(waker));
        assert!(!inbox.take(&mut Vec::new()));
        inbox.stop();
        assert!(!inbox.may_sleep());
        assert!(inbox.take(&mut Vec::new()));
    }
}
