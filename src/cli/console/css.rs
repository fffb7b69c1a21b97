//! `%c`: the part of CSS that a terminal can show.

use anstyle::{Ansi256Color, Color, RgbColor, Style};

/// Ends all styles.
pub(super) const RESET: &str = "\x1b[0m";

/// The escape sequence for a declaration block such as `color: red; font-weight: bold`. It ends the style
/// before it if there is one.
pub(super) fn escape_sequence(css: &str, styled_before: bool) -> String {
    let mut style = Style::new();
    for declaration in css.split(';') {
        let Some((name, value)) = declaration.split_once(':') else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim().to_ascii_lowercase());
        style = match name.to_ascii_lowercase().as_str() {
            "color" => style.fg_color(color(&value).or(style.get_fg_color())),
            "background" | "background-color" => {
                style.bg_color(color(&value).or(style.get_bg_color()))
            }
            "font-weight" if is_bold(&value) => style.bold(),
            "font-style" if value == "italic" || value == "oblique" => style.italic(),
            "text-decoration" | "text-decoration-line" => decoration(style, &value),
            _ => style,
        };
    }
    let before = if styled_before { RESET } else { "" };
    format!("{before}{style}")
}

fn is_bold(weight: &str) -> bool {
    matches!(weight, "bold" | "bolder") || weight.parse().is_ok_and(|weight: u16| weight >= 600)
}

fn decoration(mut style: Style, lines: &str) -> Style {
    for line in lines.split_ascii_whitespace() {
        style = match line {
            "underline" => style.underline(),
            "line-through" => style.strikethrough(),
            _ => style,
        };
    }
    style
}

/// Names of CSS and the terminal's own colours for them.
const NAMES: [(&str, u8); 22] = [
    ("black", 0),
    ("maroon", 1),
    ("darkred", 1),
    ("green", 2),
    ("darkgreen", 2),
    ("olive", 3),
    ("navy", 4),
    ("darkblue", 4),
    ("purple", 5),
    ("teal", 6),
    ("silver", 7),
    ("gray", 8),
    ("grey", 8),
    ("red", 9),
    ("lime", 10),
    ("yellow", 11),
    ("blue", 12),
    ("fuchsia", 13),
    ("magenta", 13),
    ("aqua", 14),
    ("cyan", 14),
    ("white", 15),
];

/// Names for which the terminal has no colour of its own.
const OTHER_NAMES: [(&str, (u8, u8, u8)); 6] = [
    ("orange", (255, 165, 0)),
    ("pink", (255, 192, 203)),
    ("brown", (165, 42, 42)),
    ("gold", (255, 215, 0)),
    ("tomato", (255, 99, 71)),
    ("rebeccapurple", (102, 51, 153)),
];

fn color(value: &str) -> Option<Color> {
    let rgb = |(red, green, blue)| Color::from(RgbColor(red, green, blue));
    if let Some(digits) = value.strip_prefix('#') {
        return hexadecimal(digits).map(rgb);
    }
    if let Some(parts) = value.strip_prefix("rgb(").or(value.strip_prefix("rgba(")) {
        return components(parts.strip_suffix(')')?).map(rgb);
    }
    let named = NAMES.iter().find(|(name, _)| *name == value);
    if let Some((_, index)) = named {
        let color = Ansi256Color(*index);
        return Some(color.into_ansi().map_or(color.into(), Color::from));
    }
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == value);
    other.map(|(_, color)| rgb(*color))
}

/// `rgb` or `rrggbb`, either with an alpha channel that is ignored.
fn hexadecimal(digits: &str) -> Option<(u8, u8, u8)> {
    let nibbles: Option<Vec<u32>> = digits.chars().take(9).map(|c| c.to_digit(16)).collect();
    let byte = |high: u32, low: u32| u8::try_from(high * 16 + low).ok();
    match nibbles?.as_slice() {
        [r, g, b] | [r, g, b, _] => Some((byte(*r, *r)?, byte(*g, *g)?, byte(*b, *b)?)),
        [r, s, g, h, b, c] | [r, s, g, h, b, c, _, _] => {
            Some((byte(*r, *s)?, byte(*g, *h)?, byte(*b, *c)?))
        }
        _ => None,
    }
}

/// `255, 0, 0` or `255 0 0 / 50%`.
fn components(parts: &str) -> Option<(u8, u8, u8)> {
    let mut parts = parts
        .split([',', ' ', '/'])
        .filter(|part| !part.is_empty())
        // Saturates.
        .map(|part| part.parse::<f64>().ok().map(|number| number.round() as u8));
    Some((parts.next()??, parts.next()??, parts.next()??))
}
