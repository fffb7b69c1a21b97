//! Connections that an embedder's dialer makes.

use std::{
    io::{self, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{
    Denied, DialRequest, Dialer, Dialled, ErrorKind, Phase, Policy, Readiness, Transport,
};
use url::Url;

use crate::harness::{Client, Event, PATIENCE, echo};

type Dial = dyn Fn(&DialRequest) -> io::Result<Dialled> + Send + Sync;

/// A dialer that is a function.
struct By(Box<Dial>);

impl std::fmt::Debug for By {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("By")
    }
}

impl Dialer for By {
    fn dial(&self, request: &DialRequest) -> io::Result<Dialled> {
        (self.0)(request)
    }
}

fn by(
    dial: impl Fn(&DialRequest) -> io::Result<Dialled> + Send + Sync + 'static,
) -> Arc<dyn Dialer> {
    Arc::new(By(Box::new(dial)))
}

fn client(dial: impl Fn(&DialRequest) -> io::Result<Dialled> + Send + Sync + 'static) -> Client {
    Client::with(|options| options.dialer = Some(by(dial)))
}

/// A server that echoes, over TCP.
fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let tcp = tcp.unwrap();
            thread::spawn(move || echo(tungstenite::accept(tcp).unwrap()));
        }
    });
    address
}

fn echoes_and_closes(client: &mut Client, url: &str) {
    let id = client.open(url);
    client.send_text(id, "text");
    assert_eq!(client.text(), "text");
    let large = vec![7; 1 << 20];
    client.send_binary(id, large.clone());
    assert!(client.binary() == large);
    client.close(id, Some(1000), "done");
    assert_eq!(client.closing_then_closed().shown(), (1000, "done", true));
}

#[test]
fn it_is_told_where_to_and_its_tcp_connection_is_used() {
    let address = echo_server();
    let (asked, asks) = mpsc::channel();
    let mut client = client(move |request| {
        let what = (
            request.url().to_string(),
            request.host().to_owned(),
            request.port(),
            request.secure(),
            request.time_left().is_some(),
        );
        asked.send(what).unwrap();
        Ok(TcpStream::connect(address)?.into())
    });
    echoes_and_closes(&mut client, "ws://nowhere.test/path?query");
    let what = asks.recv().unwrap();
    let url = "ws://nowhere.test/path?query".to_owned();
    assert_eq!(what, (url, "nowhere.test".to_owned(), 80, false, true));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_does_as_well() {
    use std::os::unix::net::UnixStream;
    let mut client = client(|_| {
        let (ours, theirs) = UnixStream::pair()?;
        thread::spawn(move || echo(tungstenite::accept(theirs).unwrap()));
        Ok(ours.into())
    });
    echoes_and_closes(&mut client, "ws://nowhere.test/");
}

#[test]
fn one_that_fails_or_panics_fails_its_socket_and_no_other() {
    let address = echo_server();
    let mut client = client(move |request| match request.host() {
        "refused.test" => Err(io::ErrorKind::ConnectionRefused.into()),
        "late.test" => Err(io::ErrorKind::TimedOut.into()),
        "broken.test" => panic!("on purpose"),
        _ => Ok(TcpStream::connect(address)?.into()),
    });
    let open = client.open("ws://works.test/");
    for (host, kind, text) in [
        (
            "refused.test",
            ErrorKind::Io(io::ErrorKind::ConnectionRefused),
            "connecting to refused.test:80: connection refused",
        ),
        (
            "late.test",
            ErrorKind::TimedOut,
            "connecting to late.test:80: timed out (timed out)",
        ),
        (
            "broken.test",
            ErrorKind::Io(io::ErrorKind::Other),
            "connecting to broken.test:80: the dialer panicked",
        ),
    ] {
        let closed = client.fail(&format!("ws://{host}/"));
        assert_eq!(closed.shown(), (1006, "", false));
        let error = closed.why();
        assert_eq!((error.phase(), error.kind()), (Phase::Connect, &kind));
        assert_eq!(error.to_string(), text);
    }
    client.send_text(open, "still there");
    assert_eq!(client.text(), "still there");
}

type Gate = Arc<(Mutex<bool>, Condvar)>;

fn wait_for(gate: &Gate) {
    let closed = gate.0.lock().unwrap();
    drop(gate.1.wait_while(closed, |open| !*open).unwrap());
}

fn open_gate(gate: &Gate) {
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

#[test]
fn one_that_never_returns_costs_its_socket_the_deadline_and_is_not_waited_for() {
    let gate = Gate::default();
    let (seen, cancelled) = mpsc::channel();
    let held = gate.clone();
    let mut client = Client::with(|options| {
        options.timeouts.handshake = Duration::from_millis(50);
        options.dialer = Some(by(move |request| {
            wait_for(&held);
            seen.send(request.is_cancelled()).unwrap();
            let (ours, _theirs) = tcp_pair();
            Ok(ours.into())
        }));
    });
    let closed = client.fail("ws://slow.test/");
    assert_eq!(closed.why().phase(), Phase::Connect);
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
    // Nor is it by the end of the network.
    let started = Instant::now();
    drop(client);
    assert!(started.elapsed() < PATIENCE);
    open_gate(&gate);
    assert!(cancelled.recv_timeout(PATIENCE).unwrap());
}

#[test]
fn closing_does_not_wait_for_it_and_tells_it() {
    let (called, calling) = mpsc::channel();
    let (told, cancelled) = mpsc::channel();
    let mut client = client(move |request| {
        called.send(()).unwrap();
        while !request.is_cancelled() {
            thread::sleep(Duration::from_millis(1));
        }
        told.send(()).unwrap();
        Err(io::ErrorKind::Interrupted.into())
    });
    let id = client.connect("ws://slow.test/");
    calling.recv_timeout(PATIENCE).unwrap();
    client.close(id, None, "");
    let closed = client.closed();
    assert_eq!(closed.why().kind(), &ErrorKind::Cancelled);
    cancelled.recv_timeout(PATIENCE).unwrap();
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (ours, listener.accept().unwrap().0)
}

/// Allows what has an address, and what has none on one host.
#[derive(Debug)]
struct OnlyInside;

impl Policy for OnlyInside {
    fn check_url(&self, url: &Url) -> Result<(), Denied> {
        match url.host_str() {
            Some("bad.test") => Err(Denied::new("bad")),
            _ => Ok(()),
        }
    }

    fn check_address(&self, _: &Url, _: SocketAddr) -> Result<(), Denied> {
        Ok(())
    }

    fn check_without_address(&self, url: &Url) -> Result<(), Denied> {
        match url.host_str() {
            Some("inside.test") => Ok(()),
            _ => Err(Denied::new("outside")),
        }
    }
}

#[test]
fn the_policy_and_the_blocked_ports_come_first() {
    let address = echo_server();
    let mut client = Client::with(|options| {
        options.policy = Some(Arc::new(OnlyInside));
        options.dialer = Some(by(move |request| {
            assert_eq!(request.host(), "inside.test");
            Ok(TcpStream::connect(address)?.into())
        }));
    });
    for (url, kind) in [
        ("ws://bad.test/", ErrorKind::Denied(Denied::new("bad"))),
        ("ws://o.test/", ErrorKind::Denied(Denied::new("outside"))),
        ("ws://inside.test:22/", ErrorKind::BlockedPort(22)),
    ] {
        assert_eq!(client.fail(url).why().kind(), &kind, "{url}");
    }
    client.open("ws://inside.test/");
}

/// A TCP connection that no poller knows of: a thread says all the time that there may be
/// something. After so many reads it breaks.
struct Carried {
    tcp: TcpStream,
    reads_left: usize,
}

impl Transport for Carried {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(self.reads_left > 0, "on purpose");
        let result = io::Read::read(&mut self.tcp, buffer);
        if result.is_ok() {
            self.reads_left -= 1;
        }
        result
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.write(bytes)
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.tcp.shutdown(std::net::Shutdown::Write)
    }

    fn set_readiness(&mut self, readiness: Readiness) {
        thread::spawn(move || {
            let until = Instant::now() + PATIENCE;
            while Instant::now() < until {
                readiness.waker().wake();
                thread::sleep(Duration::from_millis(1));
            }
        });
    }
}

#[test]
fn a_transport_carries_bytes_and_one_that_panics_hurts_nobody_else() {
    let address = echo_server();
    let mut client = client(move |request| {
        let tcp = TcpStream::connect(address)?;
        tcp.set_nonblocking(true)?;
        let reads_left = match request.host() {
            // The response of the handshake.
            "breaks.test" => 1,
            _ => usize::MAX,
        };
        Ok(Dialled::transport(Carried { tcp, reads_left }))
    });
    echoes_and_closes(&mut client, "ws://works.test/");
    let open = client.open("ws://works.test/");
    client.connect("ws://breaks.test/");
    assert!(matches!(client.next().1, Event::Opened { .. }));
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert!(
        closed.why().to_string().contains("the transport panicked"),
        "{}",
        closed.why()
    );
    client.send_text(open, "still there");
    assert_eq!(client.text(), "still there");
}
