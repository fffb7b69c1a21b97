//! Every way in which an open connection ends.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::mpsc,
    time::Duration,
};

use boa_websocket::net::{Command, ErrorKind, Phase};
use tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::harness::{Client, Event, echo, raw_websocket, read_client_frame, websocket};

/// A server that speaks in bytes, and reports what `connection` gives back.
fn reporting<T: Send + 'static>(
    connection: impl Fn(&mut TcpStream) -> T + Send + Sync + 'static,
) -> (String, mpsc::Receiver<T>) {
    let (report, reports) = mpsc::channel();
    let url = raw_websocket(move |mut tcp| {
        let found = connection(&mut tcp);
        // Not every test asks.
        let _ = report.send(found);
        // The line stays until the client has gone.
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    (url, reports)
}

#[test]
fn by_us_with_a_code_and_without() {
    let mut client = Client::new();
    let url = websocket(echo);
    for (code, reason, shown) in [
        (Some(1000), "", (1000, "", true)),
        (Some(3000), "bye", (3000, "bye", true)),
        (None, "", (1005, "", true)),
    ] {
        let id = client.open(&url);
        client.close(id, code, reason);
        // tungstenite answers with what it got.
        let closed = client.closing_then_closed();
        assert_eq!(closed.shown(), shown);
        assert!(closed.error.is_none());
    }
    assert_eq!(client.closes_sent, 3, "each once");
}

#[test]
fn what_was_sent_before_arrives_before_the_close_frame() {
    let (seen, messages) = mpsc::channel();
    let url = websocket(move |mut websocket| {
        while let Ok(message) = websocket.read() {
            seen.send(message).unwrap();
        }
    });
    let mut client = Client::new();
    let id = client.open(&url);
    let large = vec![7; 3 << 20];
    client.send_binary(id, large.clone());
    client.send_text(id, "last");
    client.close(id, Some(4000), "done");
    assert_eq!(client.closing_then_closed().shown(), (4000, "done", true));
    assert_eq!(messages.recv().unwrap(), Message::from(large));
    assert_eq!(messages.recv().unwrap(), Message::from("last"));
    assert!(matches!(messages.recv().unwrap(), Message::Close(Some(_))));
    assert_eq!(client.sent, (3 << 20) + 4);
    assert_eq!(client.closes_sent, 1);
}

#[test]
fn by_the_server() {
    let url = websocket(|mut websocket| {
        let frame = CloseFrame {
            code: CloseCode::from(4001),
            reason: "enough".into(),
        };
        websocket.close(Some(frame)).unwrap();
        while websocket.read().is_ok() {}
    });
    let mut client = Client::new();
    client.open(&url);
    let closed = client.closing_then_closed();
    assert_eq!(closed.shown(), (4001, "enough", true));
    assert_eq!(client.closes_sent, 0, "nobody asked for one");
}

#[test]
fn the_servers_code_is_shown_even_if_ours_was_another() {
    let (url, _) = reporting(|tcp| {
        read_client_frame(tcp).unwrap();
        tcp.write_all(b"\x88\x02\x0f\xa2").unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
    });
    let mut client = Client::new();
    let id = client.open(&url);
    client.close(id, Some(4001), "");
    assert_eq!(client.closing_then_closed().shown(), (4002, "", true));
}

#[test]
fn by_cutting_the_line() {
    let mut client = Client::new();
    let cut = websocket(drop);
    client.open(&cut);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);
    assert_eq!(closed.why().phase(), Phase::Open);
}

#[test]
fn data_a_close_frame_and_the_end_can_come_together() {
    let url = raw_websocket(|mut tcp| {
        tcp.write_all(b"\x81\x01a\x81\x01b\x88\x02\x03\xe8")
            .unwrap();
        tcp.shutdown(Shutdown::Write).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let mut client = Client::new();
    for _ in 0..50 {
        client.open(&url);
        assert_eq!(client.text(), "a");
        assert_eq!(client.text(), "b");
        assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
    }
}

#[test]
fn a_server_that_never_answers_is_cut_after_the_close_timeout() {
    let (url, _) = reporting(|_| ());
    let mut client = Client::with(|options| {
        options.timeouts.close = Duration::from_millis(100);
    });
    let id = client.open(&url);
    client.close(id, Some(1000), "");
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
    assert_eq!(closed.why().phase(), Phase::Close);
}

#[test]
fn a_server_that_keeps_the_line_after_both_close_frames_is_cut_soon() {
    let (url, answers) = reporting(|tcp| {
        let frame = read_client_frame(tcp).unwrap();
        tcp.write_all(b"\x88\x02\x03\xe8").unwrap();
        frame
    });
    let mut client = Client::with(|options| {
        options.timeouts.linger = Duration::from_millis(100);
        options.timeouts.close = Duration::from_secs(600);
    });
    let id = client.open(&url);
    client.close(id, Some(1000), "");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
    assert_eq!(answers.recv().unwrap(), (0x88, vec![0x03, 0xe8]));
}

#[test]
fn after_a_protocol_error_our_close_frame_reaches_the_peer() {
    for (bytes, code) in [
        (b"\x83\x00".to_vec(), 1002),
        (b"\x81\x80\0\0\0\0".to_vec(), 1002),
        (b"\xc1\x00".to_vec(), 1002),
        (b"\x81\x01\xff".to_vec(), 1007),
        (b"\x88\x02\x03\xed".to_vec(), 1002),
        (b"\x82\x7f\0\0\0\0\x10\0\0\0".to_vec(), 1009),
    ] {
        let shown = format!("{bytes:x?}");
        let (url, frames) = reporting(move |tcp| {
            // Much unread input at the client: dropping it would reset the line and lose the frame.
            let mut all = bytes.clone();
            all.resize(all.len() + (1 << 20), 0);
            let mut writer = tcp.try_clone().unwrap();
            let writing = std::thread::spawn(move || writer.write_all(&all));
            let (first, payload) = read_client_frame(tcp).unwrap();
            let code = [payload[0], payload[1]];
            // Nothing follows it but the end of the client's direction.
            let end = tcp.read(&mut [0]).unwrap();
            writing.join().unwrap().unwrap();
            (first, u16::from_be_bytes(code), end)
        });
        let mut client = Client::new();
        client.open(&url);
        assert_eq!(frames.recv().unwrap(), (0x88, code, 0), "{shown}");
    }
}

#[test]
fn a_failed_connection_is_1006_for_script_and_says_why_to_others() {
    let url = raw_websocket(|mut tcp| {
        tcp.write_all(b"\x83\x00").unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let mut client = Client::new();
    client.open(&url);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::Protocol);
    assert!(
        closed.why().to_string().contains("opcode"),
        "{}",
        closed.why()
    );
}

#[test]
fn messages_are_dropped_once_we_close_and_a_paused_socket_still_closes() {
    let url = websocket(|mut websocket| {
        for _ in 0..64 {
            websocket.send(Message::from(vec![1; 64 << 10])).unwrap();
        }
        while websocket.read().is_ok() {}
    });
    let mut client = Client::with(|options| options.limits.receive_queue = 256 << 10);
    let id = client.network.next_id();
    let request = boa_websocket::net::ConnectRequest::new(url.parse().unwrap());
    let request = Box::new(request);
    client.network.command(Command::Connect { id, request });
    client.network.flush();
    assert!(matches!(client.next().1, Event::Opened { .. }));
    // Nothing is consumed while the socket fills up and pauses.
    std::thread::sleep(Duration::from_millis(200));
    client.close(id, Some(1000), "");
    let mut messages = 0;
    let closed = loop {
        match client.next().1 {
            Event::Binary(_) => messages += 1,
            Event::ClosingHandshakeStarted => {}
            Event::Closed(closed) => break closed,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(closed.shown(), (1000, "", true));
    assert!(messages < 64, "{messages} messages, none dropped");
}

#[test]
fn nothing_comes_after_an_abort() {
    let mut client = Client::new();
    let url = websocket(echo);
    let aborted = client.open(&url);
    client.network.command(Command::Abort { id: aborted });
    client.network.flush();
    let other = client.open(&url);
    client.send_text(aborted, "to nobody");
    client.close(aborted, None, "");
    client.send_text(other, "still here");
    assert_eq!(client.text(), "still here");
    assert_eq!(client.network.sockets(), 1);
}

#[test]
fn dropping_the_network_says_going_away_and_sends_what_was_queued() {
    let (seen, messages) = mpsc::channel();
    let url = websocket(move |mut websocket| {
        while let Ok(message) = websocket.read() {
            seen.send(message).unwrap();
        }
    });
    let mut client = Client::new();
    let id = client.open(&url);
    let message = boa_websocket::net::Outgoing::Text("unsent".into());
    client.network.command(Command::Send { id, message });
    drop(client);
    assert_eq!(messages.recv().unwrap(), Message::from("unsent"));
    let Message::Close(Some(frame)) = messages.recv().unwrap() else {
        panic!("no Close frame");
    };
    assert_eq!(u16::from(frame.code), 1001);
}

#[test]
fn a_network_that_may_take_for_ever_to_be_dropped_waits_for_the_answer() {
    let (url, seen) = reporting(|tcp| {
        let close = read_client_frame(tcp).unwrap();
        tcp.set_read_timeout(Some(Duration::from_millis(200)))
            .unwrap();
        let waited = tcp.read(&mut [0]).map_err(|error| error.kind());
        tcp.write_all(b"\x88\x02\x03\xe9").unwrap();
        (close, waited)
    });
    let mut client = Client::with(|options| options.timeouts.shutdown = Duration::MAX);
    client.open(&url);
    drop(client);
    let (close, waited) = seen.recv().unwrap();
    assert_eq!(close, (0x88, b"\x03\xe9".to_vec()));
    assert!(
        matches!(
            waited,
            Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
        ),
        "{waited:?}"
    );
}

#[test]
fn the_next_socket_of_a_network_works_after_all_others_ended() {
    let url = websocket(echo);
    let mut client = Client::new();
    for round in 0..3 {
        let id = client.open(&url);
        client.send_text(id, &round.to_string());
        assert_eq!(client.text(), round.to_string());
        client.close(id, None, "");
        assert!(client.closing_then_closed().was_clean);
    }
}

#[test]
fn after_a_discard_messages_are_dropped_and_the_rest_goes_on() {
    let mut client = Client::new();
    let id = client.open(&websocket(echo));
    client.network.discard(id);
    client.send_text(id, "comes back and is dropped");
    client.close(id, Some(1000), "");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
    assert_eq!(client.sent, 25);
}

/// Other systems throw away what has arrived when a reset comes behind it.
#[cfg(target_os = "linux")]
#[test]
fn a_close_frame_is_read_even_if_the_peer_resets_the_line_right_behind_it() {
    let url = raw_websocket(|mut tcp| {
        // Dropped with unread input, the line is reset.
        tcp.peek(&mut [0]).unwrap();
        tcp.write_all(b"\x81\x01a\x88\x02\x0f\xa1").unwrap();
    });
    let mut client = Client::new();
    for _ in 0..20 {
        let id = client.open(&url);
        client.send_binary(id, vec![0; 8 << 20]);
        assert_eq!(client.text(), "a");
        let closed = client.closing_then_closed();
        // Our answer could not get through.
        assert_eq!(closed.shown(), (4001, "", false));
    }
}
