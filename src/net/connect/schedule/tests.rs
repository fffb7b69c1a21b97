mod behind_a_proxy;

use mio::Poll;
use url::Url;

use super::*;
use crate::net::options::Options;

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
    connects.begin(id, request, Arc::default(), now);
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
        Turn::at(&Endpoint::Tcp(([127, 0, 0, last], port).into()))
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
    fn without_serial_handshakes_nobody_waits() {
        let mut options = Options::default();
        options.serial_handshakes = false;
        let (mut connects, _poll) = connects(options);
        let (_listener, port) = listener();
        let now = Instant::now();
        for _ in 0..3 {
            let id = begin_at(&mut connects, port, &[1], now);
            assert_eq!(racing(&connects, id), [1]);
        }
    }
}
