//! The server's half: <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>, checked as the end
//! of section 4.1 tells a client to.

use http::HeaderValue;
use tungstenite::handshake::derive_accept_key;

use super::{Answer, Handshake, Refusal, extensions};
use crate::protocol::Deflate;

/// What the server has agreed to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The subprotocol in use; empty for none.
    pub(crate) protocol: String,
    /// The extensions in use, in the server's words; empty for none.
    pub(crate) extensions: String,
    /// permessage-deflate, if it is one of them.
    pub(crate) deflate: Option<Deflate>,
    /// What came behind the head: the first bytes of the WebSocket.
    pub(crate) rest: Vec<u8>,
}

/// Gathers a response head and checks it once it is whole.
pub(crate) struct ResponseReader {
    head: Vec<u8>,
    /// The values of `Set-Cookie`, once the head is whole.
    pub(crate) set_cookies: Vec<HeaderValue>,
    /// The head, once it is whole, if it was refused.
    pub(crate) refused: Option<Answer>,
    max_bytes: usize,
    max_headers: usize,
}

/// Long enough to tell HTTP from anything else without waiting for a line to end.
pub(in crate::net) const STATUS_LINE_START: usize = "HTTP/1.1 101".len();

impl ResponseReader {
    /// A reader that takes heads of at most `max_bytes` bytes and `max_headers` header lines.
    pub(crate) fn new(max_bytes: usize, max_headers: usize) -> Self {
        Self {
            head: Vec::new(),
            set_cookies: Vec::new(),
            refused: None,
            max_bytes,
            max_headers,
        }
    }

    /// Takes what has been read; `None` while the head is not whole.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        sent: &Handshake,
    ) -> Result<Option<Accepted>, Refusal> {
        let begun = self.head.len() >= STATUS_LINE_START;
        self.head.extend_from_slice(bytes);
        // A head can only be whole, or wrong in a new way, when a line has ended.
        if begun && !bytes.contains(&b'\n') {
            self.check_length(self.head.len())?;
            return Ok(None);
        }
        // A header takes three bytes at least, so there is room for all, whatever the limit.
        let room = self.max_headers.min(self.head.len() / 3 + 1);
        let mut headers = vec![httparse::EMPTY_HEADER; room];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(&self.head) {
            Ok(httparse::Status::Complete(length)) => {
                self.check_length(length)?;
                self.set_cookies = set_cookies(&response);
                let mut accepted = check(&response, sent)
                    .inspect_err(|_| self.refused = Some(Answer::new(&response)))?;
                accepted.rest = self.head.split_off(length);
                Ok(Some(accepted))
            }
            Ok(httparse::Status::Partial) => {
                self.check_length(self.head.len())?;
                Ok(None)
            }
            Err(httparse::Error::TooManyHeaders) => Err(Refusal::TooManyHeaders(self.max_headers)),
            Err(error) => Err(Refusal::NotHttp(describe(error))),
        }
    }

    fn check_length(&self, length: usize) -> Result<(), Refusal> {
        if length > self.max_bytes {
            return Err(Refusal::HeadTooLong(self.max_bytes));
        }
        Ok(())
    }
}

fn set_cookies(response: &httparse::Response<'_, '_>) -> Vec<HeaderValue> {
    let headers = response.headers.iter();
    headers
        .filter(|header| header.name.eq_ignore_ascii_case("set-cookie"))
        .filter_map(|header| HeaderValue::from_bytes(header.value).ok())
        .collect()
}

/// Where it stops being HTTP.
pub(in crate::net) fn describe(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a bad header name",
        httparse::Error::HeaderValue => "a bad header value",
        httparse::Error::NewLine => "a bad line end",
        httparse::Error::Status => "a bad status",
        httparse::Error::Version => "a bad version",
        _ => "a bad token",
    }
}

/// Checks a whole head. The numbers are those of the list in RFC 6455 section 4.1, "Once the
/// client's opening handshake has been sent".
fn check(response: &httparse::Response<'_, '_>, sent: &Handshake) -> Result<Accepted, Refusal> {
    // 1. The status code is 101. Redirects and authentication, which this point would allow, are
    // ruled out by the WebSockets Standard ("establish a WebSocket connection", response check).
    let status = response.code.unwrap_or_default();
    if status != 101 {
        return Err(Refusal::Status(status));
    }
    // Section 4.2.2: the response is HTTP/1.1 or higher; httparse gives the minor version.
    if response.version != Some(1) {
        return Err(Refusal::Version);
    }
    let values = |name: &'static str| {
        response
            .headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    };

    // 2. One Upgrade, and its value is "websocket" in any case.
    let upgrade: Vec<_> = values("upgrade").collect();
    if !matches!(upgrade[..], [value] if value.eq_ignore_ascii_case(b"websocket")) {
        return Err(Refusal::Upgrade);
    }

    // 3. Connection, a list that may be spread over lines, contains "upgrade" in any case.
    let upgrades = values("connection")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    if !upgrades {
        return Err(Refusal::Connection);
    }

    // 4. Sec-WebSocket-Accept is what belongs to our key.
    let accept: Vec<_> = values("sec-websocket-accept").collect();
    match accept[..] {
        [value] if value == derive_accept_key(sent.key.as_bytes()).as_bytes() => {}
        [_] => return Err(Refusal::Accept),
        _ => return Err(Refusal::AcceptCount(accept.len())),
    }

    // 5. No extension that was not offered, nor one on other terms.
    let answers: Vec<_> = values("sec-websocket-extensions").collect();
    let (extensions, deflate) = extensions::agree(&answers, &sent.compression)?;

    // 6. No subprotocol that was not asked for. That there must be one when some were asked for is
    // the WebSockets Standard's, "establish a WebSocket connection".
    let protocols: Vec<_> = values("sec-websocket-protocol").collect();
    let protocol = match protocols[..] {
        [] if sent.protocols.is_empty() => "",
        [] => return Err(Refusal::MissingProtocol),
        [value] => sent
            .protocols
            .iter()
            .find(|asked| asked.as_bytes() == value)
            .ok_or(Refusal::UnexpectedProtocol)?,
        _ => return Err(Refusal::SeveralProtocols),
    };
    Ok(Accepted {
        protocol: protocol.to_owned(),
        extensions,
        deflate,
        rest: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::options::Compression;

    /// The key and accept value of RFC 6455 section 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    const STATUS: &str = "HTTP/1.1 101 Switching Protocols";
    const UPGRADE: &str = "Upgrade: websocket";
    const CONNECTION: &str = "Connection: Upgrade";

    fn sent(protocols: &[&str]) -> Handshake {
        Handshake {
            request: Vec::new(),
            key: KEY.into(),
            protocols: protocols.iter().map(|&name| name.into()).collect(),
            compression: Compression::default(),
        }
    }

    fn head(lines: &[&str]) -> Vec<u8> {
        let mut head = lines.join("\r\n").into_bytes();
        head.extend_from_slice(b"\r\n\r\n");
        head
    }

    fn read(protocols: &[&str], lines: &[&str]) -> Result<Option<Accepted>, Refusal> {
        ResponseReader::new(16 << 10, 100).push(&head(lines), &sent(protocols))
    }

    fn accepts(protocols: &[&str], lines: &[&str]) -> Accepted {
        read(protocols, lines).unwrap().expect("a whole head")
    }

    fn refuses(protocols: &[&str], lines: &[&str]) -> Refusal {
        read(protocols, lines).unwrap_err()
    }

    #[test]
    fn the_rfcs_own_response_is_accepted_and_what_follows_it_is_kept() {
        let mut bytes = head(&[STATUS, UPGRADE, CONNECTION, ACCEPT]);
        bytes.extend_from_slice(&[0x81, 0x00]);
        let accepted = ResponseReader::new(16 << 10, 100)
            .push(&bytes, &sent(&[]))
            .unwrap()
            .unwrap();
        assert_eq!(accepted.protocol, "");
        assert_eq!(accepted.extensions, "");
        assert_eq!(accepted.rest, [0x81, 0x00]);
    }

    #[test]
    fn every_prefix_waits_and_every_split_accepts() {
        let bytes = head(&[STATUS, UPGRADE, CONNECTION, ACCEPT]);
        for cut in 0..bytes.len() {
            let mut reader = ResponseReader::new(16 << 10, 100);
            assert_eq!(reader.push(&bytes[..cut], &sent(&[])), Ok(None), "{cut}");
            let accepted = reader.push(&bytes[cut..], &sent(&[]));
            assert!(matches!(accepted, Ok(Some(_))), "{cut}: {accepted:?}");
        }
        let mut reader = ResponseReader::new(16 << 10, 100);
        let mut accepted = None;
        for byte in &bytes {
            assert_eq!(accepted, None);
            accepted = reader.push(&[*byte], &sent(&[])).unwrap();
        }
        assert!(accepted.is_some(), "byte by byte");
    }

    #[test]
    fn lists_cases_and_split_lines_are_accepted() {
        accepts(
            &[],
            &[STATUS, UPGRADE, "Connection: keep-alive, Upgrade", ACCEPT],
        );
        accepts(
            &[],
            &[
                STATUS,
                UPGRADE,
                "Connection: keep-alive",
                "connection:UPGRADE",
                ACCEPT,
            ],
        );
        accepts(&[], &[STATUS, "UPGRADE:  WebSocket  ", CONNECTION, ACCEPT]);
        accepts(&[], &["HTTP/1.1 101", UPGRADE, CONNECTION, ACCEPT]);
    }

    #[test]
    fn any_other_status_is_refused() {
        for (line, status) in [
            ("HTTP/1.1 200 OK", 200),
            ("HTTP/1.1 301 Moved", 301),
            ("HTTP/1.1 401 Unauthorized", 401),
            ("HTTP/1.1 404 Not Found", 404),
            ("HTTP/1.1 500 No", 500),
            ("HTTP/1.1 100 Continue", 100),
        ] {
            let refusal = refuses(&[], &[line, UPGRADE, CONNECTION, ACCEPT]);
            assert_eq!(refusal, Refusal::Status(status));
        }
        let old = refuses(&[], &["HTTP/1.0 101 Old", UPGRADE, CONNECTION, ACCEPT]);
        assert_eq!(old, Refusal::Version);
    }

    #[test]
    fn upgrade_must_be_there_once_and_say_websocket() {
        assert_eq!(
            refuses(&[], &[STATUS, CONNECTION, ACCEPT]),
            Refusal::Upgrade
        );
        for upgrade in ["Upgrade: h2c", "Upgrade:", "Upgrade: websocket, h2c"] {
            let refusal = refuses(&[], &[STATUS, upgrade, CONNECTION, ACCEPT]);
            assert_eq!(refusal, Refusal::Upgrade, "{upgrade}");
        }
        let doubled = refuses(&[], &[STATUS, UPGRADE, UPGRADE, CONNECTION, ACCEPT]);
        assert_eq!(doubled, Refusal::Upgrade);
    }

    #[test]
    fn connection_must_have_the_whole_token() {
        assert_eq!(
            refuses(&[], &[STATUS, UPGRADE, ACCEPT]),
            Refusal::Connection
        );
        for connection in ["Connection: close", "Connection: upgraded", "Connection:"] {
            let refusal = refuses(&[], &[STATUS, UPGRADE, connection, ACCEPT]);
            assert_eq!(refusal, Refusal::Connection, "{connection}");
        }
    }

    #[test]
    fn accept_must_be_there_once_and_be_right() {
        let with = |lines: &[&str]| {
            let mut all = vec![STATUS, UPGRADE, CONNECTION];
            all.extend_from_slice(lines);
            refuses(&[], &all)
        };
        assert_eq!(with(&[]), Refusal::AcceptCount(0));
        assert_eq!(with(&[ACCEPT, ACCEPT]), Refusal::AcceptCount(2));
        // The value is base64, so its case matters.
        let wrong = ACCEPT.replace("s3p", "S3p");
        assert_eq!(with(&[&wrong]), Refusal::Accept);
        assert_eq!(with(&["Sec-WebSocket-Accept:"]), Refusal::Accept);
    }

    #[test]
    fn the_subprotocol_is_one_of_those_asked_for() {
        let head = |line: &'static str| vec![STATUS, UPGRADE, CONNECTION, ACCEPT, line];
        let chosen = head("Sec-WebSocket-Protocol: b");
        assert_eq!(accepts(&["a", "b"], &chosen).protocol, "b");
        assert_eq!(refuses(&[], &chosen), Refusal::UnexpectedProtocol);
        assert_eq!(refuses(&["a", "B"], &chosen), Refusal::UnexpectedProtocol);
        let empty = head("Sec-WebSocket-Protocol:");
        assert_eq!(refuses(&[], &empty), Refusal::UnexpectedProtocol);
        let list = head("Sec-WebSocket-Protocol: a, b");
        assert_eq!(refuses(&["a", "b"], &list), Refusal::UnexpectedProtocol);
        let none = [STATUS, UPGRADE, CONNECTION, ACCEPT];
        assert_eq!(refuses(&["a"], &none), Refusal::MissingProtocol);
        let mut twice = chosen.clone();
        twice.push("Sec-WebSocket-Protocol: b");
        assert_eq!(refuses(&["a", "b"], &twice), Refusal::SeveralProtocols);
    }

    #[test]
    fn an_extension_is_refused_where_none_was_offered() {
        let line = "Sec-WebSocket-Extensions: permessage-deflate";
        let bytes = head(&[STATUS, UPGRADE, CONNECTION, ACCEPT, line]);
        let mut sent = sent(&[]);
        sent.compression.enabled = false;
        let refusal = ResponseReader::new(16 << 10, 100).push(&bytes, &sent);
        assert_eq!(refusal, Err(Refusal::UnexpectedExtension));
    }

    #[test]
    fn compression_is_agreed_on_or_not() {
        let plain = accepts(&[], &[STATUS, UPGRADE, CONNECTION, ACCEPT]);
        assert_eq!((&plain.extensions[..], plain.deflate), ("", None));
        let lines = [
            STATUS,
            "sec-websocket-extensions:   permessage-deflate;server_max_window_bits=10 ",
            UPGRADE,
            CONNECTION,
            ACCEPT,
        ];
        let accepted = accepts(&[], &lines);
        let answer = "permessage-deflate;server_max_window_bits=10";
        assert_eq!(accepted.extensions, answer);
        let deflate = accepted.deflate.unwrap();
        assert_eq!(deflate.server_max_window_bits, 10);
        let line = "Sec-WebSocket-Extensions: permessage-deflate";
        let twice = [STATUS, UPGRADE, CONNECTION, line, ACCEPT, line];
        assert_eq!(refuses(&[], &twice), Refusal::SeveralExtensions);
    }

    #[test]
    fn what_is_not_http_is_refused_at_once() {
        for bytes in [
            &b"SSH-2.0-OpenSSH_9.6"[..],
            b"\x16\x03\x01",
            b"HTTP/2 101",
            b"HTTP/1.1 abc\r\n",
            b"HTTP/1.1 101 OK\r\nbad name: x\r\n",
            b"HTTP/1.1 101 OK\r\nX: a\r\n folded\r\n",
        ] {
            let refusal = ResponseReader::new(16 << 10, 100).push(bytes, &sent(&[]));
            assert!(matches!(refusal, Err(Refusal::NotHttp(_))), "{refusal:?}");
        }
    }

    #[test]
    fn the_head_may_be_as_long_as_its_limit_and_no_longer() {
        let bytes = head(&[STATUS, UPGRADE, CONNECTION, ACCEPT]);
        let read = |limit| ResponseReader::new(limit, 100).push(&bytes, &sent(&[]));
        assert!(matches!(read(bytes.len()), Ok(Some(_))));
        let limit = bytes.len() - 1;
        assert_eq!(read(limit), Err(Refusal::HeadTooLong(limit)));

        // The bytes of the WebSocket do not count.
        let mut more = bytes.clone();
        more.resize(bytes.len() + 1000, 0);
        let accepted = ResponseReader::new(bytes.len(), 100).push(&more, &sent(&[]));
        assert_eq!(accepted.unwrap().unwrap().rest.len(), 1000);

        // A line without an end is not waited for.
        let mut reader = ResponseReader::new(1000, 100);
        assert_eq!(reader.push(b"HTTP/1.1 101 OK\r\nX: ", &sent(&[])), Ok(None));
        let endless = reader.push(&[b'a'; 1000], &sent(&[]));
        assert_eq!(endless, Err(Refusal::HeadTooLong(1000)));
    }

    #[test]
    fn there_may_be_as_many_headers_as_their_limit_and_no_more() {
        let bytes = head(&[STATUS, UPGRADE, CONNECTION, ACCEPT]);
        let read = |limit| ResponseReader::new(16 << 10, limit).push(&bytes, &sent(&[]));
        assert!(matches!(read(3), Ok(Some(_))));
        assert_eq!(read(2), Err(Refusal::TooManyHeaders(2)));
        assert!(matches!(read(usize::MAX), Ok(Some(_))), "no limit at all");
        // The shortest headers there are.
        let lines = b"HTTP/1.1 200\n"
            .iter()
            .chain(b"X:\n".iter().cycle().take(3 * 100));
        let shortest: Vec<u8> = lines.chain(b"\n").copied().collect();
        let refusal = ResponseReader::new(16 << 10, usize::MAX).push(&shortest, &sent(&[]));
        assert_eq!(refusal, Err(Refusal::Status(200)));
    }

    fn nearly_a_head() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            prop::sample::select(vec![STATUS, UPGRADE, CONNECTION, ACCEPT, "", "X: y"])
                .prop_map(str::to_owned),
            "[A-Za-z: ,;=-]{0,20}",
        ];
        let lines = prop::collection::vec(line, 0..8);
        let good = Just(vec![
            STATUS.into(),
            UPGRADE.into(),
            CONNECTION.into(),
            ACCEPT.into(),
        ]);
        let change = (any::<prop::sample::Index>(), any::<u8>());
        let changes = prop::collection::vec(change, 0..3);
        (prop_oneof![lines, good], changes).prop_map(|(lines, changes)| {
            let mut bytes = format!("{}\r\n\r\n\x01\x02", lines.join("\r\n")).into_bytes();
            for (at, value) in changes {
                let at = at.index(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = value;
                }
            }
            // Within a line nobody may have looked yet.
            bytes.push(b'\n');
            bytes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::with_cases(400)
        })]

        /// However it is split, it is accepted or refused; nothing is kept beyond the limit.
        #[test]
        fn any_head_is_judged_alike_however_it_is_split(
            bytes in nearly_a_head(),
            at in any::<prop::sample::Index>(),
        ) {
            let judge = |pieces: &mut dyn Iterator<Item = &[u8]>| {
                let mut reader = ResponseReader::new(200, 5);
                for piece in pieces {
                    match reader.push(piece, &sent(&[])) {
                        Ok(None) => assert!(reader.head.len() <= 200),
                        Ok(Some(accepted)) => return Some(Some(accepted.deflate)),
                        Err(_) => return Some(None),
                    }
                }
                None
            };
            let whole = judge(&mut std::iter::once(&bytes[..]));
            let (head, tail) = bytes.split_at(at.index(bytes.len() + 1));
            prop_assert_eq!(&judge(&mut [head, tail].into_iter()), &whole);
            prop_assert_eq!(&judge(&mut bytes.chunks(1)), &whole);
        }
    }
}
