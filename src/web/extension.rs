//! The registration: [`WebExtension`].

use boa_engine::{Context, JsResult, realm::Realm};

/// Registers `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder` and `crypto`. It needs nothing else of this crate, no event loop
/// for one.
///
/// With the feature `runtime` it is a `boa_runtime::RuntimeExtension`. Register it after `boa_runtime`'s own extensions, whose
/// `URL`, `TextEncoder` and `TextDecoder` it replaces: they lack `searchParams`, `encodeInto`, `fatal` and `stream`.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebExtension;

impl WebExtension {
    /// Registers everything in `realm`, or in the context's current realm.
    ///
    /// # Errors
    ///
    /// What script could do to the global object beforehand: one whose properties cannot be defined.
    pub fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        let Some(realm) = realm else {
            return super::register(context);
        };
        let before = context.enter_realm(realm);
        let result = super::register(context);
        context.enter_realm(before);
        result
    }
}

#[cfg(feature = "runtime")]
impl boa_runtime::RuntimeExtension for WebExtension {
    fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        Self::register(self, realm, context)
    }
}
