//! The host binary as a user runs it: real processes, real sockets.
#![cfg(feature = "cli")]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
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

fn boaws(directory: &Path, args: &[&str]) -> Output {
    Command::new(BOAWS)
        .args(args)
        .current_dir(directory)
        .env_remove("SSL_CERT_FILE")
        // Proxies of the place where the tests run do not lead to their servers.
        .env("no_proxy", "*")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs one script with these further arguments.
fn run(script: &str, args: &[&str]) -> Output {
    let directory = files(&[("script.js", script)]);
    let args = [&["run"], args, &["script.js"]].concat();
    boaws(directory.path(), &args)
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, stdout, "stderr: {err}");
    assert_eq!(output.status.code(), Some(code), "stderr: {err}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[track_caller]
fn check_error(output: &Output, expected: &[&str]) {
    let error = text(&output.stderr);
    for part in expected {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

/// A running process, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// ---------------------------------------------------------------- the main job

const REPORT: &str = "
    function report(url, then) {
        const ws = new WebSocket(url);
        ws.onerror = (event) => console.log('error', event.constructor.name);
        ws.onclose = (event) => console.log('close', event.code, `'${event.reason}'`, event.wasClean);
        return ws;
    }
";

#[test]
fn a_script_reads_the_close_code() {
    for scheme in ["--serve", "--serve=wss"] {
        let script = format!("{REPORT} report('/close?code=4001&reason=bye')");
        check(&run(&script, &[scheme]), 0, "close 4001 'bye' true\n");
        let script = format!(
            "{REPORT} const ws = report('/echo'); ws.onopen = () => ws.close(1000, 'done')"
        );
        check(&run(&script, &[scheme]), 0, "close 1000 'done' true\n");
        let script = format!("{REPORT} const ws = report('/echo'); ws.onopen = () => ws.close()");
        check(&run(&script, &[scheme]), 0, "close 1005 '' true\n");
        let script = format!("{REPORT} report('/drop')");
        check(
            &run(&script, &[scheme]),
            0,
            "error Event\nclose 1006 '' false\n",
        );
    }
}

#[test]
fn the_demos_run() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut demos = 0;
    for entry in fs::read_dir(&fixtures).unwrap() {
        let path = entry.unwrap().path();
        // It needs a server of its own: see boaws_wire.rs.
        if path.ends_with("autobahn-client.js") {
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "js") {
            let output = boaws(&fixtures, &["run", "--serve", path.to_str().unwrap()]);
            let name = path.display();
            assert_eq!(
                output.status.code(),
                Some(0),
                "{name}: {}",
                text(&output.stderr)
            );
            assert!(!output.stdout.is_empty(), "{name} says nothing");
            demos += 1;
        }
    }
    assert!(demos >= 5);
}

#[test]
fn output_is_there_at_once_when_it_is_a_pipe() {
    let directory = files(&[(
        "a.js",
        "console.log('first'); setTimeout(() => {}, 600_000)",
    )]);
    let mut child = Running(
        Command::new(BOAWS)
            .args(["run", "a.js"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line.trim_end(), "first");
    assert!(child.0.try_wait().unwrap().is_none(), "it still runs");
}

#[test]
fn a_reader_that_has_gone_ends_it_quietly() {
    let directory = files(&[(
        "a.js",
        "for (let i = 0; i < 10_000; i++) console.log('x'.repeat(100))",
    )]);
    let mut child = Command::new(BOAWS)
        .args(["run", "a.js"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    // As if SIGPIPE had ended it.
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(text(&output.stderr), "");
}

// ---------------------------------------------------------------- files and modules

#[test]
fn files_run_in_order_in_one_realm() {
    let directory = files(&[
        ("a.js", "let shared = 'from a'; console.log('a')"),
        ("b.js", "console.log('b', shared)"),
    ]);
    let output = boaws(directory.path(), &["run", "a.js", "b.js"]);
    check(&output, 0, "a\nb from a\n");
}

#[test]
fn standard_input_is_a_file_named_dash() {
    let mut child = Command::new(BOAWS)
        .args(["run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(b"console.log('read'); null.x")
        .unwrap();
    let output = child.wait_with_output().unwrap();
    check(&output, 1, "read\n");
    check_error(&output, &["TypeError", "<stdin>:1:"]);
}

#[test]
fn modules_import_from_disk() {
    let directory = files(&[
        (
            "main.mjs",
            "import { name } from './lib/name.mjs';
             import data from './data.json' with { type: 'json' };
             console.log(name, data.n, this === undefined, import.meta.url.startsWith('file:///'));
             await new Promise((resolve) => setTimeout(resolve, 1));
             const { late } = await import('./lib/late.mjs');
             console.log(late);",
        ),
        ("data.json", "{ \"n\": 7 }"),
    ]);
    let lib = directory.path().join("lib");
    fs::create_dir(&lib).unwrap();
    fs::write(lib.join("name.mjs"), "export * from '../other.js'").unwrap();
    fs::write(
        directory.path().join("other.js"),
        "export const name = 'other'",
    )
    .unwrap();
    fs::write(lib.join("late.mjs"), "export const late = await 'later'").unwrap();
    fs::write(directory.path().join("after.js"), "console.log('after')").unwrap();
    let output = boaws(directory.path(), &["run", "main.mjs", "after.js"]);
    check(&output, 0, "other 7 true true\nlater\nafter\n");
    let output = boaws(directory.path(), &["run", "--module", "other.js"]);
    check(&output, 0, "");
}

#[test]
fn a_module_that_cannot_be_imported() {
    for (specifier, expected) in [
        ("./missing.mjs", "missing.mjs"),
        ("bare", "a specifier has to start with './'"),
        ("https://example.org/x.mjs", "only files can be imported"),
        ("./broken.mjs", "broken.mjs"),
    ] {
        let main = format!("import {{ x }} from '{specifier}'; console.log('not reached')");
        let directory = files(&[("main.mjs", &main), ("broken.mjs", "export let = ;")]);
        let output = boaws(directory.path(), &["run", "main.mjs"]);
        check(&output, 1, "");
        check_error(&output, &["Uncaught", expected]);
    }
}

#[test]
fn a_top_level_await_that_cannot_settle() {
    let directory = files(&[("main.mjs", "console.log(1); await new Promise(() => {})")]);
    let output = boaws(directory.path(), &["run", "main.mjs"]);
    check(&output, 1, "1\n");
    check_error(&output, &["main.mjs", "top-level await"]);
}

// ---------------------------------------------------------------- globals

#[test]
fn what_a_socket_script_leans_on_is_there() {
    let script = "
        queueMicrotask(() => console.log('microtask'));
        setTimeout((a) => console.log('timeout', a), 1, 'arg');
        const interval = setInterval(() => { clearInterval(interval); console.log('interval') }, 2);
        console.log(structuredClone({ a: [1] }).a[0], atob(btoa('x')));
        console.log(new TextDecoder().decode(new TextEncoder().encode('héllo')));
        console.log(new URL('../b', 'http://h/a/c').href, typeof performance.now());
        console.log(typeof location);";
    let expected = "1 x\nhéllo\nhttp://h/b number\nundefined\nmicrotask\ntimeout arg\ninterval\n";
    check(&run(script, &[]), 0, expected);
}

#[test]
fn the_location_is_the_base_url() {
    let script = "console.log(location.href); console.log(new WebSocket('../chat').url); ";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let location = format!("https://127.0.0.1:{port}/dir/page");
    let expected = format!("{location}\nwss://127.0.0.1:{port}/chat\n");
    check(&run(script, &["--location", &location]), 0, &expected);
}

// ---------------------------------------------------------------- errors

#[test]
fn wrong_usage_exits_with_2() {
    let directory = files(&[("a.js", "")]);
    fs::write(directory.path().join("latin1.js"), b"'\xe9'").unwrap();
    fs::create_dir(directory.path().join("dir.js")).unwrap();
    for (args, expected) in [
        (&["run"][..], "FILE"),
        (&["run", "--no-such-option", "a.js"], "--no-such-option"),
        (&["no-such-command"], "no-such-command"),
        (&["run", "a.js", "missing.js"], "cannot read missing.js"),
        (&["run", "dir.js"], "cannot read dir.js"),
        (&["run", "latin1.js"], "not UTF-8"),
        (&["run", "--location", "nonsense", "a.js"], "nonsense"),
        (
            &["run", "--location", "http://x/", "--serve", "a.js"],
            "--location",
        ),
        (&["run", "--ca-file", "missing.pem", "a.js"], "missing.pem"),
        (&["run", "--ca-file", "a.js", "a.js"], "a.js"),
        (&["serve", "--bind", "0.0.0.0"], "0.0.0.0"),
        (&["serve", "--port", "70000"], "70000"),
    ] {
        let output = boaws(directory.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        check_error(&output, &[expected]);
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn help_reads_well() {
    for args in [&["--help"][..], &["run", "--help"], &["serve", "--help"]] {
        let output = boaws(Path::new("."), args);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("Usage: boaws"));
    }
    let output = boaws(Path::new("."), &["serve", "--help"]);
    assert!(text(&output.stdout).contains("/echo"));
    let output = boaws(Path::new("."), &["run", "--help"]);
    for variable in ["SSL_CERT_FILE", "SSLKEYLOGFILE", "HTTPS_PROXY", "NO_PROXY"] {
        assert!(text(&output.stdout).contains(variable), "{variable}");
    }
    let output = boaws(Path::new("."), &["--version"]);
    assert!(text(&output.stdout).starts_with("boaws "));
}

#[test]
fn a_syntax_error_says_where() {
    let output = run("let x = 1;\nlet y = ;\n", &[]);
    check(&output, 1, "");
    check_error(&output, &["Uncaught SyntaxError", "script.js:2:"]);
}

#[test]
fn an_uncaught_error_shows_its_stack_and_the_rest_goes_on() {
    let script = "
        setTimeout(() => console.log('the timer runs'));
        function inner() { throw new RangeError('too much') }
        function outer() { inner() }
        outer();";
    let output = run(script, &[]);
    check(&output, 1, "the timer runs\n");
    check_error(
        &output,
        &[
            "Uncaught RangeError: too much",
            "at inner (script.js:3:",
            "at outer (script.js:4:",
        ],
    );
}

#[test]
fn an_error_in_a_listener_does_not_stop_the_socket() {
    let script = "
        const ws = new WebSocket('/echo');
        ws.onopen = () => { ws.send('one'); ws.send('two') };
        ws.onmessage = (event) => {
            console.log(event.data);
            if (event.data === 'two') ws.close();
            throw new Error('in onmessage');
        };
        ws.onclose = (event) => console.log(event.code);";
    let output = run(script, &["--serve"]);
    check(&output, 1, "one\ntwo\n1005\n");
    check_error(&output, &["Uncaught Error: in onmessage"]);
    assert_eq!(
        text(&output.stderr)
            .matches("Uncaught Error: in onmessage")
            .count(),
        2
    );
}

#[test]
fn an_unhandled_rejection_is_an_error() {
    let output = run(
        "Promise.reject(new TypeError('no')); setTimeout(() => console.log('on'))",
        &[],
    );
    check(&output, 1, "on\n");
    check_error(&output, &["Uncaught (in promise) TypeError: no"]);
    let handled = "const p = Promise.reject(1); p.catch(() => console.log('caught'))";
    check(&run(handled, &[]), 0, "caught\n");
    let prevented =
        "onunhandledrejection = (event) => { event.preventDefault(); console.log(event.reason) };
        Promise.reject('seen')";
    check(&run(prevented, &[]), 0, "seen\n");
}

#[test]
fn runaway_recursion_ends_the_task_only() {
    let script = "setTimeout(() => console.log('on')); function f() { f() } f()";
    let output = run(script, &[]);
    check(&output, 1, "on\n");
    check_error(&output, &["Uncaught", "recursi"]);
}

// ---------------------------------------------------------------- connections that fail

/// Prints what the socket does, and on stderr with `--verbose` why.
fn fails(url: &str, args: &[&str], reason: &[&str]) {
    let script = format!("{REPORT} report({url:?})");
    let output = run(&script, &[args, &["--verbose"]].concat());
    check(&output, 0, "error Event\nclose 1006 '' false\n");
    check_error(&output, reason);
}

#[test]
fn connections_that_fail_say_why_when_asked() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    fails(
        &format!("ws://127.0.0.1:{port}"),
        &[],
        &["127.0.0.1", "refused"],
    );
    fails("ws://127.0.0.1:25/", &[], &["25", "blocked"]);
    fails("/status?code=404", &["--serve"], &["404"]);

    // One that speaks no HTTP.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut stream: TcpStream = listener.accept().unwrap().0;
        stream.write_all(b"SSH-2.0-nonsense\r\n\r\n").unwrap();
        // Kept open: that what was said is not HTTP has to be enough.
        thread::park();
    });
    fails(
        &format!("ws://127.0.0.1:{port}"),
        &[],
        &["opening handshake"],
    );
}

#[test]
fn what_is_no_web_socket_url_is_an_exception() {
    for (arguments, name) in [
        ("'nonsense'", "SyntaxError"),
        ("'ws://h/#fragment'", "SyntaxError"),
        ("'ws://127.0.0.1/', ['a', 'a']", "SyntaxError"),
        ("'ws://127.0.0.1/', 'a b'", "SyntaxError"),
    ] {
        let script = format!(
            "try {{ new WebSocket({arguments}) }} catch (e) {{ console.log(e.name, e instanceof DOMException) }}"
        );
        check(&run(&script, &[]), 0, &format!("{name} true\n"));
    }
}

// ---------------------------------------------------------------- boaws serve, certificates

/// `boaws serve`, its two URLs, and the file its authority's certificate was written to.
fn serve(directory: &Path) -> (Running, String, String) {
    let mut child = Command::new(BOAWS)
        .args(["serve", "--quiet", "--write-ca", "ca.pem"])
        .current_dir(directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ws = lines.next().unwrap().unwrap();
    let wss = lines.next().unwrap().unwrap();
    (Running(child), ws, wss)
}

#[test]
fn certificates_are_verified() {
    let directory = tempfile::tempdir().unwrap();
    let (_server, ws, wss) = serve(directory.path());
    assert!(ws.starts_with("ws://127.0.0.1:") && wss.starts_with("wss://127.0.0.1:"));
    let ca = directory.path().join("ca.pem");
    let url = format!("{wss}/close?code=4000");
    fails(&url, &[], &["certificate"]);

    let script = format!("{REPORT} report({url:?})");
    let output = run(&script, &["--ca-file", ca.to_str().unwrap()]);
    check(&output, 0, "close 4000 '' true\n");

    fs::write(directory.path().join("script.js"), &script).unwrap();
    let output = Command::new(BOAWS)
        .args(["run", "script.js"])
        .current_dir(directory.path())
        .env("SSL_CERT_FILE", &ca)
        .output()
        .unwrap();
    check(&output, 0, "close 4000 '' true\n");
}
