//! What an observer is told, and that it cannot do harm.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use boa_websocket::net::{
    Destination, Error, ErrorKind, MessageView, Observer, Phase, RequestHead, ResponseHead,
    SocketId,
};
use tungstenite::Message;

use crate::{
    World,
    harness::{PATIENCE, answering, echo, websocket},
    logged,
};

/// Writes everything down, a line each.
#[derive(Debug, Default)]
struct Notes(Mutex<String>);

impl Notes {
    fn line(&self, line: std::fmt::Arguments<'_>) {
        let thread = std::thread::current();
        assert_eq!(thread.name(), Some("boaws-socket"), "one thread for all");
        writeln!(self.0.lock().unwrap(), "{line}").unwrap();
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }

    fn wait_for(&self, line: &str) {
        let begin = std::time::Instant::now();
        while !self.text().contains(line) {
            assert!(begin.elapsed() < PATIENCE, "{line}: {}", self.text());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Observer for Notes {
    fn connecting(&self, _: SocketId, to: Destination<'_>) {
        self.line(format_args!("connecting {} {}", to.host, to.secure));
    }

    fn request(&self, _: SocketId, request: &RequestHead) {
        let headers = request.headers.iter();
        let shown = headers.filter(|(name, _)| name.starts_with("X-") || name == "Cookie");
        self.line(format_args!(
            "request {} {:?}",
            request.path,
            shown.collect::<Vec<_>>()
        ));
    }

    fn response(&self, _: SocketId, response: &ResponseHead) {
        let upgrade = response.headers.iter().any(|(name, _)| name == "upgrade");
        self.line(format_args!("response {} {upgrade}", response.status));
    }

    fn open(&self, _: SocketId, protocol: &str, extensions: &str) {
        self.line(format_args!("open {protocol:?} {extensions:?}"));
    }

    fn message_in(&self, _: SocketId, message: MessageView<'_>) {
        self.line(format_args!(
            "in {:?} {:?}",
            message.text(),
            message.payload()
        ));
    }

    fn message_out(&self, _: SocketId, message: MessageView<'_>) {
        self.line(format_args!(
            "out {:?} {:?}",
            message.text(),
            message.payload()
        ));
    }

    fn ping_in(&self, _: SocketId, payload: usize) {
        self.line(format_args!("ping in {payload}"));
    }

    fn ping_out(&self, _: SocketId) {
        self.line(format_args!("ping out"));
    }

    fn pong(&self, _: SocketId, round_trip: Duration) {
        assert!(round_trip < PATIENCE);
        self.line(format_args!("pong"));
    }

    fn failed(&self, _: SocketId, error: &Error) {
        self.line(format_args!(
            "failed {:?} {:?}",
            error.phase(),
            error.kind()
        ));
    }

    fn closed(&self, _: SocketId, code: u16, reason: &str, was_clean: bool) {
        self.line(format_args!("closed {code} {reason:?} {was_clean}"));
    }
}

fn watched() -> (World, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    (
        World::with(|builder| builder.observer(notes.clone())),
        notes,
    )
}

#[derive(Debug, Default)]
struct Brief {
    open: AtomicBool,
    heads: AtomicBool,
    messages: AtomicBool,
}

impl Observer for Brief {
    fn wants_heads(&self) -> bool {
        false
    }

    fn request(&self, _: SocketId, _: &RequestHead) {
        self.heads.store(true, Ordering::Relaxed);
    }

    fn response(&self, _: SocketId, _: &ResponseHead) {
        self.heads.store(true, Ordering::Relaxed);
    }

    fn open(&self, _: SocketId, _: &str, _: &str) {
        self.open.store(true, Ordering::Relaxed);
    }

    fn wants_messages(&self) -> bool {
        false
    }

    fn message_in(&self, _: SocketId, _: MessageView<'_>) {
        self.messages.store(true, Ordering::Relaxed);
    }

    fn message_out(&self, _: SocketId, _: MessageView<'_>) {
        self.messages.store(true, Ordering::Relaxed);
    }
}

#[test]
fn one_that_wants_neither_heads_nor_messages_is_given_none() {
    let brief = Arc::new(Brief::default());
    // Shared once more, as by somebody who passes it on.
    let mut world = World::with(|builder| builder.observer(Arc::new(brief.clone())));
    let url = websocket(echo);
    world.eval(&format!(
        "var ws = new WebSocket('{url}'); ws.onopen = () => {{ ws.send('a'); ws.send(new Blob(['b'])) }};
         ws.onmessage = ({{ data }}) => data === 'a' || ws.close()"
    ));
    world.run();
    assert!(brief.open.load(Ordering::Relaxed));
    assert!(!brief.heads.load(Ordering::Relaxed));
    assert!(!brief.messages.load(Ordering::Relaxed));
}

#[test]
fn a_connections_whole_life_is_told_in_order_and_without_secrets() {
    let (mut world, notes) = watched();
    let url = websocket(|mut websocket| {
        websocket.send(Message::Ping(vec![1, 2].into())).unwrap();
        echo(websocket);
    });
    let url = url.replace("ws://", "ws://user:s3cret@");
    world.eval(&format!(
        "var ws = new WebSocket('{url}chat?token=s3cret', {{ headers: {{ Cookie: 'a=s3cret', 'X-A': 'b' }} }});
         ws.binaryType = 'arraybuffer';
         ws.onopen = () => {{ ws.send('ä'); ws.send(new Uint8Array([7])) }};
         ws.onmessage = ({{ data }}) => {{ if (typeof data !== 'string') ws.close(4000, 'done') }};"
    ));
    world.run();
    notes.wait_for("closed");
    let text = notes.text();
    assert!(!text.contains("s3cret"), "{text}");
    let mut lines: Vec<&str> = text.lines().collect();
    // When it comes among the messages is the network's affair.
    let ping = lines.iter().position(|line| *line == "ping in 2").unwrap();
    lines.remove(ping);
    assert_eq!(
        lines,
        [
            "connecting 127.0.0.1 false",
            "request /chat?[redacted] [(\"Cookie\", \"[redacted]\"), (\"X-A\", \"b\")]",
            "response 101 true",
            "open \"\" \"\"",
            "out Some(\"ä\") [195, 164]",
            "out None [7]",
            "in Some(\"ä\") [195, 164]",
            "in None [7]",
            "closed 4000 \"done\" true",
        ]
    );
}

#[test]
fn a_heartbeat_is_told_with_its_round_trip() {
    let notes = Arc::new(Notes::default());
    let mut world = World::with(|builder| {
        let interval = Duration::from_millis(20);
        builder
            .observer(notes.clone())
            .heartbeat(interval, PATIENCE)
    });
    world.eval(&logged("a", &websocket(echo)));
    world.run_until("a.readyState === 1");
    notes.wait_for("ping out\npong\n");
    world.eval("a.close()");
    world.run();
}

#[test]
fn it_is_called_on_the_networks_thread_also_for_a_script_that_only_waits_for_answers() {
    let (mut world, notes) = watched();
    world.eval(&format!(
        "var ws = new WebSocket('{}'), rounds = 0; ws.onopen = () => ws.send('x');
         ws.onmessage = () => {{ if (++rounds === 200) ws.close(); else ws.send('x') }}",
        websocket(echo)
    ));
    world.run();
    notes.wait_for("closed");
    let text = notes.text();
    let received = text.lines().filter(|line| line.starts_with("in "));
    assert_eq!(received.count(), 200, "{text}");
}

#[test]
fn a_refused_handshake_is_told_with_its_answer_and_its_cause() {
    let (mut world, notes) = watched();
    let url = answering(|_| "HTTP/1.1 403 Forbidden\r\nUpgrade: no\r\n\r\n".into());
    world.eval(&logged("a", &url));
    world.run();
    let text = notes.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[2..],
        [
            "response 403 true",
            "failed Handshake Refused(Status(403))",
            "closed 1006 \"\" false"
        ]
    );
    assert_eq!(world.eval("log.join()"), "a error,a 1006  false");
}

#[test]
fn every_socket_is_told_to_be_closed_also_when_the_context_goes() {
    let (mut world, notes) = watched();
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.eval(&logged("open", &websocket(echo)));
    world.eval(&logged(
        "stuck",
        &format!("ws://{}/", stuck.local_addr().unwrap()),
    ));
    let mute = websocket(|_socket| std::thread::sleep(PATIENCE));
    world.eval(&logged("mute", &mute));
    world.run_until("open.readyState + mute.readyState === 2");
    drop(world);
    let text = notes.text();
    assert_eq!(text.matches("connecting").count(), 3, "{text}");
    assert_eq!(text.matches("closed").count(), 3, "{text}");
    assert!(text.contains("closed 1001 \"\" true"), "{text}");
    assert!(
        text.contains("failed Close ShutDown\nclosed 1006"),
        "{text}"
    );
    assert!(
        text.contains("failed Connect ShutDown\nclosed 1006"),
        "{text}"
    );
}

#[derive(Debug, Default)]
struct Bad(Mutex<u32>);

impl Observer for Bad {
    fn open(&self, _: SocketId, _: &str, _: &str) {
        // The lock is poisoned by it: it must not be called again.
        *self.0.lock().unwrap() += 1;
        let _guard = self.0.lock().unwrap();
        panic!("on purpose");
    }

    fn message_in(&self, _: SocketId, _: MessageView<'_>) {
        *self.0.lock().unwrap() += 100;
    }
}

#[test]
fn an_observer_that_panics_takes_nothing_down() {
    let bad = Arc::new(Bad::default());
    let mut world = World::with(|builder| builder.observer(bad.clone()));
    let url = websocket(echo);
    for name in ["a", "b"] {
        world.eval(&logged(name, &url));
        world.eval(&format!(
            "{name}.onopen = () => {name}.send('x'); {name}.onmessage = () => {name}.close(4000)"
        ));
    }
    world.run();
    let mut log: Vec<String> = world
        .eval("log.join('|')")
        .split('|')
        .map(Into::into)
        .collect();
    log.sort();
    assert_eq!(log, ["a 4000  true", "b 4000  true"]);
    let calls = *bad
        .0
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    assert_eq!(calls, 1);
}

#[test]
fn what_a_policy_blocks_is_told_as_such() {
    let notes = Arc::new(Notes::default());
    let mut rules = boa_websocket::net::PolicyRules::new();
    rules.deny_private();
    let mut world = World::with(|builder| builder.policy(rules).observer(notes.clone()));
    world.eval(&logged("a", &websocket(echo)));
    world.run();
    assert_eq!(world.eval("log.join()"), "a error,a 1006  false");
    let text = notes.text();
    assert!(text.contains("failed Policy Denied("), "{text}");
    assert!(!text.contains("request"), "nothing was sent: {text}");
    let socket = world.eval("a.readyState");
    assert_eq!(socket, "3");
    let a = world
        .context
        .eval(boa_engine::Source::from_bytes("a"))
        .unwrap();
    let a = boa_websocket::WebSocket::try_from(a.as_object().unwrap()).unwrap();
    let error = a.info(&world.context).unwrap().last_error.unwrap();
    assert_eq!(error.phase(), Phase::Policy);
    assert!(matches!(error.kind(), ErrorKind::Denied(_)));
}
