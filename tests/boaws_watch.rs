//! `boaws run --watch`: real files change under a real process.
#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails may panic"
)]

mod boaws_process;

use std::{fs, path::Path};

use boa_websocket::cli::serve::{Server, ServerOptions};
use boaws_process::{Boaws, HANG};
use tempfile::TempDir;

fn files(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(directory.path(), name, text);
    }
    directory
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn watch(directory: &TempDir, args: &[&str]) -> Boaws {
    Boaws::start(directory.path(), &[&["run", "--watch"], args].concat())
}

/// One change of one file is one line.
#[track_caller]
fn changed(boaws: &Boaws, name: &str) {
    let line = boaws.err.until("changed");
    assert_eq!(line, format!("boaws: changed: {name}; running again"));
}

#[test]
fn a_script_runs_again_when_it_changes() {
    let directory = files(&[("a.js", "console.log('one')"), ("other.js", "")]);
    let boaws = watch(&directory, &["a.js"]);
    assert_eq!(boaws.out.next(), "one");
    boaws.err.until("done, waiting for changes");
    // Of no concern.
    write(directory.path(), "other.js", "1");
    write(directory.path(), "a.js", "console.log('two')");
    changed(&boaws, "a.js");
    assert_eq!(boaws.out.next(), "two");
    // As many editors save.
    write(directory.path(), "a.js.new", "console.log('three')");
    fs::rename(
        directory.path().join("a.js.new"),
        directory.path().join("a.js"),
    )
    .unwrap();
    changed(&boaws, "a.js");
    assert_eq!(boaws.out.next(), "three");
}

#[test]
fn it_goes_on_after_mistakes() {
    let directory = files(&[("a.js", "let let")]);
    let boaws = watch(&directory, &["a.js"]);
    boaws.err.until("SyntaxError");
    boaws.err.until("failed, waiting for changes");
    write(directory.path(), "a.js", "throw new Error('thrown')");
    boaws.err.until("thrown");
    boaws.err.until("failed, waiting for changes");
    fs::remove_file(directory.path().join("a.js")).unwrap();
    boaws.err.until("cannot read a.js");
    boaws.err.until("failed, waiting for changes");
    write(directory.path(), "a.js", "console.log('better')");
    assert_eq!(boaws.out.next(), "better");
}

#[test]
fn what_is_imported_is_watched_too() {
    let directory = files(&[
        (
            "main.mjs",
            "import { name } from './lib/name.mjs';
             import data from './data.json' with { type: 'json' };
             console.log(name, data, env.WHO);
             await import('./late.mjs').catch((error) => console.log(error.message));",
        ),
        ("lib/name.mjs", "export const name = 'a'"),
        ("data.json", "1"),
        (".env", "WHO=me"),
    ]);
    let boaws = watch(&directory, &["main.mjs", "--env-file", ".env"]);
    let missing = "cannot import './late.mjs' from main.mjs:4: there is no file late.mjs";
    let next = |expected: &str| {
        assert_eq!(boaws.out.next(), expected);
        assert_eq!(boaws.out.next(), missing);
        boaws.err.until("waiting");
    };
    next("a 1 me");
    write(directory.path(), "lib/name.mjs", "export const name = 'b'");
    changed(&boaws, "lib/name.mjs");
    next("b 1 me");
    write(directory.path(), "data.json", "2");
    changed(&boaws, "data.json");
    next("b 2 me");
    write(directory.path(), ".env", "WHO=you");
    changed(&boaws, ".env");
    next("b 2 you");
    // It was not there, and is missed.
    write(directory.path(), "late.mjs", "console.log('late')");
    changed(&boaws, "late.mjs");
    assert_eq!(boaws.out.next(), "b 2 you");
    assert_eq!(boaws.out.next(), "late");
}

#[test]
fn the_sockets_of_the_old_run_are_closed_first() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let url = server.ws_url();
    let text = |id: &str| {
        format!(
            "const ws = new WebSocket('{url}/echo?id={id}');
             ws.onopen = () => console.log('open {id}');
             ws.onclose = (event) => console.log('close', event.code);"
        )
    };
    let directory = files(&[("a.js", &text("old"))]);
    let boaws = watch(&directory, &["a.js"]);
    assert_eq!(boaws.out.next(), "open old");
    write(directory.path(), "a.js", &text("new"));
    assert_eq!(boaws.out.next(), "close 1001");
    assert_eq!(boaws.out.next(), "open new");
    let record = server.wait_for_record("old", HANG).expect("a record");
    assert_eq!(record.close.and_then(|close| close.code), Some(1001));
}

#[test]
fn a_script_that_computes_for_ever_is_replaced() {
    let directory = files(&[("a.js", "console.log('one'); for (;;);")]);
    let boaws = watch(&directory, &["a.js"]);
    assert_eq!(boaws.out.next(), "one");
    write(directory.path(), "a.js", "console.log('two')");
    assert_eq!(boaws.out.next(), "two");
    boaws.err.until("done, waiting for changes");
    write(directory.path(), "a.js", "console.log('three')");
    assert_eq!(boaws.out.next(), "three");
}

#[cfg(unix)]
#[test]
fn a_signal_leaves() {
    let directory = files(&[("a.js", "console.log('one')")]);
    let mut boaws = watch(&directory, &["a.js"]);
    boaws.err.until("waiting for changes");
    boaws.signal("TERM");
    boaws.ends_with(143);

    let directory = files(&[("a.js", "console.log('one'); setTimeout(() => {}, 600_000)")]);
    let mut boaws = watch(&directory, &["a.js"]);
    assert_eq!(boaws.out.next(), "one");
    boaws.signal("TERM");
    boaws.ends_with(143);
}

#[cfg(unix)]
#[test]
fn links_are_followed() {
    let directory = files(&[("real/a.js", "console.log('one')")]);
    std::os::unix::fs::symlink("real/a.js", directory.path().join("a.js")).unwrap();
    let boaws = watch(&directory, &["a.js"]);
    assert_eq!(boaws.out.next(), "one");
    boaws.err.until("waiting for changes");
    write(directory.path(), "real/a.js", "console.log('two')");
    changed(&boaws, "a.js");
    assert_eq!(boaws.out.next(), "two");
}

#[test]
fn a_name_that_is_mistyped_from_the_start_is_wrong_usage() {
    let directory = files(&[]);
    let mut boaws = watch(&directory, &["missing.js"]);
    boaws.ends_with(2);
    let said = boaws.err.rest();
    assert!(said[0].contains("cannot read missing.js"), "{said:?}");
}
