//! Event. <https://dom.spec.whatwg.org/#interface-event>
//!
//! ```webidl
//! [Exposed=*]
//! interface Event {
//!   constructor(DOMString type, optional EventInit eventInitDict = {});
//!   readonly attribute DOMString type;
//!   readonly attribute EventTarget? target;
//!   readonly attribute EventTarget? srcElement; // legacy
//!   readonly attribute EventTarget? currentTarget;
//!   sequence<EventTarget> composedPath();
//!   const unsigned short NONE = 0;
//!   const unsigned short CAPTURING_PHASE = 1;
//!   const unsigned short AT_TARGET = 2;
//!   const unsigned short BUBBLING_PHASE = 3;
//!   readonly attribute unsigned short eventPhase;
//!   undefined stopPropagation();
//!            attribute boolean cancelBubble; // legacy alias of .stopPropagation()
//!   undefined stopImmediatePropagation();
//!   readonly attribute boolean bubbles;
//!   readonly attribute boolean cancelable;
//!            attribute boolean returnValue;  // legacy
//!   undefined preventDefault();
//!   readonly attribute boolean defaultPrevented;
//!   readonly attribute boolean composed;
//!   [LegacyUnforgeable] readonly attribute boolean isTrusted;
//!   readonly attribute DOMHighResTimeStamp timeStamp;
//!   undefined initEvent(DOMString type, optional boolean bubbles = false, optional boolean cancelable = false); // legacy
//! };
//! dictionary EventInit { boolean bubbles = false; boolean cancelable = false; boolean composed = false; };
//! ```

use std::cell::{Cell, RefCell};

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
    object::{NativeObject, builtins::JsArray},
};
use boa_gc::{Gc, GcRefCell};

use super::high_resolution_time::current_high_resolution_time;
use crate::webidl::{
    Dictionary, Interface, Member, NativeFn, construct_platform_object, dom_string,
    illegal_invocation, new_platform_object, required_arguments,
};

/// The interface `Event`.
pub static EVENT: Interface = Interface {
    name: "Event",
    parent: None,
    constructor: Some((1, constructor)),
    members: &[
        readonly("type", type_),
        readonly("target", target),
        readonly("srcElement", target),
        readonly("currentTarget", current_target),
        operation("composedPath", 0, composed_path),
        constant("NONE", NONE),
        constant("CAPTURING_PHASE", CAPTURING_PHASE),
        constant("AT_TARGET", AT_TARGET),
        constant("BUBBLING_PHASE", BUBBLING_PHASE),
        readonly("eventPhase", event_phase),
        operation("stopPropagation", 0, stop_propagation),
        attribute("cancelBubble", cancel_bubble, set_cancel_bubble),
        operation("stopImmediatePropagation", 0, stop_immediate_propagation),
        readonly("bubbles", bubbles),
        readonly("cancelable", cancelable),
        attribute("returnValue", return_value, set_return_value),
        operation("preventDefault", 0, prevent_default),
        readonly("defaultPrevented", default_prevented),
        readonly("composed", composed),
        Member::UnforgeableAttribute {
            name: "isTrusted",
            get: is_trusted,
        },
        readonly("timeStamp", time_stamp),
        operation("initEvent", 1, init_event),
    ],
};

const fn readonly(name: &'static str, get: NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: None,
    }
}

const fn attribute(name: &'static str, get: NativeFn, set: NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: Some(set),
    }
}

const fn operation(name: &'static str, length: usize, call: NativeFn) -> Member {
    Member::Operation { name, length, call }
}

const fn constant(name: &'static str, value: u8) -> Member {
    Member::Constant {
        name,
        value: value as i32,
    }
}

pub(super) const NONE: u8 = 0;
const CAPTURING_PHASE: u8 = 1;
pub(super) const AT_TARGET: u8 = 2;
const BUBBLING_PHASE: u8 = 3;

/// The flags of an event. <https://dom.spec.whatwg.org/#stop-propagation-flag>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    StopPropagation = 1,
    StopImmediatePropagation = 1 << 1,
    Canceled = 1 << 2,
    InPassiveListener = 1 << 3,
    Composed = 1 << 4,
    Initialized = 1 << 5,
    Dispatch = 1 << 6,
    Bubbles = 1 << 7,
    Cancelable = 1 << 8,
    IsTrusted = 1 << 9,
}

/// The members of the dictionary `EventInit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EventInit {
    /// Does the event bubble?
    pub bubbles: bool,
    /// Can the event be cancelled?
    pub cancelable: bool,
    /// Does the event cross shadow roots?
    pub composed: bool,
}

impl EventInit {
    /// Reads the members of `EventInit`. Those of an inheriting dictionary are read after them.
    ///
    /// # Errors
    ///
    /// What a getter throws.
    pub fn read(dictionary: &Dictionary, context: &mut Context) -> JsResult<Self> {
        Ok(Self {
            bubbles: dictionary.boolean(js_string!("bubbles"), context)?,
            cancelable: dictionary.boolean(js_string!("cancelable"), context)?,
            composed: dictionary.boolean(js_string!("composed"), context)?,
        })
    }
}

/// The state that all events have in common.
#[derive(Trace, Finalize)]
pub struct EventCore {
    /// Strings are not the collector's.
    #[unsafe_ignore_trace]
    type_: RefCell<JsString>,
    target: GcRefCell<Option<JsObject>>,
    /// Also the event's path, which has this one struct while the event is dispatched: there is
    /// no tree.
    current_target: GcRefCell<Option<JsObject>>,
    #[unsafe_ignore_trace]
    phase: Cell<u8>,
    #[unsafe_ignore_trace]
    flags: Cell<u16>,
    /// In milliseconds since the time origin.
    time_stamp: f64,
    extension: Box<dyn NativeObject>,
}

impl std::fmt::Debug for EventCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventCore")
            .field("type", &self.type_())
            .field("phase", &self.phase.get())
            .finish_non_exhaustive()
    }
}

impl EventCore {
    /// The inner event creation steps. <https://dom.spec.whatwg.org/#inner-event-creation-steps>
    fn new(
        type_: JsString,
        init: EventInit,
        trusted: bool,
        extension: Box<dyn NativeObject>,
        context: &Context,
    ) -> Self {
        let core = Self {
            type_: RefCell::new(type_),
            target: GcRefCell::new(None),
            current_target: GcRefCell::new(None),
            phase: Cell::new(NONE),
            flags: Cell::new(Flag::Initialized as u16),
            time_stamp: current_high_resolution_time(context),
            extension,
        };
        core.set(Flag::Bubbles, init.bubbles);
        core.set(Flag::Cancelable, init.cancelable);
        core.set(Flag::Composed, init.composed);
        core.set(Flag::IsTrusted, trusted);
        core
    }

    /// The extension that an inheriting interface keeps its members in, if it is a `T`.
    #[must_use]
    pub fn extension<T: NativeObject>(&self) -> Option<&T> {
        // Through the box: the box itself would downcast as a box.
        (*self.extension).downcast_ref::<T>()
    }

    /// The event's type.
    #[must_use]
    pub fn type_(&self) -> JsString {
        self.type_.borrow().clone()
    }

    /// The event's target, once it has been dispatched.
    #[must_use]
    pub fn target(&self) -> Option<JsObject> {
        self.target.borrow().clone()
    }

    /// The object whose listeners run, while they do.
    #[must_use]
    pub fn current_target(&self) -> Option<JsObject> {
        self.current_target.borrow().clone()
    }

    /// Was the event made by the host, and not by script?
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.get(Flag::IsTrusted)
    }

    /// Is the event's canceled flag set?
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.get(Flag::Canceled)
    }

    /// Is the event being dispatched?
    #[must_use]
    pub fn is_dispatched(&self) -> bool {
        self.get(Flag::Dispatch)
    }

    /// Sets the canceled flag.
    /// <https://dom.spec.whatwg.org/#set-the-canceled-flag>
    pub fn set_the_canceled_flag(&self) {
        if self.get(Flag::Cancelable) && !self.get(Flag::InPassiveListener) {
            self.set(Flag::Canceled, true);
        }
    }

    /// Initializes an event again, as `initEvent()` and its kin do. Does nothing while the event is
    /// dispatched; tells whether it was done. <https://dom.spec.whatwg.org/#concept-event-initialize>
    pub fn initialize(&self, type_: JsString, bubbles: bool, cancelable: bool) -> bool {
        if self.get(Flag::Dispatch) {
            return false;
        }
        // 1. – 3. The flags.
        self.set(Flag::Initialized, true);
        self.set(Flag::StopPropagation, false);
        self.set(Flag::StopImmediatePropagation, false);
        self.set(Flag::Canceled, false);
        // 4. isTrusted = false. 5. target = null.
        self.set(Flag::IsTrusted, false);
        self.set_target(None);
        // 6. – 8.
        self.type_.replace(type_);
        self.set(Flag::Bubbles, bubbles);
        self.set(Flag::Cancelable, cancelable);
        true
    }

    pub(super) fn get(&self, flag: Flag) -> bool {
        self.flags.get() & flag as u16 != 0
    }

    pub(super) fn set(&self, flag: Flag, on: bool) {
        let flags = self.flags.get();
        self.flags.set(if on {
            flags | flag as u16
        } else {
            flags & !(flag as u16)
        });
    }

    pub(super) fn set_target(&self, target: Option<JsObject>) {
        *self.target.borrow_mut() = target;
    }

    pub(super) fn set_current_target(&self, target: Option<JsObject>) {
        *self.current_target.borrow_mut() = target;
    }

    pub(super) fn set_phase(&self, phase: u8) {
        self.phase.set(phase);
    }
}

/// The data of every event's object, whatever its interface: an inheriting interface keeps its
/// members in the extension of the core.
#[derive(Debug, Trace, Finalize, JsData)]
pub struct EventObject {
    core: Gc<EventCore>,
}

impl EventObject {
    /// The state of the event.
    #[must_use]
    pub fn core(&self) -> &Gc<EventCore> {
        &self.core
    }
}

/// The state of the event that `object` is, or `None` if it is not an event.
#[must_use]
pub fn event_of(object: &JsObject) -> Option<Gc<EventCore>> {
    object
        .downcast_ref::<EventObject>()
        .map(|event| event.core.clone())
}

/// The brand check of a member of `Event`.
///
/// # Errors
///
/// A TypeError if `this` is not an event.
pub fn event_core(this: &JsValue) -> JsResult<Gc<EventCore>> {
    this.as_object()
        .and_then(|object| event_of(&object))
        .ok_or_else(|| illegal_invocation(EVENT.name))
}

/// The brand check of a member of an interface that inherits from `Event` and keeps its members in
/// a `T`; hands the members to `read`, which must not run script.
///
/// # Errors
///
/// A TypeError if `this` is not an event with such an extension.
pub fn event_extension<T: NativeObject, R>(
    this: &JsValue,
    interface: &Interface,
    read: impl FnOnce(&T) -> R,
) -> JsResult<R> {
    this.as_object()
        .and_then(|object| event_of(&object))
        .and_then(|core| core.extension::<T>().map(read))
        .ok_or_else(|| illegal_invocation(interface.name))
}

/// Creates a trusted event, as the host does before it fires it. It lives in the context's current
/// realm and shares its shape with all events of its interface.
///
/// <https://dom.spec.whatwg.org/#concept-event-create>
///
/// `extension` holds the members of an inheriting interface; a plain `Event` has `()`.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn create_event(
    interface: &'static Interface,
    type_: JsString,
    init: EventInit,
    extension: impl NativeObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let core = EventCore::new(type_, init, true, Box::new(extension), context);
    let data = EventObject {
        core: Gc::new(core),
    };
    new_platform_object(interface, data, context)
}

/// What an event constructor does once its arguments are converted: an untrusted event whose
/// prototype comes from `new_target`.
///
/// <https://dom.spec.whatwg.org/#concept-event-constructor>
///
/// # Errors
///
/// Those of [`crate::webidl::prototype_from_new_target`].
pub fn construct_event(
    interface: &'static Interface,
    new_target: &JsValue,
    type_: JsString,
    init: EventInit,
    extension: impl NativeObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let core = EventCore::new(type_, init, false, Box::new(extension), context);
    let data = EventObject {
        core: Gc::new(core),
    };
    construct_platform_object(interface, new_target, data, context)
}

/// Converts the two arguments of an event constructor: the type, and the dictionary with its
/// `EventInit` part read. The caller goes on with the members of its own dictionary.
///
/// # Errors
///
/// What the conversions throw.
pub fn event_constructor_arguments(
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<(JsString, EventInit, Dictionary)> {
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let dictionary = Dictionary::new(args.get_or_undefined(1), "the event's init dictionary")?;
    let init = EventInit::read(&dictionary, context)?;
    Ok((type_, init, dictionary))
}

/// <https://dom.spec.whatwg.org/#dom-event-event>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (type_, init, _) = event_constructor_arguments(args, context)?;
    Ok(construct_event(&EVENT, new_target, type_, init, (), context)?.into())
}

fn type_(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.type_().into())
}

fn target(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(nullable(event_core(this)?.target()))
}

fn current_target(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(nullable(event_core(this)?.current_target()))
}

fn nullable(object: Option<JsObject>) -> JsValue {
    object.map_or_else(JsValue::null, JsValue::from)
}

/// <https://dom.spec.whatwg.org/#dom-event-composedpath>
///
/// There is no tree and no shadow root: the path is the target alone while the event is
/// dispatched, and empty otherwise.
fn composed_path(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let path = event_core(this)?.current_target();
    Ok(JsArray::from_iter(path.map(JsValue::from), context).into())
}

fn event_phase(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.phase.get().into())
}

/// <https://dom.spec.whatwg.org/#dom-event-stoppropagation>
fn stop_propagation(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_core(this)?.set(Flag::StopPropagation, true);
    Ok(JsValue::undefined())
}

fn cancel_bubble(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.get(Flag::StopPropagation).into())
}

/// <https://dom.spec.whatwg.org/#dom-event-cancelbubble>: true sets the flag, false does nothing.
fn set_cancel_bubble(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = event_core(this)?;
    if args.get_or_undefined(0).to_boolean() {
        event.set(Flag::StopPropagation, true);
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-event-stopimmediatepropagation>
fn stop_immediate_propagation(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = event_core(this)?;
    event.set(Flag::StopPropagation, true);
    event.set(Flag::StopImmediatePropagation, true);
    Ok(JsValue::undefined())
}

fn bubbles(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.get(Flag::Bubbles).into())
}

fn cancelable(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.get(Flag::Cancelable).into())
}

fn return_value(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok((!event_core(this)?.is_canceled()).into())
}

/// <https://dom.spec.whatwg.org/#dom-event-returnvalue>: false cancels, true does nothing.
fn set_return_value(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = event_core(this)?;
    if !args.get_or_undefined(0).to_boolean() {
        event.set_the_canceled_flag();
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-event-preventdefault>
fn prevent_default(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    event_core(this)?.set_the_canceled_flag();
    Ok(JsValue::undefined())
}

fn default_prevented(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.is_canceled().into())
}

fn composed(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.get(Flag::Composed).into())
}

fn is_trusted(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.is_trusted().into())
}

fn time_stamp(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(event_core(this)?.time_stamp.into())
}

/// <https://dom.spec.whatwg.org/#dom-event-initevent>
fn init_event(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let event = event_core(this)?;
    required_arguments(args, 1, EVENT.name, "initEvent")?;
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let bubbles = args.get_or_undefined(1).to_boolean();
    let cancelable = args.get_or_undefined(2).to_boolean();
    // 1. Being dispatched: return. 2. Initialize.
    event.initialize(type_, bubbles, cancelable);
    Ok(JsValue::undefined())
}
