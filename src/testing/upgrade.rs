//! The opening handshake, as the server sees it.

use std::{
    fmt,
    io::{Read, Write},
    time::Duration,
};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tungstenite::handshake::derive_accept_key;
use url::Url;

use super::{
    error::{Error, ErrorKind},
    line::Line,
    peer::Peer,
};

/// Bytes that a request may have.
const MAX_HEAD: usize = 256 << 10;

/// Header lines that a request may have.
const MAX_HEADERS: usize = 256;

/// What is being waited for.
const REQUEST: &str = "an upgrade request";

/// A client's request, which waits for an answer. Dropping it ends the connection without one.
pub struct Upgrade {
    line: Line,
    url: Url,
    method: String,
    target: String,
    headers: HeaderMap,
    /// What came behind the head.
    rest: Vec<u8>,
    timeout: Duration,
}

impl Upgrade {
    pub(super) fn read(mut line: Line, url: Url, timeout: Duration) -> Result<Self, Error> {
        line.begin(timeout);
        let failed = |kind| Error::new(REQUEST, kind);
        let invalid = |why: String| failed(ErrorKind::Invalid(why.into()));
        let mut head = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let count = line
                .read(&mut buffer)
                .map_err(|error| failed(ErrorKind::of_io(&error, timeout)))?;
            if count == 0 {
                return Err(failed(ErrorKind::Ended));
            }
            head.extend_from_slice(buffer.get(..count).unwrap_or_default());
            let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut request = httparse::Request::new(&mut slots);
            match request.parse(&head) {
                Err(error) => return Err(invalid(error.to_string())),
                Ok(httparse::Status::Partial) if head.len() > MAX_HEAD => {
                    return Err(invalid(format!("it has more than {MAX_HEAD} bytes")));
                }
                Ok(httparse::Status::Partial) => {}
                Ok(httparse::Status::Complete(length)) => {
                    let mut headers = HeaderMap::new();
                    for line in request.headers.iter() {
                        let name = HeaderName::from_bytes(line.name.as_bytes());
                        let value = HeaderValue::from_bytes(line.value);
                        match (name, value) {
                            (Ok(name), Ok(value)) => headers.append(name, value),
                            _ => return Err(invalid(format!("its header '{}'", line.name))),
                        };
                    }
                    return Ok(Self {
                        url,
                        method: request.method.unwrap_or_default().to_owned(),
                        target: request.path.unwrap_or_default().to_owned(),
                        headers,
                        rest: head.get(length..).unwrap_or_default().to_vec(),
                        timeout,
                        line,
                    });
                }
            }
        }
    }

    /// The URL that script has opened.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The method of the request line.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The target of the request line: path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The first header of this name, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The subprotocols that are asked for.
    #[must_use]
    pub fn protocols(&self) -> Vec<&str> {
        let lines = self.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let lines = lines.iter().filter_map(|line| line.to_str().ok());
        let names = lines.flat_map(|line| line.split(','));
        names
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect()
    }

    /// Opens the WebSocket, with the first subprotocol that is asked for, if one is, and without
    /// extensions: nothing is compressed.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn accept(self) -> Result<Peer, Error> {
        let protocol = self.protocols().first().map(|&name| name.to_owned());
        self.accept_with(protocol.as_deref(), &[])
    }

    /// Opens the WebSocket with this subprotocol, asked for or not, and with these headers besides
    /// those of the handshake, all of them sent as they are.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn accept_with(
        self,
        protocol: Option<&str>,
        headers: &[(&str, &str)],
    ) -> Result<Peer, Error> {
        let key = self.headers.get(header::SEC_WEBSOCKET_KEY);
        let key = key.map(HeaderValue::as_bytes).unwrap_or_default();
        let mut response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\n",
            derive_accept_key(key)
        );
        let protocol = protocol.map(|name| ("Sec-WebSocket-Protocol", name));
        push_headers(&mut response, protocol.iter().chain(headers));
        self.respond(response.as_bytes())
    }

    /// Refuses: answers with this status and these headers and no body, and ends the connection.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn refuse(self, status: u16, headers: &[(&str, &str)]) -> Result<(), Error> {
        let reason = StatusCode::from_u16(status).ok();
        let reason = reason.and_then(|status| status.canonical_reason());
        let mut response = format!(
            "HTTP/1.1 {status} {}\r\nConnection: close\r\nContent-Length: 0\r\n",
            reason.unwrap_or_default()
        );
        push_headers(&mut response, headers.iter());
        self.respond(response.as_bytes()).map(Peer::end)
    }

    /// Answers with these very bytes, and takes what follows for an open WebSocket.
    ///
    /// # Errors
    ///
    /// The client is gone.
    pub fn respond(mut self, response: &[u8]) -> Result<Peer, Error> {
        self.line.begin(self.timeout);
        let sent = self.line.write_all(response);
        sent.and_then(|()| self.line.flush()).map_err(|error| {
            let kind = ErrorKind::of_io(&error, self.timeout);
            Error::new("that the client reads the response", kind)
        })?;
        Ok(Peer::new(self.line, self.rest, self.timeout))
    }

    /// Cuts the connection, as a reset does.
    pub fn cut(mut self) {
        self.line.cut();
    }
}

fn push_headers<'a>(response: &mut String, headers: impl Iterator<Item = &'a (&'a str, &'a str)>) {
    for (name, value) in headers {
        response.push_str(&format!("{name}: {value}\r\n"));
    }
    response.push_str("\r\n");
}

impl fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upgrade")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
