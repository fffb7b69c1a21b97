//! Where a name stands that is not defined.
//!
//! Boa knows the place of calls and member accesses, not of names: for those it tells the last place before, or none.
//! A place is told here only if there can be no doubt about it.

use boa_engine::Context;

use super::{
    snippet::Place,
    sources::{lines, text_of},
};
use crate::html::UncaughtError;

/// The place of the name in a `ReferenceError: name is not defined` of the engine.
pub(super) fn place_of_name(error: &UncaughtError, context: &Context) -> Option<Place> {
    let name = error.description.strip_prefix("ReferenceError: ")?;
    let name = name.strip_suffix(" is not defined")?;
    if name.is_empty() || !name.chars().all(is_part_of_name) {
        return None;
    }
    let frame = error.stack.lines().next()?;
    let (file, known) = place_of_frame(frame)?;
    let text = text_of(file, context)?;
    let (line, column) = match known {
        // After the last place that is known, on the same line.
        Some((line, column)) => {
            let source = lines(&text).nth(line.checked_sub(1)?)?;
            let start = source.char_indices().nth(column.checked_sub(1)?)?.0;
            // Made by script itself.
            if source[start..].starts_with("new") {
                return None;
            }
            let at = occurrences(source, name).find(|&at| at >= start);
            match at {
                Some(at) => (line, column_of(source, at)),
                None => only_occurrence(&text, name)?,
            }
        }
        None => only_occurrence(&text, name)?,
    };
    Place::new(file, u32::try_from(line).ok()?, u32::try_from(column).ok()?)
}

/// The file of `at name (file:line:column)`, and line and column if they are known.
fn place_of_frame(frame: &str) -> Option<(&str, Option<(usize, usize)>)> {
    let (_, place) = frame.trim().strip_suffix(')')?.rsplit_once(" (")?;
    let mut parts = place.rsplitn(3, ':');
    let (column, line) = (parts.next()?, parts.next()?);
    let file = parts.next()?;
    let known = line.parse().ok().zip(column.parse().ok());
    Some((file, known))
}

/// The line and column of a name that stands only once in a text.
fn only_occurrence(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut all = occurrences(text, name);
    let at = all.next()?;
    if all.next().is_some() {
        return None;
    }
    let line_start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[..at].matches('\n').count() + 1;
    Some((line, column_of(&text[line_start..], at - line_start)))
}

fn column_of(line: &str, at: usize) -> usize {
    line[..at].chars().count() + 1
}

fn is_part_of_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// Where a name stands by itself, and is not the name of a member.
fn occurrences<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(name)
        .map(|(at, _)| at)
        .filter(move |&at| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            let is_apart = |c: Option<char>| !c.is_some_and(is_part_of_name);
            is_apart(before) && is_apart(after) && before != Some('.')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_where_it_stands_by_itself() {
        let found = |text| occurrences(text, "ab").collect::<Vec<_>>();
        assert_eq!(found("ab + xab.ab(ab) $ab ab1 é ab"), [0, 12, 27]);
        assert_eq!(only_occurrence("x\né ab;", "ab"), Some((2, 3)));
        assert_eq!(only_occurrence("ab\nab", "ab"), None);
        assert_eq!(only_occurrence("abc", "ab"), None);
    }

    #[test]
    fn frames_tell_their_place() {
        let known = place_of_frame("    at f (c:/d.js:3:7)");
        assert_eq!(known, Some(("c:/d.js", Some((3, 7)))));
        assert_eq!(
            place_of_frame("    at <main> (s.js:?:?)"),
            Some(("s.js", None))
        );
        assert_eq!(place_of_frame("    at f (native)"), None);
    }
}
