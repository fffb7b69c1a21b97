//! The protocol, tested with byte literals, with random input, and against tungstenite.

mod closing;
mod deflating;
mod delaying;
mod encoded;
mod failing;
mod framing;
mod inflating;
mod limits;
mod peer;
mod random;
mod sending;
mod text;

use std::time::{Duration, Instant};

use super::{Binary, Config, Connection, Error, Frames, Outcome, Sink, State};

/// What a sink was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Text(String),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Closing,
}

impl Event {
    fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[derive(Debug, Default)]
struct Recorder(Vec<Event>);

impl Sink for Recorder {
    fn text(&mut self, text: &str) {
        self.0.push(Event::text(text));
    }
    fn binary(&mut self, data: Binary) {
        self.0.push(Event::Binary(data.to_vec()));
    }
    fn ping(&mut self, payload: &[u8]) {
        self.0.push(Event::Ping(payload.to_vec()));
    }
    fn pong(&mut self, payload: &[u8]) {
        self.0.push(Event::Pong(payload.to_vec()));
    }
    fn closing_handshake_started(&mut self) {
        self.0.push(Event::Closing);
    }
}

/// A connection, the time, and what came out of it.
struct Bench {
    connection: Connection,
    recorder: Recorder,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        let connection = Connection::new(config);
        Self {
            connection,
            recorder: Recorder::default(),
            now: Instant::now(),
        }
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.connection.close(code, reason, self.now);
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.connection.receive(bytes, self.now, &mut self.recorder);
    }

    /// Gives bytes the way a caller does that reads straight into large messages, `step` bytes at
    /// a time; returns how many went that way.
    fn receive_directly(&mut self, mut bytes: &[u8], step: usize) -> usize {
        let mut direct = 0;
        while !bytes.is_empty() {
            let count = step.min(bytes.len());
            if let Some(buffer) = self.connection.body_buffer() {
                let count = count.min(buffer.len());
                buffer[..count].copy_from_slice(&bytes[..count]);
                self.connection
                    .body_filled(count, self.now, &mut self.recorder);
                bytes = &bytes[count..];
                direct += count;
            } else {
                self.connection
                    .receive(&bytes[..count], self.now, &mut self.recorder);
                bytes = &bytes[count..];
            }
        }
        direct
    }

    /// Writes everything and returns it.
    fn write_all(&mut self) -> Vec<u8> {
        let mut written = Vec::new();
        while self.connection.has_output() {
            written.extend(self.write(usize::MAX));
        }
        assert!(self.connection.output().is_empty());
        written
    }

    /// Writes at most `limit` bytes of what is ready, and returns them.
    fn write(&mut self, limit: usize) -> Vec<u8> {
        let output = self.connection.output();
        assert!(!output.is_empty(), "has_output() promised something");
        let written = output[..output.len().min(limit)].to_vec();
        self.connection.wrote(written.len(), self.now);
        written
    }

    /// Writes everything and returns the frames.
    fn frames(&mut self) -> Vec<Sent> {
        frames(&self.write_all())
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.connection.handle_deadline(self.now);
    }

    fn end_of_stream(&mut self) {
        self.connection.end_of_stream(self.now);
    }

    fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.recorder.0)
    }

    fn state(&self) -> State {
        self.connection.state()
    }

    #[track_caller]
    fn outcome(&self) -> &Outcome {
        self.connection
            .finished()
            .expect("the connection is finished")
    }
}

/// A frame of ours as a server reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sent {
    first_byte: u8,
    key: [u8; 4],
    payload: Vec<u8>,
}

impl Sent {
    /// First byte and payload: what can be foreseen of a frame.
    fn parts(&self) -> (u8, &[u8]) {
        (self.first_byte, &self.payload)
    }
}

/// Reads whole masked frames; written from RFC 6455, section 5.2, and not from this crate's code.
#[track_caller]
fn frames(mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while !bytes.is_empty() {
        assert_ne!(bytes[1] & 0x80, 0, "a client masks");
        let (length, header) = match bytes[1] & 0x7f {
            126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
            127 => (
                u64::from_be_bytes(bytes[2..10].try_into().unwrap()) as usize,
                10,
            ),
            short => (usize::from(short), 2),
        };
        let key: [u8; 4] = bytes[header..header + 4].try_into().unwrap();
        let payload = &bytes[header + 4..header + 4 + length];
        let payload = payload
            .iter()
            .enumerate()
            .map(|(i, byte)| byte ^ key[i % 4])
            .collect();
        frames.push(Sent {
            first_byte: bytes[0],
            key,
            payload,
        });
        bytes = &bytes[header + 4 + length..];
    }
    frames
}

/// Messages that are encoded together: whether each is a text, and what it says.
fn encoded(messages: &[(bool, String)]) -> Frames {
    let mut frames = Frames::default();
    for (text, message) in messages {
        match text {
            true => frames.push_text(message),
            false => frames.push_binary(message.as_bytes()),
        }
    }
    frames
}

/// A frame from a server, with the shortest length.
fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte];
    match payload.len() {
        length @ 0..=125 => frame.push(length as u8),
        length @ 126..=0xffff => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// What can be seen of a connection from outside.
#[derive(Debug, PartialEq, Eq)]
struct Observed {
    events: Vec<Event>,
    sent: Vec<(u8, Vec<u8>)>,
    state: State,
    outcome: Outcome,
}

/// Gives the pieces to a new connection, answers at the end, and then ends the line.
fn observe<'a>(config: &Config, pieces: impl IntoIterator<Item = &'a [u8]>) -> Observed {
    let mut bench = Bench::with(config.clone());
    for piece in pieces {
        bench.receive(piece);
    }
    let state = bench.state();
    let sent = bench
        .frames()
        .into_iter()
        .map(|sent| (sent.first_byte, sent.payload))
        .collect();
    bench.end_of_stream();
    Observed {
        events: bench.events(),
        sent,
        state,
        outcome: bench.outcome().clone(),
    }
}

/// Gives the input whole, byte by byte, and split in two at every place, and every prefix of it;
/// returns what was observed, which has to be the same each time.
#[track_caller]
fn every_way(config: &Config, input: &[u8]) -> Observed {
    let whole = observe(config, [input]);
    assert_eq!(observe(config, input.chunks(1)), whole, "byte by byte");
    for split in 0..=input.len() {
        let (head, tail) = input.split_at(split);
        assert_eq!(observe(config, [head, tail]), whole, "split at {split}");
        observe(config, [head]);
    }
    whole
}

/// The input is in order up to the byte at `index`, and fails with `code` as soon as it arrives.
#[track_caller]
fn fails_at(config: &Config, input: &[u8], index: usize, code: u16, error: &Error) {
    assert_eq!(
        index + 1,
        input.len(),
        "the input ends with the offending byte"
    );
    let before = observe(config, [&input[..index]]);
    assert_eq!(before.state, State::Open, "before the last of {input:x?}");
    let after = every_way(config, input);
    assert_eq!(after.state, State::Failed, "after {input:x?}");
    let [(0x88, body)] = &after.sent[..] else {
        panic!("a Close frame and nothing else, not {:x?}", after.sent);
    };
    assert_eq!(body[..2], code.to_be_bytes(), "{input:x?}");
    assert!(std::str::from_utf8(&body[2..]).is_ok());
    assert_eq!(
        after.outcome,
        Outcome {
            code: 1006,
            reason: String::new(),
            was_clean: false,
            error: Some(error.clone())
        }
    );
}
