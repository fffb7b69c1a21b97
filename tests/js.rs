//! Runs the conformance suite in `js-tests/` as `boaws test` does: every `*.any.js`, each variant in a process of its
//! own, against the embedded server.
//!
//! `cargo test --test js -- dispatch` runs the files whose name contains "dispatch".
//!
//! `cargo test --test js -- --executor tokio` runs them under another executor than the crate's `EventLoop`: `simple` (Boa's
//! `SimpleJobExecutor`), `tokio` or `smol`, wrapped in `Microtasks`; with `bare-` before it, as it is. What cannot pass
//! there stands in `js_executors/known.rs`, each with its reason. This program is then its own `boaws run-test`.

mod event_loop_smol;
mod event_loop_tokio;
mod js_executors;

use std::{
    collections::BTreeMap,
    env, fs,
    path::Path,
    process::{self, ExitCode},
    sync::Arc,
};

use boa_websocket::cli::test::{
    Environment, FileOutcome, FileStatus, SubtestStatus, TestFile, Tree,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use tempfile::TempDir;

use js_executors::{Executor, known};

/// What a process of one test is started with, followed by the executor's name.
const RUN_TEST: &str = "run-test-under";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = env::args().collect();
    if let [_, first, name] = &arguments[..]
        && first == RUN_TEST
    {
        return js_executors::run_test(Executor::named(name));
    }
    let executor = arguments
        .iter()
        .position(|argument| argument == "--executor");
    let executor = executor.map(|at| {
        let Some(name) = arguments.get(at + 1).cloned() else {
            eprintln!("--executor wants a name");
            process::exit(2);
        };
        arguments.drain(at..=at + 1);
        Executor::named(&name)
    });
    let arguments = Arguments::from_iter(arguments);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("js-tests");
    let (scratch, verdicts) = verdicts(&root);
    let tests = find(&root);
    let environment = match executor {
        None => Environment::own(env!("CARGO_BIN_EXE_boaws")),
        Some(executor) => {
            let program = env::current_exe().expect("this program has a path");
            Environment::own(program)
                .map(|environment| environment.with_arguments([RUN_TEST, executor.name()]))
        }
    };
    let environment = environment.expect("the embedded server starts");
    let environment = Arc::new(environment);
    let mut trials = Vec::new();
    for test in tests {
        let environment = Arc::clone(&environment);
        trials.push(Trial::test(test.id.clone(), move || {
            let known = executor.map(|executor| known::failures(executor, &test.id));
            judge(&environment.run(&test), &known.unwrap_or_default())
        }));
    }
    // These are about the harness, not about executors.
    for (test, expected) in verdicts.into_iter().filter(|_| executor.is_none()) {
        let environment = Arc::clone(&environment);
        let name = format!("host/verdicts/{}", test.id);
        trials.push(Trial::test(name, move || {
            compare(&environment.run(&test), &expected)
        }));
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    drop(scratch);
    // Exiting would not stop the server.
    drop(environment);
    conclusion.exit_code()
}

fn find(root: &Path) -> Vec<TestFile> {
    let tree = Tree {
        root: root.to_owned(),
        html: false,
    };
    let tests = tree.find(&[".".into()]).expect("the folder can be read");
    assert!(!tests.is_empty(), "no test file in {}", root.display());
    tests
}

/// Files of `host/verdicts`: what the harness itself makes of tests that fail, hang or throw stands in their first
/// line. They are no tests where they are, so that nobody takes their failures for failures.
fn verdicts(root: &Path) -> (TempDir, Vec<(TestFile, String)>) {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(root.join("host/verdicts")).expect("host/verdicts can be read") {
        let path = entry.expect("host/verdicts can be read").path();
        let name = path.file_stem().unwrap_or_default().display();
        let copy = scratch.path().join(format!("{name}.any.js"));
        fs::copy(&path, copy).expect("a file can be copied");
    }
    let tests = find(scratch.path()).into_iter().map(|test| {
        let text = fs::read_to_string(scratch.path().join(&test.id)).expect("a file can be read");
        let expected = text.lines().next().unwrap_or_default().to_owned();
        (test, expected)
    });
    let tests = tests.collect();
    (scratch, tests)
}

/// Compares an outcome with the `// EXPECT:` line of a file; the message needs to be in it only.
fn compare(outcome: &FileOutcome, expected: &str) -> Result<(), Failed> {
    let expected = expected
        .strip_prefix("// EXPECT: ")
        .ok_or("no EXPECT line")?;
    let expected: Value = serde_json::from_str(expected)?;
    let tests = outcome.subtests.iter();
    let tests = tests.map(|test| (test.name.clone(), test.status.to_string()));
    let same_message = match (expected["message"].as_str(), &outcome.message) {
        (None, None) => true,
        (Some(part), Some(whole)) => whole.contains(part),
        _ => false,
    };
    if expected["status"] == outcome.status.to_string()
        && same_message
        && expected["tests"] == serde_json::json!(tests.collect::<BTreeMap<_, _>>())
    {
        return Ok(());
    }
    Err(format!("expected {expected}\nfound {outcome:?}").into())
}

/// Every failing subtest that is not known to fail has a line, and every one that is known to and passes.
fn judge(outcome: &FileOutcome, known: &[&known::Failure]) -> Result<(), Failed> {
    if known
        .iter()
        .any(|failure| failure.subtest == known::WHOLE_FILE)
    {
        return match outcome.status {
            FileStatus::Ok => Err("is listed, but is run to its end".into()),
            _ => Ok(()),
        };
    }
    let mut failures = Vec::new();
    if outcome.status != FileStatus::Ok {
        let message = outcome.message.as_deref().unwrap_or_default();
        failures.push(format!("{}: {message}", outcome.status));
    }
    for subtest in &outcome.subtests {
        let known = known.iter().find(|failure| failure.subtest == subtest.name);
        match (subtest.status == SubtestStatus::Pass, known) {
            (true, None) | (false, Some(_)) => {}
            (true, Some(failure)) if failure.sometimes => {}
            (true, Some(_)) => failures.push(format!("{}: is listed, but passes", subtest.name)),
            (false, None) => {
                let message = subtest.message.as_deref().unwrap_or_default();
                failures.push(format!("{} {}: {message}", subtest.status, subtest.name));
            }
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}
