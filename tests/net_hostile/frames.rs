//! Frames that break the protocol: the code in our Close frame, what came before, how it ends.

use std::time::Duration;

use boa_websocket::net::{ErrorKind, Options, Phase};

use crate::{
    harness::{Client, Event},
    script,
    wire::{PACES, Pace, Seen, close, deflated, frame, long_header, writing},
};

/// What a server sends, and what has to come of it.
struct Case {
    what: String,
    deflate: bool,
    bytes: Vec<u8>,
    /// Texts that are whole before it goes wrong.
    messages: &'static [&'static str],
    code: u16,
}

impl Case {
    fn plain(what: impl Into<String>, bytes: impl Into<Vec<u8>>, code: u16) -> Self {
        Self {
            what: what.into(),
            deflate: false,
            bytes: bytes.into(),
            messages: &[],
            code,
        }
    }

    fn compressed(what: impl Into<String>, bytes: impl Into<Vec<u8>>, code: u16) -> Self {
        Self {
            deflate: true,
            ..Self::plain(what, bytes, code)
        }
    }

    fn after(self, messages: &'static [&'static str]) -> Self {
        Self { messages, ..self }
    }
}

const LIMIT: usize = 100_000;

fn small_limits(options: &mut Options) {
    options.limits.message_size = LIMIT;
    options.limits.fragments = 10;
    // If ever our Close frame is not answered by the end of the line, that is seen at once.
    options.timeouts.linger = Duration::from_secs(20);
}

fn headers() -> Vec<Case> {
    let mut cases = Vec::new();
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        for fin in [0x80, 0] {
            let what = format!("opcode {opcode}, fin {fin:#x}");
            cases.push(Case::plain(what, [fin | opcode, 0], 1002));
        }
    }
    for reserved in 1..8_u8 {
        for opcode in [1, 2, 8, 9, 10] {
            let first = 0x80 | reserved << 4 | opcode;
            let what = format!("first byte {first:#x}");
            cases.push(Case::plain(what, [first, 0], 1002));
            // RSV1 alone on a message is what the extension is for.
            if reserved != 4 || opcode > 2 {
                let what = format!("first byte {first:#x} with permessage-deflate");
                cases.push(Case::compressed(what, [first, 0], 1002));
            }
        }
    }
    for (what, bytes) in [
        ("a masked text", &b"\x81\x81\0\0\0\0a"[..]),
        ("a masked empty binary", b"\x82\x80\x01\x02\x03\x04"),
        ("a masked ping", b"\x89\x80\0\0\0\0"),
        ("a masked Close frame", b"\x88\x82\0\0\0\0\x03\xe8"),
        ("a masked length of two bytes", b"\x82\xfe"),
        ("a masked length of eight bytes", b"\x82\xff"),
        ("a ping of 126 bytes", b"\x89\x7e"),
        ("a ping of 2^63 - 1 bytes", b"\x89\x7f\x7f\xff\xff\xff"),
        ("a Close frame of 126 bytes", b"\x88\x7e"),
        ("a ping that is to be continued", b"\x09\x00"),
        ("a Close frame that is to be continued", b"\x08\x00"),
        ("a Close frame of a byte", b"\x88\x01"),
        ("a continuation of nothing", b"\x80\x00"),
        ("nothing but continuations", b"\x00\x00"),
    ] {
        cases.push(Case::plain(what, bytes, 1002));
    }
    for (what, bytes) in [
        ("a masked continuation", &b"\x81\x01x\x01\x01a\x80\x81"[..]),
        ("a text in a text", b"\x81\x01x\x01\x01a\x81"),
        ("a binary in a text", b"\x81\x01x\x01\x00\x02"),
        ("a continuation of a whole one", b"\x81\x01x\x80\x01y"),
    ] {
        cases.push(Case::plain(what, bytes, 1002).after(&["x"]));
    }
    cases
}

fn lengths() -> Vec<Case> {
    let mut cases = Vec::new();
    for length in [0_u16, 1, 125] {
        let mut bytes = vec![0x82, 126];
        bytes.extend(length.to_be_bytes());
        let what = format!("{length} in two bytes");
        cases.push(Case::plain(what, bytes, 1002));
    }
    for (length, code) in [
        (0, 1002),
        (125, 1002),
        (126, 1002),
        (0xffff, 1002),
        (LIMIT as u64 + 1, 1009),
        (1 << 31, 1009),
        (1 << 32, 1009),
        ((1 << 32) + 1, 1009),
        ((1 << 63) - 1, 1009),
        (1 << 63, 1002),
        ((1 << 63) + 5, 1002),
        (u64::MAX, 1002),
    ] {
        for first in [0x81, 0x02] {
            let what = format!("{length:#x} in eight bytes behind {first:#x}");
            cases.push(Case::plain(what, long_header(first, length), code));
        }
        let mut bytes = b"\x81\x01x\x01\x01a".to_vec();
        bytes.extend(long_header(0x80, length));
        let what = format!("{length:#x} in eight bytes of a continuation");
        cases.push(Case::plain(what, bytes, code).after(&["x"]));
    }
    // The form of a message may be somewhat longer than the message.
    for (length, code) in [(1 << 32, 1009), ((1 << 63) - 1, 1009), (1 << 63, 1002)] {
        let what = format!("{length:#x} compressed bytes");
        cases.push(Case::compressed(what, long_header(0xc1, length), code));
    }
    cases
}

fn text() -> Vec<Case> {
    let mut cases = Vec::new();
    for bad in [
        &b"\xff"[..],
        b"\x80",
        b"\xc0\x80",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
    ] {
        let cut = bad.len() > 1 && std::str::from_utf8(bad).is_err_and(|e| e.error_len().is_none());
        for (before, after) in [("", ""), ("ab", ""), ("", "cd"), ("ä", "ß")] {
            let payload = [before.as_bytes(), bad, after.as_bytes()].concat();
            let what = format!("{bad:x?} between {before:?} and {after:?}");
            let of = |how: &str| format!("{what}, {how}");
            cases.push(Case::plain(of("text"), frame(0x81, &payload), 1007));
            let reason = close(1000, &payload);
            cases.push(Case::plain(of("reason"), reason, 1007));
            let compressed = frame(0xc1, &deflated(&payload));
            cases.push(Case::compressed(of("compressed"), compressed, 1007));
            let mut later = b"\x81\x01x\x01\x01a".to_vec();
            later.extend(frame(0x00, b""));
            later.extend(frame(0x80, &payload));
            cases.push(Case::plain(of("continuation"), later, 1007).after(&["x"]));
            if !(cut && after.is_empty()) {
                // Nobody waits for the end of the message, nor of the frame.
                let begun = frame(0x01, &payload);
                cases.push(Case::plain(of("not the last frame"), begun, 1007));
                let mut within = frame(0x81, &[&payload[..], &[b'z'; 200]].concat());
                within.truncate(within.len() - 150);
                cases.push(Case::plain(of("not a whole frame"), within, 1007));
            }
        }
    }
    let halves = [frame(0x01, b"\xf0\x9f"), frame(0x80, b"\x98A")].concat();
    cases.push(Case::plain("over two frames", halves, 1007));
    let payload = deflated(b"some words, then \xc3\x28 and some words");
    for split in [1, payload.len() / 2, payload.len() - 1] {
        let (head, tail) = payload.split_at(split);
        let bytes = [frame(0x41, head), frame(0x89, b"p"), frame(0x80, tail)].concat();
        let what = format!("compressed, split at {split}");
        cases.push(Case::compressed(what, bytes, 1007));
    }
    cases
}

fn closes() -> Vec<Case> {
    let codes = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 0xffff];
    let cases = codes.map(|code| {
        let bytes = [frame(0x81, b"x"), close(code, b"why")].concat();
        Case::plain(format!("Close {code}"), bytes, 1002).after(&["x"])
    });
    cases.into()
}

fn streams() -> Vec<Case> {
    let good = deflated(b"Hello, hello, hello!");
    let mut cases = Vec::new();
    for (what, payload) in [
        ("a block of the reserved type", &b"\x07"[..]),
        ("a stored length that does not fit", b"\x00\x05\x00\xfa\x00"),
        ("a dynamic block cut off", b"\x04"),
        ("nothing but 0xff", &[0xff; 60]),
        ("the end of a stream and more", b"\x03\x00\xff\xff\xff"),
        ("half of a stream", &good[..good.len() / 2]),
        ("a zlib header before the stream", b"\x78\x9c\x03\x00"),
    ] {
        let before = frame(0xc1, &good);
        let one = [before.clone(), frame(0xc1, payload)].concat();
        let after = &["Hello, hello, hello!"];
        cases.push(Case::compressed(what, one, 1007).after(after));
        let mut many = before;
        many.extend(frame(0x42, b""));
        for byte in payload {
            many.extend(frame(0x00, &[*byte]));
            many.extend(frame(0x89, b""));
            if many.len() > 250 {
                break;
            }
        }
        many.extend(frame(0x80, b"\x07\x07\x07\x07"));
        let mut case = Case::compressed(format!("{what}, in fragments"), many, 1007).after(after);
        // So many fragments are too many first.
        if payload.len() > 8 {
            case.code = 0;
        }
        cases.push(case);
    }
    // Nothing is in the window yet.
    let far = frame(0xc1, b"\xf2\x00\x11\x00\x00");
    cases.push(Case::compressed(
        "a distance beyond the beginning",
        far,
        1007,
    ));
    let after = &["x"];
    let bytes = b"\x81\x01x\x41\x01\x00\xc0\x01\x00";
    cases.push(Case::compressed("RSV1 on a continuation", &bytes[..], 1002).after(after));
    let bomb = [
        frame(0x81, b"x"),
        frame(0xc2, &deflated(&vec![0; LIMIT + 1])),
    ]
    .concat();
    cases.push(Case::compressed("a byte too much, inflated", bomb, 1009).after(after));
    cases
}

fn fragments() -> Vec<Case> {
    let plain = [frame(0x02, b""), frame(0x00, b"").repeat(10)].concat();
    let pinged = [frame(0x00, b"a"), frame(0x89, b"?")].concat().repeat(10);
    let pinged = [frame(0x01, b""), pinged].concat();
    let compressed = [frame(0x42, b""), frame(0x00, b"").repeat(10)].concat();
    vec![
        Case::plain("empty fragments", plain, 1008),
        Case::plain("pings between fragments", pinged, 1008),
        Case::compressed("empty compressed fragments", compressed, 1008),
    ]
}

fn all() -> Vec<Case> {
    let tables = [
        headers(),
        lengths(),
        text(),
        closes(),
        streams(),
        fragments(),
    ];
    tables.into_iter().flatten().collect()
}

#[test]
fn the_wire_and_the_events() {
    let mut client = Client::with(small_limits);
    for case in all() {
        for pace in PACES {
            let what = format!("{}, {pace:?}", case.what);
            let (url, seen) = writing(case.deflate, pace, case.bytes.clone());
            client.connect(&url);
            assert!(
                matches!(client.next().1, Event::Opened { .. }),
                "{what}: not opened"
            );
            for message in case.messages {
                assert_eq!(&client.text(), message, "{what}");
            }
            // Script has nothing to answer, so that a failure need not wait for it.
            client.network.flush();
            let closed = match client.next().1 {
                Event::Closed(closed) => closed,
                other => panic!("{what}: {other:?}"),
            };
            assert_eq!(closed.shown(), (1006, "", false), "{what}");
            assert_eq!(closed.why().kind(), &ErrorKind::Protocol, "{what}");
            assert_eq!(closed.why().phase(), Phase::Open, "{what}");
            let seen = seen.recv().unwrap();
            let code = match case.code {
                0 => seen.close.filter(|code| [1007, 1008].contains(code)),
                code => Some(code),
            };
            let expected = Seen {
                close: code,
                behind: 0,
                pongs: seen.pongs,
                in_order: true,
            };
            assert!(code.is_some() && seen == expected, "{what}: {seen:?}");
        }
    }
}

#[test]
fn what_script_sees() {
    for pace in [Pace::Glued, Pace::Bytes] {
        let cases = all();
        for cases in cases.chunks(50) {
            let mut what = Vec::new();
            let mut urls = Vec::new();
            let mut messages = Vec::new();
            for case in cases {
                what.push(format!("{}, {pace:?}", case.what));
                urls.push(writing(case.deflate, pace, case.bytes.clone()).0);
                let texts = case.messages.iter().map(|text| format!("text {text}"));
                messages.push(texts.collect());
            }
            script::expect_failed(&what, &urls, &messages, small_limits);
        }
    }
}

/// What is unusual and in order.
#[test]
fn what_is_no_misbehaviour() {
    let mut client = Client::with(|options| options.timeouts.linger = Duration::from_millis(50));
    for (story, pongs) in [
        // A message that is not finished never will be.
        ([frame(0x01, b"never fini"), close(1000, b"")].concat(), 0),
        // Nothing behind a Close frame means anything.
        (
            [close(1000, b""), frame(0x83, b"!"), vec![0xff; 1000]].concat(),
            0,
        ),
        ([frame(0x8a, b"for no ping"), close(1000, b"")].concat(), 0),
        ([frame(0x89, &[0xff; 125]), close(1000, b"")].concat(), 1),
    ] {
        for pace in PACES {
            let (url, seen) = writing(false, pace, story.clone());
            client.connect(&url);
            assert!(matches!(client.next().1, Event::Opened { .. }));
            // The server leaves the end of the line to us.
            let closed = client.closing_then_closed();
            assert_eq!(closed.shown(), (1000, "", true), "{story:x?} {pace:?}");
            let seen = seen.recv().unwrap();
            assert_eq!((seen.close, seen.behind), (Some(1000), 0), "{story:x?}");
            assert_eq!(seen.pongs, pongs, "{story:x?}");
        }
    }
}
