//! Cookies, as far as the network has to do with them. <https://www.rfc-editor.org/rfc/rfc6265>

use std::{fmt, sync::Arc};

use http::HeaderValue;
use url::Url;

/// Where cookies are kept: the embedder's, often the one of its HTTP client.
///
/// Called on connector threads, at the same time from several; what it blocks for counts towards the handshake's deadline.
/// URLs are given with `http:` for `ws:` and `https:` for `wss:`, since cookies do not tell the two apart.
pub trait CookieJar: fmt::Debug + Send + Sync {
    /// The value of the `Cookie` header for a request to `url` (RFC 6265, section 5.4), or `None` for no such
    /// header.
    fn cookies(&self, url: &Url) -> Option<HeaderValue>;

    /// The values of the `Set-Cookie` headers of the response from `url` (RFC 6265, section 5.3), whether or not it
    /// accepted the WebSocket. Called only if there were any.
    fn set_cookies(&self, url: &Url, set_cookies: &[HeaderValue]);
}

/// For a jar that is used elsewhere, too.
impl<T: CookieJar + ?Sized> CookieJar for Arc<T> {
    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        (**self).cookies(url)
    }

    fn set_cookies(&self, url: &Url, set_cookies: &[HeaderValue]) {
        (**self).set_cookies(url, set_cookies);
    }
}

/// The URL that cookies are kept under.
pub(crate) fn cookie_url(url: &Url) -> Url {
    let mut url = url.clone();
    let scheme = if url.scheme() == "wss" {
        "https"
    } else {
        "http"
    };
    // All four are special schemes, between which a URL may change.
    let _ = url.set_scheme(scheme);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_under_http_urls() {
        for (url, expected) in [
            ("ws://example.org/a", "http://example.org/a"),
            ("wss://example.org:8443/?q", "https://example.org:8443/?q"),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(cookie_url(&url).as_str(), expected);
        }
    }
}
