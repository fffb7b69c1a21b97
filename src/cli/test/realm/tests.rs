//! Tests of realms as tests of a checkout have them, with a tiny harness in the place of the suite's.

use std::{fs, time::Duration};

use serde_json::json;
use tempfile::TempDir;

use super::run;
use crate::cli::test::{
    job::{Harness, Job},
    outcome::{FileOutcome, FileStatus, SubtestStatus},
    plan::{Kind, Script},
};

/// `end(status)` reports one subtest.
const HARNESS: &str = "
    let complete;
    globalThis.add_completion_callback = (callback) => { complete = callback; };
    globalThis.timeout = () => complete([{ name: 'the test', status: 2 }], { status: 2 });
    globalThis.end = (message) =>
        complete([{ name: 'the test', status: message === 'pass' ? 0 : 1, message }], { status: 0 });
";

/// Runs `main` of these files of a checkout.
fn run_in_checkout(kind: Kind, main: &str, files: &[(&str, &str)]) -> FileOutcome {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("resources")).unwrap();
    for (name, text) in [("resources/testharness.js", HARNESS)].iter().chain(files) {
        fs::write(root.path().join(name), text).unwrap();
    }
    let path = root.path().join(main);
    let job = Job {
        id: main.to_owned(),
        path: path.clone(),
        kind,
        title: None,
        for_workers_only: false,
        scripts: vec![Script::File(path)],
        elements: Vec::new(),
        location: format!("http://web-platform.test:8000/{main}"),
        timeout: Duration::from_secs(10),
        roots: None,
        harness: Harness::Wpt {
            root: root.path().to_owned(),
            config: json!({}),
        },
    };
    run(&job).unwrap()
}

#[track_caller]
fn passes(kind: Kind, main: &str, files: &[(&str, &str)]) {
    let outcome = run_in_checkout(kind, main, files);
    assert_eq!(outcome.status, FileStatus::Ok, "{outcome:?}");
    assert_eq!(
        outcome.subtests[0].status,
        SubtestStatus::Pass,
        "{outcome:?}"
    );
}

#[test]
fn a_worker_has_a_global_object_of_its_own_and_ports_to_its_maker() {
    let main = "
        globalThis.mine = 1;
        const worker = new Worker('worker.js');
        worker.onmessage = ({ data }) => end(data);
        worker.postMessage({ say: 'pass' });
    ";
    let worker = "
        importScripts('constants.js');
        onmessage = ({ data }) => {
            const own = typeof mine === 'undefined' && self === globalThis;
            postMessage(own && imported === 2 && data.say);
        };
    ";
    let files = [
        ("a.any.js", main),
        ("worker.js", worker),
        ("constants.js", "const imported = 2;"),
    ];
    passes(Kind::Any, "a.any.js", &files);
}

#[test]
fn a_broadcast_reaches_from_a_worker() {
    let main = "
        const channel = new BroadcastChannel('c');
        channel.onmessage = ({ data, isTrusted }) => end(isTrusted && data);
        new Worker('worker.js');
    ";
    let worker = "new BroadcastChannel('c').postMessage('pass');";
    passes(
        Kind::Any,
        "a.any.js",
        &[("a.any.js", main), ("worker.js", worker)],
    );
}

#[test]
fn a_worker_whose_script_is_not_there_is_an_error_event() {
    let main = "new Worker('no.js').onerror = ({ type }) => end(type === 'error' ? 'pass' : type);";
    passes(Kind::Any, "a.any.js", &[("a.any.js", main)]);
}

#[test]
fn a_worker_script_sees_the_consts_of_what_it_imports_first() {
    let main = "
        importScripts('/resources/testharness.js');
        importScripts('constants.js');
        (() => end(IMPORTED))();
    ";
    let files = [
        ("a.worker.js", main),
        ("constants.js", "const IMPORTED = 'pass';"),
    ];
    passes(Kind::Worker, "a.worker.js", &files);
}
