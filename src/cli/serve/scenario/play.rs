//! A connection that goes as its scenario says.

use std::{
    io::{self, Write},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Stage,
    schema::{Action, OnClose, What},
    script::Agenda,
};
use crate::cli::serve::{
    exchange::{Ending, Exchange},
    frames::{self, opcode},
};

/// How much of a message is kept, in bytes, for `{message}` and for the rules.
const KEPT: usize = 64 * 1024;

/// How long a client may take to answer a Close frame.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// Answers a request for a WebSocket.
pub(in crate::cli::serve) fn play(exchange: &mut Exchange, stage: &Stage) -> io::Result<Ending> {
    if let Some(refuse) = stage.asked() {
        if !exchange.shared.sleep(refuse.after_ms.duration()) {
            return Ok(Ending::Cut);
        }
        return exchange.respond(refuse.status.0, &refuse.headers.pairs(), &refuse.body);
    }
    let accept = &stage.file().accept;
    if !exchange.shared.sleep(accept.after_ms.duration()) {
        return Ok(Ending::Cut);
    }
    let protocol = exchange.protocol(accept.protocol.as_ref().map(|value| value.as_str()));
    exchange.open_with_headers(protocol.as_deref(), &accept.headers.pairs())?;
    let play = Play {
        uses: vec![0; stage.file().on_message.len()],
        connection: stage.opened(),
        protocol: protocol.unwrap_or_default(),
        count: 0,
        agenda: Agenda::new(),
        message: None,
        exchange,
        stage,
    };
    play.run()
}

/// The message that actions answer.
#[derive(Clone)]
struct Cause {
    message: Arc<str>,
    /// Which one of its connection, from 1; 0 for none.
    number: u64,
}

struct Play<'a> {
    exchange: &'a mut Exchange,
    stage: &'a Stage,
    agenda: Agenda<'a, Cause>,
    /// How often each rule was used.
    uses: Vec<u64>,
    connection: u64,
    protocol: String,
    /// Messages received.
    count: u64,
    /// The message whose fragments are coming: its opcode, and what is kept of it.
    message: Option<(u8, Vec<u8>)>,
}

impl Play<'_> {
    fn run(mut self) -> io::Result<Ending> {
        let none = Cause {
            message: "".into(),
            number: 0,
        };
        let on_open = &self.stage.file().on_open;
        self.agenda.start(on_open, none, Instant::now());
        loop {
            let now = Instant::now();
            while let Some((action, cause)) = self.agenda.next(now) {
                if let Some(ending) = self.act(action, &cause)? {
                    return Ok(ending);
                }
            }
            let wait = self.agenda.wait(Instant::now());
            if wait.is_some_and(|wait| wait.is_zero()) {
                continue;
            }
            if !self.agenda.has_room() {
                self.exchange.line.flush()?;
                if !self.exchange.shared.sleep(wait.unwrap_or_default()) {
                    return Ok(Ending::Cut);
                }
            } else if self.exchange.line.wait_for_input(wait)?
                && let Some(ending) = self.read()?
            {
                return Ok(ending);
            }
        }
    }

    /// Reads a frame, and does what comes of it.
    fn read(&mut self) -> io::Result<Option<Ending>> {
        let Some(frame) = self.exchange.read_raw()? else {
            return Ok(Some(Ending::Finish));
        };
        match frame.opcode {
            opcode::CLOSE => {
                return match self.stage.file().on_close {
                    OnClose::Answer => {
                        let line = &mut self.exchange.line;
                        frames::write(line, opcode::CLOSE, true, &frame.payload)?;
                        Ok(Some(Ending::Finish))
                    }
                    OnClose::Ignore => {
                        self.exchange.read_raw_to_end()?;
                        Ok(Some(Ending::Finish))
                    }
                    OnClose::Cut => Ok(Some(Ending::Cut)),
                };
            }
            opcode::PING => {
                frames::write(&mut self.exchange.line, opcode::PONG, true, &frame.payload)?;
            }
            opcode::TEXT | opcode::BINARY | opcode::CONTINUATION => {
                let (_, kept) = self
                    .message
                    .get_or_insert_with(|| (frame.opcode, Vec::new()));
                let room = KEPT.saturating_sub(kept.len());
                kept.extend(frame.payload.iter().take(room));
                if frame.last
                    && let Some((opcode, kept)) = self.message.take()
                {
                    self.answer(opcode, &kept);
                }
            }
            _ => {}
        }
        Ok(None)
    }

    /// Begins with what the first rule says that fits a whole message.
    fn answer(&mut self, opcode: u8, kept: &[u8]) {
        self.count = self.count.saturating_add(1);
        let message = String::from_utf8_lossy(kept);
        let text = (opcode != opcode::BINARY).then_some(&*message);
        let rules = self.stage.file().on_message.iter();
        for (rule, uses) in rules.zip(&mut self.uses) {
            if rule.times.is_none_or(|times| *uses < times.get()) && rule.fits(text) {
                *uses = uses.saturating_add(1);
                let cause = Cause {
                    message: (*message).into(),
                    number: self.count,
                };
                self.agenda.start(&rule.actions, cause, Instant::now());
                return;
            }
        }
    }

    fn act(&mut self, action: &Action, cause: &Cause) -> io::Result<Option<Ending>> {
        let exchange = &mut *self.exchange;
        match &action.what {
            What::Send(text) => {
                let text = expand(text, |name| match name {
                    "message" => Some(cause.message.to_string()),
                    "count" => Some(cause.number.to_string()),
                    "connection" => Some(self.connection.to_string()),
                    "protocol" => Some(self.protocol.clone()),
                    _ => None,
                });
                frames::write(&mut exchange.line, opcode::TEXT, true, text.as_bytes())?;
            }
            What::SendBinary(bytes) => {
                frames::write(&mut exchange.line, opcode::BINARY, true, bytes)?;
            }
            What::Raw(bytes) => exchange.line.write_all(bytes)?,
            What::Ping(payload) => frames::write(&mut exchange.line, opcode::PING, true, payload)?,
            What::Close(close) => {
                frames::write_close(&mut exchange.line, close.code, &close.reason)?;
                return self.wait_for_close().map(Some);
            }
            What::Cut => {
                exchange.line.flush()?;
                return Ok(Some(Ending::Cut));
            }
        }
        Ok(None)
    }

    /// Reads until the client has answered our Close frame, for as long as that may take.
    fn wait_for_close(&mut self) -> io::Result<Ending> {
        let deadline = Instant::now() + CLOSE_WAIT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Ending::Cut);
            }
            if !self.exchange.line.wait_for_input(Some(left))? {
                continue;
            }
            match self.exchange.read_raw()? {
                Some(frame) if frame.opcode != opcode::CLOSE => {}
                _ => return Ok(Ending::Finish),
            }
        }
    }
}

/// Puts values in the place of the names in braces that have one. All other braces are what they are: JSON is full of them.
pub(super) fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        expanded.push_str(before);
        let known = after
            .split_once('}')
            .and_then(|(name, behind)| Some((value(name)?, behind)));
        match known {
            Some((value, behind)) => {
                expanded.push_str(&value);
                rest = behind;
            }
            None => {
                expanded.push('{');
                rest = after;
            }
        }
    }
    expanded + rest
}
