//! A `WebSocket` as Rust code uses it.

use boa_engine::{Context, Finalize, JsObject, JsResult, JsString, JsValue, Trace};
use boa_gc::Gc;
use tungstenite::Bytes;

use super::{
    Settings, WEB_SOCKET,
    arguments::{check_protocols, get_a_url_record},
    control::{SocketInfo, WebSockets, core_of, info},
    init::check_headers,
    sockets::Sockets,
    state::SocketState,
    web_socket::{close_the_socket, connect, send_a_message},
};
use crate::{
    dom::{Event, TargetCore},
    net::{ConnectRequest, Outgoing, SocketId},
    webidl::{constructor_of, throw_dom_exception, type_error},
};

/// The object of a `WebSocket`, made by Rust code or by script.
///
/// It is a handle of the collector: as long as Rust keeps it outside of what the collector traces, the object lives. One
/// that is [made here](Self::connect) and then dropped goes on as one that script has made: while it connects, while
/// somebody listens, while it has something to send.
///
/// ```
/// use boa_engine::{Context, Source, js_string, property::Attribute};
/// use boa_websocket::{EventLoop, WebSocket, WebSocketExtension, dom::add_listener, websocket::MessageEventView};
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
/// let socket = WebSocket::connect(&url, &[], &[("X-Game", "chess")], &mut context)?;
/// // Script has it, too.
/// context.register_global_property(js_string!("feed"), socket.clone(), Attribute::all())?;
/// context.eval(Source::from_bytes("feed.onopen = () => feed.send('e2 e4')"))?;
/// add_listener(socket.object(), "message", |event, context| {
///     let text = MessageEventView::try_from(event)?.text(context)?;
///     assert_eq!(text.as_deref(), Some("e2 e4"));
///     // Not a captured one: the collector does not look into closures.
///     WebSocket::target_of(event)?.close(Some(4000), "mate", context)
/// }, &mut context)?;
/// event_loop.run(&mut context)?;
/// let after = socket.info(&context)?;
/// assert_eq!((after.messages_in, after.messages_out), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Trace, Finalize)]
#[boa_gc(unsafe_no_drop)]
pub struct WebSocket(JsObject);

impl WebSocket {
    /// As `new WebSocket(url, { protocols, headers })` in the context's current realm: its base URL and origin hold.
    ///
    /// # Errors
    ///
    /// What script would get: a `SyntaxError` DOMException for a URL or subprotocols that cannot be used, a TypeError for
    /// such headers, and where [`WebSocketExtension`](crate::WebSocketExtension) is not registered in the realm. That the
    /// connection fails is an event.
    pub fn connect(
        url: &str,
        protocols: &[&str],
        headers: &[(&str, &str)],
        context: &mut Context,
    ) -> JsResult<Self> {
        let Some(new_target) = constructor_of(&WEB_SOCKET, context.realm()) else {
            return Err(type_error("WebSocket is not registered in this realm"));
        };
        let settings = Settings::of(context.realm());
        let protocols: Vec<JsString> = protocols.iter().map(|&name| name.into()).collect();
        let request = get_a_url_record(url, settings.base_url.as_ref()).and_then(|url| {
            let mut request = ConnectRequest::new(url);
            request.protocols = check_protocols(&protocols)?;
            request.origin = settings.origin;
            Ok(request)
        });
        let mut request = match request {
            Ok(request) => request,
            Err(message) => return Err(throw_dom_exception("SyntaxError", &message, context)),
        };
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        request.headers = check_headers(&headers).map_err(type_error)?;
        connect(request, &new_target.into(), context).map(Self)
    }

    /// The socket that an event was fired at: so that a listener need not own it, which the collector would never see
    /// through.
    ///
    /// # Errors
    ///
    /// A TypeError if the event has no such target.
    pub fn target_of(event: &JsObject) -> JsResult<Self> {
        let target = Event::of(event).and_then(|event| event.target());
        target.map_or_else(|| Err(not_a_socket()), Self::try_from)
    }

    /// The object, for script.
    #[must_use]
    pub fn object(&self) -> &JsObject {
        &self.0
    }

    /// Its name among [`WebSockets`].
    ///
    /// # Errors
    ///
    /// None that is known: only a `WebSocket` object gets here.
    pub fn id(&self) -> JsResult<SocketId> {
        WebSockets::id_of(&self.0).ok_or_else(not_a_socket)
    }

    /// What is known of it now; also after the end, with [why it was](SocketInfo::last_error).
    ///
    /// # Errors
    ///
    /// A TypeError if the object belongs to another context.
    pub fn info(&self, context: &Context) -> JsResult<SocketInfo> {
        let sockets = Sockets::of(context)?;
        info(&*self.core()?, &sockets).ok_or_else(not_a_socket)
    }

    /// As `send()` with a string.
    ///
    /// # Errors
    ///
    /// An `InvalidStateError` DOMException while it is CONNECTING.
    pub fn send_text(&self, text: impl Into<String>, context: &mut Context) -> JsResult<()> {
        let message = Outgoing::Text(Bytes::from(text.into()));
        send_a_message(&self.core()?, message, context)
    }

    /// As `send()` with a buffer.
    ///
    /// # Errors
    ///
    /// An `InvalidStateError` DOMException while it is CONNECTING.
    pub fn send_binary(&self, bytes: impl Into<Bytes>, context: &mut Context) -> JsResult<()> {
        let message = Outgoing::Binary(bytes.into());
        send_a_message(&self.core()?, message, context)
    }

    /// As `close()`. [`WebSockets::close`] takes other codes too.
    ///
    /// # Errors
    ///
    /// As with script: an `InvalidAccessError` for a code that is neither 1000 nor 3000 to 4999, a `SyntaxError` for a reason
    /// of more than 123 bytes.
    pub fn close(&self, code: Option<u16>, reason: &str, context: &mut Context) -> JsResult<()> {
        close_the_socket(&self.core()?, code, reason.to_owned(), context)
    }

    /// As [`WebSockets::abort`]. False if it is over already.
    pub fn abort(&self, context: &mut Context) -> bool {
        let id = WebSockets::id_of(&self.0);
        let all = WebSockets::of(context);
        all.zip(id).is_some_and(|(all, id)| all.abort(id, context))
    }

    /// As [`WebSockets::set_ref`]. False if it is over already.
    pub fn set_ref(&self, referenced: bool, context: &mut Context) -> bool {
        let id = WebSockets::id_of(&self.0);
        let all = WebSockets::of(context);
        all.zip(id)
            .is_some_and(|(all, id)| all.set_ref(id, referenced, context))
    }

    fn core(&self) -> JsResult<Gc<TargetCore>> {
        core_of(&self.0).ok_or_else(not_a_socket)
    }
}

fn not_a_socket() -> boa_engine::JsError {
    type_error("the object is not a WebSocket")
}

impl TryFrom<JsObject> for WebSocket {
    type Error = boa_engine::JsError;

    /// A TypeError if the object is no `WebSocket`. One of a class of script's that extends it is one.
    fn try_from(object: JsObject) -> JsResult<Self> {
        let is_socket =
            core_of(&object).is_some_and(|core| core.extension::<SocketState>().is_some());
        match is_socket {
            true => Ok(Self(object)),
            false => Err(not_a_socket()),
        }
    }
}

impl From<WebSocket> for JsObject {
    fn from(socket: WebSocket) -> Self {
        socket.0
    }
}

impl From<WebSocket> for JsValue {
    fn from(socket: WebSocket) -> Self {
        socket.0.into()
    }
}
