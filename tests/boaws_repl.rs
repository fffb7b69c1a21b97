//! `boaws repl`: in a real pseudo-terminal, and with pipes.
#![cfg(all(unix, feature = "cli"))]

#[path = "pty/mod.rs"]
mod pty;

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use boa_websocket::cli::serve::{Server, ServerOptions};
use nix::sys::signal::Signal;
use pty::Terminal;
use tempfile::TempDir;

fn home() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// A session at its first prompt.
fn repl(home: &Path, args: &[&str]) -> Terminal {
    let mut terminal = Terminal::new(home, &[&["repl"], args].concat());
    terminal.expect(".help lists commands");
    terminal.expect_prompt();
    terminal
}

/// What is piped into it.
fn piped(args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_boaws"))
        .args(args)
        .env("no_proxy", "*")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn lines_are_evaluated_and_shown() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.exchange("1 + 1", "2");
    terminal.exchange("_ * 21", "42");
    terminal.exchange(
        "let a = 1; const b = 2; class C { m() { return 3 } }",
        "undefined",
    );
    terminal.exchange("function f() { return a + b + new C().m() }", "undefined");
    terminal.exchange("f()", "6");
    terminal.control('d');
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn without_a_command_a_terminal_gets_the_repl() {
    let home = home();
    let mut terminal = Terminal::new(home.path(), &[]);
    terminal.expect_prompt();
    terminal.exchange("6 * 7", "42");
    terminal.enter(".exit");
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn unfinished_source_goes_on_in_the_next_line() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("function sum(a,");
    terminal.enter("b) {");
    terminal.enter("return `${a +");
    terminal.exchange("b}`.length }", "undefined");
    terminal.exchange("sum(99, 1)", "3");
}

#[test]
fn top_level_await_and_what_it_declares() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.exchange(
        "const late = (v) => new Promise((r) => setTimeout(r, 20, v))",
        "undefined",
    );
    terminal.exchange("await late(7)", "7");
    terminal.exchange(
        "let x = await late(1), {y} = {y: 2}; class K {}; x + y",
        "3",
    );
    terminal.exchange(
        "const step = () => ++x, z = await late(5); function g() { return z }",
        "undefined",
    );
    terminal.exchange("step() + g()", "7");
    terminal.exchange("x", "2");
    terminal.exchange("typeof K", "'function'");
    terminal.enter("await Promise.reject(new RangeError('no'))");
    terminal.expect("Uncaught RangeError: no");
    terminal.expect_prompt();
    terminal.exchange("_error instanceof RangeError", "true");
}

#[test]
fn errors_are_shown_and_the_session_goes_on() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("null.x");
    terminal.expect("Uncaught TypeError");
    terminal.expect_prompt();
    terminal.enter("let let");
    terminal.expect("SyntaxError");
    terminal.expect_prompt();
    terminal.enter("setTimeout(() => { throw new Error('later') }, 1); 0");
    terminal.expect("Uncaught Error: later");
    terminal.exchange("'go on'.length", "5");
    terminal.control('d');
    assert_eq!(
        terminal.end().1,
        0,
        "errors that were seen are none at the end"
    );
}

#[test]
fn usual_mistakes_come_with_a_hint() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("import a from './a.mjs'");
    terminal.expect("hint: import declarations are for modules");
    terminal.expect_prompt();
    terminal.exchange("const twice = 1", "undefined");
    terminal.enter("let twice = await 2");
    terminal.expect("hint: twice is declared already");
    terminal.expect_prompt();
    terminal.enter("let twice = 3");
    terminal.expect("hint: twice is declared already");
    terminal.expect_prompt();
    terminal.exchange("twice", "1");
}

#[test]
fn tab_completes_globals_names_and_members() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.exchange(
        "let wonderful = {peculiar: {deep: 1}}; var gets = {get it() { throw 1 }}",
        "undefined",
    );
    terminal.send("wonder\t");
    terminal.expect("wonderful");
    terminal.send(".pecu\t.de\t");
    terminal.exchange("", "1");
    terminal.send("WebSocket.prototype.bufferedA\t");
    terminal.drop_line("bufferedAmount");
    // Several: they are listed at the second Tab.
    terminal.send("Math.a\t\t");
    terminal.expect("acosh");
    terminal.expect("atanh");
    terminal.drop_line("> Math.a");
    terminal.send("gets.it.\t");
    terminal.drop_line("gets.it.");
    terminal.exchange("'a'.length", "1");
}

#[test]
fn a_message_comes_above_the_line_that_is_typed() {
    let home = home();
    let mut terminal = repl(home.path(), &["--serve"]);
    let script = "var ws = new WebSocket('/echo'); ws.onmessage = (e) => console.log('got', e.data); \
        await new Promise((r) => ws.onopen = r); 'open'.length";
    terminal.exchange(script, "4");
    terminal.exchange("setTimeout(() => ws.send('hello'), 300), 0", "0");
    terminal.send("'half a li");
    terminal.expect("'half a li");
    terminal.expect("got hello\r\n");
    // And the line is there again, below.
    terminal.expect("> 'half a li");
    terminal.exchange("ne'.length", "11");
}

#[test]
fn what_floods_the_screen_stops_nothing() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    let script = "let n = 0; const t = setInterval(() => { for (let i = 0; i < 20; i++) console.log('line', n++) }, 1)";
    terminal.enter(script);
    let mut shown = terminal.expect("line 100\r\n");
    shown.push_str("line 100\r\n");
    terminal.enter("clearInterval(t), 'stopped'.length");
    shown.push_str(&terminal.expect("\n7\r\n"));
    terminal.enter("console.log('total', n)");
    shown.push_str(&terminal.expect("total "));
    let total: usize = terminal.expect("\r\n").trim().parse().unwrap();
    terminal.control('d');
    let (rest, code) = terminal.end();
    shown.push_str(&rest);
    assert_eq!(code, 0);
    // Each line was shown, and once.
    let lines = shown
        .split(['\r', '\n'])
        .filter_map(|line| line.strip_prefix("line "));
    let mut numbers: Vec<usize> = lines.map(|number| number.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..total).collect::<Vec<_>>());
}

#[test]
fn control_c_drops_the_line_and_twice_leaves() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.send("throw 'away'");
    terminal.drop_line("throw 'away'");
    terminal.exchange("1", "1");
    terminal.enter("f(");
    terminal.drop_line("\n");
    terminal.exchange("2", "2");
    terminal.control('c');
    terminal.expect("Ctrl-C again");
    terminal.expect_prompt();
    terminal.exchange("3", "3");
    terminal.control('c');
    terminal.expect("Ctrl-C again");
    terminal.expect_prompt();
    terminal.control('c');
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn control_c_interrupts_a_wait() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("console.log('waiting'); await new Promise(() => {})");
    terminal.expect_line("waiting");
    terminal.control('c');
    terminal.expect("interrupted");
    terminal.expect_prompt();
    terminal.exchange("4", "4");
}

#[test]
fn control_c_says_that_script_cannot_be_interrupted_and_then_ends_the_process() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("console.log('computing'); for (;;) {}");
    terminal.expect_line("computing");
    terminal.control('c');
    terminal.expect("cannot be interrupted");
    terminal.control('c');
    assert_eq!(terminal.end().1, 130);
}

#[test]
fn leaving_closes_sockets_with_1001() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let home = home();
    let mut terminal = repl(
        home.path(),
        &["--location", &server.ws_url().replacen("ws", "http", 1)],
    );
    let script =
        "const ws = new WebSocket('/echo?id=repl'); await new Promise((r) => ws.onopen = r); 1";
    terminal.exchange(script, "1");
    terminal.control('d');
    assert_eq!(terminal.end().1, 0);
    let record = server
        .wait_for_record("repl", Duration::from_secs(10))
        .unwrap();
    assert!(format!("{record:?}").contains("1001"), "{record:?}");
}

#[test]
fn a_signal_at_the_prompt_closes_sockets_and_ends_the_process() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let home = home();
    let location = server.ws_url().replacen("ws", "http", 1);
    let mut terminal = repl(home.path(), &["--location", &location]);
    let script =
        "const ws = new WebSocket('/echo?id=term'); await new Promise((r) => ws.onopen = r); 1";
    terminal.exchange(script, "1");
    terminal.send("half a line");
    terminal.expect("half a line");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.end().1, 143);
    let record = server
        .wait_for_record("term", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, Some(1001));
}

#[test]
fn a_terminal_that_can_do_nothing_is_enough() {
    let home = home();
    let mut terminal = Terminal::with(home.path(), &["repl"], |command| {
        command.env("TERM", "dumb");
    });
    terminal.expect_prompt();
    terminal.enter("f = (a) => {");
    terminal.enter("return a * 2 }; await f(21)");
    terminal.expect("42\r\n");
    terminal.control('d');
    assert_eq!(terminal.end().1, 0);
}

#[test]
fn what_ends_other_programs_is_an_error() {
    let home = home();
    let mut terminal = repl(home.path(), &[]);
    terminal.enter("function f() { return f() + 1 } f()");
    terminal.expect("Uncaught");
    terminal.expect_prompt();
    terminal.enter(&"[".repeat(3_000));
    terminal.expect("SyntaxError");
    terminal.expect_prompt();
    terminal.exchange("Object.freeze(globalThis), 1", "1");
    terminal.exchange("2", "2");
}

#[test]
fn files_are_loaded_and_sessions_saved() {
    let home = home();
    fs::write(
        home.path().join("a file.js"),
        "let loaded = await 40;\nloaded + 2\n",
    )
    .unwrap();
    fs::write(home.path().join("bad.js"), "let fine = 1;\nmissing()\n").unwrap();
    let mut terminal = repl(home.path(), &[]);
    terminal.exchange(".load a file.js", "42");
    terminal.exchange("loaded", "40");
    terminal.enter(".load bad.js");
    terminal.expect("ReferenceError");
    terminal.expect("bad.js");
    terminal.expect_prompt();
    terminal.enter(".load none.js");
    terminal.expect("cannot read none.js");
    terminal.expect_prompt();
    terminal.enter(".nonsense");
    terminal.expect("no command .nonsense");
    terminal.expect_prompt();
    terminal.enter(".help");
    terminal.expect(".load FILE");
    terminal.expect_prompt();
    terminal.enter(".save kept.js");
    terminal.expect("Saved to kept.js");
    terminal.expect_prompt();
    let kept = fs::read_to_string(home.path().join("kept.js")).unwrap();
    assert_eq!(kept, "let loaded = await 40;\nloaded + 2\nloaded\n");
    terminal.enter(".save kept.js");
    terminal.expect("cannot write kept.js");
    terminal.expect_prompt();
}

#[test]
fn history_is_kept_unless_it_must_not() {
    let home = home();
    let path = home.path().join("state/boaws/repl_history");
    let mut terminal = repl(home.path(), &[]);
    terminal.exchange("'remembered'.length", "10");
    terminal.control('d');
    terminal.end();
    assert!(fs::read_to_string(&path).unwrap().contains("'remembered'"));
    let mut terminal = repl(home.path(), &[]);
    // Arrow up.
    terminal.send("\x1b[A");
    terminal.expect("'remembered'.length");
    terminal.exchange("", "10");
    terminal.control('d');
    terminal.end();
    let mut terminal = repl(home.path(), &["--no-history"]);
    terminal.exchange("'forgotten'.length", "9");
    terminal.control('d');
    terminal.end();
    assert!(!fs::read_to_string(&path).unwrap().contains("forgotten"));
}

#[test]
fn a_history_that_cannot_be_kept_is_one_warning() {
    let home = home();
    fs::write(home.path().join("state"), "in the way").unwrap();
    let mut terminal = Terminal::new(home.path(), &["repl"]);
    terminal.expect("warning: cannot read the history");
    terminal.expect_prompt();
    terminal.enter("1 + 1");
    let before = terminal.expect_line("2");
    assert!(!before.contains("warning"), "{before}");
}

#[test]
fn colours_are_shown_where_they_are_wanted() {
    let home = home();
    let mut terminal = Terminal::with(home.path(), &["repl"], |command| {
        command.env_remove("NO_COLOR");
    });
    terminal.expect_prompt();
    // Escape sequences are stripped here; that nothing else has changed is what counts.
    terminal.exchange("const x = 'a' + `b${1}` /* c */; x.length", "3");
}

#[test]
fn a_pipe_is_evaluated_line_by_line() {
    let output = piped(
        &["repl"],
        "let a = await 20\nfunction f() {\n  return a * 2 }\nf() + 2\n'end'",
    );
    assert_eq!(text(&output.stdout), "undefined\nundefined\n42\n'end'\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = piped(
        &["repl", "-e", "var b = 1", "-e", "b + 1"],
        "throw 1\n.exit\n2",
    );
    assert_eq!(text(&output.stdout), "undefined\n2\n");
    assert!(text(&output.stderr).contains("Uncaught 1"));
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn without_a_command_a_pipe_is_a_script() {
    let output = piped(&[], "console.log('script');\n1 + 1\n");
    assert_eq!(text(&output.stdout), "script\n");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = piped(&[], "throw 1");
    assert_eq!(output.status.code(), Some(1));
}
