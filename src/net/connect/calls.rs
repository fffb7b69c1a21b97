//! The calls of the embedder's dialer, each on a thread of its own.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use crate::net::{
    dialer::{DialRequest, Dialer},
    queue::{Inbox, Item},
    stream::Stream,
    vocabulary::SocketId,
};

/// The calls that wait for others to end. Which ones those are, only they know: nobody can interrupt
/// them, and they may outlive the socket thread.
pub(super) struct Calls {
    inbox: Arc<Inbox>,
    max: usize,
    /// Of all socket threads that the network has had.
    running: Arc<AtomicUsize>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    name: SocketId,
    dialer: Arc<dyn Dialer>,
    request: DialRequest,
}

impl Calls {
    /// At most `max` at a time, `running` ones included; their results go to `inbox`.
    pub(super) fn new(inbox: Arc<Inbox>, max: usize, running: Arc<AtomicUsize>) -> Self {
        Self {
            inbox,
            max: max.max(1),
            running,
            waiting: VecDeque::new(),
        }
    }

    /// Calls `dialer` as soon as that can be; whose result it is `name` says. Those that could not
    /// be called come back.
    pub(super) fn start(
        &mut self,
        name: SocketId,
        dialer: Arc<dyn Dialer>,
        request: DialRequest,
    ) -> Vec<(SocketId, io::Error)> {
        self.waiting.push_back(Waiting {
            name,
            dialer,
            request,
        });
        self.start_waiting()
    }

    /// Makes the calls that there is room for now.
    pub(super) fn start_waiting(&mut self) -> Vec<(SocketId, io::Error)> {
        // What nobody wants any more must not pile up behind calls that never end.
        self.waiting
            .retain(|waiting| !waiting.request.is_cancelled());
        let mut failed = Vec::new();
        while self.running.load(SeqCst) < self.max
            && let Some(waiting) = self.waiting.pop_front()
        {
            let name = waiting.name;
            self.running.fetch_add(1, SeqCst);
            if let Err(error) = spawn(waiting, self.inbox.clone(), self.running.clone()) {
                self.running.fetch_sub(1, SeqCst);
                failed.push((name, error));
            }
        }
        failed
    }

    /// How many have not begun.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }
}

fn spawn(waiting: Waiting, inbox: Arc<Inbox>, running: Arc<AtomicUsize>) -> io::Result<()> {
    let call = move || {
        let Waiting {
            name,
            dialer,
            request,
        } = waiting;
        let result = catch_unwind(AssertUnwindSafe(|| dialer.dial(&request)))
            .unwrap_or_else(|_| Err(io::Error::other("the dialer panicked")))
            .and_then(Stream::from_dialled);
        running.fetch_sub(1, SeqCst);
        // Nobody would look at a stream that is late; those that wait are let in nevertheless.
        let result = (!request.is_cancelled()).then_some(result);
        inbox.tell(Item::Called { name, result });
    };
    thread::Builder::new()
        .name("boaws-dial".into())
        .spawn(call)
        .map(drop)
}
