//! How `boaws` shows uncaught errors: what was thrown, the line of source it was thrown at, the calls that led
//! there, and what caused it.

mod names;
mod snippet;
mod sources;

use std::{cell::Cell, path::Path, rc::Rc};

use anstyle::{AnsiColor, Style};
use boa_engine::{Context, JsError, JsValue};

use super::{
    inspect::{InspectOptions, OfError, frames, inspect, inspect_error},
    terminal::{Stream, print},
};
use crate::{
    event_loop::report_exception,
    html::{UncaughtError, UncaughtKind, set_uncaught_error_sink},
};
use snippet::Place;
pub(super) use sources::remember_source;

/// Levels of causes, members of an AggregateError and other properties that are shown of an error.
const DEPTH: usize = 6;

/// The file that is being parsed, for errors that do not say which one they are in.
struct CurrentFile(String);

/// Prints uncaught errors and unhandled rejections when they are reported, and notes that there was one.
pub(super) fn install(failed: Rc<Cell<bool>>, context: &mut Context) {
    sources::install(context);
    let sink = move |error: &UncaughtError, context: &mut Context| {
        failed.set(true);
        let colors = Stream::Stderr.has_colors();
        print(Stream::Stderr, describe(error, colors, context));
    };
    set_uncaught_error_sink(context, Rc::new(sink));
}

/// Reports an error that ended a file.
pub(super) fn report_in_file(error: JsError, name: &Path, context: &mut Context) {
    context.insert_data(CurrentFile(name.display().to_string()));
    report_exception(error, context);
    context.remove_data::<CurrentFile>();
}

/// All that is known of an error.
pub(super) fn describe(error: &UncaughtError, colors: bool, context: &mut Context) -> String {
    let options = InspectOptions {
        colors,
        depth: DEPTH,
        ..InspectOptions::default()
    };
    let parsed = Parsed::of(error, context);
    let place = match &parsed {
        Some(parsed) => parsed.place.clone(),
        None => names::place_of_name(error, context)
            .or_else(|| Place::new(&error.filename, error.lineno, error.colno)),
    };
    let shown = place.and_then(|place| snippet::render(&place, colors, context));
    let text = if error.kind == UncaughtKind::Engine || !is_error(&error.error) {
        let what = match error.kind {
            UncaughtKind::Engine => error.description.clone(),
            _ => inspect(&error.error, &options, context),
        };
        let mut text = what;
        for line in shown.into_iter().chain(stack(error, colors)) {
            text.push('\n');
            text.push_str(&line);
        }
        text
    } else {
        let of_error = OfError {
            is_uncaught: true,
            // The place that the message ends with is shown below it.
            cut: parsed
                .filter(|_| shown.is_some())
                .map(|parsed| parsed.suffix),
            place: shown,
        };
        inspect_error(&error.error, of_error, &options, context)
    };
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    let style = if colors { red } else { Style::new() };
    let promise = match error.kind {
        UncaughtKind::UnhandledRejection => " (in promise)",
        _ => "",
    };
    let mut text = format!("{style}Uncaught{promise}{style:#} {text}");
    if error.stack.is_empty()
        && !text.contains('\n')
        && let Some(CurrentFile(name)) = context.get_data::<CurrentFile>()
    {
        text.push_str(&format!("\n    at {name}"));
    }
    text
}

fn is_error(value: &JsValue) -> bool {
    value.as_object().is_some_and(|object| {
        object.is::<boa_engine::builtins::error::Error>()
            || crate::webidl::DomException::of(&object).is_some()
    })
}

/// The lines of the stack of what is no error.
fn stack(error: &UncaughtError, colors: bool) -> Vec<String> {
    let frames = frames(&error.stack);
    frames
        .into_iter()
        .map(|frame| frame.to_text(colors))
        .collect()
}

/// A syntax error of a file: Boa's parser puts the position at the end of the message.
struct Parsed {
    place: Option<Place>,
    /// The end of the message that tells the position.
    suffix: String,
}

impl Parsed {
    fn of(error: &UncaughtError, context: &Context) -> Option<Self> {
        if !error.stack.is_empty() || !error.filename.is_empty() {
            return None;
        }
        let current = context.get_data::<CurrentFile>();
        let current = current.map(|file| file.0.as_str());
        // The module loader adds the file.
        let in_file = |end: &str| -> Option<(String, String)> {
            match end.split_once(" (") {
                Some((end, file)) => Some((end.to_owned(), file.strip_suffix(')')?.to_owned())),
                None => Some((end.to_owned(), current?.to_owned())),
            }
        };
        if let Some(end) = error.description.strip_prefix("SyntaxError: abrupt end") {
            let (_, file) = in_file(end)?;
            let (line, column) = sources::end_of(&file, context)?;
            return Some(Self {
                place: Place::new(&file, line, column),
                suffix: String::new(),
            });
        }
        let at = error.description.rfind(" at line ")?;
        let suffix = &error.description[at..];
        let (line, rest) = suffix.strip_prefix(" at line ")?.split_once(", col ")?;
        let (column, file) = in_file(rest)?;
        Some(Self {
            place: Place::new(&file, line.parse().ok()?, column.parse().ok()?),
            suffix: suffix.to_owned(),
        })
    }
}
