//! The same in a pseudo-terminal: colours, unless they are not wanted.

use boa_websocket::cli::serve::{Scheme, Server, ServerOptions};
use rexpect::session::spawn_command;

use crate::harness::{PATIENCE, closed_port, command, write};

/// Everything that stands on the terminal when the command has ended.
fn shown(args: &[&str], variables: &[(&str, &str)]) -> String {
    let mut command = command(args);
    command
        .env("TERM", "xterm-256color")
        // The session takes bytes for letters.
        .env("LANG", "C")
        .envs(variables.iter().copied());
    let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
    let mut session = spawn_command(command, Some(patience)).unwrap();
    session.exp_eof().unwrap().replace("\r\n", "\n")
}

const CYAN_HINT: &str = "\u{1b}[1m\u{1b}[36mhint:\u{1b}[0m ";

#[test]
fn the_doctor_has_colours() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let good = server.url(Scheme::Ws, "/echo").unwrap();
    let out = shown(&["doctor", &good], &[]);
    assert!(out.contains("\u{1b}[32m+\u{1b}[0m connect"), "{out}");
    let bad = format!("ws://127.0.0.1:{}/", closed_port());
    let out = shown(&["doctor", &bad], &[]);
    assert!(
        out.contains("\u{1b}[31m!\u{1b}[0m connect") && out.contains(CYAN_HINT),
        "{out}"
    );
    let out = shown(&["doctor", &bad], &[("NO_COLOR", "1")]);
    assert!(!out.contains('\u{1b}') && out.contains("\nhint: "), "{out}");
}

#[test]
fn a_hint_has_colours() {
    let directory = tempfile::tempdir().unwrap();
    let script = format!("new WebSocket('ws://127.0.0.1:{}/')", closed_port());
    let script = write(directory.path(), "script.js", &script);
    let out = shown(&["run", &script], &[]);
    assert!(out.contains(CYAN_HINT), "{out}");
    let out = shown(&["run", &script], &[("NO_COLOR", "1")]);
    assert!(!out.contains('\u{1b}') && out.contains("\nhint: "), "{out}");
}
