//! The global object as an event target.
//!
//! Boa makes the global object before anyone can give it data, so its state as an event target is
//! kept beside it: in a table from global objects to their targets, which holds neither alive.

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, Trace, object::builtins::JsWeakMap,
};
use boa_gc::Gc;

use super::{
    event_target::{EVENT_TARGET, TargetCore, TargetObject},
    high_resolution_time::TimeOrigin,
};
use crate::webidl::{interface::define_to_string_tag, prototype_of};

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

/// From the global objects of all realms to the objects that hold their [`TargetObject`]s. In the
/// context's data.
struct Globals(JsWeakMap);

/// The target of `object`, if that is the global object of a realm.
pub(super) fn global_target_core(
    object: &JsObject,
    context: &mut Context,
) -> Option<Gc<TargetCore>> {
    if JsObject::equals(object, &context.global_object()) {
        let host_defined = context.realm().host_defined();
        return host_defined
            .get::<RealmState>()
            .map(|state| state.global.clone());
    }
    let globals = context.get_data::<Globals>()?.0.clone();
    let holder = globals.get(object, context).ok()?.as_object()?;
    let target = holder.downcast_ref::<TargetObject>()?;
    Some(target.core().clone())
}

/// Makes the global object of the current realm an event target, and begins the realm's time.
///
/// `globalThis instanceof EventTarget` becomes true, if the global object lets its prototype
/// change: `EventTarget.prototype` joins its chain.
pub(super) fn register(context: &mut Context) -> JsResult<()> {
    let realm = context.realm().clone();
    if realm.host_defined().has::<RealmState>() {
        return Ok(());
    }
    let data = TargetObject::new(GlobalScope, context);
    let state = RealmState {
        global: data.core().clone(),
        time_origin: TimeOrigin::now(context),
    };
    realm.host_defined_mut().insert(state);

    let globals = match context.get_data::<Globals>() {
        Some(globals) => globals.0.clone(),
        None => {
            let globals = JsWeakMap::new(context);
            context.insert_data(Globals(globals.clone()));
            globals
        }
    };
    let holder = JsObject::new(context.root_shape(), None, data).upcast();
    let global = context.global_object();
    globals.set(&global, holder.into(), context)?;

    inherit_from_event_target(&global, context);
    Ok(())
}

fn inherit_from_event_target(global: &JsObject, context: &mut Context) {
    let Some(event_target) = prototype_of(&EVENT_TARGET, context.realm()) else {
        return;
    };
    // Stands where a browser has Window.prototype; nothing but its tag is its own.
    let prototype = JsObject::with_null_proto();
    prototype.set_prototype(Some(event_target));
    define_to_string_tag(&prototype, "global");
    global.set_prototype(Some(prototype));
}
