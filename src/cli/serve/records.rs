//! What clients have sent, by the `id` in their URLs, so that a test can ask what reached the wire.

use std::collections::{HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

/// How many records are kept; the oldest goes first.
const MAX_RECORDS: usize = 4_096;

/// The body of a Close frame that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseReceived {
    /// `None`: the frame had no body.
    pub code: Option<u16>,
    /// The reason; bytes that are not UTF-8 show as U+FFFD.
    pub reason: String,
}

/// How a connection ended, as the server saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The client ended its half of TCP (or TLS) in order.
    Eof,
    /// The client reset the connection.
    Reset,
    /// The server cut it, or stopped waiting for the client's end.
    Server,
    /// Something else, such as bytes that are no frame.
    Error,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Eof => "eof",
            Self::Reset => "reset",
            Self::Server => "server",
            Self::Error => "error",
        }
    }
}

/// What one connection has sent so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Data messages received (by endpoints that write raw bytes: data frames).
    pub messages: u64,
    /// Payload bytes of those.
    pub bytes: u64,
    /// Pongs received.
    pub pongs: u64,
    /// The client's Close frame.
    pub close: Option<CloseReceived>,
    /// How it ended; `None` while it lasts.
    pub end: Option<End>,
}

impl Record {
    /// The record as the endpoint `/last-close` sends it: `{"messages", "bytes", "pongs", "close": null or
    /// {"code": number or null, "reason"}, "end": null, "eof", "reset", "server" or "error"}`.
    pub fn to_json(&self) -> Value {
        let close = self
            .close
            .as_ref()
            .map(|close| json!({"code": close.code, "reason": close.reason}));
        json!({
            "messages": self.messages,
            "bytes": self.bytes,
            "pongs": self.pongs,
            "close": close,
            "end": self.end.map(End::name),
        })
    }

    /// Whether it has a Close frame or an end.
    pub(super) fn is_telling(&self) -> bool {
        self.close.is_some() || self.end.is_some()
    }
}

#[derive(Default)]
struct Kept {
    stopping: bool,
    by_id: HashMap<String, Record>,
    order: VecDeque<String>,
}

/// All records of a server.
#[derive(Default)]
pub(super) struct Records {
    kept: Mutex<Kept>,
    changed: Condvar,
}

impl Records {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the record of a connection; one with the same id is forgotten.
    pub(super) fn begin(&self, id: &str) {
        let mut kept = self.lock();
        if kept
            .by_id
            .insert(id.to_owned(), Record::default())
            .is_none()
        {
            kept.order.push_back(id.to_owned());
        }
        if kept.order.len() > MAX_RECORDS
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.by_id.remove(&oldest);
        }
    }

    pub(super) fn update(&self, id: &str, change: impl FnOnce(&mut Record)) {
        if let Some(record) = self.lock().by_id.get_mut(id) {
            change(record);
        }
        self.changed.notify_all();
    }

    pub(super) fn get(&self, id: &str) -> Option<Record> {
        self.lock().by_id.get(id).cloned()
    }

    /// Waits until `enough` holds for the record, at most `limit`.
    pub(super) fn wait(
        &self,
        id: &str,
        limit: Duration,
        enough: impl Fn(&Record) -> bool,
    ) -> Option<Record> {
        let waiting = |kept: &mut Kept| !kept.stopping && !kept.by_id.get(id).is_some_and(&enough);
        let kept = self.changed.wait_timeout_while(self.lock(), limit, waiting);
        kept.unwrap_or_else(PoisonError::into_inner)
            .0
            .by_id
            .get(id)
            .cloned()
    }

    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }
}
