use std::io::{Read, Write};
use std::net::Shutdown;

use serde_json::{Value, json};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

use super::super::{CloseReceived, End};
use super::*;

fn close_frame(code: u16, reason: &str) -> Option<CloseFrame> {
    Some(CloseFrame {
        code: code.into(),
        reason: reason.to_owned().into(),
    })
}

fn ends_in_order(client: &mut Client) -> bool {
    matches!(client.read(), Err(Error::ConnectionClosed))
}

#[test]
fn close_sends_the_code_and_reason_asked_for() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/close?code=4001&reason=bye%20bye");
        assert_eq!(next_close(&mut client), Some((4001, "bye bye".to_owned())));
        assert!(ends_in_order(&mut client));

        let mut client = connect(&server, scheme, "/close");
        assert_eq!(next_close(&mut client), None);
        assert!(ends_in_order(&mut client));

        let mut client = connect(&server, scheme, "/close?code=3000&on=message");
        client.send(Message::text("now")).unwrap();
        assert_eq!(next_close(&mut client), Some((3000, String::new())));
        assert!(ends_in_order(&mut client));

        // As an answer, with a code of its own.
        let mut client = connect(
            &server,
            scheme,
            "/close?code=4002&reason=mine&on=close&id=answer",
        );
        client.send(Message::text("not yet")).unwrap();
        client.close(close_frame(4003, "yours")).unwrap();
        assert_eq!(next_close(&mut client), Some((4002, "mine".to_owned())));
        assert!(ends_in_order(&mut client));
        let record = server.wait_for_record("answer", PATIENCE).unwrap();
        assert_eq!(
            record.close,
            Some(CloseReceived {
                code: Some(4003),
                reason: "yours".to_owned()
            })
        );
        assert_eq!((record.messages, record.bytes), (1, 7));
    }
}

/// Codes that may not be on the wire: tungstenite's client will not take them, so the frame is read as bytes.
#[test]
fn close_sends_codes_that_are_not_for_the_wire() {
    let server = server();
    for code in [0_u16, 1004, 1005, 1006, 1015, 65_535] {
        let client = connect(
            &server,
            Scheme::Ws,
            &format!("/close?code={code}&on=message"),
        );
        let mut client = tungstenite::WebSocket::from_raw_socket(
            client.into_inner(),
            tungstenite::protocol::Role::Client,
            None,
        );
        client.send(Message::text("now")).unwrap();
        let mut frame = [0; 4];
        client.get_mut().read_exact(&mut frame).unwrap();
        assert_eq!(
            frame,
            [0x88, 2, code.to_be_bytes()[0], code.to_be_bytes()[1]]
        );
    }
}

#[test]
fn the_end_after_close_can_be_kept_back_or_cut() {
    let server = server();
    for scheme in BOTH {
        // Kept until the client ends its half.
        let mut line = tcp(server.address());
        let mut tls = tls(&server, "127.0.0.1");
        let line: &mut dyn Stream = if scheme == Scheme::Ws {
            &mut line
        } else {
            &mut tls
        };
        let head = "GET /close?code=1000&end=keep&id=kept HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\
            Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        line.write_all(head.as_bytes()).unwrap();
        line.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8])
            .unwrap();
        line.flush().unwrap();
        let mut received = Vec::new();
        while !received.ends_with(&[0x88, 2, 0x03, 0xe8]) {
            let mut byte = [0];
            line.read_exact(&mut byte).unwrap();
            received.push(byte[0]);
        }
        assert!(
            server
                .wait_for_record("kept", PATIENCE)
                .unwrap()
                .close
                .is_some()
        );
        assert_eq!(server.record("kept").unwrap().end, None);
    }
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/close?code=1000&end=cut");
        assert_eq!(next_close(&mut client), Some((1000, String::new())));
        // tungstenite knows that both frames are through, and over TLS that there was no close_notify.
        let _ = client.read();
    }
}

#[test]
fn drop_cuts_the_line() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/drop");
        assert!(matches!(
            client.read(),
            Err(Error::Protocol(_) | Error::Io(_))
        ));

        let mut client = connect(&server, scheme, "/drop?when=message&notify=1");
        client.send(Message::text("stay")).unwrap();
        assert!(matches!(client.read(), Err(Error::Protocol(_))));

        let mut client = connect(&server, scheme, "/drop?when=close&id=closed");
        client.close(close_frame(1000, "")).unwrap();
        assert!(!matches!(client.read(), Ok(_) | Err(Error::Http(_))));
        assert_eq!(
            server
                .wait_for_record("closed", PATIENCE)
                .unwrap()
                .close
                .unwrap()
                .code,
            Some(1000)
        );

        let asked = request(&server, scheme, "/drop?when=connect");
        assert!(!matches!(
            connect_with(&server, scheme, asked),
            Ok(_) | Err(Error::Http(_))
        ));
    }
}

#[test]
fn drop_resets_when_asked() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/drop?reset=1");
        client.send(Message::text("unread")).unwrap();
        match client.read() {
            Err(Error::Io(error)) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
            other => panic!("{other:?} is no reset"),
        }
    }
}

#[test]
fn silent_and_mute_say_nothing() {
    let server = server();
    for path in ["/silent", "/mute", "/mute?read=0"] {
        let mut line = tcp(server.address());
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        line.write_all(head.as_bytes()).unwrap();
        let mut received = Vec::new();
        if path != "/silent" {
            while !received.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                line.read_exact(&mut byte).unwrap();
                received.push(byte[0]);
            }
            line.write_all(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
        }
        line.set_read_timeout(Some(Duration::from_millis(150)))
            .unwrap();
        let said = line.read(&mut [0]).unwrap_err();
        assert!(
            matches!(
                said.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ),
            "{path}: {said}"
        );
        if path != "/mute?read=0" {
            // They end when the client does.
            line.set_read_timeout(Some(PATIENCE)).unwrap();
            line.shutdown(Shutdown::Write).unwrap();
            assert_eq!(line.read(&mut [0]).unwrap(), 0, "{path}");
        }
    }
}

#[test]
fn last_close_tells_what_a_client_sent() {
    let server = server();
    for scheme in BOTH {
        let mut client = connect(&server, scheme, "/echo?id=a");
        client.send(Message::text("abc")).unwrap();
        next(&mut client);
        client.close(close_frame(4000, "so long")).unwrap();
        assert_eq!(next_close(&mut client), Some((4000, "so long".to_owned())));
        assert!(ends_in_order(&mut client));
        drop(client);
        let mut asking = connect(&server, scheme, "/last-close?id=a");
        let answer: Value = serde_json::from_str(&next_text(&mut asking)).unwrap();
        assert_eq!(answer["close"], json!({"code": 4000, "reason": "so long"}));
        assert_eq!(answer["messages"], 1);
        assert_eq!(answer["bytes"], 3);

        let mut asking = connect(&server, scheme, "/last-close?id=a&until=end");
        let answer: Value = serde_json::from_str(&next_text(&mut asking)).unwrap();
        assert_eq!(answer["end"], "eof");

        let mut asking = connect(&server, scheme, "/last-close?id=nobody&ms=1");
        assert_eq!(next_text(&mut asking), "null");
    }
    // Cut without a Close frame.
    let client = connect(&server, Scheme::Ws, "/echo?id=b");
    drop(client);
    let record = server.wait_for_record("b", PATIENCE).unwrap();
    assert_eq!((record.close, record.end), (None, Some(End::Eof)));
}
