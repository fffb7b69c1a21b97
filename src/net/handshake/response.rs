//! The server's half: <https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2>, checked as the end
//! of section 4.1 tells a client to.

use http::HeaderValue;
use tungstenite::handshake::derive_accept_key;

use super::{Answer, Handshake, Refusal, extensions};
use crate::protocol::Deflate;

/// What the server has agreed to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// The subprotocol in use; empty for none.
    pub(crate) protocol: String,
    /// The extensions in use, in the server's words; empty for none.
    pub(crate) extensions: String,
    /// permessage-deflate, if it is one of them.
    pub(crate) deflate: Option<Deflate>,
    /// What came behind the head: the first bytes of the WebSocket.
    pub(crate) rest: Vec<u8>,
}

/// Gathers a response head and checks it once it is whole.
pub(crate) struct ResponseReader {
    head: Vec<u8>,
    /// The length of the interim responses before it.
    passed: usize,
    /// The values of `Set-Cookie`, once the head is whole.
    pub(crate) set_cookies: Vec<HeaderValue>,
    /// The head, once it is whole, if it was refused or is to be kept.
    pub(crate) answer: Option<Answer>,
    /// Keep it also if it was accepted.
    pub(crate) keeps_answer: bool,
    max_bytes: usize,
    max_headers: usize,
}

/// Long enough to tell HTTP from anything else without waiting for a line to end.
pub(in crate::net) const STATUS_LINE_START: usize = "HTTP/1.1 101".len();

impl ResponseReader {
    /// A reader that takes heads of at most `max_bytes` bytes and `max_headers` header lines.
    pub(crate) fn new(max_bytes: usize, max_headers: usize) -> Self {
        Self {
            head: Vec::new(),
            passed: 0,
            set_cookies: Vec::new(),
            answer: None,
            keeps_answer: false,
            max_bytes,
            max_headers,
        }
    }

    /// Takes what has been read; `None` while the head is not whole.
    pub(crate) fn push(
        &mut self,
        bytes: &[u8],
        sent: &Handshake,
    ) -> Result<Option<Accepted>, Refusal> {
        let begun = self.head.len() >= STATUS_LINE_START;
        self.head.extend_from_slice(bytes);
        // A head can only be whole, or wrong in a new way, when a line has ended.
        if begun && !bytes.contains(&b'\n') {
            self.check_length(self.head.len())?;
            return Ok(None);
        }
        loop {
            // A header takes three bytes at least, so there is room for all, whatever the limit.
            let room = self.max_headers.min(self.head.len() / 3 + 1);
            let mut headers = vec![httparse::EMPTY_HEADER; room];
            let mut response = httparse::Response::new(&mut headers);
            match response.parse(&self.head) {
                Ok(httparse::Status::Complete(length)) => {
                    self.check_length(length)?;
                    // Interim responses may always come: RFC 9110 section 15.2, and Fetch,
                    // "HTTP-network fetch". 101 is none.
                    if matches!(response.code, Some(100 | 102..=199)) {
                        self.head.drain(..length);
                        self.passed += length;
                        continue;
                    }
                    self.set_cookies = set_cookies(&response);
                    let checked = check(&response, sent);
                    if checked.is_err() || self.keeps_answer {
                        self.answer = Some(Answer::new(&response));
                    }
                    let mut accepted = checked?;
                    accepted.rest = self.head.split_off(length);
                    return Ok(Some(accepted));
                }
                Ok(httparse::Status::Partial) => {
                    self.check_length(self.head.len())?;
                    return Ok(None);
                }
                Err(httparse::Error::TooManyHeaders) => {
                    return Err(Refusal::TooManyHeaders(self.max_headers));
                }
                // An alert: it takes the request for a wrong beginning of TLS.
                Err(_) if self.head.starts_with(&[21, 3]) => {
                    return Err(Refusal::NotHttp(Refusal::TLS));
                }
                Err(error) => return Err(Refusal::NotHttp(describe(error))),
            }
        }
    }

    /// Whether `length` bytes of the head are not too many, with the interim ones.
    fn check_length(&self, length: usize) -> Result<(), Refusal> {
        if self.passed.saturating_add(length) > self.max_bytes {
            return Err(Refusal::HeadTooLong(self.max_bytes));
        }
        Ok(())
    }
}

fn set_cookies(response: &httparse::Response<'_, '_>) -> Vec<HeaderValue> {
    let headers = response.headers.iter();
    headers
        .filter(|header| header.name.eq_ignore_ascii_case("set-cookie"))
        .filter_map(|header| HeaderValue::from_bytes(header.value).ok())
        .collect()
}

/// Where it stops being HTTP.
pub(in crate::net) fn describe(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a bad header name",
        httparse::Error::HeaderValue => "a bad header value",
        httparse::Error::NewLine => "a bad line end",
        httparse::Error::Status => "a bad status",
        httparse::Error::Version => "a bad version",
        _ => "a bad token",
    }
}

/// Checks a whole head. The numbers are those of the list in RFC 6455 section 4.1, "Once the
/// client's opening handshake has been sent".
fn check(response: &httparse::Response<'_, '_>, sent: &Handshake) -> Result<Accepted, Refusal> {
    // 1. The status code is 101. Redirects and authentication, which this point would allow, are
    // ruled out by the WebSockets Standard ("establish a WebSocket connection", response check).
    let status = response.code.unwrap_or_default();
    if status != 101 {
        return Err(Refusal::Status(status));
    }
    // Section 4.2.2: the response is HTTP/1.1 or higher; httparse gives the minor version.
    if response.version != Some(1) {
        return Err(Refusal::Version);
    }
    let values = |name: &'static str| {
        response
            .headers
            .iter()
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.trim_ascii())
    };

    // 2. One Upgrade, and its value is "websocket" in any case.
    let upgrade: Vec<_> = values("upgrade").collect();
    if !matches!(upgrade[..], [value] if value.eq_ignore_ascii_case(b"websocket")) {
        return Err(Refusal::Upgrade);
    }

    // 3. Connection, a list that may be spread over lines, contains "upgrade" in any case.
    let upgrades = values("connection")
        .flat_map(|value| value.split(|&byte| byte == b','))
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"));
    if !upgrades {
        return Err(Refusal::Connection);
    }

    // 4. Sec-WebSocket-Accept is what belongs to our key.
    let accept: Vec<_> = values("sec-websocket-accept").collect();
    match accept[..] {
        [value] if value == derive_accept_key(sent.key.as_bytes()).as_bytes() => {}
        [_] => return Err(Refusal::Accept),
        _ => return Err(Refusal::AcceptCount(accept.len())),
    }

    // 5. No extension that was not offered, nor one on other terms.
    let answers: Vec<_> = values("sec-websocket-extensions").collect();
    let (extensions, deflate) = extensions::agree(&answers, &sent.compression)?;

    // 6. No subprotocol that was not asked for. That there must be one when some were asked for is
    // the WebSockets Standard's, "establish a WebSocket connection".
    let protocols: Vec<_> = values("sec-websocket-protocol").collect();
    let protocol = match protocols[..] {
        [] if sent.protocols.is_empty() => "",
        [] => return Err(Refusal::MissingProtocol),
        [value] => sent
            .protocols
            .iter()
            .find(|asked| asked.as_bytes() == value)
            .ok_or(Refusal::UnexpectedProtocol)?,
        _ => return Err(Refusal::SeveralProtocols),
    };
    Ok(Accepted {
        protocol: protocol.to_owned(),
        extensions,
        deflate,
        rest: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
