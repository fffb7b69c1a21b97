mod behind_a_proxy;

use std::{net::SocketAddr, time::Duration};

use mio::Poll;
use url::Url;

use super::*;
use crate::net::{options::Options, proxy::Proxy};

/// The socket thread's poller goes with it.
fn connects(options: Options) -> (Connects, Poll) {
    let poll = Poll::new().unwrap();
    let registry = poll.registry().try_clone().unwrap();
    let dialler = Arc::new(Dialler::new(options));
    (Connects::new(dialler, Arc::default(), registry), poll)
}

fn begin(connects: &mut Connects, url: &str, now: Instant) -> SocketId {
    let id = SocketId::next();
    let request = ConnectRequest::new(Url::parse(url).unwrap());
    connects.begin(id, request, Arc::default(), Span::none(), now);
    id
}

/// The only attempt that has ended, and failed.
fn failed(connects: &mut Connects) -> (SocketId, Error) {
    let mut ended = connects.take_ended();
    match (ended.pop(), ended.is_empty()) {
        (Some(Ended::Failed { id, error }), true) => (id, error),
        _ => panic!("not one failure"),
    }
}

/// A name that the system's resolver knows to be wrong without asking anybody.
fn unknown_name() -> String {
    format!("{}.test", "a".repeat(64))
}

/// Nothing of any attempt is left.
fn assert_clean(connects: &Connects) {
    assert_eq!(connects.len(), 0);
    assert!(connects.racers.is_empty() && connects.timers.is_empty());
    assert!(connects.without_place.is_empty());
    assert_eq!(connects.places_taken, 0);
}

#[test]
fn a_lookup_that_takes_too_long_is_given_up_and_its_late_result_ignored() {
    let (mut connects, _poll) = connects(Options::default());
    let now = Instant::now();
    let id = begin(&mut connects, &format!("ws://{}/", unknown_name()), now);
    assert_eq!(connects.next_timer(), Some(now + Duration::from_secs(30)));
    connects.handle_timers(now + Duration::from_secs(29));
    assert!(connects.take_ended().is_empty());

    connects.handle_timers(now + Duration::from_secs(30));
    let (of, error) = failed(&mut connects);
    assert_eq!((of, error.phase()), (id, Phase::Resolve));
    assert_eq!(error.kind(), &ErrorKind::TimedOut);

    let addresses = vec![IpAddr::from([127, 0, 0, 1])];
    connects.resolved(&unknown_name(), Ok(addresses), now);
    assert!(connects.take_ended().is_empty());
    assert_clean(&connects);
}

#[test]
fn sockets_to_the_same_name_share_a_lookup() {
    let (mut connects, _poll) = connects(Options::default());
    let now = Instant::now();
    for port in [8001, 8002] {
        let url = format!("ws://{}:{port}/", unknown_name());
        begin(&mut connects, &url, now);
    }
    // One result is for both.
    connects.resolved(&unknown_name(), Ok(Vec::new()), now);
    let ended = connects.take_ended();
    assert_eq!(ended.len(), 2);
    for ended in ended {
        let Ended::Failed { error, .. } = ended else {
            panic!("connected to nowhere");
        };
        assert_eq!(error.kind(), &ErrorKind::Unresolved);
    }
    assert_clean(&connects);
}

#[test]
fn a_name_that_nobody_wants_any_more_is_not_looked_up() {
    let mut options = Options::default();
    options.limits.connectors = 1;
    let (mut connects, _poll) = connects(options);
    let now = Instant::now();
    let first = begin(&mut connects, &format!("ws://{}/", unknown_name()), now);
    let both = ["/a", "/b"].map(|path| begin(&mut connects, &format!("ws://b.test{path}"), now));
    begin(&mut connects, "ws://c.test/", now);
    connects.cancel(first, now);
    connects.cancel(both[0], now);
    assert_eq!(connects.lookups.waiting(), 2, "one still wants to know");
    connects.cancel(both[1], now);
    assert_eq!(connects.lookups.waiting(), 1);
    connects.cancel_all();
    assert_eq!(connects.lookups.waiting(), 0);
}

/// Attempts whose connections come about only when the tests look at the poller, which they do not.
mod race {
    use std::net::TcpListener;

    use super::*;

    /// Addresses at which connections can be begun without anybody's help.
    fn listener() -> (TcpListener, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (listener, port)
    }

    /// What an attempt is connecting to at the moment: the last bytes of the addresses.
    fn racing(connects: &Connects, id: SocketId) -> Vec<u8> {
        let of = |endpoint: &Endpoint| match endpoint {
            Endpoint::Tcp(SocketAddr::V4(address)) => address.ip().octets()[3],
            other => panic!("{other}"),
        };
        let racers = connects.attempts[&id].racers.iter();
        racers.map(|racer| of(&racer.endpoint)).collect()
    }

    /// An attempt whose name has resolved to these addresses of the loopback interface.
    fn begin_at(connects: &mut Connects, port: u16, last: &[u8], now: Instant) -> SocketId {
        let name = unknown_name();
        let id = begin(connects, &format!("ws://{name}:{port}/"), now);
        let addresses = last.iter().map(|last| IpAddr::from([127, 0, 0, *last]));
        connects.resolved(&name, Ok(addresses.collect()), now);
        id
    }

    const DELAY: Duration = Duration::from_millis(250);

    #[test]
    fn the_next_address_is_tried_after_the_delay_and_beside_the_first() {
        let (mut connects, _poll) = connects(Options::default());
        let (_listener, port) = listener();
        let now = Instant::now();
        let id = begin_at(&mut connects, port, &[1, 2, 3], now);
        assert_eq!(racing(&connects, id), [1]);
        assert_eq!(connects.next_timer(), Some(now + DELAY));
        connects.handle_timers(now + DELAY);
        assert_eq!(racing(&connects, id), [1, 2]);
        connects.handle_timers(now + DELAY * 2);
        assert_eq!(racing(&connects, id), [1, 2, 3]);
        let deadline = now + Duration::from_secs(30);
        assert_eq!(connects.next_timer(), Some(deadline));
        connects.handle_timers(deadline);
        let (_, error) = failed(&mut connects);
        assert_eq!(
            (error.phase(), error.kind()),
            (Phase::Connect, &ErrorKind::TimedOut)
        );
        assert_clean(&connects);
        assert!(connects.turns.next(&turn(port, 1), |_| true).is_none());
    }

    fn turn(port: u16, last: u8) -> Turn {
        Turn::at(&Endpoint::Tcp(([127, 0, 0, last], port).into())).unwrap()
    }

    #[test]
    fn an_address_whose_turn_is_taken_is_left_out_and_waited_for() {
        let (mut connects, _poll) = connects(Options::default());
        let (_listener, port) = listener();
        let now = Instant::now();
        let first = begin_at(&mut connects, port, &[1, 2], now);
        let second = begin_at(&mut connects, port, &[1, 2], now);
        let third = begin_at(&mut connects, port, &[1, 2], now);
        assert_eq!(racing(&connects, first), [1]);
        assert_eq!(racing(&connects, second), [2]);
        assert!(racing(&connects, third).is_empty());
        // Both of the others want both by now, and nobody gives anything up.
        connects.handle_timers(now + DELAY);
        assert_eq!(racing(&connects, first), [1]);
        assert_eq!(racing(&connects, second), [2]);

        // What the first one had goes to the oldest that waits for it, and so on.
        connects.cancel(first, now + DELAY);
        assert_eq!(racing(&connects, second), [2, 1]);
        assert!(racing(&connects, third).is_empty());
        let later = now + Duration::from_secs(20);
        connects.cancel(second, later);
        assert_eq!(racing(&connects, third), [1]);
        // Its time begins now.
        connects.handle_timers(later + DELAY);
        assert_eq!(racing(&connects, third), [1, 2]);
        assert_eq!(connects.next_timer(), Some(later + Duration::from_secs(30)));
        connects.cancel(third, later);
        assert_clean(&connects);
    }

    #[test]
    fn a_turn_is_not_for_one_whose_delay_is_not_over() {
        let (mut connects, _poll) = connects(Options::default());
        let (_listener, port) = listener();
        let now = Instant::now();
        let first = begin_at(&mut connects, port, &[1], now);
        let second = begin_at(&mut connects, port, &[1, 2], now);
        let third = begin_at(&mut connects, port, &[1], now);
        assert_eq!(racing(&connects, second), [2]);
        connects.cancel(first, now + DELAY / 2);
        assert_eq!(racing(&connects, second), [2], "too early for another");
        assert_eq!(racing(&connects, third), [1]);
        connects.cancel(third, now + DELAY / 2);
        assert_eq!(racing(&connects, second), [2]);
        connects.handle_timers(now + DELAY);
        assert_eq!(
            racing(&connects, second),
            [2, 1],
            "it was free and is had now"
        );
    }

    #[test]
    fn no_more_dial_than_there_are_places_and_nobody_is_forgotten() {
        let mut options = Options::default();
        options.limits.dialling = 2;
        let (mut connects, _poll) = connects(options);
        let (_listener, port) = listener();
        let now = Instant::now();
        let ids: Vec<_> = [1, 2, 3, 1, 4]
            .into_iter()
            .map(|last| begin_at(&mut connects, port, &[last], now))
            .collect();
        let dialling = |connects: &Connects| -> Vec<usize> {
            let busy = |id: &&SocketId| {
                let attempt = connects.attempts.get(*id);
                attempt.is_some_and(|attempt| !attempt.racers.is_empty())
            };
            let at = |id: &SocketId| ids.iter().position(|other| other == id);
            ids.iter().filter(busy).filter_map(at).collect()
        };
        assert_eq!(dialling(&connects), [0, 1]);
        // Their time does not run.
        let late = now + Duration::from_secs(29);
        connects.handle_timers(late);
        connects.cancel(ids[0], late);
        assert_eq!(dialling(&connects), [1, 2]);
        // The places of both go to the two that are left, to one by way of a turn.
        connects.cancel(ids[2], late);
        assert_eq!(dialling(&connects), [1, 3]);
        connects.cancel(ids[1], late);
        assert_eq!(dialling(&connects), [3, 4]);
        connects.handle_timers(late + Duration::from_secs(30));
        assert_eq!(connects.take_ended().len(), 2);
        assert_clean(&connects);
    }

    #[test]
    fn what_is_cancelled_before_a_thread_has_begun_with_it_is_gone_at_once() {
        let mut options = Options::default();
        options.limits.connectors = 1;
        let (mut connects, _poll) = connects(options);
        let now = Instant::now();
        // Nobody answers the first one, so that it has the only thread for as long as it likes.
        let (_listener, port) = listener();
        let first = begin_at(&mut connects, port, &[1], now);
        win(&mut connects, first, now);
        let (_another_listener, port) = listener();
        let second = begin_at(&mut connects, port, &[1], now);
        let third = begin_at(&mut connects, port, &[1], now);
        win(&mut connects, second, now);
        assert!(racing(&connects, third).is_empty());
        connects.cancel(second, now);
        assert_eq!(racing(&connects, third), [1], "its turn is free");
    }

    /// Its only address is connected to.
    fn win(connects: &mut Connects, id: SocketId, now: Instant) {
        let mut racer = connects
            .attempts
            .get_mut(&id)
            .unwrap()
            .racers
            .pop()
            .unwrap();
        connects.racers.remove(&racer.name);
        let stream = racer.stream.as_mut().unwrap();
        stream.deregister(&connects.registry).unwrap();
        connects.has_won(id, racer, now);
        connects.settle(now);
    }

    #[test]
    fn without_serial_handshakes_nobody_waits() {
        let options = Options {
            serial_handshakes: false,
            ..Options::default()
        };
        let (mut connects, _poll) = connects(options);
        let (_listener, port) = listener();
        let now = Instant::now();
        for _ in 0..3 {
            let id = begin_at(&mut connects, port, &[1], now);
            assert_eq!(racing(&connects, id), [1]);
        }
    }
}

/// Whatever happens in whatever order: one at a time to an address, or to a name behind a proxy, and
/// nobody waits for nothing.
mod any_order {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const PLACES: usize = 3;

    #[derive(Debug, Clone)]
    enum Step {
        Begin(Vec<u8>),
        Pass(u64),
        /// Of the attempts there are, and of its racers, one.
        Refuse(usize, usize),
        Win(usize, usize),
        EndDial(usize),
        Cancel(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let addresses = prop::collection::vec(1..=4u8, 1..4);
        prop_oneof![
            4 => addresses.prop_map(Step::Begin),
            3 => (1..400u64).prop_map(Step::Pass),
            2 => (any::<usize>(), any::<usize>()).prop_map(|(of, at)| Step::Refuse(of, at)),
            2 => (any::<usize>(), any::<usize>()).prop_map(|(of, at)| Step::Win(of, at)),
            2 => any::<usize>().prop_map(Step::EndDial),
            1 => any::<usize>().prop_map(Step::Cancel),
        ]
    }

    struct World {
        connects: Connects,
        _poll: Poll,
        now: Instant,
        ids: Vec<SocketId>,
        dialling: Vec<(SocketId, Turn)>,
    }

    impl World {
        fn take_racer(&mut self, of: usize, at: usize) -> Option<(SocketId, Racer)> {
            let id = *self.ids.get(of % self.ids.len().max(1))?;
            let racers = &mut self.connects.attempts.get_mut(&id)?.racers;
            if racers.is_empty() {
                return None;
            }
            let racer = racers.swap_remove(at % racers.len());
            self.connects.racers.remove(&racer.name);
            Some((id, racer))
        }

        fn take(&mut self, step: Step) {
            let now = self.now;
            let connects = &mut self.connects;
            match step {
                Step::Begin(last) => {
                    // Behind a proxy, what is looked up is the proxy's name.
                    let host = match connects.dialler.options.proxy.ws {
                        Some(_) => format!("{}.test", last.len()),
                        None => unknown_name(),
                    };
                    let id = begin(connects, &format!("ws://{host}/"), now);
                    let addresses = last.iter().map(|last| IpAddr::from([127, 0, 0, *last]));
                    connects.resolved(&unknown_name(), Ok(addresses.collect()), now);
                    self.ids.push(id);
                }
                Step::Pass(time) => {
                    self.now += Duration::from_millis(time);
                    connects.handle_timers(self.now);
                }
                Step::Refuse(of, at) => {
                    let Some((id, racer)) = self.take_racer(of, at) else {
                        return;
                    };
                    let refused = io::ErrorKind::ConnectionRefused.into();
                    self.connects.give_back(&racer.turn, id);
                    self.connects
                        .address_failed(id, &racer.endpoint, refused, now);
                    self.connects.settle(now);
                }
                // As `has_won` does, but for the connector thread.
                Step::Win(of, at) => {
                    let Some((id, racer)) = self.take_racer(of, at) else {
                        return;
                    };
                    self.connects.end_race(id, Some(&racer.turn));
                    self.connects.attempts.get_mut(&id).unwrap().stage = Stage::HandedOver;
                    self.connects.set_timer(id, now);
                    self.connects.settle(now);
                    self.dialling.push((id, racer.turn));
                }
                Step::EndDial(of) => {
                    if self.dialling.is_empty() {
                        return;
                    }
                    let (id, turn) = self.dialling.swap_remove(of % self.dialling.len());
                    let error = Error::new(Phase::Tls, ErrorKind::Tls, "h:1");
                    connects.dialled(id, &turn, Err(error), now);
                }
                Step::Cancel(of) => {
                    if let Some(id) = self.ids.get(of % self.ids.len().max(1)) {
                        connects.cancel(*id, now);
                    }
                }
            }
        }

        fn check(&mut self) {
            let Self { connects, now, .. } = self;
            let mut busy: HashMap<Turn, SocketId> = HashMap::new();
            let racing = connects.attempts.iter().flat_map(|(id, attempt)| {
                let racers = attempt.racers.iter();
                racers.map(|racer| (*id, racer.turn.clone()))
            });
            for (id, turn) in racing.chain(self.dialling.iter().cloned()) {
                // Only behind a proxy do two racers of one socket have the same turn.
                let shared = matches!(turn, Turn::Name(..));
                let before = busy.insert(turn.clone(), id);
                let alone = before.is_none_or(|before| shared && before == id);
                assert!(alone, "two at a time: {turn:?}");
            }
            let places = connects.attempts.values().filter(|a| a.has_place).count();
            assert_eq!(connects.places_taken, places);
            assert!(places <= PLACES);
            assert!(connects.due.is_empty() && connects.freed.is_empty());
            for (id, attempt) in &connects.attempts {
                if attempt.stage == Stage::Racing {
                    let tries = !attempt.untried.is_empty() || !attempt.racers.is_empty();
                    assert!(tries, "it has failed and is not told");
                    assert_eq!(attempt.clock.deadline().is_some(), attempt.has_place);
                }
                if !attempt.wants_turn(*now) {
                    continue;
                }
                if !attempt.has_place && places == PLACES && connects.without_place.contains(id) {
                    continue;
                }
                let waits = |endpoint: &Endpoint| {
                    let holder = busy.get(&attempt.turn(endpoint));
                    holder.is_some_and(|holder| holder != id)
                };
                assert!(
                    attempt.untried.iter().all(waits),
                    "nobody tells it to go on"
                );
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 128,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn one_at_a_time_and_nobody_is_forgotten(
            steps in prop::collection::vec(step(), 1..60),
            behind_a_proxy: bool,
        ) {
            let mut options = Options::default();
            options.limits.dialling = PLACES;
            if behind_a_proxy {
                options.proxy = Proxy::parse(&unknown_name()).unwrap().into();
            }
            let (connects, poll) = connects(options);
            let (ids, dialling) = (Vec::new(), Vec::new());
            let now = Instant::now();
            let mut world = World { connects, _poll: poll, now, ids, dialling };
            for step in steps {
                world.take(step);
                world.check();
            }
            for id in std::mem::take(&mut world.ids) {
                world.connects.cancel(id, world.now);
                world.check();
            }
            while !world.dialling.is_empty() {
                world.take(Step::EndDial(0));
            }
            assert_clean(&world.connects);
            prop_assert!(world.connects.turns.is_empty());
        }
    }
}
