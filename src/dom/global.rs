//! The global object as an event target.
//!
//! Boa makes the global object before anyone can give it data, so its state as an event target is
//! kept beside it, in the realm.

use boa_engine::{Context, Finalize, JsData, JsObject, Trace};
use boa_gc::Gc;

use super::{
    event_target::{EVENT_TARGET, TargetCore},
    high_resolution_time::TimeOrigin,
};
use crate::webidl::{interface::define_to_string_tag, prototype_of, realm_of_global_object};

/// The extension of a global object's [`TargetCore`]: the brand of members that only global
/// objects have, such as `onerror`.
#[derive(Debug, Trace, Finalize, JsData)]
pub struct GlobalScope;

/// What a realm keeps for this room.
#[derive(Trace, Finalize, JsData)]
pub(super) struct RealmState {
    global: Gc<TargetCore>,
    #[unsafe_ignore_trace]
    pub(super) time_origin: TimeOrigin,
}

/// The target of `object`, if that is the global object of a realm.
pub(super) fn global_target_core(
    object: &JsObject,
    context: &mut Context,
) -> Option<Gc<TargetCore>> {
    let realm = realm_of_global_object(object, context)?;
    let host_defined = realm.host_defined();
    host_defined
        .get::<RealmState>()
        .map(|state| state.global.clone())
}

/// Makes the global object of the current realm an event target, and begins the realm's time.
///
/// `globalThis instanceof EventTarget` becomes true, if the global object lets its prototype
/// change: `EventTarget.prototype` joins its chain.
pub(super) fn register(context: &mut Context) {
    let realm = context.realm().clone();
    if realm.host_defined().has::<RealmState>() {
        return;
    }
    let state = RealmState {
        global: Gc::new(TargetCore::new(Box::new(GlobalScope), realm.clone())),
        time_origin: TimeOrigin::now(context),
    };
    realm.host_defined_mut().insert(state);
    inherit_from_event_target(context);
}

fn inherit_from_event_target(context: &mut Context) {
    let Some(event_target) = prototype_of(&EVENT_TARGET, context.realm()) else {
        return;
    };
    // Stands where a browser has Window.prototype; nothing but its tag is its own.
    let prototype = JsObject::with_null_proto();
    prototype.set_prototype(Some(event_target));
    define_to_string_tag(&prototype, "global");
    context.global_object().set_prototype(Some(prototype));
}
