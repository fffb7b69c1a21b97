//! Ending sockets from other threads.
//!
//! What is asked for goes two ways at once. The network's thread is told directly and acts on the line, however busy the
//! script's thread is. The script's thread finds the same in a list with its next turn, and moves the ready states of the
//! sockets, of those too that the network does not know yet.

use std::{
    fmt, mem,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use boa_engine::Context;
use rustc_hash::FxHashMap;

use super::{
    control::{InvalidClose, abort_one, check_close, close_every, close_one},
    sockets::{Sockets, WakeCallback},
};
use crate::net::{Command, EndAll, Ender, SocketId};

/// Closes and aborts the sockets of one context from any thread; made by [`WebSockets::handle`](super::WebSockets::handle),
/// and cloned freely.
///
/// ```
/// use std::time::Duration;
/// use boa_engine::{Context, JsResult, Source};
/// use boa_websocket::{EventLoop, WebSocketExtension, WebSockets};
///
/// # fn main() -> JsResult<()> {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
/// # let url = format!("ws://{}/", listener.local_addr().expect("an address"));
/// # let event_loop = EventLoop::new();
/// # let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// # WebSocketExtension::default().register(None, &mut context)?;
/// # context.eval(Source::from_bytes(&format!("new WebSocket('{url}')")))?;
/// let handle = WebSockets::of(&context).expect("registered above").handle();
/// // On a signal, say, or when a watchdog has run out of patience.
/// let other = std::thread::spawn(move || handle.close_all(1001, "", Duration::from_secs(2)));
/// // Ends, though the server never answers.
/// event_loop.run(&mut context)?;
/// assert!(matches!(other.join(), Ok(Ok(true))));
/// # Ok(())
/// # }
/// ```
///
/// Each call returns at once, and works under every executor. The line is seen to by the network's own thread, so that a script
/// which runs for ever, or a loop that does not run, holds nothing up; script sees the `close` event when its thread gets
/// to it. What script has sent in a turn that is not over yet may not be sent any more.
///
/// The handle keeps neither the context nor a socket alive, and does not keep the loop running. Once the context is dropped,
/// nothing happens.
#[derive(Clone)]
pub struct WebSocketsHandle(Weak<Requests>);

impl WebSocketsHandle {
    pub(super) fn new(requests: &Arc<Requests>) -> Self {
        Self(Arc::downgrade(requests))
    }

    /// To nothing.
    pub(super) fn dangling() -> Self {
        Self(Weak::new())
    }

    /// As [`WebSockets::close`](super::WebSockets::close). False if the context is gone; whether there is such a socket is not
    /// known here.
    ///
    /// # Errors
    ///
    /// A code that may not be sent, or a reason that is too long.
    pub fn close(&self, id: SocketId, code: u16, reason: &str) -> Result<bool, InvalidClose> {
        check_close(code, reason)?;
        let reason = reason.to_owned();
        Ok(self.request(Some(id), Ending::Close(code, reason, None)))
    }

    /// As [`WebSockets::close_all`](super::WebSockets::close_all), those included that script makes before its thread gets to
    /// it. The deadline begins now. False if the context is gone.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close); then nothing is closed.
    pub fn close_all(
        &self,
        code: u16,
        reason: &str,
        deadline: Duration,
    ) -> Result<bool, InvalidClose> {
        check_close(code, reason)?;
        let (reason, at) = (reason.to_owned(), Instant::now().checked_add(deadline));
        Ok(self.request(None, Ending::Close(code, reason, at)))
    }

    /// As [`WebSockets::abort`](super::WebSockets::abort). False if the context is gone.
    pub fn abort(&self, id: SocketId) -> bool {
        self.request(Some(id), Ending::Abort)
    }

    /// As [`WebSockets::abort_all`](super::WebSockets::abort_all), those included that script makes before its thread gets to
    /// it. False if the context is gone.
    pub fn abort_all(&self) -> bool {
        self.request(None, Ending::Abort)
    }

    /// Whether the context is gone. It may go at any moment, so that `false` promises nothing.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    fn request(&self, id: Option<SocketId>, ending: Ending) -> bool {
        let Some(requests) = self.0.upgrade() else {
            return false;
        };
        requests.add(id, ending);
        true
    }
}

impl fmt::Debug for WebSocketsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketsHandle").finish_non_exhaustive()
    }
}

/// How a socket is to end.
#[derive(Clone)]
enum Ending {
    /// With this code and reason, and when it is to be cut if it is not over by then.
    Close(u16, String, Option<Instant>),
    Abort,
}

impl Ending {
    /// Whether it asks for no more than `before` did.
    fn adds_nothing_to(&self, before: &Self) -> bool {
        match (self, before) {
            (_, Self::Abort) | (Self::Close(_, _, None), Self::Close(..)) => true,
            (Self::Close(_, _, Some(at)), Self::Close(_, _, Some(earlier))) => earlier <= at,
            _ => false,
        }
    }
}

/// What other threads have asked for and the script's thread has not seen. Dropped with the context's sockets.
pub(super) struct Requests {
    waiting: Mutex<Waiting>,
    /// Whether there is any: looked at each turn.
    any: AtomicBool,
    network: Ender,
    wake: WakeCallback,
}

/// One for each socket, so that a thread which asks again and again takes no more room.
#[derive(Default)]
struct Waiting {
    all: Option<Ending>,
    each: FxHashMap<SocketId, Ending>,
}

impl Requests {
    pub(super) fn new(network: Ender, wake: WakeCallback) -> Arc<Self> {
        Arc::new(Self {
            waiting: Mutex::default(),
            any: AtomicBool::new(false),
            network,
            wake,
        })
    }

    fn add(&self, id: Option<SocketId>, ending: Ending) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = &mut *waiting;
            let before = match id {
                None => waiting.all.as_ref(),
                Some(id) => waiting.each.get(&id),
            };
            if before.is_some_and(|before| ending.adds_nothing_to(before)) {
                return;
            }
            match id {
                None => waiting.all = Some(ending.clone()),
                Some(id) => drop(waiting.each.insert(id, ending.clone())),
            }
            self.any.store(true, Ordering::Release);
        }
        self.tell_the_network(id, ending);
        (self.wake)();
    }

    fn tell_the_network(&self, id: Option<SocketId>, ending: Ending) {
        match (id, ending) {
            (Some(id), Ending::Close(code, reason, _)) => self.network.end(Command::Close {
                id,
                code: Some(code),
                reason,
            }),
            (Some(id), Ending::Abort) => self.network.end(Command::Cut {
                id,
                at: Instant::now(),
            }),
            (None, Ending::Close(code, reason, cut_at)) => self.network.end_all(EndAll {
                close: Some((code, reason)),
                cut_at,
            }),
            (None, Ending::Abort) => self.network.end_all(EndAll {
                close: None,
                cut_at: Some(Instant::now()),
            }),
        }
    }

    /// Does what was asked for, on the script's thread. True if there was something.
    pub(super) fn carry_out(&self, sockets: &Rc<Sockets>, context: &mut Context) -> bool {
        if !self.any.swap(false, Ordering::AcqRel) {
            return false;
        }
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            mem::take(&mut *waiting)
        };
        for (id, ending) in waiting.each {
            if let Some(core) = sockets.get(id) {
                match ending {
                    Ending::Close(code, reason, _) => {
                        close_one(&core, code, &reason, context);
                    }
                    Ending::Abort => abort_one(&core, sockets, context),
                }
            }
        }
        match waiting.all {
            Some(Ending::Close(code, reason, at)) => {
                close_every(sockets, code, &reason, at, context);
            }
            Some(Ending::Abort) => {
                for core in sockets.ids().iter().filter_map(|id| sockets.get(*id)) {
                    abort_one(&core, sockets, context);
                }
            }
            None => {}
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stronger_request_holds() {
        let now = Instant::now();
        let at = |seconds| Some(now + Duration::from_secs(seconds));
        let close = |at| Ending::Close(1001, String::new(), at);
        assert!(close(None).adds_nothing_to(&close(None)));
        assert!(close(None).adds_nothing_to(&close(at(1))));
        assert!(close(at(2)).adds_nothing_to(&close(at(1))));
        assert!(!close(at(1)).adds_nothing_to(&close(at(2))));
        assert!(!close(at(1)).adds_nothing_to(&close(None)));
        assert!(!Ending::Abort.adds_nothing_to(&close(at(1))));
        assert!(close(at(1)).adds_nothing_to(&Ending::Abort));
        assert!(Ending::Abort.adds_nothing_to(&Ending::Abort));
    }
}
