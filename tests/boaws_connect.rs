//! `boaws connect` with pipes, against the embedded server. At a terminal: see boaws_connect_terminal.rs.
#![cfg(all(unix, feature = "cli"))]

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use boa_websocket::cli::serve::{Server, ServerOptions};
use nix::{sys::signal::Signal, unistd::Pid};
use serde_json::{Value, json};

fn server() -> Server {
    Server::start(ServerOptions::default()).unwrap()
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boaws"));
    command
        .arg("connect")
        .args(args)
        .env("no_proxy", "*")
        .env_remove("SSL_CERT_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Pipes this in, and stdin is at its end.
fn connect(args: &[&str], input: &[u8]) -> Output {
    let mut child = command(args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Who connects to nothing does not read.
    let writer = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn url(server: &Server, path: &str) -> String {
    format!("{}{path}", server.ws_url())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[track_caller]
fn check_failure(output: &Output, stderr: &str) {
    let error = text(&output.stderr);
    assert!(error.contains(stderr), "{error}");
    assert_eq!(output.status.code(), Some(1), "{error}");
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str, stderr: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, stdout, "stderr: {err}");
    assert!(err.contains(stderr), "{err}");
    assert!(!stderr.is_empty() || err.is_empty(), "{err}");
    assert_eq!(output.status.code(), Some(code), "{err}");
}

/// A process that is talked to.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Talk {
    fn new(args: &[&str]) -> Self {
        let mut child = command(args).spawn().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn event(&mut self) -> Value {
        let mut event: Value = serde_json::from_str(&self.hear()).unwrap();
        let time = event.as_object_mut().unwrap().remove("time").unwrap();
        assert!(time.as_u64().unwrap() > 1_600_000_000_000);
        event
    }

    fn end(mut self) -> (String, i32) {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code().unwrap())
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn lines_go_out_and_answers_come_in() {
    let server = server();
    let output = connect(&[&url(&server, "/echo")], "a\nb\u{e4}\r\n\nlast".as_bytes());
    check(&output, 0, "a\nb\u{e4}\n\nlast\n", "");
    let output = connect(
        &["-m", "first", "--message=second", &url(&server, "/echo")],
        b"third\n",
    );
    check(&output, 0, "first\nsecond\nthird\n", "");
}

#[test]
fn everything_is_sent_before_the_close() {
    let server = server();
    let output = connect(&["--wait=0", &url(&server, "/echo?id=eof")], b"one\ntwo\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let record = server
        .wait_for_record("eof", Duration::from_secs(10))
        .unwrap();
    assert_eq!((record.messages, record.bytes), (2, 6));
    let close = record.close.unwrap();
    assert_eq!((close.code, &*close.reason), (Some(1000), ""));
}

#[test]
fn the_close_can_be_chosen() {
    let server = server();
    let args = [
        "--close-code=4001",
        "--close-reason=see you",
        "--wait=0",
        &url(&server, "/echo?id=code"),
    ];
    check(&connect(&args, b""), 0, "", "");
    let close = server
        .wait_for_record("code", Duration::from_secs(10))
        .unwrap()
        .close
        .unwrap();
    assert_eq!((close.code, &*close.reason), (Some(4001), "see you"));
}

#[test]
fn the_exit_code_says_how_it_ended() {
    let server = server();
    let of = |path: &str| connect(&["--no-close", &url(&server, path)], b"");
    check(&of("/close?code=1000"), 0, "", "");
    check(&of("/close?code=1001"), 0, "", "");
    check(&of("/close"), 0, "", "");
    check(
        &of("/close?code=4001&reason=bye"),
        1,
        "",
        "closed with 4001: bye",
    );
    check(&of("/drop"), 1, "", "lost without a Close frame");
    check(&of("/nowhere"), 1, "", "404");
    let output = connect(&["ws://127.0.0.1:1/"], b"x\n");
    check(
        &output,
        1,
        "",
        "boaws: preparing a connection to 127.0.0.1:1: port 1 is blocked",
    );
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = connect(&[&closed.to_string()], b"x\n");
    check(&output, 1, "", "refused");
}

#[test]
fn wrong_usage_is_said() {
    for args in [
        &["ftp://h"][..],
        &[],
        &["--hex", "--json", "ws://h"],
        &["--close-code=1005", "ws://h"],
        &["--close-code=999", "ws://h"],
        &["--protocol=a b", "ws://h"],
        &["--header=nonsense", "ws://h"],
        &["--wait=x", "ws://h"],
    ] {
        let output = connect(args, b"");
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn binary_in_its_forms() {
    let server = server();
    let echo = url(&server, "/echo");
    let output = connect(&["--binary", &echo], b"\xff\r\n\xfe");
    assert_eq!(output.stdout, b"\xff\r\n\xfe\n");
    check(&connect(&["--hex", &echo], b"00 FF\n"), 0, "00ff\n", "");
    check(&connect(&["--base64", &echo], b"AP8=\n"), 0, "AP8=\n", "");
    // What was answered before may have arrived.
    let output = connect(&["--hex", &echo], b"01\nxyz\n02\n");
    check_failure(&output, "line 2 of stdin: it is not hexadecimal");
    let output = connect(&[&echo], b"\xff\n");
    check_failure(&output, "line 1 of stdin: it is not UTF-8");
}

#[test]
fn one_answer_is_enough() {
    let server = server();
    let mut talk = Talk::new(&["-1", &url(&server, "/echo")]);
    talk.say("question");
    assert_eq!(talk.hear(), "question");
    // Stdin is still open.
    assert_eq!(talk.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let server = server();
    let begun = Instant::now();
    let output = connect(
        &[
            "--one",
            "--no-close",
            "--timeout=0.5",
            &url(&server, "/sink"),
        ],
        b"",
    );
    check(&output, 1, "", "gave up after 500ms");
    assert!(begun.elapsed() < Duration::from_secs(30));
    // One that does not even take part in the handshake.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let output = connect(&["--timeout=0.5", &address], b"");
    check(&output, 1, "", "gave up after 500ms");
}

#[test]
fn subprotocols_and_headers_are_sent() {
    let server = server();
    let mut talk = Talk::new(&[
        "--json",
        "-p",
        "chat",
        "--protocol=superchat",
        &url(&server, "/protocol?choose=chat"),
    ]);
    let opened = talk.event();
    assert_eq!(opened["type"], "open");
    assert_eq!(opened["protocol"], "chat");
    let output = connect(
        &[
            "-H",
            "X-Me: you",
            "--origin=https://o.example",
            &url(&server, "/headers"),
        ],
        b"",
    );
    let shown = text(&output.stdout);
    assert!(
        shown.contains("you") && shown.contains("https://o.example"),
        "{shown}"
    );
}

#[test]
fn programs_talk_json() {
    let server = server();
    let mut talk = Talk::new(&["--json", &url(&server, "/echo")]);
    assert_eq!(talk.event()["type"], "open");
    talk.say(r#"{"data":"a\nb"}"#);
    assert_eq!(talk.event(), json!({"type": "message", "data": "a\nb"}));
    talk.say(r#"{"type":"message","base64":"AP8="}"#);
    assert_eq!(talk.event(), json!({"type": "message", "base64": "AP8="}));
    talk.say(r#"{"type":"close","code":4000,"reason":"done"}"#);
    let closed = json!({"type": "close", "code": 4000, "reason": "done", "wasClean": true});
    assert_eq!(talk.event(), closed);
    assert_eq!(talk.end(), (String::new(), 0));

    let mut talk = Talk::new(&["--json", &url(&server, "/nowhere")]);
    let error = talk.event();
    assert_eq!(error["type"], "error");
    assert!(
        error["message"].as_str().unwrap().contains("404"),
        "{error}"
    );
    let closed = json!({"type": "close", "code": 1006, "reason": "", "wasClean": false});
    assert_eq!(talk.event(), closed);
    assert_eq!(talk.end().1, 1);
}

#[test]
fn much_goes_through_in_order() {
    let server = server();
    let mut input = Vec::new();
    for number in 0..60_000 {
        writeln!(input, "{number} {}", "x".repeat(200)).unwrap();
    }
    let output = connect(&[&url(&server, "/echo")], &input);
    assert!(
        output.stdout == input,
        "{} bytes of {}",
        output.stdout.len(),
        input.len()
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

/// A server that never reads: what is piped in has to wait, not to heap up.
#[test]
fn a_server_that_does_not_read_holds_the_pipe_back() {
    let server = server();
    let mut child = command(&[&url(&server, "/mute?read=0&ms=60000")])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let (sender, receiver) = std::sync::mpsc::channel();
    let writer = thread::spawn(move || {
        let line = [&[b'x'; 65_535][..], b"\n"].concat();
        for number in 0..2_048 {
            if stdin.write_all(&line).is_err() || sender.send(number).is_err() {
                return;
            }
        }
    });
    let mut written = 0;
    while let Ok(number) = receiver.recv_timeout(Duration::from_secs(2)) {
        written = number;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    writer.join().unwrap();
    assert!(written < 1_024, "{written} lines of 64 KiB were taken");
}

/// A reader that has gone: the conversation is over.
#[test]
fn a_closed_stdout_ends_it() {
    let server = server();
    let mut talk = Talk::new(&["--no-close", &url(&server, "/echo?id=pipe")]);
    talk.say("a");
    assert_eq!(talk.hear(), "a");
    let stdin = talk.stdin.as_mut().unwrap();
    let mut other = command(&["--no-close", &url(&server, "/echo")])
        .spawn()
        .unwrap();
    drop(other.stdout.take());
    let mut input = other.stdin.take().unwrap();
    let _ = input.write_all(b"b\n");
    assert_eq!(other.wait().unwrap().code(), Some(0));
    writeln!(stdin, "still there").unwrap();
    assert_eq!(talk.hear(), "still there");
}

#[test]
fn certificates_are_checked() {
    let server = Server::start(ServerOptions {
        tls: true,
        ..ServerOptions::default()
    })
    .unwrap();
    let url = format!("{}/echo", server.wss_url().unwrap());
    check_failure(&connect(&[&url], b"x\n"), "not signed by a trusted issuer");
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem().unwrap()).unwrap();
    let output = connect(&["--ca-file", ca.to_str().unwrap(), &url], b"x\n");
    check(&output, 0, "x\n", "");
}

#[test]
fn a_signal_closes_and_a_second_one_leaves() {
    let server = server();
    let mut talk = Talk::new(&[&url(&server, "/echo?id=signal")]);
    talk.say("a");
    assert_eq!(talk.hear(), "a");
    signal(&talk.child, Signal::SIGINT);
    assert_eq!(talk.child.wait().unwrap().code(), Some(130));
    let record = server
        .wait_for_record("signal", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, Some(1000));

    // Nobody answers the Close frame.
    let mut talk = Talk::new(&["--json", &url(&server, "/mute?ms=60000")]);
    assert_eq!(talk.event()["type"], "open");
    signal(&talk.child, Signal::SIGTERM);
    signal(&talk.child, Signal::SIGTERM);
    assert_eq!(talk.child.wait().unwrap().code(), Some(143));
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(child.id().try_into().unwrap());
    nix::sys::signal::kill(pid, signal).unwrap();
}

/// A server that never stops, and nobody who reads: what arrives has to wait outside.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_does_not_read_holds_the_server_back() {
    let server = server();
    let url = url(&server, "/flood?count=0&size=65536");
    let child = command(&["--no-close", &url]).spawn().unwrap();
    let talk = Running(child);
    thread::sleep(Duration::from_secs(3));
    let status = std::fs::read_to_string(format!("/proc/{}/status", talk.0.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(kib < 150_000, "{kib} KiB");
}

#[cfg(target_os = "linux")]
struct Running(Child);

#[cfg(target_os = "linux")]
impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
