//! `boaws serve --scenario`.

use std::time::{Duration, Instant};

use tungstenite::{Error, Message};

use crate::harness::{Served, fixture, run, text, write};

fn served(files: &[&str]) -> Served {
    let files: Vec<_> = files.iter().map(|name| fixture(name)).collect();
    let args: Vec<_> = files.iter().flat_map(|file| ["--scenario", file]).collect();
    Served::start(&args)
}

/// A server with the scenario that this text is.
fn scenario(text: &str) -> Served {
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "scenario.json", text);
    // It is read before the address is told.
    Served::start(&["--scenario", &file])
}

fn next(client: &mut tungstenite::WebSocket<std::net::TcpStream>) -> Message {
    client.read().unwrap()
}

#[test]
fn a_flaky_server_cuts_after_three_messages() {
    let server = served(&["flaky.json"]);
    server.log_until("scenario at ws://");
    for connection in 1..=2 {
        let (mut client, _) = server.connect("/flaky", &[]).unwrap();
        assert_eq!(
            next(&mut client),
            Message::text(format!("connection {connection}"))
        );
        for number in 0..3 {
            client.send(Message::text(format!("{number}"))).unwrap();
            assert_eq!(next(&mut client), Message::text(format!("{number}")));
        }
        let end = client.read().unwrap_err();
        assert!(!matches!(end, Error::ConnectionClosed), "{end}");
        server.log_until("cut by the server");
    }
}

#[test]
fn a_slow_greeter_takes_its_time() {
    let server = served(&["slow-greeter.json"]);
    let start = Instant::now();
    let (mut client, response) = server.connect("/slow-greeter", &[]).unwrap();
    assert_eq!(response.headers()["x-greeter"], "slow");
    assert!(start.elapsed() >= Duration::from_millis(200));
    // Messages are answered while it has other things to do.
    client.send(Message::text("me")).unwrap();
    client.send(Message::binary(vec![9])).unwrap();
    let mut seen = Vec::new();
    while seen.len() < 7 {
        seen.push(match next(&mut client) {
            Message::Text(text) => text.as_str().to_owned(),
            Message::Binary(bytes) => format!("{bytes:?}"),
            Message::Ping(payload) => format!("ping {}", text(&payload)),
            other => panic!("{other:?}"),
        });
    }
    assert!(start.elapsed() >= Duration::from_millis(700));
    let greeting = [
        "hello, client 1",
        "tick",
        "tick",
        "tick",
        "ping still there?",
    ];
    let told: Vec<_> = seen
        .iter()
        .filter(|line| greeting.contains(&line.as_str()))
        .collect();
    assert_eq!(told, greeting);
    assert!(seen.iter().any(|line| line == "1: me"), "{seen:?}");
    assert!(
        seen.iter()
            .any(|line| line.contains("\\x01\\x02\\x03") || line.contains("[1, 2, 3]")),
        "{seen:?}"
    );
    client.send(Message::text("bye")).unwrap();
    let Message::Close(Some(close)) = next(&mut client) else {
        panic!("no Close frame");
    };
    assert_eq!(
        (u16::from(close.code), close.reason.as_str()),
        (4000, "goodbye")
    );
    while client.read().is_ok() {}
    server.log_until("closed cleanly");
}

#[test]
fn a_busy_server_refuses_twice_and_then_accepts() {
    let server = served(&["busy.json", "flaky.json"]);
    for _ in 0..2 {
        let Err(Error::Http(response)) = server.connect("/busy", &[]) else {
            panic!("not refused");
        };
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "1");
    }
    let (mut client, _) = server.connect("/busy", &[]).unwrap();
    client.send(Message::text("now?")).unwrap();
    assert_eq!(next(&mut client), Message::text("now?"));
    server.log_until("/busy: answered with 503 Service Unavailable");
}

#[test]
fn a_script_that_comes_back_gets_through() {
    let directory = tempfile::tempdir().unwrap();
    let server = served(&["busy.json"]);
    let script = format!(
        "let tries = 0;
         function go() {{
           tries++;
           const ws = new WebSocket('{}/busy');
           ws.onopen = () => ws.send('in');
           ws.onmessage = (event) => {{ console.log(event.data, tries); ws.close() }};
           ws.onerror = () => setTimeout(go, 1);
         }}
         go();",
        server.ws
    );
    let script = write(directory.path(), "retry.js", &script);
    let (code, out, error) = run(&["run", &script]);
    assert_eq!((code, &*out), (0, "in 3\n"), "{error}");
    assert_eq!(error.matches("status 503").count(), 2, "{error}");
    assert_eq!(error.matches("hint: ").count(), 1, "{error}");
}

#[test]
fn rules_and_odd_behaviour() {
    let server = scenario(
        r#"{
            "path": "/odd",
            "accept": { "protocol": "b" },
            "on_open": [{ "send": "{protocol} {\"json\": {}}" }],
            "on_message": [
                { "starts_with": "raw", "do": [{ "raw_base64": "gQJoaQ==" }] },
                { "equals": "empty", "do": [{ "close": {} }] },
                { "contains": "often", "do": [{ "send": "{count}", "times": 3 }] }
            ],
            "on_close": "cut"
        }"#,
    );
    let protocols = [("sec-websocket-protocol", "a, b")];
    let (mut client, response) = server.connect("/odd", &protocols).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "b");
    assert_eq!(next(&mut client), Message::text("b {\"json\": {}}"));
    for message in ["nobody answers", "raw", "very often"] {
        client.send(Message::text(message)).unwrap();
    }
    let answers: Vec<_> = (0..4).map(|_| next(&mut client)).collect();
    assert_eq!(answers, ["hi", "3", "3", "3"].map(Message::text));
    client.send(Message::text("empty")).unwrap();
    assert_eq!(next(&mut client), Message::Close(None));
    drop(client);
    let (mut client, _) = server.connect("/odd", &protocols).unwrap();
    next(&mut client);
    client.close(None).unwrap();
    let end = loop {
        if let Err(end) = client.read() {
            break end;
        }
    };
    assert!(!matches!(end, Error::ConnectionClosed), "{end}");
    // A page is no WebSocket.
    let mut line = std::net::TcpStream::connect(server.address()).unwrap();
    std::io::Write::write_all(&mut line, b"GET /odd HTTP/1.1\r\n\r\n").unwrap();
    server.log_until("/odd: answered with 426");
}

#[test]
fn a_beat_goes_on_until_the_client_closes() {
    let server = scenario(
        r#"{ "path": "/beat", "on_open": [{ "send": "beat", "after_ms": 1, "times": 0 }] }"#,
    );
    let (mut client, _) = server.connect("/beat", &[]).unwrap();
    for _ in 0..20 {
        assert_eq!(next(&mut client), Message::text("beat"));
    }
    client.close(None).unwrap();
    while client.read().is_ok() {}
    server.log_until("closed cleanly");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let bad = |contents: &str| {
        let file = write(directory.path(), "bad.json", contents);
        let (code, out, error) = run(&["serve", "--scenario", &file]);
        assert_eq!((code, &*out), (2, ""), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    };
    let error = bad("{\n  \"path\": \"/a\",\n  \"on_open\": [\n    { \"sent\": \"x\" }\n  ]\n}");
    assert!(
        error.contains("bad.json:4:12: on_open[0].sent: unknown field `sent`"),
        "{error}"
    );
    let error = bad("{ \"path\": \"/a\", \"on_open\": [{ \"close\": { \"code\": \"x\" } }] }");
    assert!(
        error.contains("on_open[0].close.code: invalid type: string \"x\", expected u16"),
        "{error}"
    );
    assert!(bad("").contains("bad.json:1:0: EOF"));
    let good = fixture("busy.json");
    let (code, _, error) = run(&["serve", "--scenario", &good, "--scenario", &good]);
    assert_eq!(code, 2);
    assert!(error.contains("another scenario is at /busy"), "{error}");
    let (code, _, error) = run(&["serve", "--scenario", "missing.json"]);
    assert_eq!(code, 2);
    assert!(error.contains("cannot read missing.json"), "{error}");
}

#[test]
fn every_scenario_among_the_fixtures_is_one() {
    let directory = fixture("");
    let mut args = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            args.extend(["--scenario".to_owned(), path.to_str().unwrap().to_owned()]);
        }
    }
    assert!(args.len() >= 6, "{args:?}");
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    Served::start(&args).log_until("scenario at");
}

#[test]
fn run_serves_them_too() {
    let directory = tempfile::tempdir().unwrap();
    let script = "const ws = new WebSocket('/flaky');
        ws.onmessage = (event) => { console.log(event.data); ws.close() };";
    let script = write(directory.path(), "script.js", script);
    let file = fixture("flaky.json");
    let (code, out, error) = run(&["run", "--serve", "--scenario", &file, &script]);
    assert_eq!((code, &*out, &*error), (0, "connection 1\n", ""));
    let (code, _, error) = run(&["run", "--scenario", &file, &script]);
    assert_eq!(code, 2);
    assert!(error.contains("--serve"), "{error}");
    let (code, _, error) = run(&["run", "--serve", "--scenario", &script, &script]);
    assert_eq!(code, 2);
    assert!(error.contains("script.js:1:1: expected"), "{error}");
}
