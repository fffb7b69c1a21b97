//! What an AbortSignal keeps: its reason, its algorithms, its links to other signals, and who
//! keeps it alive. <https://dom.spec.whatwg.org/#abort-signal-garbage-collection>
//!
//! ```text
//!            weakly; strongly while the dependent signal is observed
//!          ┌────────────────────────────────────────────────────────┐
//!   source signal                                            dependent signal
//!          └────────────────────────────────────────────────────────┘
//!            weakly; strongly while the source waits for its timeout
//!
//!   realm ──────── strongly while it is observed ────────▶ signal that waits for its timeout
//!   timer ──────────────────── weakly ───────────────────▶ signal that waits for its timeout
//!   event listener ───────────────── strongly ───────────▶ the signal it was added with
//!   that signal ──────────────────── weakly ─────────────▶ the event target of the listener
//! ```
//!
//! A signal is observed while something would happen if it were aborted: it has a listener for
//! `abort` or an algorithm of Rust code, or a dependent signal is observed. The removal of an event
//! listener that was added with `signal` is not counted: as long as its target lives, the listener
//! itself holds the signal.

use std::{
    cell::Cell,
    collections::BTreeMap,
    fmt,
    rc::Weak,
    sync::atomic::{AtomicU64, Ordering},
};

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsValue, Trace, js_string, realm::Realm,
};
use boa_gc::{Gc, GcRefCell, WeakGc};

use super::{
    event_target::{ListenersChange, TargetCore},
    listeners::ListenerId,
};
use crate::event_loop::{EventLoop, TimerId};

/// Entries for what is gone are swept out when a list has so many, and again when it has twice as
/// many as survived.
const FIRST_SWEEP: usize = 16;

/// Names an algorithm of one signal; see
/// [`AbortSignal::add_an_algorithm`](super::AbortSignal::add_an_algorithm).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlgorithmId(u64);

/// The steps of an abort algorithm: they get what was captured and the abort reason.
pub type AlgorithmSteps<T> = fn(&T, &JsValue, &mut Context) -> JsResult<()>;

/// The extension of an AbortSignal's event target.
#[derive(Debug, Trace, Finalize, JsData)]
pub(super) struct AbortSignalObject {
    state: Gc<SignalState>,
}

impl AbortSignalObject {
    pub(super) fn new(state: Gc<SignalState>) -> Self {
        Self { state }
    }

    pub(super) fn state(&self) -> &Gc<SignalState> {
        &self.state
    }
}

/// The observed signals of a realm that wait for their timeouts, in its host-defined data.
#[derive(Default, Trace, Finalize, JsData)]
struct ObservedTimeouts {
    signals: GcRefCell<BTreeMap<u64, Gc<SignalState>>>,
}

/// Prepares the current realm.
pub(super) fn register(context: &Context) {
    let mut host_defined = context.realm().host_defined_mut();
    if !host_defined.has::<ObservedTimeouts>() {
        host_defined.insert(ObservedTimeouts::default());
    }
}

/// One abort algorithm. <https://dom.spec.whatwg.org/#abortsignal-abort-algorithms>
#[derive(Trace, Finalize)]
pub(super) enum Algorithm {
    /// Remove an event listener.
    RemoveListener {
        target: WeakGc<TargetCore>,
        #[unsafe_ignore_trace]
        listener: ListenerId,
    },
    /// Rust code's.
    Steps(Box<dyn Steps>),
}

impl Algorithm {
    pub(super) fn run(&self, reason: &JsValue, context: &mut Context) -> JsResult<()> {
        match self {
            Self::RemoveListener { target, listener } => {
                if let Some(target) = target.upgrade() {
                    target.remove_listener(*listener);
                }
                Ok(())
            }
            Self::Steps(steps) => steps.run(reason, context),
        }
    }

    fn is_observer(&self) -> bool {
        matches!(self, Self::Steps(_))
    }

    /// Can it still do anything?
    fn is_live(&self) -> bool {
        match self {
            Self::RemoveListener { target, .. } => target.is_upgradable(),
            Self::Steps(_) => true,
        }
    }
}

/// Steps of any type of captures.
pub(super) trait Steps: Trace {
    fn run(&self, reason: &JsValue, context: &mut Context) -> JsResult<()>;
}

#[derive(Trace, Finalize)]
struct StepsWithCaptures<T: Trace + 'static> {
    captures: T,
    #[unsafe_ignore_trace]
    steps: AlgorithmSteps<T>,
}

impl<T: Trace + 'static> Steps for StepsWithCaptures<T> {
    fn run(&self, reason: &JsValue, context: &mut Context) -> JsResult<()> {
        (self.steps)(&self.captures, reason, context)
    }
}

/// A list whose entries may lose their meaning with what they refer to.
#[derive(Trace, Finalize)]
struct Swept<T: Trace> {
    entries: BTreeMap<u64, T>,
    sweep_at: usize,
}

impl<T: Trace> Default for Swept<T> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            sweep_at: FIRST_SWEEP,
        }
    }
}

impl<T: Trace> Swept<T> {
    fn insert(&mut self, id: u64, entry: T, is_live: fn(&T) -> bool) {
        if self.entries.len() >= self.sweep_at {
            self.entries.retain(|_, entry| is_live(entry));
            self.sweep_at = FIRST_SWEEP.max(self.entries.len() * 2);
        }
        self.entries.insert(id, entry);
    }
}

/// An entry of the source signals. <https://dom.spec.whatwg.org/#abortsignal-source-signals>
#[derive(Trace, Finalize)]
struct SourceSignal {
    weak: WeakGc<SignalState>,
    /// A signal that waits for its timeout: script that looks at the dependent signal's `aborted`
    /// later must not find that the collector has stopped the clock.
    waiting: Option<Gc<SignalState>>,
}

/// An entry of the dependent signals. <https://dom.spec.whatwg.org/#abortsignal-dependent-signals>
#[derive(Trace, Finalize)]
struct DependentSignal {
    weak: WeakGc<SignalState>,
    /// While it is observed.
    observed: Option<Gc<SignalState>>,
}

/// A signal waits for its timeout.
#[derive(Debug)]
struct Timeout {
    /// Under [`EventLoop`].
    timer: Option<(Weak<EventLoop>, TimerId)>,
}

/// The state of an AbortSignal.
#[derive(Trace, Finalize)]
pub(super) struct SignalState {
    /// In the order of creation.
    id: u64,
    realm: Realm,
    /// The object, which in turn holds this state.
    object: GcRefCell<Option<JsObject>>,
    /// `undefined`: not aborted.
    abort_reason: GcRefCell<JsValue>,
    abort_algorithms: GcRefCell<Swept<Algorithm>>,
    #[unsafe_ignore_trace]
    last_algorithm: Cell<u64>,
    /// Somebody listens to `abort`.
    #[unsafe_ignore_trace]
    has_listeners: Cell<bool>,
    #[unsafe_ignore_trace]
    dependent: Cell<bool>,
    source_signals: GcRefCell<Vec<SourceSignal>>,
    /// By their ids, which is the order in which they were linked.
    dependent_signals: GcRefCell<Swept<DependentSignal>>,
    #[unsafe_ignore_trace]
    timeout: std::cell::RefCell<Option<Timeout>>,
}

impl fmt::Debug for SignalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalState")
            .field("aborted", &self.aborted())
            .finish_non_exhaustive()
    }
}

impl SignalState {
    pub(super) fn new(realm: Realm) -> Self {
        static LAST_ID: AtomicU64 = AtomicU64::new(0);
        Self {
            id: LAST_ID.fetch_add(1, Ordering::Relaxed),
            realm,
            object: GcRefCell::new(None),
            abort_reason: GcRefCell::new(JsValue::undefined()),
            abort_algorithms: GcRefCell::new(Swept::default()),
            last_algorithm: Cell::new(0),
            has_listeners: Cell::new(false),
            dependent: Cell::new(false),
            source_signals: GcRefCell::new(Vec::new()),
            dependent_signals: GcRefCell::new(Swept::default()),
            timeout: std::cell::RefCell::new(None),
        }
    }

    pub(super) fn realm(&self) -> &Realm {
        &self.realm
    }

    pub(super) fn object(&self) -> Option<JsObject> {
        self.object.borrow().clone()
    }

    pub(super) fn set_object(&self, object: JsObject) {
        *self.object.borrow_mut() = Some(object);
    }

    pub(super) fn aborted(&self) -> bool {
        !self.abort_reason.borrow().is_undefined()
    }

    pub(super) fn abort_reason(&self) -> JsValue {
        self.abort_reason.borrow().clone()
    }

    pub(super) fn set_abort_reason(&self, reason: JsValue) {
        *self.abort_reason.borrow_mut() = reason;
    }

    pub(super) fn is_dependent(&self) -> bool {
        self.dependent.get()
    }

    pub(super) fn set_dependent(&self) {
        self.dependent.set(true);
    }

    /// The source signals that still live.
    pub(super) fn source_signals(&self) -> Vec<Gc<Self>> {
        let sources = self.source_signals.borrow();
        sources.iter().filter_map(|s| s.weak.upgrade()).collect()
    }

    /// Empties the dependent signals and gives back those that still live, in their order.
    pub(super) fn take_dependent_signals(&self) -> Vec<Gc<Self>> {
        let taken = std::mem::take(&mut *self.dependent_signals.borrow_mut());
        let entries = taken.entries.values();
        entries.filter_map(|entry| entry.weak.upgrade()).collect()
    }

    /// Adds an algorithm of Rust code, unless the signal is aborted.
    pub(super) fn add_steps<T: Trace + 'static>(
        this: &Gc<Self>,
        captures: T,
        steps: AlgorithmSteps<T>,
    ) -> Option<AlgorithmId> {
        let id = this.add(Algorithm::Steps(Box::new(StepsWithCaptures {
            captures,
            steps,
        })));
        Self::observers_changed(this);
        id
    }

    /// Adds the algorithm that removes an event listener, unless the signal is aborted.
    pub(super) fn add_listener_removal(
        &self,
        target: &Gc<TargetCore>,
        listener: ListenerId,
    ) -> Option<AlgorithmId> {
        let target = WeakGc::new(target);
        self.add(Algorithm::RemoveListener { target, listener })
    }

    fn add(&self, algorithm: Algorithm) -> Option<AlgorithmId> {
        if self.aborted() {
            return None;
        }
        let id = self.last_algorithm.get() + 1;
        self.last_algorithm.set(id);
        let mut algorithms = self.abort_algorithms.borrow_mut();
        algorithms.insert(id, algorithm, Algorithm::is_live);
        Some(AlgorithmId(id))
    }

    pub(super) fn remove_an_algorithm(this: &Gc<Self>, id: AlgorithmId) -> bool {
        // Dropped after the borrow ends: it may be somebody else's type.
        let removed = this.abort_algorithms.borrow_mut().entries.remove(&id.0);
        if removed.as_ref().is_some_and(Algorithm::is_observer) {
            Self::observers_changed(this);
        }
        removed.is_some()
    }

    /// Takes out the algorithm that is to run next.
    pub(super) fn take_first_algorithm(&self) -> Option<Algorithm> {
        let mut algorithms = self.abort_algorithms.borrow_mut();
        algorithms
            .entries
            .pop_first()
            .map(|(_, algorithm)| algorithm)
    }

    /// Makes `dependent` depend on `source`, unless it does so already.
    pub(super) fn link(source: &Gc<Self>, dependent: &Gc<Self>) {
        let is_linked = |entry: &SourceSignal| {
            let other = entry.weak.upgrade();
            other.is_some_and(|other| Gc::ptr_eq(&other, source))
        };
        if dependent.source_signals.borrow().iter().any(is_linked) {
            return;
        }
        // Made before the lists are borrowed: the collector may run here, and does not look into
        // what is being changed.
        let waiting = source.timeout.borrow().is_some().then(|| source.clone());
        let source_signal = SourceSignal {
            weak: WeakGc::new(source),
            waiting,
        };
        let dependent_signal = DependentSignal {
            weak: WeakGc::new(dependent),
            observed: None,
        };
        dependent.source_signals.borrow_mut().push(source_signal);
        source
            .dependent_signals
            .borrow_mut()
            .insert(dependent.id, dependent_signal, |entry| {
                entry.weak.is_upgradable()
            });
    }

    /// Cuts the links of an aborted signal to its sources, and ends its waiting.
    pub(super) fn unlink(this: &Gc<Self>) {
        let sources = this.source_signals();
        this.source_signals.borrow_mut().clear();
        for source in sources {
            let mut dependents = source.dependent_signals.borrow_mut();
            let removed = dependents.entries.remove(&this.id);
            drop(dependents);
            drop(removed);
            Self::update_timeout(&source);
        }
        let timeout = this.timeout.borrow_mut().take();
        if let Some((event_loop, timer)) = timeout.and_then(|timeout| timeout.timer)
            && let Some(event_loop) = event_loop.upgrade()
        {
            event_loop.clear_timer(timer);
        }
        this.hold_by_realm(None);
    }

    /// The signal begins to wait for its timeout.
    pub(super) fn set_timeout(&self, timer: Option<(Weak<EventLoop>, TimerId)>) {
        self.timeout.replace(Some(Timeout { timer }));
    }

    fn has_observing_algorithm(&self) -> bool {
        let algorithms = self.abort_algorithms.borrow();
        algorithms.entries.values().any(Algorithm::is_observer)
    }

    /// Sees to it that the signal lives as long as the standard says, after its listeners for
    /// `abort` or its algorithms have changed.
    fn observers_changed(this: &Gc<Self>) {
        // "A non-aborted dependent AbortSignal object must not be garbage collected while its
        // source signals is non-empty and" it is observed.
        let sources = this.source_signals();
        if !sources.is_empty() {
            let is_observed = this.has_listeners.get() || this.has_observing_algorithm();
            for source in sources {
                let mut dependents = source.dependent_signals.borrow_mut();
                if let Some(entry) = dependents.entries.get_mut(&this.id) {
                    entry.observed = is_observed.then(|| this.clone());
                }
                drop(dependents);
                Self::update_timeout(&source);
            }
        }
        Self::update_timeout(this);
    }

    /// "For the duration of this timeout, if signal has any event listeners registered for its
    /// abort event, there must be a strong reference from global to signal." Here the same goes for
    /// the other ways to observe it.
    fn update_timeout(this: &Gc<Self>) {
        let timeout = this.timeout.borrow();
        let Some(timeout) = &*timeout else {
            return;
        };
        let dependents = this.dependent_signals.borrow();
        let mut observed = dependents
            .entries
            .values()
            .filter_map(|entry| entry.observed.as_ref())
            .peekable();
        let is_observed =
            observed.peek().is_some() || this.has_listeners.get() || this.has_observing_algorithm();
        let has_listeners = this.has_listeners.get() || observed.any(|s| s.has_listeners.get());
        this.hold_by_realm(is_observed.then(|| this.clone()));
        if let Some((event_loop, timer)) = &timeout.timer
            && let Some(event_loop) = event_loop.upgrade()
        {
            event_loop.set_timer_keeps_alive(*timer, has_listeners);
        }
    }

    fn hold_by_realm(&self, held: Option<Gc<Self>>) {
        let host_defined = self.realm.host_defined();
        let Some(timeouts) = host_defined.get::<ObservedTimeouts>() else {
            return;
        };
        let mut signals = timeouts.signals.borrow_mut();
        match held {
            Some(held) => drop(signals.insert(self.id, held)),
            None => drop(signals.remove(&self.id)),
        }
    }
}

/// What an AbortSignal's event target calls when its listeners have changed.
pub(super) fn listeners_changed(core: &TargetCore, _: ListenersChange<'_>) {
    let Some(signal) = core.extension::<AbortSignalObject>() else {
        return;
    };
    let has_listeners = core.has_listeners(&js_string!("abort"));
    if signal.state.has_listeners.replace(has_listeners) != has_listeners {
        SignalState::observers_changed(&signal.state);
    }
}

#[cfg(test)]
mod tests;
