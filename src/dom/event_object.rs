//! The state of events, and how they are made.
//! <https://dom.spec.whatwg.org/#concept-event>

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
    object::NativeObject,
};
use boa_gc::GcRefCell;

use super::{event::EVENT, high_resolution_time::current_high_resolution_time};
use crate::webidl::{
    Dictionary, Interface, construct_platform_object, dom_string, illegal_invocation,
    new_platform_object,
};

/// The values of `eventPhase`.
pub(super) const NONE: u8 = 0;
pub(super) const CAPTURING_PHASE: u8 = 1;
pub(super) const AT_TARGET: u8 = 2;
pub(super) const BUBBLING_PHASE: u8 = 3;

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

/// The data of every event's object, whatever its interface: an inheriting interface keeps its members in the extension.
#[derive(Trace, Finalize, JsData)]
struct EventObject {
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

impl EventObject {
    /// The inner event creation steps. <https://dom.spec.whatwg.org/#inner-event-creation-steps>
    fn new(
        type_: JsString,
        init: EventInit,
        trusted: bool,
        time_stamp: f64,
        extension: Box<dyn NativeObject>,
    ) -> Self {
        let flags = [
            (Flag::Initialized, true),
            (Flag::Bubbles, init.bubbles),
            (Flag::Cancelable, init.cancelable),
            (Flag::Composed, init.composed),
            (Flag::IsTrusted, trusted),
        ];
        let set = flags.iter().filter(|(_, on)| *on);
        Self {
            type_: RefCell::new(type_),
            target: GcRefCell::new(None),
            current_target: GcRefCell::new(None),
            phase: Cell::new(NONE),
            flags: Cell::new(set.fold(0, |flags, (flag, _)| flags | *flag as u16)),
            time_stamp,
            extension,
        }
    }
}

/// An event: its object, known to be one.
///
/// The state is inside the object, which is borrowed for each step and never while script runs.
#[derive(Clone, Trace, Finalize)]
pub struct Event {
    object: JsObject<EventObject>,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("type", &self.type_())
            .field("phase", &self.phase())
            .finish_non_exhaustive()
    }
}

impl Event {
    /// The event that `object` is, or `None` if it is not one.
    #[must_use]
    pub fn of(object: &JsObject) -> Option<Self> {
        let object = object.clone().downcast::<EventObject>().ok()?;
        Some(Self { object })
    }

    fn with<R>(&self, read: impl FnOnce(&EventObject) -> R) -> R {
        read(self.object.borrow().data())
    }

    /// Hands `read` the extension that an inheriting interface keeps its members in, if it is a `T`. `read` must not run
    /// script.
    pub fn extension<T: NativeObject, R>(&self, read: impl FnOnce(&T) -> R) -> Option<R> {
        // Through the box: the box itself would downcast as a box.
        self.with(|event| (*event.extension).downcast_ref::<T>().map(read))
    }

    /// The event's type.
    #[must_use]
    pub fn type_(&self) -> JsString {
        self.with(|event| event.type_.borrow().clone())
    }

    /// The event's target, once it has been dispatched.
    #[must_use]
    pub fn target(&self) -> Option<JsObject> {
        self.with(|event| event.target.borrow().clone())
    }

    /// The object whose listeners run, while they do.
    #[must_use]
    pub fn current_target(&self) -> Option<JsObject> {
        self.with(|event| event.current_target.borrow().clone())
    }

    /// When the event was made: milliseconds since the time origin of the realm it was made in.
    #[must_use]
    pub fn time_stamp(&self) -> f64 {
        self.with(|event| event.time_stamp)
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
        self.with(|event| event.type_.replace(type_));
        self.set(Flag::Bubbles, bubbles);
        self.set(Flag::Cancelable, cancelable);
        true
    }

    /// Unsets the initialized flag, which every other event has set: the last step of
    /// `document.createEvent()`, for hosts that have a document. Until [`initialize`](Self::initialize)
    /// the event cannot be dispatched. <https://dom.spec.whatwg.org/#dom-document-createevent>
    pub fn unset_the_initialized_flag(&self) {
        self.set(Flag::Initialized, false);
    }

    pub(super) fn get(&self, flag: Flag) -> bool {
        self.with(|event| event.flags.get() & flag as u16 != 0)
    }

    pub(super) fn set(&self, flag: Flag, on: bool) {
        self.with(|event| {
            let flags = event.flags.get();
            event.flags.set(if on {
                flags | flag as u16
            } else {
                flags & !(flag as u16)
            });
        });
    }

    pub(super) fn set_target(&self, target: Option<JsObject>) {
        self.with(|event| *event.target.borrow_mut() = target);
    }

    pub(super) fn set_current_target(&self, target: Option<JsObject>) {
        self.with(|event| *event.current_target.borrow_mut() = target);
    }

    pub(super) fn phase(&self) -> u8 {
        self.with(|event| event.phase.get())
    }

    pub(super) fn set_phase(&self, phase: u8) {
        self.with(|event| event.phase.set(phase));
    }
}

/// The brand check of a member of `Event`.
///
/// # Errors
///
/// A TypeError if `this` is not an event.
pub fn this_event(this: &JsValue) -> JsResult<Event> {
    this.as_object()
        .and_then(|object| Event::of(&object))
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
        .and_then(|object| Event::of(&object))
        .and_then(|event| event.extension(read))
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
    let time_stamp = current_high_resolution_time(context);
    create_event_at(time_stamp, interface, type_, init, extension, context)
}

/// [`create_event`], with the `timeStamp` of what the event signals.
pub(crate) fn create_event_at(
    time_stamp: f64,
    interface: &'static Interface,
    type_: JsString,
    init: EventInit,
    extension: impl NativeObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = EventObject::new(type_, init, true, time_stamp, Box::new(extension));
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
    let time_stamp = current_high_resolution_time(context);
    let data = EventObject::new(type_, init, false, time_stamp, Box::new(extension));
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
