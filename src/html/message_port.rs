//! MessagePort. <https://html.spec.whatwg.org/multipage/web-messaging.html#message-ports>
//!
//! ```webidl
//! interface mixin MessageEventTarget {
//!   attribute EventHandler onmessage;
//!   attribute EventHandler onmessageerror;
//! };
//! [Exposed=(Window,Worker,AudioWorklet), Transferable]
//! interface MessagePort : EventTarget {
//!   undefined postMessage(any message, sequence<object> transfer);
//!   undefined postMessage(any message, optional StructuredSerializeOptions options = {});
//!   undefined start();
//!   undefined close();
//!   // event handlers
//!   attribute EventHandler onclose;
//! };
//! MessagePort includes MessageEventTarget;
//! dictionary StructuredSerializeOptions { sequence<object> transfer = []; };
//! ```
//!
//! All ports are of one context and one thread. What is entangled is not the objects but their
//! [`PortEnd`]s, so that a transfer is a new object for the same end:
//!
//! ```text
//! MessagePort ── PortEnd ⇄ PortEnd ── MessagePort
//!            ⇠ owner                owner ⇢
//! ```
//!
//! All these references are the collector's: a port keeps the one it is entangled with, as the
//! standard asks, and a pair that script has lost goes together.

use std::{cell::Cell, collections::VecDeque, fmt};

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsValue, Trace, js_string,
};
use boa_gc::{Gc, GcRefCell};
use boa_runtime::store::JsValueStore;

use super::{
    posted_messages::{Delivery, fire_a_message_event, queue_a_task},
    structured_clone::{structured_serialize_with_transfer, transfer_argument},
};
use crate::{
    dom::{
        EVENT_TARGET, TargetObject, create_event_target, event_handler_get, event_handler_set,
        event_target_extension, fire_an_event, the_event_handler_processing_algorithm,
    },
    event_handler_attribute,
    webidl::{Interface, Member, required_arguments, throw_dom_exception},
};

/// The interface `MessagePort`.
pub static MESSAGE_PORT: Interface = Interface {
    name: "MessagePort",
    parent: Some(&EVENT_TARGET),
    constructor: None,
    members: &[
        Member::Operation {
            name: "postMessage",
            length: 1,
            call: post_message,
        },
        Member::Operation {
            name: "start",
            length: 0,
            call: start,
        },
        Member::Operation {
            name: "close",
            length: 0,
            call: close,
        },
        event_handler_attribute!("onclose", "close", MessagePort),
        Member::Attribute {
            name: "onmessage",
            get: |this, _, context| {
                event_handler_get::<MessagePort>(this, "onmessage", "message", context)
            },
            set: Some(set_onmessage),
        },
        event_handler_attribute!("onmessageerror", "messageerror", MessagePort),
    ],
};

/// The extension of a MessagePort.
#[derive(Trace, Finalize, JsData)]
pub(super) struct MessagePort {
    /// None once the port was transferred.
    end: GcRefCell<Option<Gc<PortEnd>>>,
    /// `[[Detached]]`: closed or transferred.
    #[unsafe_ignore_trace]
    detached: Cell<bool>,
}

/// One end of a channel.
#[derive(Default, Trace, Finalize)]
pub(super) struct PortEnd {
    entangled: GcRefCell<Option<Gc<PortEnd>>>,
    /// The port message queue.
    queue: GcRefCell<VecDeque<PortMessage>>,
    #[unsafe_ignore_trace]
    enabled: Cell<bool>,
    /// The MessagePort object; none while the end is on its way to another.
    owner: GcRefCell<Option<JsObject>>,
}

impl fmt::Debug for PortEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortEnd").finish_non_exhaustive()
    }
}

/// A message in a port message queue.
#[derive(Trace, Finalize)]
struct PortMessage {
    /// It owns no values of the engine.
    #[unsafe_ignore_trace]
    serialized: JsValueStore,
    ports: Vec<Gc<PortEnd>>,
}

fn with_port<R>(object: &JsObject, read: impl FnOnce(&MessagePort) -> R) -> Option<R> {
    let target = object.downcast_ref::<TargetObject>()?;
    target.core().extension::<MessagePort>().map(read)
}

/// Is the object a MessagePort?
pub(super) fn is_message_port(object: &JsObject) -> bool {
    with_port(object, |_| ()).is_some()
}

/// Is the object a MessagePort that was closed or transferred?
pub(super) fn is_detached(object: &JsObject) -> bool {
    with_port(object, |port| port.detached.get()).unwrap_or(false)
}

fn end_of(object: &JsObject) -> Option<Gc<PortEnd>> {
    with_port(object, |port| port.end.borrow().clone()).flatten()
}

/// A new port of the current realm, which is not entangled.
pub(super) fn create_message_port(context: &mut Context) -> JsResult<JsObject> {
    transfer_receiving(&Gc::new(PortEnd::default()), context)
}

/// Entangles two new ports. <https://html.spec.whatwg.org/multipage/web-messaging.html#entangle>
pub(super) fn entangle(port1: &JsObject, port2: &JsObject) {
    if let (Some(end1), Some(end2)) = (end_of(port1), end_of(port2)) {
        *end1.entangled.borrow_mut() = Some(end2.clone());
        *end2.entangled.borrow_mut() = Some(end1);
    }
}

/// The transfer steps: takes its end from a port, which is detached then. Messages in the queue and
/// the other end stay with it.
pub(super) fn transfer(object: &JsObject) -> Option<Gc<PortEnd>> {
    let end = with_port(object, |port| {
        port.detached.set(true);
        port.end.borrow_mut().take()
    })
    .flatten()?;
    end.enabled.set(false);
    *end.owner.borrow_mut() = None;
    Some(end)
}

/// The transfer-receiving steps: a new port of the current realm, whose message queue is disabled.
pub(super) fn transfer_receiving(end: &Gc<PortEnd>, context: &mut Context) -> JsResult<JsObject> {
    let port = MessagePort {
        end: GcRefCell::new(Some(end.clone())),
        detached: Cell::new(false),
    };
    let object = create_event_target(&MESSAGE_PORT, port, context)?;
    *end.owner.borrow_mut() = Some(object.clone());
    Ok(object)
}

/// The brand check.
fn end_of_this(this: &JsValue, context: &mut Context) -> JsResult<Option<Gc<PortEnd>>> {
    event_target_extension(this, &MESSAGE_PORT, context, |port: &MessagePort| {
        port.end.borrow().clone()
    })
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-messageport-postmessage>
fn post_message(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    end_of_this(this, context)?;
    required_arguments(args, 1, MESSAGE_PORT.name, "postMessage")?;
    let transfer = transfer_argument(args, context)?;
    // 1. The port that this one is entangled with, if any. Asked after the conversions, which run script.
    let target = end_of_this(this, context)?.and_then(|end| end.entangled.borrow().clone());
    // 2. – 3. The message port post message steps.
    message_port_post_message_steps(this, target, args, &transfer, context)?;
    Ok(JsValue::undefined())
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#message-port-post-message-steps>
fn message_port_post_message_steps(
    source: &JsValue,
    target: Option<Gc<PortEnd>>,
    args: &[JsValue],
    transfer: &[JsObject],
    context: &mut Context,
) -> JsResult<()> {
    // 1. – 2. A port cannot send itself.
    let source = source.as_object();
    let is_source = |object: &JsObject| {
        source
            .as_ref()
            .is_some_and(|source| JsObject::equals(source, object))
    };
    if transfer.iter().any(is_source) {
        let message = "a port cannot be transferred through itself";
        return Err(throw_dom_exception("DataCloneError", message, context));
    }
    // 3. – 4. Sent to itself, the other end is lost with the message: doomed.
    let doomed = target.as_ref().is_some_and(|target| {
        let is_target = |object| end_of(object).is_some_and(|end| Gc::ptr_eq(&end, target));
        transfer.iter().any(is_target)
    });
    // 5. Serialize.
    let message = args.get_or_undefined(0);
    let result = structured_serialize_with_transfer(message, transfer, context)?;
    // 6. No target, or doomed: that was all.
    let Some(target) = target.filter(|_| !doomed) else {
        return Ok(());
    };
    // 7. Add the task to the port message queue of the target; it runs once the queue is enabled.
    target.queue.borrow_mut().push_back(PortMessage {
        serialized: result.serialized,
        ports: result.ports,
    });
    if target.enabled.get() {
        queue_a_task(Delivery::Message(target), context);
    }
    Ok(())
}

/// The task of a message: steps 7.1 to 7.7 of the message port post message steps.
pub(super) fn deliver_a_message(end: &Gc<PortEnd>, context: &mut Context) -> JsResult<()> {
    // 7.1. The final target port: the end may have been transferred, and then waits to be enabled again.
    if !end.enabled.get() {
        return Ok(());
    }
    let Some(owner) = end.owner.borrow().clone() else {
        return Ok(());
    };
    // Another task may have taken it, if the end was transferred and enabled in between.
    let Some(message) = end.queue.borrow_mut().pop_front() else {
        return Ok(());
    };
    // 7.2. – 7.7. Deserialize and fire `message`, or `messageerror`.
    let serialized = &message.serialized;
    fire_a_message_event(&owner, serialized, &message.ports, js_string!(), context)
}

/// Fires `close` at a port that the other end has left.
pub(super) fn deliver_close(end: &Gc<PortEnd>, context: &mut Context) -> JsResult<()> {
    let owner = end.owner.borrow().clone();
    if let Some(owner) = owner {
        fire_an_event("close", &owner, context)?;
    }
    Ok(())
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-messageport-start>
fn start(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // 1. Enable the port message queue, if it is not.
    if let Some(end) = end_of_this(this, context)?
        && !end.enabled.replace(true)
    {
        let waiting = end.queue.borrow().len();
        for _ in 0..waiting {
            queue_a_task(Delivery::Message(end.clone()), context);
        }
    }
    Ok(JsValue::undefined())
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-messageport-close>
fn close(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let end = end_of_this(this, context)?;
    // 1. [[Detached]] = true.
    event_target_extension(this, &MESSAGE_PORT, context, |port: &MessagePort| {
        port.detached.set(true);
    })?;
    // 2. Disentangle it.
    if let Some(end) = end {
        disentangle(&end, context);
    }
    Ok(JsValue::undefined())
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#disentangle>
fn disentangle(end: &Gc<PortEnd>, context: &mut Context) {
    // 1. – 2. The other end.
    let Some(other) = end.entangled.borrow_mut().take() else {
        return;
    };
    // 3. They are no longer entangled.
    *other.entangled.borrow_mut() = None;
    // 4. Fire `close` at the other: in a task, so that messages which are under way come first.
    queue_a_task(Delivery::Close(other), context);
}

/// Setting it for the first time enables the port message queue, as start() does.
/// <https://html.spec.whatwg.org/multipage/web-messaging.html#handler-messageeventtarget-onmessage>
fn set_onmessage(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = the_event_handler_processing_algorithm;
    event_handler_set::<MessagePort>(this, args, "onmessage", "message", algorithm, context)?;
    start(this, &[], context)
}
