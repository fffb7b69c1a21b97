//! From an object of a realm to the realm.
//!
//! Boa does not tell the realm of a function or of a global object. Two objects of each realm are
//! therefore kept in a table, which holds neither them nor their realm alive.

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, Trace, object::builtins::JsWeakMap, realm::Realm,
};

/// The value of the table's entries.
#[derive(Trace, Finalize, JsData)]
struct RealmHolder(Realm);

/// The table, in the context's data.
struct Realms(JsWeakMap);

/// Enters the current realm in the table, if it is not there.
pub(super) fn register(context: &mut Context) -> JsResult<()> {
    let global = context.global_object();
    if realm_of(&global, context).is_some() {
        return Ok(());
    }
    let realms = match context.get_data::<Realms>() {
        Some(realms) => realms.0.clone(),
        None => {
            let realms = JsWeakMap::new(context);
            context.insert_data(Realms(realms.clone()));
            realms
        }
    };
    let realm = context.realm().clone();
    let object_prototype = realm.intrinsics().constructors().object().prototype();
    let holder = JsObject::new(context.root_shape(), None, RealmHolder(realm)).upcast();
    realms.set(&global, holder.clone().into(), context)?;
    realms.set(&object_prototype, holder.into(), context)?;
    Ok(())
}

fn realm_of(key: &JsObject, context: &mut Context) -> Option<Realm> {
    let realms = context.get_data::<Realms>()?.0.clone();
    let holder = realms.get(key, context).ok()?.as_object()?;
    let realm = holder.downcast_ref::<RealmHolder>()?.0.clone();
    Some(realm)
}

/// The realm that `object` is the global object of, if it is one of a registered realm.
#[must_use]
pub fn realm_of_global_object(object: &JsObject, context: &mut Context) -> Option<Realm> {
    if JsObject::equals(object, &context.global_object()) {
        return Some(context.realm().clone());
    }
    realm_of(object, context).filter(|realm| {
        // The other object that stands in the table is no global object.
        !JsObject::equals(
            object,
            &realm.intrinsics().constructors().object().prototype(),
        )
    })
}

/// GetFunctionRealm, for a constructor. Boa's own is private, but its Object constructor uses it:
/// what that makes for `new_target` has the `%Object.prototype%` of the realm sought, provided that
/// `new_target.prototype` is not an object, which is asked a second time.
///
/// <https://tc39.es/ecma262/#sec-getfunctionrealm>
///
/// # Errors
///
/// A TypeError if `new_target` is a revoked proxy; what its getters throw.
pub(super) fn function_realm(
    new_target: &JsObject,
    context: &mut Context,
) -> JsResult<Option<Realm>> {
    let object = context.intrinsics().constructors().object().constructor();
    let made = object.construct(&[], Some(new_target), context)?;
    Ok(made
        .prototype()
        .and_then(|prototype| realm_of(&prototype, context)))
}
