//! EventTarget. <https://dom.spec.whatwg.org/#interface-eventtarget>
//!
//! ```webidl
//! [Exposed=*]
//! interface EventTarget {
//!   constructor();
//!   undefined addEventListener(DOMString type, EventListener? callback, optional (AddEventListenerOptions or boolean) options = {});
//!   undefined removeEventListener(DOMString type, EventListener? callback, optional (EventListenerOptions or boolean) options = {});
//!   boolean dispatchEvent(Event event);
//! };
//! callback interface EventListener { undefined handleEvent(Event event); };
//! dictionary EventListenerOptions { boolean capture = false; };
//! dictionary AddEventListenerOptions : EventListenerOptions { boolean once = false; boolean passive; AbortSignal signal; };
//! ```

use std::cell::Cell;

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsValue, Trace, js_string,
    object::NativeObject, realm::Realm,
};
use boa_gc::{Gc, GcRefCell};

use super::{
    abort_signal::{AbortSignal, abort_signal},
    dispatch::dispatch_to,
    event_object::{Event, Flag},
    global::global_target_core,
    listeners::{
        Invoked, Listener, ListenerId, ListenerList, ListenerSignal, NativeListener, Walk,
    },
};
use crate::webidl::{
    Dictionary, Interface, Member, construct_platform_object, dom_string, illegal_invocation,
    new_platform_object, nullable_callback_interface, required_arguments, throw_dom_exception,
    type_error,
};

/// The interface `EventTarget`.
pub static EVENT_TARGET: Interface = Interface {
    name: "EventTarget",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        Member::Operation {
            name: "addEventListener",
            length: 2,
            call: add_event_listener,
        },
        Member::Operation {
            name: "removeEventListener",
            length: 2,
            call: remove_event_listener,
        },
        Member::Operation {
            name: "dispatchEvent",
            length: 1,
            call: dispatch_event,
        },
    ],
};

/// The state that all event targets have in common.
#[derive(Trace, Finalize)]
pub struct TargetCore {
    listeners: GcRefCell<ListenerList>,
    /// The relevant realm: events are dispatched, and exceptions reported, there.
    realm: Realm,
    #[unsafe_ignore_trace]
    listeners_changed: Cell<Option<ListenersChanged>>,
    extension: Box<dyn NativeObject>,
}

/// What an inheriting interface is told with [`TargetCore::on_listeners_changed`].
pub type ListenersChanged = fn(&TargetCore, ListenersChange<'_>);

/// What has happened to a target's listeners. An event handler such as `onclose` is one while it is not null.
#[derive(Debug)]
pub enum ListenersChange<'a> {
    /// One was added, or replaced in its place: here is what is needed to queue something for it.
    Added(&'a mut Context),
    /// One was removed: by script, by its signal, because it was to run once, or by Rust code that has no context at hand.
    Removed,
}

impl std::fmt::Debug for TargetCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TargetCore").finish_non_exhaustive()
    }
}

impl TargetCore {
    pub(super) fn new(extension: Box<dyn NativeObject>, realm: Realm) -> Self {
        Self {
            listeners: GcRefCell::new(ListenerList::default()),
            realm,
            listeners_changed: Cell::new(None),
            extension,
        }
    }

    /// Has `call` run whenever a listener or an event handler was added or removed; it must run no
    /// script, but may queue tasks and jobs. For an interface whose objects live as long as somebody listens.
    pub fn on_listeners_changed(&self, call: ListenersChanged) {
        self.listeners_changed.set(Some(call));
    }

    fn listeners_changed(&self, change: ListenersChange<'_>) {
        if let Some(call) = self.listeners_changed.get() {
            call(self, change);
        }
    }

    /// The extension that an inheriting interface keeps its state in, if it is a `T`.
    ///
    /// It is shared: state that changes stands in cells. No borrow of such a cell may last while
    /// script runs.
    #[must_use]
    pub fn extension<T: NativeObject>(&self) -> Option<&T> {
        // Through the box: the box itself would downcast as a box.
        (*self.extension).downcast_ref::<T>()
    }

    /// The realm the target was made in.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Would an event of this type reach anyone? Counts event handlers such as `onclose` too.
    #[must_use]
    pub fn has_listeners(&self, type_: &JsString) -> bool {
        self.listeners.borrow().has_type(type_)
    }

    /// The object of the native listener for events of this type, if there is one.
    #[must_use]
    pub fn native_listener(&self, type_: &JsString) -> Option<JsObject> {
        self.listeners.borrow().native(type_)
    }

    /// Sets the object of the native listener for events of this type. Where there is one already,
    /// it keeps its place in the order of listeners; otherwise one is appended that runs `call`.
    pub fn set_native_listener(
        &self,
        type_: JsString,
        object: JsObject,
        call: NativeListener,
        context: &mut Context,
    ) {
        {
            let mut listeners = self.listeners.borrow_mut();
            if let Some(object) = listeners.replace_native(&type_, object) {
                listeners.append(Listener::native(type_, object, call));
            }
        }
        self.listeners_changed(ListenersChange::Added(context));
    }

    /// Removes the native listener for events of this type, if there is one.
    pub fn remove_native_listener(&self, type_: &JsString) {
        self.listeners.borrow_mut().remove_native(type_);
        self.listeners_changed(ListenersChange::Removed);
    }

    /// Adds an event listener. <https://dom.spec.whatwg.org/#add-an-event-listener>
    pub(super) fn add_an_event_listener(
        this: &Gc<Self>,
        listener: Listener,
        context: &mut Context,
    ) -> Option<ListenerId> {
        // 1. N/A: no service worker.
        // 2. Not if its signal is aborted. 3. The callback is not null: the caller has looked.
        let signal = listener.signal.as_ref().map(|signal| signal.signal.clone());
        if signal.as_ref().is_some_and(AbortSignal::aborted) {
            return None;
        }
        // 4. N/A: passive is false unless it was given; the exceptions are for a Window's targets.
        // 5. Not if there is one with this type, callback and capture.
        let mut listeners = this.listeners.borrow_mut();
        if listeners.has_equal(&listener) {
            return None;
        }
        let id = listeners.append(listener);
        drop(listeners);
        // 6. Its signal removes it.
        if let Some(signal) = signal {
            let algorithm = signal.state().add_listener_removal(this, id);
            this.listeners.borrow_mut().set_algorithm(id, algorithm);
        }
        this.listeners_changed(ListenersChange::Added(context));
        Some(id)
    }

    /// Removes an event listener; false if it is gone already.
    /// <https://dom.spec.whatwg.org/#remove-an-event-listener>
    pub(super) fn remove_listener(&self, id: ListenerId) -> bool {
        let removed = self.listeners.borrow_mut().remove(id);
        let found = removed.is_some();
        self.listener_removed(removed);
        found
    }

    fn listener_removed(&self, removed: Option<Listener>) {
        if let Some(listener) = removed {
            listener.forget_signal();
            self.listeners_changed(ListenersChange::Removed);
        }
    }

    pub(super) fn walk_listeners(&self, capture: bool) -> Walk {
        self.listeners.borrow().walk(capture)
    }

    pub(super) fn next_listener(
        &self,
        walk: &mut Walk,
        type_: &JsString,
        capture: bool,
    ) -> Option<Invoked> {
        self.listeners.borrow().next(walk, type_, capture)
    }
}

/// The data of every event target's object, whatever its interface: an inheriting interface keeps
/// its state in the extension of the core.
///
/// Boa finds an object's data by its exact type. With one type for the whole hierarchy the methods
/// of `EventTarget.prototype` know every event target, an embedder's own included:
///
/// ```
/// use boa_engine::{Context, Finalize, JsData, JsResult, JsValue, Source, Trace, js_string};
/// use boa_websocket::dom::{self, EVENT_TARGET, construct_event_target, event_target_extension};
/// use boa_websocket::webidl::{self, Interface, Member, define_interface};
///
/// #[derive(Trace, Finalize, JsData)]
/// struct Lamp {
///     watts: u32,
/// }
///
/// static LAMP: Interface = Interface {
///     name: "Lamp",
///     parent: Some(&EVENT_TARGET),
///     constructor: Some((0, |new_target, _, context| {
///         Ok(construct_event_target(&LAMP, new_target, Lamp { watts: 40 }, context)?.into())
///     })),
///     members: &[Member::Attribute { name: "watts", get: watts, set: None }],
/// };
///
/// fn watts(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
///     event_target_extension(this, &LAMP, context, |lamp: &Lamp| lamp.watts.into())
/// }
///
/// # fn main() -> JsResult<()> {
/// let context = &mut Context::default();
/// webidl::register(context)?;
/// dom::register(context)?;
/// define_interface(&LAMP, context)?;
/// let seen = context.eval(Source::from_bytes(
///     "let seen; let lamp = new Lamp(); lamp.addEventListener('on', e => seen = e.target.watts);
///      lamp.dispatchEvent(new Event('on')); seen",
/// ))?;
/// assert_eq!(seen, JsValue::from(40));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Trace, Finalize, JsData)]
pub struct TargetObject {
    core: Gc<TargetCore>,
}

impl TargetObject {
    /// The data of a new event target of the context's current realm.
    #[must_use]
    pub fn new(extension: impl NativeObject, context: &Context) -> Self {
        let core = TargetCore::new(Box::new(extension), context.realm().clone());
        Self {
            core: Gc::new(core),
        }
    }

    /// The state of the event target.
    #[must_use]
    pub fn core(&self) -> &Gc<TargetCore> {
        &self.core
    }
}

/// Creates the object of an event target for a constructor that was called with `new_target`.
///
/// # Errors
///
/// Those of [`crate::webidl::prototype_from_new_target`].
pub fn construct_event_target(
    interface: &'static Interface,
    new_target: &JsValue,
    extension: impl NativeObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = TargetObject::new(extension, context);
    construct_platform_object(interface, new_target, data, context)
}

/// Creates the object of an event target that no script constructed.
///
/// # Errors
///
/// A TypeError if the interface is not defined in the context's current realm.
pub fn create_event_target(
    interface: &'static Interface,
    extension: impl NativeObject,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = TargetObject::new(extension, context);
    new_platform_object(interface, data, context)
}

/// The state of the event target that `object` is, or `None` if it is not one. The global object
/// of every realm with a [`super::register`] call is one.
#[must_use]
pub fn target_of(object: &JsObject, context: &mut Context) -> Option<Gc<TargetCore>> {
    let core = object
        .downcast_ref::<TargetObject>()
        .map(|target| target.core.clone());
    core.or_else(|| global_target_core(object, context))
}

/// The brand check of a member of `EventTarget`. `undefined` and `null` stand for the global object
/// of the current realm, as everywhere in Web IDL.
///
/// # Errors
///
/// A TypeError if `this` is not an event target.
pub fn target_core(this: &JsValue, context: &mut Context) -> JsResult<Gc<TargetCore>> {
    this_target(this, context).map(|(_, core)| core)
}

/// As [`target_core`], with the object itself.
fn this_target(this: &JsValue, context: &mut Context) -> JsResult<(JsObject, Gc<TargetCore>)> {
    let object = if this.is_null_or_undefined() {
        Some(context.global_object())
    } else {
        this.as_object()
    };
    object
        .and_then(|object| target_of(&object, context).map(|core| (object, core)))
        .ok_or_else(|| illegal_invocation(EVENT_TARGET.name))
}

/// The brand check of a member of an interface that inherits from `EventTarget` and keeps its state
/// in a `T`; hands the state to `read`, which must not run script.
///
/// # Errors
///
/// A TypeError if `this` is not an event target with such an extension.
pub fn event_target_extension<T: NativeObject, R>(
    this: &JsValue,
    interface: &Interface,
    context: &mut Context,
    read: impl FnOnce(&T) -> R,
) -> JsResult<R> {
    this_target(this, context)
        .ok()
        .and_then(|(_, core)| core.extension::<T>().map(read))
        .ok_or_else(|| illegal_invocation(interface.name))
}

/// <https://dom.spec.whatwg.org/#dom-eventtarget-eventtarget>
fn constructor(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Ok(construct_event_target(&EVENT_TARGET, new_target, (), context)?.into())
}

/// The options of addEventListener() and removeEventListener() are a union of a dictionary and a
/// boolean: objects, `undefined` and `null` are the dictionary, all else is the boolean.
enum Options {
    Dictionary(Dictionary),
    Boolean(bool),
}

fn options(value: &JsValue) -> JsResult<Options> {
    if value.is_null_or_undefined() || value.is_object() {
        Dictionary::new(value, "options").map(Options::Dictionary)
    } else {
        Ok(Options::Boolean(value.to_boolean()))
    }
}

/// Flattens options. <https://dom.spec.whatwg.org/#concept-flatten-options>
fn flatten(value: &JsValue, context: &mut Context) -> JsResult<bool> {
    match options(value)? {
        Options::Boolean(capture) => Ok(capture),
        Options::Dictionary(dictionary) => dictionary.boolean(js_string!("capture"), context),
    }
}

/// Flattens options further, into `listener`.
/// <https://dom.spec.whatwg.org/#event-flatten-more>
fn flatten_more(value: &JsValue, listener: &mut Listener, context: &mut Context) -> JsResult<()> {
    match options(value)? {
        Options::Boolean(capture) => listener.capture = capture,
        Options::Dictionary(dictionary) => {
            listener.capture = dictionary.boolean(js_string!("capture"), context)?;
            listener.once = dictionary.boolean(js_string!("once"), context)?;
            listener.passive = dictionary.boolean(js_string!("passive"), context)?;
            if let Some(value) = dictionary.get(js_string!("signal"), context)? {
                listener.signal = Some(ListenerSignal {
                    signal: abort_signal(&value, "the option 'signal'")?,
                    algorithm: None,
                });
            }
        }
    }
    Ok(())
}

/// <https://dom.spec.whatwg.org/#dom-eventtarget-addeventlistener>
fn add_event_listener(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let (object, target) = this_target(this, context)?;
    required_arguments(args, 2, EVENT_TARGET.name, "addEventListener")?;
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let callback = nullable_callback_interface(args.get_or_undefined(1), "the event listener")?;
    // 1. Flatten the options, which are converted even where the callback is null.
    let is_null = callback.is_none();
    let mut listener = Listener::event_listener(type_, callback.unwrap_or(object), false);
    flatten_more(args.get_or_undefined(2), &mut listener, context)?;
    // 2. Add an event listener, unless its callback is null.
    if !is_null {
        TargetCore::add_an_event_listener(&target, listener, context);
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-eventtarget-removeeventlistener>
fn remove_event_listener(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let target = target_core(this, context)?;
    required_arguments(args, 2, EVENT_TARGET.name, "removeEventListener")?;
    let type_ = dom_string(args.get_or_undefined(0), context)?;
    let callback = nullable_callback_interface(args.get_or_undefined(1), "the event listener")?;
    // 1. Flatten the options. 2. Remove the listener with this type, callback and capture.
    let capture = flatten(args.get_or_undefined(2), context)?;
    if let Some(callback) = callback {
        let mut listeners = target.listeners.borrow_mut();
        let removed = listeners.remove_equal(&type_, &callback, capture);
        drop(listeners);
        target.listener_removed(removed);
    }
    Ok(JsValue::undefined())
}

/// <https://dom.spec.whatwg.org/#dom-eventtarget-dispatchevent>
fn dispatch_event(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (target, target_core) = this_target(this, context)?;
    required_arguments(args, 1, EVENT_TARGET.name, "dispatchEvent")?;
    let Some((event, core)) = args
        .get_or_undefined(0)
        .as_object()
        .and_then(|event| Event::of(&event).map(|core| (event, core)))
    else {
        return Err(type_error("the argument of dispatchEvent is not an Event"));
    };
    // 1. Being dispatched, or not initialized: InvalidStateError.
    let invalid = if core.get(Flag::Dispatch) {
        Some("the event is already being dispatched")
    } else if !core.get(Flag::Initialized) {
        Some("the event has not been initialized")
    } else {
        None
    };
    if let Some(message) = invalid {
        return Err(throw_dom_exception("InvalidStateError", message, context));
    }
    // 2. isTrusted = false.
    core.set(Flag::IsTrusted, false);
    // 3. Dispatch.
    dispatch_to(&event, &core, &target, &target_core, context).map(JsValue::from)
}
