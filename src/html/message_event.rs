//! MessageEvent. <https://html.spec.whatwg.org/multipage/comms.html#messageevent>
//!
//! ```webidl
//! [Exposed=(Window,Worker,AudioWorklet)]
//! interface MessageEvent : Event {
//!   constructor(DOMString type, optional MessageEventInit eventInitDict = {});
//!   readonly attribute any data;
//!   readonly attribute USVString origin;
//!   readonly attribute DOMString lastEventId;
//!   readonly attribute MessageEventSource? source;
//!   readonly attribute FrozenArray<MessagePort> ports;
//!   undefined initMessageEvent(DOMString type, optional boolean bubbles = false, optional boolean cancelable = false,
//!     optional any data = null, optional USVString origin = "", optional DOMString lastEventId = "",
//!     optional MessageEventSource? source = null, optional sequence<MessagePort> ports = []);
//! };
//! dictionary MessageEventInit : EventInit {
//!   any data = null; USVString origin = ""; DOMString lastEventId = "";
//!   MessageEventSource? source = null; sequence<MessagePort> ports = [];
//! };
//! typedef (WindowProxy or MessagePort or ServiceWorker) MessageEventSource;
//! ```
//!
//! Of the types of `source` and `ports` this host has MessagePort, and that only with the crate's
//! feature `runtime`: without it `source` can only be null and `ports` only be empty.

use std::{cell::RefCell, fmt};

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
    object::{IntegrityLevel, builtins::JsArray},
};
use boa_gc::GcRefCell;

use crate::{
    dom::{
        EVENT, Event, EventInit, construct_event, create_event_at, current_high_resolution_time,
        event_constructor_arguments, event_extension, this_event,
    },
    webidl::{
        Interface, Member, dom_string, illegal_invocation, required_arguments, sequence,
        type_error, usv_js_string,
    },
};

/// The interface `MessageEvent`.
pub static MESSAGE_EVENT: Interface = Interface {
    name: "MessageEvent",
    parent: Some(&EVENT),
    constructor: Some((1, constructor)),
    members: &[
        Member::readonly("data", data),
        Member::readonly("origin", origin),
        Member::readonly("lastEventId", last_event_id),
        Member::readonly("source", source),
        Member::readonly("ports", ports),
        Member::Operation {
            name: "initMessageEvent",
            length: 1,
            call: init_message_event,
        },
    ],
};

/// Makes the value of `data` when it is first read. It must not own values of the engine: the
/// garbage collector does not look into it.
pub type DeferredData = Box<dyn FnOnce(&mut Context) -> JsResult<JsValue>>;

/// The `data` of a MessageEvent.
pub enum MessageData {
    /// A value that is there.
    Value(JsValue),
    /// A value that is made when script first asks for it, and then kept. Worth it where making it
    /// costs more than keeping what it is made from, as with an ArrayBuffer.
    Deferred(DeferredData),
}

impl From<JsValue> for MessageData {
    fn from(value: JsValue) -> Self {
        Self::Value(value)
    }
}

impl fmt::Debug for MessageData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value(_) => "Value",
            Self::Deferred(_) => "Deferred",
        })
    }
}

/// The extension of a MessageEvent.
#[derive(Trace, Finalize, JsData)]
pub struct MessageEventData {
    data: GcRefCell<JsValue>,
    /// Takes precedence over `data`.
    #[unsafe_ignore_trace]
    deferred: RefCell<Option<DeferredData>>,
    /// Strings are not the collector's.
    #[unsafe_ignore_trace]
    origin: RefCell<JsString>,
    #[unsafe_ignore_trace]
    last_event_id: RefCell<JsString>,
    source: GcRefCell<Option<JsObject>>,
    /// The frozen array. None is an empty one that script has not asked for yet.
    ports: GcRefCell<Option<JsObject>>,
}

impl fmt::Debug for MessageEventData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageEventData").finish_non_exhaustive()
    }
}

impl MessageEventData {
    /// The extension of an event with this data and origin, an empty `lastEventId`, no source and
    /// no ports.
    #[must_use]
    pub fn new(data: impl Into<MessageData>, origin: JsString) -> Self {
        let (data, deferred) = match data.into() {
            MessageData::Value(value) => (value, None),
            MessageData::Deferred(make) => (JsValue::null(), Some(make)),
        };
        Self {
            data: GcRefCell::new(data),
            deferred: RefCell::new(deferred),
            origin: RefCell::new(origin),
            last_event_id: RefCell::new(js_string!()),
            source: GcRefCell::new(None),
            ports: GcRefCell::new(None),
        }
    }

    /// Sets `ports`, to a frozen array of the current realm.
    pub(super) fn set_ports(&self, ports: Vec<JsObject>, context: &mut Context) -> JsResult<()> {
        *self.ports.borrow_mut() = ports_attribute(ports, context)?;
        Ok(())
    }
}

/// What script sees as `data` of a MessageEvent; a deferred one is made now.
///
/// # Errors
///
/// A TypeError if `event` is not a MessageEvent; those of [`MessageData::Deferred`].
pub fn message_event_data(event: &Event, context: &mut Context) -> JsResult<JsValue> {
    let not_one = || illegal_invocation(MESSAGE_EVENT.name);
    let deferred = event
        .extension(|data: &MessageEventData| data.deferred.borrow_mut().take())
        .ok_or_else(not_one)?;
    // The event is not borrowed while an embedder's code runs.
    let made = deferred.map(|make| make(context)).transpose()?;
    event
        .extension(|data: &MessageEventData| {
            if let Some(value) = made {
                *data.data.borrow_mut() = value;
            }
            data.data.borrow().clone()
        })
        .ok_or_else(not_one)
}

/// Creates a trusted MessageEvent.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the context's current realm.
pub fn create_message_event(
    type_: JsString,
    data: impl Into<MessageData>,
    origin: JsString,
    context: &mut Context,
) -> JsResult<JsObject> {
    let time_stamp = current_high_resolution_time(context);
    create_message_event_at(time_stamp, type_, data, origin, context)
}

/// [`create_message_event`], with the `timeStamp` of the message's arrival.
pub(crate) fn create_message_event_at(
    time_stamp: f64,
    type_: JsString,
    data: impl Into<MessageData>,
    origin: JsString,
    context: &mut Context,
) -> JsResult<JsObject> {
    let (data, init) = (MessageEventData::new(data, origin), EventInit::default());
    create_event_at(time_stamp, &MESSAGE_EVENT, type_, init, data, context)
}

/// What an event keeps for `ports`; an empty array is made when script asks for it.
fn ports_attribute(ports: Vec<JsObject>, context: &mut Context) -> JsResult<Option<JsObject>> {
    if ports.is_empty() {
        return Ok(None);
    }
    frozen_array(ports, context).map(Some)
}

/// `FrozenArray<MessagePort>`.
fn frozen_array(ports: Vec<JsObject>, context: &mut Context) -> JsResult<JsObject> {
    let ports = ports.into_iter().map(JsValue::from);
    let array = JsObject::from(JsArray::from_iter(ports, context));
    array.set_integrity_level(IntegrityLevel::Frozen, context)?;
    Ok(array)
}

fn as_message_port(value: &JsValue) -> Option<JsObject> {
    #[cfg(feature = "runtime")]
    {
        value
            .as_object()
            .filter(super::message_port::is_message_port)
    }
    #[cfg(not(feature = "runtime"))]
    {
        // There are none.
        let _ = value;
        None
    }
}

/// `MessageEventSource?`, of which only MessagePort exists here.
fn message_event_source(value: &JsValue) -> JsResult<Option<JsObject>> {
    if value.is_null_or_undefined() {
        return Ok(None);
    }
    as_message_port(value)
        .map(Some)
        .ok_or_else(|| type_error("'source' is not a MessageEventSource"))
}

/// `sequence<MessagePort>`.
fn message_ports(value: &JsValue, context: &mut Context) -> JsResult<Vec<JsObject>> {
    sequence(value, "'ports'", context, |value, _| {
        as_message_port(&value)
            .ok_or_else(|| type_error("an element of 'ports' is not a MessagePort"))
    })
}

/// <https://html.spec.whatwg.org/multipage/comms.html#messageevent>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, dictionary) = event_constructor_arguments(args, context)?;
    let value = dictionary
        .get(js_string!("data"), context)?
        .unwrap_or_else(JsValue::null);
    let last_event_id = match dictionary.get(js_string!("lastEventId"), context)? {
        Some(value) => dom_string(&value, context)?,
        None => js_string!(),
    };
    let origin = match dictionary.get(js_string!("origin"), context)? {
        Some(value) => usv_js_string(&value, context)?,
        None => js_string!(),
    };
    let ports = match dictionary.get(js_string!("ports"), context)? {
        Some(value) => message_ports(&value, context)?,
        None => Vec::new(),
    };
    let source = match dictionary.get(js_string!("source"), context)? {
        Some(value) => message_event_source(&value)?,
        None => None,
    };
    let data = MessageEventData::new(value, origin);
    data.set_ports(ports, context)?;
    *data.source.borrow_mut() = source;
    data.last_event_id.replace(last_event_id);
    Ok(construct_event(&MESSAGE_EVENT, new_target, type_, init, data, context)?.into())
}

fn data(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let event = this_event(this).map_err(|_| illegal_invocation(MESSAGE_EVENT.name))?;
    message_event_data(&event, context)
}

fn origin(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
        data.origin.borrow().clone().into()
    })
}

fn last_event_id(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
        data.last_event_id.borrow().clone().into()
    })
}

fn source(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
        let source = data.source.borrow().clone();
        source.map_or_else(JsValue::null, JsValue::from)
    })
}

fn ports(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let there = event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
        data.ports.borrow().clone()
    })?;
    if let Some(ports) = there {
        return Ok(ports.into());
    }
    let made = frozen_array(Vec::new(), context)?;
    event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
        *data.ports.borrow_mut() = Some(made.clone());
    })?;
    Ok(made.into())
}

/// <https://html.spec.whatwg.org/multipage/comms.html#dom-messageevent-initmessageevent>
fn init_message_event(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // The brand check.
    event_extension(this, &MESSAGE_EVENT, |_: &MessageEventData| ())?;
    let event = this_event(this)?;
    required_arguments(args, 1, MESSAGE_EVENT.name, "initMessageEvent")?;
    let given = |index: usize| args.get(index).filter(|value| !value.is_undefined());
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let bubbles = args.get_or_undefined(1).to_boolean();
    let cancelable = args.get_or_undefined(2).to_boolean();
    let value = given(3).cloned().unwrap_or_else(JsValue::null);
    let origin = match given(4) {
        Some(value) => usv_js_string(value, context)?,
        None => js_string!(),
    };
    let last_event_id = match given(5) {
        Some(value) => dom_string(value, context)?,
        None => js_string!(),
    };
    let source = message_event_source(args.get_or_undefined(6))?;
    let ports = match given(7) {
        Some(value) => message_ports(value, context)?,
        None => Vec::new(),
    };
    let ports = ports_attribute(ports, context)?;
    // Initialize the event as initEvent() does; nothing while it is dispatched.
    if event.initialize(type_, bubbles, cancelable) {
        event_extension(this, &MESSAGE_EVENT, |data: &MessageEventData| {
            data.deferred.replace(None);
            *data.data.borrow_mut() = value;
            data.origin.replace(origin);
            data.last_event_id.replace(last_event_id);
            *data.source.borrow_mut() = source;
            *data.ports.borrow_mut() = ports;
        })?;
    }
    Ok(JsValue::undefined())
}
