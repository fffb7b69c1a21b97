//! The texts of scripts, for the lines that are shown of them.

use std::{collections::VecDeque, fs, io::Read, iter, path::Path, rc::Rc, time::SystemTime};

use boa_engine::Context;

/// Texts that are kept, the newest: a session of many hours has many.
const MAX_SOURCES: usize = 256;

/// Bytes of a file that is read again.
const MAX_FILE: u64 = 16 << 20;

struct Sources {
    /// Names as errors have them, and texts.
    texts: VecDeque<(String, Rc<str>)>,
    /// Files that have not changed since are what was run.
    started: SystemTime,
}

pub(super) fn install(context: &mut Context) {
    context.insert_data(Sources {
        texts: VecDeque::new(),
        started: SystemTime::now(),
    });
}

/// Keeps the text of a script for the errors that come up in it. Files need this only if they were not named
/// by the path they are read from; what was typed in always does.
pub(in crate::cli) fn remember_source(name: &Path, text: &str, context: &mut Context) {
    let name = name.display().to_string();
    if let Some(mut sources) = context.remove_data::<Sources>() {
        sources.texts.retain(|(known, _)| *known != name);
        sources.texts.push_front((name, text.into()));
        sources.texts.truncate(MAX_SOURCES);
        context.insert_data(*sources);
    }
}

/// The text of a script, if it is still known.
pub(super) fn text_of(name: &str, context: &Context) -> Option<Rc<str>> {
    let sources = context.get_data::<Sources>()?;
    let known = sources.texts.iter().find(|(known, _)| known == name);
    match known {
        Some((_, text)) => Some(Rc::clone(text)),
        None => read_again(Path::new(name), sources.started),
    }
}

/// The lines of a text as JavaScript counts them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}');
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let Some(at) = text.find(is_end) else {
            return rest.take();
        };
        let end = &text[at..];
        // A carriage return and a line feed are one end.
        let after = end.strip_prefix("\r\n").or(end.strip_prefix(is_end));
        rest = after;
        Some(&text[..at])
    })
}

/// The line and column behind the last character that is no white space.
pub(super) fn end_of(name: &str, context: &Context) -> Option<(u32, u32)> {
    let text = text_of(name, context)?;
    let text = text.trim_end();
    let (before, last) = lines(text).fold((0, ""), |(count, _), line| (count + 1, line));
    let column = last.chars().count() + 1;
    Some((before, u32::try_from(column).ok()?))
}

/// A module's file, unless it has changed since it was loaded.
fn read_again(path: &Path, started: SystemTime) -> Option<Rc<str>> {
    let metadata = fs::metadata(path).ok()?;
    let unchanged = metadata
        .modified()
        .is_ok_and(|modified| modified <= started);
    if !metadata.is_file() || metadata.len() > MAX_FILE || !unchanged {
        return None;
    }
    let mut text = String::new();
    let file = fs::File::open(path).ok()?;
    file.take(MAX_FILE).read_to_string(&mut text).ok()?;
    Some(text.into())
}
