//! Where `boaws` prints. Nothing else in the binary writes lines to stdout or stderr.

use std::{
    fmt,
    io::{self, Write},
    sync::{Mutex, OnceLock, PoisonError},
};

use anstream::{
    AutoStream, ColorChoice,
    stream::{AsLockedWrite, RawStream},
};

/// One of the two streams for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// Whether colours are wanted: on a terminal that knows them, unless the environment says otherwise
    /// (`NO_COLOR`, `CLICOLOR`, `CLICOLOR_FORCE`, `TERM=dumb`).
    pub(super) fn has_colors(self) -> bool {
        static COLORS: [OnceLock<bool>; 2] = [const { OnceLock::new() }; 2];
        *COLORS[usize::from(self == Self::Stderr)].get_or_init(|| {
            let choice = match self {
                Self::Stdout => AutoStream::choice(&io::stdout()),
                Self::Stderr => AutoStream::choice(&io::stderr()),
            };
            choice != ColorChoice::Never
        })
    }

    pub(super) fn is_terminal(self) -> bool {
        match self {
            Self::Stdout => io::IsTerminal::is_terminal(&io::stdout()),
            Self::Stderr => io::IsTerminal::is_terminal(&io::stderr()),
        }
    }
}

/// What prints instead of us, while somebody has the terminal: a line editor.
type Printer = Box<dyn FnMut(String) + Send>;

static PRINTER: Mutex<Option<Printer>> = Mutex::new(None);

/// From now on every text for stdout and stderr goes to `printer`, without the line feed at its end; with
/// `None` to the streams again. It may be several lines. The printer must not print through this module.
pub(super) fn set_printer(printer: Option<Printer>) {
    *PRINTER.lock().unwrap_or_else(PoisonError::into_inner) = printer;
}

/// Prints a line on stdout.
pub(super) fn print_line(line: fmt::Arguments<'_>) {
    print(Stream::Stdout, line.to_string());
}

/// Prints a line on stderr.
pub(super) fn print_error(line: fmt::Arguments<'_>) {
    print(Stream::Stderr, line.to_string());
}

/// Prints a line, or several, and sees that they get out.
///
/// Escape sequences in the text are left as they are. What to do when the reader has gone is
/// [`interrupt`](super::interrupt)'s to say; what was to be printed is lost.
pub(super) fn print(stream: Stream, mut text: String) {
    // Held until the line is out, so that a printer that is being set gets all that come after.
    let mut printer = PRINTER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(printer) = printer.as_mut() {
        return printer(text);
    }
    text.push('\n');
    write_out(stream, &text);
}

/// Clears the screen of a terminal. On anything else, and under a line editor, it does nothing.
pub(super) fn clear_screen() {
    let printer = PRINTER.lock().unwrap_or_else(PoisonError::into_inner);
    if printer.is_none() && Stream::Stdout.is_terminal() && Stream::Stdout.has_colors() {
        write_out(Stream::Stdout, "\x1b[H\x1b[2J");
    }
}

/// One write for all of it.
fn write_out(stream: Stream, text: &str) {
    let translate = stream.has_colors();
    let written = match stream {
        Stream::Stdout => write_to(io::stdout().lock(), translate, text),
        Stream::Stderr => write_to(io::stderr().lock(), translate, text),
    };
    if let Err(error) = written {
        super::interrupt::printing_failed(&error);
    }
}

fn write_to(
    mut raw: impl RawStream + AsLockedWrite,
    translate: bool,
    text: &str,
) -> io::Result<()> {
    if translate {
        // Where a console does not understand escape sequences (Windows), they are made into calls of it.
        let mut stream = AutoStream::always(raw);
        stream.write_all(text.as_bytes())?;
        return stream.flush();
    }
    raw.write_all(text.as_bytes())?;
    raw.flush()
}
