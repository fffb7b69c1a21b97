//! Bounds: what is one too many fails alone, and a context that is dropped leaves nothing.

use boa_engine::Source;
use boa_websocket::{WebSocket, net::ErrorKind};

use crate::{
    World,
    harness::{echo, websocket},
    logged,
};

fn last_error(world: &mut World, name: &str) -> ErrorKind {
    let value = world.context.eval(Source::from_bytes(name)).unwrap();
    let socket = WebSocket::try_from(value.as_object().unwrap()).unwrap();
    let error = socket.info(&world.context).unwrap().last_error;
    error.unwrap().kind().clone()
}

#[test]
fn the_third_of_two_sockets_fails_and_the_others_go_on() {
    let mut world = World::with(|builder| builder.limits(|limits| limits.sockets = 2));
    let url = websocket(echo);
    world.eval(&logged("a", &url));
    world.eval(&logged("b", &url));
    world.run_until("a.readyState === 1 && b.readyState === 1");
    world.eval(&logged("c", &url));
    world.run_until("c.readyState === 3");
    assert_eq!(world.eval("log.join()"), "c error,c 1006  false");
    assert_eq!(last_error(&mut world, "c"), ErrorKind::TooManySockets(2));
    world.eval("var got = ''; a.onmessage = b.onmessage = (event) => { got += event.data; event.target.close(4000) }; a.send('1'); b.send('1')");
    world.run();
    assert_eq!(world.eval("got + log.length"), "114");
    // Their places are free again.
    world.eval(&logged("d", &url));
    world.run_until("d.readyState === 1");
    world.eval("d.close()");
    world.run();
}

#[test]
fn a_message_or_a_queue_over_its_limit_ends_its_own_socket_alone() {
    let mut world = World::with(|builder| {
        builder.limits(|limits| {
            limits.message_size = 1000;
            limits.send_queue = 5000;
        })
    });
    let url = websocket(|mut websocket| {
        websocket.send("x".repeat(1000).into()).unwrap();
        let _ = websocket.send("x".repeat(1001).into());
        echo(websocket);
    });
    world.eval(&logged("large", &url));
    world.eval("var got = 0; large.onmessage = (event) => { got += event.data.length }");
    let echoing = websocket(echo);
    world.eval(&logged("full", &echoing));
    world.eval(&logged("other", &echoing));
    world.run_until("full.readyState === 1 && other.readyState === 1");
    world.eval("full.send('x'.repeat(5001))");
    world.run_until("full.readyState === 3 && large.readyState === 3");
    assert_eq!(world.eval("got"), "1000");
    assert_eq!(last_error(&mut world, "large"), ErrorKind::Protocol);
    assert_eq!(
        last_error(&mut world, "full"),
        ErrorKind::SendQueueFull(5000)
    );
    world.eval("other.onmessage = () => other.close(4000); other.send('x')");
    world.run();
    assert_eq!(world.eval("log.at(-1)"), "other 4000  true");
}

/// Threads of this process by our names, and its resident memory in bytes.
#[cfg(target_os = "linux")]
fn footprint() -> (usize, usize) {
    use std::fs;
    let names = fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("comm")).ok());
    let threads = names.filter(|name| name.starts_with("boaws-")).count();
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = statm.split(' ').nth(1).unwrap().parse().unwrap();
    (threads, pages * 4096)
}

/// In a process of its own: the other tests have threads and memory, too.
#[cfg(target_os = "linux")]
#[test]
fn three_hundred_contexts_leave_nothing_behind() {
    const CHILD: &str = "BOA_WEBSOCKET_TEST_CONTEXTS";
    if std::env::var_os(CHILD).is_none() {
        let name = "quotas::three_hundred_contexts_leave_nothing_behind";
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&child.stdout);
        let errors = String::from_utf8_lossy(&child.stderr);
        assert!(child.status.success(), "{output}{errors}");
        assert!(output.contains("1 passed"), "{output}");
        return;
    }
    let url = websocket(echo);
    let once = || {
        let mut world = World::new();
        world.eval(&logged("a", &url));
        world.eval(
            "var got; a.onopen = () => a.send('x'); a.onmessage = (event) => { got = event.data }",
        );
        world.run_until("got === 'x'");
        // The socket is open: it is dropped with its context.
        drop(world);
        boa_gc::force_collect();
        footprint()
    };
    // What the allocator and the runtime keep for good they have by then.
    let before = (0..50).map(|_| once().1).max().unwrap();
    let after: Vec<_> = (0..250).map(|_| once()).collect();
    let (threads, _) = after.last().unwrap();
    assert_eq!(*threads, 0, "no thread outlives its context");
    let memory = after
        .iter()
        .rev()
        .take(20)
        .map(|(_, memory)| *memory)
        .min()
        .unwrap();
    let grown = memory.saturating_sub(before);
    assert!(grown < 8 << 20, "{grown} bytes more after 250 contexts");
}
