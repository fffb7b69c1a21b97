//! Web IDL for Boa: interface tables, platform objects, conversions, callbacks, DOMException, QuotaExceededError.
//!
//! Standard: <https://webidl.spec.whatwg.org/>.
//!
//! An interface is one declarative [`Interface`] table; [`define_interface`] makes its
//! constructor and prototype in a realm. The functions in a table get `this` and the arguments as
//! Boa hands them over: they begin with the brand check, then check the number of arguments, then
//! convert each argument from left to right with a function of [`conversions`].
//!
//! In scope: what the interfaces of this crate use. Out of scope: named and indexed properties,
//! maplike and setlike declarations, namespaces, overloads by type.

pub mod buffer_source;
pub mod callback;
pub mod conversions;
pub mod dom_exception;
pub mod interface;
pub mod iterable;
pub mod promise;
pub mod quota_exceeded_error;
mod realms;
pub mod record;

#[cfg(test)]
mod tests;

pub use buffer_source::{ByteRange, buffer_source_bytes, byte_range, is_buffer_source};
pub use callback::{call_a_user_objects_operation, invoke_callback};
#[cfg(feature = "net")]
pub(crate) use conversions::ascii;
pub use conversions::{
    Dictionary, boolean, byte_string, dom_string, double, illegal_invocation, long, long_long,
    long_long_clamp, nullable_callback_interface, required_arguments, scalar_value_string,
    sequence, type_error, unsigned_long, unsigned_long_long_enforce_range, unsigned_short,
    unsigned_short_clamp, unsigned_short_enforce_range, usv_js_string, usv_string,
};
pub use dom_exception::{DOM_EXCEPTION, DomException, create_dom_exception, throw_dom_exception};
#[cfg(feature = "cli")]
pub(crate) use interface::interface_in_chain;
pub use interface::{
    Interface, Member, NativeFn, construct_platform_object, constructor_of, define_interface,
    new_platform_object, prototype_from_new_target, prototype_of,
};
pub use iterable::PairIterator;
pub use promise::promise_from;
pub use quota_exceeded_error::{QUOTA_EXCEEDED_ERROR, Quota, throw_quota_exceeded_error};
pub use realms::realm_of_global_object;
pub use record::record;

use boa_engine::{Context, JsResult};

/// Registers the interfaces of this room, `DOMException` and `QuotaExceededError`, in the context's current realm. It comes
/// before any other interface of the realm.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    realms::register(context)?;
    dom_exception::register(context)?;
    define_interface(&QUOTA_EXCEEDED_ERROR, context)
}
