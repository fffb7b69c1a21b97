//! What scripts lean on beside sockets: `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder`, `crypto`. (feature `web`)

use boa_engine::{Context, JsResult};

/// Registers all of it in the context's current realm.
///
/// # Errors
///
/// What script could do to the global object beforehand: one whose properties cannot be defined.
pub fn register(_context: &mut Context) -> JsResult<()> {
    Ok(())
}
