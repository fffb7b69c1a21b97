//! What is too much for one side holds the other one back, and nothing else.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{Error, ErrorKind, EventBatch};
use tungstenite::Message;

use crate::harness::{Client, Event, PATIENCE, echo, raw_websocket, websocket};

/// Waits until `count` has not moved for a while, and gives it back.
fn settled(count: &AtomicUsize) -> usize {
    let mut last = count.load(Ordering::SeqCst);
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = count.load(Ordering::SeqCst);
        if now == last && now > 0 {
            return now;
        }
        last = now;
    }
}

#[test]
fn a_flood_stops_at_the_limit_and_goes_on_when_it_is_taken() {
    const MESSAGES: usize = 1024;
    const SIZE: usize = 64 << 10;
    let sent = Arc::new(AtomicUsize::new(0));
    let count = sent.clone();
    let url = websocket(move |mut websocket| {
        for number in 0..MESSAGES {
            let bytes = vec![number as u8; SIZE];
            websocket.send(Message::binary(bytes)).unwrap();
            count.fetch_add(1, Ordering::SeqCst);
        }
        while websocket.read().is_ok() {}
    });
    let mut client = Client::with(|options| options.limits.receive_queue = 1 << 20);
    let id = client.open(&url);
    let before = settled(&sent);
    assert!(before < MESSAGES, "the server was never held back");

    // What waits is about the limit, whatever the operating system holds besides.
    client.consumes = false;
    let mut waiting = 0;
    while let Some((_, event)) = client.poll() {
        assert!(matches!(event, Event::Binary(_)));
        waiting += 1;
    }
    let limit = (1 << 20) / SIZE;
    assert!((limit..limit + 8).contains(&waiting), "{waiting}");

    // Held back as long as nothing is consumed, though it has been taken.
    assert_eq!(settled(&sent), before);
    client.consume(id);
    client.consumes = true;
    for number in waiting..MESSAGES {
        assert!(client.binary() == [number as u8; SIZE], "{number}");
    }
    client.close(id, None, "");
    assert!(client.closing_then_closed().was_clean);
}

#[test]
fn empty_messages_count_too() {
    const MESSAGES: usize = 1_000_000;
    let url = raw_websocket(|mut tcp| {
        tcp.write_all(&b"\x82\x00".repeat(MESSAGES)).unwrap();
        let _ = crate::harness::read_client_frame(&mut tcp);
    });
    let mut client = Client::with(|options| options.limits.receive_queue = 64 << 10);
    let id = client.open(&url);
    client.consumes = false;
    let mut waiting = 0;
    // Until nothing has come for a while.
    loop {
        let before = waiting;
        while client.poll().is_some() {
            waiting += 1;
        }
        if before == waiting && waiting > 0 {
            break;
        }
        thread::sleep(Duration::from_millis(300));
    }
    assert!(waiting < MESSAGES / 2, "{waiting}");
    client.consume(id);
    client.consumes = true;
    for _ in waiting..MESSAGES {
        assert!(client.binary().is_empty());
    }
}

#[test]
fn batches_are_bounded_so_that_timers_get_their_turn() {
    let url = raw_websocket(|mut tcp| {
        tcp.write_all(&b"\x81\x01x".repeat(5000)).unwrap();
        let _ = crate::harness::read_client_frame(&mut tcp);
    });
    let mut client = Client::new();
    client.connect(&url);
    let (mut batch, mut found) = (EventBatch::new(), 0);
    let started = Instant::now();
    // With the one that says it is open.
    while found < 5001 {
        assert!(started.elapsed() < PATIENCE, "{found}");
        if client.network.take(&mut batch) {
            assert!(batch.len() <= 1024, "{}", batch.len());
            found += batch.len();
        }
    }
}

#[test]
fn the_send_queue_takes_its_limit_and_not_a_byte_more() {
    let mut client = Client::with(|options| options.limits.send_queue = 1000);
    let url = websocket(echo);
    let id = client.open(&url);
    client.send_binary(id, vec![1; 1000]);
    assert_eq!(client.binary(), [1; 1000]);
    client.send_binary(id, vec![1; 1001]);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::SendQueueFull(1000));
}

#[test]
fn a_peer_that_does_not_read_ends_in_a_full_send_queue() {
    let url = raw_websocket(|tcp| {
        thread::sleep(Duration::from_secs(600));
        drop(tcp);
    });
    let mut client = Client::with(|options| options.limits.send_queue = 1 << 20);
    let id = client.open(&url);
    let mut sent = 0;
    let closed = loop {
        match client.poll() {
            Some((_, Event::Closed(closed))) => break closed,
            Some(other) => panic!("{other:?}"),
            None => {
                client.send_binary(id, vec![0; 100_000]);
                sent += 100_000;
                // The network has to come to it.
                thread::sleep(Duration::from_millis(1));
            }
        }
    };
    assert_eq!(
        closed.error.as_ref().map(Error::kind),
        Some(&ErrorKind::SendQueueFull(1 << 20))
    );
    assert!(client.sent < sent, "not everything can have been sent");
}

#[test]
fn a_flood_does_not_starve_other_sockets() {
    let flood = websocket(|mut websocket| {
        let message = Message::binary(vec![0; 1 << 20]);
        while websocket.send(message.clone()).is_ok() {}
    });
    let mut client = Client::new();
    let echoing = client.open(&websocket(echo));
    let flooding = client.open(&flood);
    for round in 0..20 {
        client.send_text(echoing, &round.to_string());
        loop {
            match client.next() {
                (id, Event::Binary(_)) => assert_eq!(id, flooding),
                (id, Event::Text(text)) => {
                    assert_eq!((id, text), (echoing, round.to_string()));
                    break;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
