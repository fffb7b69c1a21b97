//! Many messages through a link that splits wherever it likes: whole, in order, both ways.

use std::{
    io::{BufReader, BufWriter, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
};

use flate2::{Compress, Compression, Decompress, FlushDecompress};

use crate::{
    harness::{Client, Event, accept_value, echo, read_client_frame, read_head, serve, url_of},
    wire::{deflate, frame, response},
};

const MESSAGES: usize = 100_000;
const SIZE: usize = 1024;
/// Messages on their way at a time: more than the buffers in between hold.
const WINDOW: usize = 20_000;

/// A link to `server` that forwards what it gets in pieces of random sizes.
fn relay(server: SocketAddr) -> String {
    url_of(serve(move |client| {
        let server = TcpStream::connect(server).unwrap();
        let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let way_back = thread::spawn(move || forward(back.0, back.1, 7));
        forward(client, server, 11);
        way_back.join().unwrap();
    }))
}

fn forward(mut from: TcpStream, mut to: TcpStream, seed: u32) {
    to.set_nodelay(true).unwrap();
    let mut state = seed;
    let mut random = |most: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % most) as usize + 1
    };
    let mut buffer = vec![0; 64 << 10];
    loop {
        // Mostly around the size of a message, now and then much more or a byte.
        let most = [1, 30, 3000, 3000, 64 << 10][random(5) - 1];
        let size = random(most);
        match from.read(&mut buffer[..size]) {
            Ok(count) if count > 0 && to.write_all(&buffer[..count]).is_ok() => {}
            _ => break,
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The message with this number; every third one is binary.
fn message(number: usize) -> (bool, String) {
    let mut text = format!("{number} ");
    while text.len() < SIZE {
        text.push_str(
            ["éclair, ", "ox ", "story ", "of ", "1,001 nights "][(text.len() + number) % 5],
        );
    }
    text.truncate(text.floor_char_boundary(SIZE));
    (!number.is_multiple_of(3), text)
}

fn there_and_back(server: SocketAddr) {
    let mut client = Client::new();
    let id = client.open(&relay(server));
    let (mut sent, mut received) = (0, 0);
    while received < MESSAGES {
        while sent < MESSAGES && sent < received + WINDOW {
            match message(sent) {
                (true, text) => client.send_text(id, &text),
                (false, text) => client.send_binary(id, text.into_bytes()),
            }
            sent += 1;
        }
        let expected = message(received);
        match client.next().1 {
            Event::Text(text) => assert!((true, text) == expected, "{received}"),
            Event::Binary(bytes) => {
                assert!(!expected.0 && bytes == expected.1.as_bytes(), "{received}");
            }
            other => panic!("{received}: {other:?}"),
        }
        received += 1;
    }
    client.close(id, Some(1000), "");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
}

#[test]
fn plain() {
    let server = serve(|tcp| {
        tcp.set_nodelay(true).unwrap();
        echo(tungstenite::accept(tcp).unwrap());
    });
    there_and_back(server);
}

#[test]
fn compressed() {
    let server = serve(|mut tcp| {
        tcp.set_nodelay(true).unwrap();
        let head = response(&accept_value(&read_head(&mut tcp)), true);
        tcp.write_all(&head).unwrap();
        let mut reader = BufReader::new(tcp.try_clone().unwrap());
        let mut writer = BufWriter::new(tcp);
        let mut inflater = Decompress::new(false);
        let mut deflater = Compress::new(Compression::fast(), false);
        loop {
            if reader.buffer().is_empty() {
                writer.flush().unwrap();
            }
            let Ok((first, mut payload)) = read_client_frame(&mut reader) else {
                return;
            };
            if first == 0x88 {
                writer.write_all(&frame(first, &payload)).unwrap();
                writer.flush().unwrap();
                return;
            }
            assert!(matches!(first, 0xc1 | 0xc2), "{first:#x}");
            payload.extend([0, 0, 0xff, 0xff]);
            let mut message = Vec::with_capacity(2 * SIZE);
            inflater
                .decompress_vec(&payload, &mut message, FlushDecompress::Sync)
                .unwrap();
            assert!((SIZE - 1..=SIZE).contains(&message.len()));
            let answer = frame(first, &deflate(&mut deflater, &message));
            writer.write_all(&answer).unwrap();
        }
    });
    there_and_back(server);
}
