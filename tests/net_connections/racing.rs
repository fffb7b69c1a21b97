//! Names with several addresses, of which some do not answer.

use std::{
    io,
    net::{IpAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Phase, Resolver, TcpKeepAlive};

use crate::{
    dead_address::DeadAddress,
    harness::{Client, Event, echo},
    resolver::Says,
};

/// A listener, and whatever else is to have the same port at another address.
fn listen<T>(ip: &str, other: impl Fn(u16) -> io::Result<T>) -> (TcpListener, u16, T) {
    for _ in 0..100 {
        let listener = TcpListener::bind((ip.parse::<IpAddr>().unwrap(), 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        // Somebody else may have it there.
        if let Ok(other) = other(port) {
            return (listener, port, other);
        }
    }
    panic!("no port is free at both addresses");
}

/// A server, and a dead address with the same port.
fn live_and_dead(live_ip: &str, dead_ip: &str) -> (u16, DeadAddress) {
    let (listener, _, dead) = listen(live_ip, |port| DeadAddress::at(dead_ip, port));
    serve(listener);
    (dead.address.port(), dead)
}

fn live(ip: &str) -> u16 {
    let (listener, port, ()) = listen(ip, |_| Ok(()));
    serve(listener);
    port
}

fn serve(listener: TcpListener) {
    thread::spawn(move || {
        for tcp in listener.incoming() {
            thread::spawn(move || echo(tungstenite::accept(tcp.unwrap()).unwrap()));
        }
    });
}

fn client(resolver: Arc<dyn Resolver>) -> Client {
    Client::with(|options| options.resolver = Some(resolver))
}

/// Long before any deadline, and long enough for a machine with other things to do.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn a_dead_address_does_not_keep_a_live_one_from_being_found() {
    for (live_ip, dead_ip) in [
        ("127.0.0.1", "127.0.0.2"),
        ("127.0.0.1", "::1"),
        ("::1", "127.0.0.1"),
    ] {
        let (port, _dead) = live_and_dead(live_ip, dead_ip);
        let mut client = client(Says::new(&[dead_ip, live_ip]));
        let started = Instant::now();
        let id = client.open(&format!("ws://name.test:{port}/"));
        assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
        client.send_text(id, "found");
        assert_eq!(client.text(), "found");
    }
}

#[test]
fn who_has_lost_does_not_come_back() {
    let (port, dead) = live_and_dead("127.0.0.1", "127.0.0.2");
    let mut client = client(Says::new(&["127.0.0.2", "127.0.0.1"]));
    let id = client.open(&format!("ws://name.test:{port}/"));
    // There is room again, for the attempts that go on: the operating system repeats them, in a second at first.
    let listener = TcpListener::from(dead);
    listener.set_nonblocking(true).unwrap();
    let until = Instant::now() + Duration::from_millis(1500);
    let mut waiting = 0;
    while Instant::now() < until {
        match listener.accept() {
            Ok(_) => waiting += 1,
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
    // The one that had filled the queue, and the one that was to prove that it is full.
    assert!((1..=2).contains(&waiting), "{waiting}");
    client.send_text(id, "alone");
    assert_eq!(client.text(), "alone");
}

/// A server that takes its time for each handshake, and says how many there were at once at most.
fn slow(listener: TcpListener) -> Arc<AtomicUsize> {
    let most = Arc::new(AtomicUsize::new(0));
    let (told, now) = (most.clone(), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for tcp in listener.incoming() {
            let (tcp, told, now) = (tcp.unwrap(), told.clone(), now.clone());
            thread::spawn(move || {
                if tcp.peek(&mut [0]).unwrap_or(0) == 0 {
                    // It has lost its race, and made no handshake.
                    return;
                }
                told.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
                thread::sleep(Duration::from_millis(20));
                // Before the answer: the next one may come as soon as that is there.
                now.fetch_sub(1, SeqCst);
                if let Ok(websocket) = tungstenite::accept(tcp) {
                    echo(websocket);
                }
            });
        }
    });
    most
}

/// Two names of the same two servers.
#[derive(Debug)]
struct Crosswise;

impl Resolver for Crosswise {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let mut addresses = vec![[127, 0, 0, 1].into(), [127, 0, 0, 2].into()];
        if host == "back.test" {
            addresses.reverse();
        }
        Ok(addresses)
    }
}

#[test]
fn two_names_of_the_same_servers_do_not_wait_for_each_other_for_ever() {
    let (first, port, second) = listen("127.0.0.1", |port| TcpListener::bind(("127.0.0.2", port)));
    let (first, second) = (slow(first), slow(second));
    let mut client = Client::with(|options| {
        options.resolver = Some(Arc::new(Crosswise));
        options.tcp.attempt_delay = Duration::ZERO;
    });
    for round in 0..60 {
        let name = ["forth.test", "back.test", "127.0.0.1"][round % 3];
        client.connect(&format!("ws://{name}:{port}/"));
    }
    for _ in 0..60 {
        assert!(matches!(client.next().1, Event::Opened { .. }));
    }
    assert_eq!((first.load(SeqCst), second.load(SeqCst)), (1, 1));
}

#[test]
fn an_address_that_refuses_does_not_have_the_next_one_wait() {
    let port = live("127.0.0.1");
    let mut client = Client::with(|options| {
        options.resolver = Some(Says::new(&["127.0.0.2", "127.0.0.3", "127.0.0.1"]));
        // Nothing would come of waiting for it.
        options.tcp.attempt_delay = Duration::from_secs(3600);
    });
    client.open(&format!("ws://name.test:{port}/"));
}

#[test]
fn where_all_are_dead_it_ends_at_the_deadline() {
    let (_free, port, _dead) = listen("127.0.0.3", |port| {
        Ok((
            DeadAddress::at("127.0.0.1", port)?,
            DeadAddress::at("::1", port)?,
        ))
    });
    let mut client = Client::with(|options| {
        options.resolver = Some(Says::new(&["::1", "127.0.0.1"]));
        options.timeouts.handshake = Duration::from_millis(600);
    });
    let closed = client.fail(&format!("ws://name.test:{port}/"));
    assert_eq!(closed.shown(), (1006, "", false));
    let error = closed.why();
    assert_eq!(
        (error.phase(), error.kind()),
        (Phase::Connect, &ErrorKind::TimedOut)
    );
    assert_eq!(
        error.to_string(),
        format!("connecting to name.test:{port}: timed out")
    );
}

#[test]
fn a_crowd_gets_past_a_dead_address_one_at_a_time() {
    const CROWD: usize = 200;
    let (port, _dead) = live_and_dead("127.0.0.1", "127.0.0.2");
    let mut client = client(Says::new(&["127.0.0.2", "127.0.0.1"]));
    let started = Instant::now();
    let ids: Vec<_> = (0..CROWD)
        .map(|_| client.connect(&format!("ws://name.test:{port}/")))
        .collect();
    for _ in &ids {
        assert!(matches!(client.next().1, Event::Opened { .. }));
    }
    // Had each waited for its turn at the dead address, it would be fifty seconds.
    assert!(
        started.elapsed() < Duration::from_secs(25),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_refused_first_address_says_more_than_an_unreachable_one() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    // A multicast address cannot be connected to.
    let mut client = client(Says::new(&["224.0.0.1", "127.0.0.1"]));
    let closed = client.fail(&format!("ws://name.test:{port}/"));
    let refused = ErrorKind::Io(io::ErrorKind::ConnectionRefused);
    assert_eq!(closed.why().kind(), &refused);
}

#[test]
fn ipv6_literals_are_connected_to() {
    // The name may stand for the IPv4 address first, where the port may be another test's.
    let (listener, port, other) = listen("::1", |port| TcpListener::bind(("127.0.0.1", port)));
    serve(listener);
    serve(other);
    let mut client = Client::new();
    for host in ["[::1]", "[0:0:0:0:0:0:0:1]", "localhost"] {
        let id = client.open(&format!("ws://{host}:{port}/"));
        client.send_text(id, host);
        assert_eq!(client.text(), host);
    }
    // IPv4 in IPv6.
    let port = live("127.0.0.1");
    client.open(&format!("ws://[::ffff:127.0.0.1]:{port}/"));
}

#[derive(Debug)]
struct Fails;

impl Resolver for Fails {
    fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        assert!(host != "panic.test", "on purpose");
        match host {
            "nothing.test" => Ok(Vec::new()),
            _ => Err(io::Error::other("the directory is closed")),
        }
    }
}

#[test]
fn a_resolver_that_fails_in_whatever_way_fails_the_socket() {
    let mut client = client(Arc::new(Fails));
    for (host, why) in [
        ("nothing.test", "could not be resolved"),
        ("other.test", "the directory is closed"),
        ("panic.test", "the resolver panicked"),
    ] {
        let closed = client.fail(&format!("ws://{host}/"));
        assert_eq!(closed.why().kind(), &ErrorKind::Unresolved);
        let text = closed.why().to_string();
        assert!(text.contains(host) && text.contains(why), "{text}");
    }
}

#[test]
fn a_resolver_is_asked_once_for_many_and_never_for_localhost() {
    let port = live("127.0.0.1");
    let says = Says::new(&["127.0.0.1"]);
    let mut client = client(says.clone());
    client.open(&format!("ws://localhost:{port}/"));
    assert_eq!(says.asked(), 0);
    client.open(&format!("ws://name.test:{port}/"));
    assert_eq!(says.asked(), 1);
}

#[test]
fn a_keep_alive_that_cannot_be_set_fails_with_that_reason() {
    let port = live("127.0.0.1");
    let mut client = Client::with(|options| {
        options.tcp.keep_alive = Some(TcpKeepAlive::every(Duration::from_secs(1 << 30)));
    });
    let closed = client.fail(&format!("ws://127.0.0.1:{port}/"));
    let text = closed.why().to_string();
    assert!(text.contains("TCP keep-alive"), "{text}");
}
