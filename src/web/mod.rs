//! What scripts lean on beside sockets: `URL`, `URLSearchParams`, `TextEncoder`, `TextDecoder`, `crypto`. (feature `web`)
//!
//! Standards: <https://url.spec.whatwg.org/>, <https://encoding.spec.whatwg.org/>, <https://w3c.github.io/webcrypto/>.
//!
//! ```
//! use boa_engine::{Context, JsResult, Source};
//! use boa_websocket::WebExtension;
//!
//! # fn main() -> JsResult<()> {
//! let mut context = Context::default();
//! WebExtension.register(None, &mut context)?;
//! let source = "
//!     const url = new URL('wss://example.org/chat');
//!     url.searchParams.append('name', 'Zoë');
//!     const bytes = new TextEncoder().encode(url.search);
//!     `${new TextDecoder().decode(bytes)} ${bytes.length} ${crypto.randomUUID().length}`";
//! let text = context.eval(Source::from_bytes(source))?.to_string(&mut context)?;
//! assert_eq!(text.to_std_string_lossy(), "?name=Zo%C3%AB 14 36");
//! # Ok(())
//! # }
//! ```
//!
//! In scope: the interfaces above, whole but for `crypto.subtle`. Out of scope: `crypto.subtle` and keys, `TextEncoderStream` and
//! `TextDecoderStream`, `URLPattern`, `URL.createObjectURL`.
//!
//! Nothing here reads a file, uses the network or starts a thread. Random bytes are the operating system's, asked for at each call.
//! How much a script may hold is for the embedder to bound, as with any other object; only `getRandomValues` has a limit of its own,
//! the standard's 65,536 bytes.
//!
//! # Departures
//!
//! * Buffers: a resizable ArrayBuffer is a TypeError, as Web IDL says; a growable SharedArrayBuffer is accepted, because Boa does not tell
//!   it apart.
//! * URLs are parsed by the crate `url`; see [`url_of`] for where it departs from the standard.

mod crypto;
mod extension;
mod text_decoder;
mod text_encoder;
mod url_object;
mod url_parser;
mod url_search_params;
mod url_setters;

#[cfg(test)]
mod tests;

pub use crypto::CRYPTO;
pub use extension::WebExtension;
pub use text_decoder::TEXT_DECODER;
pub use text_encoder::TEXT_ENCODER;
pub use url_object::{URL, new_url, url_of};
pub use url_search_params::{URL_SEARCH_PARAMS, search_params_of};

use boa_engine::{Context, JsObject, JsResult};

use crate::webidl::{self, ByteRange, byte_range, define_interface, type_error};

/// Registers all of it in the context's current realm, in the place of what the global object may have by these names. What the
/// realm has from here already is left alone.
///
/// # Errors
///
/// What script could do to the global object beforehand: one whose properties cannot be defined.
pub fn register(context: &mut Context) -> JsResult<()> {
    webidl::register(context)?;
    define_interface(&URL, context)?;
    define_interface(&URL_SEARCH_PARAMS, context)?;
    define_interface(&TEXT_ENCODER, context)?;
    define_interface(&TEXT_DECODER, context)?;
    crypto::register(context)
}

/// The bytes of a buffer source that is an argument, once every argument is converted; `what` is for the message.
///
/// # Errors
///
/// A TypeError if the object is none, or resizable.
fn bytes_of_argument(object: &JsObject, what: &str, context: &mut Context) -> JsResult<ByteRange> {
    let range = byte_range(object, context)
        .ok_or_else(|| type_error(format!("{what} is neither a buffer nor a view of one")))??;
    if range.is_resizable() {
        return Err(type_error(format!("{what} is of a resizable ArrayBuffer")));
    }
    Ok(range)
}
