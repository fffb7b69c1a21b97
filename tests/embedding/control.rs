//! [`WebSockets`]: what there is, how it is closed, and what the event loop waits for.

use std::{
    rc::Rc,
    sync::mpsc,
    time::{Duration, Instant},
};

use boa_engine::{Context, Source, job::SimpleJobExecutor};
use boa_websocket::{
    WebSocket, WebSocketExtension, WebSockets,
    event_loop::Progress,
    net::ErrorKind,
    websocket::{InvalidClose, ReadyState},
};

use crate::{
    World, eval,
    harness::{PATIENCE, echo, raw_websocket, read_client_frames, websocket},
    logged,
};

/// A server that shakes hands and then says nothing, whatever it gets.
fn mute() -> String {
    raw_websocket(|mut tcp| {
        read_client_frames(&mut tcp);
        std::thread::sleep(PATIENCE);
    })
}

fn socket(world: &mut World, name: &str) -> WebSocket {
    let value = world.context.eval(Source::from_bytes(name)).unwrap();
    WebSocket::try_from(value.as_object().unwrap()).unwrap()
}

#[test]
fn the_list_has_what_is_not_closed_with_its_counters() {
    let mut world = World::new();
    let sockets = world.sockets();
    assert!(sockets.is_empty() && sockets.list().is_empty());
    let url = websocket(echo);
    world.eval(&logged("a", &format!("{url}path?query")));
    world.eval(&logged("b", &url));
    let connecting = sockets.list();
    assert_eq!(connecting.len(), 2);
    assert_eq!(connecting[0].ready_state, ReadyState::Connecting);
    assert_eq!(connecting[0].url, format!("{url}path?query"));
    let shown = format!("{connecting:?}");
    assert!(
        shown.contains("ws://127.0.0.1:") && !shown.contains("query"),
        "{shown}"
    );

    world.eval(
        "var got = 0; a.onopen = () => { a.send('ab'); a.send(new Uint8Array(5)); a.send('') };
         a.onmessage = () => { got += 1 };",
    );
    world.run_until("got === 3 && b.readyState === 1 && a.bufferedAmount === 0");
    let list = sockets.list();
    let [a, b] = &list[..] else {
        panic!("{list:?}")
    };
    assert!(a.id < b.id);
    assert_eq!(a.ready_state, ReadyState::Open);
    assert_eq!((a.messages_out, a.bytes_out), (3, 7));
    assert_eq!((a.messages_in, a.bytes_in), (3, 7));
    assert_eq!(
        (b.messages_in, b.messages_out, b.buffered_amount),
        (0, 0, 0)
    );
    assert!(a.keeps_alive && a.last_error.is_none());
    assert_eq!(sockets.pending(), 2);
    assert_eq!(socket(&mut world, "a").id().unwrap(), a.id);
    assert!(sockets.object(a.id).is_some());

    world.eval("a.close(); b.close()");
    world.run();
    assert_eq!((sockets.len(), sockets.pending()), (0, 0));
    assert!(sockets.get(a.id).is_none());
    // Of an object that is at hand, it can still be asked.
    let after = socket(&mut world, "a").info(&world.context).unwrap();
    assert_eq!(after.ready_state, ReadyState::Closed);
    assert_eq!(after.messages_in, 3);
}

#[test]
fn the_host_closes_one_and_script_sees_it() {
    let mut world = World::new();
    let url = websocket(echo);
    world.eval(&logged("a", &url));
    world.eval(&logged("b", &url));
    world.run_until("a.readyState === 1 && b.readyState === 1");
    let (sockets, id) = (world.sockets(), socket(&mut world, "a").id().unwrap());
    let context = &mut world.context;
    for code in [0, 999, 1005, 1006, 1015, 2999, 5000] {
        let refused = sockets.close(id, code, "", context);
        assert_eq!(refused, Err(InvalidClose::Code(code)));
    }
    assert_eq!(sockets.close(id, 1001, "enough", context), Ok(true));
    assert_eq!(sockets.close(id, 1001, "again", context), Ok(false));
    assert_eq!(eval("a.readyState", context), "2");
    world.run_until("a.readyState === 3");
    assert_eq!(world.eval("log.join()"), "a 1001 enough true");
    assert_eq!(sockets.list().len(), 1);
    world.eval("b.close()");
    world.run();
    assert_eq!(sockets.close(id, 1001, "", &mut world.context), Ok(false));
}

#[test]
fn an_aborted_socket_fires_error_and_1006_and_no_message() {
    let mut world = World::new();
    // Once asked, it sends without an end.
    let url = websocket(|mut websocket| {
        let _ = websocket.read();
        while websocket.send("x".into()).is_ok() {}
    });
    world.eval(&logged("a", &url));
    world.eval(
        "var before = 0, after = 0, aborted = false;
         a.onmessage = () => { before += !aborted; after += aborted }; var got = () => after",
    );
    world.run_until("a.readyState === 1");
    world.eval("a.send('go')");
    // One turn at a time: the loop would not stall while messages come.
    let begin = Instant::now();
    while world.eval("before > 0") != "true" {
        assert!(begin.elapsed() < PATIENCE);
        let cell = std::cell::RefCell::new(&mut world.context);
        world.event_loop.turns(&cell).turn().unwrap();
    }
    let a = socket(&mut world, "a");
    world.eval("aborted = true");
    assert!(a.abort(&mut world.context));
    assert_eq!(world.eval("a.readyState"), "2");
    world.run();
    assert_eq!(world.eval("log.join() + got()"), "a error,a 1006  false0");
    assert!(!a.abort(&mut world.context));
    let error = a.info(&world.context).unwrap().last_error.unwrap();
    assert_eq!(error.kind(), &ErrorKind::Aborted);
}

#[test]
fn a_connecting_socket_is_aborted_too() {
    let mut world = World::new();
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", stuck.local_addr().unwrap());
    world.eval(&logged("a", &url));
    world.eval(&logged("b", &url));
    assert_eq!(world.sockets().abort_all(&mut world.context), 2);
    world.run();
    let log = world.eval("log.join('|')");
    assert_eq!(log, "a error|a 1006  false|b error|b 1006  false");
}

#[test]
fn all_are_closed_and_what_does_not_answer_is_cut_at_the_deadline() {
    let mut world = World::with(|builder| {
        builder.timeouts(|timeouts| timeouts.close = Duration::from_secs(3600))
    });
    let stuck = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let stuck_url = format!("ws://{}/", stuck.local_addr().unwrap());
    world.eval(&logged("polite", &websocket(echo)));
    world.eval(&logged("mute", &mute()));
    world.eval(&logged("stuck", &stuck_url));
    // Nobody listens to this one, and it is not to keep the loop: it is waited for all the same.
    world.eval(&format!("var quiet = new WebSocket('{}')", mute()));
    world.run_until("[polite, mute, quiet].every(socket => socket.readyState === 1)");
    let quiet = socket(&mut world, "quiet");
    assert!(quiet.set_ref(false, &mut world.context));
    let sockets = world.sockets();
    let long = "x".repeat(124);
    let refused = sockets.close_all(1001, &long, Duration::ZERO, &mut world.context);
    assert_eq!(refused, Err(InvalidClose::Reason(124)));
    let begin = Instant::now();
    let deadline = Duration::from_millis(300);
    let closed = sockets.close_all(1001, "bye", deadline, &mut world.context);
    assert_eq!(closed, Ok(4));
    world.run();
    let elapsed = begin.elapsed();
    assert!(elapsed >= deadline, "{elapsed:?}");
    assert!(elapsed < PATIENCE, "{elapsed:?}");
    assert!(sockets.is_empty());
    let mut log: Vec<String> = world
        .eval("log.join('|')")
        .split('|')
        .map(Into::into)
        .collect();
    log.sort();
    assert_eq!(
        log,
        [
            "mute 1006  false",
            "mute error",
            "polite 1001 bye true",
            "stuck 1006  false",
            "stuck error"
        ]
    );
    let error = quiet.info(&world.context).unwrap().last_error.unwrap();
    assert_eq!(error.kind(), &ErrorKind::Aborted);
}

#[test]
fn close_all_works_under_any_executor() {
    let executor = Rc::new(SimpleJobExecutor::new());
    let mut context = Context::builder().job_executor(executor).build().unwrap();
    let extension = WebSocketExtension::builder()
        .timeouts(|timeouts| timeouts.close = Duration::from_secs(3600))
        .build();
    extension.unwrap().register(None, &mut context).unwrap();
    let sockets = WebSockets::of(&context).unwrap();
    eval(&logged("mute", &mute()), &mut context);
    let call = {
        let sockets = sockets.clone();
        move |_: &boa_engine::JsObject, context: &mut Context| {
            let done = sockets.close_all(1001, "", Duration::from_millis(50), context);
            assert_eq!(done, Ok(1));
            Ok(())
        }
    };
    let mute = context.eval(Source::from_bytes("mute")).unwrap();
    let mute = mute.as_object().unwrap();
    boa_websocket::dom::add_listener(&mute, "open", call, &mut context).unwrap();
    context.run_jobs().unwrap();
    assert_eq!(
        eval("log.join()", &mut context),
        "mute error,mute 1006  false"
    );
    assert!(sockets.is_empty());
}

#[test]
fn the_loop_does_not_wait_for_an_unreferenced_socket() {
    let mut world = World::new();
    let (go, told) = mpsc::channel::<()>();
    let told = std::sync::Mutex::new(told);
    let url = websocket(move |mut websocket| {
        told.lock().unwrap().recv().unwrap();
        websocket.send("late".into()).unwrap();
        echo(websocket);
    });
    world.eval(&logged("a", &url));
    world.eval("var got = ''; a.onmessage = (event) => { got += event.data };");
    world.run_until("a.readyState === 1");
    let (sockets, a) = (world.sockets(), socket(&mut world, "a"));
    assert_eq!(sockets.pending(), 1);
    assert!(a.set_ref(false, &mut world.context));
    assert_eq!((sockets.pending(), sockets.len()), (0, 1));
    assert!(!a.info(&world.context).unwrap().keeps_alive);
    // Would hang if it were waited for.
    world.run();
    assert_eq!(world.eval("a.readyState"), "1");

    // It lives on: what comes is seen whenever the loop runs.
    go.send(()).unwrap();
    world.run_until("got === 'late'");
    assert!(a.set_ref(true, &mut world.context));
    assert_eq!(sockets.pending(), 1);
    let progress = world.event_loop.run_until_stalled(&mut world.context);
    assert_ne!(progress.unwrap(), Progress::Done);
    world.eval("a.close(4000)");
    world.run();
    assert_eq!(world.eval("log.join()"), "a 4000  true");
    assert!(!a.set_ref(true, &mut world.context), "it is gone");
}

#[test]
fn a_handle_outlives_its_context_and_keeps_nothing() {
    let mut world = World::new();
    world.eval(&logged("a", &websocket(echo)));
    world.run_until("a.readyState === 1");
    let sockets = world.sockets();
    assert_eq!(sockets.len(), 1);
    drop(world);
    assert_eq!((sockets.len(), sockets.pending()), (0, 0));
    assert!(sockets.list().is_empty());
    assert!(WebSockets::of(&Context::default()).is_none());
}
