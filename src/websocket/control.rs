//! The embedder's view of all sockets of a context, and its hand on them.

use std::{
    fmt,
    rc::{Rc, Weak},
    time::{Duration, Instant},
};

use boa_engine::{Context, JsObject};
use boa_gc::Gc;
use url::Url;

use super::{
    arguments::MAX_REASON,
    remote::WebSocketsHandle,
    sockets::Sockets,
    state::{ReadyState, SocketState},
    web_socket::begin_to_close,
};
use crate::{
    dom::{TargetCore, TargetObject},
    net::{self, Command, SocketId},
};

/// All sockets of one context that are not CLOSED, of all its realms: what they do, how to close
/// them, and which of them the event loop waits for.
///
/// ```
/// use std::time::Duration;
/// use boa_engine::{Context, Source};
/// use boa_websocket::{EventLoop, WebSocketExtension, websocket::{ReadyState, WebSockets}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let url = format!("ws://{}/", listener.local_addr()?);
/// # std::thread::spawn(move || {
/// #     let tcp = listener.accept().expect("a client").0;
/// #     let mut socket = tungstenite::accept(tcp).expect("a handshake");
/// #     while let Ok(message) = socket.read() {
/// #         if message.is_text() { let _ = socket.send(message); }
/// #     }
/// # });
/// # let event_loop = EventLoop::new();
/// # let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// # WebSocketExtension::default().register(None, &mut context)?;
/// context.eval(Source::from_bytes(&format!(
///     "const ws = new WebSocket('{url}'); ws.onclose = (event) => globalThis.code = event.code"
/// )))?;
/// let sockets = WebSockets::of(&context).expect("registered above");
/// let [socket] = &sockets.list()[..] else { panic!("one socket") };
/// assert_eq!((&socket.url, socket.ready_state), (&url, ReadyState::Connecting));
/// # while sockets.get(socket.id).is_some_and(|socket| socket.ready_state == ReadyState::Connecting) {
/// #     event_loop.run_until_stalled(&mut context)?;
/// # }
/// // Later: "going away", with two seconds for all of them to say goodbye.
/// sockets.close_all(1001, "", Duration::from_secs(2), &mut context)?;
/// event_loop.run(&mut context)?;
/// assert!(sockets.is_empty());
/// # assert_eq!(context.eval(Source::from_bytes("code"))?.as_number(), Some(1001.0));
/// # Ok(())
/// # }
/// ```
///
/// The handle keeps neither the context nor a socket alive: once the context is dropped, which ends
/// everything, it finds nothing. What is done with it takes effect at once, also between two runs of the
/// event loop; the events that script sees of it need the loop to run.
#[derive(Clone, Debug)]
pub struct WebSockets(Weak<Sockets>);

/// What is known of a socket at one moment. `Debug` shows neither user info, path and query of the URL.
#[derive(Clone)]
#[non_exhaustive]
pub struct SocketInfo {
    /// Its name, which is also the network's and the observer's.
    pub id: SocketId,
    /// Where it leads, as script sees it in `url`: with path and query, which may be secrets.
    pub url: String,
    /// Its ready state, as script sees it.
    pub ready_state: ReadyState,
    /// The subprotocol in use; empty for none, and before it is open.
    pub protocol: String,
    /// The extensions in use; likewise.
    pub extensions: String,
    /// Payload bytes that script has sent and the operating system has not taken; after the end, what it never will.
    pub buffered_amount: u64,
    /// Messages that script could see: those received while it was OPEN, also with nobody listening.
    pub messages_in: u64,
    /// Their payload bytes.
    pub bytes_in: u64,
    /// Messages that were sent while it was OPEN.
    pub messages_out: u64,
    /// Their payload bytes.
    pub bytes_out: u64,
    /// Whether the event loop goes on for it now: it is not [unreferenced](WebSockets::set_ref), and it can
    /// still fire an event that somebody listens to, or is connecting, or has something to send.
    pub keeps_alive: bool,
    /// Why it has ended, if not cleanly; only after the end.
    pub last_error: Option<net::Error>,
}

impl fmt::Debug for SocketInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = Url::parse(&self.url).map(|url| url.origin().ascii_serialization());
        f.debug_struct("SocketInfo")
            .field("id", &self.id)
            .field("origin", &origin.unwrap_or_default())
            .field("ready_state", &self.ready_state)
            .field("buffered_amount", &self.buffered_amount)
            .field("messages_in", &self.messages_in)
            .field("bytes_in", &self.bytes_in)
            .field("messages_out", &self.messages_out)
            .field("bytes_out", &self.bytes_out)
            .field("keeps_alive", &self.keeps_alive)
            .field("last_error", &self.last_error)
            .finish_non_exhaustive()
    }
}

/// A code or reason that cannot stand in a Close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClose {
    /// A code that no endpoint may send, RFC 6455 section 7.4: of 1000 to 4999, all but 1004 to 1006 and 1015 to 2999
    /// may be sent.
    #[error("the close code {0} may not be sent")]
    Code(u16),
    /// A reason of more than 123 bytes of UTF-8; this many.
    #[error("the close reason has {0} bytes, more than {MAX_REASON}")]
    Reason(usize),
}

impl WebSockets {
    /// Those of `context`, or `None` if [`WebSocketExtension`](crate::WebSocketExtension) is not registered in it.
    #[must_use]
    pub fn of(context: &Context) -> Option<Self> {
        let sockets = Sockets::of(context).ok()?;
        Some(Self(Rc::downgrade(&sockets)))
    }

    /// The name of a `WebSocket` object, or `None` if the object is none.
    #[must_use]
    pub fn id_of(socket: &JsObject) -> Option<SocketId> {
        let core = core_of(socket)?;
        core.extension::<SocketState>().map(|state| state.id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.upgrade().map_or(0, |sockets| sockets.len())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many keep the event loop running; [`SocketInfo::keeps_alive`] says which. With none,
    /// [`EventLoop::run`](crate::EventLoop::run) ends when there is nothing else to do.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.0.upgrade().map_or(0, |sockets| sockets.keeping())
    }

    /// All of them, the oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<SocketInfo> {
        let Some(sockets) = self.0.upgrade() else {
            return Vec::new();
        };
        let cores = sockets.ids().into_iter().filter_map(|id| sockets.get(id));
        cores.filter_map(|core| info(&core, &sockets)).collect()
    }

    /// One of them, if it is not CLOSED. Of one whose object is at hand, [`WebSocket::info`](super::WebSocket::info) tells
    /// more: also after the end.
    #[must_use]
    pub fn get(&self, id: SocketId) -> Option<SocketInfo> {
        let sockets = self.0.upgrade()?;
        let core = sockets.get(id)?;
        info(&core, &sockets)
    }

    /// The object of a socket that is not CLOSED.
    #[must_use]
    pub fn object(&self, id: SocketId) -> Option<JsObject> {
        let core = self.0.upgrade()?.get(id)?;
        core.extension::<SocketState>()?.wrapper()
    }

    /// Begins the closing handshake, or fails a socket that is still connecting, as `close()` does; behind what was sent
    /// before. False if there is no such socket or it is closing already. Script sees the `close` event in the end, and the
    /// event loop waits for that.
    ///
    /// # Errors
    ///
    /// A code that may not be sent (unlike script, the host may send 1001 and its kin), or a reason that is too long.
    pub fn close(
        &self,
        id: SocketId,
        code: u16,
        reason: &str,
        context: &mut Context,
    ) -> Result<bool, InvalidClose> {
        check_close(code, reason)?;
        let Some((sockets, core)) = self.find(id) else {
            return Ok(false);
        };
        let done = close_one(&core, code, reason, context);
        sockets.flush();
        Ok(done)
    }

    /// [Closes](Self::close) all of them, and has those that are not over after `deadline` [aborted](Self::abort); the
    /// event loop waits for them until then, the [unreferenced](Self::set_ref) ones too. Gives back how many there are.
    ///
    /// The deadline is the network's and goes by real time, whichever executor there is. New sockets may still be made.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close); then nothing is closed.
    pub fn close_all(
        &self,
        code: u16,
        reason: &str,
        deadline: Duration,
        context: &mut Context,
    ) -> Result<usize, InvalidClose> {
        check_close(code, reason)?;
        let Some(sockets) = self.0.upgrade() else {
            return Ok(0);
        };
        let at = Instant::now().checked_add(deadline);
        let count = close_every(&sockets, code, reason, at, context);
        sockets.flush();
        Ok(count)
    }

    /// Cuts the line now, without a Close frame; what was not sent is lost. False if there is no such socket. Script sees no
    /// further message, and then `error` and `close` with 1006, as of a connection that was lost.
    pub fn abort(&self, id: SocketId, context: &mut Context) -> bool {
        let Some((sockets, core)) = self.find(id) else {
            return false;
        };
        abort_one(&core, &sockets, context);
        sockets.flush();
        true
    }

    /// [Aborts](Self::abort) all of them. Gives back how many there were.
    pub fn abort_all(&self, context: &mut Context) -> usize {
        let Some(sockets) = self.0.upgrade() else {
            return 0;
        };
        let ids = sockets.ids();
        for core in ids.iter().filter_map(|id| sockets.get(*id)) {
            abort_one(&core, &sockets, context);
        }
        sockets.flush();
        ids.len()
    }

    /// Whether the event loop is to go on for this socket; each does at first. One that is unreferenced lives on just the
    /// same, but when only such are left the loop ends. False if there is no such socket.
    ///
    /// With [`EventLoop`](crate::EventLoop) its events come whenever the loop runs. Another executor waits for every job that it
    /// has, so that there is none of the crate's while only such sockets are left: their events come while another socket is
    /// referenced, after each use of a socket, and when the host [looks](Self::look_for_events).
    pub fn set_ref(&self, id: SocketId, referenced: bool, context: &mut Context) -> bool {
        self.0
            .upgrade()
            .is_some_and(|sockets| sockets.set_referenced(id, referenced, context))
    }

    /// Has the next run of the executor see what has come for the sockets, though nothing keeps it: for
    /// [unreferenced](Self::set_ref) sockets, and those nobody listens to, under an executor other than
    /// [`EventLoop`](crate::EventLoop). That one looks by itself; for it this does nothing.
    pub fn look_for_events(&self, context: &mut Context) {
        if let Some(sockets) = self.0.upgrade() {
            sockets.look_for_events(context);
        }
    }

    /// What other threads may hold to close and abort them.
    #[must_use]
    pub fn handle(&self) -> WebSocketsHandle {
        let sockets = self.0.upgrade();
        sockets.map_or_else(WebSocketsHandle::dangling, |sockets| {
            WebSocketsHandle::new(sockets.requests())
        })
    }

    fn find(&self, id: SocketId) -> Option<(Rc<Sockets>, Gc<TargetCore>)> {
        let sockets = self.0.upgrade()?;
        let core = sockets.get(id)?;
        Some((sockets, core))
    }
}

/// The core of an object that is an event target, whatever its realm.
pub(super) fn core_of(object: &JsObject) -> Option<Gc<TargetCore>> {
    object
        .downcast_ref::<TargetObject>()
        .map(|target| target.core().clone())
}

pub(super) fn info(core: &TargetCore, sockets: &Sockets) -> Option<SocketInfo> {
    let state = core.extension::<SocketState>()?;
    let [messages_in, bytes_in, messages_out, bytes_out] = state.counters.read();
    Some(SocketInfo {
        id: state.id,
        url: state.url.to_string(),
        ready_state: state.ready_state.get(),
        protocol: state.protocol.borrow().to_std_string_lossy(),
        extensions: state.extensions.borrow().to_std_string_lossy(),
        buffered_amount: state.buffered_amount.get(),
        messages_in,
        bytes_in,
        messages_out,
        bytes_out,
        keeps_alive: sockets.is_keeping(state.id),
        last_error: state.last_error.borrow().as_deref().cloned(),
    })
}

pub(super) fn close_one(
    core: &Gc<TargetCore>,
    code: u16,
    reason: &str,
    context: &mut Context,
) -> bool {
    let Some(state) = core.extension::<SocketState>() else {
        return false;
    };
    if state.ready_state.get() >= ReadyState::Closing {
        return false;
    }
    state.closed_by_host.set(true);
    begin_to_close(core, Some(code), reason.to_owned(), context);
    true
}

/// Closes all; cuts what is not over by `cut_at`. Gives back how many there are.
pub(super) fn close_every(
    sockets: &Rc<Sockets>,
    code: u16,
    reason: &str,
    cut_at: Option<Instant>,
    context: &mut Context,
) -> usize {
    let ids = sockets.ids();
    for &id in &ids {
        let Some(core) = sockets.get(id) else {
            continue;
        };
        close_one(&core, code, reason, context);
        if let Some(state) = core.extension::<SocketState>() {
            state.closed_by_host.set(true);
            sockets.changed(&core, state);
        }
        sockets.set_referenced(id, true, context);
        if let Some(at) = cut_at {
            sockets.command(Command::Cut { id, at }, context);
        }
    }
    ids.len()
}

pub(super) fn abort_one(core: &Gc<TargetCore>, sockets: &Rc<Sockets>, context: &mut Context) {
    let Some(state) = core.extension::<SocketState>() else {
        return;
    };
    // As in `close()`: from now on script sees no message, and a clean end that was still to come is none.
    state.ready_state.set(ReadyState::Closing);
    state.failed.set(true);
    state.closed_by_host.set(true);
    sockets.changed(core, state);
    let (id, at) = (state.id, Instant::now());
    sockets.command(Command::Cut { id, at }, context);
}

/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4>, with the codes that were registered since.
pub(super) fn check_close(code: u16, reason: &str) -> Result<(), InvalidClose> {
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(InvalidClose::Code(code));
    }
    if reason.len() > MAX_REASON {
        return Err(InvalidClose::Reason(reason.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_may_be_sent() {
        let mut bounds = Vec::new();
        let mut before = false;
        for code in 0..=5000 {
            let may = check_close(code, "").is_ok();
            if may != before {
                bounds.push(code);
            }
            before = may;
        }
        assert_eq!(bounds, [1000, 1004, 1007, 1015, 3000, 5000]);
        assert_eq!(check_close(1001, &"a".repeat(123)), Ok(()));
        let long = check_close(1001, &"a".repeat(124));
        assert_eq!(long, Err(InvalidClose::Reason(124)));
    }
}
