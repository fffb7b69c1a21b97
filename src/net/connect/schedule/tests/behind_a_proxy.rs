//! Several addresses of one proxy, and one turn for all of them.

use std::net::TcpListener;

use super::*;
use crate::net::{Denied, Policy};

const DELAY: Duration = Duration::from_millis(250);

/// A network behind a proxy that has several addresses.
struct Scene {
    connects: Connects,
    _poll: Poll,
    _listener: TcpListener,
    now: Instant,
}

impl Scene {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut options = Options::default();
        let proxy = format!("socks5://{}:{port}", unknown_name());
        options.proxy = Proxy::parse(&proxy).unwrap().into();
        options.policy = Some(Arc::new(NoAddress));
        let (connects, poll) = connects(options);
        Self {
            connects,
            _poll: poll,
            _listener: listener,
            now: Instant::now(),
        }
    }

    /// An attempt, with the proxy's name resolved to these addresses of the loopback interface.
    fn begin(&mut self, url: &str, last: &[u8]) -> SocketId {
        let id = begin(&mut self.connects, url, self.now);
        let addresses = last.iter().map(|last| IpAddr::from([127, 0, 0, *last]));
        let addresses = Ok(addresses.collect());
        self.connects.resolved(&unknown_name(), addresses, self.now);
        id
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.connects.handle_timers(self.now);
    }

    /// How many addresses an attempt is connecting to.
    fn racing(&self, id: SocketId) -> usize {
        self.connects.attempts[&id].racers.len()
    }

    /// Has the oldest racer taken out of its race.
    fn take_racer(&mut self, id: SocketId) -> Racer {
        let racer = self
            .connects
            .attempts
            .get_mut(&id)
            .unwrap()
            .racers
            .remove(0);
        self.connects.racers.remove(&racer.name);
        racer
    }
}

/// Every URL is allowed, and no address is.
#[derive(Debug)]
struct NoAddress;

impl Policy for NoAddress {
    fn check_url(&self, _: &Url) -> Result<(), Denied> {
        Ok(())
    }

    fn check_address(&self, _: &Url, _: SocketAddr) -> Result<(), Denied> {
        Err(Denied::new("no address"))
    }
}

#[test]
fn the_proxys_addresses_are_raced_and_no_matter_of_the_policy() {
    let mut scene = Scene::new();
    let id = scene.begin("ws://a.test/", &[1, 2]);
    assert_eq!(scene.racing(id), 1);
    scene.wait(DELAY);
    assert_eq!(scene.racing(id), 2);
    scene.wait(Duration::from_secs(30));
    let (_, error) = failed(&mut scene.connects);
    assert_eq!(error.phase(), Phase::Connect);
    let expected = format!("the proxy socks5://{}", unknown_name());
    assert!(error.subject().starts_with(&expected), "{error}");
    assert_clean(&scene.connects);
}

#[test]
fn one_name_at_a_time_whatever_the_addresses() {
    let mut scene = Scene::new();
    let first = scene.begin("ws://a.test/", &[1, 2]);
    let second = scene.begin("ws://a.test/b", &[1, 2]);
    let other = scene.begin("ws://b.test/", &[1, 2]);
    scene.wait(DELAY);
    assert_eq!([first, second, other].map(|id| scene.racing(id)), [2, 0, 2]);

    // One address has failed: the other one still needs the turn.
    let racer = scene.take_racer(first);
    scene.connects.give_back(&racer.turn, first);
    scene.connects.settle(scene.now);
    assert_eq!(scene.racing(second), 0);
    // With the last one the turn goes.
    let now = scene.now;
    scene.connects.cancel(first, now);
    assert_eq!(scene.racing(second), 1);
    scene.connects.cancel(second, now);
    scene.connects.cancel(other, now);
    assert_clean(&scene.connects);
}

#[test]
fn the_winner_keeps_the_turn_until_its_dial_has_ended() {
    let mut scene = Scene::new();
    let first = scene.begin("ws://a.test/", &[1, 2, 3]);
    let second = scene.begin("ws://a.test/", &[1, 2, 3]);
    scene.wait(DELAY);
    assert_eq!(scene.racing(first), 2);
    let winner = scene.take_racer(first);
    let (turn, now) = (winner.turn.clone(), scene.now);
    scene.connects.has_won(first, winner, now);
    scene.connects.settle(now);
    assert_eq!([first, second].map(|id| scene.racing(id)), [0, 0]);

    // What its connector says in the end.
    let error = Error::new(Phase::Proxy, ErrorKind::TimedOut, "the proxy");
    scene.connects.dialled(first, &turn, Err(error), now);
    assert_eq!(failed(&mut scene.connects).0, first);
    assert_eq!(scene.racing(second), 1);
}
