//! Dispatching and firing events.
//! <https://dom.spec.whatwg.org/#dispatching-events>, <https://dom.spec.whatwg.org/#firing-events>
//!
//! There is no tree here, so an event's path is its target alone.

use boa_engine::{
    Context, JsObject, JsResult, JsString, JsValue, js_string, object::NativeObject, realm::Realm,
};
use boa_gc::Gc;

use super::{
    event::EVENT,
    event_object::{AT_TARGET, Event, EventInit, Flag, NONE, create_event},
    event_target::{EVENT_TARGET, TargetCore, target_of},
    listeners::{CallbackKind, Invoked},
};
use crate::{
    event_loop::{report_exception, script_can_catch},
    webidl::{Interface, call_a_user_objects_operation, illegal_invocation},
};

/// Dispatches an event to a target and tells whether it was *not* cancelled.
///
/// The listeners run in the target's realm. What they throw is reported and stops nothing.
///
/// <https://dom.spec.whatwg.org/#concept-event-dispatch>
///
/// # Errors
///
/// A TypeError if `event` is not an event or `target` is not an event target. An error of a
/// listener that script cannot catch ends the dispatch and is returned: the task, or the script
/// that called, has to end with it, and whoever runs the task reports it.
pub fn dispatch(event: &JsObject, target: &JsObject, context: &mut Context) -> JsResult<bool> {
    let event_core = Event::of(event).ok_or_else(|| illegal_invocation(EVENT.name))?;
    let target_core =
        target_of(target, context).ok_or_else(|| illegal_invocation(EVENT_TARGET.name))?;
    dispatch_to(event, &event_core, target, &target_core, context)
}

/// Fires a plain trusted event that does not bubble and cannot be cancelled.
///
/// <https://dom.spec.whatwg.org/#concept-event-fire>
///
/// # Errors
///
/// Those of [`dispatch`].
pub fn fire_an_event(type_: &str, target: &JsObject, context: &mut Context) -> JsResult<bool> {
    let type_ = JsString::from(type_);
    fire_an_event_using(&EVENT, type_, EventInit::default(), (), target, context)
}

/// Fires a trusted event of an interface, which is made in the target's realm.
///
/// <https://dom.spec.whatwg.org/#concept-event-fire>
///
/// # Errors
///
/// Those of [`dispatch`] and of [`create_event`].
pub fn fire_an_event_using(
    interface: &'static Interface,
    type_: JsString,
    init: EventInit,
    extension: impl NativeObject,
    target: &JsObject,
    context: &mut Context,
) -> JsResult<bool> {
    let target_core =
        target_of(target, context).ok_or_else(|| illegal_invocation(EVENT_TARGET.name))?;
    in_relevant_realm(&target_core, context, |context| {
        let event = create_event(interface, type_, init, extension, context)?;
        let event_core = Event::of(&event).ok_or_else(|| illegal_invocation(EVENT.name))?;
        dispatch_to(&event, &event_core, target, &target_core, context)
    })
}

/// Runs `steps` with the target's relevant realm as the current one.
///
/// <https://html.spec.whatwg.org/multipage/webappapis.html#concept-relevant-realm>
pub fn in_relevant_realm<R>(
    target: &TargetCore,
    context: &mut Context,
    steps: impl FnOnce(&mut Context) -> R,
) -> R {
    in_realm(target.realm(), context, steps)
}

/// Runs `steps` with `realm` as the current one.
pub(super) fn in_realm<R>(
    realm: &Realm,
    context: &mut Context,
    steps: impl FnOnce(&mut Context) -> R,
) -> R {
    if realm == context.realm() {
        return steps(context);
    }
    let previous = context.enter_realm(realm.clone());
    let result = steps(context);
    context.enter_realm(previous);
    result
}

/// [`dispatch`], once both brands are checked.
pub(crate) fn dispatch_to(
    event: &JsObject,
    event_core: &Event,
    target: &JsObject,
    target_core: &Gc<TargetCore>,
    context: &mut Context,
) -> JsResult<bool> {
    // 1. The dispatch flag.
    event_core.set(Flag::Dispatch, true);
    // 2. N/A: no target override. 3. N/A: no activation behaviour. 4. N/A: no related target.
    // 5.1. – 5.10. The path is the target alone. N/A: touch targets, parents, slots, shadow trees.
    event_core.set_target(Some(target.clone()));
    // Step 5 of "invoke", for both walks: nobody else can set it, and without a listener nobody
    // sees it.
    event_core.set_current_target(Some(target.clone()));
    event_core.set_phase(AT_TARGET);
    let invocation = Invocation {
        event,
        event_core,
        target,
        target_core,
    };
    let result = in_relevant_realm(target_core, context, |context| {
        // 5.13. At the target, first the listeners that capture,
        invocation.invoke(true, context)?;
        // 5.14. then the others, whether or not the event bubbles.
        invocation.invoke(false, context)
    });
    // 6. – 9. Leave the event as it was.
    event_core.set_phase(NONE);
    event_core.set_current_target(None);
    event_core.set(Flag::Dispatch, false);
    event_core.set(Flag::StopPropagation, false);
    event_core.set(Flag::StopImmediatePropagation, false);
    // 10. N/A: nothing to clear without shadow trees. 11. N/A: no activation behaviour.
    // 12. False if it was cancelled.
    result.map(|()| !event_core.is_canceled())
}

/// One event at one target.
struct Invocation<'a> {
    event: &'a JsObject,
    event_core: &'a Event,
    target: &'a JsObject,
    target_core: &'a Gc<TargetCore>,
}

impl Invocation<'_> {
    /// <https://dom.spec.whatwg.org/#concept-event-listener-invoke>
    fn invoke(&self, capture: bool, context: &mut Context) -> JsResult<()> {
        // 1. – 3. N/A: the target is set already, and there is no related target.
        // 4. The stop propagation flag.
        if self.event_core.get(Flag::StopPropagation) {
            return Ok(());
        }
        // 5. currentTarget has been set. 6. – 8. A walk through the listeners of this moment.
        // 9. N/A: the legacy event types.
        self.inner_invoke(capture, context)
    }

    /// <https://dom.spec.whatwg.org/#concept-event-listener-inner-invoke>
    fn inner_invoke(&self, capture: bool, context: &mut Context) -> JsResult<()> {
        let mut walk = self.target_core.walk_listeners(capture);
        let type_ = self.event_core.type_();
        // 2.1. – 2.4. Those of this type and phase that have not been removed.
        while let Some(listener) = self.target_core.next_listener(&mut walk, &type_, capture) {
            // 2.5. once.
            if listener.once {
                self.target_core.remove_listener(listener.id);
            }
            // 2.6. – 2.8., 2.13. N/A: `window.event`. 2.10. N/A: no timing to record.
            // 2.9. passive.
            if listener.passive {
                self.event_core.set(Flag::InPassiveListener, true);
            }
            // 2.11. Call it and report what it throws.
            let result = self.call(&listener, context);
            // 2.12.
            self.event_core.set(Flag::InPassiveListener, false);
            if let Err(error) = result {
                if !script_can_catch(&error) {
                    return Err(error);
                }
                report_exception(error, context);
            }
            // 2.14. The stop immediate propagation flag.
            if self.event_core.get(Flag::StopImmediatePropagation) {
                break;
            }
        }
        Ok(())
    }

    fn call(&self, listener: &Invoked, context: &mut Context) -> JsResult<()> {
        let this = JsValue::from(self.target.clone());
        match listener.kind {
            CallbackKind::EventListener => call_a_user_objects_operation(
                &listener.object,
                js_string!("handleEvent"),
                &this,
                &[self.event.clone().into()],
                context,
            )
            .map(|_| ()),
            CallbackKind::Native(call) | CallbackKind::Rust(call) => {
                call(&listener.object, &this, self.event, context)
            }
        }
    }
}
