//! Strings and names as text that cannot be mistaken for anything else.

use boa_engine::JsString;

/// Code points, with surrogates that stand alone.
fn code_points(string: &JsString) -> impl Iterator<Item = Result<char, u16>> {
    char::decode_utf16(string.iter()).map(|unit| unit.map_err(|error| error.unpaired_surrogate()))
}

/// True for characters that a terminal may obey, or that change how the text around them is read.
fn is_control(c: char) -> bool {
    // C0, DEL and C1; and what turns the direction of text.
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{8}' => out.push_str("\\b"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02X}", u32::from(c))),
        c => out.push_str(&format!("\\u{:04X}", u32::from(c))),
    }
}

/// The first `limit` characters of a string in quotes, as a literal of JavaScript.
pub(super) fn quoted(string: &JsString, limit: usize) -> String {
    let taken = string.iter().take(limit);
    let (mut single, mut double, mut back) = (false, false, false);
    for unit in taken {
        single |= unit == u16::from(b'\'');
        double |= unit == u16::from(b'"');
        back |= unit == u16::from(b'`');
    }
    let quote = match (single, double, back) {
        (false, ..) => '\'',
        (_, false, _) => '"',
        (.., false) => '`',
        _ => '\'',
    };
    let mut out = String::with_capacity(string.len().min(limit) + 2);
    out.push(quote);
    for point in code_points(string).take(limit) {
        match point {
            Ok(c) if c == quote || c == '\\' => out.extend(['\\', c]),
            Ok(c) if is_control(c) => push_escaped(&mut out, c),
            Ok(c) => out.push(c),
            Err(surrogate) => out.push_str(&format!("\\u{surrogate:04X}")),
        }
    }
    out.push(quote);
    out
}

/// The first `limit` characters of a name, in one line.
pub(super) fn name(string: &JsString, limit: usize) -> String {
    let mut out = String::new();
    for point in code_points(string).take(limit) {
        match point {
            Ok(c) if is_control(c) => push_escaped(&mut out, c),
            Ok(c) => out.push(c),
            Err(surrogate) => out.push_str(&format!("\\u{surrogate:04X}")),
        }
    }
    if string.len() > limit {
        out.push('…');
    }
    out
}

/// The first `limit` characters of a text that may have several lines, such as an error's message.
pub(super) fn lines(string: &JsString, limit: usize) -> String {
    let mut out = String::new();
    for point in code_points(string).take(limit) {
        match point {
            Ok('\n') => out.push('\n'),
            Ok('\t') => out.push('\t'),
            // Half of a line's end of Windows.
            Ok('\r') => {}
            Ok(c) if is_control(c) => push_escaped(&mut out, c),
            Ok(c) => out.push(c),
            Err(_) => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
    if string.len() > limit {
        out.push('…');
    }
    out
}

/// Whether a key of an object needs no quotes.
pub(super) fn is_identifier(string: &JsString) -> bool {
    let mut units = string.iter();
    let letter = |unit: u16| {
        u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_alphabetic() || b"_$".contains(&byte))
    };
    let digit = |unit: u16| u8::try_from(unit).is_ok_and(|byte| byte.is_ascii_digit());
    units.next().is_some_and(letter) && units.all(|unit| letter(unit) || digit(unit))
}
