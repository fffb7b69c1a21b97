//! Through proxies that say no, say nothing, or say too much.

use super::*;

/// What becomes of a connection when the proxy, having been asked, says this and ends the line.
fn refusal(scheme: &str, answer: &'static [u8]) -> ErrorKind {
    let proxy = serve(move |mut tcp| {
        let mut byte = [0];
        tcp.read_exact(&mut byte).unwrap();
        tcp.write_all(answer).unwrap();
        tcp.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let closed = client(&format!("{scheme}://{proxy}")).fail("ws://chat.invalid/");
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().phase(), Phase::Proxy, "{}", closed.why());
    closed.why().kind().clone()
}

#[test]
fn answers_that_are_cut_or_are_none() {
    use ErrorKind::ProxyRefused;
    for (scheme, answer, expected) in [
        ("http", &b""[..], ProxyRefusal::Truncated),
        ("http", b"HTTP/1.1 200 O", ProxyRefusal::Truncated),
        (
            "http",
            b"HTTP/1.1 200 OK\r\nA: b\r\n",
            ProxyRefusal::Truncated,
        ),
        (
            "http",
            b"HTTP/1.1 403 No\r\n\r\n",
            ProxyRefusal::Status(403),
        ),
        ("socks5", b"", ProxyRefusal::Truncated),
        ("socks5", b"\x05", ProxyRefusal::Truncated),
        (
            "socks5",
            b"\x05\x00\x05\x00\x00\x03",
            ProxyRefusal::Truncated,
        ),
        (
            "socks5",
            b"HTTP/1.1 400 No\r\n\r\n",
            ProxyRefusal::NotSocks5(b'H'),
        ),
        (
            "socks5",
            b"\x05\x00\x05\x02\x00\x01",
            ProxyRefusal::Reply(2),
        ),
    ] {
        assert_eq!(refusal(scheme, answer), ProxyRefused(expected));
    }
    let garbage = refusal("http", b"\x16\x03\x01 this is something else");
    assert!(matches!(garbage, ProxyRefused(ProxyRefusal::NotHttp(_))));
}

#[test]
fn a_head_without_an_end_is_not_read_for_ever() {
    for (begin, go_on) in [
        ("HTTP/1.1 200 OK\r\nX: ", "x"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ] {
        let proxy = raw_proxy(move |mut tcp| {
            let _ = tcp.write_all(begin.as_bytes());
            while tcp.write_all(go_on.as_bytes()).is_ok() {}
        });
        let closed = client(&proxy).fail("ws://chat.invalid/");
        let refusal = ProxyRefusal::HeadTooLong(16 << 10);
        assert_eq!(closed.why().kind(), &ErrorKind::ProxyRefused(refusal));
        no_secrets(&closed);
    }
    let proxy = raw_proxy(|mut tcp| {
        let _ = tcp.write_all(b"HTTP/1.1 200 OK\r\n");
        while tcp.write_all(b"X: y\r\n").is_ok() {}
    });
    let closed = client(&proxy).fail("ws://chat.invalid/");
    let refusal = ProxyRefusal::TooManyHeaders(100);
    assert_eq!(closed.why().kind(), &ErrorKind::ProxyRefused(refusal));
}

#[test]
fn a_proxy_that_is_never_done_runs_into_the_deadline() {
    let silent: fn(TcpStream) = |mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    };
    let dripping: fn(TcpStream) = |mut tcp| {
        while tcp.write_all(b"\r\n").is_ok() {
            thread::sleep(Duration::from_millis(5));
        }
    };
    for (scheme, connection) in [("http", silent), ("http", dripping), ("socks5", silent)] {
        let url = raw_proxy(connection).replace("http", scheme);
        let mut client = Client::with(|options| {
            through(&url)(options);
            options.timeouts.handshake = Duration::from_millis(300);
        });
        let closed = client.fail("ws://chat.invalid/");
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().phase(), Phase::Proxy);
        assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
        no_secrets(&closed);
    }
}

#[test]
fn close_does_not_wait_for_a_silent_proxy() {
    let proxy = raw_proxy(|mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let started = Instant::now();
    let mut client = client(&proxy);
    let id = client.connect("ws://chat.invalid/");
    thread::sleep(Duration::from_millis(50));
    client.close(id, None, "");
    assert_eq!(client.closed().why().kind(), &ErrorKind::Cancelled);
    drop(client);
    // All of it took no deadline of thirty seconds.
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// Passes bytes on, one at a time, after answering with these, one at a time too.
fn dripping_proxy(server: u16, answers: &'static [&'static [u8]]) -> std::net::SocketAddr {
    serve(move |mut client| {
        client.set_nodelay(true).unwrap();
        for answer in answers {
            // What is asked comes whole, because it is short.
            assert!(client.read(&mut [0; 4096]).unwrap() > 0);
            for byte in *answer {
                client.write_all(&[*byte]).unwrap();
            }
        }
        let mut server = TcpStream::connect(("127.0.0.1", server)).unwrap();
        server.set_nodelay(true).unwrap();
        let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut from, &mut to));
        let mut byte = [0];
        while server.read(&mut byte).unwrap_or(0) > 0 && client.write_all(&byte).is_ok() {}
    })
}

#[test]
fn a_proxy_may_send_byte_by_byte() {
    let server = websocket(echo);
    const INTERIM: &[u8] =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Yes\r\nContent-Length: 9\r\n\r\n";
    let http = dripping_proxy(port_of(&server), &[INTERIM]);
    let socks = dripping_proxy(
        port_of(&server),
        &[b"\x05\x00", b"\x05\x00\x00\x03\x04name\x00\x50"],
    );
    for proxy in [format!("http://{http}"), format!("socks5://{socks}")] {
        let mut client = client(&proxy);
        let id = client.open("ws://chat.invalid/");
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
    }
}

#[test]
fn what_comes_right_behind_the_answer_belongs_to_the_tunnel() {
    let http = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 403 Forbidden\r\n\r\n";
    let socks = b"\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00HTTP/1.1 403 Forbidden\r\n\r\n";
    for (scheme, answer) in [("http", &http[..]), ("socks5", socks)] {
        let proxy = serve(move |mut tcp| {
            tcp.write_all(answer).unwrap();
            let _ = tcp.read_to_end(&mut Vec::new());
        });
        let url = format!("{scheme}://{proxy}");
        let closed = client(&url).fail("ws://chat.invalid/");
        assert_eq!(closed.why().phase(), Phase::Handshake);
        let refusal = ErrorKind::Refused(Refusal::Status(403));
        assert_eq!(closed.why().kind(), &refusal);
        // It is no TLS either.
        let closed = client(&url).fail("wss://chat.invalid/");
        assert_eq!(closed.why().phase(), Phase::Tls);
        assert_eq!(closed.why().subject(), "chat.invalid:443");
    }
}
