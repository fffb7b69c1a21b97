//! What the arguments of the `WebSocket` constructor and of `close()` have to be.

use boa_engine::{Context, JsResult, JsString, JsValue};
use url::Url;

use crate::webidl::usv_string;

/// Get a URL record. <https://websockets.spec.whatwg.org/#get-a-url-record>
///
/// # Errors
///
/// Why it is a SyntaxError.
pub(super) fn get_a_url_record(url: &str, base_url: Option<&Url>) -> Result<Url, String> {
    // 1. Apply the URL parser. 2. Failure: SyntaxError.
    let mut record = Url::options()
        .base_url(base_url)
        .parse(url)
        .map_err(|error| match error {
            url::ParseError::RelativeUrlWithoutBase => {
                format!("The URL '{url}' is relative, and there is no base URL")
            }
            error => format!("The URL '{url}' is invalid: {error}"),
        })?;
    // 3.–4. "http" becomes "ws", "https" becomes "wss".
    let scheme = match record.scheme() {
        "http" | "ws" => "ws",
        "https" | "wss" => "wss",
        // 5. Any other scheme: SyntaxError.
        scheme => {
            return Err(format!(
                "The URL's scheme must be 'ws', 'wss', 'http' or 'https'; '{scheme}' is not allowed"
            ));
        }
    };
    if record.set_scheme(scheme).is_err() {
        return Err(format!(
            "The URL '{url}' cannot be used as a '{scheme}' URL"
        ));
    }
    // 6. A fragment, even an empty one: SyntaxError.
    if record.fragment().is_some() {
        return Err(format!(
            "The URL contains a fragment identifier ('{url}'), which WebSocket URLs must not"
        ));
    }
    Ok(record)
}

/// Steps 4 to 5 of <https://websockets.spec.whatwg.org/#dom-websocket-websocket>: no protocol twice,
/// not even in another case (as web-platform-tests have it), and each of the form RFC 6455 section 4.1 wants for `Sec-WebSocket-Protocol`, a token of RFC 9110.
///
/// # Errors
///
/// Why it is a SyntaxError.
pub(super) fn check_protocols(protocols: &[JsString]) -> Result<Vec<String>, String> {
    let mut checked: Vec<String> = Vec::with_capacity(protocols.len());
    for protocol in protocols {
        let protocol = protocol.to_std_string_lossy();
        if protocol.is_empty() || !protocol.bytes().all(is_token_character) {
            return Err(format!("The subprotocol '{protocol}' is invalid"));
        }
        if checked
            .iter()
            .any(|other| other.eq_ignore_ascii_case(&protocol))
        {
            return Err(format!("The subprotocol '{protocol}' is duplicated"));
        }
        checked.push(protocol);
    }
    Ok(checked)
}

/// `tchar` of RFC 9110, section 5.6.2.
fn is_token_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The longest reason, in bytes of UTF-8: a control frame holds 125, two of them the code.
pub(super) const MAX_REASON: usize = 123;

/// Whether `close()` may be called with this code: 1000, or 3000 to 4999.
pub(super) fn is_allowed_close_code(code: u16) -> bool {
    code == 1000 || (3000..=4999).contains(&code)
}

/// The argument `optional USVString reason` of `close()`.
pub(super) fn reason_argument(value: &JsValue, context: &mut Context) -> JsResult<Option<String>> {
    if value.is_undefined() {
        return Ok(None);
    }
    usv_string(value, context).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use boa_engine::js_string;

    #[test]
    fn urls_become_web_socket_urls() {
        for (url, expected) in [
            ("ws://example.org", "ws://example.org/"),
            ("WSS://Example.org:443/a?b", "wss://example.org/a?b"),
            ("http://example.org:80/x", "ws://example.org/x"),
            ("https://example.org:444", "wss://example.org:444/"),
            ("ws://[::1]:9/", "ws://[::1]:9/"),
        ] {
            assert_eq!(get_a_url_record(url, None).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn relative_urls_need_a_base() {
        let base = Url::parse("https://example.org/dir/page").unwrap();
        let url = get_a_url_record("../chat?x", Some(&base)).unwrap();
        assert_eq!(url.as_str(), "wss://example.org/chat?x");
        assert!(get_a_url_record("/chat", None).is_err());
    }

    #[test]
    fn what_is_no_web_socket_url() {
        for url in [
            "",
            "nonsense",
            "ftp://example.org/",
            "mailto:a@b",
            "ws:",
            "ws://",
            "ws://a b/",
            "ws://example.org/#",
            "ws://example.org/#x",
            "ws://example.org:65536/",
        ] {
            assert!(get_a_url_record(url, None).is_err(), "{url}");
        }
    }

    #[test]
    fn protocols_are_tokens_and_differ() {
        let check = |list: &[&str]| {
            check_protocols(&list.iter().map(|&p| p.into()).collect::<Vec<JsString>>())
        };
        assert_eq!(
            check(&["chat", "chat2", "a!#$%&'*+-.^_`|~9"])
                .unwrap()
                .len(),
            3
        );
        for bad in [
            "", " ", "a b", "a,b", "a/b", "ä", "a\r\n", "\u{7f}", "\"", "(x)",
        ] {
            assert!(check(&[bad]).is_err(), "{bad:?}");
        }
        assert!(check(&["chat", "chat"]).is_err());
        assert!(check(&["chat", "CHAT"]).is_err(), "alike but for case");
        assert!(check_protocols(&[js_string!(&[0xD800_u16][..])]).is_err());
    }

    #[test]
    fn close_codes_at_their_bounds() {
        let allowed: Vec<u16> = [0, 999, 1000, 1001, 1005, 2999, 3000, 4999, 5000, 65535]
            .into_iter()
            .filter(|&code| is_allowed_close_code(code))
            .collect();
        assert_eq!(allowed, [1000, 3000, 4999]);
    }
}
