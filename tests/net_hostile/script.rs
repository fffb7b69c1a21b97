//! Script's side: the events of a socket, in their order, with what they say.

use std::{
    thread,
    time::{Duration, Instant},
};

use boa_engine::{Context, Source};
use boa_websocket::{EventLoop, WebSocketExtension, event_loop::Progress, net::Options};

use crate::harness::PATIENCE;

const WATCH: &str = "
    function watch(url) {
        const log = [];
        const socket = new WebSocket(url);
        socket.binaryType = 'arraybuffer';
        socket.onopen = () => log.push(`open ${socket.readyState}`);
        socket.onmessage = ({ data }) =>
            log.push(typeof data === 'string' ? `text ${data}` : `binary ${data.byteLength}`);
        socket.onerror = (event) => {
            const plain = event.constructor === Event && event.isTrusted && !event.message;
            log.push(`error ${socket.readyState} ${plain}`);
        };
        socket.onclose = ({ code, reason, wasClean }) =>
            log.push(`close ${socket.readyState} ${code} '${reason}' ${wasClean}`);
        return log;
    }
";

/// The end that script sees of every connection that was failed or lost: not a word of why.
pub(crate) const FAILED: [&str; 2] = ["error 3 true", "close 3 1006 '' false"];

/// Connects to all of these at once and gives back what each one's events were. Ends by itself, as
/// script does, when nothing can happen any more.
pub(crate) fn events(urls: &[String], change: impl FnOnce(&mut Options)) -> Vec<Vec<String>> {
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(event_loop.clone())
        .build()
        .unwrap();
    WebSocketExtension::builder()
        .network(|options| {
            options.serial_handshakes = false;
            change(options);
        })
        .build()
        .unwrap()
        .register(None, &mut context)
        .unwrap();
    let urls = serde_json::to_string(urls).unwrap();
    let script = format!("{WATCH} const logs = {urls}.map(watch);");
    context.eval(Source::from_bytes(&script)).unwrap();
    let started = Instant::now();
    while event_loop.run_until_stalled(&mut context).unwrap() != Progress::Done {
        if started.elapsed() > PATIENCE {
            panic!("it does not end: {:?}", read_logs(&mut context));
        }
        thread::sleep(Duration::from_millis(1));
    }
    read_logs(&mut context)
}

fn read_logs(context: &mut Context) -> Vec<Vec<String>> {
    let logs = context
        .eval(Source::from_bytes("JSON.stringify(logs)"))
        .unwrap();
    let logs = logs.to_string(context).unwrap();
    serde_json::from_str(&logs.to_std_string_lossy()).unwrap()
}

/// Expects for each URL these messages, opened, and then the end of a failed connection.
#[track_caller]
pub(crate) fn expect_failed(
    what: &[String],
    urls: &[String],
    messages: &[Vec<String>],
    change: impl FnOnce(&mut Options),
) {
    let all = events(urls, change);
    for ((what, log), messages) in what.iter().zip(&all).zip(messages) {
        let mut expected = vec!["open 1".to_owned()];
        expected.extend_from_slice(messages);
        expected.extend(FAILED.map(str::to_owned));
        assert_eq!(log, &expected, "{what}");
    }
    assert_eq!(all.len(), urls.len());
}
