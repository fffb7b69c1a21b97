//! BroadcastChannel.
//! <https://html.spec.whatwg.org/multipage/web-messaging.html#broadcasting-to-other-browsing-contexts>
//!
//! ```webidl
//! [Exposed=(Window,Worker)]
//! interface BroadcastChannel : EventTarget {
//!   constructor(DOMString name);
//!   readonly attribute DOMString name;
//!   undefined postMessage(any message);
//!   undefined close();
//!   attribute EventHandler onmessage;
//!   attribute EventHandler onmessageerror;
//! };
//! ```
//!
//! A context is one origin, which is opaque: messages reach all its realms, and none outside. The
//! `origin` of their events is `"null"`, as an opaque origin is serialized.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
};
use boa_gc::{GcRefCell, WeakGc};
use boa_runtime::store::JsValueStore;

use super::{
    posted_messages::{Delivery, fire_a_message_event, queue_a_task},
    structured_clone::structured_serialize,
};
use crate::{
    dom::{
        EVENT_TARGET, TargetCore, construct_event_target, event_target_extension, target_core,
        target_of,
    },
    event_handler_attribute,
    webidl::{
        Interface, Member, dom_string, illegal_invocation, required_arguments, throw_dom_exception,
    },
};

/// The interface `BroadcastChannel`.
pub static BROADCAST_CHANNEL: Interface = Interface {
    name: "BroadcastChannel",
    parent: Some(&EVENT_TARGET),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("name", name),
        Member::Operation {
            name: "postMessage",
            length: 1,
            call: post_message,
        },
        Member::Operation {
            name: "close",
            length: 0,
            call: close,
        },
        event_handler_attribute!("onmessage", "message", BroadcastChannel),
        event_handler_attribute!("onmessageerror", "messageerror", BroadcastChannel),
    ],
};

/// The extension of a BroadcastChannel.
#[derive(Trace, Finalize, JsData)]
struct BroadcastChannel {
    /// Strings are not the collector's.
    #[unsafe_ignore_trace]
    name: JsString,
    #[unsafe_ignore_trace]
    closed: Cell<bool>,
    /// The object itself, once there is one.
    wrapper: GcRefCell<Option<JsObject>>,
}

/// The open channels of the context, in the order of their creation. It keeps none of them.
#[derive(Clone, Default)]
struct Channels(Rc<RefCell<Vec<WeakGc<TargetCore>>>>);

fn channels(context: &mut Context) -> Channels {
    if let Some(channels) = context.get_data::<Channels>() {
        return channels.clone();
    }
    let channels = Channels::default();
    context.insert_data(channels.clone());
    channels
}

/// The channels of a realm that somebody listens to, in its host-defined data: "there must be a
/// strong reference from the global object" to such a one.
#[derive(Default, Trace, Finalize, JsData)]
struct ListenedTo(Vec<JsObject>);

/// Holds a channel as long as it is open and somebody listens.
fn hold_while_heard(core: &TargetCore) {
    let Some(channel) = core.extension::<BroadcastChannel>() else {
        return;
    };
    let Some(wrapper) = channel.wrapper.borrow().clone() else {
        return;
    };
    let hold = !channel.closed.get()
        && (core.has_listeners(&js_string!("message"))
            || core.has_listeners(&js_string!("messageerror")));
    let mut host_defined = core.realm().host_defined_mut();
    if !host_defined.has::<ListenedTo>() {
        host_defined.insert(ListenedTo::default());
    }
    if let Some(ListenedTo(held)) = host_defined.get_mut::<ListenedTo>() {
        held.retain(|object| !JsObject::equals(object, &wrapper));
        if hold {
            held.push(wrapper);
        }
    }
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-broadcastchannel>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let channel = BroadcastChannel {
        name: dom_string(args.get_or_undefined(0), context)?,
        closed: Cell::new(false),
        wrapper: GcRefCell::new(None),
    };
    let object = construct_event_target(&BROADCAST_CHANNEL, new_target, channel, context)?;
    if let Some(core) = target_of(&object, context) {
        if let Some(channel) = core.extension::<BroadcastChannel>() {
            *channel.wrapper.borrow_mut() = Some(object.clone());
        }
        core.on_listeners_changed(|core, _| hold_while_heard(core));
        let Channels(channels) = channels(context);
        let mut channels = channels.borrow_mut();
        channels.retain(WeakGc::is_upgradable);
        channels.push(WeakGc::new(&core));
    }
    Ok(object.into())
}

fn name(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    event_target_extension(
        this,
        &BROADCAST_CHANNEL,
        context,
        |channel: &BroadcastChannel| channel.name.clone().into(),
    )
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-broadcastchannel-postmessage>
fn post_message(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (name, closed) = event_target_extension(
        this,
        &BROADCAST_CHANNEL,
        context,
        |channel: &BroadcastChannel| (channel.name.clone(), channel.closed.get()),
    )?;
    required_arguments(args, 1, BROADCAST_CHANNEL.name, "postMessage")?;
    // 1. N/A: a realm of this host is never one whose document is not fully active.
    // 2. Closed: InvalidStateError.
    if closed {
        let message = "the BroadcastChannel is closed";
        return Err(throw_dom_exception("InvalidStateError", message, context));
    }
    // 3. Serialize.
    let serialized = structured_serialize(args.get_or_undefined(0), context)?;
    // 4. – 8. The other open channels of this name, the oldest first.
    let this = this.as_object();
    let destinations = {
        let Channels(channels) = channels(context);
        let channels = channels.borrow();
        let destination = |weak: &WeakGc<TargetCore>| {
            let core = weak.upgrade()?;
            let channel = core.extension::<BroadcastChannel>()?;
            let object = channel.wrapper.borrow().clone()?;
            let is_source = this
                .as_ref()
                .is_some_and(|this| JsObject::equals(this, &object));
            let eligible = !channel.closed.get() && channel.name == name && !is_source;
            eligible.then_some(object)
        };
        channels.iter().filter_map(destination).collect::<Vec<_>>()
    };
    // 9. A task for each.
    for destination in destinations {
        queue_a_task(
            Delivery::Broadcast(destination, serialized.clone()),
            context,
        );
    }
    Ok(JsValue::undefined())
}

/// The task of a message: steps 9.1 to 9.4 of postMessage().
pub(super) fn deliver(
    object: &JsObject,
    message: &JsValueStore,
    context: &mut Context,
) -> JsResult<()> {
    // 9.1. Not if it was closed meanwhile.
    let this = object.clone().into();
    let closed = event_target_extension(
        &this,
        &BROADCAST_CHANNEL,
        context,
        |channel: &BroadcastChannel| channel.closed.get(),
    )?;
    if closed {
        return Ok(());
    }
    // 9.2. – 9.4. Deserialize and fire `message`, or `messageerror`.
    fire_a_message_event(object, message, &[], js_string!("null"), context)
}

/// <https://html.spec.whatwg.org/multipage/web-messaging.html#dom-broadcastchannel-close>
fn close(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let core = target_core(this, context)?;
    let Some(channel) = core.extension::<BroadcastChannel>() else {
        return Err(illegal_invocation(BROADCAST_CHANNEL.name));
    };
    channel.closed.set(true);
    hold_while_heard(&core);
    let Channels(channels) = channels(context);
    channels.borrow_mut().retain(|weak| {
        let open = |core: boa_gc::Gc<TargetCore>| {
            core.extension::<BroadcastChannel>()
                .is_some_and(|channel| !channel.closed.get())
        };
        weak.upgrade().is_some_and(open)
    });
    Ok(JsValue::undefined())
}
