//! The host binary `boaws`. (feature `cli`)
//!
//! Here because Cargo builds library and binary from one package; embedders have no use for it,
//! but for [`serve::Server`] in tests of their own, and for [`mod@test`], which runs JavaScript ones.

mod args;
mod connect;
mod console;
mod diagnostics;
mod doctor;
mod environment;
mod generate;
mod inspect;
mod interrupt;
mod line_editor;
mod module_loader;
mod network;
mod repl;
mod run;
pub mod serve;
mod serve_command;
mod session;
mod sources;
mod stats;
mod terminal;
pub mod test;
mod verbose;
mod watch;
mod world;

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::Parser;

use args::{Cli, Command};

/// Exit code for an uncaught error or an unhandled rejection.
pub(crate) const EXIT_UNCAUGHT: u8 = 1;

/// Exit code for wrong usage: arguments, or a file that cannot be read.
pub(crate) const EXIT_USAGE: u8 = 2;

/// Runs `boaws` with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    // Prints help and errors itself, and exits with 2 for wrong usage.
    let cli = Cli::parse();
    // Many sockets need many files. Where it cannot be raised, running out is an error like any other.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let command = cli.command.unwrap_or_else(|| {
        // As other shells do: a prompt for people, and what is piped in is a script.
        let words = match io::stdin().is_terminal() {
            true => &["boaws", "repl"][..],
            false => &["boaws", "run", "-"],
        };
        Command::from_words(words)
    });
    match command {
        Command::Run(args) => run::main(*args),
        Command::Repl(args) => repl::main(&args),
        Command::Connect(args) => connect::main(*args),
        Command::Doctor(args) => doctor::main(&args),
        Command::Completions(args) => generate::completions(&args),
        Command::Man => generate::man(),
        Command::Serve(args) => serve_command::main(&args),
        Command::Test(args) => test::main(&args),
        Command::RunTest => test::child::main(),
    }
}

/// Says on stderr what is wrong with the usage.
fn usage_error(message: impl std::fmt::Display) -> ExitCode {
    terminal::print_error(format_args!("boaws: {message}"));
    ExitCode::from(EXIT_USAGE)
}
