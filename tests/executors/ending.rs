//! Sockets that end from another thread, and those that nothing keeps, under executors that are not the crate's.

use std::{
    io::Read,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use boa_engine::{Context, JsObject, Source};
use boa_websocket::{WebSocket, WebSockets, dom::add_listener};
use tungstenite::Message;

use crate::{
    eval,
    harness::{PATIENCE, raw_websocket, read_client_frame, websocket},
    log, under_each_foreign_executor,
};

fn socket(context: &mut Context) -> WebSocket {
    let value = context.eval(Source::from_bytes("ws")).unwrap();
    WebSocket::try_from(value.as_object().unwrap()).unwrap()
}

#[test]
fn another_thread_closes_while_the_executor_waits() {
    under_each_foreign_executor(|context, name| {
        let url = websocket(|mut websocket| while websocket.read().is_ok() {});
        for (all, expected) in [(false, "1001 one true"), (true, "1001 all true")] {
            eval(
                context,
                &format!(
                    "var log = []; var ws = new WebSocket('{url}');
                     ws.onclose = (event) => log.push(event.code, event.reason, event.wasClean)"
                ),
            );
            let handle = WebSockets::of(context).unwrap().handle();
            let ws = socket(context);
            let id = ws.id().unwrap();
            let (opened, open) = mpsc::channel();
            let tell = move |_: &JsObject, _: &mut Context| {
                opened.send(()).unwrap();
                Ok(())
            };
            add_listener(ws.object(), "open", tell, context).unwrap();
            let other = thread::spawn(move || {
                open.recv_timeout(PATIENCE).unwrap();
                match all {
                    true => handle.close_all(1001, "all", PATIENCE),
                    false => handle.close(id, 1001, "one"),
                }
            });
            // Would wait for ever.
            context.run_jobs().unwrap();
            assert_eq!(other.join().unwrap(), Ok(true));
            assert_eq!(log(context), expected, "{name}");
        }
    });
}

/// Nobody listens, so that the executor has no job of the sockets'; the line ends all the same.
#[test]
fn another_thread_ends_what_no_job_looks_at() {
    under_each_foreign_executor(|context, name| {
        let (tell, over) = mpsc::channel();
        let tell = Mutex::new(tell);
        let url = raw_websocket(move |mut tcp| {
            let end = read_client_frame(&mut tcp).map(|(first, payload)| (first, payload.len()));
            tell.lock().unwrap().send(end.ok()).unwrap();
            let _ = tcp.read_to_end(&mut Vec::new());
        });
        for aborts in [false, true] {
            eval(
                context,
                &format!(
                    "var log = []; var ws = new WebSocket('{url}'); ws.onopen = () => {{ ws.onopen = null }}"
                ),
            );
            context.run_jobs().unwrap();
            let handle = WebSockets::of(context).unwrap().handle();
            let other = thread::spawn(move || match aborts {
                true => handle.abort_all(),
                false => handle
                    .close_all(1001, "", Duration::from_millis(1))
                    .unwrap(),
            });
            assert!(other.join().unwrap());
            let seen = over.recv_timeout(PATIENCE).unwrap();
            assert_eq!(seen, (!aborts).then_some((0x88, 2)), "{name}");
            // A listener brings the job back, and hears what is still to come.
            eval(context, "ws.onclose = (event) => log.push(event.code)");
            context.run_jobs().unwrap();
            assert_eq!(log(context), "1006", "{name}");
        }
    });
}

/// A server that says a word whenever it is told to.
fn speaking() -> (String, mpsc::Sender<&'static str>, mpsc::Receiver<()>) {
    let (go, told) = mpsc::channel::<&'static str>();
    let (answered, answers) = mpsc::channel();
    let (told, answered) = (Mutex::new(told), Mutex::new(answered));
    let url = websocket(move |mut websocket| {
        while let Ok(word) = told.lock().unwrap().recv() {
            websocket.send(word.into()).unwrap();
            // The answer to a ping: what was sent before it has been read.
            websocket.send(Message::Ping(vec![].into())).unwrap();
            loop {
                match websocket.read() {
                    Ok(message) if message.is_pong() => break,
                    Ok(_) => {}
                    Err(_) => return,
                }
            }
            answered.lock().unwrap().send(()).unwrap();
        }
        while websocket.read().is_ok() {}
    });
    (url, go, answers)
}

/// What was read is handed to script a moment later.
fn run_until(context: &mut Context, expected: &str, look: impl Fn(&mut Context)) {
    let begin = Instant::now();
    while log(context) != expected {
        assert!(begin.elapsed() < PATIENCE, "{expected}");
        look(context);
        context.run_jobs().unwrap();
    }
}

/// An unreferenced socket keeps no executor. Another than the crate's own then looks at it when it is told to.
#[test]
fn an_unreferenced_socket_is_seen_when_the_host_looks() {
    under_each_foreign_executor(|context, name| {
        let (url, go, answers) = speaking();
        eval(
            context,
            &format!(
                "var log = []; var ws = new WebSocket('{url}'); var opened = false;
                 ws.onopen = () => {{ opened = true; unref() }};
                 ws.onmessage = (event) => log.push(event.data)"
            ),
        );
        context.run_jobs().unwrap();
        assert_eq!(log(context), "", "{name}");
        let sockets = WebSockets::of(context).unwrap();
        assert_eq!((sockets.len(), sockets.pending()), (1, 0), "{name}");
        go.send("one").unwrap();
        answers.recv_timeout(PATIENCE).unwrap();
        context.run_jobs().unwrap();
        assert_eq!(log(context), "", "{name}: no job, no events");
        run_until(context, "one", |context| sockets.look_for_events(context));
        go.send("two").unwrap();
        answers.recv_timeout(PATIENCE).unwrap();
        // So does any use of the socket.
        run_until(context, "one two", |context| {
            drop(eval(context, "ws.send('x')"))
        });
        // Referenced again, it keeps the executor.
        assert!(socket(context).set_ref(true, context));
        eval(
            context,
            "ws.onmessage = () => ws.close(4000); ws.onclose = (event) => log.push(event.code)",
        );
        go.send("three").unwrap();
        drop(go);
        context.run_jobs().unwrap();
        assert_eq!(log(context), "one two 4000", "{name}");
    });
}
