//! The request that opens a connection.

use std::io;
use std::time::{Duration, Instant};

use super::line::Line;

/// The largest request head, in bytes.
pub(super) const MAX_HEAD: usize = 64 * 1024;

/// The most header lines in a request.
const MAX_HEADERS: usize = 256;

/// How long a client may take for TLS and the request head together.
const HEAD_TIME: Duration = Duration::from_secs(15);

/// A parsed request head.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: String,
    /// The target up to a question mark.
    pub(super) path: String,
    query: Vec<(String, String)>,
    /// In order, names in lower case, values as text (bytes that are not UTF-8 show as U+FFFD).
    pub(super) headers: Vec<(String, String)>,
}

impl Request {
    /// Reads a request head. `Ok(None)`: the client has ended the connection without a byte.
    ///
    /// # Errors
    ///
    /// `InvalidData` for what is not HTTP/1 or too large, `TimedOut` (or `WouldBlock`) when it takes too long,
    /// `UnexpectedEof` when it breaks off.
    pub(super) fn read(line: &mut Line) -> io::Result<Option<Self>> {
        let deadline = Instant::now() + HEAD_TIME;
        let mut head = Vec::new();
        loop {
            line.set_read_timeout(Some(deadline.saturating_duration_since(Instant::now())))?;
            let arrived = line.fill_buffer()?;
            if arrived.is_empty() {
                if head.is_empty() {
                    return Ok(None);
                }
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let before = head.len();
            head.extend_from_slice(arrived);
            let arrived = arrived.len();
            // The end may begin in what came before.
            let from = before.saturating_sub(3);
            if let Some(at) = head[from..]
                .windows(4)
                .position(|bytes| bytes == b"\r\n\r\n")
            {
                let length = from + at + 4;
                if length <= MAX_HEAD {
                    line.consume(length - before);
                    line.set_read_timeout(None)?;
                    return Self::parse(&head[..length]).map(Some);
                }
            }
            if head.len() > MAX_HEAD {
                return Err(invalid("the request head is too large"));
            }
            // Bytes that cannot start a request are not worth waiting for more.
            Self::parse_prefix(&head)?;
            line.consume(arrived);
            if Instant::now() >= deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
    }

    fn parse_prefix(head: &[u8]) -> io::Result<()> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let parsed = httparse::Request::new(&mut headers).parse(head);
        parsed
            .map(drop)
            .map_err(|error| invalid(format!("not an HTTP request: {error}")))
    }

    fn parse(head: &[u8]) -> io::Result<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let parsed = request
            .parse(head)
            .map_err(|error| invalid(format!("not an HTTP request: {error}")))?;
        let (true, Some(method), Some(target)) =
            (parsed.is_complete(), request.method, request.path)
        else {
            return Err(invalid("not an HTTP request"));
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: request
                .headers
                .iter()
                .map(|header| {
                    let value = String::from_utf8_lossy(header.value).into_owned();
                    (header.name.to_ascii_lowercase(), value)
                })
                .collect(),
        })
    }

    /// Path and query, of which those parameters that are not among `known` (as an endpoint writes them) may be
    /// secrets.
    pub(super) fn shown_target(&self, known: &str) -> String {
        let mut text = self.path.clone();
        for (index, (name, value)) in self.query.iter().enumerate() {
            let known = known.split(['&', '?']).any(|one| {
                let (known, _) = one.split_once('=').unwrap_or((one, ""));
                known == name
            }) || ["id", "protocol", "extensions"].contains(&name.as_str());
            let value = if known { value } else { "[redacted]" };
            text.push_str(&format!(
                "{}{name}={value}",
                if index == 0 { '?' } else { '&' }
            ));
        }
        text
    }

    /// The first query parameter of that name, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether a query parameter is there and neither empty, `0` nor `false`.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.parameter(name)
            .is_some_and(|value| !matches!(value, "" | "0" | "false"))
    }

    /// A query parameter as a number; `default` when it is absent or not a number.
    pub(super) fn number(&self, name: &str, default: u64) -> u64 {
        self.parameter(name)
            .and_then(|value| value.parse().ok())
            .unwrap_or(default)
    }

    /// A query parameter as milliseconds.
    pub(super) fn milliseconds(&self, name: &str, default: u64) -> Duration {
        Duration::from_millis(self.number(name, default))
    }

    /// The values of the header `name` (in lower case), one for each of its lines.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The members of a header that is a list.
    pub(super) fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.header(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|s| !s.is_empty())
    }

    /// The subprotocols the client offers, in its order.
    pub(super) fn protocols(&self) -> impl Iterator<Item = &str> {
        self.list("sec-websocket-protocol")
    }

    /// Whether it asks for a WebSocket at all.
    pub(super) fn wants_upgrade(&self) -> bool {
        self.list("upgrade")
            .any(|token| token.eq_ignore_ascii_case("websocket"))
    }

    /// What is wrong with the opening handshake (RFC 6455 section 4.2.1), if anything.
    pub(super) fn handshake_fault(&self) -> Option<&'static str> {
        let connection = self
            .list("connection")
            .any(|token| token.eq_ignore_ascii_case("upgrade"));
        let mut keys = self.header("sec-websocket-key");
        match (keys.next(), keys.next()) {
            _ if self.method != "GET" => Some("the method is not GET"),
            _ if !connection => Some("no upgrade in Connection"),
            _ if !self.header("sec-websocket-version").eq(["13"]) => {
                Some("Sec-WebSocket-Version is not 13")
            }
            (Some(key), None) if key.len() == 24 && key.ends_with("==") => None,
            _ => Some("not exactly one good Sec-WebSocket-Key"),
        }
    }
}

fn invalid(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message.into())
}
