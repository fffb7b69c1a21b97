//! The text of a value as a tree, and how it is broken into lines.

use std::iter;

use super::style::{Kind, Span};

/// An object goes on one line only with fewer levels of braces than this.
const MAX_LEVELS_IN_A_LINE: usize = 4;

/// Arrays with more members than this are set in columns if they do not fit a line.
const MIN_CELLS: usize = 7;

/// Members wider than this are not set in columns.
const MAX_CELL_WIDTH: usize = 24;

/// Members that are not wider than this may differ as they like.
const ALIKE: usize = 8;

/// At most this many columns.
const MAX_COLUMNS: usize = 16;

/// How a tree becomes text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Page {
    /// Lines after the first begin with so many spaces.
    pub(super) indent: usize,
    /// Lines are broken to stay within so many columns, as far as names and values allow.
    pub(super) width: usize,
    pub(super) colors: bool,
}

/// A value's text.
#[derive(Debug)]
pub(super) enum Node {
    Text(Vec<Span>),
    Group(Box<Group>),
    /// A key of a map and its value.
    Pair(Box<[Node; 2]>),
}

/// Between a key of a map and its value.
const ARROW: &str = " => ";

/// Entries between braces.
#[derive(Debug)]
pub(super) struct Group {
    /// What stands before the brace, without the space between.
    prefix: Vec<Span>,
    braces: [&'static str; 2],
    entries: Vec<Entry>,
    /// So many of the first entries are members of an array and may stand in columns.
    cells: usize,
    /// The columns it takes in one line; `None` if it cannot be in one line.
    width: Option<usize>,
    /// Levels of braces, itself included.
    levels: usize,
}

/// A member.
#[derive(Debug)]
pub(super) struct Entry {
    /// Such as `name: `; empty for a member of an array.
    pub(super) key: Vec<Span>,
    pub(super) value: Node,
}

impl Entry {
    pub(super) fn value(value: Node) -> Self {
        let key = Vec::new();
        Self { key, value }
    }

    fn width(&self) -> Option<usize> {
        Some(width(&self.key)? + self.value.width()?)
    }

    fn is_number(&self) -> bool {
        matches!(&self.value, Node::Text(spans) if spans.iter().all(|span| span.kind == Kind::Number))
    }

    fn write(&self, out: &mut String, page: Page) {
        write(&self.key, out, page);
        self.value.write(out, page);
    }
}

fn width(spans: &[Span]) -> Option<usize> {
    spans.iter().map(Span::width).sum()
}

fn write(spans: &[Span], out: &mut String, page: Page) {
    for span in spans {
        span.write(out, page.indent, page.colors);
    }
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

impl Node {
    pub(super) fn text(text: impl Into<String>, kind: Kind) -> Self {
        Self::Text(vec![Span::new(text, kind)])
    }

    pub(super) fn group(
        prefix: Vec<Span>,
        braces: [&'static str; 2],
        entries: Vec<Entry>,
        cells: usize,
    ) -> Self {
        let mut group = Group {
            prefix,
            braces,
            entries,
            cells,
            width: None,
            levels: 0,
        };
        group.measure();
        Self::Group(Box::new(group))
    }

    pub(super) fn pair(key: Self, value: Self) -> Self {
        Self::Pair(Box::new([key, value]))
    }

    /// Puts a word before everything else.
    pub(super) fn prepend(&mut self, word: Span) {
        match self {
            Self::Text(spans) => {
                spans.splice(0..0, [word, Span::plain(" ")]);
            }
            Self::Group(group) => {
                // The space before the brace is there anyway.
                let space = (!group.prefix.is_empty()).then(|| Span::plain(" "));
                group.prefix.splice(0..0, iter::once(word).chain(space));
                group.measure();
            }
            Self::Pair(pair) => pair[0].prepend(word),
        }
    }

    /// The columns it takes in one line; `None` if it cannot be in one line.
    pub(super) fn width(&self) -> Option<usize> {
        match self {
            Self::Text(spans) => width(spans),
            Self::Group(group) => group.width,
            Self::Pair(pair) => Some(pair[0].width()? + ARROW.len() + pair[1].width()?),
        }
    }

    fn levels(&self) -> usize {
        match self {
            Self::Text(_) => 0,
            Self::Group(group) => group.levels,
            Self::Pair(pair) => pair[0].levels().max(pair[1].levels()),
        }
    }

    /// Appends the text.
    pub(super) fn write(&self, out: &mut String, page: Page) {
        match self {
            Self::Text(spans) => write(spans, out, page),
            Self::Group(group) => group.write(out, page),
            Self::Pair(pair) => {
                pair[0].write(out, page);
                out.push_str(ARROW);
                pair[1].write(out, page);
            }
        }
    }
}

impl Group {
    fn measure(&mut self) {
        let inner = self.entries.iter().map(|entry| entry.value.levels()).max();
        self.levels = inner.unwrap_or(0) + usize::from(!self.entries.is_empty());
        let fits = self.levels <= MAX_LEVELS_IN_A_LINE;
        self.width = if fits { self.flat_width() } else { None };
    }

    fn flat_width(&self) -> Option<usize> {
        let entries = self.entries.iter().map(Entry::width);
        let entries: usize = entries.sum::<Option<usize>>()?;
        let braces = self.braces[0].len() + self.braces[1].len();
        // ", " after each but the last, " " inside each brace.
        let between = match self.entries.len() {
            0 => 0,
            count => 2 * count,
        };
        let prefix = width(&self.prefix)?;
        Some(prefix + usize::from(prefix > 0) + braces + between + entries)
    }

    fn write(&self, out: &mut String, page: Page) {
        write(&self.prefix, out, page);
        if !self.prefix.is_empty() {
            out.push(' ');
        }
        let [open, close] = self.braces;
        out.push_str(open);
        if self.entries.is_empty() {
            return out.push_str(close);
        }
        let fits = |width| width <= page.width.saturating_sub(page.indent);
        if self.width.is_some_and(fits) {
            for (number, entry) in self.entries.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { " " });
                entry.write(out, page);
            }
            out.push(' ');
        } else {
            let widths = self.cell_widths().unwrap_or_default();
            let indent = page.indent + 2;
            self.write_cells(&widths, out, Page { indent, ..page });
            new_line(out, page.indent);
        }
        out.push_str(close);
    }

    /// The widths of the leading entries, if these should be set in columns.
    fn cell_widths(&self) -> Option<Vec<usize>> {
        if self.cells < MIN_CELLS {
            return None;
        }
        let narrow = |entry: &Entry| entry.width().filter(|&width| width <= MAX_CELL_WIDTH);
        let widths: Vec<usize> = self.entries[..self.cells]
            .iter()
            .map(narrow)
            .collect::<Option<_>>()?;
        // Of much the same width: columns of gaps are hard to read.
        let widest = widths.iter().copied().max()?;
        let average = widths.iter().sum::<usize>() / widths.len();
        (widest <= ALIKE || widest <= 2 * average).then_some(widths)
    }

    /// Sets the leading entries in columns, numbers to the right; the others have lines of their own.
    fn write_cells(&self, widths: &[usize], out: &mut String, page: Page) {
        let widest = widths.iter().copied().max().unwrap_or(1);
        let columns = (page.width.saturating_sub(page.indent) / (widest + 2)).clamp(1, MAX_COLUMNS);
        let (cells, others) = self.entries.split_at(widths.len());
        let numbers = cells.iter().all(Entry::is_number);
        for (number, (entry, width)) in cells.iter().zip(widths).enumerate() {
            let starts_line = number % columns == 0;
            if starts_line {
                new_line(out, page.indent);
            } else {
                out.push(' ');
            }
            let padding = std::iter::repeat_n(' ', widest - width);
            let comma = number + 1 < self.entries.len();
            let ends_line = number + 1 == cells.len() || (number + 1) % columns == 0;
            if numbers {
                out.extend(padding.clone());
            }
            entry.write(out, page);
            if comma {
                out.push(',');
            }
            if !numbers && !ends_line {
                out.extend(padding);
            }
        }
        for (number, entry) in others.iter().enumerate() {
            if number > 0 {
                out.push(',');
            }
            new_line(out, page.indent);
            entry.write(out, page);
        }
    }
}
