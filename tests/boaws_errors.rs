//! How the host binary shows errors that nobody has caught.
#![cfg(feature = "cli")]

use std::{
    fs,
    process::{Command, Output, Stdio},
    time::{Duration, SystemTime},
};

use tempfile::TempDir;

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

/// A directory with script files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// Runs the first file.
fn run_in(directory: &TempDir, name: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(BOAWS);
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(name);
    }
    command
        .args(["run", name])
        .current_dir(directory.path())
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// What stands on stderr after the first file was run.
#[track_caller]
fn errors(sources: &[(&str, &str)]) -> String {
    let directory = files(sources);
    let output = run_in(&directory, sources[0].0, &[]);
    assert_eq!(utf8(&output.stdout), "");
    assert_eq!(output.status.code(), Some(1));
    utf8(&output.stderr)
}

#[track_caller]
fn check(script: &str, expected: &str) {
    let expected: Vec<_> = expected
        .trim_matches('\n')
        .lines()
        .map(str::trim_end)
        .collect();
    assert_eq!(errors(&[("script.js", script)]), expected.join("\n") + "\n");
}

#[test]
fn an_exception_shows_its_line_and_its_stack() {
    check(
        "function inner(x) {
    null.foo;
}
function outer() { [1].forEach(inner) }
outer();
",
        "
Uncaught TypeError: cannot convert 'null' or 'undefined' to object
 --> script.js:2:10
  |
2 |     null.foo;
  |          ^
    at inner (script.js:2:10)
    at forEach (native)
    at outer (script.js:4:31)
    at script.js:5:6
",
    );
}

#[test]
fn a_syntax_error_shows_its_line() {
    check(
        "let a = 1;\nlet b = a a;\n",
        "
Uncaught SyntaxError: expected one of ';' or 'line terminator', got 'a' in lexical declaration binding list
 --> script.js:2:11
  |
2 | let b = a a;
  |           ^
",
    );
    check(
        "function f() {\r\n  if (true) {\r\n",
        "
Uncaught SyntaxError: abrupt end
 --> script.js:2:14
  |
2 |   if (true) {
  |              ^
",
    );
}

#[test]
fn modules_are_shown_too() {
    let shown = errors(&[
        ("main.mjs", "import { f } from './lib.mjs';\nf();\n"),
        (
            "lib.mjs",
            "export function f() {\n  throw new RangeError('in lib');\n}\n",
        ),
    ]);
    assert!(
        shown.contains("Uncaught RangeError: in lib\n --> "),
        "{shown}"
    );
    assert!(shown.contains("lib.mjs:2:"), "{shown}");
    assert!(
        shown.contains("2 |   throw new RangeError('in lib');\n  |         ^\n"),
        "{shown}"
    );
    assert!(shown.contains("at main.mjs:2:"), "{shown}");

    let shown = errors(&[
        ("main.mjs", "import './broken.mjs';\n"),
        ("broken.mjs", "export const a = 1;\nexport const = 2;\n"),
    ]);
    assert!(shown.starts_with("Uncaught SyntaxError: "), "{shown}");
    assert!(shown.contains("broken.mjs:2:"), "{shown}");
    assert!(
        shown.contains("2 | export const = 2;\n  |              ^\n"),
        "{shown}"
    );
}

#[test]
fn a_file_that_has_changed_is_not_shown() {
    let sources = [
        ("main.mjs", "import { f } from './lib.mjs';\nf();\n"),
        ("lib.mjs", "export function f() { throw new Error('x') }\n"),
    ];
    let directory = files(&sources);
    let lib = fs::File::options()
        .write(true)
        .open(directory.path().join("lib.mjs"))
        .unwrap();
    lib.set_modified(SystemTime::now() + Duration::from_secs(3600))
        .unwrap();
    let shown = utf8(&run_in(&directory, "main.mjs", &[]).stderr);
    assert!(shown.contains("lib.mjs:1:"), "{shown}");
    assert!(!shown.contains('^'), "{shown}");
}

#[test]
fn causes_and_members_are_shown() {
    check(
        "const inner = new Error('inner', { cause: 'why' });
throw Object.assign(new Error('outer', { cause: inner }), { code: 'E_OUTER' });
",
        "
Uncaught Error: outer
 --> script.js:2:21
  |
2 | throw Object.assign(new Error('outer', { cause: inner }), { code: 'E_OUTER' });
  |                     ^
    at script.js:2:21 {
  [cause]: Error: inner
      at script.js:1:15 {
    [cause]: 'why'
  },
  code: 'E_OUTER'
}
",
    );
    check(
        "Promise.any([Promise.reject(new TypeError('one')), Promise.reject(2)]);",
        "
Uncaught (in promise) AggregateError: no promise in Promise.any was fulfilled.
{
  [errors]: [
    TypeError: one
        at script.js:1:29,
    2
  ]
}
"
        .replace("fulfilled.\n{", "fulfilled. {")
        .as_str(),
    );
}

#[test]
fn a_chain_of_causes_has_an_end() {
    let shown = errors(&[(
        "script.js",
        "let e = new Error('first'); for (let i = 0; i < 1e5; i++) e = new Error('e' + i, { cause: e });
         const loop = new Error('loop'); loop.cause = loop; reportError(loop); throw e",
    )]);
    assert!(shown.lines().count() < 60, "{shown}");
    assert!(shown.contains("[Circular *1]"), "{shown}");
    assert!(shown.contains("Uncaught Error: e99999\n"), "{shown}");
}

#[test]
fn rejections_are_named() {
    let shown = errors(&[(
        "script.js",
        "async function load() { await 0; throw new TypeError('no') }\nload();\nPromise.reject({ code: 7 });",
    )]);
    assert!(
        shown.contains("Uncaught (in promise) TypeError: no\n --> script.js:1:40\n"),
        "{shown}"
    );
    assert!(
        shown.contains("Uncaught (in promise) { code: 7 }\n"),
        "{shown}"
    );
    assert!(!shown.contains("at  (native)"), "{shown}");
}

#[test]
fn whatever_is_thrown_is_shown() {
    for (thrown, expected) in [
        ("'text'", "Uncaught 'text'\n --> script.js:1:7\n"),
        ("'\\x1b[31m'", "Uncaught '\\x1B[31m'\n"),
        ("5n", "Uncaught 5n\n --> script.js:1:7\n"),
        ("undefined", "Uncaught undefined\n"),
        ("{ code: 1 }", "Uncaught { code: 1 }\n --> script.js:1:7\n"),
        ("[[1]]", "Uncaught [ [ 1 ] ]\n    at script.js\n"),
        (
            "new Proxy({}, { get() { throw 1 } })",
            "Uncaught [Proxy]\n    at script.js\n",
        ),
        (
            "new DOMException('m', 'DataError')",
            "Uncaught DOMException [DataError]: m\n --> script.js:1:7\n",
        ),
        (
            "new (class Mine extends Error {})('m')",
            "Uncaught Mine: m\n --> script.js:1:",
        ),
    ] {
        let shown = errors(&[("script.js", &format!("throw {thrown}"))]);
        assert!(shown.starts_with(expected), "{thrown}: {shown}");
    }
}

#[test]
fn the_caret_keeps_its_place() {
    // A tab, wide characters, and a line that is much too long for a terminal.
    check(
        "\tlet 日本 = '𝒳'; null.foo;",
        "
Uncaught TypeError: cannot convert 'null' or 'undefined' to object
 --> script.js:1:21
  |
1 |     let 日本 = '𝒳'; null.foo;
  |                          ^
    at script.js:1:21
",
    );
    let long = format!(
        "var a = '{}'; nothere(); var b = '{}';",
        "x".repeat(100_000),
        "y".repeat(100_000)
    );
    let shown = errors(&[("script.js", &long)]);
    let lines: Vec<_> = shown.lines().collect();
    assert!(
        lines.iter().all(|line| line.chars().count() <= 100),
        "{shown}"
    );
    let source = lines
        .iter()
        .position(|line| line.starts_with("1 | "))
        .unwrap();
    assert!(lines[source].contains("nothere()"), "{shown}");
    let caret = lines[source + 1].find('^').unwrap();
    let near = lines[source].find("nothere").unwrap();
    assert!(caret.abs_diff(near) <= 8, "{shown}");
}

#[test]
fn a_name_that_is_not_defined_is_pointed_at() {
    // Boa knows no place before the first call.
    check(
        "const a = 1;
let b = nothere + a;
",
        "
Uncaught ReferenceError: nothere is not defined
 --> script.js:2:9
  |
2 | let b = nothere + a;
  |         ^
    at script.js
",
    );
    check(
        "function f() { return x.nothere + nothere }
const x = {};
f();
",
        "
Uncaught ReferenceError: nothere is not defined
 --> script.js:1:35
  |
1 | function f() { return x.nothere + nothere }
  |                                   ^
    at f (script.js:1:14)
    at script.js:3:2
",
    );
    // In doubt nothing is pointed at.
    let shown = errors(&[("script.js", "function f() { nothere }\nnothere;")]);
    assert_eq!(
        shown,
        "Uncaught ReferenceError: nothere is not defined\n    at script.js\n"
    );
    let made = errors(&[("script.js", "throw new ReferenceError('a is not defined')")]);
    assert!(made.contains("script.js:1:7\n"), "{made}");
}

#[test]
fn runaway_recursion_is_short() {
    let shown = errors(&[("script.js", "function f() { f() }\nf();")]);
    assert!(shown.starts_with("Uncaught RuntimeLimitError: "), "{shown}");
    assert!(shown.contains("... the same"), "{shown}");
    assert!(shown.lines().count() < 12, "{shown}");
}

#[test]
fn an_event_of_a_socket_leads_to_the_line() {
    let directory = files(&[(
        "script.js",
        "const ws = new WebSocket('/echo');\nws.onopen = () => {\n  ws.close();\n  missing.property;\n};",
    )]);
    let output = Command::new(BOAWS)
        .args(["run", "--serve", "script.js"])
        .current_dir(directory.path())
        .env("no_proxy", "*")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    let shown = utf8(&output.stderr);
    assert!(
        shown.starts_with("Uncaught ReferenceError: missing is not defined\n --> script.js:4:"),
        "{shown}"
    );
    assert!(shown.contains("4 |   missing.property;\n"), "{shown}");
}

#[test]
fn colors_are_for_terminals_and_those_who_ask() {
    let directory = files(&[("script.js", "throw new Error('no')")]);
    let forced = run_in(&directory, "script.js", &[("CLICOLOR_FORCE", "1")]);
    let forced = utf8(&forced.stderr);
    assert!(
        forced.starts_with("\x1b[1m\x1b[31mUncaught\x1b[0m Error: no\n"),
        "{forced:?}"
    );
    let plain = anstream::adapter::strip_str(&forced).to_string();
    let piped = utf8(&run_in(&directory, "script.js", &[]).stderr);
    assert_eq!(plain.replace(" \n", "\n"), piped);
    #[cfg(unix)]
    {
        let mut command = Command::new(BOAWS);
        command
            .args(["run", "script.js"])
            .current_dir(directory.path())
            .env("TERM", "xterm");
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
            command.env_remove(name);
        }
        let mut session = rexpect::session::spawn_command(command, Some(30_000)).unwrap();
        assert_eq!(session.exp_eof().unwrap().replace("\r\n", "\n"), forced);
    }
}
