//! Failing that is put off, so that what came before can be answered.

use super::*;

const DELAY: Duration = Duration::from_millis(500);
const SECOND: Duration = Duration::from_secs(1);

fn patient() -> Bench {
    Bench::with(Config {
        failure_delay: DELAY,
        ..Config::default()
    })
}

/// One message, and then an opcode that does not exist.
const BREACH: &[u8] = b"\x81\x01a\x83\x01b\x81\x01c";

fn why(bench: &Bench) -> Option<&Error> {
    bench.outcome().error.as_ref()
}

#[test]
fn an_answer_goes_out_before_our_close_frame() {
    let mut bench = patient();
    bench.receive(BREACH);
    assert_eq!(bench.events(), [Event::text("a")]);
    assert!(bench.connection.is_failing());
    assert_eq!(bench.state(), State::Open);
    assert!(!bench.connection.has_output(), "nothing yet");
    assert!(!bench.connection.wants_shutdown());

    bench.connection.send_text("A".into());
    let sent = bench.frames();
    assert_eq!(sent[0].parts(), (0x81, &b"A"[..]));
    assert_eq!(sent.len(), 1);

    bench.connection.fail_now(bench.now);
    assert!(!bench.connection.is_failing());
    assert_eq!(bench.state(), State::Failed);
    let sent = bench.frames();
    assert_eq!(sent[0].first_byte, 0x88);
    assert_eq!(sent[0].payload[..2], 1002_u16.to_be_bytes());
    assert!(bench.connection.wants_shutdown());
    bench.end_of_stream();
    let outcome = bench.outcome();
    assert_eq!((outcome.code, outcome.reason.as_str()), (1006, ""));
    assert!(!outcome.was_clean);
    assert_eq!(outcome.error, Some(Error::ReservedOpcode(3)));
}

#[test]
fn nothing_is_read_meanwhile_and_nothing_kept() {
    let mut bench = patient();
    // The beginning of a message, which would be kept, and a Ping, which is answered.
    bench.receive(&[b"\x02\x7e\xff\xff".as_slice(), &[0; 0xffff]].concat());
    bench.receive(b"\x89\x01?\x82\x00");
    assert!(bench.connection.is_failing());
    assert!(bench.connection.owned_memory() < 1024);
    assert!(!bench.connection.wants_read());
    assert!(bench.connection.body_buffer().is_none());
    bench.events();
    bench.receive(b"\x81\x01c\x89\x00\x88\x02\x03\xe8");
    assert!(bench.events().is_empty());
    bench.connection.ping(b"no answer could be read");
    assert!(!bench.connection.is_ping_unsent());
    let sent = bench.frames();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].parts(), (0x8a, &b"?"[..]));
}

#[test]
fn the_time_for_it_is_bounded() {
    let mut bench = patient();
    bench.receive(BREACH);
    assert_eq!(bench.connection.deadline(), Some(bench.now + DELAY));
    bench.pass(DELAY - Duration::from_nanos(1));
    assert!(bench.connection.is_failing());
    bench.connection.send_text("unsent".into());
    bench.pass(Duration::from_nanos(1));
    assert_eq!(bench.state(), State::Failed);
    let sent = bench.frames();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].first_byte, 0x88);
    assert_eq!(bench.connection.queued(), 6, "the message is given up");
    bench.pass(2 * SECOND);
    assert_eq!(why(&bench), Some(&Error::ReservedOpcode(3)));
}

#[test]
fn every_kind_of_breach_is_put_off() {
    for (bytes, code) in [
        (&b"\xc1\x00"[..], 1002),
        (b"\x81\x01\xff", 1007),
        (b"\x88\x02\x03\xed", 1002),
        (b"\x88\x03\x03\xe8\xff", 1007),
        (b"\x82\x7f\0\0\0\0\x10\0\0\0", 1009),
    ] {
        let mut bench = patient();
        bench.receive(bytes);
        assert!(bench.connection.is_failing(), "{bytes:x?}");
        bench.connection.fail_now(bench.now);
        let sent = bench.frames();
        assert_eq!(sent[0].payload[..2], u16::to_be_bytes(code), "{bytes:x?}");
    }
}

#[test]
fn a_close_frame_is_no_breach_and_answered_at_once() {
    let mut bench = patient();
    bench.receive(b"\x81\x01a\x88\x02\x03\xe8");
    assert!(!bench.connection.is_failing());
    assert_eq!(bench.frames()[0].parts(), (0x88, &b"\x03\xe8"[..]));
}

#[test]
fn once_we_have_closed_there_is_nothing_to_wait_for() {
    let mut bench = patient();
    bench.close(Some(1000), "");
    bench.receive(BREACH);
    assert!(!bench.connection.is_failing());
    assert_eq!(bench.state(), State::Failed);
}

#[test]
fn closing_meanwhile_does_not_hide_the_breach() {
    let mut bench = patient();
    bench.receive(BREACH);
    bench.connection.send_text("A".into());
    bench.close(Some(1000), "");
    let sent = bench.frames();
    assert_eq!(sent.len(), 1, "no Close frame with 1000");
    bench.connection.fail_now(bench.now);
    assert_eq!(bench.frames()[0].payload[..2], 1002_u16.to_be_bytes());
}

#[test]
fn a_reason_of_the_callers_comes_second() {
    let mut bench = patient();
    bench.receive(BREACH);
    let late = Error::Failed("late".into());
    bench.connection.fail(1011, late, bench.now);
    assert_eq!(bench.frames()[0].payload[..2], 1002_u16.to_be_bytes());
    bench.end_of_stream();
    assert_eq!(why(&bench), Some(&Error::ReservedOpcode(3)));
}

#[test]
fn the_end_of_input_waits_and_a_broken_line_does_not() {
    let mut bench = patient();
    bench.receive(BREACH);
    bench.end_of_stream();
    bench.connection.send_text("A".into());
    assert_eq!(bench.frames().len(), 1);
    assert!(bench.connection.finished().is_none(), "our Close is owed");
    bench.connection.fail_now(bench.now);
    assert_eq!(bench.frames()[0].first_byte, 0x88);
    assert_eq!(why(&bench), Some(&Error::ReservedOpcode(3)));

    let mut bench = patient();
    bench.receive(BREACH);
    bench.connection.line_failed(bench.now);
    assert_eq!(why(&bench), Some(&Error::ReservedOpcode(3)));
}

#[test]
fn a_delay_without_end_does_no_harm() {
    let mut bench = Bench::with(Config {
        failure_delay: Duration::MAX,
        ..Config::default()
    });
    bench.receive(BREACH);
    assert_eq!(bench.connection.deadline(), None);
    bench.pass(SECOND);
    assert!(bench.connection.is_failing());
    bench.connection.fail_now(bench.now);
    assert_eq!(bench.state(), State::Failed);
}

#[test]
fn a_ping_is_unsent_until_its_last_byte_is_written() {
    let mut bench = Bench::new();
    assert!(!bench.connection.is_ping_unsent());
    bench.connection.send_binary(vec![0; 100].into());
    bench.write(50);
    bench.connection.ping(b"1");
    bench.write(usize::MAX);
    assert!(bench.connection.is_ping_unsent(), "it is not even encoded");
    bench.write(6);
    bench.connection.ping(b"2");
    bench.write(usize::MAX);
    assert!(bench.connection.is_ping_unsent(), "another one waits");
    bench.write(6);
    assert!(bench.connection.is_ping_unsent(), "a byte is missing");
    bench.write(1);
    assert!(!bench.connection.is_ping_unsent());
}
