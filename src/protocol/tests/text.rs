//! RFC 6455, section 8.1: text is UTF-8, and what is not fails at its first impossible byte.

use super::*;

const NOT_UTF8: Error = Error::InvalidUtf8InText;

fn config() -> Config {
    Config::default()
}

#[test]
fn text_of_every_width() {
    let text = "aé€😀\u{10ffff}\u{0}";
    let observed = every_way(&config(), &frame(0x81, text.as_bytes()));
    assert_eq!(observed.events, [Event::text(text)]);
}

#[test]
fn a_code_point_may_span_frames() {
    let text = "κόσμε😀€";
    let bytes = text.as_bytes();
    for first in 0..=bytes.len() {
        for second in first..=bytes.len() {
            let mut input = frame(0x01, &bytes[..first]);
            input.extend(frame(0x89, b"between"));
            input.extend(frame(0x00, &bytes[first..second]));
            input.extend(frame(0x80, &bytes[second..]));
            for step in [1, 2, 3, input.len()] {
                let observed = observe(&config(), input.chunks(step));
                assert_eq!(observed.events[1..], [Event::text(text)]);
            }
        }
    }
}

#[test]
fn a_byte_a_frame() {
    let text = "a😀b";
    let mut input = frame(0x01, b"");
    for byte in text.bytes() {
        input.extend(frame(0x00, &[byte]));
    }
    input.extend(frame(0x80, b""));
    assert_eq!(every_way(&config(), &input).events, [Event::text(text)]);
}

#[test]
fn fails_within_an_unfinished_frame() {
    // 100 bytes are announced.
    fails_at(&config(), b"\x81\x64ab\xff", 4, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64ab\xc0", 4, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64ab\xed\xa0", 5, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64ab\xf4\x90", 5, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64ab\xf0\x80", 5, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64ab\xe2\x82A", 6, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x81\x64\x80", 2, 1007, &NOT_UTF8);
}

#[test]
fn fails_within_a_large_unfinished_frame() {
    let mut input = b"\x81\x7f\x00\x00\x00\x00\x01\x00\x00\x00".to_vec();
    input.extend(b"abc\xe2\x28");
    fails_at(&config(), &input, input.len() - 1, 1007, &NOT_UTF8);
}

#[test]
fn fails_within_a_later_fragment() {
    fails_at(&config(), b"\x01\x03abc\x00\x64de\xff", 9, 1007, &NOT_UTF8);
    // The first half of a code point, and what cannot be its second half.
    fails_at(&config(), b"\x01\x03a\xe2\x82\x00\x64A", 7, 1007, &NOT_UTF8);
    fails_at(&config(), b"\x01\x01\xf4\x00\x64\x90", 5, 1007, &NOT_UTF8);
}

#[test]
fn fails_at_the_end_within_a_code_point() {
    for input in [
        &b"\x81\x01\xe2"[..],
        b"\x81\x03a\xe2\x82",
        b"\x81\x03\xf0\x9f\x98",
        b"\x01\x01a\x80\x01\xc3",
    ] {
        fails_at(&config(), input, input.len() - 1, 1007, &NOT_UTF8);
    }
    // The last frame is empty: its header is what says that nothing follows.
    fails_at(&config(), b"\x01\x01\xc3\x80\x00", 4, 1007, &NOT_UTF8);
}

#[test]
fn fails_in_a_whole_frame() {
    // Given at once, this is found as well; what came before it is delivered.
    let observed = observe(&config(), [&b"\x81\x01a\x81\x04\xed\xa0\x80x\x81\x01b"[..]]);
    assert_eq!(observed.events, [Event::text("a")]);
    assert_eq!(observed.state, State::Failed);
    assert_eq!(observed.outcome.error, Some(NOT_UTF8));
}

#[test]
fn binary_may_be_anything() {
    let observed = every_way(
        &config(),
        b"\x82\x03\xff\xfe\xc0\x02\x01\xed\x80\x02\xa0\x80",
    );
    let expected = [
        Event::Binary(b"\xff\xfe\xc0".to_vec()),
        Event::Binary(b"\xed\xa0\x80".to_vec()),
    ];
    assert_eq!(observed.events, expected);
}

/// One-piece text is given as borrowed from the input, put-together text as a string of its own.
#[test]
fn text_in_one_piece_is_not_copied() {
    struct Where {
        input: std::ops::Range<*const u8>,
        borrowed: usize,
        owned: usize,
    }
    impl Sink for Where {
        fn text(&mut self, text: &str) {
            assert!(self.input.contains(&text.as_ptr()));
            self.borrowed += 1;
        }
        fn text_owned(&mut self, text: String) {
            assert!(!self.input.contains(&text.as_ptr()));
            self.owned += 1;
        }
        fn binary(&mut self, _: Binary) {}
        fn ping(&mut self, _: &[u8]) {}
        fn pong(&mut self, _: &[u8]) {}
        fn closing_handshake_started(&mut self) {}
    }
    let input = b"\x81\x03one\x81\x03two\x81\x05three\x01\x02fo\x80\x02ur";
    let mut sink = Where {
        input: input.as_ptr_range(),
        borrowed: 0,
        owned: 0,
    };
    let mut connection = Connection::new(Config::default());
    let now = Instant::now();
    // The first is whole, the second is cut in two.
    connection.receive(&input[..8], now, &mut sink);
    connection.receive(&input[8..10], now, &mut sink);
    assert_eq!((sink.borrowed, sink.owned), (1, 1));
    // A header in a read of its own, or cut in two, costs nothing.
    connection.receive(&input[10..11], now, &mut sink);
    connection.receive(&input[11..12], now, &mut sink);
    connection.receive(&input[12..], now, &mut sink);
    assert_eq!((sink.borrowed, sink.owned), (2, 2));
}
