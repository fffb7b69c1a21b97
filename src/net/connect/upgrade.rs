//! The upgrade to the WebSocket protocol, RFC 6455 section 4: a request, and the response to it.

use std::io;

use tracing::debug;

use super::dial::{Dial, Dialler};
use crate::net::{
    cookies::cookie_url,
    error::{Error, ErrorKind, Phase},
    handshake::{Accepted, Answer, Handshake, Refusal, ResponseReader, Shown},
    line::{Ciphertext, Line},
    observer::{Head, RequestHead, ResponseHead},
};

/// One upgrade, which never blocks.
pub(super) struct Upgrade {
    handshake: Handshake,
    /// How much of the request has been written.
    sent: usize,
    reader: ResponseReader,
}

impl Upgrade {
    /// One for `dial`, of which nothing has been sent.
    ///
    /// # Errors
    ///
    /// As [`Handshake::new`].
    pub(super) fn new(dial: &Dial, dialler: &Dialler) -> Result<Self, Error> {
        let options = &dialler.options;
        let jar = options.cookie_jar.as_deref();
        let cookies = jar.and_then(|jar| jar.cookies(&cookie_url(&dial.request.url)));
        let handshake = Handshake::new(&dial.target, &dial.request, cookies, options)?;
        let limits = &options.limits;
        let mut reader = ResponseReader::new(limits.response_head, limits.response_headers);
        let watch = dialler.watch.as_ref();
        reader.keeps_answer = watch.is_some_and(|watch| watch.wants_heads());
        Ok(Self {
            handshake,
            sent: 0,
            reader,
        })
    }

    /// Tells what it begins with, if somebody wants to know.
    pub(super) fn tell_request(&self, tell: impl Fn(Head)) {
        if self.wants_heads() {
            tell(Head::Request(RequestHead::new(&self.handshake.request)));
        }
    }

    fn wants_heads(&self) -> bool {
        self.reader.keeps_answer
    }

    /// Goes on with it, and gives back what the server's response says once it is there.
    ///
    /// # Errors
    ///
    /// `WouldBlock` while it waits for the line, `Interrupted` to be called again, or why the line
    /// has ended.
    pub(super) fn advance(
        &mut self,
        line: &mut Line,
        ciphertext: &mut Ciphertext,
    ) -> io::Result<Result<Accepted, Refusal>> {
        while let Some(unsent @ [_, ..]) = self.handshake.request.get(self.sent..) {
            self.sent += line.write(unsent)?;
        }
        line.flush()?;
        let mut buffer = [0; 1024];
        let count = line.read(&mut buffer, ciphertext, true)?;
        if count == 0 {
            return Ok(Err(Refusal::Truncated));
        }
        let bytes = buffer.get(..count).unwrap_or_default();
        let answer = self.reader.push(bytes, &self.handshake).transpose();
        answer.ok_or_else(|| io::ErrorKind::Interrupted.into())
    }

    /// Does what the response brings with it, besides a WebSocket.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`]: it is not the response RFC 6455 asks for.
    pub(super) fn conclude(
        mut self,
        answer: Result<Accepted, Refusal>,
        dial: &Dial,
        dialler: &Dialler,
        tell: impl Fn(Head),
    ) -> Result<Accepted, Error> {
        if self.wants_heads()
            && let Some(answer) = &self.reader.answer
        {
            tell(Head::Response(ResponseHead::new(answer)));
        }
        let reader = &mut self.reader;
        if let Some(jar) = &dialler.options.cookie_jar
            && !reader.set_cookies.is_empty()
        {
            jar.set_cookies(&cookie_url(&dial.request.url), &reader.set_cookies);
        }
        let id = dial.id;
        match answer {
            Ok(accepted) => {
                debug!(
                    target: "boa_websocket::net", %id, protocol = accepted.protocol,
                    extensions = accepted.extensions, "upgraded"
                );
                Ok(accepted)
            }
            Err(refusal) => {
                let answer = reader.answer.take();
                if let Some(answer) = &answer {
                    show(dial, answer);
                }
                let kind = ErrorKind::Refused(refusal);
                let error = Error::new(Phase::Handshake, kind, dial.target.subject());
                Err(error.with_answer(answer))
            }
        }
    }
}

/// Tells of an answer that is refused.
fn show(dial: &Dial, answer: &Answer) {
    let (id, status, reason) = (dial.id, answer.status, &answer.reason);
    debug!(target: "boa_websocket::net", %id, status, reason, "answer");
    for (name, value) in &answer.headers {
        let value = Shown(name, value);
        debug!(target: "boa_websocket::net", %id, %name, %value, "header");
    }
}
