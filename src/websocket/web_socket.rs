//! `WebSocket`. <https://websockets.spec.whatwg.org/#the-websocket-interface>
//!
//! ```idl
//! enum BinaryType { "blob", "arraybuffer" };
//!
//! [Exposed=*]
//! interface WebSocket : EventTarget {
//!   // The dictionary is not the standard's: see `init`.
//!   constructor(USVString url, optional (DOMString or sequence<DOMString> or WebSocketInit) protocols = {});
//!   readonly attribute USVString url;
//!
//!   // ready state
//!   const unsigned short CONNECTING = 0;
//!   const unsigned short OPEN = 1;
//!   const unsigned short CLOSING = 2;
//!   const unsigned short CLOSED = 3;
//!   readonly attribute unsigned short readyState;
//!   readonly attribute unsigned long long bufferedAmount;
//!
//!   // networking
//!   attribute EventHandler onopen;
//!   attribute EventHandler onerror;
//!   attribute EventHandler onclose;
//!   readonly attribute DOMString extensions;
//!   readonly attribute DOMString protocol;
//!   undefined close(optional [Clamp] unsigned short code, optional USVString reason);
//!
//!   // messaging
//!   attribute EventHandler onmessage;
//!   attribute BinaryType binaryType;
//!   undefined send((BufferSource or Blob or USVString) data);
//! };
//! ```

use std::{borrow::Cow, rc::Rc};

use boa_engine::{Context, JsArgs, JsObject, JsResult, JsString, JsValue, js_string};
use boa_gc::Gc;
use tungstenite::Bytes;

use super::{
    Settings,
    arguments::{
        MAX_REASON, check_protocols, get_a_url_record, is_allowed_close_code, reason_argument,
    },
    init::{WebSocketInit, check_headers},
    sockets::Sockets,
    state::{BinaryType, ReadyState, SocketState},
};
use crate::{
    dom::{
        EVENT_TARGET, ListenersChange, TargetCore, construct_event_target, target_core, target_of,
    },
    event_handler_attribute,
    file::blob_bytes,
    net::{Command, ConnectRequest, MessageView, Outgoing, SocketId},
    webidl::{
        Interface, Member, ascii, byte_range, dom_string, illegal_invocation,
        prototype_from_new_target, required_arguments, scalar_value_string, throw_dom_exception,
        type_error, unsigned_short_clamp, usv_string,
    },
};

/// The interface `WebSocket`.
pub static WEB_SOCKET: Interface = Interface {
    name: "WebSocket",
    parent: Some(&EVENT_TARGET),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("url", url),
        constant("CONNECTING", ReadyState::Connecting),
        constant("OPEN", ReadyState::Open),
        constant("CLOSING", ReadyState::Closing),
        constant("CLOSED", ReadyState::Closed),
        Member::readonly("readyState", ready_state),
        Member::readonly("bufferedAmount", buffered_amount),
        event_handler_attribute!("onopen", "open", SocketState),
        event_handler_attribute!("onerror", "error", SocketState),
        event_handler_attribute!("onclose", "close", SocketState),
        Member::readonly("extensions", extensions),
        Member::readonly("protocol", protocol),
        Member::Operation {
            name: "close",
            length: 0,
            call: close,
        },
        event_handler_attribute!("onmessage", "message", SocketState),
        Member::Attribute {
            name: "binaryType",
            get: binary_type,
            set: Some(set_binary_type),
        },
        Member::Operation {
            name: "send",
            length: 1,
            call: send,
        },
    ],
};

const fn constant(name: &'static str, state: ReadyState) -> Member {
    Member::Constant {
        name,
        value: state as i32,
    }
}

/// <https://websockets.spec.whatwg.org/#dom-websocket-websocket>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let url = usv_string(args.get_or_undefined(0), context)?;
    let init = WebSocketInit::from_argument(args.get_or_undefined(1), context)?;
    let settings = Settings::of(context.realm());
    // 1.–2. The URL record, against the relevant settings object's API base URL.
    let record = get_a_url_record(&url, settings.base_url.as_ref());
    // 3.–4. The subprotocols.
    let request = record.and_then(|url| {
        let mut request = ConnectRequest::new(url);
        request.protocols = check_protocols(&init.protocols)?;
        request.origin = settings.origin;
        Ok(request)
    });
    let request = match request {
        Ok(request) => request,
        Err(message) => {
            // The object is created before these steps; the getter of `prototype` may throw first.
            prototype_from_new_target(new_target, &WEB_SOCKET, context)?;
            return Err(throw_dom_exception("SyntaxError", &message, context));
        }
    };
    // Not the standard's: the headers.
    match check_headers(&init.headers) {
        Ok(headers) => {
            let request = ConnectRequest { headers, ..request };
            Ok(connect(request, new_target, context)?.into())
        }
        Err(message) => {
            prototype_from_new_target(new_target, &WEB_SOCKET, context)?;
            Err(type_error(message))
        }
    }
}

/// Steps 5 to 7 of the constructor.
pub(super) fn connect(
    request: ConnectRequest,
    new_target: &JsValue,
    context: &mut Context,
) -> JsResult<JsObject> {
    // 5. Set this's url.
    let sockets = Sockets::of(context)?;
    let id = sockets.next_id();
    let state = SocketState::new(
        id,
        request.url.clone(),
        std::rc::Rc::downgrade(&sockets),
        sockets.lost(),
    );
    let object = construct_event_target(&WEB_SOCKET, new_target, state, context)?;
    if let Some(core) = target_of(&object, context) {
        core.on_listeners_changed(listeners_changed);
        if let Some(state) = core.extension::<SocketState>() {
            state.set_wrapper(object.clone());
        }
        sockets.enter(id, &core, object.clone());
    }
    // 6.–7. In parallel: establish a WebSocket connection.
    let request = Box::new(request);
    sockets.command(Command::Connect { id, request }, context);
    Ok(object)
}

/// Whether somebody listens decides whether the collector may take the socket, and whether a foreign executor has a job
/// that brings its events.
fn listeners_changed(core: &TargetCore, change: ListenersChange<'_>) {
    if let Some(state) = core.extension::<SocketState>()
        && state.ready_state.get() != ReadyState::Closed
        && let Some(sockets) = state.sockets.upgrade()
    {
        sockets.changed(core, state);
        if let ListenersChange::Added(context) = change {
            sockets.look_for_events(context);
        }
    }
}

/// The brand check: the core of a target whose extension is a [`SocketState`].
fn this_socket(this: &JsValue, context: &mut Context) -> JsResult<Gc<TargetCore>> {
    target_core(this, context)
        .ok()
        .filter(|core| core.extension::<SocketState>().is_some())
        .ok_or_else(|| illegal_invocation(WEB_SOCKET.name))
}

fn with_state<R>(
    this: &JsValue,
    context: &mut Context,
    read: impl FnOnce(&SocketState) -> R,
) -> JsResult<R> {
    crate::dom::event_target_extension(this, &WEB_SOCKET, context, read)
}

fn url(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_state(this, context, |state| {
        JsString::from(state.url.as_str()).into()
    })
}

fn ready_state(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (state, sockets) = with_state(this, context, |state| {
        (state.ready_state.get(), state.sockets.upgrade())
    })?;
    // A script that polls the state without listening is shown the changes under every executor.
    if state != ReadyState::Closed
        && let Some(sockets) = sockets
    {
        sockets.look_for_events(context);
    }
    Ok((state as i32).into())
}

fn buffered_amount(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_state(this, context, |state| state.buffered_amount.get().into())
}

fn extensions(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_state(this, context, |state| {
        state.extensions.borrow().clone().into()
    })
}

fn protocol(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_state(this, context, |state| {
        state.protocol.borrow().clone().into()
    })
}

fn binary_type(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    with_state(this, context, |state| match state.binary_type.get() {
        BinaryType::Blob => js_string!("blob").into(),
        BinaryType::ArrayBuffer => js_string!("arraybuffer").into(),
    })
}

/// A value that is not of the enumeration is ignored, as for every attribute of such a type.
fn set_binary_type(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let core = this_socket(this, context)?;
    let value = args.get_or_undefined(0).to_string(context)?;
    let type_ = if value == js_string!("blob") {
        BinaryType::Blob
    } else if value == js_string!("arraybuffer") {
        BinaryType::ArrayBuffer
    } else {
        return Ok(JsValue::undefined());
    };
    if let Some(state) = core.extension::<SocketState>() {
        state.binary_type.set(type_);
    }
    Ok(JsValue::undefined())
}

/// <https://websockets.spec.whatwg.org/#dom-websocket-close>
fn close(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let core = this_socket(this, context)?;
    let code = match args.get_or_undefined(0) {
        code if code.is_undefined() => None,
        code => Some(unsigned_short_clamp(code, context)?),
    };
    let reason = reason_argument(args.get_or_undefined(1), context)?;
    close_the_socket(&core, code, reason.unwrap_or_default(), context)?;
    Ok(JsValue::undefined())
}

/// The steps of `close()` once its arguments are converted.
pub(super) fn close_the_socket(
    core: &Gc<TargetCore>,
    code: Option<u16>,
    reason: String,
    context: &mut Context,
) -> JsResult<()> {
    // 1. A code that is neither 1000 nor 3000 to 4999: InvalidAccessError.
    if let Some(code) = code.filter(|&code| !is_allowed_close_code(code)) {
        let message =
            format!("The close code must be 1000, or between 3000 and 4999; {code} is neither");
        return Err(throw_dom_exception("InvalidAccessError", &message, context));
    }
    // 2. A reason of more than 123 bytes: SyntaxError.
    if reason.len() > MAX_REASON {
        let length = reason.len();
        let message = format!(
            "The close reason must not be longer than {MAX_REASON} bytes of UTF-8; it has {length}"
        );
        return Err(throw_dom_exception("SyntaxError", &message, context));
    }
    begin_to_close(core, code, reason, context);
    Ok(())
}

/// Step 3 of `close()`, with a code that may be sent and a reason that is short enough.
pub(super) fn begin_to_close(
    core: &Gc<TargetCore>,
    code: Option<u16>,
    reason: String,
    context: &mut Context,
) {
    let Some(state) = core.extension::<SocketState>() else {
        return;
    };
    // 3. By ready state: CLOSING and CLOSED do nothing. CONNECTING fails the connection; the
    // network's part does so on the same command. OPEN starts the closing handshake.
    let ready_state = state.ready_state.get();
    if ready_state >= ReadyState::Closing {
        return;
    }
    state.ready_state.set(ReadyState::Closing);
    state.failed.set(ready_state == ReadyState::Connecting);
    state.close_unsent.set(true);
    // A reason alone goes with 1000: the frame has no place for it otherwise.
    let code = code.or((!reason.is_empty()).then_some(1000));
    let id = state.id;
    if let Some(sockets) = state.sockets.upgrade() {
        sockets.changed(core, state);
        sockets.command(Command::Close { id, code, reason }, context);
    }
}

/// <https://websockets.spec.whatwg.org/#dom-websocket-send>
fn send(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let core = this_socket(this, context)?;
    required_arguments(args, 1, WEB_SOCKET.name, "send")?;
    // The argument `(BufferSource or Blob or USVString) data`.
    let value = args.get_or_undefined(0);
    let object = value.as_object();
    if let Some(range) = object.as_ref().and_then(|data| byte_range(data, context)) {
        let range = range?;
        if let Some((sockets, id)) = begin_to_send(&core, range.len(), context)? {
            range.read(|bytes| sockets.send(id, MessageView::of_binary(bytes), context));
        }
        return Ok(JsValue::undefined());
    }
    if let Some(blob) = object.as_ref().and_then(blob_bytes) {
        let message = Outgoing::Binary(Bytes::from_owner(blob));
        return send_a_message(&core, message, context).map(JsValue::from);
    }
    let string = dom_string(value, context)?;
    let text = match ascii(&string) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(scalar_value_string(&string)),
    };
    if let Some((sockets, id)) = begin_to_send(&core, text.len(), context)? {
        sockets.send(id, MessageView::of_text(&text), context);
    }
    Ok(JsValue::undefined())
}

/// `send()` with a message of its own.
pub(super) fn send_a_message(
    core: &Gc<TargetCore>,
    message: Outgoing,
    context: &mut Context,
) -> JsResult<()> {
    if let Some((sockets, id)) = begin_to_send(core, message.len(), context)? {
        sockets.command(Command::Send { id, message }, context);
    }
    Ok(())
}

/// The steps of `send()` once its argument is converted, but for the sending itself: to whom, if to anybody.
fn begin_to_send(
    core: &Gc<TargetCore>,
    length: usize,
    context: &mut Context,
) -> JsResult<Option<(Rc<Sockets>, SocketId)>> {
    let Some(state) = core.extension::<SocketState>() else {
        return Ok(None);
    };
    // 1. CONNECTING: InvalidStateError.
    if state.ready_state.get() == ReadyState::Connecting {
        let message = "The WebSocket is still CONNECTING";
        return Err(throw_dom_exception("InvalidStateError", message, context));
    }
    // 2. By type of data. In every other state the bytes count; only in OPEN they are sent.
    let bytes = length as u64;
    let amount = state.buffered_amount.get().saturating_add(bytes);
    state.buffered_amount.set(amount);
    if state.ready_state.get() != ReadyState::Open {
        return Ok(None);
    }
    let Some(sockets) = state.sockets.upgrade() else {
        return Ok(None);
    };
    state.counters.count_out(bytes);
    let unsent = state.unsent.get();
    state.unsent.set(unsent.saturating_add(bytes));
    if unsent == 0 {
        sockets.changed(core, state);
    }
    Ok(Some((sockets, state.id)))
}
