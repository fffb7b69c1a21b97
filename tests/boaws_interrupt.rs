//! How `boaws run` ends when it is asked to: by signals, by its own time limit, by a reader that goes.
#![cfg(all(feature = "cli", unix))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod boaws_process;

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use boa_websocket::cli::serve::{Server, ServerOptions};
use boaws_process::{Boaws, HANG, wait};
use tempfile::TempDir;

fn script(text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("script.js"), text).unwrap();
    directory
}

fn server() -> Server {
    Server::start(ServerOptions::default()).unwrap()
}

/// A script with two sockets to `path` that says when both are open, and how each is closed.
fn two_sockets(server: &Server, path: &str) -> String {
    let url = server.ws_url();
    format!(
        "let open = 0;
         for (const id of ['one', 'two']) {{
             const ws = new WebSocket(`{url}{path}?id=${{id}}`);
             ws.onopen = () => {{ if (++open === 2) console.log('open'); }};
             ws.onclose = (event) => console.log('close', event.code, event.wasClean);
         }}"
    )
}

/// The code of the Close frame that the server has got from that connection.
#[track_caller]
fn close_code(server: &Server, id: &str) -> Option<u16> {
    let record = server.wait_for_record(id, HANG).expect("a record");
    record.close.expect("a Close frame").code
}

/// Whether signals of this name are ignored here: then they are in child processes as well, and stay so.
fn is_ignored(number: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}

#[test]
fn a_signal_closes_the_sockets_with_1001() {
    let server = server();
    for (signal, number, code) in [("INT", 2, 130), ("TERM", 15, 143), ("HUP", 1, 129)] {
        if is_ignored(number) {
            continue;
        }
        let directory = script(&two_sockets(&server, "/echo"));
        let mut boaws = Boaws::start(directory.path(), &["run", "script.js"]);
        assert_eq!(boaws.out.next(), "open");
        boaws.signal(signal);
        boaws.ends_with(code);
        let rest = boaws.out.rest();
        assert_eq!(rest, ["close 1001 true", "close 1001 true"], "{signal}");
        assert!(boaws.err.rest().is_empty());
        for id in ["one", "two"] {
            assert_eq!(close_code(&server, id), Some(1001), "{signal}");
        }
    }
}

#[test]
fn without_sockets_it_ends_at_once() {
    let directory = script("console.log('ready'); setTimeout(() => console.log('never'), 600_000)");
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js"]);
    assert_eq!(boaws.out.next(), "ready");
    boaws.signal("TERM");
    boaws.ends_with(143);
    assert!(boaws.out.rest().is_empty());
}

#[test]
fn a_peer_that_does_not_answer_is_cut() {
    let server = server();
    let directory = script(&two_sockets(&server, "/mute"));
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js"]);
    assert_eq!(boaws.out.next(), "open");
    boaws.signal("TERM");
    boaws.ends_with(143);
    assert_eq!(boaws.out.rest(), ["close 1006 false", "close 1006 false"]);
}

#[test]
fn a_script_that_always_comes_back_does_not_hold_it() {
    let server = server();
    let url = server.ws_url();
    let directory = script(&format!(
        "function connect() {{
             const ws = new WebSocket('{url}/echo');
             ws.onopen = () => console.log('open');
             ws.onclose = (event) => {{ console.log('close', event.code); connect(); }};
         }}
         connect();"
    ));
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js"]);
    assert_eq!(boaws.out.next(), "open");
    boaws.signal("TERM");
    boaws.ends_with(143);
    assert_eq!(boaws.out.rest(), ["close 1001"]);
}

#[test]
fn the_second_signal_leaves_at_once() {
    let directory = script("console.log('ready'); for (;;);");
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js"]);
    assert_eq!(boaws.out.next(), "ready");
    boaws.signal("TERM");
    // Signals of one kind that follow too closely are one.
    boaws.signal("HUP");
    let status = boaws.wait();
    assert!(matches!(status.code(), Some(143 | 129)), "{status}");
}

#[test]
fn a_script_that_computes_for_ever_is_ended_all_the_same() {
    let directory = script("console.log('ready'); for (;;);");
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js", "--stats"]);
    assert_eq!(boaws.out.next(), "ready");
    boaws.signal("TERM");
    boaws.ends_with(143);
    boaws.err.until("the script computes on");
    boaws.err.until("boaws: time: ");
}

#[test]
fn while_standard_input_is_read_signals_are_as_ever() {
    use std::os::unix::process::ExitStatusExt;

    let mut child = Command::new(env!("CARGO_BIN_EXE_boaws"))
        .args(["run", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let kill = format!("kill -TERM {}", child.id());
    let status = Command::new("sh").args(["-c", &kill]).status().unwrap();
    assert!(status.success());
    let status = wait(&mut child);
    assert_eq!(status.signal(), Some(15), "{status}");
}

#[test]
fn what_is_ignored_stays_ignored() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let directory = script("console.log('ready'); setTimeout(() => console.log('end'), 500)");
    let boaws = env!("CARGO_BIN_EXE_boaws");
    // As `nohup` does it.
    let shell = format!("trap '' HUP; exec '{boaws}' run script.js");
    let mut child = Command::new("sh")
        .args(["-c", &shell])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    let kill = format!("kill -HUP {}", child.id());
    assert!(
        Command::new("sh")
            .args(["-c", &kill])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(lines.next().unwrap().unwrap(), "end");
    assert_eq!(wait(&mut child).code(), Some(0));
}

#[test]
fn the_time_limit_closes_the_sockets() {
    let server = server();
    let directory = script(&two_sockets(&server, "/echo"));
    let args = ["run", "--timeout", "1.5", "--stats", "script.js"];
    let mut boaws = Boaws::start(directory.path(), &args);
    boaws.ends_with(1);
    let expected = ["open", "close 1001 true", "close 1001 true"];
    assert_eq!(boaws.out.rest(), expected);
    let said = boaws.err.rest();
    assert_eq!(said[0], "boaws: ended after 1.5 s, as --timeout wants");
    assert_eq!(said[1], "boaws: sockets: 2 opened, 0 failed, 0 lost");
    assert_eq!(close_code(&server, "one"), Some(1001));
}

#[test]
fn the_time_limit_ends_what_never_yields() {
    let directory = script("for (;;);");
    let mut boaws = Boaws::start(directory.path(), &["run", "--timeout=0.1", "script.js"]);
    boaws.ends_with(1);
    let said = boaws.err.rest().join("\n");
    assert!(
        said.contains("--timeout") && said.contains("computes on"),
        "{said}"
    );
}

#[test]
fn the_time_limit_ends_what_nobody_reads() {
    let directory = script("for (;;) console.log('x'.repeat(1000))");
    let boaws = env!("CARGO_BIN_EXE_boaws");
    for redirection in ["", "2>&1"] {
        let shell = format!("exec '{boaws}' run --timeout 0.3 --stats script.js {redirection}");
        let mut child = Command::new("sh")
            .args(["-c", &shell])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let unread = child.stdout.take();
        assert_eq!(wait(&mut child).code(), Some(1));
        drop(unread);
    }
}

#[test]
fn a_time_limit_that_is_not_reached_changes_nothing() {
    let directory = script("console.log('done')");
    for limit in ["60", "0", "1e15"] {
        let mut boaws = Boaws::start(directory.path(), &["run", "--timeout", limit, "script.js"]);
        boaws.ends_with(0);
        assert_eq!(boaws.out.rest(), ["done"]);
    }
}

#[test]
fn a_file_is_not_begun_after_the_signal() {
    let directory =
        script("console.log('ready'); const end = Date.now() + 700; while (Date.now() < end);");
    fs::write(directory.path().join("next.js"), "console.log('next')").unwrap();
    let mut boaws = Boaws::start(directory.path(), &["run", "script.js", "next.js"]);
    assert_eq!(boaws.out.next(), "ready");
    boaws.signal("TERM");
    boaws.ends_with(143);
    assert!(boaws.out.rest().is_empty());
}

#[test]
fn a_reader_that_goes_ends_it_quietly() {
    let server = server();
    let url = server.ws_url();
    let endless = "for (;;) console.log('line');".to_owned();
    let socket = format!(
        "const ws = new WebSocket('{url}/echo?id=reader');
         ws.onopen = () => setInterval(() => console.log('line'), 10);"
    );
    for text in [endless, socket] {
        let directory = script(&text);
        let mut child = Command::new(env!("CARGO_BIN_EXE_boaws"))
            .args(["run", "script.js"])
            .current_dir(directory.path())
            .env("no_proxy", "*")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut reader = BufReader::new(child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "line\n");
        drop(reader);
        assert_eq!(wait(&mut child).code(), Some(141));
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty(), "{}", output.stderr.escape_ascii());
    }
    assert_eq!(close_code(&server, "reader"), Some(1001));
}
