//! A good conversation that ends before its end, at every byte of it.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::mpsc,
    thread,
    time::Duration,
};

use boa_websocket::net::{ErrorKind, Refusal};

use crate::{
    harness::{Client, Closed, Event, serve, url_of},
    script,
    wire::{Seen, asked, close, deflated, frame, opening, reset, response, watch},
};

/// What a server says, and where in it each message is whole.
struct Story {
    bytes: Vec<u8>,
    /// Bytes of the response head.
    head: usize,
    /// The ends of the messages.
    ends: Vec<usize>,
}

const MESSAGES: [&str; 4] = ["a", "zwölf", "compressed, compressed", ""];

impl Story {
    fn new(accept: &str) -> Self {
        let mut bytes = response(accept, true);
        let head = bytes.len();
        let mut ends = Vec::new();
        let frames = [
            (frame(0x81, b"a"), true),
            (frame(0x01, b"zw\xc3"), false),
            (frame(0x89, b"ping"), false),
            (frame(0x80, b"\xb6lf"), true),
            (frame(0xc1, &deflated(MESSAGES[2].as_bytes())), true),
            (frame(0x81, b""), true),
        ];
        for (frame, whole) in frames {
            bytes.extend(frame);
            if whole {
                ends.push(bytes.len());
            }
        }
        bytes.extend(close(4000, b"end"));
        Self { bytes, head, ends }
    }

    fn length() -> usize {
        // Every accept value has 28 characters.
        Self::new(&"x".repeat(28)).bytes.len()
    }
}

/// How a server ends the line.
#[derive(Debug, Clone, Copy)]
enum End {
    Fin,
    Reset,
}

/// A server that tells the story up to this byte.
fn telling(length: usize, end: End) -> String {
    asked(move |mut tcp, accept| {
        let story = Story::new(accept);
        tcp.write_all(&story.bytes[..length]).unwrap();
        match end {
            End::Fin => {
                tcp.shutdown(Shutdown::Write).unwrap();
                let _ = tcp.read_to_end(&mut Vec::new());
            }
            End::Reset => reset(tcp),
        }
    })
}

fn observe(client: &mut Client, url: &str) -> (bool, Vec<String>, bool, Closed) {
    client.connect(url);
    let (mut opened, mut messages, mut closing) = (false, Vec::new(), false);
    loop {
        match client.next().1 {
            Event::Opened { .. } => opened = true,
            Event::Text(text) => messages.push(text),
            Event::ClosingHandshakeStarted => closing = true,
            Event::Closed(closed) => return (opened, messages, closing, closed),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn by_the_end_of_the_line() {
    let story = Story::new(&"x".repeat(28));
    let whole = Story::length();
    let mut client = Client::new();
    for length in 0..=whole {
        let url = telling(length, End::Fin);
        let (opened, messages, closing, closed) = observe(&mut client, &url);
        assert_eq!(opened, length >= story.head, "{length}");
        let count = story.ends.iter().filter(|end| **end <= length).count();
        assert_eq!(messages, MESSAGES[..count], "{length}");
        assert_eq!(closing, length == whole, "{length}");
        if length == whole {
            assert_eq!(closed.shown(), (4000, "end", true));
            assert!(closed.error.is_none());
        } else {
            assert_eq!(closed.shown(), (1006, "", false), "{length}");
            let kind = match opened {
                true => ErrorKind::ConnectionLost,
                false => ErrorKind::Refused(Refusal::Truncated),
            };
            assert_eq!(closed.why().kind(), &kind, "{length}");
        }
    }
}

#[test]
fn by_a_reset() {
    let whole = Story::length();
    let mut client = Client::new();
    for length in (0..=whole).step_by(3).chain([whole]) {
        let url = telling(length, End::Reset);
        let (opened, messages, closing, closed) = observe(&mut client, &url);
        // What had arrived may be lost with the line, from its end.
        assert!(MESSAGES.starts_with(&messages.iter().map(|text| &text[..]).collect::<Vec<_>>()));
        assert!(opened || messages.is_empty());
        if closing {
            // Whether our answer was written before the line broke is chance.
            assert_eq!((closed.code, &closed.reason[..]), (4000, "end"));
        } else {
            assert_eq!(closed.shown(), (1006, "", false), "{length}");
            assert!(
                matches!(
                    closed.why().kind(),
                    ErrorKind::Io(_) | ErrorKind::ConnectionLost | ErrorKind::Refused(_)
                ),
                "{length}: {:?}",
                closed.why()
            );
        }
    }
}

#[test]
fn what_script_sees() {
    let story = Story::new(&"x".repeat(28));
    let whole = Story::length();
    for end in [End::Fin, End::Reset] {
        let lengths: Vec<usize> = (0..=whole).step_by(5).chain([whole]).collect();
        let urls: Vec<String> = lengths.iter().map(|&at| telling(at, end)).collect();
        let logs = script::events(&urls, |_| {});
        for (length, mut log) in lengths.into_iter().zip(logs) {
            let last = log.pop().unwrap();
            if let (End::Fin, true) = (end, length == whole) {
                assert_eq!(last, "close 3 4000 'end' true");
            } else if !last.starts_with("close 3 4000 'end' ") {
                assert_eq!(last, script::FAILED[1], "{length}");
                assert_eq!(log.pop().unwrap(), script::FAILED[0], "{length}");
            } else if last.ends_with("false") {
                assert_eq!(log.pop().unwrap(), script::FAILED[0], "{length}");
            }
            let mut expected = vec!["open 1".to_owned()];
            expected.extend(MESSAGES.iter().map(|text| format!("text {text}")));
            assert!(expected.starts_with(&log), "{length}: {log:?}");
            if let End::Fin = end {
                let count = story.ends.iter().filter(|end| **end <= length).count();
                let opened = usize::from(length >= story.head);
                assert_eq!(log.len(), opened + count, "{length}");
            }
        }
    }
}

/// Its own direction is ended, and it goes on reading: what we had to say still reaches it.
#[test]
fn half_of_the_line() {
    let (report, seen) = mpsc::channel();
    let reports = report.clone();
    let behind_close = opening(false, move |mut tcp| {
        tcp.write_all(&close(4001, b"")).unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        reports.send(watch(&mut tcp)).unwrap();
    });
    let without_close = opening(false, move |mut tcp| {
        tcp.write_all(b"\x81\x01a").unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        report.send(watch(&mut tcp)).unwrap();
    });
    let mut client = Client::new();
    client.open(&behind_close);
    assert_eq!(client.closing_then_closed().shown(), (4001, "", true));
    let answered = Seen {
        close: Some(4001),
        behind: 0,
        pongs: 0,
        in_order: true,
    };
    assert_eq!(seen.recv().unwrap(), answered);
    client.open(&without_close);
    assert_eq!(client.text(), "a");
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);
    assert_eq!(seen.recv().unwrap().close, None);
}

/// A reset that comes while nothing is being read, and one in the middle of what we send.
#[test]
fn a_reset_out_of_the_blue() {
    let idle = opening(false, |tcp| {
        thread::sleep(Duration::from_millis(50));
        reset(tcp);
    });
    let busy = opening(false, |mut tcp: TcpStream| {
        tcp.read_exact(&mut [0; 100_000]).unwrap();
        reset(tcp);
    });
    let log = script::events(std::slice::from_ref(&idle), |_| {});
    assert_eq!(log[0], ["open 1", script::FAILED[0], script::FAILED[1]]);
    let mut client = Client::new();
    for url in [idle, busy] {
        let id = client.open(&url);
        client.send_binary(id, vec![0; 32 << 20]);
        let closed = client.closed();
        assert_eq!(closed.shown(), (1006, "", false));
        assert!(client.sent < 32 << 20);
    }
}

/// Before the request has been read, or even sent.
#[test]
fn an_end_before_any_beginning() {
    let reset_at_once = url_of(serve(reset));
    let ended_at_once = url_of(serve(|mut tcp| {
        tcp.shutdown(Shutdown::Write).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::new();
    for url in [&reset_at_once, &ended_at_once] {
        for _ in 0..50 {
            let closed = client.fail(url);
            assert_eq!(closed.shown(), (1006, "", false));
            assert!(
                matches!(
                    closed.why().kind(),
                    ErrorKind::Io(_) | ErrorKind::Refused(Refusal::Truncated)
                ),
                "{:?}",
                closed.why()
            );
        }
        let tls = url.replace("ws:", "wss:");
        assert_eq!(client.fail(&tls).shown(), (1006, "", false));
        let log = script::events(&[url.clone(), tls], |_| {});
        assert_eq!(log, [script::FAILED, script::FAILED]);
    }
}
