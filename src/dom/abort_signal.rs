//! AbortSignal. <https://dom.spec.whatwg.org/#interface-AbortSignal>
//!
//! ```webidl
//! [Exposed=*]
//! interface AbortSignal : EventTarget {
//!   [NewObject] static AbortSignal abort(optional any reason);
//!   [Exposed=(Window,Worker), NewObject] static AbortSignal timeout([EnforceRange] unsigned long long milliseconds);
//!   [NewObject] static AbortSignal _any(sequence<AbortSignal> signals);
//!   readonly attribute boolean aborted;
//!   readonly attribute any reason;
//!   undefined throwIfAborted();
//!   attribute EventHandler onabort;
//! };
//! ```

use std::{rc::Rc, time::Duration};

use boa_engine::{
    Context, Finalize, JsArgs, JsError, JsObject, JsResult, JsValue, Trace, job::TimeoutJob,
};
use boa_gc::{Gc, WeakGc};

use super::{
    abort_signal_state::{
        AbortSignalObject, AlgorithmId, AlgorithmSteps, SignalState, listeners_changed,
    },
    dispatch::{fire_an_event, in_realm},
    event_target::{EVENT_TARGET, TargetObject, create_event_target},
};
use crate::{
    event_handler_attribute,
    event_loop::{EventLoop, report_exception, script_can_catch},
    webidl::{
        Interface, Member, create_dom_exception, illegal_invocation, required_arguments, sequence,
        type_error, unsigned_long_long_enforce_range,
    },
};

/// The interface `AbortSignal`.
pub static ABORT_SIGNAL: Interface = Interface {
    name: "AbortSignal",
    parent: Some(&EVENT_TARGET),
    constructor: None,
    members: &[
        Member::StaticOperation {
            name: "abort",
            length: 0,
            call: abort,
        },
        Member::StaticOperation {
            name: "timeout",
            length: 1,
            call: timeout,
        },
        Member::StaticOperation {
            name: "any",
            length: 1,
            call: any,
        },
        Member::readonly("aborted", aborted),
        Member::readonly("reason", reason),
        Member::Operation {
            name: "throwIfAborted",
            length: 0,
            call: throw_if_aborted,
        },
        event_handler_attribute!("onabort", "abort", AbortSignalObject),
    ],
};

/// An AbortSignal in the hands of Rust code, for embedders that make their own operations abortable:
///
/// ```
/// use boa_engine::{Context, JsArgs, JsResult, JsValue, NativeFunction, Source, js_string};
/// use boa_websocket::{dom::{self, AbortSignal}, webidl};
///
/// /// `wait(signal)`: an operation that script can abort.
/// fn wait(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
///     let signal = args.get_or_undefined(0).as_object();
///     let Some(signal) = signal.and_then(|object| AbortSignal::of(&object)) else {
///         return Err(webidl::type_error("the argument is not an AbortSignal"));
///     };
///     // What has ended by then should call `remove_an_algorithm` with the id.
///     signal.add_an_algorithm(context.global_object(), |global, reason, context| {
///         global.set(js_string!("stopped"), reason.clone(), true, context).map(drop)
///     });
///     Ok(JsValue::undefined())
/// }
///
/// # fn main() -> JsResult<()> {
/// let context = &mut Context::default();
/// webidl::register(context)?;
/// dom::register(context)?;
/// context.register_global_callable(js_string!("wait"), 1, NativeFunction::from_fn_ptr(wait))?;
/// let stopped = context.eval(Source::from_bytes(
///     "const controller = new AbortController(); wait(controller.signal); controller.abort('enough'); stopped",
/// ))?;
/// assert_eq!(stopped, js_string!("enough").into());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Trace, Finalize)]
pub struct AbortSignal {
    object: JsObject,
    state: Gc<SignalState>,
}

impl AbortSignal {
    /// A new signal of the context's current realm.
    ///
    /// # Errors
    ///
    /// A TypeError if the interface is not defined in that realm.
    pub fn new(context: &mut Context) -> JsResult<Self> {
        let state = Gc::new(SignalState::new(context.realm().clone()));
        let extension = AbortSignalObject::new(state.clone());
        let object = create_event_target(&ABORT_SIGNAL, extension, context)?;
        state.set_object(object.clone());
        if let Some(target) = object.downcast_ref::<TargetObject>() {
            target.core().on_listeners_changed(listeners_changed);
        }
        Ok(Self { object, state })
    }

    /// The signal that `object` is, or `None` if it is not one.
    #[must_use]
    pub fn of(object: &JsObject) -> Option<Self> {
        let target = object.downcast_ref::<TargetObject>()?;
        let state = target.core().extension::<AbortSignalObject>()?.state();
        Some(Self {
            object: object.clone(),
            state: state.clone(),
        })
    }

    fn from_state(state: Gc<SignalState>) -> Option<Self> {
        let object = state.object()?;
        Some(Self { object, state })
    }

    /// The signal's object.
    #[must_use]
    pub fn object(&self) -> &JsObject {
        &self.object
    }

    /// Is the signal aborted? <https://dom.spec.whatwg.org/#abortsignal-aborted>
    #[must_use]
    pub fn aborted(&self) -> bool {
        self.state.aborted()
    }

    /// The abort reason; `undefined` if the signal is not aborted.
    #[must_use]
    pub fn reason(&self) -> JsValue {
        self.state.abort_reason()
    }

    pub(super) fn state(&self) -> &Gc<SignalState> {
        &self.state
    }

    /// Adds an algorithm that runs when the signal is aborted, before its `abort` event. It gets
    /// `captures`, which the collector knows about, and the abort reason; what it throws is reported.
    /// Nothing is added, and `None` returned, if the signal is aborted already: the caller looks at
    /// [`aborted`](Self::aborted) first.
    ///
    /// A signal of [`timeout`](Self::timeout) or
    /// [`create_a_dependent_abort_signal`](Self::create_a_dependent_abort_signal) with such an
    /// algorithm is not collected while it can still be aborted. The algorithm does not keep the event
    /// loop going: an operation that waits does that by itself.
    ///
    /// <https://dom.spec.whatwg.org/#abortsignal-add>
    pub fn add_an_algorithm<T: Trace + 'static>(
        &self,
        captures: T,
        steps: AlgorithmSteps<T>,
    ) -> Option<AlgorithmId> {
        // 1. Aborted: return. 2. Append.
        SignalState::add_steps(&self.state, captures, steps)
    }

    /// Removes an algorithm; tells whether it was still there.
    ///
    /// <https://dom.spec.whatwg.org/#abortsignal-remove>
    pub fn remove_an_algorithm(&self, id: AlgorithmId) -> bool {
        SignalState::remove_an_algorithm(&self.state, id)
    }

    /// Signals abort. `undefined` as the reason stands for a new "AbortError" DOMException.
    ///
    /// <https://dom.spec.whatwg.org/#abortsignal-signal-abort>
    ///
    /// # Errors
    ///
    /// Those of [`fire_an_event`]: an error that script cannot catch.
    pub fn signal_abort(&self, reason: JsValue, context: &mut Context) -> JsResult<()> {
        // 1. Aborted: return.
        if self.aborted() {
            return Ok(());
        }
        // 2. The reason.
        let reason = self.reason_or_abort_error(reason, context)?;
        self.state.set_abort_reason(reason.clone());
        // 3. – 4. The dependent signals get the reason before any script runs.
        let mut dependent_signals_to_abort = Vec::new();
        for state in self.state.take_dependent_signals() {
            if !state.aborted() {
                state.set_abort_reason(reason.clone());
                dependent_signals_to_abort.extend(Self::from_state(state));
            }
        }
        // An aborted signal has no use for its links: nothing reads them any more.
        SignalState::unlink(&self.state);
        for signal in &dependent_signals_to_abort {
            SignalState::unlink(&signal.state);
        }
        // 5. The abort steps of this signal. 6. Those of its dependent signals.
        self.run_the_abort_steps(&reason, context)?;
        for signal in dependent_signals_to_abort {
            signal.run_the_abort_steps(&reason, context)?;
        }
        Ok(())
    }

    /// The reason, or where that is `undefined`, a new AbortError of the signal's realm.
    fn reason_or_abort_error(&self, reason: JsValue, context: &mut Context) -> JsResult<JsValue> {
        if !reason.is_undefined() {
            return Ok(reason);
        }
        in_realm(self.state.realm(), context, |context| {
            let message = "The operation was aborted";
            create_dom_exception("AbortError", message, context).map(JsValue::from)
        })
    }

    /// <https://dom.spec.whatwg.org/#run-the-abort-steps>
    fn run_the_abort_steps(&self, reason: &JsValue, context: &mut Context) -> JsResult<()> {
        // 1. Run the algorithms. 2. Empty them: each is taken out before it runs.
        while let Some(algorithm) = self.state.take_first_algorithm() {
            let result = in_realm(self.state.realm(), context, |context| {
                algorithm.run(reason, context)
            });
            if let Err(error) = result {
                if !script_can_catch(&error) {
                    return Err(error);
                }
                report_exception(error, context);
            }
        }
        // 3. Fire `abort`.
        fire_an_event("abort", &self.object, context).map(drop)
    }

    /// A signal that is aborted with a "TimeoutError" DOMException after so many milliseconds.
    ///
    /// Under [`EventLoop`] it keeps the loop going only as long as somebody listens to `abort`, of
    /// the signal itself or of one that depends on it: a deadline that nobody waits for is no reason
    /// to wait. Under another executor it is a job like any other, and that executor's matter.
    ///
    /// <https://dom.spec.whatwg.org/#dom-abortsignal-timeout>
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn timeout(milliseconds: u64, context: &mut Context) -> JsResult<Self> {
        // 1. A new signal. 2. global is that of its realm.
        let signal = Self::new(context)?;
        // 3. After the timeout, a task: signal abort with a new TimeoutError. For its duration the
        // signal is held while it is observed, which `SignalState` sees to; otherwise weakly.
        let weak = WeakGc::new(&signal.state);
        let steps = move |context: &mut Context| match weak.upgrade().and_then(Self::from_state) {
            Some(signal) => signal.time_out(context),
            None => Ok(()),
        };
        match context.downcast_job_executor::<EventLoop>() {
            Some(event_loop) => {
                let timer =
                    event_loop.set_timer(Duration::from_millis(milliseconds), steps, context);
                event_loop.set_timer_keeps_alive(timer, false);
                let timer = Some((Rc::downgrade(&event_loop), timer));
                signal.state.set_timeout(timer);
            }
            None => {
                let delay = Duration::from_millis(milliseconds);
                let steps = move |context: &mut Context| steps(context).map(JsValue::from);
                let realm = context.realm().clone();
                context.enqueue_job(TimeoutJob::with_realm(steps, realm, delay).into());
                signal.state.set_timeout(None);
            }
        }
        // 4.
        Ok(signal)
    }

    fn time_out(&self, context: &mut Context) -> JsResult<()> {
        let reason = in_realm(self.state.realm(), context, |context| {
            let message = "The operation timed out";
            create_dom_exception("TimeoutError", message, context)
        })?;
        self.signal_abort(reason.into(), context)
    }

    /// A signal that is aborted as soon as one of `signals` is, with the same reason.
    ///
    /// <https://dom.spec.whatwg.org/#create-a-dependent-abort-signal>
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn create_a_dependent_abort_signal(
        signals: &[Self],
        context: &mut Context,
    ) -> JsResult<Self> {
        // 1. A new signal of the current realm.
        let result_signal = Self::new(context)?;
        // 2. One is aborted already: so is the new one.
        if let Some(signal) = signals.iter().find(|signal| signal.aborted()) {
            result_signal.state.set_abort_reason(signal.reason());
            return Ok(result_signal);
        }
        // 3. It is dependent.
        result_signal.state.set_dependent();
        // 4. It depends on signals that do not depend on others themselves.
        for signal in signals {
            if signal.state.is_dependent() {
                // 4.2. The sources of a dependent one.
                for source in signal.state.source_signals() {
                    SignalState::link(&source, &result_signal.state);
                }
            } else {
                // 4.1.
                SignalState::link(&signal.state, &result_signal.state);
            }
        }
        // 5.
        Ok(result_signal)
    }
}

fn this_signal(this: &JsValue) -> JsResult<AbortSignal> {
    this.as_object()
        .and_then(|object| AbortSignal::of(&object))
        .ok_or_else(|| illegal_invocation(ABORT_SIGNAL.name))
}

/// Converts a value to the interface type `AbortSignal`.
///
/// # Errors
///
/// A TypeError if it is not one.
pub(super) fn abort_signal(value: &JsValue, what: &str) -> JsResult<AbortSignal> {
    value
        .as_object()
        .and_then(|object| AbortSignal::of(&object))
        .ok_or_else(|| type_error(format!("{what} is not an AbortSignal")))
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-abort>
fn abort(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // 1. A new signal. 2. Its reason. 3.
    let signal = AbortSignal::new(context)?;
    let reason = signal.reason_or_abort_error(args.get_or_undefined(0).clone(), context)?;
    signal.state.set_abort_reason(reason);
    Ok(signal.object.clone().into())
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-timeout>
fn timeout(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    required_arguments(args, 1, ABORT_SIGNAL.name, "timeout")?;
    let milliseconds = unsigned_long_long_enforce_range(args.get_or_undefined(0), context)?;
    let signal = AbortSignal::timeout(milliseconds, context)?;
    Ok(signal.object.clone().into())
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-any>
fn any(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    required_arguments(args, 1, ABORT_SIGNAL.name, "any")?;
    let signals = args.get_or_undefined(0);
    let signals = sequence(signals, "the argument of any", context, |value, _| {
        abort_signal(&value, "an element of the argument of any")
    })?;
    let signal = AbortSignal::create_a_dependent_abort_signal(&signals, context)?;
    Ok(signal.object.clone().into())
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-aborted>
fn aborted(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_signal(this)?.aborted().into())
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-reason>
fn reason(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_signal(this)?.reason())
}

/// <https://dom.spec.whatwg.org/#dom-abortsignal-throwifaborted>
fn throw_if_aborted(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let signal = this_signal(this)?;
    if signal.aborted() {
        return Err(JsError::from_opaque(signal.reason()));
    }
    Ok(JsValue::undefined())
}
