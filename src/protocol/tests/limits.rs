//! Every number in `Config`, at its boundary.

use super::*;

fn too_large(limit: usize) -> Error {
    Error::MessageTooLarge { limit }
}

#[test]
fn message_of_exactly_its_limit() {
    for limit in [0, 1, 125, 126, 65535, 65536] {
        let config = Config {
            max_message_size: limit,
            ..Config::default()
        };
        let payload = vec![b'x'; limit];
        let text = String::from_utf8(payload.clone()).unwrap();
        let observed = observe(
            &config,
            [&frame(0x81, &payload)[..], &frame(0x82, &payload)],
        );
        assert_eq!(observed.events, [Event::Text(text), Event::Binary(payload)]);
        assert_eq!(observed.state, State::Open);
    }
}

/// By what the header announces: no byte of payload is waited for.
#[test]
fn message_of_one_byte_too_many() {
    for limit in [0, 1, 124, 125, 126, 300, 65534, 65535, 65536] {
        let config = Config {
            max_message_size: limit,
            ..Config::default()
        };
        let input = frame(0x82, &vec![0; limit + 1]);
        let header = &input[..input.len() - limit - 1];
        let observed = every_way(&config, header);
        assert_eq!(observed.sent[0].1[..2], 1009u16.to_be_bytes());
        assert_eq!(observed.outcome.error, Some(too_large(limit)));
    }
}

/// The first bytes of a length may already say that it is too large.
#[test]
fn a_length_too_large_is_found_in_its_first_bytes() {
    let config = Config {
        max_message_size: 0x1234,
        ..Config::default()
    };
    fails_at(&config, b"\x81\x7e\x13", 2, 1009, &too_large(0x1234));
    fails_at(&config, b"\x81\x7e\x12\x35", 3, 1009, &too_large(0x1234));
    fails_at(&config, b"\x81\x7f\x00\x01", 3, 1009, &too_large(0x1234));
    let config = Config {
        max_message_size: 124,
        ..Config::default()
    };
    fails_at(&config, b"\x02\x7d", 1, 1009, &too_large(124));
}

#[test]
fn fragments_count_together() {
    let config = Config {
        max_message_size: 5,
        ..Config::default()
    };
    let observed = every_way(
        &config,
        b"\x02\x03abc\x89\x01?\x00\x00\x80\x02de\x82\x05abcde",
    );
    assert_eq!(observed.events.len(), 3);
    assert_eq!(observed.state, State::Open);
    for first in [0x01, 0x02] {
        let input = [first, 3, b'a', b'b', b'c', 0x80, 3];
        fails_at(&config, &input, 6, 1009, &too_large(5));
    }
    // A code point that is not finished counts too.
    fails_at(
        &config,
        b"\x01\x05ab\xf0\x9f\x98\x80\x01",
        8,
        1009,
        &too_large(5),
    );
}

#[test]
fn control_frames_do_not_count() {
    let config = Config {
        max_message_size: 0,
        ..Config::default()
    };
    let observed = every_way(&config, b"\x89\x03abc\x88\x05\x03\xe8abc");
    assert_eq!(
        observed.events,
        [Event::Ping(b"abc".to_vec()), Event::Closing]
    );
}

#[test]
fn no_limit_is_no_way_to_exhaust_memory() {
    let config = Config {
        max_message_size: usize::MAX,
        ..Config::default()
    };
    for first in [0x81, 0x82, 0x01, 0x02] {
        let mut bench = Bench::with(config.clone());
        // The longest frame there can be, and 100 bytes of it.
        bench.receive(&[first, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        bench.receive(&[b'x'; 100]);
        assert_eq!(bench.state(), State::Open);
        let _ = bench.connection.body_buffer();
        assert!(bench.connection.owned_memory() <= 512 * 1024);
    }
}

#[test]
fn memory_follows_what_arrives_and_not_what_is_announced() {
    // 60 MiB are announced.
    for first in [0x81, 0x82, 0x01, 0x02] {
        let mut bench = Bench::new();
        bench.receive(&[first, 0x7f, 0, 0, 0, 0, 0x03, 0xc0, 0, 0]);
        assert_eq!(bench.connection.owned_memory(), 0);
        let mut arrived = 0;
        for _ in 0..100 {
            bench.receive(&[b'x'; 10_000]);
            arrived += 10_000;
            let bound = (4 * arrived).max(256 * 1024);
            assert!(
                bench.connection.owned_memory() <= bound,
                "{arrived} bytes have arrived"
            );
        }
        assert_eq!(bench.state(), State::Open);
    }
}

#[test]
fn a_message_of_known_size_ends_with_just_its_memory() {
    struct Capacity(usize);
    impl Sink for Capacity {
        fn text(&mut self, _: &str) {}
        fn text_owned(&mut self, text: String) {
            self.0 = text.capacity();
        }
        fn binary(&mut self, data: Binary) {
            self.0 = data.capacity();
        }
        fn ping(&mut self, _: &[u8]) {}
        fn pong(&mut self, _: &[u8]) {}
        fn closing_handshake_started(&mut self) {}
    }
    for first in [0x81, 0x82] {
        for length in [1000, 300_000, 3_000_000] {
            let mut connection = Connection::new(Config::default());
            let mut sink = Capacity(0);
            for piece in frame(first, &vec![b'x'; length]).chunks(999) {
                connection.receive(piece, Instant::now(), &mut sink);
            }
            assert_eq!(sink.0, length);
        }
    }
}

#[test]
fn fragments_up_to_their_limit() {
    for limit in [1, 2, 10] {
        let config = Config {
            max_fragments: limit,
            ..Config::default()
        };
        let mut input = b"\x01\x01a".to_vec();
        for _ in 1..limit {
            input.extend(b"\x00\x00");
        }
        // The last one that is allowed may end the message ...
        let mut ended = input.clone();
        let last = ended.len() - if limit == 1 { 3 } else { 2 };
        ended[last] |= 0x80;
        ended.extend(b"\x81\x01b");
        let observed = every_way(&config, &ended);
        assert_eq!(observed.events, [Event::text("a"), Event::text("b")]);
        // ... and one more is too many, whether or not it ends it.
        for first in [0x80, 0x00] {
            let mut input = input.clone();
            input.extend([first, 0]);
            let last = input.len() - 1;
            fails_at(
                &config,
                &input,
                last,
                1008,
                &Error::TooManyFragments { limit },
            );
        }
    }
}

#[test]
fn no_fragments_is_one() {
    let config = Config {
        max_fragments: 0,
        ..Config::default()
    };
    assert_eq!(every_way(&config, b"\x81\x01a").events, [Event::text("a")]);
    let error = Error::TooManyFragments { limit: 1 };
    fails_at(&config, b"\x01\x01a\x80\x00", 4, 1008, &error);
}

#[test]
fn many_small_fragments_are_received_within_the_default() {
    let mut bench = Bench::new();
    bench.receive(b"\x02\x00");
    for _ in 0..65_535 {
        bench.receive(b"\x00\x01.");
    }
    bench.receive(b"\x80\x00");
    assert_eq!(bench.events(), [Event::Binary(vec![b'.'; 65_535])]);
}

#[test]
fn output_is_encoded_up_to_the_high_water() {
    for high_water in [0, 1, 10, 1000, 65536] {
        let mut bench = Bench::with(Config {
            output_high_water: high_water,
            ..Config::default()
        });
        for _ in 0..50 {
            bench.connection.send_binary(vec![1; 30].into());
        }
        bench.connection.send_binary(vec![2; 3000].into());
        bench.close(Some(1000), "");
        let mut line = Vec::new();
        while bench.connection.has_output() {
            let length = bench.connection.output().len();
            // The header of the frame that reaches it, and our Close frame.
            assert!(
                length <= high_water.max(1) + 14 + 8,
                "{length} bytes with {high_water}"
            );
            line.extend(bench.write(usize::MAX));
        }
        assert_eq!(frames(&line).len(), 52);
    }
}

#[test]
fn messages_without_payload_count_towards_the_high_water() {
    let mut bench = Bench::with(Config {
        output_high_water: 100,
        ..Config::default()
    });
    for _ in 0..1000 {
        bench.connection.send_text("".into());
    }
    assert!(bench.connection.output().len() <= 100 + 6);
    assert_eq!(bench.frames().len(), 1000);
}

/// The buffer is full just when a message ends, and there is another one.
#[test]
fn our_close_frame_overtakes_nothing() {
    let mut bench = Bench::with(Config {
        output_high_water: 16,
        ..Config::default()
    });
    for _ in 0..3 {
        bench.connection.send_binary(vec![7; 10].into());
    }
    bench.close(None, "");
    let sent = bench.frames();
    let first_bytes: Vec<_> = sent.iter().map(|frame| frame.first_byte).collect();
    assert_eq!(first_bytes, [0x82, 0x82, 0x82, 0x88]);
}

#[test]
fn no_high_water_at_all() {
    let mut bench = Bench::with(Config {
        output_high_water: usize::MAX,
        ..Config::default()
    });
    bench.connection.send_binary(vec![1; 1_000_000].into());
    assert_eq!(bench.connection.output().len(), 1_000_014);
}
