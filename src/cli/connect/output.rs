//! How a conversation is shown.

use std::{
    fmt::Write as _,
    io::{self, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use boa_engine::context::{DefaultHooks, HostHooks};
use serde_json::{Value, json};

use super::input::Form;
use crate::cli::terminal::{print_error, print_line};

/// Bytes of a text that people are shown; they do not read more.
const MAX_TEXT: usize = 64 << 10;

/// Bytes of a binary message that people are shown.
const MAX_BYTES: usize = 256;

/// A message as it goes by.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// Who looks at it.
#[derive(Debug)]
pub(super) enum Output {
    /// A terminal: everything, with the time of day and direction.
    People {
        form: Form,
        colors: bool,
        /// Seconds east of Greenwich.
        offset: i32,
    },
    /// Data alone.
    Data {
        form: Form,
        stdout: io::StdoutLock<'static>,
    },
    /// A JSON object an event.
    Json { stdout: io::StdoutLock<'static> },
}

impl Output {
    /// For a terminal. To be asked while there is one thread: only then the system tells the time zone.
    pub(super) fn for_people(form: Form, colors: bool) -> Self {
        let now = i64::try_from(now_ms() / 1_000).unwrap_or_default();
        Self::People {
            form,
            colors,
            offset: DefaultHooks.local_timezone_offset_seconds(now),
        }
    }

    /// For a program.
    pub(super) fn for_programs(form: Form) -> Self {
        let stdout = io::stdout().lock();
        match form {
            Form::Json => Self::Json { stdout },
            form => Self::Data { form, stdout },
        }
    }

    /// The connection is open.
    pub(super) fn opened(&mut self, url: &str, protocol: &str, extensions: &str) -> io::Result<()> {
        match self {
            Self::People { .. } => {
                let mut text = format!("connected to {}", printable(url));
                if !protocol.is_empty() {
                    let _ = write!(text, ", subprotocol {}", printable(protocol));
                }
                if !extensions.is_empty() {
                    let _ = write!(text, ", {}", printable(extensions));
                }
                self.remark(&text);
                Ok(())
            }
            Self::Data { .. } => Ok(()),
            Self::Json { .. } => self.event(
                "open",
                json!({ "protocol": protocol, "extensions": extensions }),
            ),
        }
    }

    /// A message has arrived.
    pub(super) fn received(&mut self, message: Shown<'_>) -> io::Result<()> {
        match self {
            Self::People { .. } => {
                self.line('<', "32", message);
                Ok(())
            }
            Self::Data { form, stdout } => {
                match (message, *form) {
                    (Shown::Text(text), _) => stdout.write_all(text.as_bytes())?,
                    (Shown::Binary(bytes), Form::Base64) => {
                        stdout.write_all(STANDARD.encode(bytes).as_bytes())?
                    }
                    (Shown::Binary(bytes), Form::Hex) => {
                        stdout.write_all(hex::encode(bytes).as_bytes())?
                    }
                    (Shown::Binary(bytes), _) => stdout.write_all(bytes)?,
                }
                stdout.write_all(b"\n")
            }
            Self::Json { .. } => self.event(
                "message",
                match message {
                    Shown::Text(text) => json!({ "data": text }),
                    Shown::Binary(bytes) => json!({ "base64": STANDARD.encode(bytes) }),
                },
            ),
        }
    }

    /// A message is sent that nobody typed here.
    pub(super) fn sent(&self, message: Shown<'_>) {
        if let Self::People { .. } = self {
            self.line('>', "36", message);
        }
    }

    /// The connection is over.
    pub(super) fn closed(
        &mut self,
        code: u16,
        reason: &str,
        was_clean: bool,
        expected: bool,
    ) -> io::Result<()> {
        let text = closed(code, reason, was_clean);
        match self {
            Self::People { .. } => self.remark(&text),
            // Why the exit code is what it is.
            Self::Data { .. } if !expected => print_error(format_args!("boaws: {text}")),
            Self::Data { .. } => {}
            Self::Json { .. } => {
                let fields = json!({ "code": code, "reason": reason, "wasClean": was_clean });
                return self.event("close", fields);
            }
        }
        Ok(())
    }

    /// Something went wrong.
    pub(super) fn failed(&mut self, why: &str) -> io::Result<()> {
        print_error(format_args!("boaws: {}", printable(why)));
        match self {
            Self::Json { .. } => self.event("error", json!({ "message": why })),
            _ => Ok(()),
        }
    }

    /// Hands over what was written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::People { .. } => Ok(()),
            Self::Data { stdout, .. } | Self::Json { stdout } => stdout.flush(),
        }
    }

    fn event(&mut self, kind: &str, mut fields: Value) -> io::Result<()> {
        let Self::Json { stdout } = self else {
            return Ok(());
        };
        if let Some(object) = fields.as_object_mut() {
            object.insert("type".to_owned(), kind.into());
            object.insert("time".to_owned(), now_ms().into());
        }
        writeln!(stdout, "{fields}")
    }

    /// A line for people that is no message.
    fn remark(&self, text: &str) {
        let Self::People { colors, offset, .. } = self else {
            return;
        };
        let time = time_of_day(*offset);
        match colors {
            true => print_line(format_args!("\x1b[90m{time} {text}\x1b[0m")),
            false => print_line(format_args!("{time} {text}")),
        }
    }

    fn line(&self, direction: char, color: &str, message: Shown<'_>) {
        let Self::People {
            form,
            colors,
            offset,
        } = self
        else {
            return;
        };
        let text = for_people(message, *form);
        let time = time_of_day(*offset);
        match colors {
            true => print_line(format_args!(
                "\x1b[90m{time}\x1b[0m \x1b[{color}m{direction}\x1b[0m {text}"
            )),
            false => print_line(format_args!("{time} {direction} {text}")),
        }
    }
}

fn closed(code: u16, reason: &str, was_clean: bool) -> String {
    let mut text = match (code, was_clean) {
        (1005, true) => "closed without a code".to_owned(),
        (1006, _) => "closed without a Close frame (1006)".to_owned(),
        (_, true) => format!("closed with {code}"),
        (_, false) => format!("closed with {code}, not cleanly"),
    };
    if !reason.is_empty() {
        let _ = write!(text, ": {}", printable(reason));
    }
    text
}

fn for_people(message: Shown<'_>, form: Form) -> String {
    match message {
        Shown::Text(text) => {
            let end = text.floor_char_boundary(MAX_TEXT);
            let mut shown = printable(text.get(..end).unwrap_or_default());
            if end < text.len() {
                let _ = write!(shown, " … ({} bytes)", text.len());
            }
            shown
        }
        Shown::Binary(bytes) => {
            let start = bytes.get(..MAX_BYTES).unwrap_or(bytes);
            let shown = match form {
                Form::Base64 => return STANDARD.encode(bytes),
                Form::Hex => return hex::encode(bytes),
                _ => hex::encode(start),
            };
            let more = if start.len() < bytes.len() { "…" } else { "" };
            format!("[{} bytes] {shown}{more}", bytes.len())
        }
    }
}

/// Nothing that a server says moves the cursor. A text of several lines stays one.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() && !matches!(letter, '\n' | '\t') {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}

fn now_ms() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

fn time_of_day(offset: i32) -> String {
    let seconds = i64::try_from(now_ms() / 1_000).unwrap_or_default() + i64::from(offset);
    let of_day = seconds.rem_euclid(86_400);
    format!(
        "{:02}:{:02}:{:02}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_no_control_characters() {
        assert_eq!(
            for_people(Shown::Text("a\x1b[2Jb\nc\r"), Form::Text),
            "a\\u{1b}[2Jb\nc\\r"
        );
        assert_eq!(
            for_people(Shown::Binary(&[0, 255]), Form::Text),
            "[2 bytes] 00ff"
        );
        assert_eq!(for_people(Shown::Binary(&[0, 255]), Form::Base64), "AP8=");
        let long = "ä".repeat(MAX_TEXT);
        assert!(
            for_people(Shown::Text(&long), Form::Text)
                .ends_with(&format!("… ({} bytes)", 2 * MAX_TEXT))
        );
        let long = for_people(Shown::Binary(&[7; MAX_BYTES + 1]), Form::Binary);
        assert!(long.starts_with("[257 bytes] 0707") && long.ends_with('…'));
    }

    #[test]
    fn what_is_said_of_the_end() {
        assert_eq!(closed(1000, "bye", true), "closed with 1000: bye");
        assert_eq!(closed(1005, "", true), "closed without a code");
        assert_eq!(
            closed(1006, "", false),
            "closed without a Close frame (1006)"
        );
    }
}
