//! The HTTP upgrade, <https://www.rfc-editor.org/rfc/rfc6455#section-4>: the request as bytes, and
//! the reading and checking of the response. No I/O.

mod answer;
mod extension_list;
mod extensions;
mod refusal;
mod request;
mod response;

pub use answer::Answer;
pub(crate) use answer::{Shown, is_secret};
pub use refusal::Refusal;
pub(crate) use request::Handshake;
pub use request::is_handshake_header;
pub(crate) use response::{Accepted, ResponseReader};
pub(super) use response::{STATUS_LINE_START, describe};
