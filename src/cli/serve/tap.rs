//! Listens to a connection's bytes, both ways, and tells the log what they say. It reads what really goes over the
//! line, whichever endpoint wrote it; without a log there is no tap.

use std::{net::SocketAddr, time::Instant};

use http::{HeaderName, HeaderValue};

use super::{
    frames::opcode,
    log::{Entry, Kind, Log, LogEvent, Side},
    request::Request,
};
use crate::net::Shown;

/// How much of a payload is kept for the log, in bytes: more than is shown of it, whatever letters they are.
const KEPT: usize = 512;

/// A response head that is longer is none.
const MAX_HEAD: usize = 64 * 1024;

/// See the module.
pub(super) struct Tap {
    log: Log,
    connection: u64,
    peer: SocketAddr,
    secure: bool,
    begun: Instant,
    request: Option<(String, String)>,
    response: Response,
    received: Flow,
    sent: Flow,
}

/// How far the answer is.
enum Response {
    Head(Vec<u8>),
    /// It was 101: frames follow.
    Upgraded,
    /// It was something else.
    Other,
}

impl Tap {
    pub(super) fn new(log: Log, connection: u64, peer: SocketAddr, secure: bool) -> Self {
        Self {
            log,
            connection,
            peer,
            secure,
            begun: Instant::now(),
            request: None,
            response: Response::Head(Vec::new()),
            received: Flow::default(),
            sent: Flow::default(),
        }
    }

    fn tell(&self, event: LogEvent<'_>) {
        (self.log)(&Entry {
            connection: Some(self.connection),
            elapsed: self.begun.elapsed(),
            event,
        });
    }

    /// The request that was read; `parameters` are those of its endpoint, which may be shown.
    pub(super) fn request(&mut self, request: &Request, parameters: &str) {
        let path = request.shown_target(parameters);
        let headers: Vec<_> = request
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), shown(name, value)))
            .collect();
        self.tell(LogEvent::Request {
            peer: self.peer,
            secure: self.secure,
            method: &request.method,
            path: &path,
            headers: &headers,
        });
        self.request = Some((request.method.clone(), path));
    }

    /// Something that should not be.
    pub(super) fn fault(&self, text: &str) {
        self.tell(LogEvent::Fault(text));
    }

    /// Bytes of the client's that were read behind its request.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        if matches!(self.response, Response::Upgraded) {
            let mut flow = std::mem::take(&mut self.received);
            flow.feed(bytes, |said| self.said(Side::Client, said));
            self.received = flow;
        }
    }

    /// Bytes that are written.
    pub(super) fn wrote(&mut self, bytes: &[u8]) {
        match &mut self.response {
            Response::Other => {}
            Response::Upgraded => self.wrote_frames(bytes),
            Response::Head(head) => {
                let before = head.len().saturating_sub(3);
                head.extend_from_slice(bytes);
                let end = head.get(before..).and_then(|new| {
                    let at = new.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
                    Some(before + at + 4)
                });
                match end {
                    None if head.len() > MAX_HEAD => self.answered(None),
                    None => {}
                    Some(end) => {
                        let frames = head.split_off(end);
                        let head = std::mem::take(head);
                        self.response_head(&head);
                        if matches!(self.response, Response::Upgraded) {
                            self.wrote_frames(&frames);
                        }
                    }
                }
            }
        }
    }

    fn wrote_frames(&mut self, bytes: &[u8]) {
        let mut flow = std::mem::take(&mut self.sent);
        flow.feed(bytes, |said| self.said(Side::Server, said));
        self.sent = flow;
    }

    fn response_head(&mut self, head: &[u8]) {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.split("\r\n");
        let mut words = lines.next().unwrap_or_default().split(' ');
        let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/"));
        let status = words.next().and_then(|word| word.parse().ok());
        if (is_http, status) != (true, Some(101)) {
            return self.answered(status.filter(|_| is_http));
        }
        self.response = Response::Upgraded;
        let protocol = lines.find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let asked = name.eq_ignore_ascii_case("sec-websocket-protocol");
            asked.then_some(value.trim())
        });
        let path = self.request.as_ref().map_or("", |(_, path)| path);
        self.tell(LogEvent::Opened {
            peer: self.peer,
            secure: self.secure,
            path,
            protocol,
        });
    }

    fn answered(&mut self, status: Option<u16>) {
        self.response = Response::Other;
        if let Some((method, path)) = &self.request {
            self.tell(LogEvent::Answered {
                peer: self.peer,
                method,
                path,
                status,
            });
        }
    }

    fn said(&self, by: Side, said: Said<'_>) {
        let Said {
            opcode,
            length,
            start,
        } = said;
        if opcode == opcode::CLOSE {
            let (code, reason) = match start.split_first_chunk() {
                Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
                None => (None, &[][..]),
            };
            let reason = &String::from_utf8_lossy(reason);
            return self.tell(LogEvent::Close { by, code, reason });
        }
        let kind = match opcode {
            opcode::TEXT => Kind::Text,
            opcode::BINARY => Kind::Binary,
            opcode::PING => Kind::Ping,
            opcode::PONG => Kind::Pong,
            other => Kind::Unknown(other),
        };
        self.tell(LogEvent::Said {
            by,
            kind,
            length,
            start,
        });
    }

    /// The line is over: by the client's end (`Ok(true)`), by ours, or by an error.
    pub(super) fn ended(mut self, outcome: &std::io::Result<bool>) {
        match &self.response {
            // What was written of a head is no answer.
            Response::Head(head) if !head.is_empty() || self.request.is_some() => {
                self.answered(None)
            }
            Response::Head(_) | Response::Other => {}
            Response::Upgraded => {
                let closes = (self.received.closed, self.sent.closed);
                let error;
                let how = match (outcome, closes) {
                    (_, (true, true)) => "closed cleanly",
                    (Ok(false), _) => "cut by the server",
                    (Ok(true), (false, _)) => "ended by the client without a Close frame",
                    (Ok(true), _) => "ended without an answer to the client's Close frame",
                    (Err(why), _) => {
                        error = format!("broke ({why})");
                        &error
                    }
                };
                return self.tell(LogEvent::Ended {
                    how,
                    received: self.received.messages,
                    sent: self.sent.messages,
                });
            }
        }
        if let Err(error) = outcome {
            let peer = self.peer;
            let text = match self.secure && self.request.is_none() {
                true => format!("{peer} TLS failed: {error}{}", distrust(error)),
                false => format!("{peer} {error}"),
            };
            self.tell(LogEvent::Fault(&text));
        }
    }
}

/// What is the matter when clients do not like the certificate, which most of them do not say in words.
fn distrust(error: &std::io::Error) -> &'static str {
    use rustls::{AlertDescription as Alert, Error};
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(Error::AlertReceived(
            Alert::UnknownCA | Alert::BadCertificate | Alert::CertificateUnknown,
        )) => " (the client does not trust the certificate: see --write-ca)",
        _ => "",
    }
}

/// A header's value without its secrets.
fn shown(name: &str, value: &str) -> String {
    match (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_str(value),
    ) {
        (Ok(name), Ok(value)) => Shown(&name, &value).to_string(),
        _ => "[redacted]".to_owned(),
    }
}

/// A whole message or control frame.
struct Said<'a> {
    opcode: u8,
    length: u64,
    start: &'a [u8],
}

/// Frames of one direction, read without judging them.
#[derive(Default)]
struct Flow {
    header: Vec<u8>,
    /// Of the frame under way: what is left of its payload, and where in the mask.
    left: u64,
    mask: [u8; 4],
    at: usize,
    in_payload: bool,
    message: Gathered,
    control: Gathered,
    messages: u64,
    closed: bool,
}

/// What is kept of something.
#[derive(Default)]
struct Gathered {
    opcode: u8,
    length: u64,
    start: Vec<u8>,
}

impl Gathered {
    fn begin(&mut self, opcode: u8) {
        self.opcode = opcode;
        self.length = 0;
        self.start.clear();
    }
}

impl Flow {
    fn feed(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Said<'_>)) {
        loop {
            if !self.in_payload {
                while self.header.len() < header_length(&self.header) {
                    let Some((first, rest)) = bytes.split_first() else {
                        return;
                    };
                    self.header.push(*first);
                    bytes = rest;
                }
                self.begin_frame();
            }
            let taken = usize::try_from(self.left)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let (payload, rest) = bytes.split_at(taken);
            self.gather(payload);
            bytes = rest;
            if self.left > 0 {
                return;
            }
            self.end_frame(&mut tell);
        }
    }

    fn opcode(&self) -> u8 {
        self.header.first().map_or(0, |byte| byte & 0x0f)
    }

    fn begin_frame(&mut self) {
        let opcode = self.opcode();
        let length = self.header.get(1).map_or(0, |byte| byte & 0x7f);
        let extended = match length {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let number = self.header.get(2..2 + extended).unwrap_or_default();
        let number = number
            .iter()
            .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        self.left = if extended == 0 {
            u64::from(length)
        } else {
            number
        };
        let mask = self.header.get(2 + extended..).unwrap_or_default();
        self.mask = mask.try_into().unwrap_or_default();
        self.at = 0;
        self.in_payload = true;
        if opcode >= opcode::CLOSE {
            self.control.begin(opcode);
        } else if opcode != opcode::CONTINUATION {
            self.message.begin(opcode);
        }
    }

    fn gather(&mut self, payload: &[u8]) {
        let gathered = match self.opcode() >= opcode::CLOSE {
            true => &mut self.control,
            false => &mut self.message,
        };
        gathered.length += payload.len() as u64;
        let room = KEPT.saturating_sub(gathered.start.len());
        for (index, byte) in payload.iter().take(room).enumerate() {
            gathered.start.push(byte ^ self.mask[(self.at + index) % 4]);
        }
        self.at = (self.at + payload.len()) % 4;
        self.left -= payload.len() as u64;
    }

    fn end_frame(&mut self, tell: &mut impl FnMut(Said<'_>)) {
        let last = self.header.first().is_some_and(|byte| byte & 0x80 != 0);
        let opcode = self.opcode();
        self.header.clear();
        self.in_payload = false;
        let gathered = match opcode >= opcode::CLOSE {
            true => &self.control,
            false if last => {
                self.messages += 1;
                &self.message
            }
            false => return,
        };
        self.closed |= opcode == opcode::CLOSE;
        tell(Said {
            opcode: gathered.opcode,
            length: gathered.length,
            start: &gathered.start,
        });
    }
}

/// How long a frame's header is, as far as these first bytes of it tell.
fn header_length(header: &[u8]) -> usize {
    let Some(second) = header.get(1) else {
        return 2;
    };
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    2 + extended + mask
}

#[cfg(test)]
mod tests {
    use super::super::frames;
    use super::*;

    /// What a flow tells of these bytes, given in pieces of this size.
    fn told(bytes: &[u8], size: usize) -> Vec<String> {
        let mut flow = Flow::default();
        let mut told = Vec::new();
        for piece in bytes.chunks(size) {
            flow.feed(piece, |said| {
                let start = String::from_utf8_lossy(said.start).into_owned();
                told.push(format!("{} {} {start}", said.opcode, said.length));
            });
        }
        told
    }

    #[test]
    fn frames_are_read_in_pieces_of_any_size() {
        let mut bytes = Vec::new();
        frames::encode(&mut bytes, opcode::TEXT, false, b"in ");
        frames::encode(&mut bytes, opcode::PING, true, b"p");
        frames::encode(&mut bytes, opcode::CONTINUATION, true, b"two");
        frames::encode(&mut bytes, opcode::BINARY, true, b"");
        frames::encode(&mut bytes, opcode::TEXT, true, &[b'x'; 70_000]);
        // Masked with 1, 2, 3, 4.
        bytes.extend([
            0x81,
            0x85,
            1,
            2,
            3,
            4,
            b'h' ^ 1,
            b'e' ^ 2,
            b'l' ^ 3,
            b'l' ^ 4,
            b'o' ^ 1,
        ]);
        frames::encode(&mut bytes, opcode::CLOSE, true, b"\x03\xe8");
        let long = format!("1 70000 {}", "x".repeat(KEPT));
        let expected = [
            "9 1 p",
            "1 6 in two",
            "2 0 ",
            &long,
            "1 5 hello",
            "8 2 \u{3}\u{fffd}",
        ];
        for size in [1, 2, 3, 7, 1000, bytes.len()] {
            assert_eq!(told(&bytes, size), expected, "{size}");
        }
    }

    #[test]
    fn a_length_beyond_all_bounds_takes_no_memory() {
        let mut bytes = vec![0x82, 127];
        bytes.extend(u64::MAX.to_be_bytes());
        bytes.extend([7; 100_000]);
        let mut flow = Flow::default();
        flow.feed(&bytes, |_| panic!("it is not over"));
        assert_eq!(flow.message.start.len(), KEPT);
        assert_eq!(flow.left, u64::MAX - 100_000);
    }
}
