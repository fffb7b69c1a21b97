//! What `boaws run` takes besides files: code, arguments, variables; what it says at the end; and how modules are found.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    directory
}

fn command(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_boaws"));
    command
        .arg("run")
        .args(args)
        .current_dir(directory)
        .env_remove("SSL_CERT_FILE")
        // Proxies of the place where the tests run do not lead to their servers.
        .env("no_proxy", "*")
        .stdin(Stdio::null());
    command
}

fn run_in(directory: &TempDir, args: &[&str]) -> Output {
    command(directory.path(), args).output().unwrap()
}

fn run(args: &[&str]) -> Output {
    run_in(&files(&[]), args)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, stdout, "stderr: {err}");
    assert_eq!(output.status.code(), Some(code), "stderr: {err}");
}

#[track_caller]
fn check_error(output: &Output, code: i32, expected: &str) {
    let err = text(&output.stderr);
    assert!(err.contains(expected), "no {expected:?} in {err}");
    assert_eq!(output.status.code(), Some(code), "stderr: {err}");
}

// ---------------------------------------------------------------- code

#[test]
fn code_and_files_run_in_the_order_given() {
    let directory = files(&[("a.js", "log('a')"), ("b.js", "log('b')")]);
    let log = "const log = (text) => console.log(text)";
    let args = [
        "-e",
        log,
        "a.js",
        "-e",
        "log(1)",
        "--eval=log(2)",
        "b.js",
        "-p",
        "3",
    ];
    check(&run_in(&directory, &args), 0, "a\n1\n2\nb\n3\n");
}

#[test]
fn values_are_printed() {
    for (code, printed) in [
        ("1 + 1", "2\n"),
        ("-1", "-1\n"),
        ("undefined", "undefined\n"),
        ("let a = 3; a * 2", "6\n"),
        ("Promise.resolve(4)", "4\n"),
        (
            "new Promise((resolve) => setTimeout(resolve, 5, 'late'))",
            "late\n",
        ),
        ("await Promise.resolve(5)", "5\n"),
        ("['a string']", "[ 'a string' ]\n"),
        ("(await Promise.resolve(6)) + 1 // so it is\n", "7\n"),
        (
            "setTimeout(() => console.log('behind'), 5), 'value'",
            "value\nbehind\n",
        ),
    ] {
        let output = run(&["-p", code]);
        assert_eq!(text(&output.stdout), printed, "{code}");
        assert_eq!(output.status.code(), Some(0), "{code}");
    }
}

#[test]
fn what_cannot_be_printed() {
    check_error(
        &run(&["-p", "Promise.reject(new Error('no'))"]),
        1,
        "Uncaught Error: no",
    );
    check_error(
        &run(&["-p", "new Promise(() => {})"]),
        1,
        "the promise can never settle",
    );
    check_error(&run(&["-p", "null.x"]), 1, "<eval>:1:");
    check_error(&run(&["-p", "1 +"]), 1, "SyntaxError");
    check_error(
        &run(&["-p", "export const a = 1"]),
        1,
        "--print wants an expression",
    );
}

#[test]
fn code_may_be_a_module() {
    let directory = files(&[("a.mjs", "export const a = 'imported'")]);
    for code in [
        "import { a } from './a.mjs'; console.log(a, import.meta.main)",
        "const { a } = await import('./a.mjs'); console.log(a, true)",
    ] {
        check(&run_in(&directory, &["-e", code]), 0, "imported true\n");
    }
    check(
        &run(&["--module", "-e", "console.log(this)"]),
        0,
        "undefined\n",
    );
    let args = ["-e", "import('./a.mjs').then(({ a }) => console.log(a))"];
    check(&run_in(&directory, &args), 0, "imported\n");
    check_error(&run(&["-e", "await 1; let a = = 1"]), 1, "<eval>:1:");
}

#[test]
fn a_js_file_that_can_only_be_a_module_is_one() {
    let directory = files(&[
        ("a.js", "import { b } from './b.js'; console.log(await b)"),
        ("b.js", "export const b = Promise.resolve('b')"),
        ("script.js", "console.log(this === globalThis)"),
        ("wrong.js", "import { b } from './b.js';\nlet c = = 1;"),
    ]);
    check(&run_in(&directory, &["a.js", "script.js"]), 0, "b\ntrue\n");
    check_error(&run_in(&directory, &["wrong.js"]), 1, "wrong.js:2:");
}

#[test]
fn each_code_has_a_name_in_errors() {
    check_error(&run(&["-e", "1", "-e", "\nnull.x"]), 1, "<eval 2>:2:");
}

// ---------------------------------------------------------------- arguments and variables

#[test]
fn arguments_are_for_the_script() {
    let directory = files(&[("a.js", "console.log(JSON.stringify(scriptArgs))")]);
    let args = ["a.js", "--", "--verbose", "", "ü", "--", "b.js"];
    let expected = "[\"--verbose\",\"\",\"ü\",\"--\",\"b.js\"]\n";
    check(&run_in(&directory, &args), 0, expected);
    check(&run_in(&directory, &["a.js"]), 0, "[]\n");
    check(
        &run(&[
            "-e",
            "const scriptArgs = 1; const env = 2; console.log(scriptArgs + env)",
        ]),
        0,
        "3\n",
    );
}

const ENV: &str = "console.log(JSON.stringify(env))";

#[test]
fn scripts_see_the_variables_they_were_given() {
    let directory = files(&[
        (
            ".env",
            "# secrets\nTOKEN=from_file\nexport QUOTED=\"two words\"\nSET=file\n",
        ),
        ("more.env", "TOKEN=later\n"),
    ]);
    let run = |args: &[&str]| {
        let args = [args, &["-e", ENV]].concat();
        let mut command = command(directory.path(), &args);
        command.env("SET", "already").output().unwrap()
    };
    check(&run(&[]), 0, "{}\n");
    check(
        &run(&["--env", "SET", "--env=A=b=c", "--env=E="]),
        0,
        "{\"A\":\"b=c\",\"E\":\"\",\"SET\":\"already\"}\n",
    );
    let expected = "{\"QUOTED\":\"two words\",\"SET\":\"already\",\"TOKEN\":\"from_file\"}\n";
    check(&run(&["--env-file", ".env"]), 0, expected);
    let expected = "{\"QUOTED\":\"two words\",\"SET\":\"mine\",\"TOKEN\":\"later\"}\n";
    let args = ["--env-file=.env", "--env-file=more.env", "--env=SET=mine"];
    check(&run(&args), 0, expected);
    let frozen =
        "'use strict'; try { env.A = 1 } catch (error) { console.log(error.name, env.toString) }";
    check(
        &run(&["-e", frozen, "-e", "0"]),
        0,
        "TypeError undefined\n{}\n",
    );
}

#[test]
fn mistakes_with_variables_are_wrong_usage_and_show_no_value() {
    let directory = files(&[("bad.env", "A=1\nTOKEN=s3cret s3cret\n")]);
    for (args, expected) in [
        (
            ["--env", "MISSING"],
            "--env MISSING: there is no such variable",
        ),
        (["--env", "=s3cret"], "NAME=VALUE"),
        (["--env-file", "missing.env"], "cannot read missing.env"),
        (["--env-file", "bad.env"], "bad.env:2: "),
    ] {
        let output = run_in(&directory, &[&args[..], &["-e", ENV]].concat());
        check_error(&output, 2, expected);
        assert!(!text(&output.stderr).contains("s3cret"), "{expected}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn variables_of_a_file_count_for_the_network() {
    // A proxy that is not there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = listener.local_addr().unwrap();
    drop(listener);
    let directory = files(&[(
        ".env",
        &format!("HTTP_PROXY=http://{proxy}\nSSL_CERT_FILE=missing.pem"),
    )]);
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tls = format!("wss://{}/", server.local_addr().unwrap());
    let run = |url: &str| {
        let code = format!("new WebSocket({url:?}).onclose = (event) => console.log(event.code)");
        let args = ["--env-file", ".env", "--verbose", "-e", &code];
        let mut command = command(directory.path(), &args);
        for name in [
            "http_proxy",
            "HTTP_PROXY",
            "https_proxy",
            "HTTPS_PROXY",
            "all_proxy",
            "ALL_PROXY",
            "no_proxy",
            "NO_PROXY",
        ] {
            command.env_remove(name);
        }
        command
    };
    let output = run("ws://example.invalid/").output().unwrap();
    check(&output, 0, "1006\n");
    check_error(&output, 0, &proxy.to_string());
    let output = run(&tls).output().unwrap();
    check(&output, 0, "1006\n");
    check_error(&output, 0, "missing.pem");
}

// ---------------------------------------------------------------- at the end

#[test]
fn statistics() {
    let code = "
        const ws = new WebSocket('/echo');
        ws.onopen = () => { ws.send('héllo'); ws.send(new Uint8Array(2048)); };
        let messages = 0;
        ws.onmessage = () => { if (++messages === 2) ws.close(); };
        new WebSocket('/drop').onerror = () => {};
        new WebSocket('/status?code=500').onerror = () => {};";
    let output = run(&["--serve", "--stats", "-e", code]);
    check(&output, 0, "");
    let said = text(&output.stderr);
    // What is told of the sockets that failed may stand before.
    let lines = said
        .lines()
        .skip_while(|line| !line.starts_with("boaws: sockets"));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines[0], "boaws: sockets: 2 opened, 1 failed, 1 lost");
    assert_eq!(lines[1], "boaws: received: 2 messages, 2.0 KiB");
    assert_eq!(lines[2], "boaws: sent: 2 messages, 2.0 KiB");
    assert!(lines[3].starts_with("boaws: time: "), "{said}");
    if cfg!(unix) {
        assert!(lines[3].contains("peak memory: "), "{said}");
    }
    assert!(run(&["-e", "1"]).stderr.is_empty());
    check_error(&run(&["--stats", "-e", "throw 1"]), 1, "0 opened");
}

// ---------------------------------------------------------------- modules

#[test]
fn an_import_that_fails_says_who_where_and_what_was_meant() {
    let directory = files(&[
        ("lib/index.mjs", ""),
        ("lib/Upper.mjs", ""),
        ("empty/x.txt", ""),
        ("data.json", "{}"),
        ("bad.json", "{ \"a\": 1,\n  \"b\": }"),
        ("plain.js", ""),
        ("broken.mjs", "let a;\nlet = ;"),
        ("deep.mjs", "import './missing.mjs'"),
        ("exports.mjs", "export const there = 1"),
    ]);
    for (import, expected) in [
        (
            "import './plain'",
            "cannot import './plain' from main.mjs:2: there is no file plain; did you mean './plain.js'?",
        ),
        ("import './plain.mjs'", "did you mean './plain.js'?"),
        (
            "import './lib'",
            "it is a folder; did you mean './lib/index.mjs'?",
        ),
        ("import './lib/'", "did you mean './lib/index.mjs'?"),
        ("import './empty'", "it is a folder"),
        (
            "import './lib/upper.mjs'",
            "did you mean './lib/Upper.mjs'?",
        ),
        ("import 'plain.js'", "did you mean './plain.js'?"),
        ("import 'plain'", "did you mean './plain.js'?"),
        (
            "import 'ws'",
            "main.mjs:2: a specifier has to start with './', '../', '/' or 'file:'; there are no packages here",
        ),
        (
            "import 'node:fs'",
            "only files can be imported, not 'node:'",
        ),
        (
            "import './deep.mjs'",
            "cannot import './missing.mjs' from deep.mjs:1: there is no file missing.mjs",
        ),
        (
            "import './data.json'",
            "JSON is imported with { type: 'json' }",
        ),
        (
            "import a from './data.json' with { type: 'css' }",
            "the type 'css' is not supported, only 'json'",
        ),
        (
            "import a from './bad.json' with { type: 'json' }",
            "bad.json",
        ),
        ("import './broken.mjs'", "broken.mjs"),
        (
            "import { gone } from './exports.mjs'",
            "'./exports.mjs' has no export `gone`, which main.mjs:2 imports",
        ),
        (
            "import exports from './exports.mjs'",
            "'./exports.mjs' has no export `default`, which main.mjs:2 imports",
        ),
        (
            "await import('./late.mjs')",
            "cannot import './late.mjs' from main.mjs:2",
        ),
    ] {
        let main = format!("// {import}\n{import};\nconsole.log('not reached')");
        fs::write(directory.path().join("main.mjs"), main).unwrap();
        let output = run_in(&directory, &["main.mjs"]);
        check(&output, 1, "");
        check_error(&output, 1, expected);
    }
}

#[test]
fn imports_are_relative_to_who_imports() {
    let directory = files(&[
        (
            "lib/a.mjs",
            "import '../b.mjs'; import './c d.mjs'; import './c%20d.mjs';",
        ),
        ("b.mjs", "console.log('b')"),
        ("lib/c d.mjs", "console.log('c')"),
        (
            "cycle.mjs",
            "import { b } from './cycle2.mjs'; export const a = 1; console.log(b())",
        ),
        (
            "cycle2.mjs",
            "import { a } from './cycle.mjs'; export const b = () => a",
        ),
        ("again.mjs", "console.log('again')"),
        (
            "script.js",
            "import('./lib/a.mjs').then(() => console.log('done'))",
        ),
    ]);
    check(&run_in(&directory, &["lib/a.mjs"]), 0, "b\nc\n");
    check(&run_in(&directory, &["script.js"]), 0, "b\nc\ndone\n");
    check(&run_in(&directory, &["cycle.mjs"]), 0, "1\n");
    let twice = "import './again.mjs?1'; import './again.mjs?2'; import './again.mjs?1'";
    check(&run_in(&directory, &["-e", twice]), 0, "again\nagain\n");
    let url = url::Url::from_file_path(directory.path().join("b.mjs")).unwrap();
    check(
        &run_in(&directory, &["-e", &format!("import '{url}'")]),
        0,
        "b\n",
    );
}

#[test]
fn modules_know_where_they_are() {
    let directory = files(&[
        (
            "main.mjs",
            "import './lib/other.mjs';
             const { url, filename, dirname, main, resolve } = import.meta;
             const base = url.lastIndexOf('/') + 1;
             console.log(url.slice(base), filename.slice(dirname.length + 1), main);
             console.log(resolve('./x y.mjs?a=1').slice(base), typeof resolve('file:///x'));
             try { resolve('bare') } catch (error) { console.log(error.name) }",
        ),
        (
            "lib/other.mjs",
            "console.log(import.meta.main, import.meta.dirname.endsWith('lib'))",
        ),
    ]);
    let expected = "false true\nmain.mjs main.mjs true\nx%20y.mjs?a=1 string\nTypeError\n";
    check(&run_in(&directory, &["main.mjs"]), 0, expected);
    let code = "console.log(import.meta.url.endsWith('/%3Ceval%3E'), import.meta.main)";
    check(&run_in(&directory, &["-e", code]), 0, "true true\n");
}

// ---------------------------------------------------------------- help

#[test]
fn the_help_fits_and_names_each_option_once() {
    for help in ["--help", "-h"] {
        let output = run(&[help]);
        let said = text(&output.stdout);
        let too_long: Vec<_> = said
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(too_long.is_empty(), "{too_long:#?}");
        let mut options: Vec<_> = said
            .lines()
            // What is further to the right is text.
            .filter(|line| line.find('-').is_some_and(|at| at <= 6))
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .filter_map(|line| {
                line.split([' ', '=', '['])
                    .find(|word| word.starts_with("--"))
            })
            .collect();
        let all = options.len();
        options.sort_unstable();
        options.dedup();
        assert_eq!(options.len(), all, "{options:?}");
        assert!(options.contains(&"--env-file") && options.contains(&"--heartbeat"));
    }
}

#[test]
fn without_anything_to_run_it_is_wrong_usage() {
    check_error(&run(&[]), 2, "<FILE>");
    check_error(&run(&["--", "a.js"]), 2, "<FILE>");
    check_error(&run(&["--timeout", "x", "-e", "1"]), 2, "number of seconds");
}
