//! `boaws serve`: its log.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use tungstenite::Message;

use crate::harness::{PATIENCE, Served, command, outcome, text};

#[test]
fn each_thing_is_a_line() {
    let server = Served::start(&[]);
    let protocol = [("sec-websocket-protocol", "chat")];
    let (mut client, _) = server.connect("/echo?token=s3cret", &protocol).unwrap();
    client.send(Message::text("héllo\u{1b}[2J\n")).unwrap();
    client.read().unwrap();
    client.send(Message::binary(vec![0, 255])).unwrap();
    client.read().unwrap();
    client.send(Message::text("x".repeat(100_000))).unwrap();
    client.read().unwrap();
    client.send(Message::Ping(vec![1].into())).unwrap();
    client.read().unwrap();
    client.close(None).unwrap();
    while client.read().is_ok() {}
    drop(client);
    let lines = server.log_until("closed cleanly");
    let long = format!("text 100000 B \"{}…\"", "x".repeat(80));
    let expected = [
        "#1 < text 11 B \"héllo\\u{1b}[2J\\n\"",
        "#1 > text 11 B \"héllo\\u{1b}[2J\\n\"",
        "#1 < binary 2 B 00 ff",
        "#1 > binary 2 B 00 ff",
        &format!("#1 < {long}"),
        &format!("#1 > {long}"),
        "#1 < ping 1 B 01",
        "#1 > pong 1 B 01",
        "#1 < close without a code",
        "#1 > close without a code",
    ];
    let opened = &lines[0];
    assert!(opened.starts_with("#1 127.0.0.1:"), "{opened}");
    assert!(
        opened.ends_with(" opened ws /echo?token=[redacted], subprotocol chat"),
        "{opened}"
    );
    assert_eq!(lines[1..lines.len() - 1], expected);
    assert!(
        lines[lines.len() - 1].ends_with(" s, 3 messages in, 3 out"),
        "{lines:?}"
    );
}

#[test]
fn what_is_no_websocket_is_told_too() {
    let server = Served::start(&[]);
    let ask = |bytes: &[u8]| {
        let mut line = TcpStream::connect(server.address()).unwrap();
        line.set_read_timeout(Some(PATIENCE)).unwrap();
        line.write_all(bytes).unwrap();
        let mut answer = String::new();
        line.read_to_string(&mut answer).unwrap();
        answer
    };
    ask(b"GET / HTTP/1.1\r\n\r\n");
    let lines = server.log_until("GET /");
    assert!(
        lines[0].ends_with(" GET /: answered with 200 OK"),
        "{lines:?}"
    );
    ask(b"GET /nowhere HTTP/1.1\r\n\r\n");
    let lines = server.log_until("/nowhere");
    assert!(
        lines[0].ends_with("answered with 404 Not Found"),
        "{lines:?}"
    );
    ask(b"\x16\x03\x01 this is TLS\r\n\r\n");
    let lines = server.log_until("not an HTTP request");
    assert!(!lines.concat().contains('\u{16}'));
    assert!(server.connect("/status?code=403", &[]).is_err());
    server.log_until("/status?code=403: answered with 403 Forbidden");
    let (client, _) = server.connect("/echo", &[]).unwrap();
    drop(client);
    server.log_until("ended by the client without a Close frame");
    let (_client, _) = server.connect("/drop", &[]).unwrap();
    server.log_until("cut by the server");
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_recognised() {
    let server = Served::start(&[]);
    let script = format!("new WebSocket('{}/echo')", server.wss);
    let mut child = command(&["run", "--quiet", "-"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    child.wait().unwrap();
    let lines = server.log_until("TLS failed");
    assert!(lines[0].contains("see --write-ca"), "{lines:?}");
}

#[test]
fn verbose_has_headers_without_secrets_and_times() {
    let server = Served::start(&["--verbose"]);
    let headers = [("authorization", "Bearer s3cret"), ("x-plain", "seen")];
    let (client, _) = server.connect("/echo", &headers).unwrap();
    let lines = server.log_until("opened").join("\n");
    assert!(lines.contains("asks ws GET /echo\n"), "{lines}");
    assert!(lines.contains("  x-plain: seen\n"), "{lines}");
    assert!(lines.contains("  authorization: [redacted]\n"), "{lines}");
    assert!(
        lines.contains("  sec-websocket-key: [redacted]\n"),
        "{lines}"
    );
    assert!(lines.ends_with(" ms)"), "{lines}");
    assert!(
        !lines.contains("s3cret") && !lines.contains('\u{1b}'),
        "{lines}"
    );
    drop(client);
}

#[test]
fn quiet_says_nothing() {
    let server = Served::start(&["--quiet"]);
    let (mut client, _) = server.connect("/echo", &[]).unwrap();
    client.send(Message::text("hi")).unwrap();
    client.read().unwrap();
    drop(client);
    assert_eq!(server.all_lines(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn that_nobody_can_be_accepted_is_told_once_and_passes() {
    let server = Served::with_files(24);
    let connect = |_| TcpStream::connect(server.address()).unwrap();
    let crowd: Vec<_> = (0..40).map(connect).collect();
    let told = "connections cannot be accepted for now";
    server.log_until(told);
    // Accepting is tried again and again meanwhile.
    std::thread::sleep(Duration::from_millis(300));
    drop(crowd);
    let (mut client, _) = server.connect("/echo", &[]).unwrap();
    client.send(Message::text("here")).unwrap();
    let lines = server.log_until("> text 4 B");
    assert!(!lines.iter().any(|line| line.contains(told)), "{lines:?}");
}

#[test]
fn colours_can_be_forced() {
    let server = |force: bool| {
        let mut command = command(&["serve", "--port", "0"]);
        if force {
            command.env("CLICOLOR_FORCE", "1");
        }
        command
    };
    // The error is the usual one; colours are in the log alone, so a client is needed.
    for force in [false, true] {
        let mut child = server(force)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut address = Vec::new();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
            address.push(byte[0]);
        }
        let address = text(&address);
        let address = address.trim_start_matches("ws://");
        let (mut client, _) = tungstenite::client(
            format!("ws://{address}/echo"),
            TcpStream::connect(address).unwrap(),
        )
        .unwrap();
        client.send(Message::text("hi")).unwrap();
        client.read().unwrap();
        drop(stdout);
        child.kill().unwrap();
        let (_, _, log) = {
            let output = child.wait_with_output().unwrap();
            (0, 0, text(&output.stderr))
        };
        assert_eq!(log.contains("\u{1b}["), force, "{log}");
        assert!(log.contains("text 2 B"), "{log}");
    }
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    let (code, _, error) = outcome(
        command(&["serve", "--quiet", "--verbose"])
            .output()
            .unwrap(),
    );
    assert_eq!(code, 2);
    assert!(error.contains("--verbose"), "{error}");
}
