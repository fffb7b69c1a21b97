//! Against a real peer. The test's thread is script's.

use std::{
    io::Read,
    net::{Shutdown, TcpListener, TcpStream},
    sync::mpsc::{self, Receiver, TryRecvError},
    thread::{self, JoinHandle},
};

use tungstenite::{Message, WebSocket};

use super::*;
use crate::net::{
    Command, ConnectRequest, ErrorKind, EventBatch, Incoming, MessageView, Network, Options,
    Outgoing, SocketEvent, SocketId,
};

/// A bound that catches hangs.
const LONG: Duration = Duration::from_secs(30);

/// What waits as an event loop does: by leading where it can, and else on a condition variable.
#[derive(Default)]
struct Script {
    notified: Mutex<bool>,
    changed: Condvar,
}

impl Script {
    fn notify(&self) {
        *self.notified.lock().unwrap() = true;
        self.changed.notify_one();
    }

    /// Waits once; whether by leading.
    fn wait(&self, leader: &Leader) -> bool {
        let led = leader.wait(Some(LONG), &|| *self.notified.lock().unwrap());
        if !led {
            let notified = self.notified.lock().unwrap();
            drop(self.changed.wait_while(notified, |notified| !*notified));
            leader.is_awake();
        }
        *self.notified.lock().unwrap() = false;
        led
    }
}

struct World {
    network: Network,
    leader: Arc<Leader>,
    script: Arc<Script>,
    batch: EventBatch,
    id: SocketId,
}

impl World {
    /// A socket that is open, with `peer` at its other end.
    fn open<T: Send + 'static>(
        peer: impl FnOnce(WebSocket<TcpStream>) -> T + Send + 'static,
    ) -> (Self, JoinHandle<T>) {
        let script = Arc::<Script>::default();
        let (notify, leader) = (script.clone(), Arc::<Mutex<Option<Arc<Leader>>>>::default());
        let of_network = leader.clone();
        let wake = move || {
            notify.notify();
            if let Some(leader) = &*of_network.lock().unwrap() {
                Leader::interrupt(leader);
            }
        };
        let network = Network::new(Options::default(), Arc::new(wake));
        *leader.lock().unwrap() = network.leader().cloned();
        let leader = network.leader().cloned().unwrap();
        let mut world = Self {
            id: network.next_id(),
            network,
            leader,
            script,
            batch: EventBatch::new(),
        };
        let peer = world.connect(peer);
        (world, peer)
    }

    /// Opens another socket, to `peer`.
    fn connect<T: Send + 'static>(
        &mut self,
        peer: impl FnOnce(WebSocket<TcpStream>) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/", listener.local_addr().unwrap());
        let peer = thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            peer(tungstenite::accept(tcp).unwrap())
        });
        self.id = self.network.next_id();
        let (id, request) = (self.id, Box::new(ConnectRequest::new(url.parse().unwrap())));
        self.network.command(Command::Connect { id, request });
        self.network.flush();
        assert!(matches!(self.next().0, SocketEvent::Opened { .. }));
        peer
    }

    /// The next event, and whether all waits for it were by leading.
    fn next(&mut self) -> (SocketEvent, bool) {
        let mut led = true;
        loop {
            if let Some(event) = self.batch.next_event() {
                return (event, led);
            }
            if !self.network.take(&mut self.batch) {
                led &= self.script.wait(&self.leader);
            }
        }
    }

    /// The next message, which counts as consumed, and whether all waits for it since the event before were by leading.
    fn message(&mut self) -> (Incoming, bool) {
        loop {
            if let (SocketEvent::Message { id, message }, led) = self.next() {
                self.network.consumed(id, message.len());
                return (message, led);
            }
        }
    }

    /// The next message, which is a text, and the same.
    fn text(&mut self) -> (String, bool) {
        let (Incoming::Text(text), led) = self.message() else {
            panic!("binary");
        };
        (self.batch.text(&text).0.to_owned(), led)
    }

    /// Waits until a message came while script led.
    fn lead(&mut self) {
        while !self.message().1 {}
    }

    fn send(&mut self, text: &str) {
        let message = Outgoing::Text(text.to_owned().into());
        let id = self.id;
        self.network.command(Command::Send { id, message });
        self.network.flush();
    }
}

/// Sends what is text back, and then whatever comes.
fn echo(mut peer: WebSocket<TcpStream>) {
    while let Ok(message) = peer.read() {
        if message.is_text() && peer.send(message).is_err() {
            return;
        }
    }
}

/// Has a little to say every now and then, until it is told to be quiet.
fn chat(peer: &mut WebSocket<TcpStream>, quiet: &Receiver<()>) {
    while quiet.try_recv() == Err(TryRecvError::Empty) && peer.send(Message::text("x")).is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn script_that_waits_for_answers_leads() {
    let (mut world, peer) = World::open(echo);
    let mut led = 0;
    for round in 0..200 {
        world.send(&round.to_string());
        let (text, by_leading) = world.text();
        assert_eq!(text, round.to_string());
        led += usize::from(by_leading);
    }
    // However busy the machine is, the socket thread cannot have been quicker each time.
    assert!(led > 0, "script never led");
    drop(world);
    peer.join().unwrap();
}

#[test]
fn what_is_long_is_left_to_the_socket_thread() {
    let (mut world, peer) = World::open(|mut peer| {
        while peer.read().is_ok_and(|message| message.is_text()) {
            peer.send(Message::binary(vec![0; 4 << 20])).unwrap();
        }
    });
    let mut elsewhere = 0;
    for _ in 0..20 {
        world.send("more");
        let (message, by_leading) = world.message();
        assert_eq!(message.len(), 4 << 20);
        elsewhere += u32::from(!by_leading);
    }
    assert!(elsewhere > 0, "script has read all of it");
    drop(world);
    peer.join().unwrap();
}

#[test]
fn sockets_are_seen_to_while_script_does_something_else() {
    let (told, tell) = mpsc::channel();
    let (hush, quiet) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| {
        chat(&mut peer, &quiet);
        peer.send(Message::Ping("are you there".into())).unwrap();
        told.send(peer.read().unwrap()).unwrap();
    });
    world.lead();
    hush.send(()).unwrap();
    // Script is busy: with this.
    let answer = tell.recv_timeout(LONG).unwrap();
    assert_eq!(answer, Message::Pong("are you there".into()));
    drop(world);
    peer.join().unwrap();
}

#[test]
fn a_flood_arrives_whole_and_in_order_whoever_leads() {
    let (hush, quiet) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| {
        chat(&mut peer, &quiet);
        for number in 0..100_000 {
            peer.write(Message::text(number.to_string())).unwrap();
        }
        peer.flush().unwrap();
        echo(peer);
    });
    world.lead();
    hush.send(()).unwrap();
    let mut expected = 0;
    while expected < 100_000 {
        let (text, _) = world.text();
        if text != "x" {
            assert_eq!(text, expected.to_string());
            expected += 1;
        }
    }
    drop(world);
    peer.join().unwrap();
}

#[test]
fn a_notification_ends_a_wait_by_leading() {
    let (hush, quiet) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| {
        chat(&mut peer, &quiet);
        echo(peer);
    });
    world.lead();
    hush.send(()).unwrap();
    let (script, leader) = (world.script.clone(), world.leader.clone());
    let (enough, is_enough) = mpsc::channel();
    let other = thread::spawn(move || {
        while is_enough.try_recv() == Err(TryRecvError::Empty) {
            thread::sleep(Duration::from_micros(100));
            script.notify();
            leader.interrupt();
        }
    });
    let begin = Instant::now();
    for _ in 0..500 {
        while world.network.take(&mut world.batch) {}
        world.script.wait(&world.leader);
    }
    assert!(begin.elapsed() < LONG, "one ended by its timeout");
    enough.send(()).unwrap();
    other.join().unwrap();
    drop(world);
    peer.join().unwrap();
}

#[test]
fn a_timeout_ends_a_wait_by_leading() {
    let (_hush, quiet) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| chat(&mut peer, &quiet));
    world.lead();
    let timeout = Duration::from_millis(20);
    loop {
        while world.network.take(&mut world.batch) {}
        let begin = Instant::now();
        // What the peer says ends no wait that nobody is notified of.
        if world.leader.wait(Some(timeout), &|| false) {
            assert!(begin.elapsed() >= timeout);
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    drop(world);
    peer.join().unwrap();
}

#[test]
fn much_that_is_sent_goes_out_before_the_turn_ends() {
    let (tell, told) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| {
        tell.send(peer.read().unwrap().len()).unwrap();
        while peer.read().is_ok() {}
    });
    for _ in 0..300 {
        let message = MessageView::of_binary(&[1; 1024]);
        world.network.send(world.id, message);
    }
    assert_eq!(told.recv_timeout(LONG), Ok(1024));
    drop(world);
    peer.join().unwrap();
}

/// What is left to be let go of does not wait for script.
#[test]
fn a_line_that_is_over_is_ended_while_script_computes() {
    let (tell, told) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| {
        while peer.read().is_ok() {}
        let line = peer.get_mut();
        line.shutdown(Shutdown::Write).unwrap();
        tell.send(line.read(&mut [0]).unwrap()).unwrap();
    });
    let (id, code, reason) = (world.id, Some(1000), String::new());
    world.network.command(Command::Close { id, code, reason });
    world.network.flush();
    while !matches!(world.next().0, SocketEvent::Closed { .. }) {}
    assert_eq!(told.recv_timeout(LONG), Ok(0), "the end of the line");
    drop(world);
    peer.join().unwrap();
}

#[test]
fn what_goes_wrong_while_script_leads_ends_every_socket_and_the_next_one_opens() {
    let (_hush, quiet) = mpsc::channel();
    let (mut world, peer) = World::open(move |mut peer| chat(&mut peer, &quiet));
    world.lead();
    // It is called in the middle of leading.
    let panics = || -> bool { panic!("on purpose") };
    while !world.leader.wait(None, &panics) {
        thread::sleep(Duration::from_millis(1));
    }
    loop {
        if let SocketEvent::Closed { code, error, .. } = world.next().0 {
            let kind = error.map(|error| error.kind().clone());
            assert_eq!((code, kind), (1006, Some(ErrorKind::ThreadDied)));
            break;
        }
    }
    peer.join().unwrap();
    let peer = world.connect(echo);
    drop(world);
    peer.join().unwrap();
}
