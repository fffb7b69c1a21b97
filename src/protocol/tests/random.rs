//! Input nobody wrote: no panic, no unbounded memory, and no difference by how it is split.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tungstenite::{
    Message, WebSocket,
    protocol::{Role, WebSocketConfig},
};

use super::*;

/// Small limits, so that random input reaches them.
fn config() -> Config {
    Config {
        max_message_size: 300,
        max_fragments: 4,
        output_high_water: 64,
        ..Config::default()
    }
}

/// Bytes that are more often near a frame than noise is.
fn frames_from_a_server() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        8 => prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a]),
        1 => Just(0x88u8),
        1 => any::<u8>(),
    ];
    let payload = prop_oneof![
        4 => "[a-zé€😀]{0,20}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..140),
        // tungstenite does not know 1014, which was registered late.
        1 => (any::<u16>().prop_filter("known", |code| *code != 1014), "[a-z]{0,10}").prop_map(|(code, reason)| {
            [&code.to_be_bytes(), reason.as_bytes()].concat()
        }),
        1 => Just(b"\x03\xe8".to_vec()),
    ];
    let frame = (first, payload).prop_map(|(first, payload)| frame(first, &payload));
    prop::collection::vec(frame, 0..12).prop_map(|frames| frames.concat())
}

fn input() -> impl Strategy<Value = Vec<u8>> {
    let spoilt = (
        frames_from_a_server(),
        any::<prop::sample::Index>(),
        any::<u8>(),
    )
        .prop_map(|(mut bytes, index, value)| {
            if !bytes.is_empty() {
                let index = index.index(bytes.len());
                bytes[index] = value;
            }
            bytes
        });
    prop_oneof![
        2 => frames_from_a_server(),
        2 => spoilt,
        1 => prop::collection::vec(any::<u8>(), 0..400),
    ]
}

/// What a caller may do at any time.
#[derive(Debug, Clone)]
enum Step {
    Receive(Vec<u8>),
    SendText(String),
    SendBinary(Vec<u8>),
    SendFrames(Vec<(bool, String)>),
    Close(Option<u16>, String),
    Ping(Vec<u8>),
    Write(usize),
    Pass(u64),
    EndOfStream,
    LineFailed,
    Fail(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => input().prop_map(Step::Receive),
        4 => ".{0,40}".prop_map(Step::SendText),
        4 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Step::SendBinary),
        4 => prop::collection::vec((any::<bool>(), ".{0,40}"), 0..8).prop_map(Step::SendFrames),
        1 => (any::<Option<u16>>(), ".{0,130}").prop_map(|(code, text)| Step::Close(code, text)),
        1 => prop::collection::vec(any::<u8>(), 0..130).prop_map(Step::Ping),
        8 => (0..200usize).prop_map(Step::Write),
        2 => (0..12_000u64).prop_map(Step::Pass),
        1 => Just(Step::EndOfStream),
        1 => Just(Step::LineFailed),
        1 => any::<u16>().prop_map(Step::Fail),
    ]
}

/// What a server sent, for a client that has nobody to answer to.
struct FromServer(io::Cursor<Vec<u8>>);

impl Read for FromServer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for FromServer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything up to the Close frame or the first error.
fn read_by_tungstenite(bytes: Vec<u8>, max_message_size: usize) -> Vec<Event> {
    let config = WebSocketConfig::default().max_message_size(Some(max_message_size));
    let line = FromServer(io::Cursor::new(bytes));
    let mut client = WebSocket::from_raw_socket(line, Role::Client, Some(config));
    let mut events = Vec::new();
    while let Ok(message) = client.read() {
        events.push(match message {
            Message::Text(text) => Event::text(&text),
            Message::Binary(data) => Event::Binary(data.to_vec()),
            Message::Ping(payload) => Event::Ping(payload.to_vec()),
            Message::Pong(payload) => Event::Pong(payload.to_vec()),
            // Its way to say that the code is not for the wire.
            Message::Close(Some(frame)) if frame.reason == "Protocol violation" => break,
            Message::Close(_) => {
                events.push(Event::Closing);
                break;
            }
            Message::Frame(_) => break,
        });
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        // Nothing is written beside the sources.
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// However input is split, the same comes out.
    #[test]
    fn splitting_makes_no_difference(
        bytes in input(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let whole = observe(&config(), [&bytes[..]]);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
        prop_assert_eq!(&observe(&config(), pieces), &whole);
        prop_assert_eq!(&observe(&config(), bytes.chunks(1)), &whole);
    }

    /// tungstenite in the client's role gets the same messages out of the same bytes.
    #[test]
    fn the_same_messages_as_tungstenite(bytes in frames_from_a_server()) {
        let config = Config { max_fragments: usize::MAX, ..config() };
        let ours = observe(&config, [&bytes[..]]);
        prop_assert_eq!(read_by_tungstenite(bytes, config.max_message_size), ours.events);
    }

    /// Whatever a server announces, memory is bounded by what it really sent.
    #[test]
    fn memory_is_bounded_by_what_arrived(
        first in prop::sample::select(vec![0x81u8, 0x82, 0x01, 0x02]),
        length in 0x1_0000u64..,
        payload in prop::collection::vec(b'a'..=b'z', 0..5000),
        direct in any::<bool>(),
    ) {
        let config = Config { max_message_size: usize::MAX, ..Config::default() };
        let mut bench = Bench::with(config);
        let mut header = vec![first, 127];
        header.extend((length >> 1).max(0x1_0000).to_be_bytes());
        bench.receive(&header);
        if direct {
            bench.receive_directly(&payload, 1000);
        } else {
            bench.receive(&payload);
        }
        prop_assert_eq!(bench.state(), State::Open);
        prop_assert!(bench.connection.owned_memory() <= 512 * 1024);
    }

    /// Whatever is done in whatever order: nothing panics, what is sent are whole frames with at
    /// most one Close frame, which is the last one, and every payload byte is accounted for once.
    #[test]
    fn any_order_of_calls(steps in prop::collection::vec(step(), 0..40)) {
        let mut bench = Bench::with(config());
        let mut line = Vec::new();
        let mut accepted = 0;
        let mut sent = 0;
        for step in steps {
            let was_open = bench.state() == State::Open;
            match step {
                Step::Receive(bytes) => bench.receive(&bytes),
                Step::SendText(text) => {
                    accepted += if was_open { text.len() as u64 } else { 0 };
                    bench.connection.send_text(text.into());
                }
                Step::SendBinary(data) => {
                    accepted += if was_open { data.len() as u64 } else { 0 };
                    bench.connection.send_binary(data.into());
                }
                Step::SendFrames(messages) => {
                    let together = encoded(&messages);
                    accepted += if was_open { together.payload() } else { 0 };
                    bench.connection.send_frames(together);
                }
                Step::Close(code, reason) => bench.close(code, &reason),
                Step::Ping(payload) => bench.connection.ping(&payload),
                Step::Write(limit) if bench.connection.has_output() => {
                    line.extend(bench.write(limit));
                }
                Step::Write(limit) => bench.connection.wrote(limit, bench.now),
                Step::Pass(time) => bench.pass(Duration::from_millis(time)),
                Step::EndOfStream => bench.end_of_stream(),
                Step::LineFailed => bench.connection.line_failed(bench.now),
                Step::Fail(code) => {
                    bench.connection.fail(code, Error::Failed("why".into()), bench.now);
                }
            }
            sent += bench.connection.take_sent();
            prop_assert_eq!(bench.connection.queued() + sent, accepted);
            prop_assert_eq!(bench.connection.has_output(), !bench.connection.output().is_empty());
            prop_assert!(bench.connection.owned_memory() < 20_000);
            if let Some(outcome) = bench.connection.finished() {
                prop_assert_eq!(outcome.was_clean, outcome.error.is_none());
                prop_assert!(!bench.connection.has_output());
                prop_assert!(bench.connection.deadline().is_none());
            }
        }
        // A line that ended within a frame: only what is whole can be looked at.
        if bench.connection.finished().is_none() {
            line.extend(bench.write_all());
            let closes: Vec<usize> = frames(&line)
                .iter()
                .enumerate()
                .filter(|(_, frame)| frame.first_byte == 0x88)
                .map(|(i, _)| i)
                .collect();
            prop_assert!(closes.len() <= 1);
            prop_assert!(closes.iter().all(|&i| i + 1 == frames(&line).len()));
        }
    }
}
