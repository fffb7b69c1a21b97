//! Each example prints what its head says.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The built example, which `cargo test` puts next to the tests' directory.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let example = profile.join("examples").join(file);
    let hint =
        "cargo test builds the examples; with --test, build them before: cargo build --examples";
    assert!(example.exists(), "{}: {hint}", example.display());
    example
}

/// The `text` block in the head of an example, and how many lines the example has.
fn head(name: &str) -> (Vec<String>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    let source = fs::read_to_string(path).unwrap();
    let (_, block) = source.split_once("//! ```text\n").unwrap();
    let (block, _) = block.split_once("//! ```\n").unwrap();
    let lines = block
        .lines()
        .map(|line| line.trim_start_matches("//! ").into());
    (lines.collect(), source.lines().count())
}

fn check(name: &str) {
    let (expected, length) = head(name);
    assert!(length < 80, "{name} has {length} lines");
    let output = Command::new(built(name)).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        expected,
        "{name}: {errors}"
    );
}

#[test]
fn own_event_target() {
    check("own_event_target");
}

#[test]
fn observe() {
    check("observe");
}

#[test]
fn policy() {
    check("policy");
}
