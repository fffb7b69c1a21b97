//! `boaws completions`, `boaws man`, `boaws --version`, and help.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use crate::harness::{command, outcome, run, text, write};

const COMMANDS: [&str; 8] = [
    "run",
    "repl",
    "connect",
    "serve",
    "test",
    "doctor",
    "completions",
    "man",
];

fn there_is(program: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, error) = run(&["completions", shell]);
        assert_eq!((code, &*error), (0, ""));
        for part in COMMANDS.iter().chain(&["scenario", "boaws"]) {
            assert!(out.contains(part), "{part} in {shell}");
        }
        assert!(!out.contains("run-test"), "{shell}");
    }
    let (code, _, error) = run(&["completions", "nosuchshell"]);
    assert_eq!(code, 2);
    assert!(error.contains("nosuchshell"), "{error}");
}

#[test]
fn bash_takes_its_completions() {
    if !there_is("bash") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (_, out, _) = run(&["completions", "bash"]);
    let file = write(directory.path(), "boaws.bash", &out);
    let output = Command::new("bash").args(["-n", &file]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    // What bash would do when TAB is pressed.
    let script = format!(
        "source {file}; COMP_WORDS=(boaws serve --sc); COMP_CWORD=2; \
         _boaws boaws --sc serve; echo \"${{COMPREPLY[@]}}\""
    );
    let output = Command::new("bash").args(["-c", &script]).output().unwrap();
    assert_eq!(
        text(&output.stdout).trim(),
        "--scenario",
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_reader_that_stops_is_no_error() {
    let mut child = command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let (code, _, error) = outcome(child.wait_with_output().unwrap());
    assert_eq!((code, &*error), (0, ""));
}

#[test]
fn every_command_has_a_manual_page() {
    let (code, all, _) = run(&["man"]);
    assert_eq!(code, 0);
    assert!(
        all.contains(".TH boaws 1") && !all.contains("run\\-test"),
        "{all}"
    );
    for name in COMMANDS {
        assert!(all.contains(&format!("boaws\\-{name}")), "{name}");
        let (code, page, error) = run(&["man", name]);
        assert_eq!((code, &*error), (0, ""));
        assert!(
            page.contains(&format!(".TH boaws\\-{name} 1"))
                || page.contains(&format!(".TH boaws-{name} 1")),
            "{page}"
        );
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    for name in ["nosuchcommand", "run-test"] {
        let (code, out, error) = run(&["man", name]);
        assert_eq!((code, &*out), (2, ""));
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn manual_pages_can_be_read() {
    if !there_is("groff") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for args in [&["man"][..], &["man", "serve"]] {
        let (_, page, _) = run(args);
        let file = write(directory.path(), "page.1", &page);
        let output = Command::new("groff")
            .args(["-man", "-Tutf8", "-ww", &file])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        let page = text(&output.stdout);
        assert!(page.contains("boaws"));
        // What stands on lines of its own, stays there.
        if args.len() == 2 {
            assert!(page.contains("\n       /echo\n"), "{page}");
            assert!(page.contains("{ \"status\": 503,\n"), "{page}");
        }
    }
}

/// The version of a package in `Cargo.lock`.
fn locked(package: &str) -> String {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock");
    let lock = fs::read_to_string(lock).unwrap();
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[test]
fn the_versions_are_those_that_are_built_in() {
    let (code, out, _) = run(&["--version"]);
    assert_eq!(code, 0);
    let provider = if cfg!(feature = "aws-lc-rs") {
        "aws-lc-rs"
    } else {
        "ring"
    };
    let expected = format!(
        "boaws {}\nBoa {}\nrustls {} with {provider} {}\ntungstenite {}\n",
        env!("CARGO_PKG_VERSION"),
        locked("boa_engine"),
        locked("rustls"),
        locked(provider),
        locked("tungstenite"),
    );
    assert_eq!(out, expected);
    let (_, short, _) = run(&["-V"]);
    assert_eq!(short, format!("boaws {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_fits_a_terminal() {
    for args in [
        &["--help"][..],
        &["serve", "--help"],
        &["serve", "-h"],
        &["doctor", "--help"],
        &["completions", "--help"],
        &["man", "--help"],
    ] {
        let (code, help, _) = run(args);
        assert_eq!(code, 0);
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{args:?}: {line}");
        }
    }
}
