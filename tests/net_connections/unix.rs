//! Servers on Unix-domain sockets.

#[cfg(target_os = "linux")]
use std::io::Read;
use std::{
    io,
    os::unix::net::{UnixListener, UnixStream},
    path::PathBuf,
    sync::Arc,
    thread,
    time::Duration,
};

use boa_websocket::net::{Denied, ErrorKind, Options, Phase, PolicyRules};
#[cfg(target_os = "linux")]
use socket2::{Domain, SockAddr, Socket, Type};
use tempfile::TempDir;

use crate::harness::{Client, Event, echo};

struct Place {
    _directory: TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        Self {
            _directory: directory,
            path,
        }
    }

    /// Serves every connection on a thread of its own.
    fn serve(&self, connection: impl Fn(UnixStream) + Send + Sync + 'static) {
        let listener = UnixListener::bind(&self.path).unwrap();
        let connection = Arc::new(connection);
        thread::spawn(move || {
            for unix in listener.incoming() {
                let (unix, connection) = (unix.unwrap(), connection.clone());
                thread::spawn(move || connection(unix));
            }
        });
    }

    fn client(&self, change: impl FnOnce(&mut Options)) -> Client {
        Client::with(|options| {
            let sockets = &mut options.unix_sockets;
            sockets.insert("app.test", None, &self.path).unwrap();
            change(options);
        })
    }
}

#[test]
fn messages_go_both_ways_and_the_close_is_clean() {
    let place = Place::new();
    place.serve(|unix| echo(tungstenite::accept(unix).unwrap()));
    let mut client = place.client(|_| {});
    let id = client.open("ws://app.test/");
    client.send_text(id, "text");
    assert_eq!(client.text(), "text");
    let large = vec![7; 1 << 20];
    client.send_binary(id, large.clone());
    assert!(client.binary() == large);
    client.close(id, Some(1000), "done");
    let closed = client.closing_then_closed();
    assert_eq!(closed.shown(), (1000, "done", true));
}

#[cfg(feature = "ring")]
#[test]
fn tls_works_over_it() {
    let key = rcgen::generate_simple_self_signed(vec!["app.test".into()]).unwrap();
    let pem = key.cert.pem();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::ring::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![key.cert.der().clone()],
        key.signing_key.serialize_der().try_into().unwrap(),
    )
    .unwrap();
    let config = Arc::new(config);
    let place = Place::new();
    place.serve(move |unix| {
        let tls = rustls::ServerConnection::new(config.clone()).unwrap();
        echo(tungstenite::accept(rustls::StreamOwned::new(tls, unix)).unwrap());
    });
    let mut client = place.client(|options| {
        options.tls.add_pem(pem.as_bytes()).unwrap();
    });
    let id = client.open("wss://app.test/");
    client.send_text(id, "secret");
    assert_eq!(client.text(), "secret");
}

#[test]
fn a_path_where_nobody_listens() {
    let place = Place::new();
    let mut client = place.client(|_| {});
    let mut fails = |kind| {
        let closed = client.fail("ws://app.test/");
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().phase(), Phase::Connect);
        assert_eq!(closed.why().kind(), &ErrorKind::Io(kind));
    };
    fails(io::ErrorKind::NotFound);
    drop(UnixListener::bind(&place.path).unwrap());
    fails(io::ErrorKind::ConnectionRefused);
}

#[test]
fn a_policy_sees_the_url_and_no_address() {
    let place = Place::new();
    place.serve(|unix| echo(tungstenite::accept(unix).unwrap()));
    let mut rules = PolicyRules::new();
    rules.allow("app.test:80").unwrap();
    rules.deny_private();
    let mut client = place.client(|options| options.policy = Some(Arc::new(rules)));
    client.open("ws://app.test/");
    let closed = client.fail("ws://app.test:81/");
    let why = Denied::new("no rule allows app.test:81");
    assert_eq!(closed.why().kind(), &ErrorKind::Denied(why));
}

#[test]
fn rules_about_addresses_allow_no_socket_without_one() {
    let place = Place::new();
    place.serve(|unix| echo(tungstenite::accept(unix).unwrap()));
    let mut rules = PolicyRules::new();
    rules.allow("10.0.0.0/8").unwrap();
    let mut client = place.client(|options| options.policy = Some(Arc::new(rules)));
    let closed = client.fail("ws://app.test/");
    assert!(matches!(closed.why().kind(), ErrorKind::Denied(_)));
}

#[test]
fn one_handshake_at_a_time_to_a_path() {
    let place = Place::new();
    let listener = UnixListener::bind(&place.path).unwrap();
    let mut client = place.client(|options| {
        let sockets = &mut options.unix_sockets;
        sockets.insert("other.test", None, &place.path).unwrap();
    });
    client.connect("ws://app.test/");
    client.connect("ws://other.test/");
    let (first, _) = listener.accept().unwrap();
    listener.set_nonblocking(true).unwrap();
    thread::sleep(Duration::from_millis(100));
    let waits = listener.accept().unwrap_err();
    assert_eq!(waits.kind(), io::ErrorKind::WouldBlock);

    let _open = tungstenite::accept(first).unwrap();
    assert!(matches!(client.next().1, Event::Opened { .. }));
    listener.set_nonblocking(false).unwrap();
    let (second, _) = listener.accept().unwrap();
    let _open_too = tungstenite::accept(second).unwrap();
    assert!(matches!(client.next().1, Event::Opened { .. }));
}

/// A listener with room for nobody.
#[cfg(target_os = "linux")]
fn full(place: &Place) -> (Socket, Vec<Socket>) {
    let address = SockAddr::unix(&place.path).unwrap();
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        match socket.connect(&address) {
            Ok(()) => waiting.push(socket),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                return (listener, waiting);
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_with_too_many_waiting_is_waited_for_until_the_deadline() {
    let place = Place::new();
    let (listener, waiting) = full(&place);
    let mut client = place.client(|options| {
        options.timeouts.handshake = Duration::from_millis(300);
    });
    let closed = client.fail("ws://app.test/");
    let error = closed.why();
    assert_eq!(
        (error.phase(), error.kind()),
        (Phase::Connect, &ErrorKind::TimedOut)
    );

    // And now one that comes to it in time.
    let mut client = place.client(|_| {});
    client.connect("ws://app.test/");
    thread::sleep(Duration::from_millis(100));
    for _ in &waiting {
        drop(listener.accept().unwrap());
    }
    let (next, _) = listener.accept().unwrap();
    let mut next = tungstenite::accept(next).unwrap();
    assert!(matches!(client.next().1, Event::Opened { .. }));
    drop(client);
    let _ = next.get_mut().read(&mut [0; 64]).unwrap();
}
