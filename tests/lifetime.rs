//! How long sockets, the event loop and threads live.
#![cfg(all(feature = "cli", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{
    fs,
    net::TcpListener,
    rc::Rc,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use boa_engine::{Context, JsValue, NativeFunction, Source, js_string};
use boa_websocket::{
    EventLoop, WebSocketExtension,
    cli::serve::{Server, ServerOptions},
    event_loop::Progress,
};

/// The tests look at the threads of the process, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

struct World {
    context: Context,
    event_loop: Rc<EventLoop>,
    server: Server,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    fn new() -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let server = Server::start(ServerOptions::default()).unwrap();
        let event_loop = EventLoop::new();
        let mut context = Context::builder()
            .job_executor(Rc::clone(&event_loop))
            .build()
            .unwrap();
        WebSocketExtension::builder()
            .base_url(format!("http://{}/", server.address()))
            .build()
            .unwrap()
            .register(None, &mut context)
            .unwrap();
        context
            .register_global_callable(
                js_string!("gc"),
                0,
                NativeFunction::from_fn_ptr(|_, _, _| {
                    boa_gc::force_collect();
                    Ok(JsValue::undefined())
                }),
            )
            .unwrap();
        Self {
            context,
            event_loop,
            server,
            _turn: turn,
        }
    }

    fn eval(&mut self, source: &str) -> String {
        let value = self.context.eval(Source::from_bytes(source)).unwrap();
        let text = value.to_string(&mut self.context).unwrap();
        text.to_std_string_lossy()
    }

    fn run(&mut self) {
        self.event_loop.run(&mut self.context).unwrap();
    }

    /// Runs the loop until `condition` is true in script.
    fn run_until(&mut self, condition: &str) {
        let begin = Instant::now();
        while self.eval(condition) != "true" {
            assert!(begin.elapsed() < Duration::from_secs(30), "{condition}");
            self.event_loop
                .run_until_stalled(&mut self.context)
                .unwrap();
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// The threads of the network that are there now. (The embedded server's have other names.)
fn network_threads() -> Vec<String> {
    fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .filter(|name| NETWORK_THREADS.iter().any(|ours| name.starts_with(ours)))
        .collect()
}

/// Their names, as far as the system shows them.
const NETWORK_THREADS: [&str; 2] = ["boaws-socket", "boaws-connect"];

#[track_caller]
fn no_network_thread_within_a_second() {
    let begin = Instant::now();
    while !network_threads().is_empty() {
        assert!(
            begin.elapsed() < Duration::from_secs(1),
            "{:?}",
            network_threads()
        );
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_dropped_context_leaves_no_thread() {
    let mut world = World::new();
    // One that is open, one that connects for ever, and one whose handshake never ends.
    let stuck = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stuck.local_addr().unwrap().port();
    world.eval(&format!(
        "var open = new WebSocket('/echo'); open.onmessage = () => {{}};
         var silent = new WebSocket('/silent'); silent.onopen = () => {{}};
         var stuck = new WebSocket('ws://127.0.0.1:{port}/'); stuck.onopen = () => {{}};"
    ));
    world.run_until("open.readyState === 1");
    assert!(!network_threads().is_empty());
    let World { context, _turn, .. } = world;
    drop(context);
    no_network_thread_within_a_second();
}

#[test]
fn a_context_without_sockets_has_no_thread() {
    let mut world = World::new();
    world.eval("new EventTarget()");
    world.run();
    assert!(network_threads().is_empty());
}

#[test]
fn a_socket_that_somebody_listens_to_survives_collection() {
    let mut world = World::new();
    world.eval(
        "var log = [];
         (() => {
             const ws = new WebSocket('/echo');
             ws.onopen = () => { for (let i = 0; i < 3; i++) ws.send(String(i)) };
             ws.onmessage = (event) => { log.push(event.data); gc(); if (event.data === '2') ws.close(4000) };
             ws.onclose = (event) => { gc(); log.push(event.code) };
         })();
         gc();",
    );
    world.run();
    assert_eq!(world.eval("log.join()"), "0,1,2,4000");
}

#[test]
fn an_open_socket_that_script_has_lost_closes_without_a_code() {
    let mut world = World::new();
    world.eval("var lost = new WebSocket('/echo?id=lost'); var opened = false; lost.onopen = () => { opened = true; lost.onopen = null }");
    world.run_until("opened");
    // Nobody listens any more: nothing keeps the loop running.
    world.run();
    assert!(world.server.record("lost").unwrap().close.is_none());
    world.eval("lost = null; gc()");
    world.run();
    let record = world
        .server
        .wait_for_record("lost", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, None);
}

/// It is carried out all the same: it connects, and then nobody can do anything with it.
#[test]
fn a_socket_that_script_loses_while_it_connects_opens_and_closes_without_a_code() {
    let mut world = World::new();
    world.eval("new WebSocket('/echo?id=connecting'); gc()");
    world.run();
    world.eval("gc()");
    world.run();
    let record = world
        .server
        .wait_for_record("connecting", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, None);
}

#[test]
fn a_socket_that_script_loses_while_it_closes_still_tells_its_listeners() {
    let mut world = World::new();
    world.eval(
        "var log = [];
         (() => {
             const ws = new WebSocket('/echo');
             ws.onopen = () => { ws.close(4000, 'lost'); setTimeout(() => gc()) };
             ws.onclose = (event) => log.push(event.code, event.reason);
         })();",
    );
    world.run();
    assert_eq!(world.eval("log.join()"), "4000,lost");
}

#[test]
fn a_listener_that_is_added_again_holds_the_socket_again() {
    let mut world = World::new();
    world.eval(
        "var log = []; var ws = new WebSocket('/echo'); var opened = false;
         ws.onopen = () => { opened = true; ws.onopen = null }",
    );
    world.run_until("opened");
    world.run();
    world.eval(
        "ws.onmessage = (event) => { log.push(event.data); event.target.close() };
         ws.onclose = (event) => log.push(event.code);
         ws.send('kept'); ws = null; gc();",
    );
    world.run();
    assert_eq!(world.eval("log.join()"), "kept,1005");
}

#[test]
fn unsent_bytes_keep_the_loop_running_and_nothing_else_does() {
    let mut world = World::new();
    world.eval(
        "var ws = new WebSocket('/sink?id=sink'); var opened = false;
         ws.onopen = () => { opened = true; ws.onopen = null; ws.send(new Uint8Array(4 << 20)); ws.send('end') }",
    );
    world.run();
    assert_eq!(world.eval("opened && ws.bufferedAmount"), "0");
    assert_eq!(world.eval("ws.readyState"), "1");
    let sent = 3 + (4 << 20);
    let begin = Instant::now();
    while world.server.record("sink").unwrap().bytes < sent {
        assert!(begin.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_close_frame_is_written_before_the_context_ends() {
    let mut world = World::new();
    world.eval(
        "var ws = new WebSocket('/echo?id=closing'); ws.onopen = () => { ws.onopen = null; ws.send('x'); ws.close(4321, 'last') }",
    );
    world.run();
    let World {
        context,
        server,
        _turn,
        ..
    } = world;
    drop(context);
    let record = server
        .wait_for_record("closing", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, Some(4321));
    assert_eq!(record.messages, 1);
}

/// Nothing listens, and the Close frame is out: that the server never answers is nobody's business.
#[test]
fn an_answer_that_nobody_waits_for_does_not_keep_the_loop_running() {
    let mut world = World::new();
    world.eval("var ws = new WebSocket('/mute?id=mute'); ws.onopen = () => { ws.onopen = null; ws.close(4321) }");
    world.run();
    assert_eq!(world.eval("ws.readyState"), "2");
    let record = world
        .server
        .wait_for_record("mute", Duration::from_secs(10))
        .unwrap();
    assert_eq!(record.close.unwrap().code, Some(4321));
}

/// Processor time of the whole process, in clock ticks of 10 ms.
fn process_ticks() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn an_idle_socket_costs_no_processor_time() {
    let mut world = World::new();
    world.eval(
        "var ws = new WebSocket('/echo'); var opened = false; ws.onmessage = () => {};
         ws.onclose = () => {}; ws.onopen = () => { opened = true; setTimeout(() => ws.close(), 10_000) }",
    );
    world.run_until("opened");
    let before = process_ticks();
    world.run();
    let spent = process_ticks() - before;
    assert_eq!(world.eval("ws.readyState"), "3");
    assert!(spent <= 3, "{spent} ticks in ten seconds");
}

/// How often the socket thread has gone to sleep.
fn sleeps_of_the_socket_thread() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let status = tasks
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("status")).ok())
        .find(|status| status.starts_with("Name:\tboaws-socket"));
    let status = status.unwrap();
    let mut lines = status.lines();
    let sleeps = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    sleeps.unwrap().trim().parse().unwrap()
}

#[test]
fn a_script_that_waits_for_answers_does_not_wake_the_socket_thread_for_each() {
    const ROUNDS: u64 = 2000;
    let mut world = World::new();
    world.eval(&format!(
        "var ws = new WebSocket('/echo'); var opened = false, rounds = 0;
         ws.onopen = () => {{ opened = true; ws.send('x') }};
         ws.onmessage = () => {{ if (++rounds === {ROUNDS}) ws.close(); else ws.send('x') }}",
    ));
    world.run_until("opened");
    let (begin, before) = (Instant::now(), sleeps_of_the_socket_thread());
    world.run();
    let sleeps = sleeps_of_the_socket_thread() - before;
    assert_eq!(world.eval("rounds"), ROUNDS.to_string());
    // It looks every two milliseconds whether script still leads. Woken for what is sent and for what comes, it
    // would have slept twice for each round.
    let looks = u64::try_from(begin.elapsed().as_millis()).unwrap();
    assert!(sleeps < ROUNDS / 2 + looks, "{sleeps}, {looks}");
}

#[test]
fn the_loop_is_done_when_the_socket_is_closed() {
    let mut world = World::new();
    world.eval(
        "var code; new WebSocket('/close?code=4001').onclose = (event) => { code = event.code }",
    );
    world.run();
    assert_eq!(world.eval("code"), "4001");
    assert_eq!(
        world
            .event_loop
            .run_until_stalled(&mut world.context)
            .unwrap(),
        Progress::Done
    );
}
