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
        ("HTTP/1.1 200", 200),
    ] {
        let refusal = refuses(&[], &[line, UPGRADE, CONNECTION, ACCEPT]);
        assert_eq!(refusal, Refusal::Status(status));
    }
    let old = refuses(&[], &["HTTP/1.0 101 Old", UPGRADE, CONNECTION, ACCEPT]);
    assert_eq!(old, Refusal::Version);
}

#[test]
fn interim_responses_are_passed_over_and_count_as_head() {
    let interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let bytes = [
        interim,
        interim,
        &head(&[STATUS, UPGRADE, CONNECTION, ACCEPT])[..],
    ]
    .concat();
    for cut in 0..bytes.len() {
        let mut reader = ResponseReader::new(bytes.len(), 100);
        assert_eq!(reader.push(&bytes[..cut], &sent(&[])), Ok(None), "{cut}");
        let accepted = reader.push(&bytes[cut..], &sent(&[]));
        assert!(matches!(accepted, Ok(Some(_))), "{cut}: {accepted:?}");
    }
    let limit = bytes.len() - 1;
    let refusal = ResponseReader::new(limit, 100).push(&bytes, &sent(&[]));
    assert_eq!(refusal, Err(Refusal::HeadTooLong(limit)));
    let endless = interim.repeat(1000);
    let refusal = ResponseReader::new(1000, 100).push(&endless, &sent(&[]));
    assert_eq!(refusal, Err(Refusal::HeadTooLong(1000)));
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
