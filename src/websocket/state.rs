//! What a WebSocket object keeps.

use std::{
    cell::{Cell, RefCell},
    rc::Weak,
};

use boa_engine::{Finalize, JsData, JsObject, JsString, Trace, js_string};
use boa_gc::GcRefCell;
use url::{Position, Url};

use super::sockets::{LostSockets, Sockets};
use crate::{
    dom::TargetCore,
    net::{self, SocketId},
};

/// The ready state. <https://websockets.spec.whatwg.org/#websocket-ready-state>
///
/// It moves forwards only: in `close()`, and in the tasks that feedback from the network queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReadyState {
    /// The connection has not yet been established.
    Connecting = 0,
    /// Messages can be exchanged.
    Open = 1,
    /// The closing handshake is under way, or `close()` was called.
    Closing = 2,
    /// The connection is closed, or could not be opened.
    Closed = 3,
}

/// The binary type. <https://websockets.spec.whatwg.org/#dom-websocket-binarytype>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BinaryType {
    Blob,
    ArrayBuffer,
}

/// Whole messages and their payload bytes, as the JavaScript thread sees them.
#[derive(Debug, Default)]
pub(super) struct Counters {
    messages_in: Cell<u64>,
    bytes_in: Cell<u64>,
    messages_out: Cell<u64>,
    bytes_out: Cell<u64>,
}

impl Counters {
    pub(super) fn count_in(&self, bytes: usize) {
        self.messages_in.set(self.messages_in.get() + 1);
        self.bytes_in.set(self.bytes_in.get() + bytes as u64);
    }

    pub(super) fn count_out(&self, bytes: u64) {
        self.messages_out.set(self.messages_out.get() + 1);
        self.bytes_out.set(self.bytes_out.get() + bytes);
    }

    /// Messages and bytes, in and out.
    pub(super) fn read(&self) -> [u64; 4] {
        let cells = [
            &self.messages_in,
            &self.bytes_in,
            &self.messages_out,
            &self.bytes_out,
        ];
        cells.map(Cell::get)
    }
}

/// The extension of a WebSocket's event target.
///
/// Nothing in it is borrowed while script runs.
#[derive(Trace, Finalize, JsData)]
pub(super) struct SocketState {
    #[unsafe_ignore_trace]
    pub(super) id: SocketId,
    #[unsafe_ignore_trace]
    pub(super) url: Url,
    /// The serialised origin of `url`, which every message event shows.
    #[unsafe_ignore_trace]
    pub(super) origin: JsString,
    #[unsafe_ignore_trace]
    pub(super) ready_state: Cell<ReadyState>,
    #[unsafe_ignore_trace]
    pub(super) buffered_amount: Cell<u64>,
    /// Payload bytes given to the network and not yet reported as sent.
    #[unsafe_ignore_trace]
    pub(super) unsent: Cell<u64>,
    /// `close()` was called and its Close frame is not written.
    #[unsafe_ignore_trace]
    pub(super) close_unsent: Cell<bool>,
    /// `close()` was called while CONNECTING, which fails the connection. Without this script could
    /// tell whether the network had opened it by then, in an event that was still to come.
    #[unsafe_ignore_trace]
    pub(super) failed: Cell<bool>,
    #[unsafe_ignore_trace]
    /// The host has begun to close it, which the event loop waits for.
    #[unsafe_ignore_trace]
    pub(super) closed_by_host: Cell<bool>,
    #[unsafe_ignore_trace]
    pub(super) counters: Counters,
    /// Why it was not clean, once it is over.
    #[unsafe_ignore_trace]
    pub(super) last_error: RefCell<Option<Box<net::Error>>>,
    #[unsafe_ignore_trace]
    pub(super) binary_type: Cell<BinaryType>,
    #[unsafe_ignore_trace]
    pub(super) protocol: RefCell<JsString>,
    #[unsafe_ignore_trace]
    pub(super) extensions: RefCell<JsString>,
    /// The object itself, for tasks: they hold the core weakly and reach the object through it. The
    /// collector knows the cycle.
    wrapper: GcRefCell<Option<JsObject>>,
    /// Gone only when the context is.
    #[unsafe_ignore_trace]
    pub(super) sockets: Weak<Sockets>,
    /// Tells the registry when the collector has taken the socket.
    #[unsafe_ignore_trace]
    _on_collection: OnCollection,
}

impl SocketState {
    pub(super) fn new(id: SocketId, url: Url, sockets: Weak<Sockets>, lost: LostSockets) -> Self {
        let origin = JsString::from(origin(&url));
        Self {
            id,
            url,
            origin,
            ready_state: Cell::new(ReadyState::Connecting),
            buffered_amount: Cell::new(0),
            unsent: Cell::new(0),
            close_unsent: Cell::new(false),
            failed: Cell::new(false),
            closed_by_host: Cell::new(false),
            counters: Counters::default(),
            last_error: RefCell::default(),
            binary_type: Cell::new(BinaryType::Blob),
            protocol: RefCell::default(),
            extensions: RefCell::default(),
            wrapper: GcRefCell::new(None),
            sockets,
            _on_collection: OnCollection { id, lost },
        }
    }

    pub(super) fn set_wrapper(&self, object: JsObject) {
        *self.wrapper.borrow_mut() = Some(object);
    }

    pub(super) fn wrapper(&self) -> Option<JsObject> {
        self.wrapper.borrow().clone()
    }

    /// Must the collector not take the socket? The standard's rule, and ours for the Close frame: as
    /// long as it can fire an event that somebody listens to, or still has something to transmit.
    ///
    /// <https://websockets.spec.whatwg.org/#garbage-collection>
    pub(super) fn must_survive(&self, core: &TargetCore) -> bool {
        let heard = |types: &[JsString]| types.iter().any(|type_| core.has_listeners(type_));
        let (message, error, close) = (
            js_string!("message"),
            js_string!("error"),
            js_string!("close"),
        );
        match self.ready_state.get() {
            // Stricter than the standard, which lets go of a socket nobody listens to: what script
            // has asked for is carried out.
            ReadyState::Connecting => true,
            ReadyState::Open => self.unsent.get() > 0 || heard(&[message, error, close]),
            ReadyState::Closing => {
                self.unsent.get() > 0
                    || self.close_unsent.get()
                    || self.closed_by_host.get()
                    || heard(&[error, close])
            }
            ReadyState::Closed => false,
        }
    }
}

/// The [serialized](https://html.spec.whatwg.org/#ascii-serialisation-of-an-origin) origin of a WebSocket's URL: always a
/// tuple origin. Its parts stand in the URL as they are needed.
fn origin(url: &Url) -> String {
    let authority = &url[Position::BeforeHost..Position::BeforePath];
    format!("{}://{authority}", url.scheme())
}

/// Notes the id of a socket whose state is dropped.
///
/// That happens in the middle of a collection: no `Gc` may be touched here.
struct OnCollection {
    id: SocketId,
    lost: LostSockets,
}

impl Drop for OnCollection {
    fn drop(&mut self) {
        self.lost.note(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_what_the_url_crate_takes_it_for() {
        for url in [
            "ws://example.org",
            "ws://example.org:80/a?b#c",
            "wss://user:pass@example.org:8443/a:b@c?d",
            "wss://user@[2001:DB8::1]:443/",
            "ws://[::1]:8080?@",
            "ws://0x7f.1/",
            "wss://b\u{fc}cher.example/",
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(origin(&url), url.origin().ascii_serialization());
        }
    }
}
