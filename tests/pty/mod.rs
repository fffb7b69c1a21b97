//! `boaws` in a real pseudo-terminal.
#![allow(dead_code, reason = "each test file uses its part")]

use std::{path::Path, process::Command};

use nix::sys::{signal::Signal, wait::WaitStatus};
use rexpect::{
    reader::Options,
    session::{PtySession, spawn_with_options},
};

/// A bound that catches hangs.
const TIMEOUT_MS: u64 = 60_000;

pub(crate) struct Terminal(PtySession);

impl Terminal {
    /// Runs it with a home of its own.
    pub(crate) fn new(home: &Path, args: &[&str]) -> Self {
        Self::with(home, args, |_| {})
    }

    pub(crate) fn with(home: &Path, args: &[&str], change: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_boaws"));
        command
            .args(args)
            .current_dir(home)
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("SSL_CERT_FILE")
            .env("no_proxy", "*");
        change(&mut command);
        let options = Options::new()
            .timeout_ms(Some(TIMEOUT_MS))
            .strip_ansi_escape_codes(true);
        Self(spawn_with_options(command, options).unwrap())
    }

    /// Waits for a text; gives back what came before it.
    #[track_caller]
    pub(crate) fn expect(&mut self, text: &str) -> String {
        match self.0.exp_string(text) {
            Ok(before) => before,
            Err(error) => panic!("{error}"),
        }
    }

    /// Waits for a line that is this text.
    #[track_caller]
    pub(crate) fn expect_line(&mut self, text: &str) -> String {
        self.expect(&format!("\n{text}\r\n"))
    }

    #[track_caller]
    pub(crate) fn expect_prompt(&mut self) {
        self.expect("> ");
    }

    pub(crate) fn send(&mut self, keys: &str) {
        self.0.send(keys).unwrap();
        self.0.flush().unwrap();
    }

    /// Types a line and Enter.
    pub(crate) fn enter(&mut self, line: &str) {
        self.send(&format!("{line}\r"));
    }

    pub(crate) fn control(&mut self, letter: char) {
        self.0.send_control(letter).unwrap();
    }

    /// Ctrl-C at a line that ends so, and the prompt after it.
    ///
    /// What is typed with Ctrl-C in one read goes with the line, as a terminal's own INTR
    /// takes what is typed ahead, and every key draws the prompt again: so it waits for the
    /// line to be shown before, and for the prompt on a new line after.
    #[track_caller]
    pub(crate) fn drop_line(&mut self, shown: &str) {
        self.expect(shown);
        self.control('c');
        self.expect("\n");
        self.expect_prompt();
    }

    /// Types a line at the prompt, waits for a line of output, and for the next prompt.
    #[track_caller]
    pub(crate) fn exchange(&mut self, line: &str, output: &str) {
        self.enter(line);
        self.expect_line(output);
        self.expect_prompt();
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        self.0.process_mut().signal(signal).unwrap();
    }

    /// Waits for the end; gives back what else was shown, and the exit code.
    #[track_caller]
    pub(crate) fn end(&mut self) -> (String, i32) {
        let rest = match self.0.exp_eof() {
            Ok(rest) => rest,
            Err(error) => panic!("{error}"),
        };
        match self.0.process().wait() {
            Ok(WaitStatus::Exited(_, code)) => (rest, code),
            other => panic!("{other:?}"),
        }
    }
}
