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

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, Sender, channel},
        time::Duration,
    };

    use url::Url;

    use super::*;
    use crate::net::{
        dialer::{Call, Dialled},
        target::Target,
    };

    /// Says that it was called, and returns only when it is let go.
    #[derive(Debug)]
    struct Stuck(Sender<()>, std::sync::Mutex<Receiver<()>>);

    impl Dialer for Stuck {
        fn dial(&self, _: &DialRequest) -> io::Result<Dialled> {
            self.0.send(()).unwrap();
            let _ = self.1.lock().unwrap().recv();
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }

    fn request() -> (DialRequest, Call) {
        let url = Url::parse("ws://h/").unwrap();
        let target = Target::new(&url).unwrap();
        DialRequest::new(url, &target, None)
    }

    #[test]
    fn calls_that_never_return_hold_so_many_threads_and_nothing_piles_up_behind_them() {
        let (called, calling) = channel();
        let (let_go, held) = channel();
        let dialer: Arc<dyn Dialer> = Arc::new(Stuck(called, held.into()));
        let running = Arc::<AtomicUsize>::default();
        let mut calls = Calls::new(Arc::default(), 1, running.clone());
        let (first, waits_for_it) = request();
        assert!(
            calls
                .start(SocketId::next(), dialer.clone(), first)
                .is_empty()
        );
        calling.recv_timeout(Duration::from_secs(60)).unwrap();
        drop(waits_for_it);
        for _ in 0..100 {
            let (request, call) = request();
            calls.start(SocketId::next(), dialer.clone(), request);
            drop(call);
        }
        let (last, _waits_for_it) = request();
        calls.start(SocketId::next(), dialer.clone(), last);
        assert_eq!((calls.waiting.len(), running.load(SeqCst)), (1, 1));

        // The next socket thread knows of the call that still runs, and begins when it has ended.
        let mut calls = Calls::new(Arc::default(), 1, running.clone());
        let (next, _waits_for_it) = request();
        calls.start(SocketId::next(), dialer, next);
        assert_eq!(calls.waiting.len(), 1);
        let_go.send(()).unwrap();
        while running.load(SeqCst) > 0 {
            thread::yield_now();
        }
        calls.start_waiting();
        calling.recv_timeout(Duration::from_secs(60)).unwrap();
        assert_eq!(calls.waiting.len(), 0);
        let_go.send(()).unwrap();
    }
}
