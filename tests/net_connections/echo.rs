//! Messages there and back, and what the handshake agrees on.

use std::{io::Write, net::TcpListener, sync::mpsc, thread};

use boa_websocket::net::{Command, Outgoing};
use tungstenite::Bytes;

use crate::harness::{
    Client, Event, accept_value, echo, raw_websocket, read_client_frame, read_head, serve, url_of,
    websocket,
};

#[test]
fn texts_and_binaries_come_back_as_they_were() {
    let mut client = Client::new();
    let id = client.open(&websocket(echo));
    for text in ["", "hello", "zwölf Boxkämpfer", "\u{1F600}"] {
        client.send_text(id, text);
        assert_eq!(client.text(), text);
    }
    for size in [0, 1, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20] {
        let bytes: Vec<u8> = (0..size)
            .map(|at: usize| (at * 7 + at / 251) as u8)
            .collect();
        client.send_binary(id, bytes.clone());
        assert!(client.binary() == bytes, "{size} bytes");
    }
    let long = "ä".repeat(1 << 20);
    client.send_text(id, &long);
    assert!(client.text() == long);
}

#[test]
fn ten_thousand_messages_stay_in_order_and_are_counted_as_sent() {
    let mut client = Client::new();
    let id = client.open(&websocket(echo));
    let mut bytes = 0;
    for number in 0..10_000 {
        let text = number.to_string();
        bytes += text.len() as u64;
        let message = Outgoing::Text(Bytes::from(text));
        client.network.command(Command::Send { id, message });
    }
    client.network.flush();
    for number in 0..10_000 {
        assert_eq!(client.text(), number.to_string());
    }
    assert_eq!(client.sent, bytes);
}

#[test]
fn what_comes_with_the_response_head_is_not_lost() {
    let url = url_of(serve(|mut tcp| {
        let accept = accept_value(&read_head(&mut tcp));
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: keep-alive, Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        bytes.extend_from_slice(b"\x81\x03one\x01\x01t");
        tcp.write_all(&bytes).unwrap();
        tcp.write_all(b"\x80\x02wo\x88\x02\x03\xe8").unwrap();
        read_client_frame(&mut tcp).unwrap();
    }));
    let mut client = Client::new();
    client.open(&url);
    assert_eq!(client.text(), "one");
    assert_eq!(client.text(), "two");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
}

#[test]
fn the_server_sees_the_request_and_its_choice_of_subprotocol_is_reported() {
    let (seen, requests) = mpsc::channel();
    let address = serve(move |mut tcp| {
        let head = read_head(&mut tcp);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: superchat\r\n\r\n",
            accept_value(&head)
        );
        tcp.write_all(answer.as_bytes()).unwrap();
        seen.send(head).unwrap();
    });
    let mut client = Client::with(|options| options.user_agent = Some("tests".into()));
    client.connect_with(
        &format!("ws://user:p%40ss@{address}/path?query"),
        |request| {
            request.protocols = vec!["chat".into(), "superchat".into()];
            request.origin = Some("https://example.org".into());
            let (name, value) = ("x-more", "1");
            request
                .headers
                .push((name.parse().unwrap(), value.parse().unwrap()));
        },
    );
    match client.next().1 {
        Event::Opened {
            protocol,
            extensions,
        } => {
            assert_eq!(protocol, "superchat");
            assert_eq!(extensions, "");
        }
        other => panic!("{other:?}"),
    }
    let head = requests.recv().unwrap();
    assert!(head.starts_with("GET /path?query HTTP/1.1\r\n"), "{head}");
    for line in [
        format!("Host: {address}").as_str(),
        "User-Agent: tests",
        "Origin: https://example.org",
        "Authorization: Basic dXNlcjpwQHNz",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "X-More: 1",
        "Cache-Control: no-cache",
        "Pragma: no-cache",
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
    }
}

#[test]
fn fragments_and_pings_between_them_make_one_message() {
    let url = raw_websocket(|mut tcp| {
        for part in [&b"\x01\x02\xf0\x9f"[..], b"\x89\x01p", b"\x80\x02\x98\x80"] {
            for byte in part {
                tcp.write_all(&[*byte]).unwrap();
            }
        }
        let pong = read_client_frame(&mut tcp).unwrap();
        assert_eq!(pong, (0x8a, b"p".to_vec()));
        tcp.write_all(b"\x81\x04pong").unwrap();
        let _ = read_client_frame(&mut tcp);
    });
    let mut client = Client::new();
    client.open(&url);
    assert_eq!(client.text(), "\u{1F600}");
    assert_eq!(client.text(), "pong");
}

#[test]
fn localhost_by_name_reaches_the_loopback_interface() {
    let address = serve(|tcp| echo(tungstenite::accept(tcp).unwrap()));
    let mut client = Client::new();
    let id = client.open(&format!("ws://localhost:{}/", address.port()));
    client.send_text(id, "by name");
    assert_eq!(client.text(), "by name");
}

#[test]
fn the_next_address_of_a_name_is_tried_when_the_first_one_does_not_answer() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        // A machine without IPv6 has no second address.
        return;
    };
    let port = listener.local_addr().unwrap().port();
    if TcpListener::bind(("127.0.0.1", port)).is_err() {
        // Somebody else's server is at the first address.
        return;
    }
    thread::spawn(move || echo(tungstenite::accept(listener.accept().unwrap().0).unwrap()));
    let mut client = Client::new();
    let id = client.open(&format!("ws://localhost:{port}/"));
    client.send_text(id, "at last");
    assert_eq!(client.text(), "at last");
}

#[test]
fn many_sockets_at_once() {
    // Both ends are in this process, whose limit of open files may be 1,024.
    const COUNT: usize = 300;
    let url = websocket(echo);
    let mut client = Client::new();
    let ids: Vec<_> = (0..COUNT).map(|_| client.connect(&url)).collect();
    let (mut opened, mut echoed) = (0, 0);
    while echoed < COUNT {
        match client.next() {
            (id, Event::Opened { .. }) => {
                opened += 1;
                client.send_text(id, &id.to_string());
            }
            (id, Event::Text(text)) => {
                assert_eq!(text, id.to_string());
                echoed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(opened, COUNT);
    for id in ids {
        client.close(id, Some(1000), "");
    }
    let mut closed = 0;
    while closed < COUNT {
        if let (_, Event::Closed(end)) = client.next() {
            assert_eq!(end.shown(), (1000, "", true));
            closed += 1;
        }
    }
    assert_eq!(client.network.sockets(), 0);
}
