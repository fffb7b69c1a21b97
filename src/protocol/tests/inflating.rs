//! permessage-deflate on the way in, RFC 7692, sections 6 and 7.2.

use flate2::{Compress, Compression, FlushCompress};

use super::{deflating::noise, *};
use crate::protocol::{Deflate, extension::most_compressed, inflate::STEP};

pub(super) fn agreed(deflate: Deflate) -> Config {
    Config {
        deflate: Some(deflate),
        ..Config::default()
    }
}

/// What a server does to a message before it frames it: RFC 7692, 7.2.1.
pub(super) fn deflated(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(message.len() + message.len() / 8 + 128);
    let end = stream.total_in() + message.len() as u64;
    stream
        .compress_vec(message, &mut payload, FlushCompress::Sync)
        .unwrap();
    assert_eq!(stream.total_in(), end, "there was room for all of it");
    assert!(payload.len() < payload.capacity());
    if payload.ends_with(&[0, 0, 0xff, 0xff]) {
        payload.truncate(payload.len() - 4);
    }
    if payload.is_empty() {
        payload.push(0);
    }
    payload
}

pub(super) fn compress(level: u32, bits: u8) -> Compress {
    Compress::new_with_window_bits(Compression::new(level), false, bits)
}

fn once(message: &[u8]) -> Vec<u8> {
    deflated(&mut compress(6, 15), message)
}

#[track_caller]
fn arrives(config: &Config, input: &[u8], events: &[Event]) {
    let observed = every_way(config, input);
    assert_eq!(observed.state, State::Open, "{:?}", observed.outcome.error);
    assert_eq!(observed.events, events);
    assert!(observed.sent.is_empty());
}

/// The octets are those of the RFC.
#[test]
fn rfc_7692_7_2_3_examples() {
    let config = agreed(Deflate::default());
    let hello = Event::text("Hello");
    for (section, input) in [
        ("7.2.3.1", &b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"[..]),
        (
            "7.2.3.1, fragmented",
            b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00",
        ),
        (
            "7.2.3.3, not compressed",
            b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00",
        ),
        (
            "7.2.3.4, BFINAL",
            b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00",
        ),
        (
            "7.2.3.5, two blocks",
            b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00",
        ),
    ] {
        println!("{section}");
        arrives(&config, input, std::slice::from_ref(&hello));
    }
    // 7.2.3.2: the second message refers to the first.
    let twice = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    arrives(&config, twice, &[hello.clone(), hello.clone()]);
    // 7.2.3.6: the empty message.
    arrives(&config, b"\xc1\x01\x00", &[Event::text("")]);
    arrives(&config, b"\xc2\x01\x00", &[Event::Binary(Vec::new())]);
}

#[test]
fn fragments_of_any_size_with_control_frames_between() {
    let config = agreed(Deflate::default());
    let payload = once("aé€😀aé€😀".as_bytes());
    // No payload in the first frame, one byte in each of the others, none in the last.
    let mut input = frame(0x41, b"");
    for (i, byte) in payload.iter().enumerate() {
        input.extend(frame(0x00, &[*byte]));
        if i == 2 {
            input.extend(frame(0x89, b""));
        }
    }
    input.extend(frame(0x80, b""));
    let observed = every_way(&config, &input);
    let text = Event::text("aé€😀aé€😀");
    assert_eq!(observed.events, [Event::Ping(Vec::new()), text]);
    assert_eq!(observed.state, State::Open);
}

#[test]
fn compressed_and_plain_messages_take_turns() {
    let config = agreed(Deflate::default());
    let mut stream = compress(6, 15);
    let mut input = Vec::new();
    let mut events = Vec::new();
    for i in 0..4 {
        let text = format!("message {i}, much like the one before it");
        input.extend(frame(0xc1, &deflated(&mut stream, text.as_bytes())));
        input.extend(frame(0x81, b"plain"));
        events.extend([Event::Text(text), Event::text("plain")]);
    }
    arrives(&config, &input, &events);
}

/// A block with BFINAL ends a stream, and another begins behind it, in the same message and in
/// the next.
#[test]
fn streams_that_end_within_a_connection() {
    let config = agreed(Deflate::default());
    let hello = b"\xf3\x48\xcd\xc9\xc9\x07\x00";
    let mut message = hello.repeat(3);
    message.push(0);
    let mut input = frame(0xc1, &message);
    // Without the byte that 7.2.3.4 asks for behind it.
    input.extend(frame(0xc1, hello));
    input.extend(frame(0xc1, &once(b"another")));
    input.extend(frame(0xc2, b""));
    let events = [
        Event::text("HelloHelloHello"),
        Event::text("Hello"),
        Event::text("another"),
        Event::Binary(Vec::new()),
    ];
    arrives(&config, &input, &events);
}

#[test]
fn every_window_with_and_without_takeover() {
    let message: Vec<u8> = (0..40_000u32)
        .flat_map(|i| (i * i % 977).to_le_bytes())
        .collect();
    for bits in 8..=15u8 {
        for server_no_context_takeover in [false, true] {
            let config = agreed(Deflate {
                server_max_window_bits: bits,
                server_no_context_takeover,
                ..Deflate::default()
            });
            // A peer whose zlib makes 9 of 8 is understood.
            let mut stream = compress(6, bits.max(9));
            let mut bench = Bench::with(config);
            for part in [&message[..], &message[..1000], &message[1..70_000]] {
                bench.receive(&frame(0xc2, &deflated(&mut stream, part)));
                assert!(bench.events() == [Event::Binary(part.to_vec())], "{bits}");
                if server_no_context_takeover {
                    stream = compress(6, bits.max(9));
                }
                let inflater = !server_no_context_takeover;
                assert_eq!(bench.connection.deflate_memory(), (false, inflater));
            }
        }
    }
}

#[test]
fn a_reference_to_what_was_to_be_forgotten_is_refused() {
    let takeover = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00";
    let config = agreed(Deflate {
        server_no_context_takeover: true,
        ..Deflate::default()
    });
    let observed = every_way(&config, takeover);
    assert_eq!(observed.events, [Event::text("Hello")]);
    assert_eq!(observed.outcome.error, Some(Error::InvalidCompressedData));
}

#[test]
fn rsv1_is_for_the_first_frame_of_a_message() {
    let config = agreed(Deflate::default());
    for (input, byte) in [
        (&b"\xc0"[..], 0xc0),
        (b"\x41\x01\x00\xc0", 0xc0),
        (b"\x41\x01\x00\x40", 0x40),
        (b"\x01\x01a\xc0", 0xc0),
        (b"\xc8", 0xc8),
        (b"\xc9", 0xc9),
        (b"\xca", 0xca),
        (b"\xe1", 0xe1),
        (b"\xa1", 0xa1),
        (b"\x91", 0x91),
        (b"\xd2", 0xd2),
    ] {
        let index = input.len() - 1;
        fails_at(&config, input, index, 1002, &Error::ReservedBit(byte));
    }
    fails_at(
        &config,
        b"\x41\x01\x00\xc1",
        3,
        1002,
        &Error::ExpectedContinuation,
    );
    // And without an agreement for nothing.
    let error = Error::ReservedBit(0xc1);
    fails_at(&Config::default(), b"\xc1", 0, 1002, &error);
}

/// Each fails with the byte at its end.
#[test]
fn a_bad_stream_fails_with_1007() {
    let config = agreed(Deflate::default());
    for payload in [
        // A block of the reserved type.
        &b"\x07"[..],
        // The length of a stored block and its complement do not fit.
        b"\x00\x05\x00\xfa\x00",
        // A distance beyond the beginning.
        b"\xf2\x00\x11\x00\x00",
        // Cut off: within a fixed block, within its flush, within a stored block of 5, behind the
        // header of a dynamic block.
        b"\xf2\x48\xcd",
        b"\xf2\x48\xcd\xc9\xc9",
        b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00",
        b"\x00\x05\x00\xfa\xff\x48\x65",
        b"\x04",
        // Not cut off at all.
        b"\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff",
    ] {
        let mut input = frame(0x41, &payload[..payload.len() - 1]);
        input.extend(frame(0x80, &payload[payload.len() - 1..]));
        let observed = every_way(&config, &input);
        let error = Some(Error::InvalidCompressedData);
        assert_eq!(observed.outcome.error, error, "{payload:x?}");
        assert_eq!(observed.sent.len(), 1);
        assert_eq!(observed.sent[0].0, 0x88);
        assert_eq!(observed.sent[0].1[..2], 1007u16.to_be_bytes());
        assert!(observed.events.is_empty());
    }
}

/// Of a good message, every prefix that is sent as a whole message is refused, or is the message.
#[test]
fn no_message_cut_off_is_taken_for_another() {
    let config = agreed(Deflate::default());
    let text = "a message of some length, in which some words of some length come again";
    for level in [0, 1, 6] {
        let payload = deflated(&mut compress(level, 15), text.as_bytes());
        for end in 1..payload.len() {
            let observed = observe(&config, [&frame(0xc1, &payload[..end])[..]]);
            if payload[..end] == [0] {
                // The empty message, for all anyone can tell.
                assert_eq!(observed.events, [Event::text("")]);
            } else {
                let error = Some(Error::InvalidCompressedData);
                assert_eq!(observed.outcome.error, error, "level {level}, {end}");
            }
        }
        arrives(&config, &frame(0xc1, &payload), &[Event::text(text)]);
    }
}

#[test]
fn wrong_utf8_is_found_before_the_message_ends() {
    let config = agreed(Deflate::default());
    // Stored, so that each byte comes out as it comes in.
    let input = b"\x41\x0a\x00\x05\x00\xfa\xffab\xc3\x28";
    fails_at(
        &config,
        input,
        input.len() - 1,
        1007,
        &Error::InvalidUtf8InText,
    );
    // Within a code point at the end.
    let input = frame(0xc1, &once(b"ab\xe2\x82"));
    let observed = every_way(&config, &input);
    assert_eq!(observed.outcome.error, Some(Error::InvalidUtf8InText));
    // A code point over two fragments, by the way, is none of that.
    let payload = once("€".as_bytes());
    let mut input = frame(0x41, &payload[..2]);
    input.extend(frame(0x80, &payload[2..]));
    arrives(&config, &input, &[Event::text("€")]);
}

#[test]
fn the_size_of_the_message_is_limited_and_not_that_of_its_form() {
    let limit = 1000;
    let config = Config {
        max_message_size: limit,
        ..agreed(Deflate::default())
    };
    let error = Error::MessageTooLarge { limit };
    for kind in [0xc1, 0xc2] {
        let fits = every_way(&config, &frame(kind, &once(&[b'a'; 1000])));
        assert_eq!((fits.events.len(), fits.state), (1, State::Open));
        let over = every_way(&config, &frame(kind, &once(&[b'a'; 1001])));
        assert_eq!(over.outcome.error, Some(error.clone()));
        assert_eq!(over.sent[0].1[..2], 1009u16.to_be_bytes());
    }
    // A form that is larger than the limit: 1000 blocks of one byte would be; a few are.
    let bytes: Vec<u8> = (0..1000).map(|i| (i * 7 % 256) as u8).collect();
    let payload = deflated(&mut compress(0, 15), &bytes);
    assert!(payload.len() > limit);
    arrives(&config, &frame(0xc2, &payload), &[Event::Binary(bytes)]);

    // The form has a limit of its own, in one frame or in many.
    let most = most_compressed(limit);
    let header = |length: usize| {
        let mut header = vec![0xc2, 126];
        header.extend((length as u16).to_be_bytes());
        header
    };
    assert_eq!(observe(&config, [&header(most)[..]]).state, State::Open);
    fails_at(&config, &header(most + 1), 3, 1009, &error);
    let empty_block = b"\x00\x00\x00\xff\xff";
    let mut blocks = frame(0x42, empty_block);
    while blocks.len() < 20_000 {
        blocks.extend(frame(0x00, empty_block));
    }
    let endless = observe(&config, [&blocks[..]]);
    assert_eq!(endless.outcome.error, Some(error));
}

/// 1 GiB in about 1 MiB: what is kept of it never exceeds the limit.
#[test]
fn a_bomb_takes_no_more_than_the_limit() {
    for (kind, limit) in [(0xc1, 0), (0xc2, 100_000), (0xc1, 4 << 20), (0xc2, 4 << 20)] {
        let config = Config {
            max_message_size: limit,
            ..agreed(Deflate::default())
        };
        let mut bench = Bench::with(config);
        let mut stream = compress(9, 15);
        let mut plain = vec![b' '; 1 << 20];
        plain.push(b' ');
        bench.receive(&frame(kind & 0x7f, b""));
        let mut inflated = 0;
        for _ in 0..1024 {
            let mut payload = Vec::with_capacity(64 << 10);
            stream
                .compress_vec(&plain, &mut payload, FlushCompress::Sync)
                .unwrap();
            for piece in payload.chunks(100) {
                bench.receive(&frame(0x00, piece));
                inflated += bench.connection.take_inflated();
                let most = limit.max(2 * STEP);
                assert!(bench.connection.owned_memory() <= most);
            }
            if bench.state() == State::Failed {
                break;
            }
        }
        assert!(inflated <= limit as u64);
        let [close] = &bench.frames()[..] else {
            panic!("a Close frame")
        };
        assert_eq!(close.payload[..2], 1009u16.to_be_bytes());
        assert!(bench.events().is_empty());
        assert!(bench.connection.owned_memory() < 1024);
        assert_eq!(bench.connection.deflate_memory(), (false, false));
    }
}

#[test]
fn large_frames_are_read_directly_only_where_they_are_plain() {
    let mut bench = Bench::with(agreed(Deflate::default()));
    let bytes = noise(300_000);
    let mut stream = compress(6, 15);
    let compressed = frame(0xc2, &deflated(&mut stream, &bytes));
    assert!(compressed.len() > 200_000, "bytes that do not compress");
    assert_eq!(bench.receive_directly(&compressed, 100_000), 0);
    assert!(bench.events() == [Event::Binary(bytes.clone())]);
    assert_eq!(bench.connection.take_inflated(), 300_000);
    assert_eq!(bench.connection.take_inflated(), 0);
    assert!(bench.receive_directly(&frame(0x82, &bytes), 100_000) > 0);
    assert!(bench.events() == [Event::Binary(bytes)]);
}

#[test]
fn an_idle_connection_has_no_memory_for_it() {
    let mut bench = Bench::with(agreed(Deflate::default()));
    bench.connection.send_text("short".into());
    bench.write_all();
    bench.receive(&frame(0x81, b"not compressed"));
    assert_eq!(bench.connection.deflate_memory(), (false, false));
    bench.receive(&frame(0xc1, &once(b"compressed")));
    assert_eq!(bench.connection.deflate_memory(), (false, true));
}
