//! `boaws connect`: with pipes and in a real pseudo-terminal, against the embedded server.
#![cfg(all(unix, feature = "cli"))]

#[path = "pty/mod.rs"]
mod pty;

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use boa_websocket::cli::serve::{Server, ServerOptions};
use pty::Terminal;
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

// ---------------------------------------------------------------- pipes

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

// ---------------------------------------------------------------- a terminal

fn terminal(args: &[&str]) -> (tempfile::TempDir, Terminal) {
    let home = tempfile::tempdir().unwrap();
    let terminal = Terminal::new(home.path(), &[&["connect"], args].concat());
    (home, terminal)
}

#[test]
fn people_see_what_comes_and_when() {
    let server = server();
    let (_home, mut terminal) = terminal(&[&url(&server, "/echo")]);
    terminal.expect("connected to ws://");
    terminal.expect_prompt();
    terminal.enter("hello");
    let before = terminal.expect("< hello\r\n");
    let time = before.rsplit('\n').next().unwrap().trim();
    assert_eq!(time.split(':').count(), 3, "{before:?}");
    terminal.expect_prompt();
    terminal.control('d');
    let (rest, code) = terminal.end();
    assert!(rest.contains("closed with 1000"), "{rest}");
    assert_eq!(code, 0);
}

#[test]
fn the_server_may_close_while_one_types() {
    let server = server();
    let (_home, mut terminal) = terminal(&[
        "--binary",
        &url(&server, "/close?code=4002&reason=enough&on=message"),
    ]);
    terminal.expect_prompt();
    terminal.enter("x");
    terminal.send("half a li");
    let (rest, code) = terminal.end();
    assert!(rest.contains("closed with 4002: enough"), "{rest}");
    assert_eq!(code, 1);
}

#[test]
fn slash_commands_and_mistakes() {
    let server = server();
    let (_home, mut terminal) = terminal(&["--hex", "--slash", &url(&server, "/echo")]);
    terminal.expect_prompt();
    terminal.enter("xyz");
    terminal.expect("not sent: it is not hexadecimal");
    terminal.enter("00ff");
    terminal.expect("< 00ff");
    terminal.enter("/nonsense");
    terminal.expect("no command /nonsense");
    terminal.enter("/close 4003 good bye");
    let (rest, code) = terminal.end();
    assert!(rest.contains("closed with 4003: good bye"), "{rest}");
    assert_eq!(code, 0);
}

#[test]
fn control_c_closes() {
    let server = server();
    let (_home, mut terminal) = terminal(&[&url(&server, "/echo")]);
    terminal.expect_prompt();
    terminal.send("dropped");
    terminal.control('c');
    terminal.expect_prompt();
    terminal.control('c');
    let (rest, code) = terminal.end();
    assert!(
        rest.contains("closed with 1000") && !rest.contains("< dropped"),
        "{rest}"
    );
    assert_eq!(code, 0);
}
