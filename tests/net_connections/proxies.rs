//! Through proxies that work, and through some that do not.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{
    ErrorKind, Options, Phase, PolicyRules, Proxy, ProxyOptions, ProxyRefusal, Refusal,
};

use crate::{
    harness::{Client, Closed, Event, echo, read_head, serve, url_of, websocket},
    proxy_server::ProxyServer,
    resolver::Says,
};

const CREDENTIALS: Option<(&str, &str)> = Some(("user", "pass@word"));

/// The options that send everything through this proxy.
fn through(url: &str) -> impl Fn(&mut Options) + use<> {
    let proxy = Proxy::parse(url).unwrap();
    move |options| options.proxy = proxy.clone().into()
}

fn client(url: &str) -> Client {
    Client::with(through(url))
}

/// Both kinds of proxies, each with the beginning of its URL.
fn both(credentials: Option<(&'static str, &'static str)>) -> [(&'static str, ProxyServer); 2] {
    [
        ("http", ProxyServer::http(credentials)),
        ("socks5", ProxyServer::socks5(credentials)),
    ]
}

fn port_of(url: &str) -> u16 {
    url.trim_end_matches('/')
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap()
}

/// A proxy that does what it is told, once it has read what `asks` says.
fn raw_proxy(connection: impl Fn(TcpStream) + Send + Sync + 'static) -> String {
    let address = serve(connection);
    format!("http://user:secret-password@{address}")
}

fn no_secrets(closed: &Closed) {
    let error = closed.why();
    let text = format!("{error} {error:?}");
    assert!(!text.contains("secret"), "{text}");
}

#[test]
fn messages_go_there_and_back() {
    let server = websocket(echo);
    for (scheme, proxy) in both(None) {
        let mut client = client(&format!("{scheme}://{}", proxy.address));
        let id = client.open(&server);
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
        client.send_binary(id, vec![7; 1 << 20]);
        assert!(client.binary() == vec![7; 1 << 20]);
        client.close(id, Some(3000), "done");
        assert_eq!(client.closing_then_closed().shown(), (3000, "done", true));
        assert_eq!(proxy.asked(), [format!("127.0.0.1:{}", port_of(&server))]);
    }
}

#[test]
fn names_and_addresses_are_passed_as_they_stand_in_the_url() {
    let port = port_of(&websocket(echo));
    for (scheme, proxy) in both(None) {
        let mut client = client(&format!("{scheme}://{}", proxy.address));
        // Nobody here could resolve the first two.
        let hosts = [
            "chat.invalid",
            "xn--bcher-kva.invalid",
            "localhost",
            "[2001:db8::1]",
        ];
        for host in hosts {
            client.open(&format!("ws://{host}:{port}/"));
        }
        assert_eq!(proxy.asked(), hosts.map(|host| format!("{host}:{port}")));
    }
}

#[test]
fn credentials_go_to_the_proxy_and_not_to_the_server() {
    let (heads, seen) = mpsc::channel();
    let server = url_of(serve(move |mut tcp| {
        heads.send(read_head(&mut tcp)).unwrap();
    }));
    for (scheme, proxy) in both(CREDENTIALS) {
        let address = proxy.address;
        let mut good = client(&format!("{scheme}://user:pass%40word@{address}"));
        let closed = good.fail(&server);
        let truncated = ErrorKind::Refused(Refusal::Truncated);
        assert_eq!(closed.why().kind(), &truncated, "the server has ended it");
        let head = seen.recv().unwrap();
        assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
        assert!(!head.to_lowercase().contains("proxy"), "{head}");
        assert_eq!(proxy.asked().len(), 1);

        for (user_info, expected) in [
            ("user:secret@", ["407", "does not accept the user name"]),
            ("", ["407", "none of the ways to authenticate"]),
        ] {
            let mut bad = client(&format!("{scheme}://{user_info}{address}"));
            let closed = bad.fail(&server);
            assert_eq!(closed.shown(), (1006, "", false));
            assert_eq!(closed.why().phase(), Phase::Proxy);
            let text = closed.why().to_string();
            let expected = expected[usize::from(scheme == "socks5")];
            assert!(text.contains(expected), "{text}");
            assert!(text.contains(&format!("{scheme}://{address}")), "{text}");
            no_secrets(&closed);
        }
        assert_eq!(proxy.asked().len(), 1);
    }
}

#[test]
fn a_server_that_the_proxy_cannot_reach() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = url_of(nobody.local_addr().unwrap());
    drop(nobody);
    for (scheme, proxy) in both(None) {
        let closed = client(&format!("{scheme}://{}", proxy.address)).fail(&url);
        assert_eq!(closed.shown(), (1006, "", false));
        let refusal = match scheme {
            "http" => ProxyRefusal::Status(502),
            _ => ProxyRefusal::Reply(5),
        };
        let error = closed.why();
        assert_eq!(error.phase(), Phase::Proxy);
        assert_eq!(error.kind(), &ErrorKind::ProxyRefused(refusal));
        let target = url.trim_start_matches("ws://").trim_end_matches('/');
        assert!(error.to_string().contains(target), "{error}");
    }
}

#[test]
fn a_proxy_that_is_not_there_is_not_bypassed() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let server = url_of(serve(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    }));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    for scheme in ["http", "socks5"] {
        let closed = client(&format!("{scheme}://user:secret@{address}")).fail(&server);
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().phase(), Phase::Connect);
        let text = closed.why().to_string();
        let expected = format!("connecting to the proxy {scheme}://{address}:");
        assert!(text.starts_with(&expected), "{text}");
        no_secrets(&closed);
    }
    // Its label is too long for DNS.
    let name = format!("{}.invalid", "a".repeat(64));
    let closed = client(&format!("http://{name}")).fail(&server);
    assert_eq!(closed.why().phase(), Phase::Resolve);
    let text = closed.why().to_string();
    assert!(text.contains(&name) && text.contains("proxy"), "{text}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[test]
fn the_scheme_and_the_exceptions_choose() {
    let server = websocket(echo);
    let plain = ProxyServer::http(None);
    let mut client = Client::with(|options| {
        let url = format!("http://{}", plain.address);
        options.proxy.ws = Some(Proxy::parse(&url).unwrap());
        options.proxy.no_proxy = "localhost, 192.0.2.0/24".parse().unwrap();
    });
    client.open(&server);
    assert_eq!(plain.asked().len(), 1);
    client.open(&server.replace("127.0.0.1", "localhost"));
    assert_eq!(plain.asked().len(), 1, "excepted");

    let mut client = Client::with(|options| {
        let url = format!("http://{}", plain.address);
        let proxy = ProxyOptions::all(Proxy::parse(&url).unwrap());
        options.proxy.wss = proxy.wss;
    });
    client.open(&server);
    assert_eq!(plain.asked().len(), 1, "for wss: only");
}

#[test]
fn the_url_is_checked_as_it_is_without_a_proxy() {
    let proxy = ProxyServer::http(None);
    let closed = client(&format!("http://{}", proxy.address)).fail("ws://mail.invalid:25/");
    assert_eq!(closed.why().kind(), &ErrorKind::BlockedPort(25));
    assert!(proxy.asked().is_empty());
}

/// A proxy whose name resolves to this machine, in the second place.
fn through_a_name(proxy: &ProxyServer) -> (Arc<Says>, impl Fn(&mut Options) + use<>) {
    let says = Says::new(&["127.0.0.2", "127.0.0.1"]);
    let url = format!("http://proxy.invalid:{}", proxy.address.port());
    let (resolver, through) = (says.clone(), through(&url));
    let change = move |options: &mut Options| {
        through(options);
        options.resolver = Some(resolver.clone());
    };
    (says, change)
}

#[test]
fn the_proxys_name_is_looked_up_and_its_addresses_tried_and_the_servers_is_not() {
    let port = port_of(&websocket(echo));
    let proxy = ProxyServer::http(None);
    let (says, change) = through_a_name(&proxy);
    let mut client = Client::with(change);
    client.open(&format!("ws://chat.invalid:{port}/"));
    assert_eq!(says.asked(), 1);
    assert_eq!(proxy.asked(), [format!("chat.invalid:{port}")]);
}

#[test]
fn the_policy_is_about_the_url_and_not_about_the_proxy() {
    let port = port_of(&websocket(echo));
    let proxy = ProxyServer::http(None);
    let (_, change) = through_a_name(&proxy);
    let with_rules = |add: fn(&mut PolicyRules)| {
        let mut rules = PolicyRules::new();
        add(&mut rules);
        Client::with(|options| {
            change(options);
            options.policy = Some(Arc::new(rules));
        })
    };
    let url = format!("ws://chat.invalid:{port}/");
    with_rules(PolicyRules::deny_private).open(&url);
    with_rules(|rules| rules.allow("chat.invalid").unwrap()).open(&url);
    assert_eq!(proxy.asked().len(), 2);
    let mut others = with_rules(|rules| rules.allow("other.invalid").unwrap());
    // Whether the name has such an address is not known here.
    let mut networks = with_rules(|rules| rules.allow("127.0.0.0/8").unwrap());
    for client in [&mut others, &mut networks] {
        let closed = client.fail(&url);
        assert_eq!(closed.why().phase(), Phase::Policy);
        assert!(matches!(closed.why().kind(), ErrorKind::Denied(_)));
    }
    assert_eq!(proxy.asked().len(), 2);
    networks.open(&format!("ws://127.0.0.1:{port}/"));
}

#[cfg(unix)]
#[test]
fn a_unix_domain_socket_is_reached_without_a_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    thread::spawn(move || echo(tungstenite::accept(listener.accept().unwrap().0).unwrap()));
    let proxy = ProxyServer::http(None);
    let mut client = Client::with(|options| {
        through(&format!("http://{}", proxy.address))(options);
        let sockets = &mut options.unix_sockets;
        sockets.insert("local.invalid", None, &path).unwrap();
    });
    client.open("ws://local.invalid/");
    assert!(proxy.asked().is_empty());
}

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

#[test]
fn one_handshake_at_a_time_for_each_name_behind_a_proxy() {
    // The proxy answers nobody before it has been asked by two, or some time has passed.
    let asked_for = |urls: [&str; 2], serial: bool| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = format!("http://{}", listener.local_addr().unwrap());
        let proxy_thread = thread::spawn(move || {
            let (first, _) = listener.accept().unwrap();
            listener.set_nonblocking(true).unwrap();
            let until = Instant::now() + Duration::from_millis(300);
            while Instant::now() < until {
                if let Ok((second, _)) = listener.accept() {
                    return (first, Some(second));
                }
                thread::sleep(Duration::from_millis(5));
            }
            (first, None)
        });
        let mut client = Client::with(|options| {
            through(&proxy)(options);
            options.serial_handshakes = serial;
        });
        for url in urls {
            client.connect(url);
        }
        proxy_thread.join().unwrap().1.is_some()
    };
    let (a, b) = ("ws://a.invalid/", "ws://b.invalid/");
    assert!(!asked_for([a, a], true), "the second one waits");
    assert!(asked_for([a, b], true), "the proxy's address is no reason");
    assert!(asked_for([a, a], false), "lifted");
}

#[test]
fn a_turn_behind_a_proxy_is_handed_on() {
    let proxy = raw_proxy(|mut tcp| {
        read_head(&mut tcp);
        tcp.write_all(b"HTTP/1.1 503 Busy\r\n\r\n").unwrap();
    });
    let mut client = client(&proxy);
    let mut waiting: Vec<_> = (0..20)
        .map(|number| client.connect(&format!("ws://{}.invalid/", number % 3)))
        .collect();
    while !waiting.is_empty() {
        let (id, event) = client.next();
        assert!(matches!(event, Event::Closed(_)));
        waiting.retain(|other| *other != id);
    }
}

#[cfg(feature = "ring")]
mod tls {
    use std::io::ErrorKind::WouldBlock;

    use boa_websocket::net::CertificateFault;
    use rustls::{
        ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer},
        server::WebPkiClientVerifier,
    };
    use tungstenite::Message;

    use super::*;

    /// A certificate and its key, signed by itself.
    struct Identity {
        certificate: CertificateDer<'static>,
        key: PrivateKeyDer<'static>,
    }

    impl Identity {
        fn of(name: &str) -> Self {
            let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
            Self {
                certificate: made.cert.der().clone(),
                key: made.signing_key.serialize_der().try_into().unwrap(),
            }
        }

        fn trusted(&self, options: &mut Options) {
            options.tls.add_der(self.certificate.to_vec()).unwrap();
        }

        fn roots(&self) -> RootCertStore {
            let mut roots = RootCertStore::empty();
            roots.add(self.certificate.clone()).unwrap();
            roots
        }

        /// A server's settings; it asks for the certificate of `client`, and does not insist.
        fn server(&self, client: Option<&Self>) -> Arc<ServerConfig> {
            let provider = Arc::new(ring::default_provider());
            let config = ServerConfig::builder_with_provider(provider.clone())
                .with_safe_default_protocol_versions()
                .unwrap();
            let config = match client {
                None => config.with_no_client_auth(),
                Some(client) => config.with_client_cert_verifier(
                    WebPkiClientVerifier::builder_with_provider(client.roots().into(), provider)
                        .allow_unauthenticated()
                        .build()
                        .unwrap(),
                ),
            };
            let chain = vec![self.certificate.clone()];
            let config = config.with_single_cert(chain, self.key.clone_key());
            Arc::new(config.unwrap())
        }
    }

    type TlsStream = StreamOwned<ServerConnection, TcpStream>;

    fn tls_server(
        config: Arc<ServerConfig>,
        connection: impl Fn(TlsStream) + Send + Sync + 'static,
    ) -> std::net::SocketAddr {
        serve(move |tcp| {
            tcp.set_nodelay(true).unwrap();
            let tls = ServerConnection::new(config.clone()).unwrap();
            connection(StreamOwned::new(tls, tcp));
        })
    }

    fn wss_server(
        config: Arc<ServerConfig>,
        connection: impl Fn(tungstenite::WebSocket<TlsStream>) + Send + Sync + 'static,
    ) -> u16 {
        let address = tls_server(config, move |tls| {
            if let Ok(websocket) = tungstenite::accept(tls) {
                connection(websocket);
            }
        });
        address.port()
    }

    /// TLS in front of a proxy; tells whether the client has shown a certificate.
    fn tls_before(
        proxy: &ProxyServer,
        config: Arc<ServerConfig>,
        certificates: mpsc::Sender<bool>,
    ) -> String {
        let behind = proxy.address;
        let address = tls_server(config, move |mut tls| {
            let mut behind = TcpStream::connect(behind).unwrap();
            if tls.conn.complete_io(&mut tls.sock).is_err() {
                return;
            }
            let _ = certificates.send(tls.conn.peer_certificates().is_some());
            pass(&mut tls, &mut behind);
        });
        format!("https://localhost:{}", address.port())
    }

    /// Passes bytes on in both directions on one thread, which the two ends of TLS share: reads do not
    /// block, writes do.
    fn pass(tls: &mut TlsStream, plain: &mut TcpStream) {
        let mut buffer = vec![0; 64 << 10];
        let (mut tls_open, mut plain_open) = (true, true);
        while tls_open || plain_open {
            let mut idle = true;
            if tls_open {
                tls.sock.set_nonblocking(true).unwrap();
                let read = tls.read(&mut buffer);
                tls.sock.set_nonblocking(false).unwrap();
                match read {
                    Err(error) if error.kind() == WouldBlock => {}
                    Ok(0) | Err(_) => {
                        tls_open = false;
                        let _ = plain.shutdown(std::net::Shutdown::Write);
                    }
                    Ok(count) => {
                        idle = false;
                        let _ = plain.write_all(&buffer[..count]);
                    }
                }
            }
            if plain_open {
                plain.set_nonblocking(true).unwrap();
                let read = plain.read(&mut buffer);
                plain.set_nonblocking(false).unwrap();
                match read {
                    Err(error) if error.kind() == WouldBlock => {}
                    Ok(0) | Err(_) => {
                        plain_open = false;
                        tls.conn.send_close_notify();
                        let _ = tls.flush();
                    }
                    Ok(count) => {
                        idle = false;
                        let _ = tls.write_all(&buffer[..count]);
                    }
                }
            }
            if idle {
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    #[test]
    fn tls_goes_through_to_the_server_whose_name_it_checks() {
        let identity = Identity::of("chat.invalid");
        let port = wss_server(identity.server(None), echo);
        for (scheme, proxy) in both(CREDENTIALS) {
            let url = format!("{scheme}://user:pass%40word@{}", proxy.address);
            let mut client = Client::with(|options| {
                through(&url)(options);
                identity.trusted(options);
            });
            let id = client.open(&format!("wss://chat.invalid:{port}/"));
            client.send_text(id, "hello");
            assert_eq!(client.text(), "hello");
            client.close(id, Some(1000), "");
            assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
            assert_eq!(proxy.asked(), [format!("chat.invalid:{port}")]);

            let closed = client.fail(&format!("wss://other.invalid:{port}/"));
            assert_eq!(closed.why().phase(), Phase::Tls);
            let fault = ErrorKind::Certificate(CertificateFault::WrongName);
            assert_eq!(closed.why().kind(), &fault);
            assert!(closed.why().subject().starts_with("other.invalid"));
        }
    }

    #[test]
    fn a_proxy_may_itself_be_reached_over_tls() {
        let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
        let behind = ProxyServer::http(CREDENTIALS);
        let (certificates, _seen) = mpsc::channel();
        let proxy = tls_before(&behind, outer.server(None), certificates);
        let plain = port_of(&websocket(echo));
        let secure = wss_server(inner.server(None), echo);
        let mut client = Client::with(|options| {
            through(&proxy.replace("//", "//user:pass%40word@"))(options);
            outer.trusted(options);
            inner.trusted(options);
        });
        for url in [
            format!("ws://chat.invalid:{plain}/"),
            format!("wss://chat.invalid:{secure}/"),
        ] {
            let id = client.open(&url);
            client.send_text(id, "hello");
            assert_eq!(client.text(), "hello");
            for size in [0, 1, 16_383, 16_385, 1 << 20, 5 << 20] {
                let bytes: Vec<u8> = (0..size)
                    .map(|at: usize| (at * 7 + at / 251) as u8)
                    .collect();
                client.send_binary(id, bytes.clone());
                assert!(client.binary() == bytes, "{size} bytes");
            }
            client.close(id, Some(3000), "done");
            assert_eq!(client.closing_then_closed().shown(), (3000, "done", true));
        }
        let asked = [plain, secure].map(|port| format!("chat.invalid:{port}"));
        assert_eq!(behind.asked(), asked);
    }

    #[test]
    fn much_at_once_in_both_directions_through_two_layers_of_tls() {
        const COUNT: usize = 300;
        let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
        let behind = ProxyServer::http(None);
        let (certificates, _seen) = mpsc::channel();
        let proxy = tls_before(&behind, outer.server(None), certificates);
        let port = wss_server(inner.server(None), |mut websocket| {
            for number in 0..COUNT {
                let message = Message::binary(vec![number as u8; 10_000]);
                websocket.send(message).unwrap();
            }
            for number in 0..COUNT {
                let got = websocket.read().unwrap().into_data();
                assert_eq!(got, vec![number as u8; 10_000]);
            }
            websocket.send(Message::text("got it")).unwrap();
            while websocket.read().is_ok() {}
        });
        let mut client = Client::with(|options| {
            through(&proxy)(options);
            outer.trusted(options);
            inner.trusted(options);
        });
        let id = client.open(&format!("wss://chat.invalid:{port}/"));
        for number in 0..COUNT {
            client.send_binary(id, vec![number as u8; 10_000]);
        }
        for number in 0..COUNT {
            assert_eq!(client.binary(), [number as u8; 10_000]);
        }
        assert_eq!(client.text(), "got it");
        client.close(id, Some(1000), "");
        assert!(client.closing_then_closed().was_clean);
    }

    #[test]
    fn a_tls_proxy_that_is_cut_ends_the_connection_as_a_server_does() {
        let identity = Identity::of("localhost");
        // It is the server, too.
        let proxy = |then: fn(tungstenite::WebSocket<TlsStream>)| {
            let address = tls_server(identity.server(None), move |mut tls| {
                let head = read_head(&mut tls);
                assert!(head.starts_with("CONNECT chat.invalid:80 "), "{head}");
                tls.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                then(tungstenite::accept(tls).unwrap());
            });
            format!("https://localhost:{}", address.port())
        };
        let open = |url: &str| {
            let mut client = Client::with(|options| {
                through(url)(options);
                identity.trusted(options);
            });
            let id = client.open("ws://chat.invalid/");
            (client, id)
        };
        let cut = proxy(|websocket| {
            let _ = websocket.get_ref().sock.shutdown(std::net::Shutdown::Both);
        });
        let (mut client, _) = open(&cut);
        let closed = client.closed();
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);

        let after_both_frames = proxy(|mut websocket| {
            while websocket.read().is_ok() {}
            let _ = websocket.get_ref().sock.shutdown(std::net::Shutdown::Both);
        });
        let (mut client, id) = open(&after_both_frames);
        client.close(id, Some(3001), "ok");
        assert_eq!(client.closing_then_closed().shown(), (3001, "ok", true));
    }

    #[test]
    fn a_proxy_with_a_bad_certificate_is_told_nothing() {
        let identity = Identity::of("localhost");
        let behind = ProxyServer::http(None);
        let (certificates, seen) = mpsc::channel();
        let proxy = tls_before(&behind, identity.server(None), certificates);
        // Nobody trusts it.
        let closed = client(&proxy).fail("ws://chat.invalid/");
        assert_eq!(closed.why().phase(), Phase::Tls);
        let fault = ErrorKind::Certificate(CertificateFault::UnknownIssuer);
        assert_eq!(closed.why().kind(), &fault);
        assert_eq!(closed.why().subject(), format!("the proxy {proxy}"));
        // It is trusted, for another name.
        let mut client = Client::with(|options| {
            through(&proxy.replace("localhost", "127.0.0.1"))(options);
            identity.trusted(options);
        });
        let closed = client.fail("ws://chat.invalid/");
        let fault = ErrorKind::Certificate(CertificateFault::WrongName);
        assert_eq!(closed.why().kind(), &fault);
        assert!(behind.asked().is_empty() && seen.try_recv().is_err());

        // It speaks no TLS.
        let plain = serve(|mut tcp| {
            let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            let _ = tcp.read_to_end(&mut Vec::new());
        });
        let closed = super::client(&format!("https://{plain}")).fail("ws://chat.invalid/");
        assert_eq!(closed.why().phase(), Phase::Tls);
        assert_eq!(closed.why().subject(), format!("the proxy https://{plain}"));
    }

    #[test]
    fn the_clients_certificate_is_for_the_server_alone() {
        let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
        let user = Identity::of("user");
        let mut roots = outer.roots();
        roots.add(inner.certificate.clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(vec![user.certificate.clone()], user.key.clone_key())
            .unwrap();
        let behind = ProxyServer::http(None);
        let (certificates, at_proxy) = mpsc::channel();
        let proxy = tls_before(&behind, outer.server(Some(&user)), certificates);
        let (certificates, at_server) = mpsc::channel();
        let port = wss_server(inner.server(Some(&user)), move |websocket| {
            let tls = &websocket.get_ref().conn;
            certificates
                .send(tls.peer_certificates().is_some())
                .unwrap();
            echo(websocket);
        });
        let mut client = Client::with(|options| {
            through(&proxy)(options);
            options.tls.set_config(Arc::new(config));
        });
        client.open(&format!("wss://chat.invalid:{port}/"));
        assert!(at_server.recv().unwrap(), "the server is shown it");
        assert!(!at_proxy.recv().unwrap(), "the proxy is not");
    }
}
