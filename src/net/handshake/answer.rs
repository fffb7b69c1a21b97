//! An answer that was refused, for those who look for the reason; and what of headers may be shown.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// What the server answered to the upgrade request, when that was not what RFC 6455 asks for: with
/// a status other than 101, mostly why.
///
/// Its size is bounded by [`Limits::response_head`](crate::net::Limits::response_head) and
/// [`Limits::response_headers`](crate::net::Limits::response_headers). The values of headers that
/// may be secrets, or are URLs that may have some in them, are marked as sensitive, so that `Debug`
/// does not show them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The text behind it; may be empty.
    pub reason: String,
    /// The headers.
    pub headers: HeaderMap,
}

impl Answer {
    pub(super) fn new(response: &httparse::Response<'_, '_>) -> Self {
        let mut headers = HeaderMap::new();
        for header in response.headers.iter() {
            // httparse takes nothing that these would not.
            let name = HeaderName::from_bytes(header.name.as_bytes());
            let value = HeaderValue::from_bytes(header.value.trim_ascii());
            if let (Ok(name), Ok(mut value)) = (name, value) {
                value.set_sensitive(is_secret(&name) || has_url(&name));
                // It has room for 32,768; more than that are dropped.
                let _ = headers.try_append(name, value);
            }
        }
        Self {
            status: response.code.unwrap_or_default(),
            reason: response.reason.unwrap_or_default().to_owned(),
            headers,
        }
    }
}

/// Whether the values of a header tend to be secrets: credentials, cookies and tokens.
pub(crate) fn is_secret(name: &HeaderName) -> bool {
    const PARTS: [&str; 13] = [
        "auth",
        "cookie",
        "token",
        "secret",
        "session",
        "passw",
        "credential",
        "-key",
        "apikey",
        "jwt",
        "signature",
        "csrf",
        "xsrf",
    ];
    PARTS.iter().any(|part| name.as_str().contains(part))
}

/// Whether the values of a header have URLs in them, whose queries may be secrets.
fn has_url(name: &HeaderName) -> bool {
    [
        header::LOCATION,
        header::CONTENT_LOCATION,
        header::LINK,
        header::REFRESH,
    ]
    .contains(name)
}

/// A header's value without its secrets, and without anything that is not printable.
pub(crate) struct Shown<'a>(pub(crate) &'a HeaderName, pub(crate) &'a HeaderValue);

const REDACTED: &str = "[redacted]";

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, value) = self;
        if [header::WWW_AUTHENTICATE, header::PROXY_AUTHENTICATE].contains(name) {
            // The scheme says what is wanted, its parameters may be a challenge to one client.
            let mut words = value.as_bytes().splitn(2, |&byte| byte == b' ');
            let scheme = words.next().unwrap_or_default().escape_ascii();
            return match words.next() {
                None => write!(f, "{scheme}"),
                Some(_) => write!(f, "{scheme} {REDACTED}"),
            };
        }
        if [header::LOCATION, header::CONTENT_LOCATION].contains(name) {
            return location(value.as_bytes(), f);
        }
        if value.is_sensitive() || is_secret(name) || has_url(name) {
            return f.write_str(REDACTED);
        }
        write!(f, "{}", value.as_bytes().escape_ascii())
    }
}

/// A URL without user info, query and fragment.
fn location(url: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let end = url.iter().position(|byte| b"?#".contains(byte));
    let (shown, hidden) = url.split_at(end.unwrap_or(url.len()));
    let authority = shown
        .windows(2)
        .position(|pair| pair == b"//")
        .map_or(0, |at| at + 2);
    let (before, rest) = shown.split_at(authority);
    let path = rest.iter().position(|&byte| byte == b'/');
    let (authority, path) = rest.split_at(path.unwrap_or(rest.len()));
    let host = match authority.iter().rposition(|&byte| byte == b'@') {
        Some(at) => authority.get(at + 1..).unwrap_or_default(),
        None => authority,
    };
    for part in [before, host, path] {
        write!(f, "{}", part.escape_ascii())?;
    }
    match hidden.first() {
        Some(&mark) => write!(f, "{}{REDACTED}", char::from(mark)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &'static str, value: &[u8]) -> String {
        let value = HeaderValue::from_bytes(value).unwrap();
        Shown(&HeaderName::from_static(name), &value).to_string()
    }

    #[test]
    fn secrets_are_not_shown() {
        for name in [
            "set-cookie",
            "authorization",
            "proxy-authorization",
            "authentication-info",
            "x-auth-token",
            "x-api-key",
            "x-csrf-token",
            "x-amz-signature",
            "x-functions-key",
            "x-jwt-assertion",
            "link",
            "refresh",
        ] {
            assert_eq!(shown(name, b"s3cret; more"), "[redacted]", "{name}");
        }
        let challenge = br#"Digest realm="r", nonce="s3cret""#;
        assert_eq!(shown("www-authenticate", challenge), "Digest [redacted]");
        assert_eq!(shown("proxy-authenticate", b"Negotiate"), "Negotiate");
        let mut value = HeaderValue::from_static("s3cret");
        value.set_sensitive(true);
        assert_eq!(Shown(&header::SERVER, &value).to_string(), "[redacted]");
    }

    #[test]
    fn a_location_is_shown_as_far_as_its_path() {
        for (url, expected) in [
            ("/login", "/login"),
            ("/login?next=%2F&t=s3cret", "/login?[redacted]"),
            ("https://h/#s3cret", "https://h/#[redacted]"),
            ("https://u:s3cret@h:1/a@b", "https://h:1/a@b"),
            ("//u:s3cret@h?x", "//h?[redacted]"),
            ("", ""),
        ] {
            assert_eq!(shown("location", url.as_bytes()), expected);
            assert_eq!(shown("content-location", url.as_bytes()), expected);
        }
    }

    #[test]
    fn everything_else_is_shown_printably() {
        assert_eq!(shown("server", b"nginx/1.2"), "nginx/1.2");
        assert_eq!(
            shown("server", b"\xC2\x9B31m\t\"x\""),
            r#"\xc2\x9b31m\t\"x\""#
        );
    }

    #[test]
    fn debug_output_has_no_secrets() {
        let mut headers = [httparse::EMPTY_HEADER; 4];
        let mut response = httparse::Response::new(&mut headers);
        response
            .parse(
                b"HTTP/1.1 403 No\r\nSet-Cookie: a=s3cret\r\nserver:  x \r\nServer: y\r\n\
                  Location: /?s3cret\r\n\r\n",
            )
            .unwrap();
        let answer = Answer::new(&response);
        assert_eq!((answer.status, &*answer.reason), (403, "No"));
        let servers: Vec<_> = answer.headers.get_all("server").iter().collect();
        assert_eq!(servers, ["x", "y"]);
        assert_eq!(answer.headers.get("set-cookie").unwrap(), "a=s3cret");
        assert!(!format!("{answer:?}").contains("s3cret"));
        let location = answer.headers.get("location").unwrap();
        let shown = Shown(&header::LOCATION, location).to_string();
        assert_eq!(shown, "/?[redacted]", "what it is worth is shown");
    }
}
