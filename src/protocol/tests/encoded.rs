//! Messages that come encoded.

use super::*;

/// Messages of that many bytes, each of its own kind and content.
fn of_lengths(lengths: &[usize]) -> Vec<(bool, String)> {
    let letters = ('a'..='z').cycle();
    let messages = lengths.iter().zip(letters).enumerate();
    messages
        .map(|(i, (&length, letter))| (i % 2 == 0, letter.to_string().repeat(length)))
        .collect()
}

#[track_caller]
fn assert_sent(sent: &[Sent], messages: &[(bool, String)]) {
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    let expected: Vec<_> = messages
        .iter()
        .map(|(text, message)| (if *text { 0x81 } else { 0x82 }, message.as_bytes()))
        .collect();
    assert!(parts == expected, "{} frames", parts.len());
}

#[test]
fn they_go_out_as_they_are() {
    let messages = of_lengths(&[0, 1, 125, 126, 65_535, 65_536, 3]);
    let frames_of_all = encoded(&messages);
    let (length, payload) = (frames_of_all.len(), frames_of_all.payload());
    let bytes = frames_of_all.bytes.as_ptr();
    let mut bench = Bench::new();
    bench.connection.send_frames(frames_of_all);
    assert_eq!(bench.connection.queued(), payload);
    let output = bench.connection.output();
    assert_eq!((output.as_ptr(), output.len()), (bytes, length), "no copy");
    assert_sent(&bench.frames(), &messages);
    assert_eq!(bench.connection.take_sent(), payload);
    assert_eq!(bench.connection.queued(), 0);
    assert_eq!(bench.connection.owned_memory(), 0);
}

#[test]
fn none_is_nothing() {
    let mut bench = Bench::new();
    bench.connection.send_frames(Frames::default());
    assert!(!bench.connection.has_output());
    assert!(bench.connection.output().is_empty());
}

#[test]
fn each_has_a_key_of_its_own() {
    let mut bench = Bench::new();
    bench
        .connection
        .send_frames(encoded(&of_lengths(&[1; 100])));
    let keys: std::collections::HashSet<_> = bench.frames().iter().map(|sent| sent.key).collect();
    assert!(keys.len() > 95, "{} keys", keys.len());
}

#[test]
fn each_counts_with_its_last_byte() {
    let mut bench = Bench::new();
    bench
        .connection
        .send_frames(encoded(&of_lengths(&[5, 0, 3])));
    let mut sent = 0;
    for written in 1..=11 + 6 + 9 {
        bench.write(1);
        sent += bench.connection.take_sent();
        let expected = [(26, 8), (11, 5), (0, 0)];
        let expected = expected.iter().find(|(end, _)| written >= *end).unwrap().1;
        assert_eq!(sent, expected, "after {written} bytes");
        assert_eq!(bench.connection.queued(), 8 - sent);
    }
}

/// What a peer has taken of a large message does not wait for the rest of it.
#[test]
fn a_large_one_counts_in_pieces() {
    let messages = of_lengths(&[1, 200_000, 2]);
    let mut bench = Bench::new();
    bench.connection.send_frames(encoded(&messages));
    let mut sent = 0;
    while bench.connection.has_output() {
        bench.write(10_000);
        sent += bench.connection.take_sent();
        let queued = bench.connection.queued();
        assert_eq!(queued + sent, 200_003);
        assert!(bench.connection.output().len() as u64 + (64 << 10) > queued);
    }
    assert_eq!(sent, 200_003);
}

/// Behind and before others, few and many, with pings in between.
#[test]
fn they_keep_their_place() {
    for lengths in [&[1, 2][..], &[300; 50], &[]] {
        let messages = of_lengths(lengths);
        let mut bench = Bench::new();
        let mut expected = Vec::new();
        for _ in 0..3 {
            bench.connection.send_text("single".into());
            bench.connection.send_frames(encoded(&messages));
            bench.connection.send_frames(encoded(&messages));
            expected.push((true, "single".to_owned()));
            expected.extend_from_slice(&messages);
            expected.extend_from_slice(&messages);
        }
        let mut line = bench.write(7);
        bench.receive(&frame(0x89, b"ping"));
        line.extend(bench.write_all());
        let mut sent = frames(&line);
        let pong = sent.iter().position(|frame| frame.first_byte == 0x8a);
        assert_eq!(sent.remove(pong.expect("a pong")).payload, b"ping");
        assert_sent(&sent, &expected);
    }
}

#[test]
fn a_pong_goes_out_before_what_is_not_begun() {
    let messages = of_lengths(&[1000; 20]);
    let mut bench = Bench::new();
    bench.connection.send_frames(encoded(&messages));
    bench.connection.send_frames(encoded(&messages));
    let mut line = bench.write(100);
    bench.receive(&frame(0x89, b""));
    line.extend(bench.write_all());
    let first_bytes = frames(&line)
        .iter()
        .map(|sent| sent.first_byte)
        .collect::<Vec<_>>();
    assert_eq!(first_bytes[20], 0x8a);
    assert_eq!(first_bytes.len(), 41);
}

#[test]
fn few_are_written_together() {
    let mut bench = Bench::new();
    for _ in 0..100 {
        bench.connection.send_frames(encoded(&of_lengths(&[10])));
    }
    assert_eq!(bench.connection.output().len(), 100 * 16);
}

#[test]
fn they_are_dropped_once_the_closing_handshake_has_begun() {
    let mut bench = Bench::new();
    bench.connection.send_frames(encoded(&of_lengths(&[1])));
    bench.close(Some(1000), "");
    bench.connection.send_frames(encoded(&of_lengths(&[2])));
    assert_eq!(bench.connection.queued(), 1);
    let sent = bench.frames();
    let first_bytes: Vec<_> = sent.iter().map(|sent| sent.first_byte).collect();
    assert_eq!(first_bytes, [0x81, 0x88]);
}
