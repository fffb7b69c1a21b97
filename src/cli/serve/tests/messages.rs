use serde_json::{Value, json};
use tungstenite::Message;

use super::*;

#[test]
fn echo_sends_back_text_and_binary() {
    let server = server();
    for scheme in BOTH {
        for path in ["/echo", "/"] {
            let mut client = connect(&server, scheme, path);
            for message in [
                Message::text("hello"),
                Message::text(""),
                Message::text("\u{1F980} \u{0} ä"),
                Message::binary(vec![]),
                Message::binary(vec![0, 255, 128]),
            ] {
                client.send(message.clone()).unwrap();
                assert_eq!(next(&mut client), message);
            }
        }
    }
}

#[test]
fn echo_of_large_messages() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/echo");
        for size in [65_535, 65_536, 1 << 20, 16 << 20] {
            let bytes: Vec<u8> = (0..size)
                .map(|index: u32| (index * 7 + (index >> 9)) as u8)
                .collect();
            client.send(Message::binary(bytes.clone())).unwrap();
            assert!(
                next(&mut client).into_data() == bytes,
                "{size} bytes over {scheme:?}"
            );
        }
    }
}

/// Everything between the two fills up, the server waits, and nothing breaks.
#[test]
fn echo_to_a_peer_that_sends_long_before_it_reads() {
    const COUNT: usize = 24;
    const SIZE: usize = 1 << 20;
    fn blocked(result: &Result<(), Error>) -> bool {
        matches!(result, Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock)
    }
    let server = server();
    let tcp = tcp(server.address());
    let mut client = tungstenite::client(request(&server, Scheme::Ws, "/echo"), tcp)
        .unwrap()
        .0;
    client.get_mut().set_nonblocking(true).unwrap();
    let (mut sent, mut received, mut was_blocked) = (0, 0, false);
    while received < COUNT {
        if sent < COUNT && !was_blocked {
            let result = client.send(Message::binary(vec![sent as u8; SIZE]));
            was_blocked = blocked(&result);
            assert!(was_blocked || result.is_ok(), "{result:?}");
            sent += 1;
            continue;
        }
        match client.read() {
            Ok(message) => {
                assert!(message.into_data() == vec![received as u8; SIZE]);
                received += 1;
            }
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                let result = client.flush();
                was_blocked = blocked(&result);
                assert!(was_blocked || result.is_ok(), "{result:?}");
                std::thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn ten_thousand_small_messages_come_back_in_order() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/echo");
        for number in 0..10_000 {
            client.write(Message::text(number.to_string())).unwrap();
        }
        client.flush().unwrap();
        for number in 0..10_000 {
            assert_eq!(next_text(&mut client), number.to_string());
        }
    }
}

#[test]
fn flood_sends_numbered_messages_and_closes() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/flood?count=50000&size=16");
        for number in 0..50_000 {
            let start = format!("{number}:");
            assert_eq!(next_text(&mut client), format!("{start:x<16}"));
        }
        assert_eq!(next_close(&mut client), Some((1000, String::new())));

        let mut client = connect(&server, scheme, "/flood?count=3&size=200000&binary=1");
        for _ in 0..3 {
            assert_eq!(next(&mut client).into_data().len(), 200_000);
        }
        assert_eq!(next_close(&mut client), Some((1000, String::new())));

        let mut client = connect(&server, scheme, "/flood?count=2&size=0");
        assert_eq!(next(&mut client), Message::text(""));
        assert_eq!(next(&mut client), Message::text(""));
        assert_eq!(next_close(&mut client), Some((1000, String::new())));
    }
}

#[test]
fn an_endless_flood_ends_with_the_clients_close() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/flood?count=0&size=1000&id=endless");
        for _ in 0..100 {
            next(&mut client);
        }
        client.close(None).unwrap();
        while !matches!(client.read(), Err(Error::ConnectionClosed)) {}
        let record = server.wait_for_record("endless", PATIENCE).unwrap();
        assert_eq!(record.close.unwrap().code, None);
    }
}

#[test]
fn sink_counts() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/sink");
        client.write(Message::text("four")).unwrap();
        client.write(Message::binary(vec![0; 1_000_000])).unwrap();
        client.send(Message::text("count")).unwrap();
        let answer: Value = serde_json::from_str(&next_text(&mut client)).unwrap();
        assert_eq!(answer, json!({"messages": 2, "bytes": 1_000_004}));
    }
}

#[test]
fn headers_and_origin_are_told() {
    let server = server();
    let mut asked = request(&server, Scheme::Ws, "/headers?x=1");
    asked.headers_mut().append("x-one", "1".parse().unwrap());
    asked.headers_mut().append("x-two", "a".parse().unwrap());
    asked.headers_mut().append("x-two", "b".parse().unwrap());
    let mut client = connect_with(&server, Scheme::Ws, asked).unwrap().0;
    let answer: Value = serde_json::from_str(&next_text(&mut client)).unwrap();
    assert_eq!(answer["x-one"], "1");
    assert_eq!(answer["x-two"], json!(["a", "b"]));
    assert_eq!(answer["host"], server.address().to_string());
    assert_eq!(answer["sec-websocket-version"], "13");

    let mut asked = request(&server, Scheme::Ws, "/origin");
    asked
        .headers_mut()
        .append("origin", "https://example.com".parse().unwrap());
    let mut client = connect_with(&server, Scheme::Ws, asked).unwrap().0;
    assert_eq!(next_text(&mut client), "https://example.com");
    assert_eq!(next_text(&mut connect(&server, Scheme::Ws, "/origin")), "");
}

#[test]
fn pings_between_fragments_are_answered_and_told() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/ping?id=ping");
        let mut texts = Vec::new();
        while texts.len() < 2 {
            if let Message::Text(text) = client.read().unwrap() {
                texts.push(text.as_str().to_owned());
            }
        }
        assert_eq!(texts, ["in three parts", r#"["first",""]"#]);
    }
}

#[test]
fn a_message_over_the_limit_is_answered_with_1009() {
    let server = Server::start(ServerOptions {
        max_message_size: 1_000,
        ..ServerOptions::default()
    })
    .unwrap();
    let mut client = connect(&server, Scheme::Ws, "/echo");
    client.send(Message::text("x".repeat(1_000))).unwrap();
    assert_eq!(next_text(&mut client).len(), 1_000);
    client.send(Message::text("x".repeat(1_001))).unwrap();
    assert_eq!(next_close(&mut client).map(|close| close.0), Some(1009));
}

#[test]
fn raw_writes_the_bytes_given() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(
            &server,
            scheme,
            "/raw?hex=0103616263,8002%204041&answer=1&id=raw",
        );
        assert_eq!(next_text(&mut client), "abc@A");
        client.close(None).unwrap();
        assert_eq!(next_close(&mut client), None);

        let mut client = connect(&server, scheme, "/raw?hex=810161&on=message&then=cut");
        client.send(Message::text("go")).unwrap();
        assert_eq!(next_text(&mut client), "a");
        assert!(matches!(
            client.read(),
            Err(Error::Protocol(_) | Error::Io(_))
        ));

        for bad in ["8", "zz", "81016", "%C3%A9"] {
            let asked = request(&server, scheme, &format!("/raw?hex={bad}"));
            assert!(matches!(
                connect_with(&server, scheme, asked),
                Err(Error::Http(_))
            ));
        }
    }
}
