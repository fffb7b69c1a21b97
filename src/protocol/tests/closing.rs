//! RFC 6455, section 7, and 5.5.1: the closing handshake.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const INSTANT: Duration = Duration::from_nanos(1);

fn clean(code: u16, reason: &str) -> Outcome {
    Outcome {
        code,
        reason: reason.to_owned(),
        was_clean: true,
        error: None,
    }
}

fn unclean(code: u16, reason: &str, error: Error) -> Outcome {
    Outcome {
        code,
        reason: reason.to_owned(),
        was_clean: false,
        error: Some(error),
    }
}

#[test]
fn the_peer_closes() {
    let observed = every_way(&Config::default(), b"\x88\x05\x0f\xa1bye");
    assert_eq!(observed.events, [Event::Closing]);
    assert_eq!(observed.state, State::Closing);
    // RFC 6455, 5.5.1: the answer has the code that was received.
    assert_eq!(observed.sent, [(0x88, b"\x0f\xa1".to_vec())]);
    assert_eq!(observed.outcome, clean(4001, "bye"));
}

#[test]
fn the_peer_closes_without_a_code() {
    let observed = every_way(&Config::default(), b"\x88\x00");
    assert_eq!(observed.sent, [(0x88, vec![])]);
    assert_eq!(observed.outcome, clean(1005, ""));
}

#[test]
fn rfc_7_4_codes_from_the_peer() {
    for code in [
        1000, 1003, 1007, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ] {
        let input = frame(0x88, &u16::to_be_bytes(code));
        let observed = every_way(&Config::default(), &input);
        assert_eq!(observed.outcome, clean(code, ""));
    }
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535,
    ] {
        // The reason has not arrived, and is not waited for.
        let mut input = b"\x88\x20".to_vec();
        input.extend(u16::to_be_bytes(code));
        let last = input.len() - 1;
        fails_at(
            &Config::default(),
            &input,
            last,
            1002,
            &Error::CloseCode(code),
        );
    }
}

#[test]
fn rfc_5_5_1_body_of_one_byte() {
    fails_at(
        &Config::default(),
        b"\x88\x01",
        1,
        1002,
        &Error::CloseBodyTooShort,
    );
}

#[test]
fn rfc_5_5_1_reason_that_is_not_utf8() {
    let error = Error::InvalidUtf8InReason;
    fails_at(
        &Config::default(),
        b"\x88\x20\x03\xe8ab\xff",
        6,
        1007,
        &error,
    );
    fails_at(
        &Config::default(),
        b"\x88\x20\x03\xe8\xed\xa0",
        5,
        1007,
        &error,
    );
    fails_at(
        &Config::default(),
        b"\x88\x04\x03\xe8a\xe2",
        5,
        1007,
        &error,
    );
}

#[test]
fn longest_reason_from_the_peer() {
    let reason = "é".repeat(61) + "x";
    let mut body = 1000u16.to_be_bytes().to_vec();
    body.extend(reason.as_bytes());
    let observed = every_way(&Config::default(), &frame(0x88, &body));
    assert_eq!(observed.outcome, clean(1000, &reason));
}

#[test]
fn a_close_between_fragments() {
    let observed = every_way(&Config::default(), b"\x01\x02ab\x88\x02\x03\xe8\x80\x02cd");
    assert_eq!(observed.events, [Event::Closing]);
    assert_eq!(observed.outcome, clean(1000, ""));
}

#[test]
fn an_unfinished_message_is_given_up_with_the_peers_close() {
    let mut bench = Bench::new();
    bench.receive(&frame(0x02, &vec![0; 500_000]));
    assert!(bench.connection.owned_memory() >= 500_000);
    bench.receive(b"\x88\x00");
    assert!(bench.connection.owned_memory() < 1024);
}

#[test]
fn what_follows_the_peers_close_is_ignored() {
    // Not even looked at: the masked ping would be a violation.
    let input = b"\x88\x02\x03\xe8\x81\x01x\x89\x00\x89\x80\x88\x00\xff\xff";
    let observed = every_way(&Config::default(), input);
    assert_eq!(observed.events, [Event::Closing]);
    assert_eq!(observed.sent, [(0x88, b"\x03\xe8".to_vec())]);
    assert_eq!(observed.outcome, clean(1000, ""));
}

#[test]
fn a_ping_before_the_peers_close_is_answered() {
    let observed = every_way(&Config::default(), b"\x89\x01?\x88\x00");
    assert_eq!(observed.sent, [(0x8a, b"?".to_vec()), (0x88, vec![])]);
}

#[test]
fn the_peer_closes_with_messages_unsent() {
    let mut bench = Bench::new();
    bench.connection.send_text("one".into());
    bench.connection.send_text("two".into());
    bench.receive(b"\x88\x02\x03\xe9");
    assert_eq!(bench.state(), State::Closing);
    bench.connection.send_text("late".into());
    bench.close(Some(4000), "late");
    let sent = bench.frames();
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    assert_eq!(
        parts,
        [(0x81, &b"one"[..]), (0x81, b"two"), (0x88, b"\x03\xe9")]
    );
    assert!(
        !bench.connection.wants_shutdown(),
        "the server ends the line first"
    );
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(1001, ""));
}

#[test]
fn the_peer_closes_and_does_not_read() {
    let config = Config {
        close_timeout: 3 * SECOND,
        ..Config::default()
    };
    let mut bench = Bench::with(config);
    bench.connection.send_text("one".into());
    bench.write(2);
    bench.receive(b"\x88\x03\x03\xe8!");
    assert_eq!(bench.connection.deadline(), Some(bench.now + 3 * SECOND));
    bench.pass(3 * SECOND - INSTANT);
    assert_eq!(bench.connection.finished(), None);
    bench.pass(INSTANT);
    // RFC 6455, 7.1.5: the code is that of the Close frame that came; 7.1.4: and not cleanly.
    assert_eq!(*bench.outcome(), unclean(1000, "!", Error::CloseTimeout));
    assert_eq!(bench.connection.deadline(), None);
}

/// Each byte that the peer takes gives it the time anew; a peer that takes nothing is cut.
#[test]
fn we_close_behind_data_that_the_peer_takes_slowly_or_not_at_all() {
    let config = Config {
        close_timeout: 3 * SECOND,
        ..Config::default()
    };
    let mut bench = Bench::with(config);
    bench.connection.send_binary(vec![1; 1000].into());
    bench.close(Some(1000), "");
    for _ in 0..5 {
        bench.pass(2 * SECOND);
        assert_eq!(bench.connection.finished(), None);
        bench.write(10);
        assert_eq!(bench.connection.deadline(), Some(bench.now + 3 * SECOND));
    }
    bench.pass(3 * SECOND - INSTANT);
    assert_eq!(bench.connection.finished(), None);
    bench.pass(INSTANT);
    assert_eq!(*bench.outcome(), unclean(1006, "", Error::CloseTimeout));
}

#[test]
fn we_close() {
    let mut bench = Bench::new();
    bench.connection.send_text("last".into());
    bench.close(Some(3000), "because");
    bench.close(Some(4000), "again");
    bench.connection.send_text("late".into());
    assert_eq!(bench.state(), State::Closing);
    assert_eq!(
        bench.connection.deadline(),
        Some(bench.now + 10 * SECOND),
        "the peer has to take something of it"
    );
    let sent = bench.frames();
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    assert_eq!(parts, [(0x81, &b"last"[..]), (0x88, b"\x0b\xb8because")]);
    assert_eq!(bench.connection.deadline(), Some(bench.now + 10 * SECOND));

    // What the peer still had to say arrives; its own code is what is shown.
    bench.receive(b"\x81\x02hi\x88\x03\x0f\xa2x");
    assert_eq!(bench.events(), [Event::text("hi"), Event::Closing]);
    assert_eq!(
        bench.connection.finished(),
        None,
        "the server ends the line first"
    );
    assert!(bench.connection.wants_read() && !bench.connection.wants_shutdown());
    assert_eq!(bench.connection.deadline(), Some(bench.now + 2 * SECOND));
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(4002, "x"));
    assert_eq!(bench.state(), State::Finished);
    assert!(!bench.connection.wants_read() && !bench.connection.has_output());
}

#[test]
fn we_close_without_a_code() {
    let mut bench = Bench::new();
    bench.close(None, "");
    assert_eq!(bench.frames()[0].parts(), (0x88, &b""[..]));
    bench.receive(b"\x88\x00");
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(1005, ""));
}

#[test]
fn both_close_at_once() {
    let mut bench = Bench::new();
    bench.close(Some(3001), "");
    bench.receive(b"\x88\x02\x0f\xa3");
    assert_eq!(bench.events(), [Event::Closing]);
    assert_eq!(
        bench.frames()[0].parts(),
        (0x88, &b"\x0b\xb9"[..]),
        "ours was first, here"
    );
    assert_eq!(bench.connection.deadline(), Some(bench.now + 2 * SECOND));
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(4003, ""));
}

#[test]
fn the_peer_closes_while_ours_is_partly_written() {
    let mut bench = Bench::new();
    bench.close(Some(3001), "reason");
    bench.write(3);
    bench.receive(b"\x88\x00");
    assert_eq!(bench.connection.deadline(), Some(bench.now + 10 * SECOND));
    assert_eq!(
        bench.write_all().len(),
        11,
        "the rest of ours, and no other"
    );
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(1005, ""));
}

#[test]
fn the_peer_never_answers() {
    let mut bench = Bench::new();
    bench.connection.send_text("x".into());
    bench.close(Some(1000), "");
    for _ in 0..7 {
        bench.write(1);
        bench.pass(9 * SECOND);
        assert_eq!(bench.state(), State::Closing, "its data has its time");
    }
    bench.write_all();
    let deadline = bench.now + Config::default().close_timeout;
    assert_eq!(bench.connection.deadline(), Some(deadline));
    bench.receive(b"\x81\x01x");
    assert_eq!(
        bench.connection.deadline(),
        Some(deadline),
        "messages do not prolong it"
    );
    bench.pass(10 * SECOND - INSTANT);
    assert_eq!(bench.connection.finished(), None);
    bench.pass(INSTANT);
    assert_eq!(*bench.outcome(), unclean(1006, "", Error::CloseTimeout));
}

#[test]
fn the_server_keeps_the_line() {
    let config = Config {
        linger: 5 * SECOND,
        ..Config::default()
    };
    let mut bench = Bench::with(config);
    bench.receive(b"\x88\x00");
    bench.write_all();
    bench.receive(b"whatever it is");
    bench.pass(5 * SECOND - INSTANT);
    assert_eq!(bench.connection.finished(), None);
    bench.pass(INSTANT);
    assert_eq!(*bench.outcome(), clean(1005, ""));
}

#[test]
fn any_end_is_clean_once_both_are_through() {
    let mut bench = Bench::new();
    bench.receive(b"\x88\x02\x03\xe8");
    bench.write_all();
    bench
        .connection
        .fail(1011, Error::Failed("too late".into()), bench.now);
    assert_eq!(bench.state(), State::Closing);
    bench.connection.line_failed(bench.now);
    assert_eq!(*bench.outcome(), clean(1000, ""));
    // Nothing changes it afterwards.
    bench.connection.line_failed(bench.now);
    bench.end_of_stream();
    bench
        .connection
        .fail(1011, Error::Failed("too late".into()), bench.now);
    bench.pass(1000 * SECOND);
    assert_eq!(*bench.outcome(), clean(1000, ""));
}

#[test]
fn the_line_ends_before_any_close() {
    let mut bench = Bench::new();
    bench.connection.send_text("unsent".into());
    bench.receive(b"\x81\x05ab");
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), unclean(1006, "", Error::LineEnded));
    assert!(!bench.connection.has_output());
    assert!(bench.connection.output().is_empty());

    let mut bench = Bench::new();
    bench.connection.line_failed(bench.now);
    assert_eq!(*bench.outcome(), unclean(1006, "", Error::LineFailed));
}

#[test]
fn the_line_ends_after_our_close() {
    for written in [0, 1, usize::MAX] {
        let mut bench = Bench::new();
        bench.close(Some(1000), "");
        if written > 0 {
            bench.write(written);
        }
        bench.end_of_stream();
        assert_eq!(*bench.outcome(), unclean(1006, "", Error::LineEnded));
    }
}

/// A server may send its Close frame and end its direction in one packet. The line still takes
/// our answer, and then both are through.
#[test]
fn the_line_ends_right_behind_the_peers_close() {
    let mut bench = Bench::new();
    bench.receive(b"\x88\x02\x03\xe8");
    bench.end_of_stream();
    assert_eq!(bench.connection.finished(), None, "our answer is owed");
    assert!(!bench.connection.wants_read());
    assert!(bench.connection.deadline().is_some());
    bench.write(2);
    assert_eq!(bench.connection.finished(), None);
    bench.write_all();
    assert_eq!(*bench.outcome(), clean(1000, ""));
}

#[test]
fn the_line_breaks_before_our_answer() {
    let mut bench = Bench::new();
    bench.receive(b"\x88\x03\x03\xe8!");
    bench.write(2);
    bench.connection.line_failed(bench.now);
    assert_eq!(*bench.outcome(), unclean(1000, "!", Error::LineFailed));

    let mut bench = Bench::new();
    bench.receive(b"\x88\x03\x03\xe8!");
    bench.end_of_stream();
    bench.pass(10 * SECOND);
    assert_eq!(*bench.outcome(), unclean(1000, "!", Error::CloseTimeout));
}

#[test]
fn no_pong_follows_our_close() {
    let mut bench = Bench::new();
    bench.close(None, "");
    bench.receive(b"\x89\x01a");
    let sent = bench.frames();
    let parts: Vec<_> = sent.iter().map(Sent::parts).collect();
    assert_eq!(
        parts,
        [(0x8a, &b"a"[..]), (0x88, b"")],
        "before it, it does"
    );
    bench.receive(b"\x89\x01b");
    bench.connection.ping(b"c");
    assert!(!bench.connection.has_output());
    assert_eq!(bench.events().len(), 2, "both are reported");
}

#[test]
fn after_the_end_nothing_happens() {
    let mut bench = Bench::new();
    bench.end_of_stream();
    bench.receive(b"\x81\x01x\x88\x00");
    bench.connection.send_text("x".into());
    bench.connection.ping(b"x");
    bench.close(Some(1000), "");
    assert!(bench.events().is_empty());
    assert!(!bench.connection.has_output() && !bench.connection.wants_shutdown());
    assert!(bench.connection.body_buffer().is_none());
    assert_eq!(bench.connection.deadline(), None);
}

#[test]
fn times_beyond_all_time_are_no_deadline() {
    let forever = Duration::MAX;
    let config = Config {
        close_timeout: forever,
        linger: forever,
        ..Config::default()
    };
    let mut bench = Bench::with(config.clone());
    bench.close(None, "");
    bench.write_all();
    assert_eq!(bench.connection.deadline(), None);
    bench.receive(b"\x88\x00");
    assert_eq!(bench.connection.deadline(), None);
    bench.end_of_stream();
    assert_eq!(*bench.outcome(), clean(1005, ""));

    let mut bench = Bench::with(config);
    bench.receive(b"\xff");
    bench.write_all();
    assert_eq!(bench.connection.deadline(), None);
    assert!(bench.connection.wants_shutdown());
}
