//! Runs the conformance suite in `js-tests/` as `boaws test` does: every `*.any.js`, each variant in a process of its
//! own, against the embedded server.
//!
//! `cargo test --test js -- dispatch` runs the files whose name contains "dispatch".

use std::{path::Path, sync::Arc};

use boa_websocket::cli::test::{Environment, FileOutcome, FileStatus, SubtestStatus, Tree};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let tree = Tree {
        root: Path::new(env!("CARGO_MANIFEST_DIR")).join("js-tests"),
        html: false,
    };
    let tests = tree.find(&[".".into()]).expect("js-tests can be read");
    assert!(!tests.is_empty(), "no test file in {}", tree.root.display());
    let environment =
        Environment::own(env!("CARGO_BIN_EXE_boaws")).expect("the embedded server starts");
    let environment = Arc::new(environment);
    let trials = tests.into_iter().map(|test| {
        let environment = Arc::clone(&environment);
        Trial::test(test.id.clone(), move || judge(&environment.run(&test)))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    // Exiting would not stop the server.
    drop(environment);
    conclusion.exit();
}

/// Every failing subtest has a line.
fn judge(outcome: &FileOutcome) -> Result<(), Failed> {
    let mut failures = Vec::new();
    if outcome.status != FileStatus::Ok {
        let message = outcome.message.as_deref().unwrap_or_default();
        failures.push(format!("{}: {message}", outcome.status));
    }
    for subtest in &outcome.subtests {
        if subtest.status != SubtestStatus::Pass {
            let message = subtest.message.as_deref().unwrap_or_default();
            failures.push(format!("{} {}: {message}", subtest.status, subtest.name));
        }
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n").into())
}
