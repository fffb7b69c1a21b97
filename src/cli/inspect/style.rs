//! Pieces of text and their colours.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

/// What a piece of text is; tells its colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) enum Kind {
    #[default]
    Plain,
    String,
    /// A number, a bigint or a boolean.
    Number,
    Symbol,
    Undefined,
    Null,
    Date,
    RegExp,
    /// What stands for something that is not shown itself: `[Getter]`, `[Circular *1]`, `[Function: f]`.
    Special,
    /// Of less interest: frames of native code.
    Dim,
}

impl Kind {
    fn style(self) -> Style {
        let style = Style::new();
        let color = match self {
            Self::Plain => return style,
            Self::Null => return style.bold(),
            Self::Dim => return style.dimmed(),
            Self::String | Self::Symbol => AnsiColor::Green,
            Self::Number => AnsiColor::Yellow,
            Self::Undefined => AnsiColor::BrightBlack,
            Self::Date => AnsiColor::Magenta,
            Self::RegExp => AnsiColor::Red,
            Self::Special => AnsiColor::Cyan,
        };
        style.fg_color(Some(color.into()))
    }
}

/// A piece of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Span {
    pub(in crate::cli) text: String,
    pub(in crate::cli) kind: Kind,
}

impl Span {
    pub(in crate::cli) fn new(text: impl Into<String>, kind: Kind) -> Self {
        let text = text.into();
        Self { text, kind }
    }

    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Kind::Plain)
    }

    /// The text with its colour.
    pub(in crate::cli) fn to_text(&self, colors: bool) -> String {
        let mut text = String::new();
        self.write(&mut text, 0, colors);
        text
    }

    /// The columns it takes, or `None` if it has several lines.
    pub(super) fn width(&self) -> Option<usize> {
        (!self.text.contains('\n')).then(|| self.text.width())
    }

    /// Appends the text, each line after the first behind `indent` spaces.
    pub(super) fn write(&self, out: &mut String, indent: usize, colors: bool) {
        let style = if colors {
            self.kind.style()
        } else {
            Style::new()
        };
        for (number, line) in self.text.split('\n').enumerate() {
            if number > 0 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent));
            }
            if line.is_empty() || style.is_plain() {
                out.push_str(line);
            } else {
                out.push_str(&format!("{style}{line}{style:#}"));
            }
        }
    }
}
