//! Which threads there are, seen from outside: alone in its process, so that it can count them.
#![cfg(all(feature = "net", target_os = "linux"))]

use std::{
    io::Read,
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{
    Command, ConnectRequest, ErrorKind, EventBatch, Network, Options, SocketEvent, SocketId,
};

#[cfg(test)]
#[path = "net_connections/dead_address.rs"]
mod dead_address;

/// One test at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[cfg(test)]
mod common {
    use super::*;

    /// The names of this process's threads that are of the network.
    pub(crate) fn threads() -> Vec<String> {
        let mut names = Vec::new();
        for task in std::fs::read_dir("/proc/self/task").unwrap() {
            // A thread may end while the directory is read.
            let Ok(stat) = std::fs::read_to_string(task.unwrap().path().join("stat")) else {
                continue;
            };
            // Its number, its name in brackets, and more, of which the seventh is its flags.
            let (name, rest) = stat.rsplit_once(')').unwrap();
            let (_, name) = name.split_once('(').unwrap();
            let flags: u32 = rest.split_whitespace().nth(6).unwrap().parse().unwrap();
            // One that has been joined is listed for a moment longer.
            let exiting = flags & 0x4 != 0;
            if name.starts_with("boaws-") && !exiting {
                names.push(name.to_owned());
            }
        }
        names.sort();
        names
    }

    /// How many of them connect.
    pub(crate) fn connectors() -> usize {
        let names = threads();
        names.iter().filter(|name| *name == "boaws-connect").count()
    }

    /// A server that echoes, or that never answers.
    pub(crate) fn server(silent: bool) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connection = move |mut tcp: TcpStream| {
            if silent {
                let _ = tcp.read_to_end(&mut Vec::new());
            } else if let Ok(mut websocket) = tungstenite::accept(tcp) {
                while websocket.read().is_ok() {}
            }
        };
        thread::spawn(move || {
            for tcp in listener.incoming() {
                match tcp {
                    Ok(tcp) => drop(thread::spawn(move || connection(tcp))),
                    // This process may be out of descriptors for a while.
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        address
    }

    pub(crate) fn network() -> Network {
        Network::new(Options::default(), Arc::new(|| {}))
    }

    pub(crate) fn connect(network: &mut Network, address: SocketAddr) -> SocketId {
        connect_with("ws", network, address)
    }

    pub(crate) fn connect_with(
        scheme: &str,
        network: &mut Network,
        address: SocketAddr,
    ) -> SocketId {
        let id = network.next_id();
        let url = format!("{scheme}://{address}/").parse().unwrap();
        let request = Box::new(ConnectRequest::new(url));
        network.command(Command::Connect { id, request });
        network.flush();
        id
    }

    /// The next event, within a minute.
    pub(crate) fn next(network: &mut Network, batch: &mut EventBatch) -> SocketEvent {
        let started = Instant::now();
        loop {
            if let Some(event) = batch.next_event() {
                return event;
            }
            if !network.take(batch) {
                assert!(started.elapsed() < Duration::from_secs(60), "no event");
                thread::sleep(Duration::from_millis(1));
            }
        }
    }

    /// Waits until `condition` holds, a minute at most.
    pub(crate) fn wait_for(what: &str, condition: impl Fn() -> bool) {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < Duration::from_secs(60), "{what}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

use common::{connect, connect_with, connectors, network, next, server, threads, wait_for};
use dead_address::DeadAddress;

#[test]
fn there_is_no_thread_before_the_first_socket_and_none_some_time_after_the_last() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut network = network();
    let mut batch = EventBatch::new();
    assert!(threads().is_empty());
    let address = server(false);
    for _ in 0..2 {
        let id = connect(&mut network, address);
        assert!(matches!(
            next(&mut network, &mut batch),
            SocketEvent::Opened { .. }
        ));
        assert!(threads().contains(&"boaws-socket".to_owned()));
        let reason = String::new();
        network.command(Command::Close {
            id,
            code: None,
            reason,
        });
        network.flush();
        while !matches!(
            next(&mut network, &mut batch),
            SocketEvent::Closed {
                was_clean: true,
                ..
            }
        ) {}
        // And again from the start, with a thread that has ended by itself.
        wait_for("the threads end", || threads().is_empty());
    }
}

#[test]
fn dropping_the_network_leaves_no_thread() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (echo, silent) = (server(false), server(true));
    // Open, connecting, and waiting for its turn to connect.
    for addresses in [
        &[echo][..],
        &[silent],
        &[silent, silent, silent],
        &[echo, echo, silent, silent],
        &[],
    ] {
        let mut network = network();
        let mut batch = EventBatch::new();
        for address in addresses {
            connect(&mut network, *address);
        }
        for _ in addresses.iter().filter(|address| **address == echo) {
            assert!(matches!(
                next(&mut network, &mut batch),
                SocketEvent::Opened { .. }
            ));
        }
        drop(network);
        assert_eq!(threads(), [""; 0]);
    }
    // At every moment of a connection.
    for delay in 0..40 {
        let mut network = network();
        connect(&mut network, echo);
        thread::sleep(Duration::from_micros(delay * 50));
        drop(network);
        assert_eq!(threads(), [""; 0]);
    }
}

#[test]
fn a_peer_that_never_answers_delays_the_end_by_a_moment_only() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut network = network();
    connect(&mut network, address);
    let websocket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
    let mut batch = EventBatch::new();
    assert!(matches!(
        next(&mut network, &mut batch),
        SocketEvent::Opened { .. }
    ));
    drop(network);
    assert_eq!(threads(), [""; 0]);
    drop(websocket);
}

#[test]
fn connector_threads_are_bounded() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut options = Options::default();
    options.limits.connectors = 3;
    let mut network = Network::new(options, Arc::new(|| {}));
    // Servers of their own, because handshakes with one of them are made one after the other.
    for _ in 0..10 {
        connect_with("wss", &mut network, server(true));
    }
    wait_for("the connectors are there", || {
        let connecting = connectors();
        assert!(connecting <= 3, "{connecting}");
        connecting == 3
    });
    drop(network);
    assert_eq!(threads(), [""; 0]);
}

#[test]
fn a_thousand_sockets_to_a_server_that_never_answers_are_cheap() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dead = DeadAddress::at("127.0.0.1", 0).unwrap();
    let silent = server(true);
    for (scheme, address, serial, most) in [
        // No connection: no thread. A connection: none either, but for TLS one, and its turn is the only one.
        ("wss", dead.address, true, 0),
        ("wss", dead.address, false, 0),
        ("ws", silent, true, 0),
        ("ws", silent, false, 0),
        ("wss", silent, true, 1),
        ("wss", silent, false, 32),
    ] {
        let mut options = Options::default();
        options.serial_handshakes = serial;
        let mut network = Network::new(options, Arc::new(|| {}));
        let files = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = files();
        for _ in 0..1000 {
            connect_with(scheme, &mut network, address);
        }
        if serial {
            // One that the others do not concern.
            let id = connect(&mut network, server(false));
            let event = next(&mut network, &mut EventBatch::new());
            assert!(matches!(event, SocketEvent::Opened { id: of, .. } if of == id));
            assert!(connectors() <= most, "{:?}", threads());
            assert!(files() < before + 50, "{}", files());
        } else {
            // `Limits::dialling` of them; the silent server's ends are in this process too.
            wait_for("they connect", || files() >= before + 256);
            wait_for("threads are busy", || connectors() >= most);
            assert_eq!(connectors(), most, "{:?}", threads());
            assert!(files() < before + 2 * 256 + 150, "{}", files());
        }
        drop(network);
        assert_eq!(threads(), [""; 0]);
    }
}

#[test]
fn running_out_of_file_descriptors_is_an_error_like_any_other() {
    const MARK: &str = "NET_THREADS_FEW_FILES";
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    if std::env::var_os(MARK).is_none() {
        // The limit is a process's, so the test goes on in one of its own.
        let status = std::process::Command::new("sh")
            .args(["-c", r#"ulimit -n 64 && exec "$0" "$@""#])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "running_out_of_file_descriptors_is_an_error_like_any_other",
            ])
            .env(MARK, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let address = server(false);
    let (mut network, mut batch) = (network(), EventBatch::new());
    let use_up = || {
        let mut files = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            files.push(file);
        }
        assert!(!files.is_empty());
        files
    };
    let mut fails = |network: &mut Network| {
        let id = connect(network, address);
        match next(network, &mut batch) {
            SocketEvent::Closed {
                id: of,
                error: Some(error),
                ..
            } => {
                assert_eq!(of, id);
                assert!(error.to_string().contains("open files"), "{error}");
            }
            other => panic!("{other:?}"),
        }
    };
    // Without a thread, for which there is no poller.
    let files = use_up();
    fails(&mut network);
    drop(files);
    // With one, and without a descriptor for the connection.
    connect(&mut network, address);
    wait_for("it opens", || {
        threads().contains(&"boaws-socket".to_owned())
    });
    thread::sleep(Duration::from_millis(200));
    let files = use_up();
    let mut batch = EventBatch::new();
    assert!(matches!(
        next(&mut network, &mut batch),
        SocketEvent::Opened { .. }
    ));
    fails(&mut network);
    drop(files);
    connect(&mut network, address);
    assert!(matches!(
        next(&mut network, &mut batch),
        SocketEvent::Opened { .. }
    ));
}

#[test]
fn a_panic_in_the_thread_fails_all_sockets_and_the_next_one_works() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let armed = Arc::new(AtomicBool::new(false));
    let trap = armed.clone();
    let wake = move || assert!(!trap.swap(false, Ordering::SeqCst), "on purpose");
    let mut network = Network::new(Options::default(), Arc::new(wake));
    let mut batch = EventBatch::new();
    let (echo, silent) = (server(false), server(true));
    let mut ids = Vec::new();
    for _ in 0..2 {
        ids.push(connect(&mut network, echo));
        assert!(matches!(
            next(&mut network, &mut batch),
            SocketEvent::Opened { .. }
        ));
    }
    ids.push(connect(&mut network, silent));
    assert!(!network.take(&mut batch), "from now on an event wakes");

    armed.store(true, Ordering::SeqCst);
    let command = Command::Close {
        id: ids[2],
        code: None,
        reason: String::new(),
    };
    network.command(command);
    network.flush();
    let mut ends = Vec::new();
    while ends.len() < ids.len() {
        match next(&mut network, &mut batch) {
            SocketEvent::Closed { id, error, .. } => ends.push((id, error)),
            other => panic!("{other:?}"),
        }
    }
    ends.sort_by_key(|(id, _)| *id);
    let kinds = ends.iter().map(|(id, error)| {
        let kind = error.as_ref().map(|error| error.kind().clone());
        (*id, kind)
    });
    let died = Some(ErrorKind::ThreadDied);
    let expected = [
        (ids[0], died.clone()),
        (ids[1], died),
        (ids[2], Some(ErrorKind::Cancelled)),
    ];
    assert!(kinds.eq(expected), "{ends:?}");

    connect(&mut network, echo);
    assert!(matches!(
        next(&mut network, &mut batch),
        SocketEvent::Opened { .. }
    ));
    drop(network);
    assert_eq!(threads(), [""; 0]);
}
