//! Where `boaws` prints.

use std::{
    fmt,
    io::{self, Write},
};

/// Prints a line on stdout.
pub(super) fn print_line(line: fmt::Arguments<'_>) {
    print(io::stdout(), line);
}

/// Prints a line on stderr.
pub(super) fn print_error(line: fmt::Arguments<'_>) {
    print(io::stderr(), line);
}

/// A reader that has gone is no reason to end the script: what it prints is lost, its sockets are not.
pub(super) fn print(mut stream: impl Write, line: fmt::Arguments<'_>) {
    let _ = writeln!(stream, "{line}").and_then(|()| stream.flush());
}
