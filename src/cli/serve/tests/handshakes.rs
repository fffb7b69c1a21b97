use tungstenite::Message;
use tungstenite::http::HeaderValue;

use super::*;

fn offering(server: &Server, scheme: Scheme, path: &str, protocols: &str) -> Request<()> {
    let mut asked = request(server, scheme, path);
    asked.headers_mut().insert(
        "sec-websocket-protocol",
        HeaderValue::from_str(protocols).unwrap(),
    );
    asked
}

fn chosen(server: &Server, path: &str, protocols: &str) -> Option<String> {
    let asked = offering(server, Scheme::Ws, path, protocols);
    let (_, response) = connect_with(server, Scheme::Ws, asked).unwrap();
    let header = response.headers().get("sec-websocket-protocol");
    header.map(|value| value.to_str().unwrap().to_owned())
}

#[test]
fn subprotocols_are_chosen() {
    let server = server();
    assert_eq!(chosen(&server, "/echo", "a, b"), Some("a".to_owned()));
    assert_eq!(
        chosen(&server, "/echo?protocol=b", "a, b"),
        Some("b".to_owned())
    );
    assert_eq!(chosen(&server, "/protocol", "a, b"), Some("b".to_owned()));
    assert_eq!(
        chosen(&server, "/protocol?choose=a", "a, b"),
        Some("a".to_owned())
    );
    // What the client must refuse, tungstenite's client does.
    for path in [
        "/echo?protocol=none",
        "/protocol?choose=none",
        "/protocol?choose=bogus",
    ] {
        let asked = offering(&server, Scheme::Ws, path, "a, b");
        assert!(
            matches!(
                connect_with(&server, Scheme::Ws, asked),
                Err(Error::Protocol(_))
            ),
            "{path}"
        );
    }
    // A line break in the query does not become one in the header.
    let mut client = connect(&server, Scheme::Ws, "/echo?protocol=a%0d%0aX-Evil:%201");
    client.send(Message::text("fine")).unwrap();
    assert_eq!(next_text(&mut client), "fine");
}

#[test]
fn unusual_handshakes_succeed() {
    let server = server();
    for kind in [
        "plain",
        "split-connection",
        "case",
        "spaces",
        "order",
        "many-headers",
        "byte-by-byte",
    ] {
        for scheme in BOTH {
            let path = format!("/handshake?kind={kind}");
            match connect_with(&server, scheme, request(&server, scheme, &path)) {
                Ok((mut client, _)) => {
                    client.send(Message::text("through")).unwrap();
                    assert_eq!(next_text(&mut client), "through");
                }
                // Right to send, but tungstenite's client looks at the first Connection line only.
                Err(Error::Protocol(_)) if kind == "split-connection" => {}
                // It takes many small pieces for an attack.
                Err(Error::AttackAttempt) if kind == "byte-by-byte" => {}
                Err(error) => panic!("{kind}: {error}"),
            }
        }
    }
    let mut client = connect(&server, Scheme::Ws, "/handshake?kind=coalesced");
    assert_eq!(next_text(&mut client), "first");
    assert_eq!(next_text(&mut client), "second");
}

/// Those that tungstenite's client checks for; the others are for a client that is stricter.
#[test]
fn bad_handshakes_fail() {
    let server = server();
    for kind in [
        "accept",
        "accept-case",
        "no-accept",
        "empty-accept",
        "no-upgrade",
        "wrong-upgrade",
        "no-connection",
        "protocol",
        "status-200",
        "status-102",
        "header-name",
        "garbage",
        "truncated",
        "empty",
        "huge-head",
        "http-1.0",
        "http-2",
    ] {
        for scheme in BOTH {
            let path = format!("/bad-handshake?kind={kind}");
            let asked = request(&server, scheme, &path);
            assert!(
                connect_with(&server, scheme, asked).is_err(),
                "{kind} over {scheme:?}"
            );
        }
    }
    let asked = request(&server, Scheme::Ws, "/bad-handshake?kind=no-such-kind");
    match connect_with(&server, Scheme::Ws, asked) {
        Err(Error::Http(response)) => assert_eq!(response.status(), 400),
        other => panic!("{other:?}"),
    }
}

#[test]
fn status_answers_with_that_status() {
    let server = server();
    for code in [200_u16, 301, 401, 404, 500, 503] {
        let asked = request(
            &server,
            Scheme::Ws,
            &format!("/status?code={code}&location=/echo"),
        );
        match connect_with(&server, Scheme::Ws, asked) {
            Err(Error::Http(response)) => {
                assert_eq!(response.status(), code);
                assert_eq!(response.headers().get("location").is_some(), code == 301);
                assert_eq!(
                    response.headers().get("www-authenticate").is_some(),
                    code == 401
                );
            }
            other => panic!("{code}: {other:?}"),
        }
    }
}

#[test]
fn slow_handshakes_tell_how_many_overlapped() {
    let server = server();
    let mut first = connect(&server, Scheme::Ws, "/slow-handshake?ms=1&group=g");
    assert_eq!(next_text(&mut first), r#"{"overlapping":1}"#);
    // One after another they never overlap.
    let mut second = connect(&server, Scheme::Ws, "/slow-handshake?ms=1&group=g");
    assert_eq!(next_text(&mut second), r#"{"overlapping":1}"#);
    // All at once the last to come sees them all.
    let counts: Vec<String> = std::thread::scope(|scope| {
        let open = || {
            next_text(&mut connect(
                &server,
                Scheme::Ws,
                "/slow-handshake?ms=1000&group=h",
            ))
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(open)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        counts.contains(&r#"{"overlapping":3}"#.to_owned()),
        "{counts:?}"
    );
}
