//! Connections that must not come about: each ends with one event, 1006, and says why.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Phase, Refusal};

use crate::harness::{Client, Event, answering, echo, read_head, serve, url_of, websocket};

/// Fails to connect and gives back the phase and the reason.
fn refused(client: &mut Client, url: &str) -> (Phase, ErrorKind, String) {
    let closed = client.fail(url);
    assert_eq!(closed.shown(), (1006, "", false));
    let error = closed.why();
    (error.phase(), error.kind().clone(), error.to_string())
}

#[test]
fn answers_other_than_the_right_one() {
    let mut client = Client::new();
    let mut refusal = |answer: fn(&str) -> String| {
        let (phase, kind, text) = refused(&mut client, &answering(answer));
        assert_eq!(phase, Phase::Handshake);
        assert!(
            text.starts_with("opening handshake with 127.0.0.1:"),
            "{text}"
        );
        match kind {
            ErrorKind::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(
        refusal(|_| "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".into()),
        Refusal::Status(404)
    );
    assert_eq!(
        refusal(|_| "HTTP/1.1 301 Moved\r\nLocation: /else\r\n\r\n".into()),
        Refusal::Status(301)
    );
    assert_eq!(
        refusal(|_| {
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
                .into()
        }),
        Refusal::Accept
    );
    assert_eq!(
        refusal(|accept| format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
        )),
        Refusal::UnexpectedProtocol
    );
    assert_eq!(
        refusal(|_| "220 mail.example.org ESMTP\r\n".into()),
        Refusal::NotHttp("a bad version")
    );
    assert_eq!(
        refusal(|_| format!("HTTP/1.1 101 OK\r\nX: {}", "x".repeat(16 << 10))),
        Refusal::HeadTooLong(16 << 10)
    );
    assert_eq!(
        refusal(|_| format!("HTTP/1.1 101 OK\r\n{}\r\n", "X: y\r\n".repeat(101))),
        Refusal::TooManyHeaders(100)
    );
}

#[test]
fn a_whole_answer_that_is_refused_goes_with_the_error() {
    let mut client = Client::new();
    let closed = client.fail(&answering(|_| {
        "HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nSet-Cookie: a=s3cret\r\nSet-Cookie: b=c\r\n\r\n"
            .into()
    }));
    let error = closed.why();
    assert_eq!(error.kind(), &ErrorKind::Refused(Refusal::Status(429)));
    let answer = error.answer().unwrap();
    assert_eq!((answer.status, &*answer.reason), (429, "Slow Down"));
    assert_eq!(answer.headers.get("retry-after").unwrap(), "7");
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=s3cret", "b=c"]);
    assert!(!format!("{error:?} {error}").contains("s3cret"));

    // With the right status, too; and not when it is no whole one.
    let closed = client.fail(&answering(|_| "HTTP/1.1 101 OK\r\nX-A: b\r\n\r\n".into()));
    let answer = closed.why().answer().unwrap();
    assert_eq!((answer.status, answer.headers.len()), (101, 1));
    let closed = client.fail(&answering(|_| "nonsense, at length\r\n\r\n".into()));
    assert!(closed.why().answer().is_none());
}

#[test]
fn a_subprotocol_that_was_asked_for_and_not_chosen() {
    let mut client = Client::new();
    client.connect_with(&websocket(echo), |request| {
        request.protocols = vec!["chat".into()];
    });
    let closed = client.closed();
    assert_eq!(
        closed.why().kind(),
        &ErrorKind::Refused(Refusal::MissingProtocol)
    );
}

#[test]
fn a_line_that_ends_within_the_answer() {
    let url = url_of(serve(|mut tcp| {
        read_head(&mut tcp);
        tcp.write_all(b"HTTP/1.1 101 Switching Protocols\r\n")
            .unwrap();
    }));
    let (phase, kind, _) = refused(&mut Client::new(), &url);
    assert_eq!(phase, Phase::Handshake);
    assert_eq!(kind, ErrorKind::Refused(Refusal::Truncated));
}

#[test]
fn a_closed_port() {
    // Bound and released again: nobody listens there.
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let (phase, kind, text) = refused(&mut Client::new(), &url_of(address));
    assert_eq!(phase, Phase::Connect);
    assert_eq!(kind, ErrorKind::Io(std::io::ErrorKind::ConnectionRefused));
    assert!(text.contains(&address.to_string()), "{text}");
}

#[test]
fn a_blocked_port_a_foreign_scheme_and_a_bad_request_send_nothing() {
    let mut client = Client::new();
    let (phase, kind, _) = refused(&mut client, "ws://127.0.0.1:25/");
    assert_eq!((phase, kind), (Phase::Policy, ErrorKind::BlockedPort(25)));
    let (phase, kind, _) = refused(&mut client, "http://127.0.0.1/");
    assert_eq!((phase, kind), (Phase::Policy, ErrorKind::UnsupportedUrl));
    client.connect_with(&websocket(echo), |request| {
        request.origin = Some("a\r\nb".into());
    });
    let closed = client.closed();
    assert_eq!(closed.why().phase(), Phase::Policy);
    assert_eq!(closed.why().kind(), &ErrorKind::InvalidRequest("origin"));
}

#[test]
fn an_unknown_name() {
    // Its label is too long for DNS, so the resolver knows without asking anybody.
    let name = format!("{}.test", "a".repeat(64));
    let closed = Client::new().fail(&format!("ws://{name}/"));
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().phase(), Phase::Resolve);
    assert_eq!(closed.why().kind(), &ErrorKind::Unresolved);
    assert!(closed.why().to_string().contains(&name));
}

#[test]
fn a_silent_server_runs_into_the_deadline() {
    let url = url_of(serve(|mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::with(|options| {
        options.timeouts.handshake = Duration::from_millis(100);
    });
    let (phase, kind, text) = refused(&mut client, &url);
    assert_eq!((phase, kind), (Phase::Handshake, ErrorKind::TimedOut));
    assert!(text.ends_with("timed out"), "{text}");
}

#[test]
fn a_server_that_is_never_done_runs_into_the_deadline_too() {
    let url = url_of(serve(|mut tcp| {
        let mut answer = b"HTTP/1.1 101 Switching Protocols\r\nX: ".iter();
        while tcp.write_all(&[*answer.next().unwrap_or(&b'x')]).is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    }));
    let mut client = Client::with(|options| {
        options.timeouts.handshake = Duration::from_millis(300);
    });
    let (phase, kind, _) = refused(&mut client, &url);
    assert_eq!((phase, kind), (Phase::Handshake, ErrorKind::TimedOut));
}

#[test]
fn close_and_abort_while_connecting_do_not_wait_for_anybody() {
    let silent = url_of(serve(|mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::new();
    let started = Instant::now();
    let first = client.connect(&silent);
    // It waits for the first one's turn to end.
    let second = client.connect(&silent);
    let third = client.connect(&silent);
    client
        .network
        .command(boa_websocket::net::Command::Abort { id: first });
    client.close(third, None, "");
    client.close(second, None, "");
    for expected in [third, second] {
        let (id, event) = client.next();
        assert_eq!(id, expected);
        let Event::Closed(closed) = event else {
            panic!("{event:?}");
        };
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().kind(), &ErrorKind::Cancelled);
    }
    // All of it took no deadline of thirty seconds.
    assert!(started.elapsed() < Duration::from_secs(20));
    assert_eq!(client.network.sockets(), 0);
    drop(client);
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn one_handshake_at_a_time_to_an_address_unless_lifted() {
    // The server answers only once a second connection is there.
    let both = |serial: bool| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = url_of(listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (first, _) = listener.accept().unwrap();
            listener.set_nonblocking(true).unwrap();
            let until = Instant::now() + Duration::from_millis(300);
            while Instant::now() < until {
                if let Ok((second, _)) = listener.accept() {
                    return (first, Some(second));
                }
                thread::sleep(Duration::from_millis(5));
            }
            (first, None)
        });
        let mut client = Client::with(|options| options.serial_handshakes = serial);
        client.connect(&url);
        // The same address under another name.
        client.connect(&url.replace("127.0.0.1", "localhost"));
        let (_first, second) = server.join().unwrap();
        second.is_some()
    };
    assert!(!both(true), "the second one waits for its turn");
    assert!(both(false), "the second one does not wait");
}

#[test]
fn a_turn_that_ends_badly_is_handed_on() {
    let url = url_of(serve(|mut tcp| {
        read_head(&mut tcp);
        tcp.write_all(b"HTTP/1.1 503 Busy\r\n\r\n").unwrap();
    }));
    let mut client = Client::new();
    let mut waiting: Vec<_> = (0..20).map(|_| client.connect(&url)).collect();
    while !waiting.is_empty() {
        let (id, event) = client.next();
        assert!(matches!(event, Event::Closed(_)));
        waiting.retain(|other| *other != id);
    }
}

#[test]
fn one_socket_more_than_the_limit() {
    let url = websocket(echo);
    let mut client = Client::with(|options| options.limits.sockets = 2);
    let first = client.open(&url);
    client.open(&url);
    let (phase, kind, _) = refused(&mut client, &url);
    assert_eq!((phase, kind), (Phase::Policy, ErrorKind::TooManySockets(2)));
    client.close(first, None, "");
    assert!(client.closing_then_closed().was_clean);
    client.open(&url);

    let mut client = Client::with(|options| options.limits.connecting = 1);
    let silent = url_of(serve(|mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    client.connect(&silent);
    let (_, kind, _) = refused(&mut client, &url);
    assert_eq!(kind, ErrorKind::TooManyConnecting(1));
}
