//! Where `boaws` prints.

use std::{
    fmt,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

/// What prints instead of us, while somebody has the terminal: a line editor.
type Printer = Box<dyn FnMut(String) + Send>;

static PRINTER: Mutex<Option<Printer>> = Mutex::new(None);

/// From now on every text for stdout and stderr goes to `printer`, without the line feed at its end; with
/// `None` to the streams again. It may be several lines. The printer must not print through this module.
pub(super) fn set_printer(printer: Option<Printer>) {
    *PRINTER.lock().unwrap_or_else(PoisonError::into_inner) = printer;
}

/// Gives the text to the printer, if there is one.
fn printed_elsewhere(line: fmt::Arguments<'_>) -> bool {
    match &mut *PRINTER.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(printer) => {
            printer(line.to_string());
            true
        }
        None => false,
    }
}

/// Prints a line on stdout.
pub(super) fn print_line(line: fmt::Arguments<'_>) {
    print(io::stdout(), line);
}

/// Prints a line on stderr.
pub(super) fn print_error(line: fmt::Arguments<'_>) {
    print(io::stderr(), line);
}

/// What to do when the reader has gone is [`interrupt`](super::interrupt)'s to say; what was to be printed is lost.
pub(super) fn print(mut stream: impl Write, line: fmt::Arguments<'_>) {
    if !printed_elsewhere(line)
        && let Err(error) = writeln!(stream, "{line}").and_then(|()| stream.flush())
    {
        super::interrupt::printing_failed(&error);
    }
}
