//! Conversations and bytes that nobody wrote, at the protocol, over a line, and seen by script:
//! what is sent is what arrives, in order, or the connection fails with the right code.

use std::{
    io::{Read, Write},
    net::Shutdown,
    sync::mpsc,
    time::{Duration, Instant},
};

use boa_websocket::{
    net::Options,
    protocol::{self, Binary, Config, Connection, Deflate, Sink},
};
use flate2::{Compress, Compression, Decompress, FlushDecompress};
use proptest::{prelude::*, sample::Index, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    harness::{Client, Event, read_client_frame},
    script,
    wire::{asked, close, deflate, deflated, frame, long_header, opening, response, watch},
};

/// The largest message here.
const LIMIT: usize = 200_000;

/// A message that arrives.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Message {
    Text(String),
    Binary(Vec<u8>),
}

impl Message {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    fn opcode(&self) -> u8 {
        match self {
            Self::Text(_) => 1,
            Self::Binary(_) => 2,
        }
    }
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        4 => "\\PC{0,60}".prop_map(Message::Text),
        2 => ("[a-zé€😀]{1,8}", 0..6000usize)
            .prop_map(|(word, times)| Message::Text(word.repeat(times))),
        4 => prop::collection::vec(any::<u8>(), 0..300).prop_map(Message::Binary),
        2 => (any::<u8>(), 0..LIMIT).prop_map(|(byte, size)| {
            let byte = usize::from(byte);
            Message::Binary((0..size).map(|at| (at * byte % 251) as u8).collect())
        }),
    ]
}

/// How a server sends a message.
#[derive(Debug, Clone)]
struct Sent {
    message: Message,
    compressed: bool,
    /// Where it is cut into frames.
    cuts: Vec<Index>,
    /// Control frames behind each frame, in turns.
    controls: Vec<Vec<u8>>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let control = (prop::sample::select(vec![0x89, 0x8a]), 0..126usize)
        .prop_map(|(first, length)| frame(first, &vec![b'c'; length]));
    let controls = prop::collection::vec(control, 0..3);
    let cuts = prop::collection::vec(any::<Index>(), 0..5);
    (message(), any::<bool>(), cuts, controls).prop_map(|(message, compressed, cuts, controls)| {
        Sent {
            message,
            compressed,
            cuts,
            controls,
        }
    })
}

/// How a server ends.
#[derive(Debug, Clone)]
enum End {
    Close(u16, String),
    CloseWithoutCode,
    /// With no Close frame.
    Line,
    /// These bytes, which have to be answered with this code.
    Fault(Vec<u8>, u16),
    /// A part of a good frame, then the end of the line.
    Within(Vec<u8>, Index),
}

fn end() -> impl Strategy<Value = End> {
    let codes = prop_oneof![1000..1004u16, 1007..1015u16, 3000..5000u16];
    let faults = vec![
        (b"\x83\x00".to_vec(), 1002),
        (b"\xa1\x00".to_vec(), 1002),
        (b"\x81\x80\0\0\0\0".to_vec(), 1002),
        (b"\x80\x00".to_vec(), 1002),
        (b"\x01\x00\x01\x00".to_vec(), 1002),
        (b"\x09\x00".to_vec(), 1002),
        (b"\x88\x01".to_vec(), 1002),
        (close(1005, b""), 1002),
        (long_header(0x82, 5), 1002),
        (long_header(0x82, 1 << 63), 1002),
        (long_header(0x82, LIMIT as u64 + 1), 1009),
        (long_header(0x01, (1 << 63) - 1), 1009),
        (b"\x81\x01\xff".to_vec(), 1007),
        (b"\x01\x02\xe2\x82\x80\x01A".to_vec(), 1007),
        (close(1000, b"\xc0\x80"), 1007),
        (frame(0x00, b"").repeat(1), 1002),
    ];
    prop_oneof![
        2 => (codes, "\\PC{0,30}").prop_map(|(code, reason)| End::Close(code, reason)),
        1 => Just(End::CloseWithoutCode),
        1 => Just(End::Line),
        4 => prop::sample::select(faults).prop_map(|(bytes, code)| End::Fault(bytes, code)),
        1 => (message(), any::<Index>()).prop_map(|(message, at)| {
            End::Within(frame(0x80 | message.opcode(), message.bytes()), at)
        }),
    ]
}

/// All that a server says.
#[derive(Debug, Clone)]
struct Story {
    deflate: bool,
    messages: Vec<Sent>,
    end: End,
    /// Where its bytes are split on their way.
    splits: Vec<Index>,
}

fn story() -> impl Strategy<Value = Story> {
    let messages = prop::collection::vec(sent(), 0..6);
    let splits = prop::collection::vec(any::<Index>(), 0..12);
    (any::<bool>(), messages, end(), splits).prop_map(|(deflate, messages, end, splits)| Story {
        deflate,
        messages,
        end,
        splits,
    })
}

/// The parts between these places.
fn split<'a>(bytes: &'a [u8], at: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = at.iter().map(|at| at.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
}

impl Story {
    fn bytes(&self) -> Vec<u8> {
        let mut stream = Compress::new(Compression::fast(), false);
        let mut bytes = Vec::new();
        for sent in &self.messages {
            let compressed = self.deflate && sent.compressed;
            let payload = match compressed {
                true => deflate(&mut stream, sent.message.bytes()),
                false => sent.message.bytes().to_vec(),
            };
            let parts = split(&payload, &sent.cuts);
            for (number, part) in parts.iter().enumerate() {
                let fin = if number + 1 == parts.len() { 0x80 } else { 0 };
                let reserved = if compressed { 0x40 } else { 0 };
                let first = match number {
                    0 => sent.message.opcode() | reserved,
                    _ => 0,
                };
                bytes.extend(frame(fin | first, part));
                if let Some(control) = sent.controls.get(number % 3) {
                    bytes.extend(control);
                }
            }
        }
        bytes.extend(match &self.end {
            End::Close(code, reason) => close(*code, reason.as_bytes()),
            End::CloseWithoutCode => frame(0x88, b""),
            End::Line => Vec::new(),
            End::Fault(fault, _) => fault.clone(),
            End::Within(frame, at) => frame[..at.index(frame.len())].to_vec(),
        });
        bytes
    }

    fn expected(&self) -> Observed {
        let messages = self.messages.iter().map(|sent| sent.message.clone());
        let (code, reason, clean) = match &self.end {
            End::Close(code, reason) => (*code, reason.clone(), true),
            End::CloseWithoutCode => (1005, String::new(), true),
            _ => (1006, String::new(), false),
        };
        Observed {
            messages: messages.collect(),
            closing: clean,
            end: (code, reason, clean),
            answer: match &self.end {
                End::Close(code, _) => Some(*code),
                End::CloseWithoutCode => Some(1005),
                End::Fault(_, code) => Some(*code),
                End::Line | End::Within(..) => None,
            },
        }
    }
}

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Observed {
    messages: Vec<Message>,
    closing: bool,
    end: (u16, String, bool),
    /// The code of our Close frame.
    answer: Option<u16>,
}

impl Sink for Observed {
    fn text(&mut self, text: &str) {
        self.messages.push(Message::Text(text.to_owned()));
    }

    fn binary(&mut self, data: Binary) {
        self.messages.push(Message::Binary(data.to_vec()));
    }

    fn ping(&mut self, _: &[u8]) {}

    fn pong(&mut self, _: &[u8]) {}

    fn closing_handshake_started(&mut self) {
        self.closing = true;
    }
}

fn limits(options: &mut Options) {
    options.limits.message_size = LIMIT;
    options.limits.fragments = 100;
    options.timeouts.linger = Duration::from_millis(200);
}

/// The protocol alone: each piece as it comes, the answer read at the end.
fn by_the_protocol(deflate: bool, pieces: &[&[u8]], direct: bool) -> Observed {
    let mut connection = Connection::new(Config {
        max_message_size: LIMIT,
        max_fragments: 100,
        deflate: deflate.then(Deflate::default),
        ..Config::default()
    });
    let now = Instant::now();
    let mut observed = Observed::default();
    let mut answer = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while direct && !rest.is_empty() {
            let Some(body) = connection.body_buffer() else {
                break;
            };
            let count = rest.len().min(body.len());
            body[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            connection.body_filled(count, now, &mut observed);
        }
        connection.receive(rest, now, &mut observed);
        let part = connection.output().len() / 2;
        answer.extend_from_slice(&connection.output()[..part]);
        connection.wrote(part, now);
    }
    while connection.has_output() {
        answer.extend_from_slice(connection.output());
        let written = connection.output().len();
        connection.wrote(written, now);
    }
    connection.end_of_stream(now);
    let outcome = connection.finished().expect("an end");
    assert_eq!(outcome.was_clean, outcome.error.is_none());
    if let (Some(error), false) = (&outcome.error, outcome.was_clean) {
        assert!(error.close_code().is_some() || error == &protocol::Error::LineEnded);
    }
    observed.end = (outcome.code, outcome.reason.clone(), outcome.was_clean);
    let seen = watch(&mut &answer[..]);
    assert!(seen.in_order && seen.behind == 0);
    observed.answer = seen.close;
    observed
}

/// The same over a line.
fn by_the_network(client: &mut Client, deflate: bool, pieces: Vec<Vec<u8>>) -> Observed {
    let (report, seen) = mpsc::channel();
    let url = opening(deflate, move |mut tcp| {
        for piece in &pieces {
            if tcp.write_all(piece).is_err() {
                break;
            }
            std::thread::yield_now();
        }
        let _ = tcp.shutdown(Shutdown::Write);
        let _ = report.send(watch(&mut tcp));
    });
    client.connect(&url);
    assert!(matches!(client.next().1, Event::Opened { .. }));
    let mut observed = Observed::default();
    loop {
        // Script has nothing to answer, so that a failure need not wait for it.
        client.network.flush();
        match client.next().1 {
            Event::Text(text) => observed.messages.push(Message::Text(text)),
            Event::Binary(bytes) => observed.messages.push(Message::Binary(bytes)),
            Event::ClosingHandshakeStarted => observed.closing = true,
            Event::Closed(closed) => {
                assert_eq!(closed.was_clean, closed.error.is_none());
                observed.end = (closed.code, closed.reason, closed.was_clean);
                observed.answer = seen.recv().unwrap().close;
                return observed;
            }
            other => panic!("{other:?}"),
        }
    }
}

fn owned(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    pieces.iter().map(|piece| piece.to_vec()).collect()
}

/// Bytes in which frames can be found.
fn nearly_frames() -> impl Strategy<Value = Vec<u8>> {
    let first = prop_oneof![
        prop::sample::select(vec![
            0x81u8, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0xc1, 0xc2, 0x41
        ]),
        any::<u8>(),
    ];
    let payload = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..150),
        "[a-zé€😀]{0,30}".prop_map(String::into_bytes),
        "[a-c]{0,90}".prop_map(|text| deflated(text.as_bytes())),
    ];
    let frame = (first, payload).prop_map(|(first, payload)| frame(first, &payload));
    prop_oneof![
        prop::collection::vec(frame, 0..8).prop_map(|frames| frames.concat()),
        prop::collection::vec(any::<u8>(), 0..300),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(256)
    })]

    #[test]
    fn stories_told_to_the_protocol(story in story(), direct in any::<bool>()) {
        let bytes = story.bytes();
        let expected = story.expected();
        let pieces = split(&bytes, &story.splits);
        prop_assert!(by_the_protocol(story.deflate, &pieces, direct) == expected);
        if bytes.len() < 3000 {
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert!(by_the_protocol(story.deflate, &pieces, direct) == expected);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    #[test]
    fn stories_told_over_a_line(story in story()) {
        let bytes = story.bytes();
        let pieces = owned(&split(&bytes, &story.splits));
        let observed = by_the_network(&mut Client::with(limits), story.deflate, pieces);
        prop_assert!(observed == story.expected());
    }

    /// The network makes of them what the protocol makes of them.
    #[test]
    fn any_bytes_over_a_line(
        bytes in nearly_frames(),
        deflate in any::<bool>(),
        splits in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let whole = by_the_protocol(deflate, &[&bytes], false);
        let pieces = split(&bytes, &splits);
        prop_assert_eq!(&by_the_protocol(deflate, &pieces, false), &whole);
        let observed = by_the_network(&mut Client::with(limits), deflate, owned(&pieces));
        prop_assert_eq!(&observed, &whole);
    }

    /// A stream that is none, in frames that are in order.
    #[test]
    fn any_compressed_bytes_over_a_line(
        good in "[a-c]{0,200}",
        flips in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
        noise in prop::collection::vec(any::<u8>(), 0..40),
        cuts in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut payload = deflated(good.as_bytes());
        for (at, value) in flips {
            let at = at.index(payload.len());
            payload[at] = value;
        }
        payload.extend(noise);
        let mut bytes = frame(0x42, b"");
        for part in split(&payload, &cuts) {
            bytes.extend(frame(0x00, part));
        }
        bytes.extend(frame(0x80, b""));
        let whole = by_the_protocol(true, &[&bytes], false);
        let observed = by_the_network(&mut Client::with(limits), true, vec![bytes]);
        prop_assert_eq!(&observed, &whole);
        prop_assert!(matches!(observed.answer, None | Some(1007 | 1009)));
    }

    /// Any bytes, or nearly the right ones, in place of the response head.
    #[test]
    fn any_bytes_for_a_head(
        flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
        noise in prop::option::of(prop::collection::vec(any::<u8>(), 0..400)),
        splits in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let url = asked(move |mut tcp, accept| {
            let mut head = noise.clone().unwrap_or_else(|| response(accept, true));
            for (at, value) in &flips {
                if !head.is_empty() {
                    let at = at.index(head.len());
                    head[at] = *value;
                }
            }
            for piece in split(&head, &splits) {
                let _ = tcp.write_all(piece);
            }
            let _ = tcp.shutdown(Shutdown::Write);
            let _ = tcp.read_to_end(&mut Vec::new());
        });
        let mut client = Client::with(limits);
        client.connect(&url);
        let mut opened = false;
        let closed = loop {
            match client.next().1 {
                Event::Opened { .. } => opened = true,
                Event::Closed(closed) => break closed,
                other => panic!("{other:?}"),
            }
        };
        // Where the change did not matter, the line ended at once.
        prop_assert_eq!(closed.shown(), (1006, "", false), "{}", opened);
    }

    /// What script sends is what a server gets.
    #[test]
    fn messages_to_a_server(
        messages in prop::collection::vec(message(), 0..8),
        compressed in any::<bool>(),
    ) {
        let (report, reports) = mpsc::channel();
        let url = opening(compressed, move |mut tcp| {
            let mut inflater = Decompress::new(false);
            let (mut got, mut message, mut kind) = (Vec::new(), Vec::new(), 0);
            while let Ok((first, payload)) = read_client_frame(&mut tcp) {
                if first == 0x88 {
                    let _ = tcp.write_all(&frame(first, &payload));
                    break;
                }
                if first & 0x0f != 0 {
                    kind = first;
                }
                message.extend(payload);
                if first & 0x80 == 0 {
                    continue;
                }
                let mut message = std::mem::take(&mut message);
                if kind & 0x40 != 0 {
                    message.extend([0, 0, 0xff, 0xff]);
                    let mut plain = Vec::with_capacity(LIMIT + 1);
                    inflater
                        .decompress_vec(&message, &mut plain, FlushDecompress::Sync)
                        .unwrap();
                    message = plain;
                }
                got.push(match kind & 0x0f {
                    1 => Message::Text(String::from_utf8(message).unwrap()),
                    _ => Message::Binary(message),
                });
            }
            report.send(got).unwrap();
        });
        let mut client = Client::with(limits);
        let id = client.open(&url);
        for message in &messages {
            match message {
                Message::Text(text) => client.send_text(id, text),
                Message::Binary(bytes) => client.send_binary(id, bytes.clone()),
            }
        }
        client.close(id, Some(1000), "");
        prop_assert!(reports.recv().unwrap() == messages);
        let closed = client.closing_then_closed();
        prop_assert_eq!(closed.shown(), (1000, "", true));
    }
}

/// Some of those stories, told to script.
#[test]
fn stories_told_to_script() {
    let mut runner = TestRunner::deterministic();
    let stories: Vec<Story> = (0..100)
        .map(|_| story().new_tree(&mut runner).unwrap().current())
        .collect();
    let urls: Vec<String> = stories
        .iter()
        .map(|story| {
            let bytes = story.bytes();
            let pieces = owned(&split(&bytes, &story.splits));
            opening(story.deflate, move |mut tcp| {
                for piece in &pieces {
                    let _ = tcp.write_all(piece);
                }
                let _ = tcp.shutdown(Shutdown::Write);
                watch(&mut tcp);
            })
        })
        .collect();
    for (story, log) in stories.iter().zip(script::events(&urls, limits)) {
        let expected = story.expected();
        let mut lines = vec!["open 1".to_owned()];
        lines.extend(expected.messages.iter().map(|message| match message {
            Message::Text(text) => format!("text {text}"),
            Message::Binary(bytes) => format!("binary {}", bytes.len()),
        }));
        match &expected.end {
            (1006, ..) => lines.extend(script::FAILED.map(str::to_owned)),
            (code, reason, _) => lines.push(format!("close 3 {code} '{reason}' true")),
        }
        assert!(log == lines, "{:?}: {log:.200?}", story.end);
    }
}
