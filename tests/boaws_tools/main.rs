//! The tools of `boaws` around scripts: its server, the doctor, hints, completions and manual pages, with the real
//! binary and real sockets.
#![cfg(all(feature = "cli", any(feature = "ring", feature = "aws-lc-rs")))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod doctor;
mod generate;
mod harness;
mod hints;
mod scenarios;
mod serve;
#[cfg(unix)]
mod terminal;
