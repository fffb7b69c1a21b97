//! Against tungstenite's own `WebSocket` in the server's role, over a line in memory.

use std::{
    cell::RefCell,
    collections::VecDeque,
    io::{self, Read, Write},
    rc::Rc,
};

use tungstenite::{
    Message, WebSocket,
    protocol::{
        CloseFrame, Role,
        frame::{
            Frame,
            coding::{CloseCode, Data, OpCode},
        },
    },
};

use super::*;

#[derive(Default)]
struct Line {
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// We have shut down our direction, or the line.
    client_ended: bool,
}

/// The server's end of the line.
#[derive(Clone, Default)]
struct ServerEnd(Rc<RefCell<Line>>);

impl Read for ServerEnd {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut line = self.0.borrow_mut();
        if line.to_server.is_empty() && !line.client_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        line.to_server.read(buffer)
    }
}

impl Write for ServerEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().to_client.write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Pair {
    bench: Bench,
    line: ServerEnd,
    server: WebSocket<ServerEnd>,
    /// What the server has read.
    received: Vec<Message>,
    server_error: Option<tungstenite::Error>,
    /// How many bytes go over the line at a time.
    step: usize,
}

impl Pair {
    fn new(config: Config, step: usize) -> Self {
        let line = ServerEnd::default();
        let server = WebSocket::from_raw_socket(line.clone(), Role::Server, None);
        let bench = Bench::with(config);
        Self {
            bench,
            line,
            server,
            received: Vec::new(),
            server_error: None,
            step,
        }
    }

    /// Carries bytes both ways until nothing moves.
    fn run(&mut self) {
        loop {
            let mut moved = false;
            while self.bench.connection.has_output() {
                let bytes = self.bench.write(self.step);
                self.line.0.borrow_mut().to_server.extend(bytes);
                moved |= self.serve();
            }
            if self.bench.connection.wants_shutdown() || self.bench.connection.finished().is_some()
            {
                self.line.0.borrow_mut().client_ended = true;
            }
            moved |= self.serve();
            loop {
                let bytes = self.take_for_client();
                if bytes.is_empty() {
                    break;
                }
                moved = true;
                self.bench.receive_directly(&bytes, self.step);
            }
            if !moved && !self.bench.connection.has_output() {
                break;
            }
        }
        // A server that is through with the connection ends the line.
        if self.server_error.is_some() {
            self.bench.end_of_stream();
        }
    }

    fn take_for_client(&mut self) -> Vec<u8> {
        let mut line = self.line.0.borrow_mut();
        let count = line.to_client.len().min(self.step);
        line.to_client.drain(..count).collect()
    }

    /// Lets the server read all there is; true if there was something.
    fn serve(&mut self) -> bool {
        let before = self.received.len();
        while self.server_error.is_none() {
            match self.server.read() {
                Ok(message) => self.received.push(message),
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    break;
                }
                Err(error) => self.server_error = Some(error),
            }
        }
        self.received.len() > before
    }

    /// The server writes bytes that tungstenite would not.
    fn inject(&mut self, bytes: &[u8]) {
        self.line.0.borrow_mut().to_client.extend(bytes);
    }

    #[track_caller]
    fn assert_orderly_end(&self) {
        let error = self.server_error.as_ref();
        assert!(
            matches!(error, Some(tungstenite::Error::ConnectionClosed)),
            "{error:?}"
        );
    }
}

fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

fn text(length: usize) -> String {
    "aé€😀".chars().cycle().take(length).collect()
}

const LENGTHS: [usize; 10] = [0, 1, 2, 125, 126, 127, 1000, 65535, 65536, 300_000];
const STEPS: [usize; 4] = [1009, 16 * 1024, 64 * 1024, usize::MAX];

#[test]
fn what_we_send_arrives() {
    for step in STEPS {
        let mut pair = Pair::new(Config::default(), step);
        let mut expected = Vec::new();
        for length in LENGTHS {
            pair.bench.connection.send_binary(payload(length).into());
            pair.bench.connection.send_text(text(length).into());
            expected.push(Message::binary(payload(length)));
            expected.push(Message::text(text(length)));
        }
        pair.run();
        assert!(pair.received == expected, "steps of {step}");
        assert!(pair.server_error.is_none());
    }
}

#[test]
fn what_a_server_sends_arrives() {
    for step in STEPS {
        let mut pair = Pair::new(Config::default(), step);
        let mut expected = Vec::new();
        for length in LENGTHS {
            pair.server.send(Message::binary(payload(length))).unwrap();
            pair.server.send(Message::text(text(length))).unwrap();
            expected.push(Event::Binary(payload(length)));
            expected.push(Event::Text(text(length)));
        }
        pair.run();
        assert!(pair.bench.events() == expected, "steps of {step}");
        assert_eq!(pair.bench.state(), State::Open);
    }
}

#[test]
fn many_small_ones_both_ways_over_a_narrow_line() {
    for (step, high_water) in [(1, 1), (7, 100), (64, 65536)] {
        let config = Config {
            output_high_water: high_water,
            ..Config::default()
        };
        let mut pair = Pair::new(config, step);
        for i in 0..300 {
            pair.bench
                .connection
                .send_text(format!("to the server {i}").into());
            pair.server
                .send(Message::text(format!("to the client {i}")))
                .unwrap();
            if i % 50 == 0 {
                pair.server
                    .send(Message::Ping(vec![i as u8].into()))
                    .unwrap();
            }
        }
        pair.run();
        let texts: Vec<_> = pair
            .received
            .iter()
            .filter(|message| message.is_text())
            .collect();
        assert_eq!(texts.len(), 300);
        for (i, message) in texts.iter().enumerate() {
            assert_eq!(message.to_text().unwrap(), format!("to the server {i}"));
        }
        assert_eq!(
            pair.received
                .iter()
                .filter(|message| message.is_pong())
                .count(),
            6
        );
        let events = pair.bench.events();
        let texts: Vec<_> = events
            .iter()
            .filter(|e| matches!(e, Event::Text(_)))
            .collect();
        assert_eq!(texts.len(), 300);
        for (i, event) in texts.iter().enumerate() {
            assert_eq!(**event, Event::Text(format!("to the client {i}")));
        }
    }
}

#[test]
fn fragments_with_a_ping_between_them() {
    for step in [1, 5, usize::MAX] {
        let mut pair = Pair::new(Config::default(), step);
        let whole = text(500);
        let bytes = whole.as_bytes();
        let parts = [
            &bytes[..100],
            &bytes[100..101],
            &bytes[101..101],
            &bytes[101..],
        ];
        for (i, part) in parts.iter().enumerate() {
            let kind = if i == 0 { Data::Text } else { Data::Continue };
            let last = i + 1 == parts.len();
            let frame = Frame::message(part.to_vec(), OpCode::Data(kind), last);
            pair.server.send(Message::Frame(frame)).unwrap();
            if !last {
                pair.server
                    .send(Message::Ping(vec![i as u8].into()))
                    .unwrap();
            }
        }
        pair.run();
        let mut expected: Vec<_> = (0..3).map(|i| Event::Ping(vec![i])).collect();
        expected.push(Event::Text(whole));
        assert_eq!(pair.bench.events(), expected);
        let pongs: Vec<_> = (0..3u8).map(|i| Message::Pong(vec![i].into())).collect();
        assert_eq!(pair.received, pongs);
    }
}

#[test]
fn our_ping_is_answered() {
    let mut pair = Pair::new(Config::default(), usize::MAX);
    pair.bench.connection.ping(b"are you there");
    pair.run();
    assert_eq!(
        pair.bench.events(),
        [Event::Pong(b"are you there".to_vec())]
    );
}

#[test]
fn we_close_and_the_server_answers() {
    for step in [1, 3, usize::MAX] {
        let mut pair = Pair::new(Config::default(), step);
        pair.bench.connection.send_text("last words".into());
        pair.bench.close(Some(4000), "we are through");
        pair.run();
        let close = CloseFrame {
            code: 4000.into(),
            reason: "we are through".into(),
        };
        assert_eq!(
            pair.received,
            [Message::text("last words"), Message::Close(Some(close))]
        );
        pair.assert_orderly_end();
        // This server echoes code and reason.
        let outcome = pair.bench.outcome();
        assert_eq!(
            (outcome.code, &outcome.reason[..]),
            (4000, "we are through")
        );
        assert!(outcome.was_clean);
    }
}

#[test]
fn we_close_without_a_code_and_the_server_answers() {
    let mut pair = Pair::new(Config::default(), usize::MAX);
    pair.bench.close(None, "");
    pair.run();
    assert_eq!(pair.received, [Message::Close(None)]);
    pair.assert_orderly_end();
    assert_eq!(pair.bench.outcome().code, 1005);
    assert!(pair.bench.outcome().was_clean);
}

#[test]
fn the_server_closes_and_we_answer() {
    for step in [1, 3, usize::MAX] {
        let mut pair = Pair::new(Config::default(), step);
        pair.server.send(Message::text("last words")).unwrap();
        let close = CloseFrame {
            code: CloseCode::Away,
            reason: "the server goes".into(),
        };
        pair.server.close(Some(close)).unwrap();
        pair.run();
        assert_eq!(
            pair.bench.events(),
            [Event::text("last words"), Event::Closing]
        );
        let answer = CloseFrame {
            code: CloseCode::Away,
            reason: "".into(),
        };
        assert_eq!(pair.received, [Message::Close(Some(answer))]);
        pair.assert_orderly_end();
        let outcome = pair.bench.outcome();
        assert_eq!(
            (outcome.code, &outcome.reason[..]),
            (1001, "the server goes")
        );
        assert!(outcome.was_clean);
    }
}

#[test]
fn both_close_at_the_same_time() {
    let mut pair = Pair::new(Config::default(), usize::MAX);
    pair.bench.close(Some(3000), "ours");
    let ours = pair.bench.write_all();
    let close = CloseFrame {
        code: 4999.into(),
        reason: "theirs".into(),
    };
    pair.server.close(Some(close)).unwrap();
    pair.line.0.borrow_mut().to_server.extend(ours);
    pair.run();
    pair.assert_orderly_end();
    let close = CloseFrame {
        code: 3000.into(),
        reason: "ours".into(),
    };
    assert_eq!(pair.received, [Message::Close(Some(close))]);
    assert_eq!(pair.bench.outcome().code, 4999);
    assert!(pair.bench.outcome().was_clean);
}

/// What the peer sees of a failure, and what script sees.
#[test]
fn failures_reach_the_server() {
    let config = Config {
        max_message_size: 1000,
        max_fragments: 2,
        ..Config::default()
    };
    let too_large = frame(0x82, &[0; 1001]);
    for (input, code) in [
        (&b"\x81\x80\x00\x00\x00\x00"[..], 1002),
        (b"\xc1\x00", 1002),
        (b"\x83\x00", 1002),
        (b"\x09\x00", 1002),
        (b"\x89\x7e\x00\x7e", 1002),
        (b"\x80\x00", 1002),
        (b"\x81\x7e\x00\x01x", 1002),
        (b"\x88\x01\x03", 1002),
        (b"\x88\x02\x03\xee", 1002),
        (b"\x81\x02\xc3\x28", 1007),
        (b"\x88\x03\x03\xe8\xff", 1007),
        (b"\x01\x00\x00\x00\x00\x00", 1008),
        (&too_large, 1009),
    ] {
        for step in [1, usize::MAX] {
            let mut pair = Pair::new(config.clone(), step);
            pair.server.send(Message::text("before")).unwrap();
            pair.inject(input);
            pair.inject(b"\x81\x05after");
            pair.run();
            let [Message::Close(Some(close))] = &pair.received[..] else {
                panic!("{input:x?}: {:?}", pair.received);
            };
            assert_eq!(u16::from(close.code), code, "{input:x?}");
            assert!(!close.reason.is_empty());
            pair.assert_orderly_end();
            assert_eq!(pair.bench.events(), [Event::text("before")]);
            let outcome = pair.bench.outcome();
            assert_eq!((outcome.code, outcome.was_clean), (1006, false));
            assert_eq!(
                outcome.error.as_ref().and_then(Error::close_code),
                Some(code)
            );
        }
    }
}
