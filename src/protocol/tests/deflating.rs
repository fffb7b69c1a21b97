//! permessage-deflate on the way out, and both ways against flate2 used directly.

use flate2::{Decompress, FlushDecompress};
use proptest::prelude::*;

use super::{
    inflating::{agreed, compress, deflated},
    *,
};
use crate::protocol::{Deflate, deflate::FRAGMENT};

/// A server that knows nothing but RFC 7692 and flate2.
struct Server {
    stream: Decompress,
    bits: u8,
    no_context_takeover: bool,
}

impl Server {
    fn new(deflate: &Deflate) -> Self {
        let bits = deflate.client_max_window_bits.max(9);
        Self {
            stream: Decompress::new_with_window_bits(false, bits),
            bits,
            no_context_takeover: deflate.client_no_context_takeover,
        }
    }

    /// The messages in whole frames: opcode, whether compressed, payload, number of fragments.
    #[track_caller]
    fn read(&mut self, frames: &[Sent]) -> Vec<(u8, bool, Vec<u8>, usize)> {
        let mut messages: Vec<(u8, bool, Vec<u8>, usize)> = Vec::new();
        let mut within = false;
        for frame in frames {
            let (opcode, compressed) = (frame.first_byte & 0x0f, frame.first_byte & 0x40 != 0);
            assert_eq!(frame.first_byte & 0x30, 0, "RSV2 and RSV3 are never set");
            if opcode >= 8 {
                assert_eq!(frame.first_byte & 0xf0, 0x80);
                continue;
            }
            assert_eq!(opcode == 0, within);
            if within {
                assert!(!compressed, "RSV1 is for the first fragment");
                let message = messages.last_mut().unwrap();
                message.2.extend_from_slice(&frame.payload);
                message.3 += 1;
            } else {
                messages.push((opcode, compressed, frame.payload.clone(), 1));
            }
            within = frame.first_byte & 0x80 == 0;
        }
        assert!(!within, "the last message is whole");
        for (_, compressed, payload, _) in &mut messages {
            if *compressed {
                payload.extend([0, 0, 0xff, 0xff]);
                *payload = self.inflate(payload);
                if self.no_context_takeover {
                    self.stream = Decompress::new_with_window_bits(false, self.bits);
                }
            }
        }
        messages
    }

    fn inflate(&mut self, mut blocks: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(1 << 16);
        loop {
            let before = self.stream.total_in();
            self.stream
                .decompress_vec(blocks, &mut plain, FlushDecompress::Sync)
                .unwrap();
            blocks = &blocks[(self.stream.total_in() - before) as usize..];
            if plain.len() < plain.capacity() {
                assert!(blocks.is_empty());
                return plain;
            }
            plain.reserve(1 << 16);
        }
    }
}

/// Text that compresses well.
fn prose(length: usize) -> String {
    let words = "the quick brown fox jumps over the lazy dog again and ";
    words.chars().cycle().take(length).collect()
}

/// Bytes that do not compress.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn the_empty_message_is_one_byte() {
    let mut bench = Bench::with(agreed(Deflate {
        threshold: 0,
        ..Deflate::default()
    }));
    for _ in 0..2 {
        bench.connection.send_text("".into());
        let frames = bench.frames();
        // RFC 7692, 7.2.3.6.
        assert_eq!(frames[0].parts(), (0xc1, &b"\x00"[..]));
    }
    assert_eq!(bench.connection.deflate_memory(), (false, false));
}

#[test]
fn a_message_is_compressed_from_the_threshold_on() {
    let mut bench = Bench::with(agreed(Deflate {
        threshold: 100,
        ..Deflate::default()
    }));
    bench.connection.send_text(prose(99).into());
    assert_eq!(bench.frames()[0].parts(), (0x81, prose(99).as_bytes()));
    assert_eq!(bench.connection.deflate_memory(), (false, false));
    bench.connection.send_text(prose(100).into());
    bench.connection.send_binary(prose(100).into());
    let frames = bench.frames();
    assert_eq!(frames[0].first_byte, 0xc1);
    assert_eq!(frames[1].first_byte, 0xc2);
    // It can refer to the one before.
    assert!(frames[1].payload.len() < frames[0].payload.len());
    assert_eq!(bench.connection.deflate_memory(), (true, false));
    let mut server = Server::new(&Deflate::default());
    let messages = server.read(&frames);
    assert_eq!(messages[0], (1, true, prose(100).into(), 1));
    assert_eq!(messages[1], (2, true, prose(100).into(), 1));
}

#[test]
fn without_takeover_each_message_stands_for_itself() {
    let deflate = Deflate {
        threshold: 0,
        client_no_context_takeover: true,
        ..Deflate::default()
    };
    let mut bench = Bench::with(agreed(deflate.clone()));
    bench.connection.send_text(prose(500).into());
    bench.connection.send_text(prose(500).into());
    // What only grows goes as it is.
    bench.connection.send_binary(noise(500).into());
    let frames = bench.frames();
    assert_eq!(frames[0].parts().1, frames[1].parts().1);
    assert_eq!(frames[2].parts(), (0x82, &noise(500)[..]));
    let messages = Server::new(&deflate).read(&frames);
    assert_eq!(messages[1], (1, true, prose(500).into(), 1));
    // Nothing is left to be sent, so nothing is kept.
    assert_eq!(bench.connection.deflate_memory(), (false, false));
    assert_eq!(bench.connection.take_sent(), 1500);
}

#[test]
fn a_window_of_8_bits_is_kept_to_by_not_compressing() {
    let mut bench = Bench::with(agreed(Deflate {
        threshold: 0,
        client_max_window_bits: 8,
        ..Deflate::default()
    }));
    bench.connection.send_text(prose(1000).into());
    assert_eq!(bench.frames()[0].parts(), (0x81, prose(1000).as_bytes()));
    // The peer's messages may be compressed all the same.
    bench.receive(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00");
    assert_eq!(bench.events(), [Event::text("Hello")]);
}

#[test]
fn every_window_is_kept_to() {
    // What is repeated is beyond the smaller windows.
    let message = [noise(700), noise(20_000), noise(700), noise(20_000)].concat();
    for bits in 9..=15 {
        for level in 0..=10 {
            let deflate = Deflate {
                level,
                client_max_window_bits: bits,
                ..Deflate::default()
            };
            let mut bench = Bench::with(agreed(deflate.clone()));
            bench.connection.send_binary(message.clone().into());
            bench.connection.send_binary(message.clone().into());
            let messages = Server::new(&deflate).read(&bench.frames());
            assert_eq!(messages.len(), 2);
            assert!(
                messages.iter().all(|got| got.2 == message),
                "{bits} {level}"
            );
        }
    }
}

/// A large message is sent in fragments; what waits for its turn comes between them, and what
/// counts as sent is what was compressed.
#[test]
fn a_large_message_leaves_room_for_pongs_and_is_counted_by_its_payload() {
    let length = 40 * FRAGMENT + 1;
    let mut bench = Bench::with(agreed(Deflate::default()));
    bench.connection.send_text(prose(length).into());
    bench.connection.send_binary(noise(3 * FRAGMENT).into());
    let whole = (length + 3 * FRAGMENT) as u64;
    assert_eq!(bench.connection.queued(), whole);
    let (mut written, mut sent, mut pings) = (Vec::new(), 0, 0);
    while bench.connection.has_output() {
        written.extend(bench.write(usize::MAX));
        let count = bench.connection.take_sent();
        assert!(count > 0 && count <= 5 * FRAGMENT as u64, "{count} at once");
        sent += count;
        assert_eq!(bench.connection.queued(), whole - sent);
        if bench.connection.has_output() {
            bench.receive(b"\x89\x01p");
            pings += 1;
        }
    }
    assert_eq!(sent, whole);
    let frames = frames(&written);
    assert_eq!(
        frames
            .iter()
            .filter(|frame| frame.first_byte == 0x8a)
            .count(),
        pings
    );
    assert!(pings > 5);
    let messages = Server::new(&Deflate::default()).read(&frames);
    assert!(messages[0] == (1, true, prose(length).into(), 41));
    assert!(messages[1] == (2, true, noise(3 * FRAGMENT), 3));
}

#[test]
fn the_output_is_ahead_by_no_more_than_a_frame() {
    let mut bench = Bench::with(agreed(Deflate::default()));
    for _ in 0..20 {
        bench.connection.send_binary(noise(FRAGMENT - 1000).into());
    }
    while bench.connection.has_output() {
        assert!(bench.connection.output().len() < 64 * 1024 + FRAGMENT + 5 * 1024);
        bench.write(usize::MAX);
    }
}

/// A Close frame may stand between two fragments of a message that will never be finished.
#[test]
fn a_failure_within_a_large_message() {
    let mut bench = Bench::with(agreed(Deflate::default()));
    bench.connection.send_text(prose(100 * FRAGMENT).into());
    let mut written = bench.write(10);
    bench.receive(b"\xc9");
    assert_eq!(bench.state(), State::Failed);
    written.extend(bench.write_all());
    let frames = frames(&written);
    assert_eq!(frames[0].first_byte, 0x41);
    let close = &frames[frames.len() - 1];
    assert_eq!(close.first_byte, 0x88);
    assert_eq!(frames.len(), 2);
    assert!(bench.connection.wants_shutdown());
    assert_eq!(bench.connection.take_sent(), FRAGMENT as u64);
    assert_eq!(bench.connection.queued(), 99 * FRAGMENT as u64);
    assert_eq!(bench.connection.deflate_memory(), (false, false));
}

#[test]
fn closing_waits_for_the_last_fragment() {
    let mut bench = Bench::with(agreed(Deflate::default()));
    bench.connection.send_text(prose(30 * FRAGMENT).into());
    bench.close(Some(1000), "done");
    let frames = bench.frames();
    let last = &frames[frames.len() - 1];
    assert_eq!(last.parts(), (0x88, &b"\x03\xe8done"[..]));
    let messages = Server::new(&Deflate::default()).read(&frames);
    assert!(messages[0].2 == prose(30 * FRAGMENT).as_bytes());
}

/// Both ways at once, over a line that splits wherever it likes; every third message is plain.
#[test]
fn a_hundred_thousand_messages_over_a_line_that_splits() {
    let deflate = Deflate {
        level: 1,
        ..Deflate::default()
    };
    let mut bench = Bench::with(agreed(deflate.clone()));
    let mut server = Server::new(&deflate);
    let mut stream = compress(1, 15);
    let mut state = 1u32;
    let mut random = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % below
    };
    let content = prose(1024);
    let message = |i: usize| format!("{i} {}", &content[..1000]);
    let mut to_client = Vec::new();
    for round in 0..1000 {
        for i in round * 100..(round + 1) * 100 {
            let bytes = message(i).into_bytes();
            to_client.extend(if i % 3 == 0 {
                frame(0x81, &bytes)
            } else {
                frame(0xc1, &deflated(&mut stream, &bytes))
            });
            bench.connection.send_text(bytes.into());
        }
        let mut written = Vec::new();
        let mut unread = &to_client[..];
        while !unread.is_empty() || bench.connection.has_output() {
            let (head, tail) = unread.split_at(unread.len().min(1 + random(5000)));
            bench.receive(head);
            unread = tail;
            if bench.connection.has_output() {
                written.extend(bench.write(1 + random(5000)));
            }
        }
        to_client.clear();
        let got = server.read(&frames(&written));
        let events = bench.events();
        assert_eq!((got.len(), events.len()), (100, 100));
        for (n, (sent, event)) in got.iter().zip(events).enumerate() {
            let expected = message(round * 100 + n);
            assert!(sent.1 && sent.2 == expected.as_bytes());
            assert_eq!(event, Event::Text(expected));
        }
    }
    assert_eq!(bench.state(), State::Open);
}

fn messages() -> impl Strategy<Value = Vec<(bool, String)>> {
    let text = prop_oneof![
        "[a-c]{0,40}",
        "\\PC{0,200}",
        (0usize..300).prop_map(prose),
        (0usize..200_000).prop_map(prose),
    ];
    prop::collection::vec((any::<bool>(), text), 0..8)
}

fn parameters() -> impl Strategy<Value = Deflate> {
    let flags = any::<(bool, bool)>();
    let windows = (8u8..=15, 8u8..=15);
    (0u8..=9, 0usize..400, flags, windows).prop_map(|(level, threshold, flags, windows)| Deflate {
        level,
        threshold,
        client_no_context_takeover: flags.0,
        server_no_context_takeover: flags.1,
        client_max_window_bits: windows.0,
        server_max_window_bits: windows.1,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(96)
    } })]

    #[test]
    fn what_is_sent_arrives(
        deflate in parameters(),
        messages in messages(),
        write in 1usize..200_000,
        high_water in 1usize..100_000,
        together in any::<bool>(),
    ) {
        let config = Config { output_high_water: high_water, ..agreed(deflate.clone()) };
        let mut bench = Bench::with(config);
        let mut total = 0;
        for (text, message) in &messages {
            total += message.len() as u64;
            match text {
                _ if together => {}
                true => bench.connection.send_text(message.clone().into()),
                false => bench.connection.send_binary(message.clone().into()),
            }
        }
        if together {
            bench.connection.send_frames(encoded(&messages));
        }
        prop_assert_eq!(bench.connection.queued(), total);
        let mut written = Vec::new();
        while bench.connection.has_output() {
            written.extend(bench.write(write));
        }
        prop_assert_eq!(bench.connection.take_sent(), total);
        prop_assert_eq!(bench.connection.queued(), 0);
        let got = Server::new(&deflate).read(&frames(&written));
        prop_assert_eq!(got.len(), messages.len());
        for ((opcode, _, payload, _), (text, message)) in got.iter().zip(&messages) {
            prop_assert_eq!(*opcode, if *text { 1 } else { 2 });
            prop_assert!(payload == message.as_bytes());
        }
    }

    #[test]
    fn what_a_server_sends_arrives(
        deflate in parameters(),
        messages in messages(),
        compressed in any::<u8>(),
        fragment in 1usize..5000,
        read in 1usize..70_000,
    ) {
        let bits = deflate.server_max_window_bits.max(9);
        let level = u32::from(deflate.level);
        let mut stream = compress(level, bits);
        let mut input = Vec::new();
        let mut expected = Vec::new();
        for (i, (text, message)) in messages.iter().enumerate() {
            let kind = if *text { 1 } else { 2 };
            let (rsv1, payload) = if compressed >> i & 1 == 1 {
                (0x40, deflated(&mut stream, message.as_bytes()))
            } else {
                (0, message.clone().into_bytes())
            };
            if deflate.server_no_context_takeover {
                stream = compress(level, bits);
            }
            let parts: Vec<&[u8]> = payload.chunks(fragment).collect();
            for (n, part) in parts.iter().enumerate() {
                let fin = if n + 1 == parts.len() { 0x80 } else { 0 };
                input.extend(frame(fin | if n == 0 { rsv1 | kind } else { 0 }, part));
            }
            if parts.is_empty() {
                input.extend(frame(0x80 | kind, b""));
            }
            expected.push(match text {
                true => Event::Text(message.clone()),
                false => Event::Binary(message.clone().into_bytes()),
            });
        }
        let mut bench = Bench::with(agreed(deflate));
        bench.receive_directly(&input, read);
        prop_assert_eq!(bench.state(), State::Open);
        prop_assert!(bench.events() == expected);
    }

    /// Whatever comes, it ends in order or with one of three codes, the same however it is split.
    #[test]
    fn garbage_does_no_harm(
        good in "[a-e]{0,60}",
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        noise in prop::collection::vec(any::<u8>(), 0..60),
        split in any::<prop::sample::Index>(),
    ) {
        let mut payload = deflated(&mut compress(6, 15), good.as_bytes());
        for (index, value) in flips {
            let index = index.index(payload.len());
            payload[index] ^= value;
        }
        payload.extend(noise);
        let config = Config { max_message_size: 10_000, ..agreed(Deflate::default()) };
        let input = [frame(0xc1, &payload), frame(0xc1, &payload)].concat();
        let whole = observe(&config, [&input[..]]);
        let (head, tail) = input.split_at(split.index(input.len()));
        prop_assert_eq!(&observe(&config, [head, tail]), &whole);
        prop_assert_eq!(&observe(&config, input.chunks(1)), &whole);
        match whole.outcome.error {
            Some(Error::LineEnded) => prop_assert_eq!(whole.events.len(), 2),
            error => prop_assert!(matches!(
                error.and_then(|error| error.close_code()),
                Some(1007 | 1009)
            )),
        }
    }
}
