//! Each example prints what the ```text block in its head says, and ends by itself.
//!
//! `cargo test` builds the examples; before `cargo test --test examples` alone, run `cargo build --examples`.
#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// How long one may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// What the head of an example says it prints.
fn promised(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    let source = fs::read_to_string(path).unwrap();
    assert!(source.lines().count() < 80, "{name} has 80 lines or more");
    let block = source
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .skip_while(|line| *line != "```text")
        .skip(1)
        .take_while(|line| *line != "```");
    let text: String = block.flat_map(|line| [line, "\n"]).collect();
    assert!(
        !text.is_empty(),
        "the head of {name} does not say what it prints"
    );
    text
}

#[track_caller]
fn check(name: &str) {
    // target/debug/deps/examples-… → target/debug/examples/name
    let program = env::current_exe().unwrap();
    let folder = program.parent().unwrap().parent().unwrap();
    let program = folder
        .join("examples")
        .join(format!("{name}{}", env::consts::EXE_SUFFIX));
    let modified = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}.rs"));
    let built = modified(&program).is_some_and(|built| Some(built) >= modified(&source));
    assert!(
        built,
        "{name} is not built from this source; see this file's head"
    );
    let mut child = Command::new(&program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut output = child.stdout.take().unwrap();
    let (sender, read) = mpsc::channel();
    thread::spawn(move || sender.send(std::io::read_to_string(&mut output)));
    let Ok(printed) = read.recv_timeout(LIMIT) else {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("{name} does not end");
    };
    assert_eq!(printed.unwrap(), promised(name), "{name}");
    assert!(child.wait().unwrap().success(), "{name}");
}

macro_rules! examples {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

examples! {
    embed
    gui_tick
    observe
    own_event_target
    policy
    tokio
    untrusted
}
