//! A line of source with a caret.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use boa_engine::Context;

use super::sources::{lines, text_of};

/// Columns of the terminal that a line may take.
const WIDTH: usize = 100;

/// Characters on each side of the caret that are looked at.
const AROUND: usize = 200;

/// Where something is in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    file: String,
    /// From 1.
    line: u32,
    /// In code points, from 1.
    column: u32,
}

impl Place {
    /// `None` unless all of it is known.
    pub(super) fn new(file: &str, line: u32, column: u32) -> Option<Self> {
        let file = file.to_owned();
        (!file.is_empty() && line > 0).then_some(Self { file, line, column })
    }
}

/// The place, its line and a caret below it; only the place if its source is not known.
pub(super) fn render(place: &Place, colors: bool, context: &Context) -> Option<String> {
    let Place { file, line, column } = place;
    let text = text_of(file, context);
    let source = text.as_deref().and_then(|text| line_of(text, *line));
    let blue = Style::new()
        .bold()
        .fg_color(Some(AnsiColor::BrightBlue.into()));
    let style = if colors { blue } else { Style::new() };
    let margin = line.to_string().len();
    let mut out = format!("{:margin$}{style}-->{style:#} {file}:{line}:{column}", "");
    if let Some(source) = source.filter(|source| !source.trim().is_empty()) {
        out.push('\n');
        out.push_str(&with_caret(source, *line, *column, colors));
    }
    Some(out)
}

/// A line's text without its end.
fn line_of(text: &str, line: u32) -> Option<&str> {
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    lines(text).nth(index)
}

fn with_caret(source: &str, line: u32, column: u32, colors: bool) -> String {
    let (window, caret) = window(source, column);
    let snippet = Snippet::source(window)
        .line_start(usize::try_from(line).unwrap_or(1))
        .annotation(AnnotationKind::Primary.span(caret));
    let renderer = if colors {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let group = Group::with_level(Level::ERROR).element(snippet);
    let lines = renderer.term_width(WIDTH).render(&[group]);
    let lines: Vec<&str> = lines.lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// The part of a line around a column, and the caret's bytes in it. Lines of generated code have megabytes.
fn window(source: &str, column: u32) -> (String, Range<usize>) {
    let index = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    let skipped = index.saturating_sub(AROUND);
    let mut window: String = source.chars().skip(skipped).take(2 * AROUND).collect();
    if skipped > 0 {
        window.insert(0, '…');
    }
    let index = index - skipped + usize::from(skipped > 0);
    // Past the end stands what is missing there.
    let start = window.char_indices().nth(index).map(|(at, _)| at);
    match start {
        Some(start) => {
            let length = window[start..].chars().next().map_or(0, char::len_utf8);
            (window, start..start + length)
        }
        None => {
            let end = window.len();
            (window, end..end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_in_javascript() {
        let text = "a\nb\r\nc\rd\u{2028}e\u{2029}\n";
        let all: Vec<_> = lines(text).collect();
        assert_eq!(all, ["a", "b", "c", "d", "e", "", ""]);
        assert_eq!(line_of(text, 3), Some("c"));
        assert_eq!(line_of(text, 0), None);
        assert_eq!(line_of(text, 8), None);
        assert_eq!(lines("").count(), 1);
    }

    #[test]
    fn the_caret_stands_below_its_column() {
        let caret = |source: &str, column| {
            let (window, caret) = window(source, column);
            (window[caret.clone()].to_owned(), caret.start)
        };
        assert_eq!(caret("abc", 2), ("b".to_owned(), 1));
        assert_eq!(caret("日本é", 3), ("é".to_owned(), 6));
        // Past the end, and a column that is not known.
        assert_eq!(caret("abc", 9), (String::new(), 3));
        assert_eq!(caret("abc", 0), ("a".to_owned(), 0));
        let long = format!("{}X{}", "é".repeat(1000), "b".repeat(1_000_000));
        let (text, at) = window(&long, 1001);
        assert_eq!(&text[at], "X");
        assert!(text.starts_with('…') && text.chars().count() <= 2 * AROUND + 1);
        assert_eq!(
            with_caret("\tif (日本) x", 7, 10, false),
            "  |\n7 |     if (日本) x\n  |               ^"
        );
        // Behind the last character.
        assert_eq!(with_caret("f(", 1, 3, false), "  |\n1 | f(\n  |   ^");
    }
}
