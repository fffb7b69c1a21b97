//! The connection itself: what its two directions and its timers mean for each other.

use std::time::Instant;

use tungstenite::{
    Bytes,
    protocol::frame::coding::{Control, Data},
};

use super::{
    close::{CloseFrame, is_close_code_for_the_wire},
    config::Config,
    error::Error,
    frames::Frames,
    incoming::Incoming,
    output::Output,
    sink::Sink,
    state::{Outcome, State},
};

/// One WebSocket connection behind its opening handshake, in the client's role.
///
/// See the [module](super) for how to drive it and for its states. No method panics, blocks, or
/// reads a clock.
#[derive(Debug)]
pub struct Connection {
    config: Config,
    incoming: Incoming,
    output: Output,
    /// The peer's Close frame.
    received: Option<CloseFrame>,
    /// What the peer did wrong, while failing the connection for it is put off.
    violation: Option<Error>,
    /// Why the connection was failed.
    failure: Option<Error>,
    /// The peer has ended its direction of the line.
    input_ended: bool,
    /// Until when the rest of the closing handshake, or the end of the line, is awaited, or failing
    /// put off.
    deadline: Option<Instant>,
    outcome: Option<Outcome>,
}

impl Connection {
    /// A connection whose opening handshake has just succeeded.
    pub fn new(config: Config) -> Self {
        Self {
            incoming: Incoming::new(config.deflate.as_ref()),
            output: Output::new(config.output_high_water, config.deflate.as_ref()),
            config,
            received: None,
            violation: None,
            failure: None,
            input_ended: false,
            deadline: None,
            outcome: None,
        }
    }

    // --- from the line

    /// Takes the next bytes from the line, split in any way.
    ///
    /// Everything in them is dealt with before it returns; what is incomplete is kept. Bytes behind
    /// the peer's Close frame, after a failure or after the end are discarded.
    pub fn receive(&mut self, mut bytes: &[u8], now: Instant, sink: &mut impl Sink) {
        while self.is_listening() {
            match self.incoming.next(&mut bytes, &self.config, sink) {
                Ok(None) => return,
                Ok(Some(frame)) => match frame.opcode {
                    Control::Ping => {
                        self.output.pong(frame.payload);
                        sink.ping(frame.payload);
                    }
                    Control::Pong => sink.pong(frame.payload),
                    Control::Close => match CloseFrame::parse(frame.payload) {
                        Ok(close) => self.close_received(close, now, sink),
                        Err(error) => self.violation(error, now),
                    },
                    // Its header was refused before.
                    Control::Reserved(opcode) => {
                        self.violation(Error::ReservedOpcode(opcode), now);
                    }
                },
                Err(error) => self.violation(error, now),
            }
        }
    }

    /// Where the next bytes of the line may be read to, without a copy in between: the unfilled
    /// rest of a large binary message, a piece of at most 256 KiB at a time.
    ///
    /// `Some` while at least [`DIRECT_READ_MIN`](super::DIRECT_READ_MIN) bytes of a binary frame are
    /// missing; never empty, and never more than belongs to that frame. Whatever was read into it is
    /// reported with [`Self::body_filled`]; reading into a buffer of one's own and calling
    /// [`Self::receive`] is always right as well.
    pub fn body_buffer(&mut self) -> Option<&mut [u8]> {
        if self.is_listening() {
            self.incoming.body_buffer()
        } else {
            None
        }
    }

    /// The first `n` bytes of [`Self::body_buffer`] were read from the line.
    pub fn body_filled(&mut self, n: usize, now: Instant, sink: &mut impl Sink) {
        if self.is_listening()
            && let Err(error) = self.incoming.body_filled(n, sink)
        {
            self.violation(error, now);
        }
    }

    /// The peer has ended its direction of the line: TCP's FIN, with TLS behind a `close_notify` or
    /// not.
    ///
    /// The connection is finished by it, unless our Close frame is owed to a peer that may still
    /// read it: as the answer to the peer's own, or after a failure. Then it is finished as soon as
    /// that is written, or when the time for it is up: a caller goes on writing.
    pub fn end_of_stream(&mut self, _now: Instant) {
        self.input_ended = true;
        if self.is_failing() {
            return;
        }
        let owed = self.output.is_closing() && !self.output.is_close_written();
        if self.expects_frames() || !owed {
            self.finish(Error::LineEnded);
        }
    }

    /// The line is broken in both directions: a reset, a write error, TLS that makes no sense.
    pub fn line_failed(&mut self, _now: Instant) {
        self.input_ended = true;
        self.finish(Error::LineFailed);
    }

    // --- from script

    /// Queues a text message. The bytes are valid UTF-8: they were a Rust string.
    ///
    /// Dropped once the closing handshake has started or the connection was failed.
    pub fn send_text(&mut self, payload: Bytes) {
        self.send(Data::Text, payload);
    }

    /// Queues a binary message; otherwise like [`Self::send_text`].
    pub fn send_binary(&mut self, payload: Bytes) {
        self.send(Data::Binary, payload);
    }

    /// Queues messages that are encoded; otherwise like [`Self::send_text`].
    pub fn send_frames(&mut self, frames: Frames) {
        if self.state() == State::Open {
            self.output.send_frames(frames);
        }
    }

    fn send(&mut self, kind: Data, payload: Bytes) {
        if self.state() == State::Open {
            self.output.send(kind, payload);
        }
    }

    /// Starts the closing handshake: our Close frame goes out behind what was sent before.
    ///
    /// What was sent before may take its time, as long as the peer takes some of it within each
    /// [`Config::close_timeout`]; behind it that time starts anew.
    ///
    /// Nothing happens if it has started already, or if the connection was failed or
    /// [is about to be](Self::is_failing). `code` is 1000 or
    /// 3000 to 4999 by contract, and `reason` at most 123 bytes: a longer one is cut at a code
    /// point, a reason without a code goes with 1000, a code that is not for the wire is left out
    /// together with its reason.
    pub fn close(&mut self, code: Option<u16>, reason: &str, now: Instant) {
        if self.state() == State::Open && !self.is_failing() {
            self.output.close(CloseFrame::new(code, reason));
            self.deadline = now.checked_add(self.config.close_timeout);
        }
    }

    /// Sends a ping ahead of queued messages, with at most 125 bytes of payload (more are left
    /// out). One that is still waiting is replaced.
    pub fn ping(&mut self, payload: &[u8]) {
        if self.is_listening() {
            self.output.ping(payload);
        }
    }

    /// A ping was queued and is not written.
    pub fn is_ping_unsent(&self) -> bool {
        self.output.is_ping_unsent()
    }

    /// *Fail the WebSocket Connection*, for a reason of the caller's.
    ///
    /// Our Close frame carries `code` (none is sent if `code` is not for the wire, such as 1006) and
    /// as its reason what `why` displays. Unsent messages are given up. Nothing happens once both
    /// Close frames are through, or the connection was failed before; one that
    /// [is about to be](Self::is_failing) is failed now, for the reason it has.
    ///
    /// [RFC 6455, section 7.1.7](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7)
    pub fn fail(&mut self, code: u16, why: Error, now: Instant) {
        if self.outcome.is_some() || self.failure.is_some() || self.is_handshake_complete() {
            return;
        }
        let (code, why) = match self.violation.take() {
            Some(violation) => with_code(violation),
            None => (code, why),
        };
        let close =
            is_close_code_for_the_wire(code).then(|| CloseFrame::new(Some(code), &why.to_string()));
        self.output.fail(close);
        self.incoming = Incoming::default();
        self.failure = Some(why);
        self.deadline = now.checked_add(self.config.linger);
        self.finish_if_nothing_is_awaited();
    }

    /// The peer has broken a rule or a limit, and failing the connection for it is put off until
    /// [`Self::fail_now`], for at most [`Config::failure_delay`].
    ///
    /// Meanwhile nothing is read, messages are still accepted and written, and [`Self::deadline`]
    /// is when the time is up. Script may so answer what has arrived in good order, whether or not
    /// it came in one read with what was wrong.
    pub fn is_failing(&self) -> bool {
        self.violation.is_some()
    }

    /// Fails a connection that [is about to be](Self::is_failing) failed. Messages that are not
    /// written are given up: to be called when [`Self::has_output`] is false.
    pub fn fail_now(&mut self, now: Instant) {
        if let Some(violation) = self.violation.take() {
            let (code, why) = with_code(violation);
            self.fail(code, why, now);
        }
    }

    /// How many bytes compressed messages have been inflated to since the last call: what a caller
    /// that gives each connection its turn counts, besides the bytes it has read.
    pub fn take_inflated(&mut self) -> u64 {
        self.incoming.take_inflated()
    }

    // --- to the line

    /// What to write next, encoded as far as [`Config::output_high_water`] asks.
    ///
    /// Empty exactly when [`Self::has_output`] is false. It stays the same until
    /// [`Self::wrote`] is called, but for what a failure or the end cuts off.
    pub fn output(&mut self) -> &[u8] {
        self.output.bytes()
    }

    /// The first `n` bytes of [`Self::output`] were taken by the line.
    pub fn wrote(&mut self, n: usize, now: Instant) {
        let close_written = self.output.wrote(n);
        if self.state() == State::Closing && !self.output.is_close_written() {
            // A peer that still takes what is ahead of our Close frame is not stuck.
            self.deadline = now.checked_add(self.config.close_timeout);
        }
        if close_written && self.outcome.is_none() {
            let awaits_the_peers_close = self.failure.is_none() && self.received.is_none();
            self.deadline = now.checked_add(if awaits_the_peers_close {
                self.config.close_timeout
            } else {
                self.config.linger
            });
        }
        self.finish_if_nothing_is_awaited();
    }

    /// The payload bytes of messages written since the last call: what `bufferedAmount` goes down
    /// by.
    ///
    /// A message counts when the last byte of its frame was written; one that does not fit into
    /// the output buffer as a whole counts in pieces, and one that goes out compressed and in
    /// fragments counts with each of those, by their size before.
    pub fn take_sent(&mut self) -> u64 {
        self.output.take_sent()
    }

    /// The payload bytes of messages that were accepted and are not written. Those that were given
    /// up by a failure or the end stay in it.
    pub fn queued(&self) -> u64 {
        self.output.queued()
    }

    /// Our Close frame has been written, whole.
    pub fn is_close_sent(&self) -> bool {
        self.output.is_close_written()
    }

    /// There is something to write.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// The connection was failed and everything is written: the caller ends its own direction of
    /// the line (TCP's FIN; with TLS, `close_notify` before it), once, and goes on reading, so that
    /// our Close frame is not destroyed by a reset.
    ///
    /// Never in an orderly closing handshake, where the server ends the line first
    /// ([RFC 6455, section 7.1.1](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.1)).
    pub fn wants_shutdown(&self) -> bool {
        self.failure.is_some() && self.outcome.is_none() && self.output.is_empty()
    }

    // --- time and end

    /// When [`Self::handle_deadline`] is to be called, if nothing else happens before. `None` also
    /// where a time from [`Config`] is beyond what an [`Instant`] can express.
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Ends what has waited long enough. Nothing happens before [`Self::deadline`].
    pub fn handle_deadline(&mut self, now: Instant) {
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return;
        }
        if self.is_failing() {
            self.fail_now(now);
        } else {
            self.finish(Error::CloseTimeout);
        }
    }

    /// Where the connection stands.
    pub fn state(&self) -> State {
        if self.outcome.is_some() {
            State::Finished
        } else if self.failure.is_some() {
            State::Failed
        } else if self.received.is_some() || self.output.is_closing() {
            State::Closing
        } else {
            State::Open
        }
    }

    /// How the connection ended. Once this is `Some`, the line is to be dropped.
    pub fn finished(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Reading from the line has a use: messages, the peer's Close frame, or just its end.
    pub fn wants_read(&self) -> bool {
        self.outcome.is_none() && !self.input_ended && !self.is_failing()
    }

    /// The peer may still say something: it has not closed, and the connection was not failed. Else
    /// reading only clears the way for the end of the line.
    pub fn expects_frames(&self) -> bool {
        self.outcome.is_none() && self.failure.is_none() && self.received.is_none()
    }

    // --- within

    /// Input has a meaning.
    fn is_listening(&self) -> bool {
        self.expects_frames() && !self.input_ended && !self.is_failing()
    }

    /// RFC 6455, section 7.1.4: both Close frames are through.
    fn is_handshake_complete(&self) -> bool {
        self.received.is_some() && self.output.is_close_written()
    }

    fn close_received(&mut self, frame: CloseFrame, now: Instant, sink: &mut impl Sink) {
        // An unfinished message will never be finished.
        self.incoming = Incoming::default();
        // RFC 6455, section 5.5.1: the answer typically has the code that was received.
        self.output.close(CloseFrame {
            code: frame.code,
            reason: String::new(),
        });
        self.received = Some(frame);
        self.deadline = now.checked_add(if self.output.is_close_written() {
            self.config.linger
        } else {
            self.config.close_timeout
        });
        sink.closing_handshake_started();
    }

    /// The peer has broken a rule or a limit.
    fn violation(&mut self, error: Error, now: Instant) {
        let delay = self.config.failure_delay;
        // Once script has closed there is nothing it could still say.
        if self.state() == State::Open && !delay.is_zero() {
            self.incoming = Incoming::default();
            self.deadline = now.checked_add(delay);
            self.violation = Some(error);
            return;
        }
        let (code, why) = with_code(error);
        self.fail(code, why, now);
    }

    /// The peer has ended its direction, and nothing is left to be said in ours.
    fn finish_if_nothing_is_awaited(&mut self) {
        if self.input_ended && self.output.is_empty() && !self.is_failing() {
            self.finish(Error::LineEnded);
        }
    }

    /// The end. `error` says why, unless the end is clean or was decided by a failure before.
    fn finish(&mut self, error: Error) {
        if self.outcome.is_some() {
            return;
        }
        let error = match self.failure.take().or(self.violation.take()) {
            Some(failure) => Some(failure),
            None if self.is_handshake_complete() => None,
            None => Some(error),
        };
        self.deadline = None;
        self.incoming = Incoming::default();
        self.output.abandon();
        self.outcome = Some(Outcome::new(self.received.take(), error));
    }

    /// The bytes of memory that belong to this connection, besides itself and what `send_text` and
    /// `send_binary` were given.
    #[cfg(test)]
    pub(super) fn owned_memory(&self) -> usize {
        self.incoming.capacity() + self.output.capacity()
    }

    /// Whether there is memory for compressing and for decompressing.
    #[cfg(test)]
    pub(super) fn deflate_memory(&self) -> (bool, bool) {
        let (output, incoming) = (&self.output, &self.incoming);
        (output.has_deflater_memory(), incoming.has_inflater_memory())
    }
}

/// A violation and the code our Close frame has for it. Every error that comes from input has one.
fn with_code(violation: Error) -> (u16, Error) {
    (violation.close_code().unwrap_or(1002), violation)
}
