//! How `boaws` shows uncaught errors.

use std::{cell::Cell, path::Path, rc::Rc};

use boa_engine::{Context, JsError};

use super::terminal::print_error;
use crate::{
    event_loop::report_exception,
    html::{UncaughtError, set_uncaught_error_sink},
};

/// The file that is being parsed, for errors that do not say which one they are in.
struct CurrentFile(String);

/// Prints uncaught errors and unhandled rejections when they are reported, and notes that there was one.
pub(super) fn install(failed: Rc<Cell<bool>>, context: &mut Context) {
    let sink = move |error: &UncaughtError, context: &mut Context| {
        failed.set(true);
        let file = context.get_data::<CurrentFile>();
        print_error(format_args!("{}", located(error, file)));
    };
    set_uncaught_error_sink(context, Rc::new(sink));
}

/// Boa's parser tells line and column, but not the file.
fn located(error: &UncaughtError, file: Option<&CurrentFile>) -> String {
    match file {
        Some(CurrentFile(name)) if error.stack.is_empty() && error.filename.is_empty() => {
            let (line, column) = (error.lineno, error.colno);
            if line == 0 {
                return format!("{error}\n    at {name}");
            }
            format!("{error}\n    at {name}:{line}:{column}")
        }
        _ => error.to_string(),
    }
}

/// Reports an error that ended a file.
pub(super) fn report_in_file(error: JsError, name: &Path, context: &mut Context) {
    context.insert_data(CurrentFile(name.display().to_string()));
    report_exception(error, context);
    context.remove_data::<CurrentFile>();
}
