//! More than anybody asked for, and for longer.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Phase};

use crate::{
    harness::{Client, Event, read_client_frame},
    script::{self, FAILED},
    wire::{close, frame, opening, watch, write_for_ever},
};

/// Many more than fit between the two: pongs are left out, but the newest one never is.
#[test]
fn pings_by_the_thousand_from_a_peer_that_does_not_read_the_pongs() {
    const PINGS: u32 = 200_000;
    let (report, numbers) = mpsc::channel();
    let url = opening(false, move |mut tcp| {
        let ping = |number: u32| frame(0x89, &[&number.to_be_bytes()[..], &[b'.'; 96]].concat());
        for thousand in 0..PINGS / 1000 {
            let numbers = thousand * 1000..(thousand + 1) * 1000;
            tcp.write_all(&numbers.flat_map(ping).collect::<Vec<_>>())
                .unwrap();
        }
        let mut pongs = Vec::new();
        while pongs.last() != Some(&(PINGS - 1)) {
            let (first, payload) = read_client_frame(&mut tcp).unwrap();
            assert_eq!((first, payload.len()), (0x8a, 100));
            pongs.push(u32::from_be_bytes(*payload.first_chunk().unwrap()));
        }
        report.send(pongs).unwrap();
        tcp.write_all(b"\x81\x04done").unwrap();
        let (_, text) = read_client_frame(&mut tcp).unwrap();
        tcp.write_all(&frame(0x81, &text)).unwrap();
        watch(&mut tcp);
    });
    let mut client = Client::new();
    let id = client.open(&url);
    assert_eq!(client.text(), "done");
    client.send_text(id, "still here");
    assert_eq!(client.text(), "still here");
    let pongs = numbers.recv().unwrap();
    assert!(pongs.is_sorted_by(|a, b| a < b), "each once, in order");
    assert!(pongs.len() < PINGS as usize, "none was left out");
}

#[test]
fn pings_by_the_thousand_from_a_peer_that_reads_are_all_answered() {
    const PINGS: usize = 10_000;
    let (report, seen) = mpsc::channel();
    let url = opening(false, move |mut tcp| {
        // A few at a time, so that no pong is in the way of another.
        for _ in 0..PINGS / 10 {
            tcp.write_all(&frame(0x89, b"?").repeat(10)).unwrap();
            for _ in 0..10 {
                let pong = read_client_frame(&mut tcp).unwrap();
                assert_eq!(pong, (0x8a, b"?".to_vec()));
            }
        }
        tcp.write_all(&close(1000, b"")).unwrap();
        report.send(watch(&mut tcp)).unwrap();
    });
    let (id, mut client) = {
        let mut client =
            Client::with(|options| options.timeouts.linger = Duration::from_millis(50));
        (client.open(&url), client)
    };
    let _ = id;
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
    assert_eq!(seen.recv().unwrap().close, Some(1000));
}

/// A server that does not stop by itself, and the code of the Close frame it gets meanwhile.
fn endless(deflate: bool, start: Vec<u8>, part: Vec<u8>) -> (String, mpsc::Receiver<Option<u16>>) {
    let (report, codes) = mpsc::channel();
    let url = opening(deflate, move |mut tcp| {
        let mut reader = tcp.try_clone().unwrap();
        let reports = report.clone();
        let reading = std::thread::spawn(move || {
            // Not every test asks.
            let _ = reports.send(watch(&mut reader).close);
        });
        if tcp.write_all(&start).is_ok() {
            write_for_ever(&mut tcp, &part);
        }
        reading.join().unwrap();
    });
    (url, codes)
}

#[test]
fn messages_without_end_are_refused_while_they_go_on() {
    let word = deflated_block(b"x");
    for (what, deflate, start, part, code) in [
        ("no bytes", false, frame(1, b""), frame(0, b""), 1008),
        ("no bytes", false, frame(2, b""), frame(0, b""), 1008),
        ("a byte each", false, frame(1, b"a"), frame(0, b"a"), 1008),
        ("much", false, frame(2, b""), frame(0, &[0; 999]), 1009),
        ("text", false, frame(1, b""), frame(0, &[b'.'; 999]), 1009),
        ("nothing", true, frame(0x42, b""), frame(0, b""), 1008),
        ("blocks", true, frame(0x42, b""), frame(0, &word), 1008),
        (
            "large blocks",
            true,
            frame(0x42, b""),
            frame(0, &deflated_block(&[0; 100_000])),
            1009,
        ),
        (
            "empty blocks",
            true,
            frame(0x42, b""),
            frame(0, &b"\x00\x00\x00\xff\xff".repeat(200)),
            1009,
        ),
    ] {
        let limits = |options: &mut boa_websocket::net::Options| {
            options.limits.message_size = 300_000;
            options.limits.fragments = 2000;
            options.timeouts.linger = Duration::from_millis(50);
        };
        let (url, codes) = endless(deflate, start, part);
        let mut client = Client::with(limits);
        client.open(&url);
        let closed = client.closed();
        assert_eq!(closed.shown(), (1006, "", false), "{what}");
        assert_eq!(closed.why().kind(), &ErrorKind::Protocol, "{what}");
        assert_eq!(codes.recv().unwrap(), Some(code), "{what}");
        let log = script::events(&[url], limits);
        assert_eq!(log[0], ["open 1", FAILED[0], FAILED[1]], "{what}");
        assert_eq!(codes.recv().unwrap(), Some(code), "{what}");
    }
}

/// A block that can stand in any place.
fn deflated_block(bytes: &[u8]) -> Vec<u8> {
    let mut block = crate::wire::deflated(bytes);
    block.extend([0, 0, 0xff, 0xff]);
    block
}

/// Neither a Close frame of ours nor a failure nor the end of both closes has to wait for a peer
/// that goes on and on.
#[test]
fn a_peer_that_never_stops_is_cut() {
    let short = |options: &mut boa_websocket::net::Options| {
        options.timeouts.close = Duration::from_millis(100);
        options.timeouts.linger = Duration::from_millis(100);
    };
    let started = Instant::now();
    let text = frame(0x81, b"on and on");

    let (url, codes) = endless(false, Vec::new(), text.clone());
    let mut client = Client::with(short);
    let id = client.open(&url);
    client.close(id, Some(3000), "");
    let closed = loop {
        match client.next().1 {
            Event::Text(_) => {}
            Event::Closed(closed) => break closed,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
    assert_eq!(closed.why().phase(), Phase::Close);
    assert_eq!(codes.recv().unwrap(), Some(3000));

    let (url, codes) = endless(false, b"\x83\x00".to_vec(), text.clone());
    let mut client = Client::with(short);
    client.open(&url);
    assert_eq!(client.closed().shown(), (1006, "", false));
    assert_eq!(codes.recv().unwrap(), Some(1002));

    let (url, codes) = endless(false, close(4002, b"but"), text);
    let mut client = Client::with(short);
    client.open(&url);
    let closed = client.closing_then_closed();
    assert_eq!(closed.shown(), (4002, "but", true));
    assert_eq!(codes.recv().unwrap(), Some(4002));
    assert!(started.elapsed() < Duration::from_secs(30));
}

/// It opens and then does nothing, neither read nor end: a full line and a Close frame behind it.
#[test]
fn a_peer_that_stops_reading_cannot_keep_us() {
    let (done, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let url = opening(false, move |tcp: TcpStream| {
        let _ = wait.lock().unwrap().recv();
        drop(tcp);
    });
    let mut client = Client::with(|options| options.timeouts.close = Duration::from_millis(200));
    let id = client.open(&url);
    client.send_binary(id, vec![0; 64 << 20]);
    client.close(id, Some(1000), "");
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
    assert!(client.sent < 64 << 20);
    assert_eq!(client.closes_sent, 0);
    drop(done);
}

/// A failure has to get its Close frame through a line that is full: it cannot, and ends all the
/// same.
#[test]
fn a_peer_that_stops_reading_and_breaks_the_protocol() {
    let (done, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let url = opening(false, move |mut tcp: TcpStream| {
        // By then the line is full.
        tcp.peek(&mut [0]).unwrap();
        std::thread::sleep(Duration::from_millis(200));
        tcp.write_all(b"\x83\x00").unwrap();
        let _ = wait.lock().unwrap().recv();
    });
    let mut client = Client::with(|options| options.timeouts.linger = Duration::from_millis(200));
    let id = client.open(&url);
    client.send_binary(id, vec![0; 64 << 20]);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::Protocol);
    drop(done);
}

/// The network can be dropped in the middle of all that.
#[test]
fn dropping_the_network_in_a_flood() {
    let (url, _) = endless(false, Vec::new(), frame(0x82, &[0; 1000]));
    let deaf = opening(false, |mut tcp: TcpStream| {
        let _ = tcp.read_to_end(&mut Vec::with_capacity(0));
    });
    let mut client = Client::new();
    client.open(&deaf);
    client.open(&url);
    let started = Instant::now();
    drop(client);
    assert!(started.elapsed() < Duration::from_secs(20));
}
