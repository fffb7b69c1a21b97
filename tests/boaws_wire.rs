//! What `boaws` does on the line, seen by servers that are not its own.
#![cfg(feature = "cli")]

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
};

use tungstenite::{
    Message, WebSocket, accept_hdr,
    handshake::server::{Request, Response},
};

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

/// A server that does the upgrade and leaves the rest to `connection`, with the request's path and query.
fn websocket(connection: impl Fn(String, WebSocket<TcpStream>) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let mut path = String::new();
            #[expect(
                clippy::result_large_err,
                reason = "the callback's type is tungstenite's"
            )]
            let callback = |request: &Request, response: Response| {
                path = request.uri().to_string();
                Ok(response)
            };
            let websocket = accept_hdr(tcp.unwrap(), callback).unwrap();
            connection(path, websocket);
        }
    });
    port
}

fn run(args: &[&str], script: &Path) -> Output {
    Command::new(BOAWS)
        .arg("run")
        .args(args)
        .arg(script)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn run_text(args: &[&str], script: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("script.js");
    std::fs::write(&path, script).unwrap();
    run(args, &path)
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str) {
    let out = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(out, stdout, "stderr: {err}");
    assert_eq!(output.status.code(), Some(code), "stderr: {err}");
}

/// Sends every message back, until the end.
fn echo(websocket: &mut WebSocket<TcpStream>) {
    while let Ok(message) = websocket.read() {
        if message.is_text() {
            websocket.send(message).unwrap();
        }
    }
}

const REPORT: &str = "
    ws.onmessage = ({ data }) => { console.log('message', data); ws.send(data); };
    ws.onerror = () => console.log('error');
    ws.onclose = (event) => console.log('close', event.code, `'${event.reason}'`, event.wasClean);
";

#[test]
fn script_answers_what_came_before_a_breach_of_the_protocol() {
    let (report, reports) = mpsc::channel();
    let port = websocket(move |_, mut websocket| {
        let tcp = websocket.get_mut();
        tcp.write_all(b"\x81\x01a\x81\x01b\x83\x00").unwrap();
        let answers: Vec<Message> = std::iter::from_fn(|| websocket.read().ok()).collect();
        report.send(answers).unwrap();
    });
    let script = format!("const ws = new WebSocket('ws://127.0.0.1:{port}/'); {REPORT}");
    let output = run_text(&[], &script);
    let expected = "message a\nmessage b\nerror\nclose 1006 '' false\n";
    check(&output, 0, expected);
    let answers = reports.recv().unwrap();
    assert_eq!(answers[..2], [Message::text("a"), Message::text("b")]);
    let [Message::Close(Some(close))] = &answers[2..] else {
        panic!("no Close frame: {answers:?}")
    };
    assert_eq!(u16::from(close.code), 1002);
}

#[test]
fn a_peer_that_has_gone_without_a_word_is_noticed_when_asked_for() {
    let port = websocket(|_, mut websocket| {
        let _ = websocket.get_mut().read_to_end(&mut Vec::new());
    });
    let script = format!("const ws = new WebSocket('ws://127.0.0.1:{port}/'); {REPORT}");
    for (args, reason) in [
        (
            &["--heartbeat=0.05", "--pong-timeout=0.1"][..],
            "no answer to a ping within 100ms",
        ),
        (&["--idle-timeout", "0.1"], "nothing was received for 100ms"),
    ] {
        let output = run_text(&[args, &["--verbose"]].concat(), &script);
        check(&output, 0, "error\nclose 1006 '' false\n");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(error.contains(reason), "{error}");
    }
}

// ---------------------------------------------------------------- fixtures/autobahn-client.js

fn client() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures").join("autobahn-client.js")
}

/// A fuzzing server with two cases: one in order, one that it finds fault with.
fn fuzzing_server() -> (u16, mpsc::Receiver<String>) {
    let (report, requests) = mpsc::channel();
    let port = websocket(move |path, mut websocket| {
        let name = path.split('?').next().unwrap_or_default();
        let answer = match name {
            "/getCaseCount" => "2",
            "/getCaseInfo" => r#"{ "id": "1.2", "description": "the second" }"#,
            "/getCaseStatus" if path.ends_with("case=1") => r#"{ "behavior": "OK" }"#,
            "/getCaseStatus" => r#"{ "behavior": "FAILED" }"#,
            _ => "",
        };
        let mut got = String::new();
        if name == "/runCase" {
            websocket.send(Message::text("to and fro")).unwrap();
            got = websocket.read().unwrap().to_text().unwrap().to_owned();
        } else if !answer.is_empty() {
            websocket.send(Message::text(answer)).unwrap();
        }
        websocket.close(None).unwrap();
        echo(&mut websocket);
        report.send(format!("{path} {got}")).unwrap();
    });
    (port, requests)
}

#[test]
fn the_client_for_autobahn_runs_every_case_and_says_which_were_not_ok() {
    let (port, requests) = fuzzing_server();
    let location = format!("http://127.0.0.1:{port}/?agent=a%20name");
    let output = run(&["--location", &location], &client());
    let expected = "2 cases\ncase 1.2: FAILED\n1 OK, 1 FAILED; unexpected events in 0\n";
    check(&output, 0, expected);
    let requests: Vec<String> = requests.try_iter().collect();
    assert_eq!(
        requests,
        [
            "/getCaseCount?agent=a%20name ",
            "/runCase?agent=a%20name&case=1 to and fro",
            "/getCaseStatus?agent=a%20name&case=1 ",
            "/runCase?agent=a%20name&case=2 to and fro",
            "/getCaseStatus?agent=a%20name&case=2 ",
            "/getCaseInfo?agent=a%20name&case=2 ",
            "/updateReports?agent=a%20name ",
        ]
    );
}

#[test]
fn the_client_for_autobahn_says_that_there_is_no_server() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let output = run(
        &["--location", &format!("ws://127.0.0.1:{port}")],
        &client(),
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("no fuzzing server"), "{error}");
}

#[test]
fn a_close_that_nobody_waits_for_is_no_failure_and_one_that_is_waited_for_is() {
    let (gone, here) = mpsc::channel::<()>();
    let here = std::sync::Mutex::new(here);
    // The first one never answers until the process has gone, the second one not in time.
    let port = websocket(move |_, websocket| {
        let _ = here.lock().unwrap().recv();
        drop(websocket);
    });
    let script = |listener| {
        format!(
            "const ws = new WebSocket('ws://127.0.0.1:{port}/');
             ws.onopen = () => {{ ws.close(); }};
             {listener}"
        )
    };
    let output = run_text(&[], &script(""));
    check(&output, 0, "");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    gone.send(()).unwrap();

    let waits = script("ws.onclose = (event) => console.log(event.code);");
    let output = run_text(&["--close-timeout", "0.2"], &waits);
    check(&output, 0, "1006\n");
    let line = format!(
        "boaws: WebSocket connection to 'ws://127.0.0.1:{port}/' was not closed cleanly: timed out\n"
    );
    assert_eq!(String::from_utf8_lossy(&output.stderr), line);
    gone.send(()).unwrap();
}
