//! What is read from stdin, and what it means.

use std::{
    io::{self, BufRead, Read},
    sync::{Arc, mpsc::Sender},
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Event, gate::Gate};
use crate::{
    cli::line_editor::{Language, LineEditor, Typed},
    net::Outgoing,
};

/// Bytes of a line. A message may have as many.
const MAX_LINE: u64 = 64 << 20;

/// So many empty messages are read before a pause. They are sent without anybody saying so, and a server that does not read
/// would have them heap up.
const EMPTY_MESSAGES: u32 = 1_000;

/// How lines become messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Binary,
    Base64,
    Hex,
    Json,
}

/// What a line asks for.
#[derive(Debug)]
pub(super) enum Input {
    Message(Outgoing),
    Close { code: Option<u16>, reason: String },
}

impl Form {
    /// Reads a line, with what ends it.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(self, mut line: Vec<u8>, slash: bool) -> Result<Input, String> {
        if line.last() == Some(&b'\n') {
            line.pop();
            // In binary data a carriage return is data.
            if self != Self::Binary && line.last() == Some(&b'\r') {
                line.pop();
            }
        }
        if slash && line.first() == Some(&b'/') {
            if line.get(1) != Some(&b'/') {
                return command(&String::from_utf8_lossy(&line));
            }
            line.remove(0);
        }
        let binary = |bytes: Vec<u8>| Input::Message(Outgoing::Binary(bytes.into()));
        Ok(match self {
            Self::Text => {
                let text = String::from_utf8(line).map_err(
                    |_| "it is not UTF-8, which a text message has to be (--binary takes anything)",
                )?;
                Input::Message(Outgoing::Text(text.into()))
            }
            Self::Binary => binary(line),
            Self::Base64 => binary(decode_base64(&line)?),
            Self::Hex => {
                line.retain(|byte| !byte.is_ascii_whitespace());
                binary(
                    hex::decode(&line)
                        .map_err(|error| format!("it is not hexadecimal: {error}"))?,
                )
            }
            Self::Json => json(&line)?,
        })
    }
}

fn decode_base64(text: &[u8]) -> Result<Vec<u8>, String> {
    STANDARD
        .decode(text.trim_ascii())
        .map_err(|error| format!("it is not base64: {error}"))
}

/// `/close [CODE [REASON]]`
fn command(line: &str) -> Result<Input, String> {
    let mut words = line.trim().splitn(3, ' ');
    match words.next() {
        Some("/close") => {
            let code = match words.next() {
                Some(code) => Some(
                    code.parse()
                        .map_err(|_| format!("'{code}' is no close code"))?,
                ),
                None => None,
            };
            let reason = words.next().unwrap_or_default().to_owned();
            check_close(code, &reason)?;
            Ok(Input::Close { code, reason })
        }
        other => {
            let other = other.unwrap_or_default();
            Err(format!(
                "there is no command {other}, only /close [CODE [REASON]]"
            ))
        }
    }
}

/// What can stand in a Close frame of ours.
pub(super) fn check_close(code: Option<u16>, reason: &str) -> Result<(), String> {
    if let Some(code) = code
        && !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
    {
        return Err(format!("the close code {code} may not be sent"));
    }
    if reason.len() > 123 {
        return Err(format!(
            "the close reason has {} bytes, more than 123",
            reason.len()
        ));
    }
    Ok(())
}

fn json(line: &[u8]) -> Result<Input, String> {
    let value: Value =
        serde_json::from_slice(line).map_err(|error| format!("it is not JSON: {error}"))?;
    let text = |name: &str| match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("its {name} is no string")),
    };
    let kind = text("type")?;
    match (
        kind.as_deref().unwrap_or("message"),
        text("data")?,
        text("base64")?,
    ) {
        ("close", _, _) => {
            let code = match value.get("code") {
                None | Some(Value::Null) => None,
                Some(code) => {
                    let code = code.as_u64().and_then(|code| u16::try_from(code).ok());
                    Some(code.ok_or("its code is no close code")?)
                }
            };
            let reason = text("reason")?.unwrap_or_default();
            check_close(code, &reason)?;
            Ok(Input::Close { code, reason })
        }
        ("message", Some(text), None) => Ok(Input::Message(Outgoing::Text(text.into()))),
        ("message", None, Some(text)) => Ok(Input::Message(Outgoing::Binary(
            decode_base64(text.as_bytes())?.into(),
        ))),
        ("message", ..) => Err("it has neither data nor base64, or both".to_owned()),
        (other, ..) => Err(format!("its type is '{other}', neither message nor close")),
    }
}

/// Reads stdin to its end, no faster than it can be sent.
pub(super) fn read_stdin(
    form: Form,
    slash: bool,
    gate: Arc<Gate>,
    events: Sender<Event>,
) -> io::Result<()> {
    let read = move || {
        let mut stdin = io::stdin().lock();
        let mut empty = 0;
        for number in 1_u64.. {
            gate.wait();
            let mut line = Vec::new();
            let event = match (&mut stdin).take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) => Event::End { typed: false },
                Ok(_) if line.len() as u64 == MAX_LINE => Event::Unreadable(format!(
                    "line {number} of stdin: it has more than {} MiB",
                    MAX_LINE >> 20
                )),
                Ok(_) => match form.read(line, slash) {
                    Ok(input) => Event::Input(input),
                    Err(why) => Event::Unreadable(format!("line {number} of stdin: {why}")),
                },
                Err(error) => Event::Unreadable(format!("cannot read stdin: {error}")),
            };
            let last = matches!(event, Event::End { .. } | Event::Unreadable(_));
            if let Event::Input(Input::Message(message)) = &event {
                gate.add(message.len());
                empty += u32::from(message.is_empty());
                if empty == EMPTY_MESSAGES {
                    empty = 0;
                    thread::sleep(Duration::from_millis(100));
                }
            }
            if events.send(event).is_err() || last {
                return;
            }
        }
    };
    spawn(read)
}

/// Has somebody type at a prompt.
pub(super) fn read_terminal(
    form: Form,
    slash: bool,
    gate: Arc<Gate>,
    events: Sender<Event>,
    mut editor: LineEditor<Lines>,
) -> io::Result<()> {
    let read = move || {
        loop {
            gate.wait();
            let event = match editor.read("> ") {
                Typed::Line(line) => {
                    editor.remember(&line);
                    match form.read(line.into_bytes(), slash) {
                        Ok(input) => Event::Input(input),
                        Err(why) => Event::Mistyped(format!("not sent: {why}")),
                    }
                }
                Typed::Interrupt { empty: false } => continue,
                Typed::Interrupt { empty: true } | Typed::End => Event::End { typed: true },
            };
            if let Event::Input(Input::Message(message)) = &event {
                gate.add(message.len());
            }
            let last = matches!(event, Event::End { .. });
            if events.send(event).is_err() || last {
                return;
            }
        }
    };
    spawn(read)
}

fn spawn(read: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let thread = thread::Builder::new().name("boaws-input".to_owned());
    // It may be waiting in the system when everything else is over.
    thread.spawn(read).map(drop)
}

/// Lines without a language.
pub(super) struct Lines;

impl Language for Lines {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: Form, line: &str) -> Result<Vec<u8>, String> {
        match form.read(line.as_bytes().to_vec(), true)? {
            Input::Message(Outgoing::Text(bytes)) => Ok([b"text:", &bytes[..]].concat()),
            Input::Message(Outgoing::Binary(bytes)) => Ok(bytes.to_vec()),
            Input::Close { code, reason } => Ok(format!("close {code:?} {reason}").into_bytes()),
        }
    }

    #[test]
    fn lines_become_messages() {
        for (form, line, message) in [
            (Form::Text, "a b\r\n", &b"text:a b"[..]),
            (Form::Text, "\n", b"text:"),
            (Form::Text, "//x", b"text:/x"),
            (Form::Text, "/close", b"close None "),
            (
                Form::Text,
                "/close 4000 see you\n",
                b"close Some(4000) see you",
            ),
            (Form::Binary, "a\r\n", b"a\r"),
            (Form::Base64, "AAE=\n", b"\0\x01"),
            (Form::Hex, "00 fF\n", b"\0\xff"),
            (Form::Json, r#"{"data":"x"}"#, b"text:x"),
            (
                Form::Json,
                r#"{"type":"message","base64":"AAE="}"#,
                b"\0\x01",
            ),
            (
                Form::Json,
                r#"{"type":"close","code":4000,"reason":"r"}"#,
                b"close Some(4000) r",
            ),
        ] {
            assert_eq!(read(form, line).as_deref(), Ok(message), "{line}");
        }
        for (form, line) in [
            (Form::Base64, "?"),
            (Form::Hex, "0"),
            (Form::Json, "x"),
            (Form::Json, "{}"),
            (Form::Json, r#"{"data":1}"#),
            (Form::Json, r#"{"data":"a","base64":""}"#),
            (Form::Json, r#"{"type":"close","code":1005}"#),
            (Form::Json, r#"{"type":"x"}"#),
            (Form::Text, "/close 1"),
            (Form::Text, "/close x"),
            (Form::Text, "/open"),
        ] {
            assert!(read(form, line).is_err(), "{line}");
        }
        assert!(Form::Text.read(vec![0xff], false).is_err());
        assert!(check_close(Some(1000), &"a".repeat(124)).is_err());
    }
}
