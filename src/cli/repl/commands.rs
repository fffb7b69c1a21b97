//! `.help` and its kin.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rustyline::completion::{FilenameCompleter, Pair};

use crate::cli::terminal::{print_error, print_line};

/// What of a session is kept for `.save`, in bytes; the oldest is forgotten.
const MAX_KEPT: usize = 4 << 20;

/// Names and what each does.
const COMMANDS: [(&str, &str, &str); 4] = [
    (".exit", "", "Close all sockets with 1001 and leave"),
    (".help", "", "Show this"),
    (".load", " FILE", "Evaluate a file as if it were typed"),
    (
        ".save",
        " FILE",
        "Write what was evaluated without an error to a new file",
    ),
];

/// A line that is no JavaScript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command<'a> {
    name: &'a str,
    argument: &'a str,
}

/// What is to be done after a command.
#[derive(Debug)]
pub(super) enum Next {
    Nothing,
    Leave,
    /// Evaluate this text, of that file.
    Evaluate(String, Option<PathBuf>),
}

impl<'a> Command<'a> {
    /// Nothing for what is JavaScript: `.5` for one.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let line = line.trim();
        let name = line.strip_prefix('.')?;
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || line.contains('\n') {
            return None;
        }
        let (name, argument) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        Some(Self {
            name,
            argument: argument.trim(),
        })
    }
}

/// What was evaluated.
#[derive(Debug, Default)]
pub(super) struct Session {
    kept: Vec<String>,
    bytes: usize,
}

impl Session {
    /// Remembers a text that was evaluated.
    pub(super) fn keep(&mut self, text: String) {
        self.bytes += text.len();
        self.kept.push(text);
        let mut forgotten = 0;
        while self.bytes > MAX_KEPT && forgotten < self.kept.len() {
            self.bytes -= self.kept[forgotten].len();
            forgotten += 1;
        }
        self.kept.drain(..forgotten);
    }

    /// Carries a command out, or says what is to be done.
    pub(super) fn run(&self, command: Command<'_>) -> Next {
        let Command { name, argument } = command;
        match (name, argument) {
            (".exit", "") => return Next::Leave,
            (".help", "") => help(),
            (".load" | ".save", "") => {
                print_error(format_args!("boaws: {name} wants the name of a file"))
            }
            (".load", path) => return load(Path::new(path)),
            (".save", path) => self.save(Path::new(path)),
            (".exit" | ".help", _) => print_error(format_args!("boaws: {name} takes nothing")),
            _ => print_error(format_args!(
                "boaws: there is no command {name}; .help lists them"
            )),
        }
        Next::Nothing
    }

    fn save(&self, path: &Path) {
        let mut text = String::with_capacity(self.bytes + self.kept.len());
        for kept in &self.kept {
            text.push_str(kept.trim_end());
            text.push('\n');
        }
        // Not over something that may be dear to somebody.
        let created = fs::File::create_new(path);
        let shown = path.display();
        match created.and_then(|mut file| io_write(&mut file, &text)) {
            Ok(()) => print_line(format_args!("Saved to {shown}.")),
            Err(error) => print_error(format_args!("boaws: cannot write {shown}: {error}")),
        }
    }
}

fn io_write(file: &mut fs::File, text: &str) -> std::io::Result<()> {
    std::io::Write::write_all(file, text.as_bytes())
}

fn load(path: &Path) -> Next {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
            Next::Evaluate(text, Some(path.to_owned()))
        }
        Err(error) => {
            print_error(format_args!(
                "boaws: cannot read {}: {error}",
                path.display()
            ));
            Next::Nothing
        }
    }
}

fn help() {
    for (name, argument, about) in COMMANDS {
        print_line(format_args!("{:<12} {about}", format!("{name}{argument}")));
    }
    print_line(format_args!(
        "\n_ is the last value, _error the last error. Lines may await promises.\n\
        Tab completes, Ctrl-R searches the history, Ctrl-C drops the line, Ctrl-D leaves."
    ));
}

/// Completes commands and names of files.
pub(super) fn complete(line: &str) -> (usize, Vec<Pair>) {
    let with_file = [".load ", ".save "]
        .iter()
        .any(|start| line.starts_with(start));
    if with_file {
        let completed = FilenameCompleter::new().complete_path(line, line.len());
        return completed.unwrap_or((line.len(), Vec::new()));
    }
    let names = COMMANDS.iter().map(|(name, _, _)| *name);
    let matching = names.filter(|name| name.starts_with(line));
    (
        0,
        matching.map(|name| super::same(name.to_owned())).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_no_commands() {
        assert_eq!(Command::parse(".5 + 1"), None);
        assert_eq!(Command::parse("x.exit"), None);
        assert_eq!(Command::parse(""), None);
        let load = Command::parse(" .load  a b.js ").unwrap();
        assert_eq!((load.name, load.argument), (".load", "a b.js"));
    }

    #[test]
    fn a_session_is_kept_within_bounds() {
        let mut session = Session::default();
        for number in 0..5 {
            session.keep(number.to_string().repeat(1 << 20));
        }
        assert_eq!(session.kept.len(), 4);
        assert_eq!(session.bytes, 4 << 20);
        assert!(session.kept[0].starts_with('1'));
        session.keep("x".repeat(MAX_KEPT + 1));
        assert_eq!((session.kept.len(), session.bytes), (0, 0));
    }
}
