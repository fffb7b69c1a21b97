//! An open WebSocket, as the server sees it.

use std::{
    fmt,
    io::{Read, Write},
    time::Duration,
};

use tungstenite::{
    WebSocket,
    protocol::{CloseFrame, Message as Received, Role, WebSocketConfig},
};

use super::{
    error::{Error, ErrorKind},
    line::Line,
};

/// How much of a payload an error shows, in characters.
const SHOWN: usize = 64;

/// What a client has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// A Close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// Its code; 1005 when it has none.
    pub code: u16,
    /// Its reason.
    pub reason: String,
}

/// The server's end of an open WebSocket.
///
/// It does nothing by itself. While it waits for something in an `expect_…`, it answers what comes
/// on the way as a server does: a Ping with a Pong, a Close frame with the same. A peer that is not to answer is
/// one that nothing is expected of.
///
/// Dropping it ends the connection as a server that goes away does, behind all that was sent.
pub struct Peer {
    socket: WebSocket<Line>,
    timeout: Duration,
}

impl Peer {
    pub(super) fn new(line: Line, rest: Vec<u8>, timeout: Duration) -> Self {
        // It reads no further ahead than that, so that a capacity holds the client back soon.
        let config = WebSocketConfig::default()
            .read_buffer_size(4 << 10)
            .write_buffer_size(0)
            .max_message_size(None)
            .max_frame_size(None);
        Self {
            socket: WebSocket::from_partially_read(line, rest, Role::Server, Some(config)),
            timeout,
        }
    }

    /// How long each call waits at most from now on.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    // ---------------------------------------------------------- what the server says

    /// Sends a text message. It waits while there is no [room](super::Setup::capacity).
    ///
    /// # Errors
    ///
    /// The client is gone, does not read, or the closing handshake has begun.
    pub fn send_text(&mut self, text: &str) -> Result<(), Error> {
        self.send(Received::text(text), "a text message")
    }

    /// Sends a binary message.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.send(Received::binary(bytes.to_vec()), "a binary message")
    }

    /// Sends a Ping with at most 125 bytes.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Error> {
        self.send(Received::Ping(payload.to_vec().into()), "a Ping")
    }

    /// Sends a Close frame, with this code or with none; [`expect_close`](Self::expect_close) then
    /// waits for the client's. The code is not checked.
    ///
    /// # Errors
    ///
    /// As [`send_text`](Self::send_text).
    pub fn close(&mut self, code: impl Into<Option<u16>>, reason: &str) -> Result<(), Error> {
        let frame = code.into().map(|code| CloseFrame {
            code: code.into(),
            reason: reason.into(),
        });
        self.socket.get_mut().begin(self.timeout);
        let closed = self.socket.close(frame);
        self.done(closed, "that the client reads a Close frame")
    }

    /// Sends these very bytes: a part of a frame, or what is none.
    ///
    /// # Errors
    ///
    /// The client is gone or does not read.
    pub fn send_bytes(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let timeout = self.timeout;
        let line = self.socket.get_mut();
        line.begin(timeout);
        let sent = line.write_all(bytes).and_then(|()| line.flush());
        sent.map_err(|error| {
            let kind = ErrorKind::of_io(&error, timeout);
            Error::new("that the client reads some bytes", kind)
        })
    }

    /// Ends the connection in good order for the line, FIN with TCP, and without a Close frame unless one was
    /// sent. It goes behind what was sent.
    pub fn end(mut self) {
        let timeout = self.timeout;
        let line = self.socket.get_mut();
        line.begin(timeout);
        line.end();
    }

    /// Cuts the connection, as a reset does: what the client has not read yet is lost.
    pub fn cut(mut self) {
        self.socket.get_mut().cut();
    }

    // ---------------------------------------------------------- what the client says

    /// The next message.
    ///
    /// # Errors
    ///
    /// A Close frame comes first, or the end, or nothing.
    pub fn expect_message(&mut self) -> Result<Message, Error> {
        let expected = "a message";
        match self.next(expected, is_ping_or_pong)? {
            Received::Text(text) => Ok(Message::Text(text.as_str().to_owned())),
            Received::Binary(bytes) => Ok(Message::Binary(bytes.to_vec())),
            other => Err(unexpected(expected, &other)),
        }
    }

    /// The next message, which is text.
    ///
    /// # Errors
    ///
    /// As [`expect_message`](Self::expect_message), and a binary one.
    pub fn expect_text(&mut self) -> Result<String, Error> {
        let expected = "a text message";
        match self.next(expected, is_ping_or_pong)? {
            Received::Text(text) => Ok(text.as_str().to_owned()),
            other => Err(unexpected(expected, &other)),
        }
    }

    /// The next message, which is binary.
    ///
    /// # Errors
    ///
    /// As [`expect_message`](Self::expect_message), and a text.
    pub fn expect_binary(&mut self) -> Result<Vec<u8>, Error> {
        let expected = "a binary message";
        match self.next(expected, is_ping_or_pong)? {
            Received::Binary(bytes) => Ok(bytes.to_vec()),
            other => Err(unexpected(expected, &other)),
        }
    }

    /// The client's Close frame. If none was sent before, it is answered with the same; and since
    /// both are through, the line is ended, as a server does.
    ///
    /// # Errors
    ///
    /// A message comes first, or the end, or nothing.
    pub fn expect_close(&mut self) -> Result<Close, Error> {
        let expected = "a Close frame";
        let close = match self.next(expected, is_ping_or_pong)? {
            Received::Close(frame) => frame.map_or(
                Close {
                    code: 1005,
                    reason: String::new(),
                },
                |frame| Close {
                    code: frame.code.into(),
                    reason: frame.reason.as_str().to_owned(),
                },
            ),
            other => return Err(unexpected(expected, &other)),
        };
        self.socket.get_mut().end();
        Ok(close)
    }

    /// A Ping, the next that comes, and its payload; it is answered.
    ///
    /// # Errors
    ///
    /// Anything else but a Pong comes first, or nothing.
    pub fn expect_ping(&mut self) -> Result<Vec<u8>, Error> {
        let expected = "a Ping";
        match self.next(expected, Received::is_pong)? {
            Received::Ping(payload) => Ok(payload.to_vec()),
            other => Err(unexpected(expected, &other)),
        }
    }

    /// A Pong, the next that comes, and its payload.
    ///
    /// # Errors
    ///
    /// Anything else but a Ping comes first, or nothing.
    pub fn expect_pong(&mut self) -> Result<Vec<u8>, Error> {
        let expected = "a Pong";
        match self.next(expected, Received::is_ping)? {
            Received::Pong(payload) => Ok(payload.to_vec()),
            other => Err(unexpected(expected, &other)),
        }
    }

    /// The end of the client's direction; what comes before it is thrown away.
    ///
    /// # Errors
    ///
    /// It does not come.
    pub fn expect_end(&mut self) -> Result<(), Error> {
        let timeout = self.timeout;
        let line = self.socket.get_mut();
        line.begin(timeout);
        let mut buffer = [0; 4096];
        loop {
            let kind = match line.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => continue,
                Err(error) => ErrorKind::of_io(&error, timeout),
            };
            // With TLS, an end without `close_notify`.
            return match kind {
                ErrorKind::Ended => Ok(()),
                kind => Err(Error::new("the client's end of the connection", kind)),
            };
        }
    }

    // ---------------------------------------------------------- how

    fn next(&mut self, expected: &str, skip: fn(&Received) -> bool) -> Result<Received, Error> {
        self.socket.get_mut().begin(self.timeout);
        loop {
            let message = self
                .socket
                .read()
                .map_err(|error| self.error(expected, error))?;
            if !matches!(message, Received::Text(_) | Received::Binary(_)) {
                // What it calls for: a Pong, a Close frame. The client may be gone by then.
                let _ = self.socket.flush();
            }
            if !skip(&message) {
                return Ok(message);
            }
        }
    }

    fn send(&mut self, message: Received, what: &str) -> Result<(), Error> {
        self.socket.get_mut().begin(self.timeout);
        let sent = self.socket.send(message);
        self.done(sent, &format!("that the client reads {what}"))
    }

    fn done(&self, result: tungstenite::Result<()>, expected: &str) -> Result<(), Error> {
        match result {
            Ok(()) => Ok(()),
            Err(error) => Err(self.error(expected, error)),
        }
    }

    fn error(&self, expected: &str, error: tungstenite::Error) -> Error {
        let kind = match &error {
            tungstenite::Error::Io(error) => ErrorKind::of_io(error, self.timeout),
            tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            ) => ErrorKind::Ended,
            error => ErrorKind::Invalid(error.to_string().into()),
        };
        Error::new(expected, kind)
    }
}

fn is_ping_or_pong(message: &Received) -> bool {
    message.is_ping() || message.is_pong()
}

fn unexpected(expected: &str, message: &Received) -> Error {
    let what = match message {
        Received::Text(text) => {
            let text = text.as_str();
            let shown: String = text.chars().take(SHOWN).collect();
            format!("a text message of {} bytes, {shown:?}", text.len())
        }
        Received::Binary(bytes) => format!("a binary message of {} bytes", bytes.len()),
        Received::Ping(_) => "a Ping".to_owned(),
        Received::Pong(_) => "a Pong".to_owned(),
        Received::Close(None) => "a Close frame without a code".to_owned(),
        Received::Close(Some(frame)) => {
            let code = u16::from(frame.code);
            format!("a Close frame with {code} {:?}", frame.reason.as_str())
        }
        Received::Frame(_) => "a frame".to_owned(),
    };
    Error::new(expected, ErrorKind::Unexpected(what.into()))
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
