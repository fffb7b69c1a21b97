//! `boaws connect` in a real pseudo-terminal, against the embedded server.
#![cfg(all(unix, feature = "cli"))]

#[path = "pty/mod.rs"]
mod pty;

use boa_websocket::cli::serve::{Server, ServerOptions};
use pty::Terminal;

fn server() -> Server {
    Server::start(ServerOptions::default()).unwrap()
}

fn url(server: &Server, path: &str) -> String {
    format!("{}{path}", server.ws_url())
}

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
    terminal.drop_line("dropped");
    terminal.control('c');
    let (rest, code) = terminal.end();
    assert!(
        rest.contains("closed with 1000") && !rest.contains("< dropped"),
        "{rest}"
    );
    assert_eq!(code, 0);
}

#[test]
fn a_flood_comes_above_the_prompt() {
    let server = server();
    let (_home, mut terminal) = terminal(&[&url(&server, "/flood?count=3000&size=20&stay=1")]);
    terminal.send("typing");
    terminal.expect("2999");
    terminal.drop_line("> typing");
    terminal.control('d');
    let (rest, code) = terminal.end();
    assert!(rest.contains("closed with 1000"), "{rest}");
    assert_eq!(code, 0);
}

#[test]
fn a_program_at_a_terminal_is_shown_no_prompt() {
    let server = server();
    let (_home, mut terminal) = terminal(&["--json", &url(&server, "/echo")]);
    terminal.expect("\"type\":\"open\"");
    terminal.send("{\"data\":\"x\"}\n");
    terminal.expect("\"data\":\"x\",");
    terminal.control('d');
    let (rest, code) = terminal.end();
    assert!(rest.contains("\"wasClean\":true"), "{rest}");
    assert_eq!(code, 0);
}
