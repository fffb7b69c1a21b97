//! Byte streams that are not the operating system's.

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    task::{Wake, Waker},
};

use super::{
    queue::{Inbox, Item},
    vocabulary::SocketId,
};

/// How often a call that says that it was interrupted is made again.
const INTERRUPTIONS: usize = 8;

/// A connected byte stream of an embedder's own, made by a [`Dialer`](super::Dialer): a pipe in
/// memory, a channel of an SSH session, a stream of an async runtime.
///
/// It never blocks: the network's own thread calls it, and all sockets of the context would wait. Instead of the
/// operating system's poller it tells a [`Readiness`] when to try again.
///
/// Dropping it ends the connection at once, both ways; what it was given before that may be lost.
///
/// An error fails the socket, 1006 for script. So does a panic, and a count that is larger than
/// what there was to read or to write.
pub trait Transport: Send {
    /// Reads into `buffer`, which is not empty. `Ok(0)` is the peer's end of its direction, in good
    /// order.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: there is nothing yet. [`Readiness::readable`] is to be called once there is
    /// something, the end or an error included. Everything else ends the connection.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Takes a part of `bytes`, which is not empty, on its way to the peer, and says how much. What
    /// was taken is sent without a further call.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: there is no room. [`Readiness::writable`] is to be called once there is some,
    /// or an error. Everything else ends the connection.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Ends our direction behind what was written: the peer reads the end, and can still send.
    ///
    /// # Errors
    ///
    /// `WouldBlock`: it is to be called again after [`Readiness::writable`]. Everything else ends
    /// the connection.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// From now on `readiness` is to be told, and the one before not any more. Called before
    /// anything else, and again when the connection moves to another thread; each time reading and
    /// writing are tried once without having been told.
    fn set_readiness(&mut self, readiness: Readiness);
}

/// Tells the network that it is worth trying a [`Transport`] again. It may be kept for as long as
/// one likes and told from any thread, also within a call of the transport; once too often does no harm, and it costs next
/// to nothing if it was told already.
///
/// What has changed must be visible to the transport before it is told.
#[derive(Clone)]
pub struct Readiness(Arc<Listener>);

const READABLE: u8 = 1;
const WRITABLE: u8 = 2;

enum Listener {
    /// A thread that waits for this connection alone, in a poller.
    Connector(Arc<mio::Waker>),
    /// The socket thread.
    Socket {
        id: SocketId,
        inbox: Arc<Inbox>,
        /// What was told and not yet looked at. An item is in the inbox while it is not zero.
        told: AtomicU8,
    },
}

impl Readiness {
    /// For the time of connecting.
    pub(crate) fn of_connector(waker: Arc<mio::Waker>) -> Self {
        Self(Arc::new(Listener::Connector(waker)))
    }

    /// For an open connection.
    pub(crate) fn of_socket(id: SocketId, inbox: Arc<Inbox>) -> Self {
        let told = AtomicU8::new(0);
        Self(Arc::new(Listener::Socket { id, inbox, told }))
    }

    /// There may be something to read: bytes, the end, or an error.
    pub fn readable(&self) {
        self.0.tell(READABLE);
    }

    /// There may be room to write, or an error.
    pub fn writable(&self) {
        self.0.tell(WRITABLE);
    }

    /// A waker that says both, for streams that are [polled](std::task::Poll): what they give back
    /// as pending is `WouldBlock` here.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// What was told since the last call: readable, writable.
    pub(crate) fn take(&self) -> (bool, bool) {
        match &*self.0 {
            Listener::Connector(_) => (true, true),
            Listener::Socket { told, .. } => {
                let told = told.swap(0, SeqCst);
                (told & READABLE != 0, told & WRITABLE != 0)
            }
        }
    }
}

impl Listener {
    fn tell(&self, what: u8) {
        match self {
            Self::Connector(waker) => {
                if let Err(error) = waker.wake() {
                    tracing::error!(target: "boa_websocket::net", %error, "cannot wake the thread");
                }
            }
            Self::Socket { id, inbox, told } => {
                // A flood of these must not fill the inbox.
                if told.fetch_or(what, SeqCst) == 0 {
                    inbox.tell(Item::Ready { id: *id });
                }
            }
        }
    }
}

impl Wake for Listener {
    fn wake(self: Arc<Self>) {
        self.tell(READABLE | WRITABLE);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.tell(READABLE | WRITABLE);
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readiness").finish_non_exhaustive()
    }
}

/// A [`Transport`] that is not trusted to keep its word.
pub(crate) struct Guarded {
    /// Gone once it has panicked.
    transport: Option<Box<dyn Transport>>,
}

impl Guarded {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport: Some(transport),
        }
    }

    pub(crate) fn set_readiness(&mut self, readiness: Readiness) -> io::Result<()> {
        self.call(|transport| {
            transport.set_readiness(readiness.clone());
            Ok(())
        })
    }

    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.call(|transport| transport.read(buffer))?;
        no_more_than(buffer.len(), count)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.call(|transport| transport.write(bytes))?;
        no_more_than(bytes.len(), count)
    }

    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        self.call(|transport| transport.shutdown_write())
    }

    fn call<T>(
        &mut self,
        mut act: impl FnMut(&mut dyn Transport) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(transport) = &mut self.transport else {
            return Err(panicked());
        };
        let mut result = Err(io::ErrorKind::Interrupted.into());
        for _ in 0..INTERRUPTIONS {
            let called = catch_unwind(AssertUnwindSafe(|| act(&mut **transport)));
            let Ok(called) = called else {
                self.end();
                return Err(panicked());
            };
            match called {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => result = Err(error),
                done => return done,
            }
        }
        // The callers go on for as long as they are interrupted.
        result.map_err(|error: io::Error| {
            io::Error::other(format!("the transport is always interrupted: {error}"))
        })
    }

    fn end(&mut self) {
        let transport = self.transport.take();
        if catch_unwind(AssertUnwindSafe(|| drop(transport))).is_err() {
            tracing::error!(target: "boa_websocket::net", "dropping a transport panicked");
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.end();
    }
}

fn panicked() -> io::Error {
    io::Error::other("the transport panicked")
}

fn no_more_than(room: usize, count: usize) -> io::Result<usize> {
    match count <= room {
        true => Ok(count),
        false => Err(io::Error::other(
            "the transport says that it has moved more bytes than it was asked to",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does to every call what it is told to.
    struct Rogue(fn() -> io::Result<usize>);

    impl Transport for Rogue {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            (self.0)()
        }

        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            (self.0)()
        }

        fn shutdown_write(&mut self) -> io::Result<()> {
            (self.0)().map(drop)
        }

        fn set_readiness(&mut self, _: Readiness) {}
    }

    impl Drop for Rogue {
        fn drop(&mut self) {
            let _ = (self.0)();
        }
    }

    fn guarded(act: fn() -> io::Result<usize>) -> Guarded {
        Guarded::new(Box::new(Rogue(act)))
    }

    #[test]
    fn a_transport_that_breaks_its_word_only_breaks_its_connection() {
        let mut liar = guarded(|| Ok(5));
        assert!(liar.read(&mut [0; 4]).is_err() && liar.write(&[0; 4]).is_err());
        assert_eq!(liar.read(&mut [0; 5]).unwrap(), 5);

        let mut panics = guarded(|| panic!("on purpose"));
        for _ in 0..2 {
            let error = panics.read(&mut [0; 4]).unwrap_err();
            assert_eq!(error.to_string(), "the transport panicked");
        }
        drop(guarded(|| panic!("when it is dropped")));

        let mut never_done = guarded(|| Err(io::ErrorKind::Interrupted.into()));
        for result in [
            never_done.read(&mut [0; 4]).map(drop),
            never_done.write(&[0; 4]).map(drop),
            never_done.shutdown_write(),
        ] {
            assert_eq!(result.unwrap_err().kind(), io::ErrorKind::Other);
        }
    }

    #[test]
    fn what_is_told_again_and_again_stands_in_the_inbox_once() {
        let inbox = Arc::<Inbox>::default();
        let poll = mio::Poll::new().unwrap();
        let waker = mio::Waker::new(poll.registry(), mio::Token(0)).unwrap();
        let readiness = Readiness::of_socket(SocketId::next(), inbox.clone());
        let queued = || {
            let mut items = Vec::new();
            inbox.take(&mut items);
            items.len()
        };
        readiness.readable();
        assert_eq!(queued(), 0, "there is no thread that would look");
        assert_eq!(readiness.take(), (true, false));

        inbox.attach(Arc::new(waker));
        for _ in 0..3 {
            readiness.readable();
            readiness.clone().writable();
        }
        assert_eq!(queued(), 1);
        assert_eq!(readiness.take(), (true, true));
        assert_eq!(readiness.take(), (false, false));
        readiness.waker().wake();
        assert_eq!(queued(), 1);
        assert_eq!(readiness.take(), (true, true));
    }
}
