//! What the server tells of its connections.

use std::{fmt, net::SocketAddr, sync::Arc, time::Duration};

/// Takes each thing that happens. Called from the server's threads, which wait meanwhile.
pub type Log = Arc<dyn Fn(&Entry<'_>) + Send + Sync>;

/// How many letters of a text, a path or a reason are shown.
const LETTERS: usize = 80;

/// How many letters of what is wrong.
const FAULT_LETTERS: usize = 240;

/// How many bytes of a binary message are shown.
const BYTES: usize = 16;

/// Something that has happened. `Display` is one line of a bounded length, in which nothing that a client says moves the
/// cursor.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Entry<'a> {
    /// On which connection, counted from 1; `None` for what is about the whole server.
    pub connection: Option<u64>,
    /// How long after it was accepted.
    pub elapsed: Duration,
    /// What.
    pub event: LogEvent<'a>,
}

/// See [`Entry`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum LogEvent<'a> {
    /// A request has come.
    Request {
        /// Who has sent it.
        peer: SocketAddr,
        /// Over TLS.
        secure: bool,
        /// `GET`.
        method: &'a str,
        /// The path and the query, of which no endpoint's parameters are `[redacted]`.
        path: &'a str,
        /// Its headers in order, without secrets.
        headers: &'a [(String, String)],
    },
    /// It has become a WebSocket.
    Opened {
        /// With whom.
        peer: SocketAddr,
        /// Over TLS.
        secure: bool,
        /// As in the request.
        path: &'a str,
        /// The subprotocol in use.
        protocol: Option<&'a str>,
    },
    /// It was answered with something else.
    Answered {
        /// Whom.
        peer: SocketAddr,
        /// `GET`.
        method: &'a str,
        /// As in the request.
        path: &'a str,
        /// The status code; `None` for what is no HTTP response.
        status: Option<u16>,
    },
    /// A whole message, a Ping or a Pong.
    Said {
        /// By whom.
        by: Side,
        /// Which of those.
        kind: Kind,
        /// Bytes of its payload.
        length: u64,
        /// Its beginning.
        start: &'a [u8],
    },
    /// A Close frame.
    Close {
        /// By whom.
        by: Side,
        /// Its code, if it has a body.
        code: Option<u16>,
        /// Its reason.
        reason: &'a str,
    },
    /// The line of what was a WebSocket has ended.
    Ended {
        /// How.
        how: &'a str,
        /// Messages that the client has sent.
        received: u64,
        /// Messages that the server has sent.
        sent: u64,
    },
    /// Something that should not be.
    Fault(&'a str),
}

/// Who has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// This server.
    Server,
}

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A Ping.
    Ping,
    /// A Pong.
    Pong,
    /// A frame that RFC 6455 does not have, with this opcode.
    Unknown(u8),
}

impl fmt::Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(connection) = self.connection {
            write!(f, "#{connection} ")?;
        }
        match self.event {
            LogEvent::Request {
                peer,
                secure,
                method,
                path,
                ..
            } => {
                write!(
                    f,
                    "{peer} asks {} {method} {}",
                    scheme(secure),
                    letters(path)
                )
            }
            LogEvent::Opened {
                peer,
                secure,
                path,
                protocol,
            } => {
                write!(f, "{peer} opened {} {}", scheme(secure), letters(path))?;
                match protocol {
                    Some(protocol) => write!(f, ", subprotocol {}", letters(protocol)),
                    None => Ok(()),
                }
            }
            LogEvent::Answered {
                peer,
                method,
                path,
                status,
            } => {
                write!(f, "{peer} {} {}: ", letters(method), letters(path))?;
                match status {
                    Some(status) => {
                        write!(f, "answered with {status}")?;
                        let known = http::StatusCode::from_u16(status).ok();
                        match known.and_then(|known| known.canonical_reason()) {
                            Some(reason) => write!(f, " {reason}"),
                            None => Ok(()),
                        }
                    }
                    None => f.write_str("not answered with HTTP"),
                }
            }
            LogEvent::Said {
                by,
                kind,
                length,
                start,
            } => said(f, by, kind, length, start),
            LogEvent::Close { by, code, reason } => {
                write!(f, "{} close", by.arrow())?;
                match code {
                    Some(code) => write!(f, " {code}")?,
                    None => f.write_str(" without a code")?,
                }
                match reason {
                    "" => Ok(()),
                    reason => write!(f, " \"{}\"", letters(reason)),
                }
            }
            LogEvent::Ended {
                how,
                received,
                sent,
            } => write!(
                f,
                "{how} after {:.1} s, {received} message{} in, {sent} out",
                self.elapsed.as_secs_f64(),
                if received == 1 { "" } else { "s" }
            ),
            LogEvent::Fault(text) => write!(f, "{}", beginning(text, FAULT_LETTERS)),
        }
    }
}

fn scheme(secure: bool) -> &'static str {
    if secure { "wss" } else { "ws" }
}

fn said(
    f: &mut fmt::Formatter<'_>,
    by: Side,
    kind: Kind,
    length: u64,
    start: &[u8],
) -> fmt::Result {
    let name = match kind {
        Kind::Text => "text",
        Kind::Binary => "binary",
        Kind::Ping => "ping",
        Kind::Pong => "pong",
        Kind::Unknown(_) => "frame",
    };
    write!(f, "{} {name}", by.arrow())?;
    if let Kind::Unknown(opcode) = kind {
        write!(f, " with opcode {opcode}")?;
    }
    write!(f, " {length} B")?;
    if start.is_empty() {
        return Ok(());
    }
    if kind == Kind::Text {
        let whole = String::from_utf8_lossy(start);
        // The last letter of what was kept may be half of one.
        let text = match start.len() as u64 == length {
            true => &whole,
            false => whole.trim_end_matches('\u{fffd}'),
        };
        let cut = (start.len() as u64) < length && text.chars().count() <= LETTERS;
        return write!(f, " \"{}{}\"", letters(text), if cut { "…" } else { "" });
    }
    for byte in start.iter().take(BYTES) {
        write!(f, " {byte:02x}")?;
    }
    match length > BYTES as u64 {
        true => f.write_str(" …"),
        false => Ok(()),
    }
}

impl Side {
    /// As curl and wscat have it.
    fn arrow(self) -> char {
        match self {
            Self::Client => '<',
            Self::Server => '>',
        }
    }
}

/// The beginning of a text, escaped.
fn letters(text: &str) -> String {
    beginning(text, LETTERS)
}

fn beginning(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        shown.extend(letter.escape_debug());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(event: LogEvent<'_>) -> String {
        let entry = Entry {
            connection: Some(7),
            elapsed: Duration::from_millis(1250),
            event,
        };
        entry.to_string()
    }

    fn said(kind: Kind, length: u64, start: &[u8]) -> String {
        let by = Side::Client;
        line(LogEvent::Said {
            by,
            kind,
            length,
            start,
        })
    }

    #[test]
    fn what_is_said_is_a_line_of_bounded_length() {
        assert_eq!(said(Kind::Text, 2, b"hi"), "#7 < text 2 B \"hi\"");
        assert_eq!(said(Kind::Text, 0, b""), "#7 < text 0 B");
        assert_eq!(
            said(Kind::Text, 9, b"\x1b[2J\"\r\n"),
            "#7 < text 9 B \"\\u{1b}[2J\\\"\\r\\n…\""
        );
        assert_eq!(
            said(Kind::Text, 300, "aä".as_bytes()),
            "#7 < text 300 B \"aä…\""
        );
        assert_eq!(said(Kind::Text, 300, b"a\xc3"), "#7 < text 300 B \"a…\"");
        let long = said(Kind::Text, 300, "ä".repeat(150).as_bytes());
        assert_eq!(
            long,
            format!("#7 < text 300 B \"{}…\"", "ä".repeat(LETTERS))
        );
        assert_eq!(said(Kind::Binary, 2, &[1, 0xff]), "#7 < binary 2 B 01 ff");
        assert!(said(Kind::Ping, 20, &[0; 20]).ends_with("00 …"));
        assert_eq!(
            said(Kind::Unknown(3), 0, b""),
            "#7 < frame with opcode 3 0 B"
        );
    }

    #[test]
    fn the_rest_is_a_line_too() {
        let peer = SocketAddr::from(([127, 0, 0, 1], 5));
        let close = |code, reason| {
            let by = Side::Server;
            line(LogEvent::Close { by, code, reason })
        };
        assert_eq!(close(Some(1000), "a\nb"), "#7 > close 1000 \"a\\nb\"");
        assert_eq!(close(None, ""), "#7 > close without a code");
        let opened = LogEvent::Opened {
            peer,
            secure: true,
            path: "/echo",
            protocol: Some("chat"),
        };
        assert_eq!(
            line(opened),
            "#7 127.0.0.1:5 opened wss /echo, subprotocol chat"
        );
        let answered = |status| {
            let (method, path) = ("GET", "/");
            line(LogEvent::Answered {
                peer,
                method,
                path,
                status,
            })
        };
        assert_eq!(
            answered(Some(404)),
            "#7 127.0.0.1:5 GET /: answered with 404 Not Found"
        );
        assert_eq!(
            answered(None),
            "#7 127.0.0.1:5 GET /: not answered with HTTP"
        );
        let ended = LogEvent::Ended {
            how: "ended",
            received: 1,
            sent: 2,
        };
        assert_eq!(line(ended), "#7 ended after 1.2 s, 1 message in, 2 out");
    }
}
