//! `--verbose`: what becomes of each connection, on stderr.

use super::*;

/// The lines on stderr of a run with `--verbose`, the port as PORT, without their times.
fn verbose(script: &str, args: &[&str], port: &str) -> Vec<String> {
    let output = run(script, &[args, &["--verbose"]].concat(), &[]);
    assert_eq!(output.status.code(), Some(0));
    let errors = text(&output.stderr);
    let without_time = |line: &str| {
        let line = line.replace(port, "PORT");
        match line.rsplit_once(" (") {
            Some((start, time)) if time.ends_with(" ms)") => start.to_owned(),
            _ => line,
        }
    };
    // Of the hints, boaws_hints knows more.
    let lines = errors.lines().filter(|line| !line.starts_with("hint: "));
    lines.map(without_time).collect()
}

fn port_of(url: &str) -> &str {
    url.rsplit_once(':').unwrap().1
}

#[test]
fn each_phase_of_a_connection_is_a_line() {
    let server = Server::start();
    let url = format!("{}/close?code=4000&x=s3cret", server.ws);
    let lines = verbose(&script(&url), &[], port_of(&server.ws));
    let expected = [
        "connects",
        "resolved to 127.0.0.1",
        "connected to 127.0.0.1:PORT",
        "is open",
        "closed with 4000, cleanly",
    ];
    assert_eq!(
        lines,
        expected.map(|phase| format!("#1 127.0.0.1:PORT {phase}"))
    );

    let url = server.wss.replace("127.0.0.1", "localhost") + "/echo";
    let script =
        format!("const ws = new WebSocket({url:?}, 'chat'); ws.onopen = () => ws.close(3000)");
    let lines = verbose(&script, &["--ca-file", &server.ca()], port_of(&server.wss));
    for (line, expected) in lines.iter().zip([
        "connects, over TLS",
        "resolved to 127.0.0.1, ::1",
        "connected to 127.0.0.1:PORT",
        "agreed on TLS 1.3, TLS13_AES",
        "is open, subprotocol chat",
        "closes with 3000",
        "closed with 3000, cleanly",
    ]) {
        assert!(
            line.starts_with(&format!("#1 localhost:PORT {expected}")),
            "{lines:#?}"
        );
    }
    assert_eq!(lines.len(), 7, "{lines:#?}");
}

#[test]
fn a_refused_upgrade_is_shown_with_its_headers_and_without_secrets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut tcp = listener.accept().unwrap().0;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        tcp.write_all(
            b"HTTP/1.1 401 Who are you\r\nServer: tests\r\nSet-Cookie: id=s3cret\r\n\
              WWW-Authenticate: Digest nonce=\"s3cret\"\r\nLocation: /login?back=s3cret\r\n\
              X-Api-Key: s3cret\r\nX-Odd: \x9b31m\r\n\r\n",
        )
        .unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let url = format!("ws://user:s3cret@127.0.0.1:{port}/s3cret?s3cret");
    let lines = verbose(&script(&url), &["--header", "X-Secret: s3cret"], &port);
    let expected = [
        "connects",
        "resolved to 127.0.0.1",
        "connected to 127.0.0.1:PORT",
        "was refused with status 401 Who are you",
        "  server: tests",
        "  set-cookie: [redacted]",
        "  www-authenticate: Digest [redacted]",
        "  location: /login?[redacted]",
        "  x-api-key: [redacted]",
        "  x-odd: \\x9b31m",
        "failed: opening handshake with 127.0.0.1:PORT: the answer has status 401, not 101",
    ];
    assert_eq!(
        lines,
        expected.map(|line| format!("#1 127.0.0.1:PORT {line}"))
    );
}

#[test]
fn connections_are_told_apart_and_failures_say_their_phase() {
    let server = Server::start();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let script = format!(
        "for (const url of ['ws://127.0.0.1:25/', 'ws://{nobody}/', '{wss}/echo', '{ws}/drop']) new WebSocket(url);",
        wss = server.wss,
        ws = server.ws,
    );
    let lines = verbose(&script, &[], "no port");
    let of = |id: &str| -> Vec<&String> {
        let start = format!("{id} ");
        lines
            .iter()
            .filter(|line| line.starts_with(&start))
            .collect()
    };
    for (id, last) in [
        (
            "#1",
            "failed: preparing a connection to 127.0.0.1:25: port 25 is blocked",
        ),
        ("#2", "failed: connecting to 127.0.0.1:"),
        ("#3", "failed: setting up TLS with 127.0.0.1:"),
        ("#4", "closed with 1006, not cleanly: "),
    ] {
        let lines = of(id);
        assert!(lines.last().unwrap().contains(last), "{lines:#?}");
    }
    assert_eq!(of("#1").len(), 1, "nothing was tried");
    assert_eq!(
        lines.len(),
        ["#1", "#2", "#3", "#4"].map(|id| of(id).len()).iter().sum()
    );
}
