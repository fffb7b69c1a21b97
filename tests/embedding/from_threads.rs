//! [`WebSocketsHandle`]: sockets that end from other threads.

use std::{
    io::Read,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use boa_engine::{JsValue, NativeFunction, Source, js_string};
use boa_websocket::{WebSocket, WebSocketsHandle, net::ErrorKind, websocket::InvalidClose};

use crate::{
    World,
    harness::{PATIENCE, echo, raw_websocket, read_client_frame, read_client_frames, websocket},
    logged,
};

fn mute() -> String {
    raw_websocket(|mut tcp| {
        read_client_frames(&mut tcp);
        thread::sleep(PATIENCE);
    })
}

fn socket(world: &mut World, name: &str) -> WebSocket {
    let value = world.context.eval(Source::from_bytes(name)).unwrap();
    WebSocket::try_from(value.as_object().unwrap()).unwrap()
}

fn sorted_log(world: &mut World) -> Vec<String> {
    let log = world.eval("log.join('|')");
    let mut log: Vec<String> = log.split('|').map(Into::into).collect();
    log.sort();
    log
}

/// The compiler's word for it.
fn any_thread<T: Send + Sync + Clone + 'static>(value: T) -> T {
    value
}

#[test]
fn one_is_closed_while_the_loop_waits_and_the_other_goes_on() {
    let mut world = World::new();
    let url = websocket(echo);
    world.eval(&logged("a", &url));
    world.eval(&logged("b", &url));
    world.run_until("a.readyState === 1 && b.readyState === 1");
    world.eval("a.addEventListener('close', () => b.send('still there')); b.onmessage = () => b.close(4000)");
    let id = socket(&mut world, "a").id().unwrap();
    let handle = any_thread(world.sockets().handle());
    for code in [0, 1005, 2999] {
        assert_eq!(handle.close(id, code, ""), Err(InvalidClose::Code(code)));
    }
    let long = handle.close_all(1001, &"x".repeat(124), PATIENCE);
    assert_eq!(long, Err(InvalidClose::Reason(124)));
    let other = thread::spawn(move || handle.close(id, 1001, "enough"));
    // Ends only because the other thread did what it should.
    world.run();
    assert_eq!(other.join().unwrap(), Ok(true));
    let log = world.eval("log.join()");
    assert_eq!(log, "a 1001 enough true,b 4000  true");
}

#[test]
fn all_are_closed_and_what_does_not_answer_is_cut_at_the_deadline() {
    let mut world = World::with(|builder| builder.timeouts(|timeouts| timeouts.close = PATIENCE));
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stuck_url = format!("ws://{}/", stuck.local_addr().unwrap());
    world.eval(&logged("polite", &websocket(echo)));
    world.eval(&logged("silent", &mute()));
    world.eval(&logged("stuck", &stuck_url));
    world.run_until("[polite, silent].every(socket => socket.readyState === 1)");
    let silent = socket(&mut world, "silent");
    let handle = world.sockets().handle();
    let deadline = Duration::from_millis(200);
    let begin = Instant::now();
    let other = thread::spawn(move || handle.close_all(1001, "bye", deadline));
    world.run();
    let elapsed = begin.elapsed();
    assert!(elapsed >= deadline && elapsed < PATIENCE, "{elapsed:?}");
    assert_eq!(other.join().unwrap(), Ok(true));
    let log = sorted_log(&mut world);
    assert_eq!(
        log,
        [
            "polite 1001 bye true",
            "silent 1006  false",
            "silent error",
            "stuck 1006  false",
            "stuck error"
        ]
    );
    let error = silent.info(&world.context).unwrap().last_error.unwrap();
    assert_eq!(error.kind(), &ErrorKind::Aborted);
}

#[test]
fn all_are_aborted_in_every_state() {
    let mut world = World::new();
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    world.eval(&logged("open", &websocket(echo)));
    world.eval(&logged("closing", &mute()));
    world.run_until("open.readyState === 1 && closing.readyState === 1");
    let stuck_url = format!("ws://{}/", stuck.local_addr().unwrap());
    world.eval(&format!("closing.close(); {}", logged("stuck", &stuck_url)));
    let handle = world.sockets().handle();
    // Before the network knows of `stuck`: the script's thread sees to it.
    assert!(thread::spawn(move || handle.abort_all()).join().unwrap());
    world.run();
    assert!(world.sockets().is_empty());
    let log = sorted_log(&mut world);
    let expected = ["closing", "open", "stuck"]
        .map(|name| [format!("{name} 1006  false"), format!("{name} error")]);
    assert_eq!(log, expected.concat());
}

/// Gives script a function that waits until the server says that its side of the connection is over.
fn wait_in_script(world: &mut World, over: mpsc::Receiver<Vec<u8>>) {
    let call = move |_: &JsValue, _: &[JsValue], _: &mut boa_engine::Context| {
        let last = over.recv_timeout(PATIENCE).unwrap();
        Ok(js_string!(String::from_utf8_lossy(&last).into_owned()).into())
    };
    let call = NativeFunction::from_copy_closure_with_captures(
        |this, args, call: &Captured, context| (call.0)(this, args, context),
        Captured(std::rc::Rc::new(call)),
    );
    world
        .context
        .register_global_callable(js_string!("waitForServer"), 0, call)
        .unwrap();
}

type Call = dyn Fn(&JsValue, &[JsValue], &mut boa_engine::Context) -> boa_engine::JsResult<JsValue>;

#[derive(boa_engine::Trace, boa_engine::Finalize)]
struct Captured(#[unsafe_ignore_trace] std::rc::Rc<Call>);

/// A server that reports the last frame's payload when the connection is over.
fn reporting() -> (String, mpsc::Receiver<Vec<u8>>) {
    let (tell, over) = mpsc::channel();
    let tell = Mutex::new(tell);
    let url = raw_websocket(move |mut tcp| {
        let frame = read_client_frame(&mut tcp);
        let payload = frame.map_or_else(|_| b"cut".to_vec(), |(_, payload)| payload);
        let _ = tell.lock().unwrap().send(payload);
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    (url, over)
}

#[test]
fn a_script_that_runs_for_ever_holds_nothing_up() {
    type End = fn(&WebSocketsHandle, boa_websocket::net::SocketId);
    let ends: [(End, &str); 4] = [
        (|handle, id| assert!(handle.abort(id)), "cut"),
        (|handle, _| assert!(handle.abort_all()), "cut"),
        (
            |handle, id| assert_eq!(handle.close(id, 1001, "x"), Ok(true)),
            "\u{3}\u{fffd}x",
        ),
        (
            |handle, _| {
                assert_eq!(
                    handle.close_all(1001, "x", Duration::from_millis(1)),
                    Ok(true)
                )
            },
            "\u{3}\u{fffd}x",
        ),
    ];
    for (end, server_saw) in ends {
        // The server never answers.
        let soon = Duration::from_millis(100);
        let mut world = World::with(|builder| builder.timeouts(|timeouts| timeouts.close = soon));
        let (url, over) = reporting();
        wait_in_script(&mut world, over);
        world.eval(&logged("a", &url));
        world.run_until("a.readyState === 1");
        let (handle, id) = (
            world.sockets().handle(),
            socket(&mut world, "a").id().unwrap(),
        );
        let (started, start) = mpsc::channel();
        let other = thread::spawn(move || {
            start.recv().unwrap();
            end(&handle, id);
        });
        started.send(()).unwrap();
        // The script's thread is busy until the server has seen the end.
        assert_eq!(world.eval("waitForServer()"), server_saw);
        assert_eq!(world.eval("a.readyState"), "1", "it moves in tasks only");
        other.join().unwrap();
        world.run();
        let log = world.eval("log.join()");
        assert!(log.ends_with("a 1006  false"), "{log}");
    }
}

#[test]
fn a_handle_to_a_context_that_is_gone_does_nothing() {
    let mut world = World::new();
    world.eval(&logged("a", &websocket(echo)));
    world.run_until("a.readyState === 1");
    let id = socket(&mut world, "a").id().unwrap();
    let sockets = world.sockets();
    let handle = sockets.handle();
    assert!(!handle.is_gone());
    drop(world);
    for handle in [handle, sockets.handle()] {
        let other = thread::spawn(move || {
            assert!(handle.is_gone());
            assert!(!handle.abort(id) && !handle.abort_all());
            assert_eq!(handle.close(id, 1000, ""), Ok(false));
            assert_eq!(handle.close_all(1001, "", PATIENCE), Ok(false));
            assert_eq!(handle.close(id, 0, ""), Err(InvalidClose::Code(0)));
        });
        other.join().unwrap();
    }
}

/// A thread that asks for ever takes no room, and a socket of another context is none of its business.
#[test]
fn a_handle_knows_the_sockets_of_its_context_alone() {
    let (mut ours, mut theirs) = (World::new(), World::new());
    let url = websocket(echo);
    ours.eval(&logged("a", &url));
    theirs.eval(&logged("a", &url));
    ours.run_until("a.readyState === 1");
    theirs.run_until("a.readyState === 1");
    let id = socket(&mut theirs, "a").id().unwrap();
    let handle = ours.sockets().handle();
    for _ in 0..10_000 {
        assert!(handle.abort(id));
    }
    ours.run_until("a.readyState === 1");
    theirs.eval("a.onmessage = () => a.close(4000); a.send('x')");
    theirs.run();
    assert_eq!(theirs.eval("log.join()"), "a 4000  true");
    ours.eval("a.close(4001)");
    ours.run();
    assert_eq!(ours.eval("log.join()"), "a 4001  true");
}
