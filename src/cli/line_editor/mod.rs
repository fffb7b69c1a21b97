//! A line editor for terminals: what the program prints meanwhile goes above the prompt.

mod mode;
mod screen;

use std::{
    borrow::Cow,
    cell::Cell,
    io::{self, IsTerminal},
    path::PathBuf,
    sync::Arc,
};

use rustyline::{
    CompletionType, Config, Context, Editor, Helper,
    completion::{Completer, Pair},
    config::{BellStyle, ColorMode},
    error::ReadlineError,
    highlight::{CmdKind, Highlighter},
    hint::Hinter,
    history::FileHistory,
    validate::{ValidationContext, ValidationResult, Validator},
};

pub(super) use mode::TerminalMode;
use screen::Screen;

use super::terminal::print_error;

/// Lines that are remembered.
const MAX_HISTORY: usize = 1_000;

/// What the editor has to know of the language that is typed.
pub(super) trait Language {
    /// Whether the text goes on in another line.
    fn is_unfinished(&self, text: &str) -> bool {
        let _ = text;
        false
    }

    /// Where the word begins that ends at `position`, and what it could be.
    fn complete(&self, text: &str, position: usize) -> (usize, Vec<Pair>) {
        let _ = text;
        (position, Vec::new())
    }

    /// The text with escape sequences for colours.
    fn colored<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }
}

/// What somebody typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// Ctrl-C, in a line that had something in it or in an empty one.
    Interrupt {
        empty: bool,
    },
    /// Ctrl-D in an empty line, or there is no terminal any more.
    End,
}

/// Reads lines from the terminal.
pub(super) struct LineEditor<L: Language> {
    editor: Editor<Typing<L>, FileHistory>,
    screen: Option<Arc<Screen>>,
    history: Option<PathBuf>,
}

impl<L: Language> LineEditor<L> {
    /// Makes one, and has everything go through it that the program prints.
    ///
    /// # Errors
    ///
    /// What the system says about the terminal.
    pub(super) fn new(language: L) -> Result<Self, ReadlineError> {
        let config = Config::builder()
            .max_history_size(MAX_HISTORY)?
            .history_ignore_space(true)
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::None)
            // With or without colours: also the prompt has to be drawn by us, so that we know of it.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor = Editor::with_config(config)?;
        // A terminal that can do nothing has none: then what is printed goes where the cursor is.
        let screen = match editor.create_external_printer() {
            Ok(printer) => Some(Screen::take_over(printer)?),
            Err(_) => None,
        };
        editor.set_helper(Some(Typing {
            language,
            screen: screen.clone(),
            empty: Cell::new(true),
        }));
        Ok(Self {
            editor,
            screen,
            history: None,
        })
    }

    /// Remembers lines in a file, and those that are in it already. What goes wrong with that is said once.
    pub(super) fn remember_in(&mut self, path: PathBuf) {
        let loaded = match path.parent().map(std::fs::create_dir_all) {
            Some(Err(error)) => Err(error.into()),
            _ => match self.editor.load_history(&path) {
                Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                other => other,
            },
        };
        match loaded {
            Ok(()) => self.history = Some(path),
            Err(error) => no_history("read", &path, &error),
        }
    }

    /// Adds to the lines that the arrow keys bring back.
    pub(super) fn remember(&mut self, line: &str) {
        let added = self.editor.add_history_entry(line);
        let Some(path) = &self.history else {
            return;
        };
        if let Err(error) = added.and_then(|_| self.editor.append_history(path)) {
            no_history("write", path, &error);
            self.history = None;
        }
    }

    /// Shows the prompt and reads a line, or several that belong together.
    pub(super) fn read(&mut self, prompt: &str) -> Typed {
        if let Some(screen) = &self.screen {
            screen.begin();
        }
        if let Some(typing) = self.editor.helper() {
            typing.empty.set(true);
        }
        let line = self.editor.readline(prompt);
        if let Some(screen) = &self.screen {
            screen.end();
        }
        match line {
            Ok(line) => Typed::Line(line),
            Err(ReadlineError::Interrupted) => Typed::Interrupt {
                empty: self.editor.helper().is_none_or(|typing| typing.empty.get()),
            },
            Err(ReadlineError::Eof) => Typed::End,
            Err(error) => {
                print_error(format_args!(
                    "boaws: cannot read from the terminal: {error}"
                ));
                Typed::End
            }
        }
    }

    /// Something that waits until what was printed last is on the terminal, for a moment.
    pub(super) fn settler(&self) -> impl FnOnce() + Send + 'static {
        let screen = self.screen.clone();
        move || {
            if let Some(screen) = screen {
                screen.settle();
            }
        }
    }
}

impl<L: Language> Drop for LineEditor<L> {
    fn drop(&mut self) {
        super::terminal::set_printer(None);
    }
}

fn no_history(doing: &str, path: &std::path::Path, error: &ReadlineError) {
    let path = path.display();
    print_error(format_args!(
        "boaws: warning: cannot {doing} the history in {path}: {error}"
    ));
}

/// Whether there is somebody who types and sees what is typed.
pub(super) fn has_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// A language as rustyline wants to see it.
struct Typing<L> {
    language: L,
    screen: Option<Arc<Screen>>,
    /// Whether the line was empty when it was drawn last.
    empty: Cell<bool>,
}

impl<L: Language> Helper for Typing<L> {}

impl<L: Language> Completer for Typing<L> {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.language.complete(line, position))
    }
}

impl<L: Language> Hinter for Typing<L> {
    type Hint = String;
}

impl<L: Language> Highlighter for Typing<L> {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        self.empty.set(line.is_empty());
        self.language.colored(line)
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if let Some(screen) = &self.screen {
            screen.drawn();
        }
        Cow::Borrowed(prompt)
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl<L: Language> Validator for Typing<L> {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        if self.language.is_unfinished(context.input()) {
            return Ok(ValidationResult::Incomplete);
        }
        if let Some(screen) = &self.screen {
            screen.accept();
        }
        Ok(ValidationResult::Valid(None))
    }
}
