//! Code of the embedder's that does not return: what it holds up, and that dropping the context is not part of it.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use boa_websocket::{
    WebSocketExtensionBuilder,
    net::{
        Denied, DialRequest, Dialer, Dialled, ErrorKind, Observer, Phase, Policy, Resolver,
        SocketId,
    },
};
use url::Url;

use crate::{
    World,
    harness::{PATIENCE, echo, websocket},
    logged,
};

/// Holds everybody up until it is opened, and knows whether somebody has come.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(open, _)| !*open).unwrap());
    }

    fn let_through(&self) {
        self.state.lock().unwrap().0 = true;
        self.changed.notify_all();
    }

    fn wait_for_somebody(&self) {
        let state = self.state.lock().unwrap();
        let nobody = |state: &mut (bool, usize)| state.1 == 0;
        let waited = self.changed.wait_timeout_while(state, PATIENCE, nobody);
        assert!(!waited.unwrap().1.timed_out(), "nobody came");
    }
}

impl Observer for Gate {
    fn open(&self, _: SocketId, _: &str, _: &str) {
        self.pass();
    }
}

impl Policy for Gate {
    fn check_url(&self, _: &Url) -> Result<(), Denied> {
        Ok(())
    }

    fn check_address(&self, _: &Url, _: SocketAddr) -> Result<(), Denied> {
        self.pass();
        Ok(())
    }
}

impl Resolver for Gate {
    fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.pass();
        Err(io::Error::other("too late"))
    }
}

impl Dialer for Gate {
    fn dial(&self, _: &DialRequest) -> io::Result<Dialled> {
        self.pass();
        Err(io::Error::other("too late"))
    }
}

type Builder = WebSocketExtensionBuilder;

/// What runs on the network's thread: one context is held up, another goes on, and dropping the first does not wait for it.
#[test]
fn an_observer_or_a_policy_that_hangs_holds_up_its_context_alone() {
    let with: [fn(Builder, Arc<Gate>) -> Builder; 2] = [
        |builder, gate| builder.observer(gate),
        |builder, gate| builder.policy(gate),
    ];
    for with in with {
        let (gate, url) = (Arc::new(Gate::default()), websocket(echo));
        let mut held = World::with(|builder| with(builder, gate.clone()));
        held.eval(&logged("a", &url));
        held.event_loop
            .run_until_stalled(&mut held.context)
            .unwrap();
        gate.wait_for_somebody();
        let mut other = World::new();
        other.eval(&logged("a", &url));
        other.eval("a.onopen = () => a.close(4000)");
        other.run();
        assert_eq!(other.eval("log.join()"), "a 4000  true");

        // Script and host go on, and control still answers.
        assert_eq!(held.eval("a.close(); a.readyState"), "2");
        let handle = held.sockets().handle();
        assert!(handle.abort_all());
        held.event_loop
            .run_until_stalled(&mut held.context)
            .unwrap();
        let begin = Instant::now();
        drop(held);
        let elapsed = begin.elapsed();
        assert!(elapsed < Duration::from_secs(20), "{elapsed:?}");
        assert!(handle.is_gone());
        // Only it and this test hold the gate: the network's thread goes when it can.
        gate.let_through();
        let begin = Instant::now();
        while Arc::strong_count(&gate) > 1 {
            assert!(begin.elapsed() < PATIENCE, "the thread has not ended");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What runs on threads of its own holds up one socket, to its deadline.
#[test]
fn a_resolver_or_a_dialer_that_hangs_holds_up_its_socket_alone() {
    type With = fn(Builder, Arc<Gate>) -> Builder;
    let with: [(With, &str); 2] = [
        (|builder, gate| builder.resolver(gate), "ws://held.test/"),
        (|builder, gate| builder.dialer(gate), "ws://held.test/"),
    ];
    for (index, (with, held_url)) in with.into_iter().enumerate() {
        let gate = Arc::new(Gate::default());
        let mut world = World::with(|builder| {
            let handshake = Duration::from_millis(300);
            with(builder, gate.clone()).timeouts(|timeouts| timeouts.handshake = handshake)
        });
        world.eval(&logged("held", held_url));
        if index == 0 {
            // An address needs no resolver.
            world.eval(&logged("a", &websocket(echo)));
            world.eval("a.onopen = () => { log.push('open'); a.close(4000) }");
            world.run_until("a.readyState === 3");
            assert_eq!(world.eval("log.splice(0, 2).join()"), "open,a 4000  true");
        }
        world
            .event_loop
            .run_until_stalled(&mut world.context)
            .unwrap();
        gate.wait_for_somebody();
        world.run();
        assert_eq!(world.eval("log.join()"), "held error,held 1006  false");
        let held = world
            .context
            .eval(boa_engine::Source::from_bytes("held"))
            .unwrap();
        let held = boa_websocket::WebSocket::try_from(held.as_object().unwrap()).unwrap();
        let error = held.info(&world.context).unwrap().last_error.unwrap();
        assert_eq!(error.kind(), &ErrorKind::TimedOut);
        assert!(
            matches!(error.phase(), Phase::Resolve | Phase::Connect),
            "{error}"
        );
        let begin = Instant::now();
        drop(world);
        assert!(begin.elapsed() < Duration::from_secs(20));
        gate.let_through();
    }
}

/// A dialer that fails: its socket gets 1006, the host the reason, and the next one is tried all the same.
#[test]
fn a_dialer_that_fails_fails_its_socket_with_the_reason() {
    #[derive(Debug)]
    struct Second(Mutex<u32>, SocketAddr);

    impl Dialer for Second {
        fn dial(&self, _: &DialRequest) -> io::Result<Dialled> {
            let mut calls = self.0.lock().unwrap();
            *calls += 1;
            match *calls {
                1 => Err(io::Error::other("the tunnel is down")),
                _ => Ok(std::net::TcpStream::connect(self.1)?.into()),
            }
        }
    }

    let url = Url::parse(&websocket(echo)).unwrap();
    let address = url.socket_addrs(|| None).unwrap()[0];
    let mut world = World::with(|builder| builder.dialer(Second(Mutex::default(), address)));
    world.eval(&logged("a", "ws://inside.test/"));
    world.run();
    assert_eq!(world.eval("log.splice(0).join()"), "a error,a 1006  false");
    let a = world
        .context
        .eval(boa_engine::Source::from_bytes("a"))
        .unwrap();
    let a = boa_websocket::WebSocket::try_from(a.as_object().unwrap()).unwrap();
    let error = a.info(&world.context).unwrap().last_error.unwrap();
    let mut why: &dyn std::error::Error = &error;
    while let Some(source) = why.source() {
        why = source;
    }
    assert_eq!(why.to_string(), "the tunnel is down");
    world.eval(&logged("b", "ws://inside.test/"));
    world.eval("b.onopen = () => b.close(4000)");
    world.run();
    assert_eq!(world.eval("log.join()"), "b 4000  true");
}
