//! Feedback from the protocol: the tasks in which a socket's state changes and its events fire.
//! <https://websockets.spec.whatwg.org/#feedback-from-the-protocol>

use std::rc::Rc;

use boa_engine::{
    Context, JsResult, JsString, JsValue, js_string, object::builtins::JsArrayBuffer, string::JsStr,
};
use boa_gc::Gc;

use super::{
    sockets::Sockets,
    state::{BinaryType, ReadyState, SocketState},
};
use crate::{
    dom::{Event, Occurrence, TargetCore, dispatch, dispatch_to, fire_an_event, in_relevant_realm},
    event_loop::report_exception,
    file::{BlobBytes, new_blob},
    html::{CloseEventData, MessageData, create_close_event, create_message_event_at},
    net::{EventBatch, Incoming, SocketEvent},
    protocol::{Binary, NO_CLOSE_FRAME},
};

/// Runs the task of one event. Nothing happens for a socket that is CLOSED or was collected.
pub(super) fn run(
    event: SocketEvent,
    batch: &EventBatch,
    arrival: &Occurrence,
    sockets: &Rc<Sockets>,
    context: &mut Context,
) {
    let Some(core) = sockets.get(event.id()) else {
        return;
    };
    let Some(state) = core.extension::<SocketState>() else {
        return;
    };
    in_relevant_realm(&core, context, |context| {
        // Listeners' exceptions were reported where they came up. This is what no script can catch.
        if let Err(error) = run_task(event, &core, state, batch, arrival, sockets, context) {
            report_exception(error, context);
        }
    });
}

/// The task itself, in the socket's relevant realm.
fn run_task(
    event: SocketEvent,
    core: &Gc<TargetCore>,
    state: &SocketState,
    batch: &EventBatch,
    arrival: &Occurrence,
    sockets: &Sockets,
    context: &mut Context,
) -> JsResult<()> {
    match event {
        SocketEvent::Opened {
            protocol,
            extensions,
            ..
        } => connection_established(core, state, &protocol, &extensions, sockets, context),
        SocketEvent::Message { message, .. } => {
            message_received(core, state, message, batch, arrival, sockets, context)
        }
        SocketEvent::Sent { bytes, .. } => {
            sent(core, state, bytes, sockets);
            Ok(())
        }
        SocketEvent::CloseSent { .. } => {
            state.close_unsent.set(false);
            sockets.changed(core, state);
            Ok(())
        }
        SocketEvent::ClosingHandshakeStarted { .. } => {
            closing_handshake_started(core, state, sockets);
            Ok(())
        }
        SocketEvent::Closed {
            code,
            reason,
            was_clean,
            error,
            ..
        } => {
            // Not for script.
            state.last_error.replace(error.map(Box::new));
            let data = match state.failed.get() {
                true => CloseEventData {
                    was_clean: false,
                    code: NO_CLOSE_FRAME,
                    reason: JsString::default(),
                },
                false => CloseEventData {
                    was_clean,
                    code,
                    reason: JsString::from(reason),
                },
            };
            connection_closed(state, data, sockets, context)
        }
    }
}

/// When the WebSocket connection is established.
fn connection_established(
    core: &TargetCore,
    state: &SocketState,
    protocol: &str,
    extensions: &str,
    sockets: &Sockets,
    context: &mut Context,
) -> JsResult<()> {
    // `close()` was called meanwhile: no `open` any more.
    if state.ready_state.get() != ReadyState::Connecting {
        return Ok(());
    }
    // 1. Change the ready state to OPEN.
    state.ready_state.set(ReadyState::Open);
    sockets.changed(core, state);
    // 2. extensions, if there are any. 3. protocol, likewise.
    *state.extensions.borrow_mut() = JsString::from(extensions);
    *state.protocol.borrow_mut() = JsString::from(protocol);
    // 4. Fire an event named open.
    fire("open", state, context)
}

/// When a WebSocket message has been received.
fn message_received(
    core: &Gc<TargetCore>,
    state: &SocketState,
    message: Incoming,
    batch: &EventBatch,
    arrival: &Occurrence,
    sockets: &Sockets,
    context: &mut Context,
) -> JsResult<()> {
    // 1. If ready state is not OPEN, return.
    if state.ready_state.get() != ReadyState::Open {
        return Ok(());
    }
    state.counters.count_in(message.len());
    // An event that nobody listens to is not worth making: nothing could tell.
    if !core.has_listeners(&js_string!("message")) {
        return Ok(());
    }
    let Some(target) = state.wrapper() else {
        return Ok(());
    };
    // 2. The data, by type and binary type.
    let (type_, origin) = (js_string!("message"), state.origin.clone());
    let time_stamp = arrival.time_stamp(context);
    let event = match message {
        Incoming::Text(range) => {
            let text = text_to_js_string(batch.text(&range));
            create_message_event_at(time_stamp, type_, JsValue::from(text), origin, context)?
        }
        Incoming::Binary(bytes) => {
            sockets.external_memory.charge(bytes.len());
            let binary_type = state.binary_type.get();
            let make = move |context: &mut Context| binary_to_js_value(bytes, binary_type, context);
            let data = MessageData::Deferred(Box::new(make));
            create_message_event_at(time_stamp, type_, data, origin, context)?
        }
    };
    // 3. Fire an event named message.
    if let Some(event_core) = Event::of(&event) {
        dispatch_to(&event, &event_core, &target, core, context)?;
    }
    Ok(())
}

/// The fast way for ASCII, which is Latin-1 as it is.
fn text_to_js_string((text, is_ascii): (&str, bool)) -> JsString {
    if is_ascii {
        JsString::from(JsStr::latin1(text.as_bytes()))
    } else {
        JsString::from(text)
    }
}

fn binary_to_js_value(
    bytes: Binary,
    binary_type: BinaryType,
    context: &mut Context,
) -> JsResult<JsValue> {
    Ok(match binary_type {
        BinaryType::Blob => new_blob(BlobBytes::from_owner(bytes), "", context)?.into(),
        BinaryType::ArrayBuffer => JsArrayBuffer::from_byte_block(bytes, context)?.into(),
    })
}

/// Bytes were handed to the operating system: `bufferedAmount` sinks, in this task and not when it happened.
fn sent(core: &TargetCore, state: &SocketState, bytes: u64, sockets: &Sockets) {
    let amount = state.buffered_amount.get();
    state.buffered_amount.set(amount.saturating_sub(bytes));
    let unsent = state.unsent.get().saturating_sub(bytes);
    state.unsent.set(unsent);
    if unsent == 0 {
        sockets.changed(core, state);
    }
}

/// When the WebSocket closing handshake is started by the peer.
fn closing_handshake_started(core: &TargetCore, state: &SocketState, sockets: &Sockets) {
    // 1. Change the ready state to CLOSING.
    if state.ready_state.get() < ReadyState::Closing {
        state.ready_state.set(ReadyState::Closing);
    }
    sockets.changed(core, state);
}

/// When the WebSocket connection is closed, possibly cleanly.
fn connection_closed(
    state: &SocketState,
    data: CloseEventData,
    sockets: &Sockets,
    context: &mut Context,
) -> JsResult<()> {
    // 1. Change the ready state to CLOSED.
    state.ready_state.set(ReadyState::Closed);
    sockets.remove(state.id);
    let Some(target) = state.wrapper() else {
        return Ok(());
    };
    // 2. If the connection had to be failed, fire an event named error. Whatever ends a connection
    // uncleanly is a failure: RFC 6455 section 7.2.1 says so of an underlying connection that is lost.
    if !data.was_clean {
        fire("error", state, context)?;
    }
    // 3. Fire an event named close.
    let event = create_close_event(data, context)?;
    dispatch(&event, &target, context)?;
    Ok(())
}

/// Fires a plain event at the socket.
fn fire(type_: &str, state: &SocketState, context: &mut Context) -> JsResult<()> {
    if let Some(target) = state.wrapper() {
        fire_an_event(type_, &target, context)?;
    }
    Ok(())
}
