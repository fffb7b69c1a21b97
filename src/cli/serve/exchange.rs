//! One connection: its request, the endpoint that answers it, and the ways to answer.

use std::io::{self, Write};
use std::sync::Arc;

use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::endpoints;
use super::frames::{self, RawFrame, opcode};
use super::line::Line;
use super::records::{CloseReceived, End, Record};
use super::request::Request;
use super::scenario;
use super::shared::Shared;

/// tungstenite fills its read buffer with zeros, so it is kept small: a thousand idle connections are
/// normal. [`Line`] reads from the system in larger pieces.
const READ_BUFFER: usize = 32 * 1024;

/// How an endpoint leaves its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// End our half in order and wait, not for long, for the client's end.
    Finish,
    /// Close the socket without a word.
    Cut,
}

/// A WebSocket of tungstenite's over the line.
pub(super) type Socket<'a> = WebSocket<&'a mut Line>;

/// A connection whose request has been read.
pub(super) struct Exchange {
    pub(super) line: Line,
    pub(super) request: Request,
    pub(super) shared: Arc<Shared>,
}

/// Serves one connection to its end.
pub(super) fn serve(mut line: Line, shared: &Arc<Shared>) {
    let request = match Request::read(&mut line) {
        Ok(Some(request)) => request,
        Ok(None) => return,
        Err(error) => {
            let tap = line.take_tap();
            if error.kind() == io::ErrorKind::InvalidData
                // TLS has said its own last word by then, and this fails.
                && respond(&mut line, 400, &[], &format!("{error}\n")).is_ok()
            {
                // Nobody waits for what comes of it.
                let _ = line.finish();
            }
            if let Some(tap) = tap {
                tap.ended(&Err(error));
            }
            return;
        }
    };
    if let Some(tap) = line.tap() {
        let endpoint = endpoints::find(&request.path);
        tap.request(
            &request,
            endpoint.map_or("", |endpoint| endpoint.parameters),
        );
    }
    let mut exchange = Exchange {
        line,
        request,
        shared: Arc::clone(shared),
    };
    let id = exchange
        .request
        .parameter("id")
        .filter(|_| exchange.is_recorded())
        .map(str::to_owned);
    if let Some(id) = &id {
        shared.records.begin(id);
    }
    let answered = exchange.answer();
    let tap = exchange.line.take_tap();
    let outcome = answered.and_then(|ending| match ending {
        Ending::Finish => exchange.line.finish(),
        Ending::Cut => Ok(false),
    });
    if let Some(tap) = tap {
        tap.ended(&outcome);
    }
    if let Some(id) = &id {
        let end = match &outcome {
            Ok(true) => End::Eof,
            Ok(false) => End::Server,
            Err(error) => match error.kind() {
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => End::Reset,
                _ => End::Error,
            },
        };
        shared.records.update(id, |record| record.end = Some(end));
    }
}

impl Exchange {
    /// `/last-close` uses `id` to ask, everything else to be asked about.
    fn is_recorded(&self) -> bool {
        self.request.path != "/last-close"
    }

    fn answer(&mut self) -> io::Result<Ending> {
        let shared = Arc::clone(&self.shared);
        let scenario = shared.scenario(&self.request.path);
        let endpoint = endpoints::find(&self.request.path);
        if endpoint.is_none() && scenario.is_none() {
            return self.respond(404, &[], "No such endpoint; GET / lists them.\n");
        }
        if self.request.wants_upgrade() {
            if let Some(fault) = self.request.handshake_fault() {
                return self.respond(400, &[], &format!("{fault}\n"));
            }
        } else if !endpoint.is_some_and(|endpoint| endpoint.plain) {
            let headers = [("Upgrade", "websocket"), ("Connection", "Upgrade")];
            return self.respond(426, &headers, "This endpoint wants a WebSocket.\n");
        }
        match (scenario, endpoint) {
            (Some(stage), _) => scenario::play(self, stage),
            (None, Some(endpoint)) => (endpoint.run)(self),
            (None, None) => Ok(Ending::Finish),
        }
    }

    /// Answers with plain HTTP.
    pub(super) fn respond(
        &mut self,
        status: u16,
        headers: &[(&str, &str)],
        body: &str,
    ) -> io::Result<Ending> {
        respond(&mut self.line, status, headers, body)?;
        Ok(Ending::Finish)
    }

    /// The value that proves that the handshake was understood.
    pub(super) fn accept_key(&self) -> String {
        derive_accept_key(
            self.request
                .header("sec-websocket-key")
                .next()
                .unwrap_or("")
                .as_bytes(),
        )
    }

    /// Completes the handshake with the subprotocol that `?protocol=` names (`none`: none at all), or else
    /// the client's first. What is written next follows in the same segment.
    pub(super) fn open(&mut self) -> io::Result<()> {
        let protocol = self.protocol(self.request.parameter("protocol"));
        self.open_with(protocol.as_deref())
    }

    /// That subprotocol, `none` for none; the client's first if nothing is said.
    pub(super) fn protocol(&self, said: Option<&str>) -> Option<String> {
        match said {
            Some("none") => None,
            Some(name) => Some(name.to_owned()),
            None => self.request.protocols().next().map(str::to_owned),
        }
    }

    /// Completes the handshake with that subprotocol, and the extensions that `?extensions=` names.
    pub(super) fn open_with(&mut self, protocol: Option<&str>) -> io::Result<()> {
        self.open_with_headers(protocol, &[])
    }

    /// The same, with further headers.
    pub(super) fn open_with_headers(
        &mut self,
        protocol: Option<&str>,
        further: &[(&str, &str)],
    ) -> io::Result<()> {
        let accept = self.accept_key();
        let mut headers = vec![
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", &*accept),
        ];
        // A query parameter may hold anything, and a line break would end the header.
        let chosen = [
            ("Sec-WebSocket-Protocol", protocol),
            (
                "Sec-WebSocket-Extensions",
                self.request.parameter("extensions"),
            ),
        ];
        headers.extend(
            chosen
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)))
                .filter(|(_, value)| !value.contains(['\r', '\n'])),
        );
        headers.extend_from_slice(further);
        self.line
            .write_all(&head("HTTP/1.1 101 Switching Protocols", &headers))
    }

    /// Changes this connection's record, if it has one.
    pub(super) fn record(&self, change: impl FnOnce(&mut Record)) {
        if let Some(id) = self.request.parameter("id") {
            self.shared.records.update(id, change);
        }
    }

    /// Reads messages with tungstenite to the end of the connection, giving each to `on_message`. Answers to
    /// pings and Close frames are tungstenite's; what breaks the protocol is answered with its code.
    pub(super) fn converse(
        &mut self,
        mut on_message: impl FnMut(&mut Socket<'_>, Message) -> Result<(), Error>,
    ) -> io::Result<Ending> {
        let limit = Some(self.shared.options.max_message_size);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            // The line gathers.
            .write_buffer_size(0)
            .max_message_size(limit)
            .max_frame_size(limit);
        let (request, shared) = (&self.request, &self.shared);
        let record = |change: &dyn Fn(&mut Record)| {
            if let Some(id) = request.parameter("id") {
                shared.records.update(id, change);
            }
        };
        let mut socket = WebSocket::from_raw_socket(&mut self.line, Role::Server, Some(config));
        let fault = loop {
            let handled = socket.read().and_then(|message| {
                match &message {
                    Message::Text(_) | Message::Binary(_) => {
                        let bytes = message.len() as u64;
                        record(&|record| {
                            record.messages += 1;
                            record.bytes += bytes;
                        });
                        return on_message(&mut socket, message);
                    }
                    Message::Pong(_) => record(&|record| record.pongs += 1),
                    Message::Close(frame) => {
                        let close = CloseReceived {
                            code: frame.as_ref().map(|frame| frame.code.into()),
                            reason: frame
                                .as_ref()
                                .map_or("", |frame| frame.reason.as_str())
                                .to_owned(),
                        };
                        record(&|record| record.close = Some(close.clone()));
                    }
                    Message::Ping(_) | Message::Frame(_) => {}
                }
                Ok(())
            });
            match handled {
                Ok(()) => {}
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Ok(Ending::Finish),
                Err(Error::Protocol(
                    tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
                )) => return Ok(Ending::Finish),
                Err(Error::Io(error)) => return Err(error),
                Err(fault) => break fault,
            }
        };
        let code = match &fault {
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            _ => CloseCode::Protocol,
        };
        if let Some(tap) = self.line.tap() {
            tap.fault(&fault.to_string());
        }
        frames::write_close(&mut self.line, Some(code.into()), "")?;
        Ok(Ending::Finish)
    }

    /// Reads one frame whatever it is, and keeps the record. `Ok(None)` at the end of the stream.
    pub(super) fn read_raw(&mut self) -> io::Result<Option<RawFrame>> {
        let frame = frames::read(&mut self.line)?;
        if let Some(frame) = &frame {
            self.record(|record| {
                if frame.is_data() {
                    record.messages += 1;
                    record.bytes += frame.length;
                } else if frame.opcode == opcode::PONG {
                    record.pongs += 1;
                } else if frame.opcode == opcode::CLOSE && record.close.is_none() {
                    record.close = Some(frame.close());
                }
            });
        }
        Ok(frame)
    }

    /// Reads frames until one of a message, or a Close frame, or the end.
    pub(super) fn wait_for_message(&mut self) -> io::Result<Option<RawFrame>> {
        loop {
            match self.read_raw()? {
                Some(frame) if !frame.is_data() && frame.opcode != opcode::CLOSE => {}
                last => return Ok(last),
            }
        }
    }

    /// Reads frames until a Close frame or the end.
    pub(super) fn read_raw_until_close(&mut self) -> io::Result<Option<RawFrame>> {
        loop {
            match self.read_raw()? {
                Some(frame) if frame.opcode != opcode::CLOSE => {}
                last => return Ok(last),
            }
        }
    }

    /// Reads to the end of the stream and keeps the record; nothing is answered.
    pub(super) fn read_raw_to_end(&mut self) -> io::Result<()> {
        while self.read_raw()?.is_some() {}
        Ok(())
    }
}

/// A response head: a status line, then headers.
pub(super) fn head(status: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut head = format!("{status}\r\n");
    for (name, value) in headers {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

fn respond(line: &mut Line, status: u16, headers: &[(&str, &str)], body: &str) -> io::Result<()> {
    let phrase = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    let length = body.len().to_string();
    let mut all = vec![
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", &*length),
        ("Connection", "close"),
    ];
    all.extend_from_slice(headers);
    line.write_all(&head(
        &format!("HTTP/1.1 {status} {}", phrase.unwrap_or("Unknown")),
        &all,
    ))?;
    line.write_all(body.as_bytes())?;
    line.flush()
}
