//! The events of a socket as Rust code reads them.

use boa_engine::{Context, JsError, JsObject, JsResult, JsValue};

use crate::{
    dom::Event,
    file::blob_bytes,
    html::{CloseEventData, MessageEventData, message_event_data},
    webidl::{buffer_source_bytes, type_error},
};

/// A `MessageEvent`: of a socket, a port, or one that script has made.
#[derive(Clone, Debug)]
pub struct MessageEventView(Event);

/// The data of a `MessageEvent`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MessagePayload {
    /// A string; lone surrogates, which no socket sends, become U+FFFD.
    Text(String),
    /// A copy of the bytes of an ArrayBuffer, a view of one, or a Blob.
    Binary(Vec<u8>),
    /// Any other value, which no socket sends.
    Other(JsValue),
}

impl MessageEventView {
    /// What script sees as `data`. That of a binary message is made when it is first asked for.
    ///
    /// # Errors
    ///
    /// Boa's, when the object for it cannot be made.
    pub fn data(&self, context: &mut Context) -> JsResult<JsValue> {
        message_event_data(&self.0, context)
    }

    /// The data, by its kind.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    pub fn payload(&self, context: &mut Context) -> JsResult<MessagePayload> {
        let data = self.data(context)?;
        if let Some(text) = data.as_string() {
            return Ok(MessagePayload::Text(text.to_std_string_lossy()));
        }
        if let Some(object) = data.as_object() {
            if let Some(bytes) = blob_bytes(&object) {
                return Ok(MessagePayload::Binary(bytes.as_ref().to_vec()));
            }
            if let Some(bytes) = buffer_source_bytes(&object, context) {
                return bytes.map(MessagePayload::Binary);
            }
        }
        Ok(MessagePayload::Other(data))
    }

    /// The data of a text message; `None` for any other.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    pub fn text(&self, context: &mut Context) -> JsResult<Option<String>> {
        Ok(match self.payload(context)? {
            MessagePayload::Text(text) => Some(text),
            _ => None,
        })
    }

    /// A copy of the bytes of a binary message; `None` for any other.
    ///
    /// # Errors
    ///
    /// As [`data`](Self::data).
    pub fn binary(&self, context: &mut Context) -> JsResult<Option<Vec<u8>>> {
        Ok(match self.payload(context)? {
            MessagePayload::Binary(bytes) => Some(bytes),
            _ => None,
        })
    }
}

impl TryFrom<&JsObject> for MessageEventView {
    type Error = JsError;

    /// A TypeError if the object is no `MessageEvent`.
    fn try_from(event: &JsObject) -> JsResult<Self> {
        Event::of(event)
            .filter(|event| event.extension(|_: &MessageEventData| ()).is_some())
            .map(Self)
            .ok_or_else(|| not_a("MessageEvent"))
    }
}

/// A `CloseEvent`: how a socket has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseEventView {
    /// The code of the peer's Close frame; 1005 for one without a code, 1006 when there was none.
    pub code: u16,
    /// The reason in that frame.
    pub reason: String,
    /// Whether both Close frames went through.
    pub was_clean: bool,
}

impl TryFrom<&JsObject> for CloseEventView {
    type Error = JsError;

    /// A TypeError if the object is no `CloseEvent`.
    fn try_from(event: &JsObject) -> JsResult<Self> {
        let view = |data: &CloseEventData| Self {
            code: data.code,
            reason: data.reason.to_std_string_lossy(),
            was_clean: data.was_clean,
        };
        Event::of(event)
            .and_then(|event| event.extension(view))
            .ok_or_else(|| not_a("CloseEvent"))
    }
}

fn not_a(interface: &str) -> JsError {
    type_error(format!("the event is not a {interface}"))
}
