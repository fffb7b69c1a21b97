//! RFC 6455, section 7.1.7: failing the connection, so that the peer learns why.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn outcome(error: Error) -> Outcome {
    Outcome {
        code: 1006,
        reason: String::new(),
        was_clean: false,
        error: Some(error),
    }
}

/// Asserts that all there is to write is a Close frame with this code.
#[track_caller]
fn assert_close(bench: &mut Bench, code: u16) {
    let sent = bench.frames();
    let [close] = &sent[..] else {
        panic!("one frame, not {sent:?}")
    };
    assert_eq!(close.first_byte, 0x88);
    assert_eq!(close.payload[..2], code.to_be_bytes());
}

#[test]
fn the_course_of_a_failure() {
    let mut bench = Bench::new();
    bench.receive(b"\x81\x01a\x83\x01b\x81\x01c");
    assert_eq!(bench.events(), [Event::text("a")]);
    assert_eq!(bench.state(), State::Failed);
    assert!(
        !bench.connection.wants_shutdown(),
        "our Close frame comes first"
    );
    assert_close(&mut bench, 1002);
    assert!(bench.connection.wants_shutdown());
    assert!(bench.connection.wants_read(), "input is read and discarded");
    bench.receive(b"\x81\x01d\x88\x02\x03\xe8");
    assert!(bench.events().is_empty());
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), outcome(Error::ReservedOpcode(3)));
    assert!(!bench.connection.wants_shutdown());
}

#[test]
fn our_close_frame_goes_ahead_of_unsent_messages() {
    let mut bench = Bench::new();
    bench.connection.send_text("unsent".into());
    bench.connection.ping(b"unsent");
    bench.receive(b"\x89\x01?\x83");
    assert_close(&mut bench, 1002);
    assert_eq!(bench.connection.take_sent(), 0);
    assert_eq!(bench.connection.queued(), 6);
}

#[test]
fn unsent_messages_need_no_memory_any_more() {
    let mut bench = Bench::new();
    for _ in 0..1000 {
        bench.connection.send_binary(vec![0; 1000].into());
    }
    bench.receive(b"\x83");
    bench.connection.output();
    assert!(
        bench.connection.owned_memory() < 1024,
        "a Close frame is small"
    );
    assert_close(&mut bench, 1002);
}

/// Wherever writing stands, the peer sees whole frames and then the Close frame.
#[test]
fn a_frame_that_is_partly_written_is_finished_first() {
    for ((high_water, encoded), written) in [(65536, false), (50, false), (50, true)]
        .into_iter()
        .flat_map(|how| (0..=300).map(move |w| (how, w)))
    {
        let mut bench = Bench::with(Config {
            output_high_water: high_water,
            ..Config::default()
        });
        let mut together = Frames::default();
        for message in [&[1; 10][..], &[2; 200], &[3; 10]] {
            match encoded {
                true => together.push_binary(message),
                false => bench.connection.send_binary(message.to_vec().into()),
            }
        }
        bench.connection.send_frames(together);
        bench.close(Some(1000), "");
        let total = 16 + 208 + 16 + 8;
        let written = written.min(total);
        let mut line = Vec::new();
        while line.len() < written {
            let missing = written - line.len();
            line.extend(bench.write(missing));
        }
        bench.receive(b"\x83");
        line.extend(bench.write_all());
        assert!(bench.connection.wants_shutdown());

        let sent = frames(&line);
        let (close, data) = sent.split_last().unwrap();
        assert_eq!(close.first_byte, 0x88);
        // What was begun is finished, what was not is given up.
        let begun = [0, 16, 224, 240]
            .iter()
            .filter(|&&start| written > start)
            .count();
        assert_eq!(
            data.len(),
            begun.min(3),
            "at {written}, high water {high_water}"
        );
        let code: u16 = if begun == 4 { 1000 } else { 1002 };
        assert_eq!(close.payload[..2], code.to_be_bytes(), "at {written}");
        let expected: u64 = data.iter().map(|frame| frame.payload.len() as u64).sum();
        assert_eq!(bench.connection.take_sent(), expected);
        assert_eq!(bench.connection.queued(), 220 - expected);
    }
}

#[test]
fn after_our_close_frame_there_is_no_second_one() {
    let mut bench = Bench::new();
    bench.close(Some(1000), "");
    bench.write_all();
    bench.receive(b"\x83");
    assert_eq!(bench.state(), State::Failed);
    assert!(!bench.connection.has_output());
    assert!(bench.connection.wants_shutdown());
    assert_eq!(bench.connection.deadline(), Some(bench.now + 2 * SECOND));
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), outcome(Error::ReservedOpcode(3)));
}

#[test]
fn our_queued_close_frame_is_replaced() {
    let mut bench = Bench::new();
    bench.connection.send_text("unsent".into());
    bench.close(Some(1000), "");
    bench.receive(b"\x81\x01\xff");
    assert_close(&mut bench, 1007);
}

#[test]
fn the_drain_is_bounded() {
    let mut bench = Bench::with(Config {
        linger: 4 * SECOND,
        ..Config::default()
    });
    bench.receive(b"\x83");
    assert_eq!(bench.connection.deadline(), Some(bench.now + 4 * SECOND));
    bench.pass(3 * SECOND);
    assert_close(&mut bench, 1002);
    assert_eq!(
        bench.connection.deadline(),
        Some(bench.now + 4 * SECOND),
        "once more"
    );
    bench.pass(4 * SECOND - Duration::from_nanos(1));
    assert_eq!(bench.connection.finished(), None);
    bench.pass(Duration::from_nanos(1));
    assert_eq!(*bench.outcome(), outcome(Error::ReservedOpcode(3)));
}

#[test]
fn a_peer_that_does_not_read_cannot_hold_a_failure_up() {
    let mut bench = Bench::new();
    bench.receive(b"\x83");
    bench.write(1);
    bench.pass(2 * SECOND);
    assert_eq!(*bench.outcome(), outcome(Error::ReservedOpcode(3)));
}

#[test]
fn the_line_ends_before_our_close_frame_is_written() {
    let mut bench = Bench::new();
    bench.receive(b"\x83");
    bench.end_of_stream();
    assert_eq!(
        bench.connection.finished(),
        None,
        "the peer may still read it"
    );
    assert_close(&mut bench, 1002);
    assert_eq!(*bench.outcome(), outcome(Error::ReservedOpcode(3)));

    let mut bench = Bench::new();
    bench.receive(b"\x83");
    bench.connection.line_failed(bench.now);
    assert_eq!(
        *bench.outcome(),
        outcome(Error::ReservedOpcode(3)),
        "the first cause is kept"
    );
}

#[test]
fn failed_from_outside() {
    let why = Error::Failed("the send queue is full".into());
    let mut bench = Bench::new();
    bench.connection.send_text("unsent".into());
    bench.connection.fail(1011, why.clone(), bench.now);
    bench.connection.fail(1002, Error::LineFailed, bench.now);
    let sent = bench.frames();
    let body = b"\x03\xf3the connection was failed: the send queue is full";
    assert_eq!(
        sent.iter().map(Sent::parts).collect::<Vec<_>>(),
        [(0x88, &body[..])]
    );
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), outcome(why));
}

#[test]
fn failed_from_outside_without_a_close_frame() {
    let why = Error::Failed("no more of this".into());
    let mut bench = Bench::new();
    bench.connection.send_text("unsent".into());
    bench.connection.fail(1006, why.clone(), bench.now);
    assert!(!bench.connection.has_output());
    assert!(bench.connection.wants_shutdown());
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), outcome(why));
}

#[test]
fn failed_from_outside_after_the_peers_close() {
    let why = Error::Failed("no more of this".into());
    let mut bench = Bench::new();
    bench.receive(b"\x88\x02\x03\xe8");
    bench.connection.fail(1011, why.clone(), bench.now);
    assert_close(&mut bench, 1011);
    bench.end_of_stream();
    // RFC 6455, 7.1.5: the code is that of the first Close frame that came.
    let expected = Outcome {
        code: 1000,
        ..outcome(why)
    };
    assert_eq!(*bench.outcome(), expected);
}

#[test]
fn a_long_cause_is_cut_to_fit() {
    let mut bench = Bench::new();
    let why = Error::Failed("é".repeat(200).into());
    bench.connection.fail(1011, why, bench.now);
    let sent = bench.frames();
    assert!((124..=125).contains(&sent[0].payload.len()));
    assert!(std::str::from_utf8(&sent[0].payload[2..]).is_ok());
}

#[test]
fn what_was_half_received_is_given_up() {
    let mut bench = Bench::new();
    bench.receive(&frame(0x02, &vec![0; 500_000]));
    assert!(bench.connection.owned_memory() >= 500_000);
    bench.receive(b"\x81");
    assert!(bench.connection.owned_memory() < 1024);
}
