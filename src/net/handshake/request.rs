//! The client's half: <https://www.rfc-editor.org/rfc/rfc6455#section-4.1>.

use http::{HeaderName, HeaderValue, header};
use tungstenite::handshake::client::generate_key;

use super::extensions;
use crate::net::{
    error::{Error, ErrorKind, Phase},
    options::{Compression, Options},
    target::Target,
    vocabulary::ConnectRequest,
};

/// Whether a header belongs to the handshake itself, so that a caller may not set it: those that
/// frame the request, name its host or upgrade the connection, what is meant for a proxy, and
/// everything `Sec-WebSocket-`.
#[must_use]
pub fn is_handshake_header(name: &HeaderName) -> bool {
    [
        header::HOST,
        header::CONNECTION,
        header::UPGRADE,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::TE,
        header::TRAILER,
        header::EXPECT,
        header::PROXY_AUTHORIZATION,
    ]
    .contains(name)
        || ["keep-alive", "proxy-connection"].contains(&name.as_str())
        || name.as_str().starts_with("sec-websocket-")
}

/// One opening handshake: the request, and what its response is checked against.
pub(crate) struct Handshake {
    /// What to write.
    pub(crate) request: Vec<u8>,
    /// The value of `Sec-WebSocket-Key`, base64 of 16 random bytes.
    pub(crate) key: String,
    /// The subprotocols asked for.
    pub(crate) protocols: Vec<String>,
    /// What was offered of permessage-deflate.
    pub(crate) compression: Compression,
}

impl Handshake {
    /// Whether there is a request for what is asked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`] for a header that belongs to the handshake, or a subprotocol,
    /// origin or user agent that cannot stand in a header.
    pub(crate) fn check(
        target: &Target,
        asked: &ConnectRequest,
        options: &Options,
    ) -> Result<(), Error> {
        let invalid = |what| {
            let kind = ErrorKind::InvalidRequest(what);
            Err(Error::new(Phase::Policy, kind, target.subject()))
        };
        let mut headers = asked.headers.iter().chain(&options.default_headers);
        let can_stand =
            |text: Option<&str>| text.is_none_or(|text| HeaderValue::from_str(text).is_ok());
        if headers.any(|(name, _)| is_handshake_header(name)) {
            return invalid("header: it belongs to the handshake");
        }
        if !asked.protocols.iter().all(|protocol| is_token(protocol)) {
            return invalid("subprotocol: not a token");
        }
        if !can_stand(options.user_agent()) {
            return invalid("user agent");
        }
        if !can_stand(asked.origin.as_deref()) {
            return invalid("origin");
        }
        Ok(())
    }

    /// Writes the request of RFC 6455 section 4.1 with a fresh key.
    ///
    /// # Errors
    ///
    /// Those of [`check`](Self::check).
    pub(crate) fn new(
        target: &Target,
        asked: &ConnectRequest,
        cookies: Option<HeaderValue>,
        options: &Options,
    ) -> Result<Self, Error> {
        Self::check(target, asked, options)?;
        let given = &options.default_headers;
        let key = generate_key();
        let mut head = Head::new(&target.resource);
        head.add("Host", target.authority.as_bytes());
        head.add("Connection", b"Upgrade");
        head.add("Upgrade", b"websocket");
        head.add("Sec-WebSocket-Version", b"13");
        head.add("Sec-WebSocket-Key", key.as_bytes());
        if !asked.protocols.is_empty() {
            let list = asked.protocols.join(", ");
            head.add("Sec-WebSocket-Protocol", list.as_bytes());
        }
        if let Some(offer) = extensions::offer(&options.compression) {
            head.add("Sec-WebSocket-Extensions", offer.as_bytes());
        }

        // What the script sets takes the place of what the embedder does, and that the place of
        // what would be sent by default.
        let sets = |headers: &[(HeaderName, HeaderValue)], name: &HeaderName| {
            headers.iter().any(|(set, _)| set == name)
        };
        let mut default = |name: HeaderName, value: &[u8]| {
            if !sets(&asked.headers, &name) && !sets(given, &name) {
                head.add_usually_spelled(&name, value);
            }
        };
        // A handshake is never answered from a cache: Fetch, "HTTP-network-or-cache fetch".
        default(header::PRAGMA, b"no-cache");
        default(header::CACHE_CONTROL, b"no-cache");
        if let Some(agent) = options.user_agent() {
            default(header::USER_AGENT, agent.as_bytes());
        }
        if let Some(origin) = &asked.origin {
            default(header::ORIGIN, origin.as_bytes());
        }
        if let Some(cookies) = cookies {
            default(header::COOKIE, cookies.as_bytes());
        }
        if let Some(credentials) = &target.authorization {
            default(header::AUTHORIZATION, credentials.as_bytes());
        }
        let given = given.iter().filter(|(name, _)| !sets(&asked.headers, name));
        for (name, value) in given.chain(&asked.headers) {
            head.add_usually_spelled(name, value.as_bytes());
        }
        Ok(Self {
            request: head.finish(),
            key,
            protocols: asked.protocols.clone(),
            compression: options.compression.clone(),
        })
    }
}

/// What most requests need, in bytes.
const USUAL_LENGTH: usize = 512;

/// A request head under construction.
struct Head(Vec<u8>);

impl Head {
    fn new(resource: &str) -> Self {
        let mut head = Vec::with_capacity(USUAL_LENGTH + resource.len());
        head.extend_from_slice(b"GET ");
        head.extend_from_slice(resource.as_bytes());
        head.extend_from_slice(b" HTTP/1.1\r\n");
        Self(head)
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        self.0.extend_from_slice(name.as_bytes());
        self.add_value(value);
    }

    /// Adds a header, `user-agent` as `User-Agent`: names are case-insensitive, but not to every server and reader.
    fn add_usually_spelled(&mut self, name: &HeaderName, value: &[u8]) {
        let mut upper = true;
        let spell = |letter: u8| {
            let begins = upper;
            upper = letter == b'-';
            match begins {
                true => letter.to_ascii_uppercase(),
                false => letter,
            }
        };
        self.0.extend(name.as_str().bytes().map(spell));
        self.add_value(value);
    }

    fn add_value(&mut self, value: &[u8]) {
        self.0.extend_from_slice(b": ");
        self.0.extend_from_slice(value);
        self.0.extend_from_slice(b"\r\n");
    }

    fn finish(mut self) -> Vec<u8> {
        self.0.extend_from_slice(b"\r\n");
        self.0
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9110#name-tokens>
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// `tchar` of the same.
pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn build(url: &str, change: impl FnOnce(&mut ConnectRequest)) -> Result<Handshake, Error> {
        let url = Url::parse(url).unwrap();
        let target = Target::new(&url).unwrap();
        let mut asked = ConnectRequest::new(url);
        change(&mut asked);
        Handshake::new(&target, &asked, None, &plain())
    }

    fn plain() -> Options {
        let mut options = Options {
            user_agent: Some("tests".into()),
            ..Options::default()
        };
        options.compression.enabled = false;
        options
    }

    fn header(name: &'static str, value: &'static str) -> (HeaderName, HeaderValue) {
        let name = HeaderName::from_static(name);
        (name, HeaderValue::from_static(value))
    }

    fn text(handshake: &Handshake) -> &str {
        std::str::from_utf8(&handshake.request).unwrap()
    }

    #[test]
    fn a_plain_request_has_what_the_rfc_asks_for_and_nothing_else() {
        let handshake = build("ws://example.org:8080/chat?room=1", |_| {}).unwrap();
        let expected = format!(
            "GET /chat?room=1 HTTP/1.1\r\nHost: example.org:8080\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\
             Pragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: tests\r\n\r\n",
            handshake.key
        );
        assert_eq!(text(&handshake), expected);
    }

    #[test]
    fn keys_are_fresh() {
        let key = || build("ws://h/", |_| {}).unwrap().key;
        assert_ne!(key(), key());
        assert_eq!(key().len(), 24);
    }

    #[test]
    fn everything_optional_is_sent_when_given() {
        let handshake = build("wss://user:pw@h/", |asked| {
            asked.protocols = vec!["chat".into(), "super.chat".into()];
            asked.origin = Some("https://example.org".into());
            asked
                .headers
                .push((header::COOKIE, HeaderValue::from_static("a=b")));
        })
        .unwrap();
        for line in [
            "Sec-WebSocket-Protocol: chat, super.chat\r\n",
            "Origin: https://example.org\r\n",
            "Authorization: Basic dXNlcjpwdw==\r\n",
            "Cookie: a=b\r\n",
        ] {
            assert!(text(&handshake).contains(line), "{line}");
        }
    }

    #[test]
    fn a_header_of_the_callers_replaces_the_default_one() {
        let handshake = build("ws://user@h/", |asked| {
            for (name, value) in [
                (header::USER_AGENT, "mine"),
                (header::AUTHORIZATION, "Bearer t"),
            ] {
                asked.headers.push((name, HeaderValue::from_static(value)));
            }
        })
        .unwrap();
        let text = text(&handshake);
        assert_eq!(text.matches("User-Agent: mine\r\n").count(), 1);
        assert_eq!(text.matches("Authorization: Bearer t\r\n").count(), 1);
        assert!(!text.contains("tests") && !text.contains("Basic"));
    }

    #[test]
    fn script_goes_before_the_embedder_and_the_embedder_before_the_default() {
        let url = Url::parse("ws://user@h/").unwrap();
        let target = Target::new(&url).unwrap();
        let mut asked = ConnectRequest::new(url);
        asked.headers = vec![
            header("x-b", "script"),
            header("x-c", "1"),
            header("x-c", "2"),
        ];
        let mut options = plain();
        options.default_headers = vec![
            header("user-agent", "embedder"),
            header("x-b", "embedder"),
            header("authorization", "Bearer embedder"),
            header("x-a", "1"),
            header("x-a", "2"),
        ];
        let handshake = Handshake::new(&target, &asked, None, &options).unwrap();
        let end = "\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUser-Agent: embedder\r\n\
                   Authorization: Bearer embedder\r\nX-A: 1\r\nX-A: 2\r\n\
                   X-B: script\r\nX-C: 1\r\nX-C: 2\r\n\r\n";
        assert!(text(&handshake).ends_with(end), "{}", text(&handshake));

        options.default_headers = vec![header("host", "elsewhere")];
        let error = Handshake::new(&target, &asked, None, &options)
            .err()
            .unwrap();
        assert!(matches!(error.kind(), ErrorKind::InvalidRequest(_)));
    }

    #[test]
    fn what_belongs_to_the_handshake_is_refused() {
        for name in [
            "host",
            "connection",
            "upgrade",
            "sec-websocket-key",
            "te",
            "proxy-authorization",
        ] {
            let error = build("ws://h/", |asked| {
                let name = HeaderName::from_static(name);
                asked.headers.push((name, HeaderValue::from_static("x")));
            })
            .err()
            .unwrap();
            assert!(matches!(error.kind(), ErrorKind::InvalidRequest(_)));
        }
    }

    #[test]
    fn line_breaks_never_reach_the_wire() {
        for protocol in ["", "a b", "a\r\nX: y", "é", "a,b"] {
            let asked = build("ws://h/", |asked| asked.protocols = vec![protocol.into()]);
            assert!(asked.is_err(), "{protocol:?}");
        }
        assert!(build("ws://h/", |asked| asked.origin = Some("a\r\nX: y".into())).is_err());
        let url = Url::parse("ws://h/").unwrap();
        let target = Target::new(&url).unwrap();
        let asked = ConnectRequest::new(url);
        let options = Options {
            user_agent: Some("a\nb".into()),
            ..Options::default()
        };
        assert!(Handshake::new(&target, &asked, None, &options).is_err());
    }

    #[test]
    fn compression_is_offered_once_and_as_browsers_do() {
        let url = Url::parse("ws://h/").unwrap();
        let target = Target::new(&url).unwrap();
        let asked = ConnectRequest::new(url);
        let handshake = Handshake::new(&target, &asked, None, &Options::default()).unwrap();
        let line = "\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
        assert!(text(&handshake).contains(line));
        assert_eq!(text(&handshake).matches("Extensions").count(), 1);
        let plain = build("ws://h/", |_| {}).unwrap();
        assert!(!text(&plain).contains("Extensions"));
    }
}
