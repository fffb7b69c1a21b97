//! MessageChannel. <https://html.spec.whatwg.org/multipage/web-messaging.html#message-channels>
//!
//! ```webidl
//! [Exposed=(Window,Worker)]
//! interface MessageChannel {
//!   constructor();
//!   readonly attribute MessagePort port1;
//!   readonly attribute MessagePort port2;
//! };
//! ```

use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, JsValue, Trace};

use super::message_port::{create_message_port, entangle};
use crate::webidl::{Interface, Member, construct_platform_object, illegal_invocation};

/// The interface `MessageChannel`.
pub static MESSAGE_CHANNEL: Interface = Interface {
    name: "MessageChannel",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::readonly("port1", port1),
        Member::readonly("port2", port2),
    ],
};

/// The data of a MessageChannel object.
#[derive(Debug, Trace, Finalize, JsData)]
struct MessageChannel {
    port1: JsObject,
    port2: JsObject,
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-messagechannel>
fn constructor(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // 1. – 2. Two new ports of this realm.
    let port1 = create_message_port(context)?;
    let port2 = create_message_port(context)?;
    // 3. Entangle them.
    entangle(&port1, &port2);
    let data = MessageChannel { port1, port2 };
    Ok(construct_platform_object(&MESSAGE_CHANNEL, new_target, data, context)?.into())
}

fn port_of(this: &JsValue, read: fn(&MessageChannel) -> &JsObject) -> JsResult<JsValue> {
    let object = this.as_object();
    let channel = object.as_ref().and_then(JsObject::downcast_ref);
    channel
        .map(|channel| read(&channel).clone().into())
        .ok_or_else(|| illegal_invocation(MESSAGE_CHANNEL.name))
}

fn port1(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    port_of(this, |channel| &channel.port1)
}

fn port2(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    port_of(this, |channel| &channel.port2)
}
