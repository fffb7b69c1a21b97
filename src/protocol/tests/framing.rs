//! RFC 6455, section 5: data framing.

use super::*;

fn config() -> Config {
    Config::default()
}

#[test]
fn rfc_5_7_unmasked_text() {
    let observed = every_way(&config(), b"\x81\x05\x48\x65\x6c\x6c\x6f");
    assert_eq!(observed.events, [Event::text("Hello")]);
    assert_eq!(observed.state, State::Open);
    assert!(observed.sent.is_empty());
}

#[test]
fn rfc_5_7_fragmented_unmasked_text() {
    let observed = every_way(&config(), b"\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f");
    assert_eq!(observed.events, [Event::text("Hello")]);
}

#[test]
fn rfc_5_7_ping_and_its_pong() {
    let observed = every_way(&config(), b"\x89\x05\x48\x65\x6c\x6c\x6f");
    assert_eq!(observed.events, [Event::Ping(b"Hello".to_vec())]);
    assert_eq!(observed.sent, [(0x8a, b"Hello".to_vec())]);
}

#[test]
fn rfc_5_7_binary_of_256_bytes() {
    let payload: Vec<u8> = (0..=255).collect();
    let mut input = b"\x82\x7e\x01\x00".to_vec();
    input.extend(&payload);
    let observed = every_way(&config(), &input);
    assert_eq!(observed.events, [Event::Binary(payload)]);
}

#[test]
fn rfc_5_7_binary_of_64_kib() {
    let payload: Vec<u8> = (0..65536u32).map(|i| (i % 251) as u8).collect();
    let mut input = b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00".to_vec();
    input.extend(&payload);
    for step in [1, 7, 4096, 65535, input.len()] {
        let observed = observe(&config(), input.chunks(step));
        assert_eq!(
            observed.events,
            [Event::Binary(payload.clone())],
            "in steps of {step}"
        );
    }
}

#[test]
fn rfc_5_2_reserved_bits() {
    for bits in (0x10..=0x70).step_by(0x10) {
        for first in [0x80, 0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x02] {
            let byte = first | bits;
            fails_at(&config(), &[byte], 0, 1002, &Error::ReservedBit(byte));
        }
    }
}

#[test]
fn rfc_5_2_reserved_bit_on_a_continuation() {
    let input = b"\x01\x01a\x40";
    fails_at(&config(), input, 3, 1002, &Error::ReservedBit(0x40));
}

#[test]
fn rfc_5_2_reserved_opcodes() {
    for opcode in [0x3, 0x4, 0x5, 0x6, 0x7, 0xb, 0xc, 0xd, 0xe, 0xf] {
        for fin in [0, 0x80] {
            let error = Error::ReservedOpcode(opcode);
            fails_at(&config(), &[opcode | fin], 0, 1002, &error);
        }
    }
}

#[test]
fn rfc_5_1_masked_frame() {
    for first in [0x81, 0x82, 0x88, 0x89, 0x8a, 0x01] {
        for length in [0, 1, 125, 126, 127] {
            let input = [first, 0x80 | length];
            fails_at(&config(), &input, 1, 1002, &Error::MaskedFrame);
        }
    }
}

#[test]
fn rfc_5_5_fragmented_control_frame() {
    for first in [0x08, 0x09, 0x0a] {
        fails_at(&config(), &[first], 0, 1002, &Error::FragmentedControlFrame);
    }
}

#[test]
fn rfc_5_5_control_frame_of_126_bytes() {
    for first in [0x88, 0x89, 0x8a] {
        for length in [126, 127] {
            fails_at(
                &config(),
                &[first, length],
                1,
                1002,
                &Error::ControlFrameTooLong,
            );
        }
    }
}

#[test]
fn rfc_5_5_control_frame_of_125_bytes() {
    let payload = vec![b'p'; 125];
    let mut input = frame(0x89, &payload);
    input.extend(frame(0x8a, &payload));
    let observed = every_way(&config(), &input);
    assert_eq!(
        observed.events,
        [Event::Ping(payload.clone()), Event::Pong(payload.clone())]
    );
    assert_eq!(observed.sent, [(0x8a, payload)]);
}

#[test]
fn rfc_5_4_orphan_continuation() {
    for input in [
        &b"\x80"[..],
        b"\x00",
        b"\x81\x01a\x80",
        b"\x01\x01a\x80\x00\x80",
    ] {
        fails_at(
            &config(),
            input,
            input.len() - 1,
            1002,
            &Error::OrphanContinuation,
        );
    }
}

#[test]
fn rfc_5_4_message_within_a_message() {
    for input in [
        &b"\x01\x01a\x81"[..],
        b"\x02\x00\x01",
        b"\x01\x00\x00\x00\x82",
    ] {
        fails_at(
            &config(),
            input,
            input.len() - 1,
            1002,
            &Error::ExpectedContinuation,
        );
    }
}

#[test]
fn rfc_5_2_length_has_to_be_minimal() {
    let error = Error::FrameLengthNotMinimal;
    fails_at(&config(), b"\x81\x7e\x00\x7d", 3, 1002, &error);
    fails_at(&config(), b"\x82\x7e\x00\x00", 3, 1002, &error);
    // Six bytes of zeros: whatever the last two are, they would have fitted 16 bits.
    fails_at(
        &config(),
        b"\x82\x7f\x00\x00\x00\x00\x00\x00",
        7,
        1002,
        &error,
    );
}

#[test]
fn rfc_5_2_smallest_of_each_length() {
    for (header, length) in [
        (&b"\x82\x7d"[..], 125),
        (b"\x82\x7e\x00\x7e", 126),
        (b"\x82\x7e\xff\xff", 65535),
        (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 65536),
    ] {
        let mut input = header.to_vec();
        input.resize(header.len() + length, b'.');
        let observed = observe(&config(), [&input[..]]);
        assert_eq!(observed.events, [Event::Binary(vec![b'.'; length])]);
    }
}

#[test]
fn rfc_5_2_highest_bit_of_a_length() {
    fails_at(
        &config(),
        b"\x82\x7f\x80",
        2,
        1002,
        &Error::FrameLengthOutOfRange,
    );
    fails_at(
        &config(),
        b"\x81\x7f\xff",
        2,
        1002,
        &Error::FrameLengthOutOfRange,
    );
}

#[test]
fn rfc_5_4_control_frames_between_fragments() {
    let input = b"\x01\x02ab\x89\x01?\x00\x00\x8a\x02!!\x00\x01c\x89\x00\x80\x01d";
    let observed = every_way(&config(), input);
    assert_eq!(
        observed.events,
        [
            Event::Ping(b"?".to_vec()),
            Event::Pong(b"!!".to_vec()),
            Event::Ping(vec![]),
            Event::text("abcd"),
        ]
    );
    assert_eq!(observed.sent, [(0x8a, b"?".to_vec()), (0x8a, vec![])]);
}

#[test]
fn rfc_5_5_3_unsolicited_pong() {
    let observed = every_way(&config(), b"\x8a\x03hey\x81\x01x");
    assert_eq!(
        observed.events,
        [Event::Pong(b"hey".to_vec()), Event::text("x")]
    );
    assert!(observed.sent.is_empty());
    assert_eq!(observed.state, State::Open);
}

#[test]
fn rfc_5_4_empty_messages_and_empty_fragments() {
    let input = b"\x81\x00\x82\x00\x01\x00\x80\x00\x02\x00\x00\x01z\x00\x00\x80\x00";
    let observed = every_way(&config(), input);
    assert_eq!(
        observed.events,
        [
            Event::text(""),
            Event::Binary(vec![]),
            Event::text(""),
            Event::Binary(b"z".to_vec())
        ]
    );
}

#[test]
fn several_messages_in_one_read() {
    let observed = every_way(&config(), b"\x81\x01a\x82\x01b\x81\x01c\x89\x00\x82\x01d");
    assert_eq!(
        observed.events,
        [
            Event::text("a"),
            Event::Binary(b"b".to_vec()),
            Event::text("c"),
            Event::Ping(vec![]),
            Event::Binary(b"d".to_vec()),
        ]
    );
}

#[test]
fn a_binary_message_is_aligned_for_its_array_buffer() {
    struct Aligned(usize);
    impl Sink for Aligned {
        fn text(&mut self, _: &str) {}
        fn binary(&mut self, data: Binary) {
            assert_eq!(data.as_ptr() as usize % 64, 0);
            assert_eq!(data.alignment(), 64);
            self.0 += data.len();
        }
        fn ping(&mut self, _: &[u8]) {}
        fn pong(&mut self, _: &[u8]) {}
        fn closing_handshake_started(&mut self) {}
    }
    let mut sink = Aligned(0);
    let mut connection = Connection::new(Config::default());
    for input in [
        &b"\x82\x02ab"[..],
        b"\x82\x00",
        b"\x82\x02a",
        b"b\x02\x01c\x80\x01",
        b"d",
    ] {
        connection.receive(input, Instant::now(), &mut sink);
    }
    assert_eq!(sink.0, 6);
}

#[test]
fn large_binary_is_read_straight_into_its_message() {
    let payload: Vec<u8> = (0..1_000_000u32).map(|i| (i % 253) as u8).collect();
    let mut input = frame(0x82, &payload);
    input.extend(b"\x81\x02ok");
    for step in [1000, 16 * 1024, 100_000, usize::MAX] {
        let mut bench = Bench::new();
        let direct = bench.receive_directly(&input, step);
        assert_eq!(
            bench.events(),
            [Event::Binary(payload.clone()), Event::text("ok")]
        );
        let first_step = step.min(input.len());
        if first_step < input.len() {
            assert!(
                direct + first_step + 65536 >= payload.len(),
                "{direct} bytes, steps of {step}"
            );
        }
    }
}

#[test]
fn large_fragments_are_read_straight_into_their_message() {
    let payload: Vec<u8> = (0..700_000u32).map(|i| (i % 253) as u8).collect();
    let mut input = Vec::new();
    input.extend(frame(0x02, &payload[..300_000]));
    input.extend(b"\x89\x01?");
    input.extend(frame(0x00, &payload[300_000..300_001]));
    input.extend(frame(0x80, &payload[300_001..]));
    let mut bench = Bench::new();
    let direct = bench.receive_directly(&input, 10_000);
    assert!(direct > 500_000, "{direct}");
    assert_eq!(
        bench.events(),
        [Event::Ping(b"?".to_vec()), Event::Binary(payload)]
    );
}

#[test]
fn when_there_is_a_body_buffer() {
    let mut bench = Bench::new();
    assert!(bench.connection.body_buffer().is_none());
    // 64 KiB and one byte, binary.
    bench.receive(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01");
    assert_eq!(bench.connection.body_buffer().unwrap().len(), 65537);
    bench.receive(b"a");
    assert_eq!(bench.connection.body_buffer().unwrap().len(), 65536);
    bench.receive(b"b");
    assert!(
        bench.connection.body_buffer().is_none(),
        "the rest is small"
    );
    // A caller that reports nothing, or too much, does no harm.
    bench
        .connection
        .body_filled(0, bench.now, &mut bench.recorder);
    bench.receive(&vec![b'c'; 65535]);
    let [Event::Binary(data)] = &bench.events()[..] else {
        panic!("one message")
    };
    assert_eq!(data[..3], *b"abc");
    assert_eq!(data.len(), 65537);

    // Not for text, which is checked as it arrives.
    let mut bench = Bench::new();
    bench.receive(b"\x81\x7f\x00\x00\x00\x00\x00\x02\x00\x00a");
    assert!(bench.connection.body_buffer().is_none());
    // Not for a control frame within a large message.
    let mut bench = Bench::new();
    bench.receive(b"\x02\x01a\x89\x05abc");
    assert!(bench.connection.body_buffer().is_none());
    bench
        .connection
        .body_filled(10, bench.now, &mut bench.recorder);
    bench.receive(b"de\x80\x01b");
    assert_eq!(
        bench.events(),
        [
            Event::Ping(b"abcde".to_vec()),
            Event::Binary(b"ab".to_vec())
        ]
    );
}

#[test]
fn the_direct_way_ends_with_the_frame() {
    let mut bench = Bench::new();
    bench.receive(b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00");
    let buffer = bench.connection.body_buffer().unwrap();
    assert_eq!(buffer.len(), 65536);
    buffer.fill(b'x');
    bench
        .connection
        .body_filled(65536, bench.now, &mut bench.recorder);
    assert_eq!(bench.events(), [Event::Binary(vec![b'x'; 65536])]);
    assert!(bench.connection.body_buffer().is_none());
    bench.receive(b"\x81\x01y");
    assert_eq!(bench.events(), [Event::text("y")]);
}

#[test]
fn a_connection_can_be_moved_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Connection::new(Config::default()));
}
