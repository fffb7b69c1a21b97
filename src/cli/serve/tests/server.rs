use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Mutex;

use tungstenite::Message;

use super::super::request::MAX_HEAD;
use super::super::{CertificateKind, ENDPOINTS, Entry, listing};
use super::*;

/// Sends bytes and reads the answer to the end.
fn ask(server: &Server, request: &[u8]) -> String {
    let mut line = tcp(server.address());
    line.write_all(request).unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).unwrap();
    answer
}

fn get(server: &Server, path: &str) -> String {
    ask(
        server,
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
    )
}

#[test]
fn plain_http_gets_the_list() {
    let server = server();
    let answer = get(&server, "/");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(&listing()));
    for endpoint in ENDPOINTS {
        assert!(listing().contains(endpoint.path) && !endpoint.about.is_empty());
    }
    let paths: HashSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    assert_eq!(paths.len(), ENDPOINTS.len());

    assert!(get(&server, "/echo").starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    assert!(get(&server, "/nowhere").starts_with("HTTP/1.1 404 Not Found\r\n"));
    assert!(get(&server, "/status?code=418").starts_with("HTTP/1.1 418 "));
    assert!(get(&server, "/last-close?id=x&ms=1").ends_with("\r\n\r\nnull"));
}

#[test]
fn requests_that_are_wrong_are_refused() {
    let server = server();
    let good = "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (from, to) in [
        ("GET", "POST"),
        ("Connection: Upgrade", "Connection: close"),
        ("Version: 13", "Version: 8"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "short"),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
    ] {
        let answer = ask(&server, good.replace(from, to).as_bytes());
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{to}: {answer}"
        );
    }
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\0\0\0\0",
        b"GET\r\n\r\n",
    ] {
        let answer = ask(&server, garbage);
        assert!(
            answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
            "{answer}"
        );
    }
    // A head at its limit is read, a head over it is not.
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    assert!(ask(&server, head(MAX_HEAD).as_bytes()).starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(
        ask(&server, head(MAX_HEAD + 1).as_bytes()).starts_with("HTTP/1.1 400 Bad Request\r\n")
    );
}

#[test]
fn a_request_may_come_in_any_pieces() {
    let server = server();
    let head = "GET /status?code=204 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for at in 1..head.len() {
        let mut line = tcp(server.address());
        line.set_nodelay(true).unwrap();
        line.write_all(&head.as_bytes()[..at]).unwrap();
        line.write_all(&head.as_bytes()[at..]).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 204 No Content\r\n"),
            "cut at {at}: {answer}"
        );
    }
}

#[test]
fn certificates_are_as_asked_for() {
    let fault = |certificate, name| {
        let server = Server::start(ServerOptions {
            certificate,
            ..ServerOptions::default()
        })
        .unwrap();
        let mut tls = tls(&server, name);
        tls.write_all(b"GET / HTTP/1.1\r\n\r\n")
            .and_then(|()| tls.read_to_string(&mut String::new()))
            .err()
            .map(|error| format!("{error:?}"))
    };
    for name in ["localhost", "127.0.0.1", "::1"] {
        assert_eq!(fault(CertificateKind::Good, name), None);
    }
    for (certificate, word) in [
        (CertificateKind::Expired, "Expired"),
        (CertificateKind::NotYetValid, "NotValidYet"),
        (CertificateKind::WrongName, "NotValidForName"),
        (CertificateKind::UnknownIssuer, "InvalidCertificate"),
        (CertificateKind::SelfSigned, "InvalidCertificate"),
    ] {
        let fault = fault(certificate, "localhost").unwrap();
        assert!(fault.contains(word), "{certificate:?}: {fault}");
    }
}

#[test]
fn only_loopback_unless_told_otherwise() {
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let options = ServerOptions {
        bind: any,
        ..ServerOptions::default()
    };
    let error = Server::start(options.clone()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    let server = Server::start(ServerOptions {
        allow_remote: true,
        ..options
    })
    .unwrap();
    assert!(server.ws_url().starts_with("ws://127.0.0.1:"));
    let mut client = connect(&server, Scheme::Ws, "/echo");
    client.send(Message::text("here")).unwrap();
    assert_eq!(next_text(&mut client), "here");
}

#[test]
fn without_tls_there_is_one_port() {
    let server = Server::start(ServerOptions {
        tls: false,
        ..ServerOptions::default()
    })
    .unwrap();
    assert_eq!(
        (server.tls_address(), server.wss_url(), server.ca_pem()),
        (None, None, None)
    );
    connect(&server, Scheme::Ws, "/echo");
}

#[test]
fn a_port_in_use_is_an_error() {
    let first = server();
    let options = ServerOptions {
        port: first.address().port(),
        ..ServerOptions::default()
    };
    let error = Server::start(options).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn connections_over_the_limit_are_turned_away() {
    let options = ServerOptions {
        max_connections: 1,
        ..ServerOptions::default()
    };
    let server = Server::start(options).unwrap();
    let mut first = connect(&server, Scheme::Ws, "/echo");
    let asked = request(&server, Scheme::Ws, "/echo");
    assert!(connect_with(&server, Scheme::Ws, asked).is_err());
    first.send(Message::text("still here")).unwrap();
    assert_eq!(next_text(&mut first), "still here");
}

#[test]
fn a_thousand_connections_at_once() {
    // Both ends are in this process.
    rlimit::increase_nofile_limit(8_192).unwrap();
    let server = server();
    for scheme in BOTH {
        let mut clients: Vec<_> = (0..1_000)
            .map(|_| connect(&server, scheme, "/echo"))
            .collect();
        assert!(server.connections() >= 1_000);
        for (number, client) in clients.iter_mut().enumerate() {
            client.send(Message::text(number.to_string())).unwrap();
        }
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(next_text(client), number.to_string());
        }
    }
}

#[test]
fn stopping_ends_every_connection_and_thread() {
    let mut server = server();
    let mut clients: Vec<_> = BOTH
        .into_iter()
        .flat_map(|scheme| {
            [
                "/echo",
                "/sink",
                "/mute",
                "/mute?read=0",
                "/close?end=keep",
                "/flood?count=0&size=100000",
            ]
            .map(|path| connect(&server, scheme, path))
        })
        .collect();
    // In the middle of a handshake, and before one.
    let slow = tcp(server.address());
    (&slow)
        .write_all(
            b"GET /slow-handshake?ms=600000 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        )
        .unwrap();
    let idle = tcp(server.tls_address().unwrap());
    while server.connections() < clients.len() + 2 {
        std::thread::yield_now();
    }
    server.stop();
    assert_eq!(server.connections(), 0);
    for client in &mut clients {
        while client.read().is_ok() {}
    }
    assert!(std::net::TcpStream::connect(server.address()).is_err());
    drop((slow, idle));
    server.stop();
}

#[test]
fn the_log_tells_who_connects_what_is_said_and_how_it_ends() {
    for scheme in BOTH {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let options = ServerOptions {
            log: Some(Arc::new(move |entry: &Entry<'_>| {
                log.lock().unwrap().push(entry.to_string());
            })),
            ..ServerOptions::default()
        };
        let server = Server::start(options).unwrap();
        let mut client = connect(&server, scheme, "/echo?token=s3cret&id=log");
        client.send(Message::text("hi\x1b[2J")).unwrap();
        client.send(Message::binary(vec![1, 2])).unwrap();
        next(&mut client);
        next(&mut client);
        client.close(None).unwrap();
        while client.read().is_ok() {}
        drop(client);
        server.wait_for_record("log", PATIENCE);
        while server.connections() > 0 {
            std::thread::yield_now();
        }
        let lines = lines.lock().unwrap();
        let expected = [
            "/echo?token=[redacted]&id=log",
            " opened ",
            "#1 < text 6 B \"hi\\u{1b}[2J\"",
            "#1 > text 6 B \"hi\\u{1b}[2J\"",
            "#1 < binary 2 B 01 02",
            "#1 > binary 2 B 01 02",
            "#1 < close without a code",
            "#1 > close without a code",
            "#1 closed cleanly after ",
        ];
        assert_eq!(lines.len(), expected.len(), "{lines:?}");
        // What is echoed may be written before or after the next message is read.
        for part in expected {
            assert!(
                lines.iter().any(|line| line.contains(part)),
                "{part}: {lines:?}"
            );
        }
        assert!(lines.last().unwrap().ends_with(" 2 messages in, 2 out"));
        assert!(lines.iter().all(|line| !line.contains("s3cret")));
    }
}
