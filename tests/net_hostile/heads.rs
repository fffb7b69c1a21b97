//! Answers to the request that are none, or never end.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Phase, Refusal};

use crate::{
    harness::{Client, Event},
    script::{self, FAILED},
    wire::{asked, response, write_for_ever},
};

/// A server's answer, by what belongs to the client's key.
type Answer = fn(&str) -> Vec<u8>;

/// A server that answers so and then waits for the end.
fn answering(answer: Answer) -> String {
    asked(move |mut tcp, accept| {
        // A client may have seen enough before it is written.
        let _ = tcp.write_all(&answer(accept));
        let _ = tcp.read_to_end(&mut Vec::new());
    })
}

/// The right answer with something else in place of a part of it.
fn changed(accept: &str, from: &str, to: &str) -> Vec<u8> {
    let head = String::from_utf8(response(accept, false)).unwrap();
    assert!(head.contains(from));
    head.replace(from, to).into_bytes()
}

fn not_http() -> Vec<(&'static str, Answer)> {
    vec![
        ("HTTP/2's preface", |_| {
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()
        }),
        ("HTTP/2's SETTINGS", |_| {
            b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64".into()
        }),
        ("HTTP/2 in words", |accept| {
            changed(accept, "HTTP/1.1", "HTTP/2.0")
        }),
        ("HTTP/3 in words", |accept| {
            changed(accept, "HTTP/1.1", "HTTP/3")
        }),
        ("a version nobody knows", |accept| {
            changed(accept, "HTTP/1.1", "HTTP/1.2")
        }),
        ("a request", |_| {
            b"GET / HTTP/1.1\r\nHost: you\r\n\r\n".into()
        }),
        ("no version", |accept| changed(accept, "HTTP/1.1 ", "")),
        ("lower case", |accept| {
            changed(accept, "HTTP/1.1", "http/1.1")
        }),
        ("a TLS alert", |_| b"\x15\x03\x03\x00\x02\x02\x28".into()),
        ("SSH", |_| b"SSH-2.0-OpenSSH_9.9\r\n".into()),
        ("HTML", |_| b"<!doctype html><title>Hello</title>\n".into()),
        ("a WebSocket frame", |_| b"\x81\x05Hello, this is it".into()),
        ("zeros", |_| vec![0; 100]),
        ("all bits", |_| vec![0xff; 100]),
        ("a status of four digits", |accept| {
            changed(accept, " 101 ", " 1010 ")
        }),
        ("a signed status", |accept| {
            changed(accept, " 101 ", " +101 ")
        }),
        ("a status in words", |accept| {
            changed(accept, " 101 ", " one ")
        }),
        ("zero in a header", |accept| {
            changed(accept, "websocket\r", "web\0socket\r")
        }),
        ("a carriage return in a header", |accept| {
            changed(accept, "websocket\r", "web\rsocket\r")
        }),
        ("a folded header", |accept| {
            changed(accept, "Connection: ", "Connection:\r\n ")
        }),
        ("a space before the colon", |accept| {
            changed(accept, "Upgrade: ", "Upgrade : ")
        }),
        ("a header without a name", |accept| {
            changed(accept, "Upgrade: ", ": ")
        }),
        ("a header without a colon", |accept| {
            changed(accept, "Upgrade: ", "Upgrade ")
        }),
    ]
}

fn refused() -> Vec<(&'static str, Answer, Refusal)> {
    vec![
        (
            "another key's value",
            |accept| {
                let other = match accept.starts_with('A') {
                    true => "B",
                    false => "A",
                };
                changed(accept, accept, &format!("{other}{}", &accept[1..]))
            },
            Refusal::Accept,
        ),
        (
            "the key's value and more",
            |accept| changed(accept, accept, &format!("{accept}=")),
            Refusal::Accept,
        ),
        (
            "the key's value without its end",
            |accept| changed(accept, accept, &accept[..accept.len() - 1]),
            Refusal::Accept,
        ),
        (
            "the key's value in quotes",
            |accept| changed(accept, accept, &format!("\"{accept}\"")),
            Refusal::Accept,
        ),
        (
            "the key's value twice in a list",
            |accept| changed(accept, accept, &format!("{accept}, {accept}")),
            Refusal::Accept,
        ),
        (
            "no key's value",
            |accept| changed(accept, "Sec-WebSocket-Accept", "Sec-WebSocket-Key"),
            Refusal::AcceptCount(0),
        ),
        (
            "two keys' values",
            |accept| {
                let line = format!("Sec-WebSocket-Accept: {accept}\r\n");
                changed(accept, &line, &line.repeat(2))
            },
            Refusal::AcceptCount(2),
        ),
        (
            "HTTP/1.0",
            |accept| changed(accept, "HTTP/1.1", "HTTP/1.0"),
            Refusal::Version,
        ),
        (
            "404 behind 100",
            |_| b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n".to_vec(),
            Refusal::Status(404),
        ),
        (
            "endless interim responses",
            |_| b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000),
            Refusal::HeadTooLong(16 << 10),
        ),
        (
            "a status that does not exist",
            |accept| changed(accept, " 101 ", " 000 "),
            Refusal::Status(0),
        ),
        (
            "an upgrade to more",
            |accept| changed(accept, ": websocket", ": websocket, h2c"),
            Refusal::Upgrade,
        ),
        (
            "empty lines",
            |_| b"\r\n".repeat(20_000),
            Refusal::HeadTooLong(16 << 10),
        ),
        (
            "a reason that is too long",
            |_| [b"HTTP/1.1 101 ".to_vec(), vec![b'a'; 20_000]].concat(),
            Refusal::HeadTooLong(16 << 10),
        ),
        (
            "a header's name that is too long",
            |_| [b"HTTP/1.1 101 A\r\n".to_vec(), vec![b'a'; 20_000]].concat(),
            Refusal::HeadTooLong(16 << 10),
        ),
        (
            "a head that is too long as a whole",
            |accept| {
                let lines = format!("X: {}\r\n", "y".repeat(1000)).repeat(17);
                changed(accept, "Upgrade: ", &format!("{lines}Upgrade: "))
            },
            Refusal::HeadTooLong(16 << 10),
        ),
        (
            "a header too much",
            |accept| {
                changed(
                    accept,
                    "Upgrade: ",
                    &format!("{}Upgrade: ", "X:\r\n".repeat(98)),
                )
            },
            Refusal::TooManyHeaders(100),
        ),
        (
            "an extension nobody offered",
            |accept| {
                changed(
                    accept,
                    "Upgrade: ",
                    "Sec-WebSocket-Extensions: zip\r\nUpgrade: ",
                )
            },
            Refusal::UnexpectedExtension,
        ),
    ]
}

#[test]
fn answers_that_are_none() {
    let mut client = Client::new();
    let mut urls = Vec::new();
    let mut fail = |what: &str, url: String| {
        let closed = client.fail(&url);
        assert_eq!(closed.shown(), (1006, "", false), "{what}");
        assert_eq!(closed.why().phase(), Phase::Handshake, "{what}");
        urls.push(url);
        closed.why().kind().clone()
    };
    for (what, answer) in not_http() {
        let kind = fail(what, answering(answer));
        assert!(
            matches!(kind, ErrorKind::Refused(Refusal::NotHttp(_))),
            "{what}: {kind:?}"
        );
    }
    for (what, answer, refusal) in refused() {
        let kind = fail(what, answering(answer));
        assert_eq!(kind, ErrorKind::Refused(refusal), "{what}");
    }
    for log in script::events(&urls, |_| {}) {
        assert_eq!(log, FAILED);
    }
}

/// Servers that never stop. Each tells when it could.
fn endless(start: &'static [u8], part: &'static [u8]) -> (String, mpsc::Receiver<u64>) {
    let (report, stopped) = mpsc::channel();
    let url = asked(move |mut tcp, _| {
        let _ = tcp.write_all(start);
        report.send(write_for_ever(&mut tcp, part)).unwrap();
    });
    (url, stopped)
}

#[test]
fn heads_without_end_are_hung_up_on() {
    for (start, part) in [
        (&b""[..], &b"\n"[..]),
        (b"", b"\r\n"),
        (b"", b"H"),
        (b"HTTP/1.1 101 ", b"x"),
        (b"HTTP/1.1 101 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 101 OK\r\n", b"x"),
        (b"HTTP/1.1 101 OK\r\n", b"X: y\r\n"),
        (b"HTTP/1.1 101 OK\r\n", b"X:\n"),
        (b"HTTP/1.1 101 OK\r\n", b"Set-Cookie: a=b\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"body"),
    ] {
        let (url, stopped) = endless(start, part);
        let closed = Client::new().fail(&url);
        assert_eq!(closed.shown(), (1006, "", false));
        assert!(
            matches!(closed.why().kind(), ErrorKind::Refused(_)),
            "{:?}",
            closed.why()
        );
        stopped.recv().unwrap();
        let (url, stopped) = endless(start, part);
        assert_eq!(script::events(&[url], |_| {}), [FAILED]);
        stopped.recv().unwrap();
    }
}

/// A byte each few milliseconds, for as long as anybody listens.
fn drip(tcp: &mut TcpStream, bytes: &[u8], part: &[u8]) {
    for byte in bytes.iter().chain(part.iter().cycle()) {
        if tcp.write_all(&[*byte]).is_err() {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_head_that_drips_ends_at_the_deadline() {
    let deadline = Duration::from_millis(200);
    let mut urls = Vec::new();
    for (start, part) in [
        (&b""[..], &b"\r\n"[..]),
        (b"HTTP/1.1 101 ", b"x"),
        (b"HTTP/1.1 101 OK\r\n", b"Some-Header: y\r\n"),
    ] {
        urls.push(asked(move |mut tcp, _| drip(&mut tcp, start, part)));
    }
    let started = Instant::now();
    let mut client = Client::with(|options| options.timeouts.handshake = deadline);
    for url in &urls {
        let closed = client.fail(url);
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
        assert_eq!(closed.why().phase(), Phase::Handshake);
    }
    for log in script::events(&urls, |options| options.timeouts.handshake = deadline) {
        assert_eq!(log, FAILED);
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// Slow, and in time: it opens, and so do the first messages, byte by byte.
#[test]
fn a_head_that_drips_and_ends_in_time_is_good() {
    let url = asked(|mut tcp, accept| {
        let mut bytes = response(accept, false);
        bytes.extend(b"\x01\x01\xc3\x80\x01\xa4\x88\x02\x03\xe8");
        for byte in bytes {
            tcp.write_all(&[byte]).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let mut client = Client::with(|options| options.timeouts.linger = Duration::from_millis(50));
    client.connect(&url);
    assert!(matches!(client.next().1, Event::Opened { .. }));
    assert_eq!(client.text(), "ä");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
}
