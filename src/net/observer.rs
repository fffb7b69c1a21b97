//! What a network tells an embedder that wants to watch it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use http::{HeaderName, HeaderValue};

use super::{
    error::Error,
    handshake::{Answer, Shown},
    vocabulary::{Outgoing, SocketId},
};

/// Watches the sockets of one [`Network`](super::Network), that is of one JavaScript context. Every
/// method does nothing unless it is implemented.
///
/// **Order.** For each socket: [`connecting`](Self::connecting); then, as far as it comes,
/// [`request`](Self::request), [`response`](Self::response), [`open`](Self::open), and what happens
/// while it is open; then [`failed`](Self::failed) unless it ended cleanly; and last of all, once for
/// each `connecting`, [`closed`](Self::closed). Behind an interim response or a proxy there is still
/// one `response`: the server's last.
///
/// **Threads.** All methods are called on the network's own thread, one at a time, and that thread
/// waits: it serves all sockets of the context, so an observer only takes notes. It may send them
/// elsewhere; it must not call the network.
/// One that does not return holds up all sockets of its context, and no other's; dropping the context waits for it for
/// [`Timeouts::shutdown`](super::Timeouts::shutdown) and three seconds, and leaves the thread to it.
///
/// **Panics.** A panic is caught and logged once (`tracing`, target `boa_websocket::net`), and the
/// network does not call this observer again: its notes may be half written. Sockets go on.
///
/// **Cost.** Without an observer each of these places tests one `Option`. With one, nothing is copied
/// but the two heads of the opening handshake.
///
/// **Secrets.** User info and the query of the URL, cookies, credentials and tokens in headers are
/// left out of what is given here. Payloads are given as they are.
///
/// ```
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use boa_engine::{Context, Source};
/// use boa_websocket::{EventLoop, WebSocketExtension, net::{MessageView, Observer, SocketId}};
///
/// #[derive(Debug, Default)]
/// struct Received(AtomicU64);
///
/// impl Observer for Received {
///     fn message_in(&self, _: SocketId, message: MessageView<'_>) {
///         self.0.fetch_add(message.payload().len() as u64, Ordering::Relaxed);
///     }
/// }
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
/// let received = Arc::new(Received::default());
/// let extension = WebSocketExtension::builder().observer(received.clone()).build()?;
/// extension.register(None, &mut context)?;
/// context.eval(Source::from_bytes(&format!(
///     "const ws = new WebSocket('{url}'); ws.onopen = () => ws.send('12345'); ws.onmessage = () => ws.close()"
/// )))?;
/// event_loop.run(&mut context)?;
/// assert_eq!(received.0.load(Ordering::Relaxed), 5);
/// # Ok(())
/// # }
/// ```
pub trait Observer: fmt::Debug + Send + Sync {
    /// Script has made a socket; nothing has been looked up, checked or sent.
    fn connecting(&self, socket: SocketId, to: Destination<'_>) {
        let _ = (socket, to);
    }

    /// Whether [`request`](Self::request) and [`response`](Self::response) are to be called. Asked once, before anything
    /// else. False spares each connection the making of what they are given, which has no secrets in it any more.
    fn wants_heads(&self) -> bool {
        true
    }

    /// Whether [`message_in`](Self::message_in) and [`message_out`](Self::message_out) are to be called. Asked once, before
    /// anything else. False spares taking apart the frames that script's thread makes of what is sent.
    fn wants_messages(&self) -> bool {
        true
    }

    /// The opening handshake is about to be sent to the server, through the proxy if there is one.
    fn request(&self, socket: SocketId, request: &RequestHead) {
        let _ = (socket, request);
    }

    /// The server has answered it, whether or not the answer is accepted. Not called for what is no
    /// whole HTTP head; [`failed`](Self::failed) says what it is instead.
    fn response(&self, socket: SocketId, response: &ResponseHead) {
        let _ = (socket, response);
    }

    /// The WebSocket is open, with this subprotocol and these extensions; each empty for none.
    fn open(&self, socket: SocketId, protocol: &str, extensions: &str) {
        let _ = (socket, protocol, extensions);
    }

    /// A whole message, inflated if it was compressed, is on its way to script. Messages that come
    /// after script has closed are dropped, and not told.
    fn message_in(&self, socket: SocketId, message: MessageView<'_>) {
        let _ = (socket, message);
    }

    /// A message of script's stands in the socket's queue, before it is compressed and written.
    fn message_out(&self, socket: SocketId, message: MessageView<'_>) {
        let _ = (socket, message);
    }

    /// The server has sent a Ping with so many bytes; it is answered.
    fn ping_in(&self, socket: SocketId, payload: usize) {
        let _ = (socket, payload);
    }

    /// A Ping of the [`Heartbeat`](super::Heartbeat) is queued.
    fn ping_out(&self, socket: SocketId) {
        let _ = socket;
    }

    /// The Pong to it has come, this long after the Ping was written.
    fn pong(&self, socket: SocketId, round_trip: Duration) {
        let _ = (socket, round_trip);
    }

    /// The connection could not be made, or has ended uncleanly: when, [by phase](Error::phase), and
    /// [why](Error::kind). [`closed`](Self::closed) follows.
    fn failed(&self, socket: SocketId, error: &Error) {
        let _ = (socket, error);
    }

    /// The socket is over; nothing more is told of it. `code` and `reason` are those of the peer's
    /// Close frame: 1005 for one without a code, 1006 for none.
    fn closed(&self, socket: SocketId, code: u16, reason: &str, was_clean: bool) {
        let _ = (socket, code, reason, was_clean);
    }
}

/// For an observer that somebody else reads.
impl<T: Observer + ?Sized> Observer for Arc<T> {
    fn connecting(&self, socket: SocketId, to: Destination<'_>) {
        (**self).connecting(socket, to);
    }

    fn wants_heads(&self) -> bool {
        (**self).wants_heads()
    }

    fn wants_messages(&self) -> bool {
        (**self).wants_messages()
    }

    fn request(&self, socket: SocketId, request: &RequestHead) {
        (**self).request(socket, request);
    }

    fn response(&self, socket: SocketId, response: &ResponseHead) {
        (**self).response(socket, response);
    }

    fn open(&self, socket: SocketId, protocol: &str, extensions: &str) {
        (**self).open(socket, protocol, extensions);
    }

    fn message_in(&self, socket: SocketId, message: MessageView<'_>) {
        (**self).message_in(socket, message);
    }

    fn message_out(&self, socket: SocketId, message: MessageView<'_>) {
        (**self).message_out(socket, message);
    }

    fn ping_in(&self, socket: SocketId, payload: usize) {
        (**self).ping_in(socket, payload);
    }

    fn ping_out(&self, socket: SocketId) {
        (**self).ping_out(socket);
    }

    fn pong(&self, socket: SocketId, round_trip: Duration) {
        (**self).pong(socket, round_trip);
    }

    fn failed(&self, socket: SocketId, error: &Error) {
        (**self).failed(socket, error);
    }

    fn closed(&self, socket: SocketId, code: u16, reason: &str, was_clean: bool) {
        (**self).closed(socket, code, reason, was_clean);
    }
}

/// Where a socket is to lead. Neither user info nor query are here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination<'a> {
    /// The host; an IPv6 address stands in brackets.
    pub host: &'a str,
    /// The port, also where the URL leaves it out.
    pub port: u16,
    /// Whether it is `wss:`.
    pub secure: bool,
    /// The path, without the query.
    pub path: &'a str,
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl<'a> Destination<'a> {
    pub(crate) fn of(url: &'a url::Url) -> Self {
        Self {
            host: url.host_str().unwrap_or_default(),
            port: url.port_or_known_default().unwrap_or_default(),
            secure: url.scheme() == "wss",
            path: url.path(),
        }
    }
}

/// The request of an opening handshake as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestHead {
    /// The path that is asked for; a query is shown as `?[redacted]`.
    pub path: String,
    /// Names and values in the order sent. A value that may be a secret is `[redacted]`, and bytes
    /// that are not printable ASCII are escaped.
    pub headers: Vec<(String, String)>,
}

/// The response to an opening handshake as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseHead {
    /// The status code; 101 if it was accepted, and perhaps then.
    pub status: u16,
    /// The text behind it; may be empty.
    pub reason: String,
    /// Names and values, as those of a [`RequestHead`]. Equal names stand together.
    pub headers: Vec<(String, String)>,
}

impl RequestHead {
    /// Reads what [`Handshake`](super::handshake::Handshake) has written.
    pub(crate) fn new(request: &[u8]) -> Self {
        let mut lines = request.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
        let line = lines.next().unwrap_or_default();
        let resource = line.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        let end = resource.iter().position(|&byte| byte == b'?');
        let (path, query) = resource.split_at(end.unwrap_or(resource.len()));
        let hidden = if query.is_empty() { "" } else { "?[redacted]" };
        let header = |line: &[u8]| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            let parsed = HeaderName::from_bytes(name).ok()?;
            let value = HeaderValue::from_bytes(value).ok()?;
            // In the spelling it has on the line.
            let name = String::from_utf8_lossy(name).into_owned();
            Some((name, Shown(&parsed, &value).to_string()))
        };
        Self {
            path: format!("{}{hidden}", path.escape_ascii()),
            headers: lines.filter_map(header).collect(),
        }
    }
}

impl ResponseHead {
    pub(crate) fn new(answer: &Answer) -> Self {
        let shown = |(name, value): (&HeaderName, &HeaderValue)| {
            (name.to_string(), Shown(name, value).to_string())
        };
        Self {
            status: answer.status,
            reason: answer.reason.escape_default().to_string(),
            headers: answer.headers.iter().map(shown).collect(),
        }
    }
}

/// What is told from another thread, for the network's own to pass on.
#[derive(Debug)]
pub(crate) enum Head {
    Request(RequestHead),
    Response(ResponseHead),
}

/// A message, borrowed for the time of the call.
#[derive(Debug, Clone, Copy)]
pub struct MessageView<'a> {
    text: bool,
    payload: &'a [u8],
}

impl<'a> MessageView<'a> {
    pub(crate) fn of_text(text: &'a str) -> Self {
        Self {
            text: true,
            payload: text.as_bytes(),
        }
    }

    pub(crate) fn of_binary(payload: &'a [u8]) -> Self {
        Self {
            text: false,
            payload,
        }
    }

    pub(crate) fn of_outgoing(message: &'a Outgoing) -> Self {
        Self {
            text: matches!(message, Outgoing::Text(_)),
            payload: match message {
                Outgoing::Text(bytes) | Outgoing::Binary(bytes) => bytes,
            },
        }
    }

    /// Whether it is a text message, and not a binary one.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.text
    }

    /// The bytes; of a text, its UTF-8.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The text of a text message; `None` for a binary one. Looks through the bytes once.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let text = self.text.then_some(self.payload)?;
        std::str::from_utf8(text).ok()
    }
}

/// The observer, and whether it may still be called.
pub(crate) struct Watch {
    observer: Arc<dyn Observer>,
    wants_heads: bool,
    wants_messages: bool,
    silenced: AtomicBool,
}

impl Watch {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Arc<Self> {
        let mut watch = Self {
            observer,
            wants_heads: false,
            wants_messages: false,
            silenced: AtomicBool::new(false),
        };
        let mut wants = (false, false);
        watch.tell(|observer| wants = (observer.wants_heads(), observer.wants_messages()));
        (watch.wants_heads, watch.wants_messages) = wants;
        Arc::new(watch)
    }

    /// Whether heads are to be made for it.
    pub(crate) fn wants_heads(&self) -> bool {
        self.wants_heads
    }

    /// Whether it is to be told of messages.
    pub(crate) fn wants_messages(&self) -> bool {
        self.wants_messages
    }

    /// Tells the observer something, unless it has panicked before.
    pub(crate) fn tell(&self, what: impl FnOnce(&dyn Observer)) {
        if self.silenced.load(Relaxed) {
            return;
        }
        if catch_unwind(AssertUnwindSafe(|| what(&*self.observer))).is_err() {
            self.silenced.store(true, Relaxed);
            tracing::error!(
                target: "boa_websocket::net",
                "the observer panicked and is not called again"
            );
        }
    }

    pub(crate) fn tell_head(&self, socket: SocketId, head: &Head) {
        self.tell(|observer| match head {
            Head::Request(request) => observer.request(socket, request),
            Head::Response(response) => observer.response(socket, response),
        });
    }

    /// Tells of the end of a socket.
    pub(crate) fn tell_end(
        &self,
        socket: SocketId,
        (code, reason, was_clean): (u16, &str, bool),
        error: Option<&Error>,
    ) {
        self.tell(|observer| {
            if let Some(error) = error {
                observer.failed(socket, error);
            }
            observer.closed(socket, code, reason, was_clean);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn a_request_is_shown_without_its_secrets() {
        let head = RequestHead::new(
            b"GET /chat/a?token=s3cret HTTP/1.1\r\nHost: h:1\r\nCookie: a=s3cret\r\n\
              Sec-WebSocket-Key: s3cret\r\nX-A: b: c\xff\r\nAuthorization: Basic s3cret\r\n\r\n",
        );
        assert_eq!(head.path, "/chat/a?[redacted]");
        let shown: Vec<_> = head
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            shown,
            [
                "Host=h:1",
                "Cookie=[redacted]",
                "Sec-WebSocket-Key=[redacted]",
                "X-A=b: c\\xff",
                "Authorization=[redacted]"
            ]
        );
        assert_eq!(RequestHead::new(b"GET / HTTP/1.1\r\n\r\n").path, "/");
        assert_eq!(RequestHead::new(b"").headers, []);
    }

    #[derive(Debug, Default)]
    struct Panics(AtomicUsize);

    impl Observer for Panics {
        fn ping_out(&self, _: SocketId) {
            self.0.fetch_add(1, Relaxed);
            panic!("on purpose");
        }
    }

    #[test]
    fn an_observer_that_panics_is_not_called_again() {
        let observer = Arc::new(Panics::default());
        let watch = Watch::new(observer.clone());
        for _ in 0..3 {
            watch.tell(|observer| observer.ping_out(SocketId::next()));
        }
        assert_eq!(observer.0.load(Relaxed), 1);
    }

    #[test]
    fn a_view_knows_its_kind() {
        let text = MessageView::of_text("ä");
        assert_eq!((text.text(), text.payload().len()), (Some("ä"), 2));
        assert_eq!(MessageView::of_binary(b"a").text(), None);
    }
}
