//! Listeners that are Rust closures.
//!
//! They stand in the same list as script's, in the order they were added: `once`, `capture` and `passive` mean the same,
//! `stopImmediatePropagation()` holds for both, and an error that one returns is reported like an exception of a listener of
//! script's, and stops no other.

use std::{fmt, rc::Rc};

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, Trace, object::NativeObject,
};
use boa_gc::WeakGc;

use super::{
    event_target::{EVENT_TARGET, TargetCore, target_of},
    listeners::{CallbackKind, Listener, ListenerId},
};
use crate::{event_loop::clean_up_after_running_script, webidl::illegal_invocation};

/// How a listener listens; the options of `addEventListener()`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerOptions {
    /// Called once, and then removed.
    pub once: bool,
    /// Called before those that do not capture.
    pub capture: bool,
    /// What it does cannot cancel the event.
    pub passive: bool,
}

/// A listener that was added, to be removed. Dropping the handle removes nothing, and it keeps nothing alive.
#[derive(Clone)]
pub struct ListenerHandle {
    target: WeakGc<TargetCore>,
    id: ListenerId,
}

impl ListenerHandle {
    /// Removes the listener, also while its event is dispatched; false if it is gone already.
    pub fn remove(&self) -> bool {
        let target = self.target.upgrade();
        target.is_some_and(|target| target.remove_listener(self.id))
    }
}

impl fmt::Debug for ListenerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ListenerHandle").field(&self.id).finish()
    }
}

/// Adds a listener to any event target: one of script's, the global object, one of the embedder's own.
///
/// The collector does not look into the closure: a `JsObject` or another of its handles that the closure owns lives as long
/// as the listener does, and if that leads back to the target, both live as long as the program. State that holds such
/// handles belongs into [`add_listener_with`]. What the closure shares with Rust code (`Rc`, `Arc`, channels) is no problem.
///
/// The closure runs in the target's realm, on the context's thread, and a microtask checkpoint follows it where no script
/// runs. It may call script, dispatch events and remove itself; it may be called again while it runs.
///
/// ```
/// use std::{cell::Cell, rc::Rc};
/// use boa_engine::{Context, JsResult, Source};
/// use boa_websocket::{EventsExtension, dom::add_listener};
///
/// # fn main() -> JsResult<()> {
/// let mut context = Context::default();
/// EventsExtension.register(None, &mut context)?;
/// let target = context.eval(Source::from_bytes("globalThis.t = new EventTarget()"))?;
/// let heard = Rc::new(Cell::new(0));
/// let count = heard.clone();
/// let listener = add_listener(&target.to_object(&mut context)?, "ping", move |_event, _context| {
///     count.set(count.get() + 1);
///     Ok(())
/// }, &mut context)?;
/// context.eval(Source::from_bytes("t.dispatchEvent(new Event('ping'))"))?;
/// assert!(listener.remove());
/// context.eval(Source::from_bytes("t.dispatchEvent(new Event('ping'))"))?;
/// assert_eq!(heard.get(), 1);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// A TypeError if `target` is not an event target.
pub fn add_listener(
    target: &JsObject,
    type_: &str,
    listener: impl Fn(&JsObject, &mut Context) -> JsResult<()> + 'static,
    context: &mut Context,
) -> JsResult<ListenerHandle> {
    let call = RustListener(Rc::new(listener));
    let object = JsObject::from_proto_and_data(None, call);
    add(
        target,
        type_,
        ListenerOptions::default(),
        object,
        call_listener,
        context,
    )
}

/// As [`add_listener`], with options, and with state of the listener's that the collector looks into: it may hold any of the
/// collector's handles, the target's own among them, and goes with the target.
///
/// `listener` owns nothing of its own: it gets the state, the event and the context.
///
/// # Errors
///
/// A TypeError if `target` is not an event target.
pub fn add_listener_with<T: NativeObject>(
    target: &JsObject,
    type_: &str,
    options: ListenerOptions,
    state: T,
    listener: fn(&T, &JsObject, &mut Context) -> JsResult<()>,
    context: &mut Context,
) -> JsResult<ListenerHandle> {
    let call = StatefulListener {
        state: boa_gc::Gc::new(state),
        listener,
    };
    let object = JsObject::from_proto_and_data(None, call);
    add(target, type_, options, object, call_stateful::<T>, context)
}

fn add(
    target: &JsObject,
    type_: &str,
    options: ListenerOptions,
    object: JsObject,
    call: super::NativeListener,
    context: &mut Context,
) -> JsResult<ListenerHandle> {
    let target = target_of(target, context).ok_or_else(|| illegal_invocation(EVENT_TARGET.name))?;
    let mut listener = Listener::event_listener(JsString::from(type_), object, options.capture);
    listener.kind = CallbackKind::Rust(call);
    listener.once = options.once;
    listener.passive = options.passive;
    let id = TargetCore::add_an_event_listener(&target, listener, context)
        // Its object is new, so that there is none like it.
        .unwrap_or_default();
    Ok(ListenerHandle {
        target: WeakGc::new(&target),
        id,
    })
}

/// The data of a closure's object, which script never sees.
#[derive(Trace, Finalize, JsData)]
struct RustListener(#[unsafe_ignore_trace] Rc<Closure>);

type Closure = dyn Fn(&JsObject, &mut Context) -> JsResult<()>;

fn call_listener(
    object: &JsObject,
    _: &JsValue,
    event: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    // Taken out: no borrow may last while script runs.
    let call = object
        .downcast_ref::<RustListener>()
        .map(|data| Rc::clone(&data.0));
    let result = call.map_or(Ok(()), |call| call(event, context));
    clean_up_after_running_script(context);
    result
}

#[derive(Trace, Finalize, JsData)]
struct StatefulListener<T: NativeObject> {
    state: boa_gc::Gc<T>,
    #[unsafe_ignore_trace]
    listener: fn(&T, &JsObject, &mut Context) -> JsResult<()>,
}

fn call_stateful<T: NativeObject>(
    object: &JsObject,
    _: &JsValue,
    event: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    let found = object.downcast_ref::<StatefulListener<T>>();
    let Some((state, call)) = found.map(|data| (data.state.clone(), data.listener)) else {
        return Ok(());
    };
    let result = call(&state, event, context);
    clean_up_after_running_script(context);
    result
}
