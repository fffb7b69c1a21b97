//! The second argument of the `WebSocket` constructor.
//!
//! The standard has `optional (DOMString or sequence<DOMString>) protocols = []`. Here it may also be
//! the dictionary that the other servers' runtimes take, as
//! <https://github.com/whatwg/websockets/issues/42> proposes it:
//!
//! ```idl
//! dictionary WebSocketInit {
//!   HeadersInit? headers = null;
//!   (DOMString or sequence<DOMString>) protocols = [];
//! };
//! ```
//!
//! Which of the three it is says Web IDL: an object with an iterator is the sequence, so a String
//! object is; any other object is the dictionary, whatever its `toString` makes of it; what is no
//! object is a string. There is one departure: `null` stays the string "null" that it is in the
//! standard, where the union by itself would make it an empty dictionary.

use boa_engine::{Context, JsObject, JsResult, JsString, JsSymbol, JsValue, js_string};
use http::{HeaderName, HeaderValue};

use crate::{
    net::{is_handshake_header, is_secret},
    webidl::{
        Dictionary, byte_string, conversions::sequence_from_iterable, dom_string, record, sequence,
        type_error,
    },
};

/// `WebSocketInit`, from whichever form.
#[derive(Debug, Default)]
pub(super) struct WebSocketInit {
    /// Names and values as script gave them.
    pub(super) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(super) protocols: Vec<JsString>,
}

impl WebSocketInit {
    /// The argument `optional (DOMString or sequence<DOMString> or WebSocketInit) protocols = {}`.
    ///
    /// <https://webidl.spec.whatwg.org/#js-union>
    pub(super) fn from_argument(value: &JsValue, context: &mut Context) -> JsResult<Self> {
        if value.is_undefined() {
            return Ok(Self::default());
        }
        let Some(object) = value.as_object() else {
            return Ok(Self {
                protocols: vec![dom_string(value, context)?],
                ..Self::default()
            });
        };
        let method = object.get(JsSymbol::iterator(), context)?;
        if !method.is_null_or_undefined() {
            return Ok(Self {
                protocols: protocol_sequence(&object, &method, context)?,
                ..Self::default()
            });
        }
        // The members in lexicographic order.
        let dictionary = Dictionary::new(value, "WebSocketInit")?;
        let headers = match dictionary.get(js_string!("headers"), context)? {
            Some(headers) if !headers.is_null() => headers_init(&headers, context)?,
            _ => Vec::new(),
        };
        let protocols = match dictionary.get(js_string!("protocols"), context)? {
            Some(protocols) => protocols_member(&protocols, context)?,
            None => Vec::new(),
        };
        Ok(Self { headers, protocols })
    }
}

/// `(DOMString or sequence<DOMString>)`
fn protocols_member(value: &JsValue, context: &mut Context) -> JsResult<Vec<JsString>> {
    if let Some(object) = value.as_object() {
        let method = object.get(JsSymbol::iterator(), context)?;
        if !method.is_null_or_undefined() {
            return protocol_sequence(&object, &method, context);
        }
    }
    Ok(vec![dom_string(value, context)?])
}

fn protocol_sequence(
    object: &JsObject,
    method: &JsValue,
    context: &mut Context,
) -> JsResult<Vec<JsString>> {
    let what = "The list of subprotocols";
    let mut convert = |value: JsValue, context: &mut Context| dom_string(&value, context);
    sequence_from_iterable(object, method, what, context, &mut convert)
}

/// `(sequence<sequence<ByteString>> or record<ByteString, ByteString>)`,
/// <https://fetch.spec.whatwg.org/#typedefdef-headersinit>
fn headers_init(value: &JsValue, context: &mut Context) -> JsResult<Vec<(Vec<u8>, Vec<u8>)>> {
    let Some(object) = value.as_object() else {
        return Err(type_error("The headers are not an object"));
    };
    let method = object.get(JsSymbol::iterator(), context)?;
    if method.is_null_or_undefined() {
        return record(&object, context, byte_string, byte_string);
    }
    let mut convert = |pair: JsValue, context: &mut Context| {
        sequence(&pair, "A header", context, |value, context| {
            byte_string(&value, context)
        })
    };
    let list = sequence_from_iterable(&object, &method, "The headers", context, &mut convert)?;
    // "Fill", 1.1: a header that does not contain exactly two items is a TypeError.
    list.into_iter()
        .map(|pair| match <[Vec<u8>; 2]>::try_from(pair) {
            Ok([name, value]) => Ok((name, value)),
            Err(pair) => Err(type_error(format!(
                "A header is a pair of name and value; {} were given",
                pair.len()
            ))),
        })
        .collect()
}

/// What of the headers goes into the request: as with `Headers` of the Fetch Standard each stays, also
/// of the same name, in the order given, its value without the whitespace around it.
///
/// # Errors
///
/// Why it is a TypeError, as it is with `Headers`: a name that is no token, a value with a line break, a
/// zero or another control character; and, where Fetch would pass over it in silence, a name that
/// belongs to the handshake.
pub(super) fn check_headers(
    headers: &[(Vec<u8>, Vec<u8>)],
) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let check = |(name, value): &(Vec<u8>, Vec<u8>)| {
        let shown = name.escape_ascii();
        let name = HeaderName::from_bytes(name)
            .map_err(|_| format!("The header name '{shown}' is invalid"))?;
        if is_handshake_header(&name) {
            return Err(format!(
                "The header '{shown}' belongs to the opening handshake"
            ));
        }
        // The value may be a secret, so it is not shown.
        let mut value = HeaderValue::from_bytes(normalize(value))
            .map_err(|_| format!("The value of the header '{shown}' is invalid"))?;
        value.set_sensitive(is_secret(&name));
        Ok((name, value))
    };
    headers.iter().map(check).collect()
}

/// <https://fetch.spec.whatwg.org/#concept-header-value-normalize>
fn normalize(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !b"\t\n\r ".contains(byte);
    let start = value.iter().position(is_text).unwrap_or(value.len());
    let end = value.iter().rposition(is_text).map_or(start, |at| at + 1);
    value.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
        check_headers(&[(name.into(), value.into())]).map(|mut headers| headers.remove(0))
    }

    #[test]
    fn values_lose_the_whitespace_around_them() {
        for (value, expected) in [
            (&b" a b\t"[..], &b"a b"[..]),
            (b"\r\n a\r\n", b"a"),
            (b"", b""),
            (b" \t\r\n", b""),
            (b"\xE9\t\xFF", b"\xE9\t\xFF"),
        ] {
            assert_eq!(check("x-a", value).unwrap().1.as_bytes(), expected);
        }
    }

    #[test]
    fn line_breaks_and_other_controls_do_not_pass() {
        for byte in (0..0x20_u8).chain([0x7F]).filter(|&byte| byte != b'\t') {
            let value = [b'a', byte, b'b'];
            assert!(check("x-a", &value).is_err(), "{byte}");
            let name = String::from_utf8(vec![b'x', byte]).unwrap();
            assert!(check(&name, b"a").is_err(), "{byte}");
        }
        for name in ["", " ", "a b", "a:", "a(", "\u{e9}", "x-a\r\nx-b: c"] {
            assert!(check(name, b"a").is_err(), "{name:?}");
        }
        let why = check("Authorization", b"s3cret\0").unwrap_err();
        assert!(!why.contains("s3cret"), "{why}");
    }

    #[test]
    fn the_handshakes_own_headers_are_refused_in_any_case() {
        for name in [
            "Host",
            "UPGRADE",
            "connection",
            "Sec-WebSocket-Key",
            "sec-websocket-x",
        ] {
            assert!(check(name, b"a").is_err(), "{name}");
        }
        for name in [
            "Origin",
            "User-Agent",
            "Cookie",
            "Authorization",
            "Sec-Fetch-Mode",
        ] {
            assert!(check(name, b"a").is_ok(), "{name}");
        }
    }

    #[test]
    fn secrets_are_marked() {
        assert!(check("Cookie", b"a=b").unwrap().1.is_sensitive());
        assert!(!check("X-Trace", b"a=b").unwrap().1.is_sensitive());
    }
}
