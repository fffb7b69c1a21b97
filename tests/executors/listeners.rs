//! A listener that is added to an open socket when none had one: its events come.

use std::sync::{Mutex, mpsc};

use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, Source, Trace};
use boa_websocket::{
    WebSocket,
    dom::{ListenerOptions, add_listener, add_listener_with},
};

use crate::{eval, harness::websocket, log, under_each_foreign_executor};

#[derive(Trace, Finalize, JsData)]
struct Word;

fn heard(event: &JsObject, context: &mut Context) -> JsResult<()> {
    eval(context, "log.push('heard')");
    WebSocket::target_of(event)?.close(None, "", context)
}

/// Every way to add one.
const WAYS: [fn(&JsObject, &mut Context); 5] = [
    |_, context| {
        eval(context, "ws.addEventListener('message', heard)");
    },
    |_, context| {
        eval(context, "ws.onmessage = heard");
    },
    // An object whose method is looked up at the event.
    |_, context| {
        eval(
            context,
            "ws.addEventListener('message', { handleEvent: heard }, { once: true })",
        );
    },
    |socket, context| {
        add_listener(socket, "message", heard, context).unwrap();
    },
    |socket, context| {
        let listen = |_: &Word, event: &JsObject, context: &mut Context| heard(event, context);
        let options = ListenerOptions::default();
        add_listener_with(socket, "message", options, Word, listen, context).unwrap();
    },
];

#[test]
fn a_listener_brings_the_sockets_job_back() {
    under_each_foreign_executor(|context, name| {
        eval(
            context,
            "var log = []; var heard = (event) => { log.push('heard'); event.target.close() }",
        );
        for (index, add) in WAYS.iter().enumerate() {
            // Nothing is sent until the listener is there, and nothing at all by script.
            let (go, told) = mpsc::channel::<()>();
            let told = Mutex::new(told);
            let url = websocket(move |mut websocket| {
                if told.lock().unwrap().recv().is_ok() {
                    websocket.send("x".into()).unwrap();
                }
                while websocket.read().is_ok() {}
            });
            let source = format!(
                "var ws = new WebSocket('{url}'); ws.onopen = () => {{ ws.onopen = null }}; ws"
            );
            let ws = context.eval(Source::from_bytes(&source)).unwrap();
            // Ends as soon as it is open: nobody listens any more.
            context.run_jobs().unwrap();
            assert_eq!(
                eval(context, "ws.onopen").display().to_string(),
                "null",
                "{name}"
            );
            assert!(log(context).is_empty());
            // What was looked up has brought the job back for a turn: let it end.
            context.run_jobs().unwrap();
            add(&ws.as_object().unwrap(), context);
            go.send(()).unwrap();
            context.run_jobs().unwrap();
            assert_eq!(log(context), "heard", "{name}, way {index}");
            eval(context, "log.length = 0");
        }
    });
}

/// The same while the executor runs: script does it in a timer or a promise job of its own.
#[test]
fn a_listener_for_the_end_hears_it() {
    under_each_foreign_executor(|context, name| {
        let (go, told) = mpsc::channel::<()>();
        let told = Mutex::new(told);
        let url = websocket(move |mut websocket| {
            told.lock().unwrap().recv().unwrap();
            websocket.close(None).unwrap();
            while websocket.read().is_ok() {}
        });
        eval(
            context,
            &format!(
                "var log = []; var ws = new WebSocket('{url}'); ws.onopen = () => {{ ws.onopen = null }}"
            ),
        );
        context.run_jobs().unwrap();
        eval(
            context,
            "Promise.resolve().then(() => { ws.onclose = (event) => log.push(event.code) })",
        );
        go.send(()).unwrap();
        context.run_jobs().unwrap();
        assert_eq!(log(context), "1005", "{name}");
    });
}
