//! `boaws test` as a user runs it, on files written for the occasion.
#![cfg(feature = "cli")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

const PASSING: &str = "test(() => assert_true(true), 'fine')";
const FAILING: &str = "test(() => assert_equals(1, 2, 'numbers'), 'not fine')";

/// A folder `tests` with these files in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(directory.path(), &format!("tests/{name}"), text);
    }
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn boaws(directory: &Path, args: &[&str]) -> Output {
    Command::new(BOAWS)
        .arg("test")
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

/// Runs `tests` with these arguments, expects this exit code and returns what it printed.
#[track_caller]
fn run(directory: &TempDir, args: &[&str], code: i32) -> String {
    let output = boaws(directory.path(), &[&["tests"], args].concat());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out
}

/// The results of a run as JSON, by test.
#[track_caller]
fn results(directory: &TempDir, args: &[&str], code: i32) -> Vec<Value> {
    let printed = run(directory, &[args, &["--reporter", "json"]].concat(), code);
    let report: Value = serde_json::from_str(&printed).unwrap();
    report["results"].as_array().unwrap().clone()
}

#[track_caller]
fn check_result(result: &Value, test: &str, status: &str, message: &str) {
    assert_eq!(result["test"], test);
    assert_eq!(result["status"], status, "{result}");
    let found = result["message"].as_str().unwrap_or_default();
    assert!(found.contains(message), "{test}: {found}");
}

// ---------------------------------------------------------------- what goes wrong with files

#[test]
fn each_way_to_fail_is_reported_for_what_it_is() {
    let deep = "test(() => (0, eval)('['.repeat(1_000_000)), 'never known')";
    let directory = folder(&[
        ("crash.any.js", deep),
        ("empty.any.js", "// nothing"),
        (
            "hang.any.js",
            "test(() => {}, 'before'); while (true) {} test(() => {}, 'after')",
        ),
        ("meta.any.js", "// META: colour=red\n"),
        (
            "missing.any.js",
            "// META: script=nowhere.js\ntest(() => {})",
        ),
        ("ok.any.js", PASSING),
        ("syntax.any.js", "test(() => {}, 'a');\n)\n"),
        ("throws.any.js", "test(() => {}, 'a'); null.x;"),
        ("waits.any.js", "async_test(() => {}, 'for ever')"),
    ]);
    let results = results(&directory, &["--timeout-multiplier", "0.1"], 1);
    let expected = [
        ("crash", "CRASH", "overflowed its stack"),
        ("empty", "ERROR", "no tests"),
        ("hang", "TIMEOUT", "was killed"),
        ("meta", "ERROR", "line 1: an unknown META line: colour=red"),
        ("missing", "ERROR", "nowhere.js"),
        ("ok", "OK", ""),
        ("syntax", "ERROR", "SyntaxError"),
        ("throws", "ERROR", "TypeError"),
        ("waits", "TIMEOUT", ""),
    ];
    assert_eq!(results.len(), expected.len());
    for (result, (name, status, message)) in results.iter().zip(expected) {
        check_result(result, &format!("/tests/{name}.any.js"), status, message);
    }
    let waits = &results[8]["subtests"][0];
    assert_eq!(waits["status"], "TIMEOUT");
    assert_eq!(waits["name"], "for ever");
    let syntax = results[6]["message"].as_str().unwrap();
    assert!(
        syntax.contains("syntax.any.js") && syntax.contains("line 2"),
        "{syntax}"
    );
}

#[test]
fn a_test_does_not_outlive_its_runner() {
    let directory = folder(&[("hang.any.js", "console.log('running'); while (true) {}")]);
    let mut child = Command::new(BOAWS)
        .args(["run-test"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let path = directory.path().join("tests/hang.any.js");
    let job = serde_json::json!({
        "id": "hang", "path": path, "kind": "any", "scripts": [{ "file": path }],
        "location": "http://127.0.0.1/", "timeout": 600.0, "harness": { "ws": "", "wss": "" },
    });
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, format!("{job}\n").as_bytes()).unwrap();
    let mut line = String::new();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    std::io::BufRead::read_line(&mut stderr, &mut line).unwrap();
    assert_eq!(line, "running\n");
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

// ---------------------------------------------------------------- finding and choosing

#[test]
fn tests_are_found_in_order_with_their_variants() {
    let directory = folder(&[
        ("b/z.any.js", PASSING),
        (
            "b/a.any.js",
            "// META: variant=?two\n// META: variant=?one\n// META: title=t\n",
        ),
        ("a.any.js", PASSING),
        ("helper.js", "no test"),
        (
            "page.html",
            "<script src=/resources/testharness.js></script><script>test()</script>",
        ),
        ("support.html", "<script>no test</script>"),
        ("w.window.js", PASSING),
        (".hidden/x.any.js", PASSING),
    ]);
    let scripts = "tests/a.any.js\ntests/b/a.any.js?one\ntests/b/a.any.js?two\ntests/b/z.any.js\n";
    assert_eq!(run(&directory, &["--list"], 0), scripts);
    let pages = format!("{scripts}tests/page.html\ntests/w.window.js\n");
    assert_eq!(run(&directory, &["--list", "--html"], 0), pages);
    let list = |args: &[&str]| text(&boaws(directory.path(), args).stdout);
    assert_eq!(
        run(
            &directory,
            &["--list", "--filter", "b/", "--skip", "?one"],
            0
        ),
        "tests/b/a.any.js?two\ntests/b/z.any.js\n"
    );
    assert_eq!(
        list(&[
            "--list",
            "tests/b/a.any.js?two",
            "tests/page.html",
            "tests/b/a.any.js?two"
        ]),
        "tests/b/a.any.js?two\ntests/page.html\n"
    );
}

#[test]
fn each_variant_is_a_run_of_its_own() {
    let script = "// META: script=helper.js\n// META: script=/tests/other/helper.js\n\
                  // META: variant=?a\n// META: variant=?b\n// META: title=The title\n\
                  test(() => assert_equals(globalThis.count, undefined));\n\
                  globalThis.count = 1;\n\
                  test(() => assert_equals(near + far, 3), location.search);";
    let directory = folder(&[
        ("v.any.js", script),
        ("helper.js", "const near = 1;"),
        ("other/helper.js", "const far = 2;"),
    ]);
    let results = results(&directory, &["--jobs", "1"], 0);
    for (result, variant) in results.iter().zip(["?a", "?b"]) {
        check_result(result, &format!("/tests/v.any.js{variant}"), "OK", "");
        assert_eq!(result["subtests"][0]["name"], "The title");
        assert_eq!(result["subtests"][1]["name"], variant);
    }
    assert_eq!(results.len(), 2);
}

#[test]
fn the_embedded_server_is_there() {
    let script = "promise_test(async () => {
        for (const url of [WS_URL, WSS_URL]) {
            const socket = new WebSocket(`${url}/close?code=4001&reason=bye`);
            const event = await new Promise((resolve) => { socket.onclose = resolve; });
            assert_equals(event.code, 4001);
        }
        assert_equals(location.pathname, '/tests/s.any.js');
        assert_equals(new WebSocket('/echo').url, WS_URL + '/echo');
    }, 'both schemes')";
    let directory = folder(&[("s.any.js", script)]);
    let results = results(&directory, &[], 0);
    check_result(&results[0], "/tests/s.any.js", "OK", "");
}

#[test]
fn pages_run_without_a_document_or_are_skipped() {
    let page = |script: &str| {
        format!(
            "<!doctype html><title>A page</title><script src=/resources/testharness.js></script>\n\
             <div id=log></div>\n<script>{script}</script>"
        )
    };
    let files = [
        (
            "a.html",
            page("test(() => assert_equals(document.createEvent('Event').type, ''))"),
        ),
        ("b.html", page("test(() => document.createElement('p'))")),
        ("c.html", page("test(() => log.remove())")),
        ("d.html", page(")</script><script>test(() => {}, 'b')")),
        (
            "e.html",
            page("async_test((t) => { window.addEventListener('load', () => t.done()) })"),
        ),
        (
            "f.html",
            page("</script><body onload='x()'><script>test(() => {})"),
        ),
        (
            "g.html",
            page(
                "test(() => document.createElement('p'), 'a');
                test(() => {
                    const event = document.createEvent('Event');
                    const dispatch = () => new EventTarget().dispatchEvent(event);
                    assert_throws_dom('InvalidStateError', dispatch);
                    event.initEvent('x', true, false);
                    assert_true(dispatch());
                }, 'b');
                async_test((t) => { setTimeout(() => t.done(), 20) }, 'c')",
            ),
        ),
        (
            "h.html",
            page("test(() => {}, 'a'); document.title; test(() => {}, 'b')"),
        ),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let directory = folder(&files);
    let results = results(&directory, &["--html"], 1);
    let expected = [
        ("a", "OK", ""),
        ("b", "SKIP", "document.createElement"),
        ("c", "SKIP", "the element or frame log"),
        ("d", "ERROR", "SyntaxError"),
        ("e", "OK", ""),
        ("f", "SKIP", "onload of <body>"),
        (
            "g",
            "OK",
            "1 left out, which need a document: document.createElement",
        ),
        ("h", "OK", ""),
    ];
    for (result, (name, status, message)) in results.iter().zip(expected) {
        check_result(result, &format!("/tests/{name}.html"), status, message);
    }
    assert_eq!(results.len(), expected.len());
    assert_eq!(results[0]["subtests"][0]["name"], "A page");
    assert_eq!(results[3]["subtests"][0]["status"], "PASS");
    let names = |at: usize| {
        let subtests = results[at]["subtests"].as_array().unwrap();
        let name = |subtest: &Value| subtest["name"].as_str().unwrap().to_owned();
        subtests.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(names(6), ["b", "c"]);
    assert_eq!(names(7), ["a"], "the script ended there");
}

#[test]
fn wrong_usage_is_told() {
    let directory = folder(&[("a.any.js", PASSING), ("helper.js", "")]);
    write(directory.path(), "broken.json", "{\"a\":{}}");
    for (args, part) in [
        (&["nowhere"][..], "there is no test file or folder nowhere"),
        (&["tests/helper.js"], "is no test file"),
        (&["tests/a.any.js?no"], "there is no test file or folder"),
        (&["tests", "--filter", "xyz"], "no test with \"xyz\""),
        (&["tests", "--jobs", "0"], "--jobs"),
        (&["tests", "--expectations", "no.json"], "no.json"),
        (
            &["tests", "--expectations", "broken.json"],
            "it says nothing",
        ),
        (
            &["tests", "--wpt", "."],
            "is no checkout of web-platform-tests",
        ),
        (&["--wpt", "."], "name the folders"),
        (
            &["tests", "--output", "no/such/folder/x"],
            "no/such/folder/x",
        ),
        (&[], "js-tests"),
    ] {
        let output = boaws(directory.path(), args);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(part), "{args:?}: {error}");
    }
}

// ---------------------------------------------------------------- expectations

#[test]
fn known_failures_are_expected_and_their_passes_are_not() {
    let directory = folder(&[
        ("bad.any.js", FAILING),
        ("good.any.js", PASSING),
        ("odd.any.js", "null.x"),
    ]);
    let known = r#"{
        "tests/bad.any.js": { "subtests": { "not fine": { "status": "FAIL", "reason": "arithmetic" } } },
        "tests/odd.any.js": { "status": "ERROR", "reason": "null" }
    }"#;
    write(directory.path(), "known.json", known);
    let printed = run(&directory, &["--expectations", "known.json"], 0);
    assert!(printed.contains("all as expected"), "{printed}");
    assert!(!printed.contains("numbers"), "{printed}");
    let wrong = r#"{
        "tests/bad.any.js": { "reason": "arithmetic" },
        "tests/odd.any.js": { "reason": "null" },
        "tests/good.any.js": { "subtests": { "fine": { "reason": "too good" } } }
    }"#;
    write(directory.path(), "wrong.json", wrong);
    let printed = run(&directory, &["--expectations", "wrong.json"], 1);
    assert!(
        printed.contains("unexpected PASS fine; expected to fail: too good"),
        "{printed}"
    );
    assert!(printed.contains("1 file is not as expected"), "{printed}");
}

// ---------------------------------------------------------------- reports

fn one_of_each() -> TempDir {
    let bad = "test(() => {}, 'a # b'); test(() => assert_true(false, '<&\\n>'), 'c');
               console.log('some output');";
    let directory = folder(&[
        ("bad.any.js", bad),
        ("good.any.js", PASSING),
        ("skip.any.js", "// META: global=sharedworker\n"),
    ]);
    write(
        directory.path(),
        "known.json",
        r#"{ "tests/good.any.js": { "subtests": { "fine": { "reason": "r" } } } }"#,
    );
    directory
}

#[test]
fn people_see_failures_in_full_and_a_table() {
    let directory = one_of_each();
    let printed = run(&directory, &["--jobs", "2"], 1);
    let lines = printed.lines().collect::<Vec<_>>();
    assert_eq!(lines[0], "tests/bad.any.js: 1 of 2");
    assert!(lines[1].starts_with("    FAIL c: "), "{printed}");
    assert!(lines.contains(&"    | some output"), "{printed}");
    assert!(!printed.contains("good.any.js"), "{printed}");
    let table = lines
        .iter()
        .find(|line| line.starts_with("tests "))
        .unwrap();
    let numbers = table.split_whitespace().skip(1).collect::<Vec<_>>();
    assert_eq!(numbers, ["2", "1", "2", "3", "0", "1"]);
    let verbose = run(&directory, &["--verbose"], 1);
    assert!(verbose.contains("tests/good.any.js: 1 of 1 ("), "{verbose}");
    assert!(
        verbose.contains("tests/skip.any.js: SKIP: it is for sharedworker"),
        "{verbose}"
    );
}

#[test]
fn tap_has_a_point_for_each_subtest() {
    let directory = one_of_each();
    let printed = run(
        &directory,
        &["--reporter", "tap", "--expectations", "known.json"],
        1,
    );
    let points = printed
        .lines()
        .filter(|line| !line.starts_with(' '))
        .collect::<Vec<_>>();
    assert_eq!(
        points,
        [
            "TAP version 14",
            "ok 1 - tests/bad.any.js | a \\# b",
            "not ok 2 - tests/bad.any.js | c",
            "not ok 3 - tests/good.any.js | fine",
            "ok 4 - tests/skip.any.js # SKIP it is for sharedworker",
            "1..4",
        ]
    );
    assert!(printed.contains("expected to fail: r"), "{printed}");
}

#[test]
fn json_has_the_shape_of_wptreport() {
    let directory = one_of_each();
    let results = results(&directory, &["--expectations", "known.json"], 1);
    let bad = &results[0]["subtests"];
    assert_eq!(bad[0]["status"], "PASS");
    assert_eq!(bad[0]["expected"], Value::Null);
    assert_eq!(bad[1]["status"], "FAIL");
    assert_eq!(bad[1]["expected"], "PASS");
    assert_eq!(results[1]["subtests"][0]["expected"], "FAIL");
    assert_eq!(results[2]["status"], "SKIP");
    assert!(results[0]["duration"].is_u64());
}

#[test]
fn junit_counts_cases_and_goes_to_a_file() {
    let directory = one_of_each();
    let printed = run(
        &directory,
        &["--reporter", "junit", "--output", "out.xml"],
        1,
    );
    assert!(printed.contains("1 file is not as expected"), "{printed}");
    let xml = fs::read_to_string(directory.path().join("out.xml")).unwrap();
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites"),
        "{xml}"
    );
    // Three subtests, a case for each of three files.
    assert!(
        xml.contains("tests=\"6\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(xml.contains("&lt;&amp;"), "{xml}");
    assert_eq!(xml.matches("<testsuite ").count(), 3);
    assert_eq!(xml.matches("<skipped").count(), 1);
}

// ---------------------------------------------------------------- a checkout of web-platform-tests

/// What `boaws test` looks for in a checkout, with nothing in it.
fn hollow_checkout() -> TempDir {
    let directory = folder(&[("a.any.js", PASSING)]);
    write(directory.path(), "resources/testharness.js", "");
    write(directory.path(), "tools/wptserve/x", "");
    write(directory.path(), "tools/serve/serve.py", "");
    directory
}

#[test]
fn servers_that_do_not_start_are_told() {
    let directory = hollow_checkout();
    let wpt = |args: &[&str]| boaws(directory.path(), &[&["tests", "--wpt", "."], args].concat());
    let output = wpt(&["--python", "./no-such-python"]);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(error.contains("cannot start ./no-such-python"), "{error}");
    // A program that ends at once, and says nothing.
    let output = wpt(&["--python", BOAWS]);
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    assert!(
        error.contains("the servers of web-platform-tests have not started"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn a_port_that_is_not_the_servers_own_is_told() {
    use std::{io::Write, net::TcpListener, os::unix::fs::OpenOptionsExt, thread};

    // Somebody was quicker, and does not speak TLS.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream
                .unwrap()
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let directory = hollow_checkout();
    let ports = format!(r#"{{"ports": {{"ws": [{port}], "wss": [{port}]}}}}"#);
    let servers = directory.path().join("servers");
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(&servers)
        .unwrap()
        .write_all(format!("#!/bin/sh\necho '{ports}'\nexec cat").as_bytes())
        .unwrap();
    let output = boaws(
        directory.path(),
        &["tests", "--wpt", ".", "--python", "./servers"],
    );
    assert_eq!(output.status.code(), Some(2));
    let error = text(&output.stderr);
    let expected =
        format!("the servers of web-platform-tests are not what listens on port {port} (wss): ");
    assert!(error.contains(&expected), "{error}");
}
