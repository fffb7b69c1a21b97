//! Through proxies that work, and through some that do not.

mod broken;
#[cfg(feature = "ring")]
mod tls;

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
