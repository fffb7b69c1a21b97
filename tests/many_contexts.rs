//! A thousand contexts, each with sockets to a real server, made, used and dropped: nothing of them stays. In a process of its
//! own, one test after the other, because threads, descriptors and memory are the process's.
#![cfg(all(feature = "net", target_os = "linux"))]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "net_connections/harness.rs"]
#[allow(dead_code, reason = "each user of the harness needs a part of it")]
mod harness;

use std::{
    fs,
    net::TcpListener,
    rc::Rc,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, Spawner, WebSocketExtension, WebSockets, WebSocketsHandle};

use crate::harness::{PATIENCE, echo, read_client_frames, serve, url_of};

/// The tests look at the whole process, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

fn take_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

struct World {
    context: Context,
    event_loop: Rc<EventLoop>,
}

impl World {
    fn new() -> Self {
        let event_loop = EventLoop::new();
        let executor = Rc::clone(&event_loop);
        let mut context = Context::builder().job_executor(executor).build().unwrap();
        // A peer that answers no Close frame is waited for at the end.
        let extension = WebSocketExtension::builder()
            .timeouts(|timeouts| timeouts.shutdown = Duration::from_millis(2))
            .build();
        extension.unwrap().register(None, &mut context).unwrap();
        Self {
            context,
            event_loop,
        }
    }

    fn eval(&mut self, source: &str) -> String {
        let value = self.context.eval(Source::from_bytes(source)).unwrap();
        let text = value.to_string(&mut self.context).unwrap();
        text.to_std_string_lossy()
    }

    /// Runs the loop until script sets `done`.
    fn run_until_done(&mut self) {
        let limit = Instant::now() + PATIENCE;
        while self.eval("done") != "true" {
            assert!(Instant::now() < limit, "script is not done");
            let event_loop = Rc::clone(&self.event_loop);
            event_loop.run_until_stalled(&mut self.context).unwrap();
            thread::sleep(Duration::from_micros(200));
        }
    }
}

/// What this process has: threads, descriptors, and resident memory in bytes.
#[derive(Clone, Copy, Debug)]
struct Footprint {
    threads: usize,
    descriptors: usize,
    memory: usize,
}

impl Footprint {
    fn now() -> Self {
        let count = |folder| fs::read_dir(folder).unwrap().count();
        let statm = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            threads: count("/proc/self/task"),
            descriptors: count("/proc/self/fd"),
            memory: pages * 4096,
        }
    }

    /// As it is once the number of threads and descriptors stays the same: the servers' connections end a moment after ours.
    fn at_rest() -> Self {
        let limit = Instant::now() + PATIENCE;
        let (mut last, mut since) = (Self::now(), Instant::now());
        while since.elapsed() < Duration::from_millis(300) {
            assert!(Instant::now() < limit, "no rest: {last:?}");
            thread::sleep(Duration::from_millis(5));
            let now = Self::now();
            if (now.threads, now.descriptors) != (last.threads, last.descriptors) {
                since = Instant::now();
            }
            last = now;
        }
        last
    }
}

/// Its clients may be gone in the middle of the handshake.
fn echo_server() -> String {
    url_of(serve(|tcp| {
        if let Ok(websocket) = tungstenite::accept(tcp) {
            echo(websocket);
        }
    }))
}

struct Servers {
    echo: String,
    mute: String,
    /// Takes connections and says nothing, not even a handshake.
    stuck: TcpListener,
}

impl Servers {
    fn new() -> Self {
        Self {
            echo: echo_server(),
            mute: url_of(serve(|tcp| {
                if let Ok(websocket) = tungstenite::accept(tcp) {
                    read_client_frames(&mut websocket.into_inner());
                }
            })),
            stuck: TcpListener::bind("127.0.0.1:0").unwrap(),
        }
    }

    /// Makes a context, has a message echoed, and drops it with sockets in the state that `round` says.
    fn use_a_context(&self, round: usize) {
        let mut world = World::new();
        let echo = &self.echo;
        world.eval(&format!(
            "var done = false; var a = new WebSocket('{echo}');
             a.onopen = () => a.send('x'); a.onmessage = () => {{ done = true }}; a.onclose = () => {{}}"
        ));
        world.run_until_done();
        match round % 6 {
            // Open.
            0 => {}
            // Connecting: unknown to the network, in the handshake, and to one that never shakes hands.
            1 => {
                let stuck = self.stuck.local_addr().unwrap();
                world.eval(&format!(
                    "new WebSocket('ws://{stuck}/').onclose = () => {{}}; new WebSocket('{echo}').onclose = () => {{}}"
                ));
                world
                    .event_loop
                    .run_until_stalled(&mut world.context)
                    .unwrap();
                world.eval(&format!("new WebSocket('{echo}').onclose = () => {{}}"));
            }
            // Closing, with a peer that does not answer.
            2 => {
                let mute = &self.mute;
                world.eval(&format!(
                    "done = false; var b = new WebSocket('{mute}'); b.onclose = () => {{}};
                     b.onopen = () => {{ b.close(4000, 'bye'); done = true }}"
                ));
                world.run_until_done();
            }
            // Messages in flight both ways, and events that wait.
            3 => {
                world.eval(
                    "for (let i = 0; i < 20; i++) a.send('x'.repeat(10000)); a.onmessage = null",
                );
                world
                    .event_loop
                    .run_until_stalled(&mut world.context)
                    .unwrap();
                world.eval("a.send(new Uint8Array(100000))");
            }
            // Closed by now.
            4 => {
                world.eval("done = false; a.onclose = () => { done = true }; a.close()");
                world.run_until_done();
            }
            // Sockets that script has lost, and an object of Rust's that outlives the context.
            _ => {
                world.eval("a.onmessage = a.onclose = a.onopen = null; a = null");
                let sockets = WebSockets::of(&world.context).unwrap();
                drop(world);
                assert_eq!(sockets.len(), 0);
                return;
            }
        }
        drop(world);
    }
}

#[test]
fn a_thousand_contexts_leave_nothing_behind() {
    let _turn = take_turn();
    let servers = Servers::new();
    let once = |round| {
        servers.use_a_context(round);
        boa_gc::force_collect();
    };
    // What the allocator and the runtime keep for good they have by then.
    (0..200).for_each(once);
    let before = Footprint::at_rest();
    (0..1000).for_each(once);
    let after = Footprint::at_rest();
    assert_eq!(after.threads, before.threads);
    assert_eq!(after.descriptors, before.descriptors);
    let grown = after.memory.saturating_sub(before.memory);
    println!("{before:?}, after 1,000 contexts {after:?}");
    assert!(grown < 4 << 20, "{grown} bytes more after 1,000 contexts");
}

/// What other threads do to contexts that come and go.
#[derive(Clone)]
struct Reach {
    handle: WebSocketsHandle,
    spawner: Spawner,
    url: Arc<str>,
}

impl Reach {
    /// One of all the things that can be done from here.
    fn meddle(&self, choice: usize) {
        let (handle, spawner, url) = (&self.handle, &self.spawner, Arc::clone(&self.url));
        // What comes too late is refused, which is as good.
        match choice % 8 {
            0 => _ = handle.close_all(1001, "go", Duration::from_millis(3)),
            1 => _ = handle.abort_all(),
            2 => _ = handle.close_all(4000, "", PATIENCE),
            3 => {
                let connect = move |context: &mut Context| {
                    let socket = format!("new WebSocket('{url}')");
                    let source = format!("{socket}.onopen = (event) => event.target.send('x')");
                    context.eval(Source::from_bytes(&source)).map(drop)
                };
                _ = spawner.spawn_task(connect);
            }
            // A task that holds what is used from elsewhere, and drops it on the loop's thread or with the loop.
            4 => {
                let reach = self.clone();
                let end_each = move |context: &mut Context| {
                    let sockets = WebSockets::of(context);
                    for socket in sockets.iter().flat_map(WebSockets::list) {
                        reach.handle.abort(socket.id);
                        _ = reach.handle.close(socket.id, 1000, "");
                        sockets.as_ref().map(|all| all.abort(socket.id, context));
                    }
                    let again = reach.clone();
                    _ = reach.spawner.spawn_task(move |_| {
                        again.handle.abort_all();
                        Ok(())
                    });
                    Ok(())
                };
                _ = spawner.spawn_task(end_each);
            }
            5 => drop(spawner.keep_alive()),
            6 => assert!(!handle.is_gone() || !handle.abort_all()),
            _ => thread::sleep(Duration::from_micros(200)),
        }
    }
}

/// Numbers that look like chance and are the same each time.
struct Dice(usize);

impl Dice {
    fn roll(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Contexts come and go on three threads while four others close, abort and spawn: nobody waits for ever.
#[test]
fn closing_and_spawning_from_everywhere_while_contexts_are_dropped_ends() {
    const CONTEXTS: usize = 120;
    let _turn = take_turn();
    let url: Arc<str> = echo_server().into();
    let reaches = Arc::new(Mutex::new(Vec::<Reach>::new()));
    let (over, acts) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    let (ended, ends) = mpsc::channel();
    for number in 1..=4 {
        let (reaches, over, acts, ended) =
            (reaches.clone(), over.clone(), acts.clone(), ended.clone());
        thread::spawn(move || {
            let mut dice = Dice(number * 7919);
            while !over.load(Ordering::Relaxed) {
                let reach = {
                    let reaches = reaches.lock().unwrap();
                    reaches.get(dice.roll() % reaches.len().max(1)).cloned()
                };
                if let Some(reach) = reach {
                    reach.meddle(dice.roll() % 64 / 8);
                    acts.fetch_add(1, Ordering::Relaxed);
                }
                thread::sleep(Duration::from_micros(50));
            }
            ended.send(()).unwrap();
        });
    }
    for number in 1..=3 {
        let (reaches, url, ended) = (reaches.clone(), url.clone(), ended.clone());
        thread::spawn(move || {
            let mut dice = Dice(number * 104_729);
            for _ in 0..CONTEXTS {
                let World {
                    mut context,
                    event_loop,
                } = World::new();
                let reach = Reach {
                    handle: WebSockets::of(&context).unwrap().handle(),
                    spawner: event_loop.spawner(),
                    url: url.clone(),
                };
                {
                    let mut reaches = reaches.lock().unwrap();
                    reaches.push(reach);
                    // Some of them to contexts that are gone.
                    if reaches.len() > 12 {
                        reaches.remove(0);
                    }
                }
                let source = format!(
                    "for (let i = 0; i < 4; i++) {{
                         const ws = new WebSocket('{url}');
                         ws.onopen = () => ws.send('x'); ws.onmessage = () => ws.send('y'); ws.onclose = () => {{}}
                     }}"
                );
                context.eval(Source::from_bytes(&source)).unwrap();
                let turns = dice.roll() % 200;
                {
                    let cell = std::cell::RefCell::new(&mut context);
                    let mut driver = event_loop.turns(&cell);
                    for _ in 0..turns {
                        if !driver.turn().unwrap() {
                            thread::sleep(Duration::from_micros(100));
                        }
                    }
                }
                if dice.roll().is_multiple_of(2) {
                    drop(context);
                    drop(event_loop);
                } else {
                    drop(event_loop);
                    drop(context);
                }
            }
            boa_gc::force_collect();
            ended.send(()).unwrap();
        });
    }
    let patience = 2 * PATIENCE;
    for _ in 0..3 {
        ends.recv_timeout(patience)
            .expect("a thread of script's is stuck, or has failed");
    }
    over.store(true, Ordering::Relaxed);
    for _ in 0..4 {
        ends.recv_timeout(patience)
            .expect("a thread that meddles is stuck, or has failed");
    }
    assert!(
        acts.load(Ordering::Relaxed) > 1000,
        "they had nothing to do"
    );
    assert!(
        reaches
            .lock()
            .unwrap()
            .iter()
            .all(|reach| reach.handle.is_gone() && reach.spawner.is_closed())
    );
}
