//! `console`.

use std::io::{self, Write};

use boa_engine::{Context, Finalize, JsResult, Trace};
use boa_runtime::{ConsoleState, Logger};

use super::terminal::print;

/// `console` on a terminal or a pipe: `log`, `info` and `debug` go to stdout, `warn` and `error` to stderr,
/// each line at once.
#[derive(Clone, Debug, Trace, Finalize)]
pub(super) struct TerminalLogger;

impl Logger for TerminalLogger {
    fn log(&self, message: String, state: &ConsoleState, _: &mut Context) -> JsResult<()> {
        print_indented(io::stdout(), &message, state);
        Ok(())
    }

    fn info(&self, message: String, state: &ConsoleState, context: &mut Context) -> JsResult<()> {
        self.log(message, state, context)
    }

    fn warn(&self, message: String, state: &ConsoleState, context: &mut Context) -> JsResult<()> {
        self.error(message, state, context)
    }

    fn error(&self, message: String, state: &ConsoleState, _: &mut Context) -> JsResult<()> {
        print_indented(io::stderr(), &message, state);
        Ok(())
    }
}

/// `console` of a process whose stdout is not for people: everything goes to stderr.
#[derive(Clone, Debug, Trace, Finalize)]
pub(super) struct ErrorLogger;

impl Logger for ErrorLogger {
    fn log(&self, message: String, state: &ConsoleState, _: &mut Context) -> JsResult<()> {
        print_indented(io::stderr(), &message, state);
        Ok(())
    }

    fn info(&self, message: String, state: &ConsoleState, context: &mut Context) -> JsResult<()> {
        self.log(message, state, context)
    }

    fn warn(&self, message: String, state: &ConsoleState, context: &mut Context) -> JsResult<()> {
        self.log(message, state, context)
    }

    fn error(&self, message: String, state: &ConsoleState, context: &mut Context) -> JsResult<()> {
        self.log(message, state, context)
    }
}

/// A message may have several lines; each is indented by its group.
fn print_indented(stream: impl Write, message: &str, state: &ConsoleState) {
    let indent = state.indent();
    if indent == 0 && !message.contains('\n') {
        return print(stream, format_args!("{message}"));
    }
    let mut text = String::with_capacity(message.len() + indent);
    for (number, line) in message.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.extend(std::iter::repeat_n(' ', indent));
        text.push_str(line);
    }
    print(stream, format_args!("{text}"));
}
