//! What we send: framing, order, and what is counted as sent.

use super::*;
use crate::protocol::output::MAX_WAITING_PONGS;

#[test]
fn rfc_5_2_and_5_3_every_length_is_framed_and_masked() {
    for length in [0, 1, 4, 125, 126, 127, 65535, 65536, 200_000] {
        let payload: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let mut bench = Bench::new();
        bench.connection.send_binary(payload.clone().into());
        let line = bench.write_all();
        let header = match length {
            0..=125 => 2,
            126..=65535 => 4,
            _ => 10,
        };
        assert_eq!(line.len(), header + 4 + length);
        let sent = frames(&line);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].parts(), (0x82, &payload[..]));
        assert_eq!(bench.connection.take_sent(), length as u64);
    }
}

#[test]
fn rfc_5_3_every_frame_has_a_key_of_its_own() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.connection.send_text("same".into());
    }
    let keys: std::collections::HashSet<_> = bench.frames().iter().map(|sent| sent.key).collect();
    assert!(keys.len() > 95, "{} keys", keys.len());
}

#[test]
fn messages_keep_their_order_and_kind() {
    let mut bench = Bench::new();
    bench.connection.send_text("a".into());
    bench.connection.send_binary(vec![1].into());
    bench.connection.send_text("".into());
    let sent = bench.frames();
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    assert_eq!(parts, [(0x81, &b"a"[..]), (0x82, &[1]), (0x81, b"")]);
}

#[test]
fn a_message_counts_with_its_last_byte() {
    let mut bench = Bench::new();
    bench.connection.send_text("12345".into());
    bench.connection.send_text("".into());
    bench.connection.send_text("123".into());
    assert_eq!(bench.connection.queued(), 8);
    let ends = [(11, 5), (11 + 6 + 9, 8)];
    let mut sent = 0;
    for written in 1..=11 + 6 + 9 {
        bench.write(1);
        sent += bench.connection.take_sent();
        let expected = ends
            .iter()
            .rev()
            .find(|(end, _)| written >= *end)
            .map_or(0, |end| end.1);
        assert_eq!(sent, expected, "after {written} bytes");
        assert_eq!(bench.connection.queued(), 8 - sent);
    }
    assert!(!bench.connection.has_output());
    assert_eq!(bench.connection.take_sent(), 0);
}

#[test]
fn large_messages_count_in_pieces_and_end_exact() {
    let mut bench = Bench::with(Config {
        output_high_water: 1000,
        ..Config::default()
    });
    let sizes = [2500, 0, 999, 1000, 1001, 1];
    for size in sizes {
        bench.connection.send_binary(vec![7; size].into());
    }
    let mut line = Vec::new();
    let mut sent = 0;
    while bench.connection.has_output() {
        line.extend(bench.write(333));
        sent += bench.connection.take_sent();
        assert!(sent <= line.len() as u64);
        assert_eq!(
            sent + bench.connection.queued(),
            sizes.iter().sum::<usize>() as u64
        );
    }
    assert_eq!(sent, sizes.iter().sum::<usize>() as u64);
    let lengths: Vec<_> = frames(&line)
        .iter()
        .map(|frame| frame.payload.len())
        .collect();
    assert_eq!(lengths, sizes);
}

#[test]
fn more_than_there_was_is_not_counted() {
    let mut bench = Bench::new();
    bench.connection.send_text("12345".into());
    bench.connection.wrote(1000, bench.now);
    assert_eq!(
        bench.connection.take_sent(),
        0,
        "nothing had been handed out"
    );
    bench.connection.output();
    bench.connection.wrote(usize::MAX, bench.now);
    assert_eq!(bench.connection.take_sent(), 5);
    bench.connection.wrote(1, bench.now);
    assert!(!bench.connection.has_output());
}

#[test]
fn output_stays_the_same_until_it_is_written() {
    let mut bench = Bench::new();
    bench.connection.send_text("12345".into());
    let output = bench.connection.output().to_vec();
    bench.connection.send_text("more".into());
    bench.receive(b"\x89\x01?");
    assert_eq!(bench.connection.output(), output);
    bench.write(4);
    assert_eq!(bench.connection.output(), &output[4..]);
}

#[test]
fn pongs_and_pings_go_between_messages() {
    let mut bench = Bench::with(Config {
        output_high_water: 50,
        ..Config::default()
    });
    bench.connection.send_binary(vec![1; 100].into());
    bench.connection.send_binary(vec![2; 1].into());
    let mut line = bench.write(10);
    bench.receive(b"\x89\x01a\x89\x01b");
    bench.connection.ping(b"first");
    bench.connection.ping(b"second");
    line.extend(bench.write_all());
    let sent = frames(&line);
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    assert_eq!(parts[0], (0x82, &[1; 100][..]));
    let rest = [
        (0x8a, &b"a"[..]),
        (0x8a, b"b"),
        (0x89, b"second"),
        (0x82, &[2]),
    ];
    assert_eq!(parts[1..], rest);
}

#[test]
fn a_ping_of_ours_has_at_most_125_bytes() {
    let mut bench = Bench::new();
    bench.connection.ping(&[7; 126]);
    assert_eq!(bench.frames()[0].parts(), (0x89, &[7; 125][..]));
}

#[test]
fn ten_pings_at_once_are_all_answered_in_order() {
    let mut bench = Bench::new();
    for i in 0..10 {
        bench.receive(&frame(0x89, &[i; 125]));
    }
    let sent = bench.frames();
    assert_eq!(sent.len(), 10);
    for (i, pong) in sent.iter().enumerate() {
        assert_eq!(pong.parts(), (0x8a, &[i as u8; 125][..]));
    }
}

#[test]
fn waiting_pongs_are_bounded_and_the_newest_is_kept() {
    // Each pong is 106 bytes: the limit is reached with the 39th.
    let fit = MAX_WAITING_PONGS / 106;
    let mut bench = Bench::new();
    for i in 0..fit {
        bench.receive(&frame(0x89, &[i as u8; 100]));
    }
    assert_eq!(
        bench.frames().len(),
        fit,
        "up to the limit, all are answered"
    );

    for i in 0..=fit {
        bench.receive(&frame(0x89, &[i as u8; 100]));
    }
    let sent = bench.frames();
    assert_eq!(
        sent.len(),
        1,
        "RFC 6455, 5.5.3: the most recent one is enough"
    );
    assert_eq!(sent[0].parts(), (0x8a, &[fit as u8; 100][..]));

    for i in 0..100_000u32 {
        bench.receive(&frame(0x89, &i.to_be_bytes()));
    }
    assert!(bench.connection.owned_memory() <= 4 * MAX_WAITING_PONGS);
    let sent = bench.frames();
    assert_eq!(sent.last().unwrap().payload, 99_999u32.to_be_bytes());
}

#[test]
fn exactly_the_limit_of_waiting_pongs() {
    // 6 + 122 bytes each: 32 of them are exactly 4096 bytes.
    let mut bench = Bench::new();
    for _ in 0..32 {
        bench.receive(&frame(0x89, &[0; 122]));
    }
    assert_eq!(bench.frames().len(), 32);
    for _ in 0..33 {
        bench.receive(&frame(0x89, &[0; 122]));
    }
    assert_eq!(bench.frames().len(), 1);
}

#[test]
fn an_idle_connection_owns_no_large_buffer() {
    let mut bench = Bench::new();
    assert_eq!(bench.connection.owned_memory(), 0);
    for _ in 0..10_000 {
        bench.connection.send_text("some message".into());
    }
    bench.connection.send_binary(vec![0; 1_000_000].into());
    bench.write(100);
    assert!(bench.connection.owned_memory() >= 60_000);
    bench.write_all();
    assert!(bench.connection.owned_memory() <= 1024);
    bench.receive(&frame(0x82, &vec![0; 100_000]));
    for i in 0..100 {
        bench.receive(&frame(0x89, &[i; 100]));
    }
    bench.write_all();
    assert!(bench.connection.owned_memory() <= 3 * 1024);
}

#[test]
fn an_idle_connection_owns_no_buffer() {
    let mut bench = Bench::new();
    assert_eq!(bench.connection.owned_memory(), 0);
    for size in [0, 1, 1000] {
        bench.connection.send_text("x".repeat(size).into());
        bench.receive(&frame(0x89, b"ping"));
        bench.write_all();
        assert_eq!(bench.connection.owned_memory(), 0);
    }
}
