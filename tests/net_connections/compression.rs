//! permessage-deflate, with servers that are made of raw frames and flate2.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use boa_websocket::net::{ErrorKind, Refusal};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use crate::harness::{
    Client, Event, accept_value, answering, echo, read_client_frame, read_head, serve, url_of,
    websocket,
};

const PLAIN_ANSWER: &str = "permessage-deflate";

fn response(accept: &str, extensions: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n"
    )
}

/// A server that agrees with `extensions` and then speaks in bytes.
fn agreeing(
    extensions: &'static str,
    connection: impl Fn(TcpStream) + Send + Sync + 'static,
) -> String {
    url_of(serve(move |mut tcp| {
        tcp.set_nodelay(true).unwrap();
        let head = read_head(&mut tcp);
        assert!(head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate"));
        let answer = response(&accept_value(&head), extensions);
        tcp.write_all(answer.as_bytes()).unwrap();
        connection(tcp);
    }))
}

fn frame(first_byte: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first_byte, 127];
    match payload.len() {
        length @ 0..126 => {
            frame.pop();
            frame.push(length as u8);
        }
        length @ 126..0x1_0000 => {
            frame[1] = 126;
            frame.extend((length as u16).to_be_bytes());
        }
        length => frame.extend((length as u64).to_be_bytes()),
    }
    frame.extend_from_slice(payload);
    frame
}

/// RFC 7692, 7.2.1.
fn deflate(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(message.len() + message.len() / 8 + 128);
    stream
        .compress_vec(message, &mut payload, FlushCompress::Sync)
        .unwrap();
    assert!(payload.ends_with(&[0, 0, 0xff, 0xff]));
    payload.truncate(payload.len() - 4);
    payload
}

/// RFC 7692, 7.2.2.
fn inflate(stream: &mut Decompress, mut payload: Vec<u8>) -> Vec<u8> {
    payload.extend([0, 0, 0xff, 0xff]);
    let mut message = Vec::with_capacity(1 << 23);
    stream
        .decompress_vec(&payload, &mut message, FlushDecompress::Sync)
        .unwrap();
    assert!(message.len() < message.capacity());
    message
}

/// A message of the client's: its first byte without FIN, and its payload as it came.
fn read_message(tcp: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let (mut first, mut message) = read_client_frame(tcp)?;
    let kind = first & 0x7f;
    while first & 0x80 == 0 {
        let (next, more) = read_client_frame(tcp)?;
        assert_eq!(next & 0x7f, 0, "a fragment");
        first = next;
        message.extend(more);
    }
    Ok((kind, message))
}

/// Sends every message back the way it came, compressed or not, and tells how it came.
fn echo_compressed(mut tcp: TcpStream, bits: u8, fresh: bool, seen: &mpsc::Sender<bool>) {
    let new = || {
        let level = Compression::new(6);
        (
            Compress::new_with_window_bits(level, false, bits),
            Decompress::new_with_window_bits(false, bits),
        )
    };
    let (mut deflater, mut inflater) = new();
    while let Ok((kind, payload)) = read_message(&mut tcp) {
        let answer = match kind {
            0x41 | 0x42 => {
                let message = inflate(&mut inflater, payload);
                frame(0x80 | kind, &deflate(&mut deflater, &message))
            }
            _ => frame(0x80 | kind, &payload),
        };
        tcp.write_all(&answer).unwrap();
        if fresh {
            (deflater, inflater) = new();
        }
        if kind == 8 {
            break;
        }
        let _ = seen.send(kind & 0x40 != 0);
    }
}

fn text(length: usize) -> String {
    "a story of éclairs, told 1,001 times "
        .chars()
        .cycle()
        .take(length)
        .collect()
}

#[test]
fn messages_go_both_ways_compressed() {
    for (extensions, bits, fresh) in [
        ("permessage-deflate", 15, false),
        (
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
            15,
            true,
        ),
        (
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9",
            9,
            false,
        ),
    ] {
        let (seen, how) = mpsc::channel();
        let url = agreeing(extensions, move |tcp| {
            echo_compressed(tcp, bits, fresh, &seen);
        });
        let mut client = Client::new();
        let id = client.connect(&url);
        match client.next().1 {
            Event::Opened {
                extensions: shown, ..
            } => assert_eq!(shown, extensions),
            other => panic!("{other:?}"),
        }
        let mut total = 0;
        for length in [0, 100, 1000, 1000, 70_000, 3_000_000] {
            let message = text(length);
            total += message.len() as u64;
            client.send_text(id, &message);
            assert!(client.text() == message, "{extensions} {length}");
            assert_eq!(how.recv().unwrap(), length >= 256, "{length}");
            assert_eq!(client.sent, total, "what counts is the payload");
        }
        client.send_binary(id, text(5000).into_bytes());
        assert!(client.binary() == text(5000).as_bytes());
        client.close(id, Some(1000), "done");
        assert_eq!(client.closing_then_closed().shown(), (1000, "done", true));
    }
}

#[test]
fn a_server_that_ignores_the_offer_is_talked_to_without_it() {
    let mut client = Client::new();
    let id = client.open(&websocket(echo));
    // This server would refuse RSV1.
    client.send_text(id, &text(10_000));
    assert_eq!(client.text(), text(10_000));
}

#[test]
fn a_wrong_answer_fails_the_handshake() {
    for (extensions, refusal) in [
        ("x-other", Refusal::UnexpectedExtension),
        (
            "permessage-deflate, permessage-deflate",
            Refusal::SeveralExtensions,
        ),
        (
            "permessage-deflate; server_max_window_bits=16",
            Refusal::ExtensionParameter("server_max_window_bits".into()),
        ),
        ("permessage-deflate;", Refusal::ExtensionSyntax),
    ] {
        let url = answering(move |accept| response(accept, extensions));
        let closed = Client::new().fail(&url);
        assert_eq!(closed.shown(), (1006, "", false));
        match closed.why().kind() {
            ErrorKind::Refused(why) => assert_eq!(*why, refusal),
            other => panic!("{extensions}: {other:?}"),
        }
    }
    let mut demanding = Client::with(|options| {
        options.compression.server_no_context_takeover = true;
    });
    let closed = demanding.fail(&answering(|accept| response(accept, PLAIN_ANSWER)));
    let missing = Refusal::MissingExtensionParameter("server_no_context_takeover");
    assert!(matches!(closed.why().kind(), ErrorKind::Refused(why) if *why == missing));
}

#[test]
fn switched_off_it_is_neither_offered_nor_taken() {
    let url = url_of(serve(|mut tcp| {
        let head = read_head(&mut tcp);
        assert!(!head.contains("Sec-WebSocket-Extensions"), "{head}");
        let answer = response(&accept_value(&head), PLAIN_ANSWER);
        tcp.write_all(answer.as_bytes()).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::with(|options| options.compression.enabled = false);
    let closed = client.fail(&url);
    let refusal = Refusal::UnexpectedExtension;
    assert!(matches!(closed.why().kind(), ErrorKind::Refused(why) if *why == refusal));
}

/// What a server sends together with its answer is inflated as well.
#[test]
fn frames_glued_to_the_head() {
    let url = url_of(serve(|mut tcp| {
        let head = read_head(&mut tcp);
        let mut answer = response(&accept_value(&head), PLAIN_ANSWER).into_bytes();
        answer.extend(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00");
        tcp.write_all(&answer).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::new();
    client.open(&url);
    assert_eq!(client.text(), "Hello");
    assert_eq!(client.text(), "Hello");
}

/// The code of the Close frame that a server gets for what it sends.
fn close_code_for(sent: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> u16 {
    let (codes, code) = mpsc::channel();
    let url = agreeing(PLAIN_ANSWER, move |mut tcp| {
        sent(&mut tcp);
        let (first, body) = read_client_frame(&mut tcp).unwrap();
        assert_eq!(first, 0x88);
        codes.send(u16::from_be_bytes([body[0], body[1]])).unwrap();
    });
    let mut client = Client::with(|options| options.limits.message_size = 8 << 20);
    client.open(&url);
    assert_eq!(client.closed().shown(), (1006, "", false));
    code.recv().unwrap()
}

#[test]
fn a_bad_stream_is_answered_with_1007() {
    let code = close_code_for(|tcp| tcp.write_all(b"\xc1\x01\x07").unwrap());
    assert_eq!(code, 1007);
}

#[test]
fn a_bomb_is_answered_with_1009() {
    let code = close_code_for(|tcp| {
        let mut stream = Compress::new(Compression::best(), false);
        let zeros = vec![0; 1 << 20];
        tcp.write_all(&frame(0x42, b"")).unwrap();
        // Nine times 1 MiB are more than the limit.
        for _ in 0..9 {
            let mut payload = deflate(&mut stream, &zeros);
            payload.extend([0, 0, 0xff, 0xff]);
            tcp.write_all(&frame(0x00, &payload)).unwrap();
        }
    });
    assert_eq!(code, 1009);
}

/// Small on the line and large in memory: what waits for script is bounded all the same.
#[test]
fn a_flood_of_bombs_is_held_back() {
    const SIZE: usize = 1 << 20;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let url = agreeing(
        "permessage-deflate; server_no_context_takeover",
        move |mut tcp| {
            let mut stream = Compress::new(Compression::best(), false);
            let message = frame(0xc2, &deflate(&mut stream, &vec![0; SIZE]));
            while tcp.write_all(&message).is_ok() {
                count.fetch_add(1, Ordering::SeqCst);
            }
        },
    );
    let mut client = Client::with(|options| options.limits.receive_queue = 2 * SIZE);
    client.consumes = false;
    client.open(&url);
    let mut waiting = 0;
    let mut last = 0;
    loop {
        while let Some((_, event)) = client.poll() {
            assert!(matches!(event, Event::Binary(bytes) if bytes.len() == SIZE));
            waiting += 1;
        }
        thread::sleep(Duration::from_millis(200));
        let now = sent.load(Ordering::SeqCst);
        if now == last && waiting > 0 {
            break;
        }
        last = now;
    }
    // The limit, and what a read of 16 KiB can hold.
    assert!((2..=2 + 17).contains(&waiting), "{waiting}");
    assert!(last > waiting, "the rest waits in its small form");
}

/// A connection whose messages keep inflating does not keep others from their turns.
#[test]
fn a_busy_inflater_leaves_others_their_turns() {
    const SIZE: usize = 16 << 20;
    let url = agreeing(
        "permessage-deflate; server_no_context_takeover",
        |mut tcp| {
            let mut stream = Compress::new(Compression::best(), false);
            let message = frame(0xc2, &deflate(&mut stream, &vec![0; SIZE]));
            while tcp.write_all(&message).is_ok() {}
        },
    );
    let mut client = Client::new();
    let busy = client.open(&url);
    client.connect(&websocket(echo));
    let (mut echoed, mut inflated, mut quiet) = (0, 0, None);
    while echoed < 20 || inflated < 5 {
        match client.next() {
            (id, Event::Opened { .. }) => {
                assert_ne!(id, busy);
                quiet = Some(id);
                client.send_text(id, "0");
            }
            (id, Event::Text(text)) => {
                assert_eq!((Some(id), text), (quiet, echoed.to_string()));
                echoed += 1;
                client.send_text(id, &echoed.to_string());
            }
            (id, Event::Binary(bytes)) => {
                assert_eq!((id, bytes.len()), (busy, SIZE));
                inflated += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}
