//! `boaws completions` and `boaws man`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{
    Command, CommandFactory,
    builder::{Resettable, StyledStr},
};

use super::{
    args::{Cli, CompletionsArgs, ManArgs},
    terminal::print_error,
    usage_error, versions,
};

/// How many letters fit on a line of a manual page with its margin.
const PAGE: usize = 73;

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> ExitCode {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut shown(), "boaws", &mut text);
    write(&text)
}

/// Prints the manual page of `boaws`, or of one of its commands.
pub(super) fn man(args: &ManArgs) -> ExitCode {
    let mut command = shown().disable_help_subcommand(true);
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
    let notes = command.get_after_long_help().or(command.get_after_help());
    let notes = notes.map(ToString::to_string).unwrap_or_default();
    // It would run together what stands on lines of its own.
    command = command
        .after_help(Resettable::<StyledStr>::Reset)
        .after_long_help(Resettable::<StyledStr>::Reset);
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command).source(concat!("boaws ", env!("CARGO_PKG_VERSION")));
    match man.render(&mut page) {
        Ok(()) => {
            page.extend(as_they_are(&notes).into_bytes());
            write(&page)
        }
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

/// A section with these lines, which are not filled up with what follows them.
fn as_they_are(notes: &str) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let mut text = ".SH NOTES\n.nf\n".to_owned();
    for line in notes.lines().flat_map(wrapped) {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // At the beginning of a line these are commands.
        let guard = if line.starts_with(['.', '\'']) {
            "\\&"
        } else {
            ""
        };
        text.push_str(&format!("{guard}{line}\n"));
    }
    text + ".fi\n"
}

/// A line in lines that fit a page, indented as it is.
fn wrapped(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let indent = &line[..indent];
    if line.chars().count() <= PAGE {
        return vec![line.to_owned()];
    }
    let mut lines = vec![indent.to_owned()];
    for word in line.split_whitespace() {
        if let Some(last) = lines.last_mut()
            && last.trim().is_empty()
        {
            last.push_str(word);
        } else if let Some(last) = lines.last_mut()
            && last.chars().count() + 1 + word.chars().count() <= PAGE
        {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(format!("{indent}{word}"));
        }
    }
    lines
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_lines_and_are_no_commands() {
        assert_eq!(as_they_are(""), "");
        assert_eq!(
            as_they_are(".a\n  b-c\\d\n'e"),
            ".SH NOTES\n.nf\n\\&.a\n  b\\-c\\ed\n\\&'e\n.fi\n"
        );
    }

    #[test]
    fn long_lines_are_broken_where_they_stand() {
        let line = format!("  {}", "word ".repeat(40));
        let lines = wrapped(&line);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.starts_with("  word")));
        assert!(lines.iter().all(|line| line.chars().count() <= PAGE));
        let word = "x".repeat(200);
        assert_eq!(wrapped(&word), [word]);
    }
}
