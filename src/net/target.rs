//! What a URL says about where to connect and what to ask for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use url::{Host, Url};

use super::error::{Error, ErrorKind, Phase};

/// The parts of a `ws:` or `wss:` URL, in the forms that connecting needs.
#[derive(Debug)]
pub(crate) struct Target {
    /// Whether TLS is used.
    pub(crate) secure: bool,
    /// The host; of an IPv6 address without brackets.
    pub(crate) host: Host<String>,
    /// The port, the scheme's default one made explicit.
    pub(crate) port: u16,
    /// `host:port`, for messages.
    subject: String,
    /// The value of `Host`: RFC 6455 section 4.1, point 4 of the request's requirements.
    pub(crate) authority: String,
    /// The /resource name/ of RFC 6455 section 3: path and query.
    pub(crate) resource: String,
    /// `Authorization` of the URL's user info.
    pub(crate) authorization: Option<HeaderValue>,
}

impl Target {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsupportedUrl`] for another scheme or a missing host.
    pub(crate) fn new(url: &Url) -> Result<Self, Error> {
        let unsupported = || {
            let subject = format!("{}:", url.scheme());
            Error::new(Phase::Policy, ErrorKind::UnsupportedUrl, subject)
        };
        let secure = match url.scheme() {
            "ws" => false,
            "wss" => true,
            _ => return Err(unsupported()),
        };
        let host = url.host().ok_or_else(unsupported)?.to_owned();
        let port = url.port_or_known_default().ok_or_else(unsupported)?;
        let host_text = url.host_str().unwrap_or_default();
        let subject = format!("{host_text}:{port}");
        // `port()` is `None` when it is the scheme's default one, which `Host` leaves out.
        let authority = match url.port() {
            Some(_) => subject.clone(),
            None => host_text.to_owned(),
        };
        let resource = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Self {
            secure,
            host,
            port,
            subject,
            authority,
            resource,
            authorization: authorization(url),
        })
    }

    /// `host:port`, for messages.
    pub(crate) fn subject(&self) -> String {
        self.subject.clone()
    }
}

/// `Basic` credentials, RFC 7617, of the URL's user info.
fn authorization(url: &Url) -> Option<HeaderValue> {
    let password = url.password();
    if url.username().is_empty() && password.is_none() {
        return None;
    }
    let mut credentials = percent_decode(url.username());
    credentials.push(b':');
    credentials.extend(percent_decode(password.unwrap_or_default()));
    let value = format!("Basic {}", STANDARD.encode(credentials));
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// <https://url.spec.whatwg.org/#percent-decode>
pub(super) fn percent_decode(input: &str) -> Vec<u8> {
    let bytes = input.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|&byte| (byte as char).to_digit(16));
    let mut output = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                output.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                output.push(byte);
                at += 1;
            }
        }
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::new(&Url::parse(url).unwrap()).unwrap()
    }

    #[test]
    fn host_carries_the_port_unless_it_is_the_schemes_own() {
        for (url, authority, port) in [
            ("ws://example.org/", "example.org", 80),
            ("ws://example.org:80/", "example.org", 80),
            ("ws://example.org:443/", "example.org:443", 443),
            ("wss://example.org/", "example.org", 443),
            ("wss://example.org:443/", "example.org", 443),
            ("wss://example.org:80/", "example.org:80", 80),
            ("ws://127.0.0.1:9/", "127.0.0.1:9", 9),
            ("ws://[::1]:9000/", "[::1]:9000", 9000),
        ] {
            let target = target(url);
            assert_eq!((target.authority.as_str(), target.port), (authority, port));
        }
    }

    #[test]
    fn resource_is_path_and_query_without_the_fragment() {
        assert_eq!(target("ws://h").resource, "/");
        assert_eq!(target("ws://h?").resource, "/?");
        assert_eq!(target("ws://h/a b?c=d#e").resource, "/a%20b?c=d");
    }

    #[test]
    fn user_info_becomes_basic_credentials() {
        assert_eq!(target("ws://h/").authorization, None);
        let value = |url| target(url).authorization.unwrap();
        // RFC 7617 section 2.
        assert_eq!(
            value("ws://Aladdin:open%20sesame@h/"),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(value("ws://user@h/"), "Basic dXNlcjo=");
        assert_eq!(value("ws://:pass@h/"), "Basic OnBhc3M=");
        assert_eq!(value("ws://a%zz:%4@h/"), "Basic YSV6ejolNA==");
        assert!(value("ws://user@h/").is_sensitive());
    }

    #[test]
    fn other_schemes_are_refused() {
        for url in ["http://h/", "mailto:a@b", "data:,"] {
            let error = Target::new(&Url::parse(url).unwrap()).unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::UnsupportedUrl);
        }
    }
}
