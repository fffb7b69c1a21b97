//! A client that waits for events, and servers that do as they are told.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{
    Command, ConnectRequest, Error, EventBatch, Incoming, Network, Options, Outgoing, SocketEvent,
    SocketId,
};
use tungstenite::Bytes;
use url::Url;

/// After this long a test has failed: far more than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An event with its payload taken out of its batch.
#[derive(Debug)]
pub(crate) enum Event {
    Opened {
        protocol: String,
        extensions: String,
    },
    Text(String),
    Binary(Vec<u8>),
    ClosingHandshakeStarted,
    Closed(Closed),
}

#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) code: u16,
    pub(crate) reason: String,
    pub(crate) was_clean: bool,
    pub(crate) error: Option<Error>,
}

impl Closed {
    /// What script would see.
    pub(crate) fn shown(&self) -> (u16, &str, bool) {
        (self.code, &self.reason, self.was_clean)
    }

    /// Why it was not clean.
    pub(crate) fn why(&self) -> &Error {
        self.error.as_ref().expect("an error")
    }
}

type Bell = Arc<(Mutex<bool>, Condvar)>;

/// A script's side of the network.
pub(crate) struct Client {
    pub(crate) network: Network,
    batch: EventBatch,
    bell: Bell,
    /// Whether it tells the network what it has seen.
    pub(crate) consumes: bool,
    /// What was not consumed at once, all of one socket: see [`Client::consume`].
    unconsumed: usize,
    /// What `Sent` has told so far, of all sockets.
    pub(crate) sent: u64,
    /// Our Close frames that the network has reported as sent.
    pub(crate) closes_sent: usize,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let bell = Bell::default();
        let ring = bell.clone();
        let wake = move || {
            *ring.0.lock().unwrap() = true;
            ring.1.notify_all();
        };
        Self {
            network: Network::new(options, Arc::new(wake)),
            batch: EventBatch::new(),
            bell,
            consumes: true,
            unconsumed: 0,
            sent: 0,
            closes_sent: 0,
        }
    }

    pub(crate) fn connect(&mut self, url: &str) -> SocketId {
        self.connect_with(url, |_| {})
    }

    pub(crate) fn connect_with(
        &mut self,
        url: &str,
        change: impl FnOnce(&mut ConnectRequest),
    ) -> SocketId {
        let id = self.network.next_id();
        let mut request = ConnectRequest::new(Url::parse(url).unwrap());
        change(&mut request);
        let request = Box::new(request);
        self.network.command(Command::Connect { id, request });
        self.network.flush();
        id
    }

    /// Connects and waits until it is open.
    pub(crate) fn open(&mut self, url: &str) -> SocketId {
        let id = self.connect(url);
        match self.next() {
            (of, Event::Opened { .. }) if of == id => id,
            other => panic!("not opened: {other:?}"),
        }
    }

    /// Connects and waits for the end, which must be the only event.
    pub(crate) fn fail(&mut self, url: &str) -> Closed {
        self.connect(url);
        self.closed()
    }

    pub(crate) fn send_text(&mut self, id: SocketId, text: &str) {
        let message = Outgoing::Text(Bytes::copy_from_slice(text.as_bytes()));
        self.network.command(Command::Send { id, message });
        self.network.flush();
    }

    pub(crate) fn send_binary(&mut self, id: SocketId, bytes: impl Into<Bytes>) {
        let message = Outgoing::Binary(bytes.into());
        self.network.command(Command::Send { id, message });
        self.network.flush();
    }

    pub(crate) fn close(&mut self, id: SocketId, code: Option<u16>, reason: &str) {
        let reason = reason.to_owned();
        self.network.command(Command::Close { id, code, reason });
        self.network.flush();
    }

    /// The next event but `Sent`, consumed. Panics when none comes.
    pub(crate) fn next(&mut self) -> (SocketId, Event) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(event) = self.poll() {
                return event;
            }
            // The end of a turn.
            self.network.flush();
            let (rung, changed) = &*self.bell;
            let left = deadline.saturating_duration_since(Instant::now());
            let (mut rung, timeout) = changed
                .wait_timeout_while(rung.lock().unwrap(), left, |rung| !*rung)
                .unwrap();
            assert!(!timeout.timed_out(), "no event came");
            *rung = false;
        }
    }

    /// The next event but `Sent` if there is one.
    pub(crate) fn poll(&mut self) -> Option<(SocketId, Event)> {
        loop {
            let Some(event) = self.batch.next_event() else {
                if self.network.take(&mut self.batch) {
                    continue;
                }
                return None;
            };
            let (id, charge) = (event.id(), event.charge());
            let event = match event {
                SocketEvent::Opened {
                    protocol,
                    extensions,
                    ..
                } => Event::Opened {
                    protocol,
                    extensions,
                },
                SocketEvent::Message {
                    message: Incoming::Text(range),
                    ..
                } => {
                    let (text, ascii) = self.batch.text(&range);
                    assert_eq!(ascii, text.is_ascii());
                    Event::Text(text.to_owned())
                }
                SocketEvent::Message {
                    message: Incoming::Binary(bytes),
                    ..
                } => Event::Binary(bytes.to_vec()),
                SocketEvent::Sent { bytes, .. } => {
                    self.sent += bytes;
                    continue;
                }
                SocketEvent::CloseSent { .. } => {
                    self.closes_sent += 1;
                    continue;
                }
                SocketEvent::ClosingHandshakeStarted { .. } => Event::ClosingHandshakeStarted,
                SocketEvent::Closed {
                    code,
                    reason,
                    was_clean,
                    error,
                    ..
                } => Event::Closed(Closed {
                    code,
                    reason,
                    was_clean,
                    error,
                }),
                other => panic!("unknown event: {other:?}"),
            };
            if self.consumes {
                self.network.consumed(id, charge);
            } else {
                self.unconsumed += charge;
            }
            return Some((id, event));
        }
    }

    /// Consumes what was taken while `consumes` was unset.
    pub(crate) fn consume(&mut self, id: SocketId) {
        let charge = std::mem::take(&mut self.unconsumed);
        self.network.consumed(id, charge);
    }

    pub(crate) fn text(&mut self) -> String {
        match self.next().1 {
            Event::Text(text) => text,
            other => panic!("not a text: {other:?}"),
        }
    }

    pub(crate) fn binary(&mut self) -> Vec<u8> {
        match self.next().1 {
            Event::Binary(bytes) => bytes,
            other => panic!("not binary: {other:?}"),
        }
    }

    /// The next event, which must be the end.
    pub(crate) fn closed(&mut self) -> Closed {
        match self.next().1 {
            Event::Closed(closed) => closed,
            other => panic!("not closed: {other:?}"),
        }
    }

    /// The end, after the peer's Close frame.
    pub(crate) fn closing_then_closed(&mut self) -> Closed {
        match self.next().1 {
            Event::ClosingHandshakeStarted => self.closed(),
            other => panic!("not closing: {other:?}"),
        }
    }
}

/// Serves every connection on a thread of its own.
pub(crate) fn serve(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connection = Arc::new(connection);
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let (tcp, connection) = (tcp.unwrap(), connection.clone());
            thread::spawn(move || connection(tcp));
        }
    });
    address
}

/// `ws://` and the address.
pub(crate) fn url_of(address: SocketAddr) -> String {
    format!("ws://{address}/")
}

/// A server that does the upgrade and leaves the rest to `connection`.
pub(crate) fn websocket(
    connection: impl Fn(tungstenite::WebSocket<TcpStream>) + Send + Sync + 'static,
) -> String {
    url_of(serve(move |tcp| {
        tcp.set_nodelay(true).unwrap();
        connection(tungstenite::accept(tcp).unwrap());
    }))
}

/// A server that does the upgrade and then speaks in bytes.
pub(crate) fn raw_websocket(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    websocket(move |websocket| connection(websocket.into_inner()))
}

/// Sends every message back, until the end.
pub(crate) fn echo<Stream: Read + Write>(mut websocket: tungstenite::WebSocket<Stream>) {
    while let Ok(message) = websocket.read() {
        if (message.is_text() || message.is_binary()) && websocket.send(message).is_err() {
            break;
        }
    }
}

/// A server that reads the request's head and answers with what `answer` makes of the key's accept
/// value.
pub(crate) fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> String {
    url_of(serve(move |mut tcp| {
        let accept = accept_value(&read_head(&mut tcp));
        tcp.write_all(answer(&accept).as_bytes()).unwrap();
        // Until the client has gone.
        let _ = tcp.read_to_end(&mut Vec::new());
    }))
}

pub(crate) fn read_head(tcp: &mut impl Read) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// What belongs to the key in a request's head.
pub(crate) fn accept_value(head: &str) -> String {
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
        .unwrap();
    tungstenite::handshake::derive_accept_key(key.as_bytes())
}

/// A frame of a client: first byte and payload, unmasked.
pub(crate) fn read_client_frame(tcp: &mut impl Read) -> std::io::Result<(u8, Vec<u8>)> {
    let mut header = [0; 2];
    tcp.read_exact(&mut header)?;
    assert_eq!(header[1] & 0x80, 0x80, "a client masks");
    let length = match header[1] & 0x7f {
        126 => {
            let mut length = [0; 2];
            tcp.read_exact(&mut length)?;
            usize::from(u16::from_be_bytes(length))
        }
        127 => {
            let mut length = [0; 8];
            tcp.read_exact(&mut length)?;
            u64::from_be_bytes(length) as usize
        }
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    tcp.read_exact(&mut mask)?;
    let mut payload = vec![0; length];
    tcp.read_exact(&mut payload)?;
    for (at, byte) in payload.iter_mut().enumerate() {
        *byte ^= mask[at % 4];
    }
    Ok((header[0], payload))
}

/// What a server got: frames, by first byte and payload.
pub(crate) type Frames = Vec<(u8, Vec<u8>)>;

/// The frames of a client until its direction ends.
pub(crate) fn read_client_frames(tcp: &mut impl Read) -> Frames {
    std::iter::from_fn(|| read_client_frame(tcp).ok()).collect()
}

/// A server that sends `bytes` in one piece, and reports what it gets until the end.
pub(crate) fn sending(bytes: impl Into<Vec<u8>>) -> (String, mpsc::Receiver<Frames>) {
    let bytes = bytes.into();
    let (report, reports) = mpsc::channel();
    let url = raw_websocket(move |mut tcp| {
        tcp.write_all(&bytes).unwrap();
        // Not every test asks.
        let _ = report.send(read_client_frames(&mut tcp));
    });
    (url, reports)
}
