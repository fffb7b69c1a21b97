//! The event listener list of an event target.
//! <https://dom.spec.whatwg.org/#eventtarget-event-listener-list>

use boa_engine::{Context, Finalize, JsObject, JsResult, JsString, JsValue, Trace};

use super::{abort_signal::AbortSignal, abort_signal_state::AlgorithmId};

/// What runs a listener that Rust code has put in the list, such as an event handler: it gets the
/// listener's object, the `this` value (the event's current target) and the event.
pub type NativeListener = fn(&JsObject, &JsValue, &JsObject, &mut Context) -> JsResult<()>;

/// What is called for an event.
#[derive(Clone, Copy, Debug)]
pub enum CallbackKind {
    /// The object is an `EventListener`: a function, or an object with `handleEvent`.
    EventListener,
    /// An event handler: the object is handed to Rust code. There is at most one for each type.
    Native(NativeListener),
    /// A listener of Rust code's; the object is handed to it.
    Rust(NativeListener),
}

/// An event listener. <https://dom.spec.whatwg.org/#concept-event-listener>
///
/// There is no "removed" field: a dispatch asks the list for its next listener each time, and a
/// listener that was removed is not in it any more.
#[derive(Clone, Debug, Trace, Finalize)]
pub struct Listener {
    /// Counts upwards in the order of addition; the list is sorted by it.
    #[unsafe_ignore_trace]
    pub(super) id: ListenerId,
    pub(super) type_: JsString,
    pub(super) object: JsObject,
    #[unsafe_ignore_trace]
    pub(super) kind: CallbackKind,
    #[unsafe_ignore_trace]
    pub(super) capture: bool,
    #[unsafe_ignore_trace]
    pub(super) once: bool,
    #[unsafe_ignore_trace]
    pub(super) passive: bool,
    /// The signal it was added with.
    pub(super) signal: Option<ListenerSignal>,
}

/// Names a listener of one list. Ids are not used twice.
pub(super) type ListenerId = u64;

/// The signal that removes a listener when it is aborted.
#[derive(Clone, Debug, Trace, Finalize)]
pub(super) struct ListenerSignal {
    pub(super) signal: AbortSignal,
    /// The algorithm that does it, to be taken back if the listener goes first.
    #[unsafe_ignore_trace]
    pub(super) algorithm: Option<AlgorithmId>,
}

impl Listener {
    pub(super) fn event_listener(type_: JsString, object: JsObject, capture: bool) -> Self {
        Self {
            id: 0,
            type_,
            object,
            kind: CallbackKind::EventListener,
            capture,
            once: false,
            passive: false,
            signal: None,
        }
    }

    pub(super) fn native(type_: JsString, object: JsObject, call: NativeListener) -> Self {
        let mut listener = Self::event_listener(type_, object, false);
        listener.kind = CallbackKind::Native(call);
        listener
    }

    /// To be called once the listener is out of its list: its signal has nothing to remove any more.
    pub(super) fn forget_signal(&self) {
        if let Some(ListenerSignal {
            signal,
            algorithm: Some(algorithm),
        }) = &self.signal
        {
            signal.remove_an_algorithm(*algorithm);
        }
    }

    fn is_native(&self) -> bool {
        matches!(self.kind, CallbackKind::Native(_))
    }
}

/// What a dispatch has to know of a listener.
#[derive(Debug)]
pub(super) struct Invoked {
    pub(super) id: ListenerId,
    pub(super) object: JsObject,
    pub(super) kind: CallbackKind,
    pub(super) once: bool,
    pub(super) passive: bool,
}

impl From<&Listener> for Invoked {
    fn from(listener: &Listener) -> Self {
        Self {
            id: listener.id,
            object: listener.object.clone(),
            kind: listener.kind,
            once: listener.once,
            passive: listener.passive,
        }
    }
}

/// One walk through the listeners that were in the list when it began.
///
/// It stands for the standard's clone of the list without making one: removed listeners are gone
/// from the list, and those added since have an id beyond the end.
#[derive(Debug)]
pub(super) struct Walk {
    after: u64,
    end: u64,
}

/// The list itself.
#[derive(Debug, Default, Trace, Finalize)]
pub(super) struct ListenerList {
    listeners: Vec<Listener>,
    #[unsafe_ignore_trace]
    last_id: u64,
    /// There was once a listener that captures. Few targets ever have one, and a dispatch to the
    /// others need not look for it.
    #[unsafe_ignore_trace]
    captures: bool,
}

impl ListenerList {
    /// Does the list hold an event listener with this type, callback and capture?
    pub(super) fn has_equal(&self, listener: &Listener) -> bool {
        self.position(&listener.type_, &listener.object, listener.capture)
            .is_some()
    }

    fn position(&self, type_: &JsString, object: &JsObject, capture: bool) -> Option<usize> {
        self.listeners.iter().position(|listener| {
            listener.capture == capture
                && !listener.is_native()
                && JsObject::equals(&listener.object, object)
                && listener.type_ == *type_
        })
    }

    pub(super) fn append(&mut self, mut listener: Listener) -> ListenerId {
        self.last_id += 1;
        listener.id = self.last_id;
        self.captures |= listener.capture;
        self.listeners.push(listener);
        self.last_id
    }

    /// Notes the algorithm with which the signal of a listener removes it.
    pub(super) fn set_algorithm(&mut self, id: ListenerId, algorithm: Option<AlgorithmId>) {
        if let Some(position) = self.position_of(id)
            && let Some(signal) = &mut self.listeners[position].signal
        {
            signal.algorithm = algorithm;
        }
    }

    fn position_of(&self, id: ListenerId) -> Option<usize> {
        self.listeners
            .binary_search_by_key(&id, |listener| listener.id)
            .ok()
    }

    /// Takes out the event listener with this type, callback and capture, if there is one.
    pub(super) fn remove_equal(
        &mut self,
        type_: &JsString,
        object: &JsObject,
        capture: bool,
    ) -> Option<Listener> {
        self.position(type_, object, capture)
            .map(|position| self.listeners.remove(position))
    }

    /// Takes out this very listener, if it is still there.
    pub(super) fn remove(&mut self, id: ListenerId) -> Option<Listener> {
        self.position_of(id)
            .map(|position| self.listeners.remove(position))
    }

    /// Is there any listener for the type, whatever its kind?
    pub(super) fn has_type(&self, type_: &JsString) -> bool {
        self.listeners
            .iter()
            .any(|listener| listener.type_ == *type_)
    }

    /// Begins a walk through the listeners that are in the list now.
    pub(super) fn walk(&self, capture: bool) -> Walk {
        let end = match capture && !self.captures {
            true => 0,
            false => self.last_id,
        };
        Walk { after: 0, end }
    }

    /// The next listener of the walk with this type and capture.
    pub(super) fn next(&self, walk: &mut Walk, type_: &JsString, capture: bool) -> Option<Invoked> {
        if walk.after >= walk.end {
            return None;
        }
        let start = self
            .listeners
            .partition_point(|listener| listener.id <= walk.after);
        let found = self.listeners[start..]
            .iter()
            .take_while(|listener| listener.id <= walk.end)
            .find(|listener| listener.capture == capture && listener.type_ == *type_);
        walk.after = found.map_or(walk.end, |listener| listener.id);
        found.map(Invoked::from)
    }

    fn native_position(&self, type_: &JsString) -> Option<usize> {
        self.listeners
            .iter()
            .position(|listener| listener.is_native() && listener.type_ == *type_)
    }

    /// The object of the native listener for the type.
    pub(super) fn native(&self, type_: &JsString) -> Option<JsObject> {
        self.native_position(type_)
            .map(|position| self.listeners[position].object.clone())
    }

    /// Replaces the object of the native listener for the type, which keeps its place. Gives the
    /// object back if there is no such listener.
    pub(super) fn replace_native(
        &mut self,
        type_: &JsString,
        object: JsObject,
    ) -> Option<JsObject> {
        match self.native_position(type_) {
            Some(position) => {
                self.listeners[position].object = object;
                None
            }
            None => Some(object),
        }
    }

    /// Removes the native listener for the type, if there is one.
    pub(super) fn remove_native(&mut self, type_: &JsString) {
        if let Some(position) = self.native_position(type_) {
            self.listeners.remove(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use boa_engine::js_string;
    use proptest::prelude::*;

    /// The list as the standard has it: walks go through a clone and skip what was removed since.
    #[derive(Default)]
    struct Model {
        /// Callback, capture, and whether it is native.
        listeners: Vec<(usize, bool, bool, u64)>,
        last: u64,
    }

    #[derive(Clone, Debug)]
    enum Step {
        Add { callback: usize, capture: bool },
        Remove { callback: usize, capture: bool },
        SetNative { callback: usize },
        RemoveNative,
        Begin,
        Next { walk: usize, once: bool },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let callback = 0_usize..4;
        let step = prop_oneof![
            (callback.clone(), any::<bool>())
                .prop_map(|(callback, capture)| Step::Add { callback, capture }),
            (callback.clone(), any::<bool>())
                .prop_map(|(callback, capture)| Step::Remove { callback, capture }),
            callback.prop_map(|callback| Step::SetNative { callback }),
            Just(Step::RemoveNative),
            Just(Step::Begin),
            (0_usize..3, any::<bool>()).prop_map(|(walk, once)| Step::Next { walk, once }),
        ];
        prop::collection::vec(step, 0..60)
    }

    const NATIVE: NativeListener = |_, _, _, _| Ok(());

    fn is_native(listener: &Invoked) -> bool {
        matches!(listener.kind, CallbackKind::Native(_))
    }

    proptest! {
        #[test]
        fn a_walk_is_like_a_clone_of_the_list(steps in steps()) {
            let objects: Vec<JsObject> = (0..4).map(|_| JsObject::with_null_proto()).collect();
            let type_ = js_string!("x");
            let mut list = ListenerList::default();
            // Never found, always in the way.
            let other = Listener::event_listener(js_string!("y"), objects[0].clone(), false);
            list.append(other);
            let mut model = Model { last: 1, ..Model::default() };
            let mut walks = Vec::new();
            for step in steps {
                match step {
                    Step::Add { callback, capture } => {
                        let object = objects[callback].clone();
                        let listener = Listener::event_listener(type_.clone(), object, capture);
                        let equal = model.listeners.iter()
                            .any(|l| (l.0, l.1, l.2) == (callback, capture, false));
                        prop_assert_eq!(list.has_equal(&listener), equal);
                        if !equal {
                            list.append(listener);
                            model.last += 1;
                            model.listeners.push((callback, capture, false, model.last));
                        }
                    }
                    Step::Remove { callback, capture } => {
                        list.remove_equal(&type_, &objects[callback], capture);
                        model.listeners
                            .retain(|l| (l.0, l.1, l.2) != (callback, capture, false));
                    }
                    Step::SetNative { callback } => {
                        let object = objects[callback].clone();
                        if let Some(object) = list.replace_native(&type_, object) {
                            list.append(Listener::native(type_.clone(), object, NATIVE));
                        }
                        match model.listeners.iter_mut().find(|l| l.2) {
                            Some(native) => native.0 = callback,
                            None => {
                                model.last += 1;
                                model.listeners.push((callback, false, true, model.last));
                            }
                        }
                    }
                    Step::RemoveNative => {
                        list.remove_native(&type_);
                        model.listeners.retain(|l| !l.2);
                    }
                    Step::Begin => {
                        let clone: Vec<u64> = model.listeners.iter()
                            .filter(|l| !l.1).map(|l| l.3).collect();
                        walks.push((list.walk(false), clone.into_iter()));
                    }
                    Step::Next { walk, once } => {
                        let Some((walk, clone)) = walks.get_mut(walk) else { continue };
                        let next = list.next(walk, &type_, false);
                        let expected = clone
                            .find_map(|id| model.listeners.iter().find(|l| l.3 == id).copied());
                        prop_assert_eq!(
                            next.as_ref().map(|l| (l.id, is_native(l))),
                            expected.map(|l| (l.3, l.2))
                        );
                        if let (Some(next), Some(expected)) = (next, expected) {
                            prop_assert!(JsObject::equals(&next.object, &objects[expected.0]));
                            if once && !is_native(&next) {
                                list.remove(next.id);
                                model.listeners.retain(|l| l.3 != expected.3);
                            }
                        }
                    }
                }
                prop_assert_eq!(list.has_type(&type_), !model.listeners.is_empty());
                prop_assert_eq!(list.native(&type_).is_some(), model.listeners.iter().any(|l| l.2));
            }
        }
    }
}
