//! `boaws completions` and `boaws man`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Command, CommandFactory};

use super::{
    args::{Cli, CompletionsArgs, ManArgs},
    terminal::print_error,
    usage_error, versions,
};

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut shown(), "boaws", &mut text);
    write(&text)
}

/// Prints the manual page of `boaws`, or of one of its commands.
pub(super) fn man(args: &ManArgs) -> ExitCode {
    let mut command = shown();
    command.build();
    if let Some(name) = &args.command {
        let found = command.find_subcommand(name).cloned();
        command = match found {
            Some(found) => found.version(versions::BOAWS),
            None => {
                return usage_error(format_args!(
                    "there is no command '{}'",
                    name.escape_debug()
                ));
            }
        };
    }
    let mut text = Vec::new();
    match clap_mangen::Man::new(command).render(&mut text) {
        Ok(()) => write(&text),
        Err(error) => {
            print_error(format_args!("boaws: cannot write the manual page: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// The commands without those that are not for people.
fn shown() -> Command {
    let all = Cli::command();
    let mut shown = Command::new("boaws")
        .version(versions::BOAWS)
        .long_version(versions::LONG)
        .args(all.get_arguments());
    if let Some(about) = all.get_about() {
        shown = shown.about(about.clone());
    }
    if let Some(help) = all.get_after_help() {
        shown = shown.after_help(help.clone());
    }
    for command in all
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
    {
        shown = shown.subcommand(command.clone());
    }
    shown
}

/// All of it or nothing that anybody waits for: a reader that has gone is no failure.
fn write(text: &[u8]) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            print_error(format_args!("boaws: cannot write to stdout: {error}"));
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
