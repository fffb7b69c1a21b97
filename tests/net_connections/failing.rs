//! A breach of the protocol behind messages: script can still answer them.

use std::{
    io::Write,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{Command, ErrorKind, Options};

use crate::harness::{
    Client, Event, PATIENCE, accept_value, raw_websocket, read_client_frames, read_head, sending,
    serve, url_of,
};

/// So long that a test which waits for it to end would be noticed.
const HOUR: Duration = Duration::from_secs(3600);

fn for_an_hour(options: &mut Options) {
    options.timeouts.failure_delay = HOUR;
}

#[track_caller]
fn check_close(frame: &(u8, Vec<u8>), code: u16) {
    assert_eq!(frame.0, 0x88);
    assert_eq!(frame.1[..2], code.to_be_bytes());
}

#[track_caller]
fn check_failed(client: &mut Client) {
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::Protocol);
}

#[test]
fn the_answer_to_a_message_goes_ahead_of_our_close_frame() {
    for (breach, code) in [
        (&b"\x83\x00"[..], 1002),
        (b"\xa1\x01x", 1002),
        (b"\x81\x01\xff", 1007),
        (b"\x82\x7f\0\0\0\0\x10\0\0\0", 1009),
    ] {
        let (url, reports) = sending([b"\x81\x01a", breach].concat());
        let mut client = Client::with(for_an_hour);
        let id = client.open(&url);
        assert_eq!(client.text(), "a");
        // As long as script takes for it.
        thread::sleep(Duration::from_millis(50));
        client.send_text(id, "A");
        check_failed(&mut client);
        let frames = reports.recv().unwrap();
        assert_eq!(frames.len(), 2, "{frames:x?}");
        assert_eq!(frames[0], (0x81, b"A".to_vec()));
        check_close(&frames[1], code);
    }
}

#[test]
fn every_message_can_be_answered() {
    const MESSAGES: usize = 5000;
    let mut bytes = b"\x81\x01x".repeat(MESSAGES);
    bytes.extend(b"\x83\x00");
    let (url, reports) = sending(bytes);
    let mut client = Client::with(for_an_hour);
    let id = client.open(&url);
    for _ in 0..MESSAGES {
        assert_eq!(client.text(), "x");
        client.send_text(id, "y");
    }
    check_failed(&mut client);
    let frames = reports.recv().unwrap();
    assert_eq!(frames.len(), MESSAGES + 1);
    check_close(&frames[MESSAGES], 1002);
    assert_eq!(client.sent, MESSAGES as u64);
}

#[test]
fn a_script_with_nothing_to_say_is_not_waited_for() {
    let (url, reports) = sending(b"\x81\x01a\x83\x00");
    let mut client = Client::with(for_an_hour);
    client.open(&url);
    assert_eq!(client.text(), "a");
    client.network.flush();
    check_failed(&mut client);
    check_close(&reports.recv().unwrap()[0], 1002);
}

#[test]
fn without_messages_nothing_is_waited_for() {
    let (url, reports) = sending(b"\x89\x01?\x83\x00");
    let mut client = Client::with(for_an_hour);
    client.open(&url);
    check_failed(&mut client);
    let frames = reports.recv().unwrap();
    assert_eq!(frames[0], (0x8a, b"?".to_vec()));
    check_close(&frames[1], 1002);
}

#[test]
fn a_script_that_does_not_look_is_waited_for_so_long_only() {
    for delay in [Duration::ZERO, Duration::from_millis(100)] {
        let (url, reports) = sending(b"\x81\x01a\x83\x00");
        let mut client = Client::with(|options| options.timeouts.failure_delay = delay);
        client.connect(&url);
        check_close(&reports.recv().unwrap()[0], 1002);
        // Nothing is lost by it.
        assert!(matches!(client.next().1, Event::Opened { .. }));
        assert_eq!(client.text(), "a");
        check_failed(&mut client);
    }
}

#[test]
fn closing_ends_the_wait_and_sends_what_was_said_before() {
    let (url, reports) = sending(b"\x81\x01a\x81\x01b\x83\x00");
    let mut client = Client::with(for_an_hour);
    let id = client.open(&url);
    // "b" is never looked at.
    assert_eq!(client.text(), "a");
    client.send_text(id, "A");
    client.close(id, Some(1000), "");
    client.consumes = false;
    assert_eq!(client.text(), "b");
    check_failed(&mut client);
    assert_eq!(client.closes_sent, 1);
    let frames = reports.recv().unwrap();
    assert_eq!(frames.len(), 2, "{frames:x?}");
    assert_eq!(frames[0], (0x81, b"A".to_vec()));
    check_close(&frames[1], 1002);
}

#[test]
fn aborting_and_dropping_do_not_wait() {
    let (url, reports) = sending(b"\x81\x01a\x83\x00");
    let mut client = Client::with(for_an_hour);
    client.consumes = false;
    let id = client.open(&url);
    assert_eq!(client.text(), "a");
    client.network.command(Command::Abort { id });
    client.network.flush();
    assert!(reports.recv().unwrap().is_empty());

    client.open(&url);
    assert_eq!(client.text(), "a");
    drop(client);
    check_close(&reports.recv().unwrap()[0], 1002);
}

#[test]
fn a_peer_that_does_not_take_the_answer_is_cut_all_the_same() {
    let url = raw_websocket(|mut tcp| {
        tcp.write_all(b"\x81\x01a\x83\x00").unwrap();
        thread::sleep(Duration::from_secs(600));
    });
    let mut client = Client::with(|options| {
        options.timeouts.failure_delay = Duration::from_millis(100);
        options.timeouts.linger = Duration::from_millis(100);
    });
    let id = client.open(&url);
    assert_eq!(client.text(), "a");
    client.send_binary(id, vec![0; 64 << 20]);
    check_failed(&mut client);
}

#[test]
fn also_what_comes_with_the_response_head_can_be_answered() {
    let (report, reports) = mpsc::channel();
    let url = url_of(serve(move |mut tcp| {
        let accept = accept_value(&read_head(&mut tcp));
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let bytes = [head.as_bytes(), b"\x81\x01a\x83\x00"].concat();
        tcp.write_all(&bytes).unwrap();
        report.send(read_client_frames(&mut tcp)).unwrap();
    }));
    let mut client = Client::with(for_an_hour);
    let id = client.open(&url);
    assert_eq!(client.text(), "a");
    client.send_text(id, "A");
    check_failed(&mut client);
    let frames = reports.recv().unwrap();
    assert_eq!(frames[0], (0x81, b"A".to_vec()));
    check_close(&frames[1], 1002);
}

#[test]
fn long_answers_are_written_to_their_end() {
    const ANSWERS: usize = 256;
    const SIZE: usize = 64 << 10;
    let (url, reports) = sending(b"\x81\x01a\x83\x00");
    let mut client = Client::with(for_an_hour);
    client.consumes = false;
    let id = client.open(&url);
    assert_eq!(client.text(), "a");
    for number in 0..ANSWERS {
        client.send_binary(id, vec![number as u8; SIZE]);
    }
    client.consume(id);
    client.network.flush();
    check_failed(&mut client);
    let frames = reports.recv().unwrap();
    assert_eq!(frames.len(), ANSWERS + 1);
    for (number, frame) in frames[..ANSWERS].iter().enumerate() {
        assert!(frame == &(0x82, vec![number as u8; SIZE]), "{number}");
    }
    check_close(&frames[ANSWERS], 1002);
}

/// A peer that listens only when it has said everything would never see it.
#[test]
fn messages_that_script_has_not_seen_do_not_keep_our_close_frame_from_the_peer() {
    for delay in [Duration::ZERO, Duration::from_millis(10)] {
        let (report, reports) = mpsc::channel();
        let url = raw_websocket(move |mut tcp| {
            tcp.write_all(b"\x81\x01a\x83\x00").unwrap();
            let said = tcp.write_all(&vec![0; 32 << 20]).is_ok();
            report.send((said, read_client_frames(&mut tcp))).unwrap();
        });
        let mut client = Client::with(|options| {
            // One message is too much, so that reading pauses.
            options.limits.receive_queue = 0;
            options.timeouts.failure_delay = delay;
            options.timeouts.linger = HOUR;
        });
        client.connect(&url);
        let (said, frames) = reports.recv_timeout(PATIENCE).unwrap();
        assert!(said);
        check_close(&frames[0], 1002);
        assert!(matches!(client.next().1, Event::Opened { .. }));
        assert_eq!(client.text(), "a");
        check_failed(&mut client);
    }
}

/// The breach comes while script has not yet seen the message, is about to answer, or has just done so.
#[test]
fn whenever_the_breach_comes_the_answer_is_not_lost() {
    let (report, reports) = mpsc::channel();
    let delays = AtomicU64::new(0);
    let url = raw_websocket(move |mut tcp| {
        tcp.write_all(b"\x81\x01a").unwrap();
        let delay = Duration::from_micros(delays.fetch_add(1, Ordering::Relaxed) % 200);
        // A sleep would be longer, and always the same.
        let started = Instant::now();
        while started.elapsed() < delay {}
        tcp.write_all(b"\x83\x00").unwrap();
        report.send(read_client_frames(&mut tcp)).unwrap();
    });
    let mut client = Client::with(for_an_hour);
    for round in 0..2000 {
        let id = client.open(&url);
        assert_eq!(client.text(), "a");
        client.send_text(id, "A");
        check_failed(&mut client);
        let frames = reports.recv().unwrap();
        assert_eq!(frames[0], (0x81, b"A".to_vec()), "{round}");
        check_close(&frames[1], 1002);
    }
}
