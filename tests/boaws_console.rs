//! `console` of the host binary: real processes, pipes, a terminal, real sockets.
#![cfg(feature = "cli")]

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

/// A directory with the script `script.js`.
fn script(text: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("script.js"), text).unwrap();
    directory
}

/// `boaws run script.js` in an environment that says nothing of colours.
fn command(directory: &Path) -> Command {
    let mut command = Command::new(BOAWS);
    command
        .args(["run", "--serve", "script.js"])
        .current_dir(directory)
        .env("TERM", "xterm-256color")
        .env("no_proxy", "*")
        .stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(name);
    }
    command
}

fn run_with(text: &str, environment: &[(&str, &str)]) -> Output {
    let directory = script(text);
    let mut command = command(directory.path());
    let output = command.envs(environment.iter().copied()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", utf8(&output.stderr));
    output
}

fn run(text: &str) -> Output {
    run_with(text, &[])
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[track_caller]
fn check(text: &str, stdout: &str, stderr: &str) {
    let output = run(text);
    assert_eq!(utf8(&output.stdout), stdout);
    assert_eq!(utf8(&output.stderr), stderr);
}

#[test]
fn each_method_has_its_stream() {
    check(
        "console.log('log'); console.info('info'); console.debug('debug'); console.dir({ a: 1 });
         console.dirxml('xml', 2); console.warn('warn'); console.error('error', [1]); console.log()",
        "log\ninfo\ndebug\n{ a: 1 }\nxml 2\n\n",
        "warn\nerror [ 1 ]\n",
    );
}

#[test]
fn groups_indent_every_line() {
    check(
        "console.group('A', 1); console.log('one\\ntwo'); console.warn('w');
         console.groupCollapsed(); console.log({ a: 'x'.repeat(80) });
         console.groupEnd(); console.table([1]); console.groupEnd(); console.groupEnd();
         console.log('out');
         for (let i = 0; i < 1e5; i++) console.group(); console.log('deep');
         console.clear(); console.log('cleared')",
        &format!(
            "A 1\n  one\n  two\n    {{\n      a: '{}'\n    }}\n  \
             ┌─────────┬────────┐\n  │ (index) │ Values │\n  ├─────────┼────────┤\n  \
             │ 0       │ 1      │\n  └─────────┴────────┘\nout\n{}deep\ncleared\n",
            "x".repeat(80),
            " ".repeat(80),
        ),
        "  w\n",
    );
}

#[test]
fn counters() {
    check(
        "console.count(); console.count('x'); console.count(); console.count(undefined); console.countReset();
         console.count('default'); console.count({ toString: () => 'x' }); console.countReset('none')",
        "default: 1\nx: 1\ndefault: 2\ndefault: 3\ndefault: 1\nx: 2\n",
        "Count for 'none' does not exist\n",
    );
    let many = run("for (let i = 0; i < 10010; i++) console.count('label ' + i)");
    assert_eq!(utf8(&many.stdout).lines().count(), 10_000);
    assert_eq!(utf8(&many.stderr).lines().count(), 10);
}

#[test]
fn timers() {
    let output = run("console.time(); console.time('b'); console.time();
         setTimeout(() => {
             console.timeLog('b', 'so far', { x: 1 }); console.timeEnd('b'); console.timeEnd('b'); console.timeLog();
         }, 20)");
    assert_eq!(
        utf8(&output.stderr),
        "Timer 'default' already exists\nTimer 'b' does not exist\n"
    );
    let stdout = utf8(&output.stdout);
    let lines: Vec<_> = stdout.lines().collect();
    let [log, end, other] = lines[..] else {
        panic!("{stdout}");
    };
    let time = |line: &str, label: &str| -> f64 {
        let time = line.strip_prefix(label).unwrap_or_else(|| panic!("{line}"));
        let time = time.split("ms").next().unwrap();
        time.parse().unwrap_or_else(|_| panic!("{line}"))
    };
    assert!(time(log, "b: ") >= 15.0 && time(end, "b: ") >= time(log, "b: "));
    assert!(time(other, "default: ") >= time(end, "b: "));
    assert!(log.ends_with("ms so far { x: 1 }"), "{log}");
}

#[test]
fn assertions_and_traces() {
    check(
        "console.assert(true, 'no'); console.assert(1); console.assert(); console.assert(0, 'x is %d', 5, 6);
         console.assert(null, { a: 1 });
         function f() { console.trace('at %s', 'f') }
         f();",
        "",
        "Assertion failed\nAssertion failed: x is 5 6\nAssertion failed { a: 1 }\n\
         Trace: at f\n    at f (script.js:3:38)\n    at script.js:4:11\n",
    );
}

#[test]
fn dir_takes_options() {
    check(
        "const deep = { a: { b: { c: { d: { e: 1 } } } } };
         console.dir(deep, { depth: 0 }); console.dir(deep, { depth: null }); console.dir('s');
         console.dir(1, { colors: true }); console.dir(deep, { depth: -1 })",
        "{ a: [Object] }\n{\n  a: { b: { c: { d: { e: 1 } } } }\n}\n's'\n\x1b[33m1\x1b[0m\n{ a: [Object] }\n",
        "",
    );
}

#[test]
fn it_is_a_namespace_object() {
    check(
        "const { log } = console;
         log(Object.prototype.toString.call(console), Object.keys(console).length, log.length, log.name);
         const prototype = Object.getPrototypeOf(console);
         log(Object.getPrototypeOf(prototype) === Object.prototype, Reflect.ownKeys(prototype).length);
         const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(globalThis, 'console');
         log(writable, enumerable, configurable);
         try { new log() } catch (e) { log(e.name) }",
        "[object console] 19 0 log\ntrue 0\ntrue false true\nTypeError\n",
        "",
    );
}

#[test]
fn sockets_and_their_events_can_be_read() {
    let output = run(
        "const ws = new WebSocket('/echo', ['chat']);
         ws.onopen = () => { console.log(ws); ws.send('hi'); ws.send(new Uint8Array([1, 2])) };
         ws.binaryType = 'arraybuffer';
         ws.onmessage = console.log;
         ws.addEventListener('message', (event) => { if (event.data !== 'hi') ws.close(4000, 'bye') });
         ws.onclose = (event) => console.log(event, ws.readyState);",
    );
    let stdout = utf8(&output.stdout);
    for part in [
        "WebSocket {\n  url: 'ws://127.0.0.1:",
        "  readyState: 1,\n",
        "MessageEvent { type: 'message', data: 'hi', origin: 'ws://127.0.0.1:",
        "data: ArrayBuffer { [contents]: <01 02>, byteLength: 2 }",
        "CloseEvent { type: 'close', wasClean: true, code: 4000, reason: 'bye' } 3\n",
    ] {
        assert!(stdout.contains(part), "no {part} in {stdout}");
    }
}

// ---------------------------------------------------------------- colours

const COLORFUL: &str = "console.log([1]); console.error(['e']); console.log('%cred', 'color: red')";
const PLAIN: &str = "[ 1 ]\nred\n";

#[test]
fn a_pipe_has_no_colors_unless_they_are_forced() {
    check(COLORFUL, PLAIN, "[ 'e' ]\n");
    let forced = run_with(COLORFUL, &[("CLICOLOR_FORCE", "1")]);
    assert_eq!(
        utf8(&forced.stdout),
        "[ \x1b[33m1\x1b[0m ]\n\x1b[91mred\x1b[0m\n"
    );
    assert_eq!(utf8(&forced.stderr), "[ \x1b[32m'e'\x1b[0m ]\n");
    let no_color = [("CLICOLOR_FORCE", "0"), ("NO_COLOR", "1")];
    assert_eq!(utf8(&run_with(COLORFUL, &no_color).stdout), PLAIN);
    // What a script writes stays.
    check("console.log('\\x1b[1mx')", "\x1b[1mx\n", "");
}

/// What a terminal gets.
#[cfg(unix)]
fn on_a_terminal(text: &str, environment: &[(&str, &str)]) -> String {
    let directory = script(text);
    let mut command = command(directory.path());
    command.envs(environment.iter().copied());
    let mut session = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
    session.exp_eof().unwrap().replace("\r\n", "\n")
}

#[cfg(unix)]
#[test]
fn a_terminal_has_colors_unless_they_are_not_wanted() {
    let colored = "[ \x1b[33m1\x1b[0m ]\n[ \x1b[32m'e'\x1b[0m ]\n\x1b[91mred\x1b[0m\n";
    let plain = "[ 1 ]\n[ 'e' ]\nred\n";
    for (environment, expected) in [
        (&[][..], colored),
        (&[("NO_COLOR", "1")], plain),
        (&[("TERM", "dumb")], plain),
        (&[("CLICOLOR", "0")], plain),
        (&[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], colored),
    ] {
        assert_eq!(
            on_a_terminal(COLORFUL, environment),
            expected,
            "{environment:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn each_stream_has_colors_of_its_own() {
    // stdout on a terminal, stderr in a file.
    let directory = script(COLORFUL);
    let file = fs::File::create(directory.path().join("errors")).unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("exec '{BOAWS}' run script.js 2>errors")])
        .current_dir(directory.path())
        .env("TERM", "xterm");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        shell.env_remove(name);
    }
    let mut session = rexpect::session::spawn_command(shell, Some(30_000)).unwrap();
    let stdout = session.exp_eof().unwrap();
    drop(file);
    assert!(stdout.contains("\x1b[33m1\x1b[0m"), "{stdout}");
    let errors = fs::read_to_string(directory.path().join("errors")).unwrap();
    assert_eq!(errors, "[ 'e' ]\n");
}

#[cfg(unix)]
#[test]
fn clear_clears_a_terminal() {
    let text = "console.log('a'); console.clear(); console.log('b')";
    assert_eq!(on_a_terminal(text, &[]), "a\n\x1b[H\x1b[2Jb\n");
    check(text, "a\nb\n", "");
}

// ---------------------------------------------------------------- pipes

#[test]
fn many_lines_get_through_a_pipe() {
    let output = run("for (let i = 0; i < 100000; i++) console.log('line ' + i)");
    let stdout = utf8(&output.stdout);
    assert_eq!(stdout.lines().count(), 100_000);
    assert_eq!(stdout.lines().last(), Some("line 99999"));
}

#[test]
fn a_line_is_out_at_once() {
    let directory = script("console.log('first'); setInterval(() => {}, 1000)");
    let mut child = command(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let read = BufReader::new(child.stdout.take().unwrap()).read_line(&mut line);
    child.kill().unwrap();
    child.wait().unwrap();
    read.unwrap();
    assert_eq!(line, "first\n");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let directory = script(
        "console.log('first');
         const ws = new WebSocket('/echo');
         ws.onopen = () => { for (let i = 0; i < 10000; i++) console.log('x'.repeat(100)); ws.close(1000) };",
    );
    let mut child = command(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let mut byte = [0];
    stdout.read_exact(&mut byte).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(utf8(&output.stderr), "");
    // To its end, or as if the signal had ended it; no signal, no panic.
    assert!(
        matches!(output.status.code(), Some(0 | 141)),
        "{}",
        output.status
    );
}
