//! Peers that have gone without a word, and those that only seem so.

use std::{
    io::{Read, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Options, Phase};
use tungstenite::Message;

use crate::harness::{Client, Event, Frames, PATIENCE, echo, raw_websocket, sending, websocket};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn beat(options: &mut Options, interval: Duration, timeout: Duration) {
    options.heartbeat.interval = Some(interval);
    options.heartbeat.timeout = timeout;
}

/// The first bytes of frames.
fn firsts(frames: &Frames) -> Vec<u8> {
    frames.iter().map(|(first, _)| *first).collect()
}

#[test]
fn a_peer_that_does_not_answer_is_cut_and_told_why() {
    let (url, reports) = sending(*b"");
    let mut client = Client::with(|options| {
        beat(options, ms(50), ms(100));
        // It is not lingered over.
        options.timeouts.linger = Duration::from_secs(3600);
    });
    client.open(&url);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::PongTimeout(ms(100)));
    assert_eq!(closed.why().phase(), Phase::Open);
    let said = closed.why().to_string();
    assert!(said.ends_with("no answer to a ping within 100ms"), "{said}");

    let frames = reports.recv().unwrap();
    let [(0x89, _), (0x88, close)] = &frames[..] else {
        panic!("not a Ping and a Close: {frames:x?}")
    };
    assert_eq!(close[..2], 1011_u16.to_be_bytes());
}

#[test]
fn a_peer_that_takes_nothing_is_cut_too() {
    let url = raw_websocket(|tcp| {
        thread::sleep(Duration::from_secs(600));
        drop(tcp);
    });
    let mut client = Client::with(|options| beat(options, ms(200), ms(200)));
    let id = client.open(&url);
    client.send_binary(id, vec![0; 64 << 20]);
    let closed = client.closed();
    assert_eq!(closed.why().kind(), &ErrorKind::PongTimeout(ms(200)));
}

/// Answers pings, and counts them.
fn counting(counted: Arc<AtomicUsize>) -> String {
    websocket(move |mut websocket| {
        while let Ok(message) = websocket.read() {
            match message {
                Message::Ping(_) => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    websocket.flush().unwrap();
                }
                Message::Text(_) => websocket.send(message).unwrap(),
                _ => {}
            }
        }
    })
}

fn wait_for(counted: &AtomicUsize, count: usize) {
    let started = Instant::now();
    while counted.load(Ordering::SeqCst) < count {
        assert!(started.elapsed() < PATIENCE, "too few pings");
        thread::sleep(ms(10));
    }
}

#[test]
fn a_peer_that_answers_stays_also_while_script_does_something_else() {
    let pings = Arc::new(AtomicUsize::new(0));
    let mut client = Client::with(|options| {
        beat(options, ms(20), Duration::from_secs(10));
        // Pongs are signs of life.
        options.timeouts.idle = Some(Duration::from_secs(10));
    });
    let id = client.open(&counting(pings.clone()));
    wait_for(&pings, 20);
    client.send_text(id, "still here");
    assert_eq!(client.text(), "still here");
    client.close(id, Some(1000), "");
    assert!(client.closing_then_closed().was_clean);
}

#[test]
fn pongs_keep_a_connection_from_being_idle() {
    let mut client = Client::with(|options| {
        beat(options, ms(100), Duration::from_secs(10));
        options.timeouts.idle = Some(ms(1500));
    });
    let id = client.open(&websocket(echo));
    thread::sleep(ms(3000));
    client.send_text(id, "still here");
    assert_eq!(client.text(), "still here");
}

#[test]
fn a_connection_on_which_nothing_comes_is_cut_after_the_idle_timeout() {
    let (url, reports) = sending(*b"");
    let mut client = Client::with(|options| options.timeouts.idle = Some(ms(100)));
    let id = client.open(&url);
    // What we send is no sign of the peer's life.
    client.send_text(id, "anyone?");
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::IdleTimeout(ms(100)));
    let firsts = firsts(&reports.recv().unwrap());
    assert_eq!(firsts, [0x81, 0x88]);
}

#[test]
fn whatever_comes_is_a_sign_of_life() {
    let url = raw_websocket(|mut tcp| {
        // A message that takes its time, before which no Pong could be sent.
        tcp.write_all(&[0x82, 0x08]).unwrap();
        for byte in 0..8 {
            thread::sleep(ms(300));
            tcp.write_all(&[byte]).unwrap();
        }
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let mut client = Client::with(|options| {
        beat(options, ms(100), ms(1500));
        options.timeouts.idle = Some(ms(1500));
    });
    client.open(&url);
    assert_eq!(client.binary(), [0, 1, 2, 3, 4, 5, 6, 7]);
    let kind = client.closed().why().kind().clone();
    assert!(
        matches!(kind, ErrorKind::PongTimeout(_) | ErrorKind::IdleTimeout(_)),
        "{kind:?}"
    );
}

#[test]
fn a_script_that_is_slow_to_read_is_not_punished() {
    const MESSAGES: usize = 512;
    const SIZE: usize = 64 << 10;
    let url = websocket(|mut websocket| {
        // As long as the client does not read, this blocks, and no Ping is answered.
        for _ in 0..MESSAGES {
            websocket.send(Message::binary(vec![7; SIZE])).unwrap();
        }
        echo(websocket);
    });
    let mut client = Client::with(|options| {
        options.limits.receive_queue = 256 << 10;
        beat(options, ms(50), ms(1000));
        options.timeouts.idle = Some(ms(1000));
    });
    client.consumes = false;
    let id = client.open(&url);
    thread::sleep(ms(3000));
    let mut waiting = 0;
    while let Some((_, event)) = client.poll() {
        assert!(matches!(event, Event::Binary(_)), "{event:?}");
        waiting += 1;
    }
    assert!(waiting < MESSAGES, "the server was never held back");
    client.consume(id);
    client.consumes = true;
    for _ in waiting..MESSAGES {
        assert_eq!(client.binary().len(), SIZE);
    }
    client.send_text(id, "at last");
    assert_eq!(client.text(), "at last");
}

#[test]
fn after_a_pause_the_peer_has_its_whole_time_again() {
    const SIZE: usize = 300 << 10;
    let url = websocket(|mut websocket| {
        // One message is past the limit; behind it there is nothing to be read.
        websocket.send(Message::binary(vec![7; SIZE])).unwrap();
        echo(websocket);
    });
    let mut client = Client::with(|options| {
        options.limits.receive_queue = 256 << 10;
        options.timeouts.idle = Some(ms(1500));
    });
    client.consumes = false;
    let id = client.open(&url);
    assert_eq!(client.binary().len(), SIZE);
    thread::sleep(ms(2000));
    client.consume(id);
    // Without a word from the peer, at first.
    thread::sleep(ms(200));
    client.send_text(id, "still here");
    assert_eq!(client.text(), "still here");
}

#[test]
fn no_ping_is_sent_once_we_close() {
    let (url, reports) = sending(*b"");
    let mut client = Client::with(|options| {
        beat(options, ms(20), Duration::from_secs(60));
        options.timeouts.close = ms(500);
    });
    let id = client.open(&url);
    client.close(id, Some(1000), "");
    assert_eq!(client.closed().why().kind(), &ErrorKind::TimedOut);
    let firsts = firsts(&reports.recv().unwrap());
    // One may have been sent before.
    assert!(firsts == [0x88] || firsts == [0x89, 0x88], "{firsts:x?}");
}

#[test]
fn without_a_heartbeat_nothing_is_asked_and_nobody_cut() {
    let (url, reports) = sending(*b"");
    let mut client = Client::with(|options| options.heartbeat.timeout = ms(10));
    let id = client.open(&url);
    thread::sleep(ms(300));
    client.send_text(id, "first");
    drop(client);
    assert_eq!(firsts(&reports.recv().unwrap()), [0x81, 0x88]);
}

#[test]
fn times_of_nothing_and_of_for_ever_do_no_harm() {
    for time in [Duration::ZERO, Duration::MAX] {
        let pings = Arc::new(AtomicUsize::new(0));
        let url = counting(pings.clone());
        let mut client = Client::with(|options| {
            beat(options, time, time);
            options.timeouts.idle = Some(time);
            options.timeouts.failure_delay = time;
        });
        let id = client.open(&url);
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
        client.close(id, Some(1000), "");
        assert!(client.closing_then_closed().was_clean);
        assert_eq!(pings.load(Ordering::SeqCst), 0);
    }
    // As often as it may be, and for ever.
    for time in [Duration::ZERO, Duration::MAX] {
        let pings = Arc::new(AtomicUsize::new(0));
        let url = counting(pings.clone());
        let mut client = Client::with(|options| beat(options, Duration::from_nanos(1), time));
        let id = client.open(&url);
        wait_for(&pings, 10);
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
    }
}
