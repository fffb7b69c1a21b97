//! What one step costs: making an event, dispatching it, handing a string or a buffer to script, a microtask checkpoint, and a frame in
//! and out of the protocol.
//!
//! ```sh
//! cargo bench --bench micro
//! ```

use std::{hint::black_box, time::Instant};

use boa_engine::{
    Context, JsObject, JsString, JsValue, Source, js_string, object::builtins::JsArrayBuffer,
};
use boa_websocket::{
    EventLoop, WebSocketExtension,
    dom::{EVENT, EventInit, create_event, dispatch},
    event_loop::perform_a_microtask_checkpoint,
    html::{MessageData, create_message_event},
    protocol::{Binary, Config, Connection, Sink},
};
use criterion::{BatchSize, Criterion, Throughput};
use tungstenite::Bytes;

fn context() -> Context {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .build()
        .expect("a context");
    WebSocketExtension::default()
        .register(None, &mut context)
        .expect("the interfaces");
    context
}

fn eval(context: &mut Context, script: &str) -> JsValue {
    context
        .eval(Source::from_bytes(script))
        .unwrap_or_else(|error| panic!("{script}: {error}"))
}

/// An event target with a listener of type `x` and one of type `message`, which reads the data.
fn target(context: &mut Context) -> JsObject {
    let script = "{ let seen = 0; const target = new EventTarget(); \
        target.addEventListener('x', () => { seen += 1; }); \
        target.addEventListener('message', (event) => { seen += event.data.length; }); target }";
    eval(context, script).as_object().expect("an object")
}

fn message(context: &mut Context, text: &JsString) -> JsObject {
    let data = MessageData::Value(text.clone().into());
    create_message_event(js_string!("message"), data, js_string!(), context).expect("an event")
}

fn events(criterion: &mut Criterion) {
    let context = &mut context();
    let target = target(context);
    let mut group = criterion.benchmark_group("events");
    let plain = |context: &mut Context| {
        create_event(&EVENT, js_string!("x"), EventInit::default(), (), context).expect("an event")
    };
    group.bench_function("create an Event", |bencher| {
        bencher.iter(|| plain(context));
    });
    let text = JsString::from("x".repeat(32));
    group.bench_function("create a MessageEvent", |bencher| {
        bencher.iter(|| message(context, &text));
    });
    let event = plain(context);
    group.bench_function("dispatch to one listener", |bencher| {
        bencher.iter(|| dispatch(&event, &target, context).expect("not stopped"));
    });
    group.bench_function("create, dispatch, read the data", |bencher| {
        bencher.iter(|| {
            let event = message(context, &text);
            dispatch(&event, &target, context).expect("not stopped")
        });
    });
    group.bench_function("microtask checkpoint, nothing queued", |bencher| {
        bencher.iter(|| perform_a_microtask_checkpoint(context));
    });
    group.finish();
}

fn scripts(criterion: &mut Criterion) {
    let context = &mut context();
    let mut group = criterion.benchmark_group("script");
    let mut script = |name: &str, before: &str, repeated: &str| {
        const TIMES: u64 = 1000;
        eval(context, before);
        let run = format!("for (let i = 0; i < {TIMES}; i += 1) {{ {repeated} }}");
        let run = boa_engine::Script::parse(Source::from_bytes(&run), None, context).expect(name);
        group.throughput(Throughput::Elements(TIMES));
        group.bench_function(name, |bencher| {
            bencher.iter(|| run.evaluate(context).expect("no error"));
        });
    };
    script("an empty loop", "", "");
    script("new Event()", "", "new Event('x')");
    script(
        "dispatchEvent(), one listener",
        "var target = new EventTarget(), event = new Event('x'); target.addEventListener('x', () => {})",
        "target.dispatchEvent(event)",
    );
    script(
        "dispatchEvent(), 1,000 listeners of another type",
        "var target = new EventTarget(), event = new Event('x'); \
         for (let i = 0; i < 1000; i += 1) target.addEventListener('y', () => {})",
        "target.dispatchEvent(event)",
    );
    group.finish();
}

fn hand_over(criterion: &mut Criterion) {
    let context = &mut context();
    let mut group = criterion.benchmark_group("hand over");
    for size in [32, 1024, 1 << 20] {
        let text = "x".repeat(size);
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("{size} B of ASCII as a string"), |bencher| {
            bencher.iter(|| JsString::from(black_box(&*text)));
        });
        group.bench_function(format!("{size} B as an ArrayBuffer"), |bencher| {
            bencher.iter_batched(
                || Binary::from_iter(64, vec![0_u8; size]),
                |bytes| JsArrayBuffer::from_byte_block(bytes, context).expect("a buffer"),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Counts what comes.
#[derive(Default)]
struct Counter {
    bytes: usize,
}

impl Sink for Counter {
    fn text(&mut self, text: &str) {
        self.bytes += text.len();
    }
    fn binary(&mut self, data: Binary) {
        self.bytes += data.len();
    }
    fn ping(&mut self, _: &[u8]) {}
    fn pong(&mut self, _: &[u8]) {}
    fn closing_handshake_started(&mut self) {}
}

/// As many messages as one read brings.
fn protocol(criterion: &mut Criterion) {
    const READ: usize = 128 << 10;
    let mut group = criterion.benchmark_group("protocol");
    let now = Instant::now();
    for (opcode, kind) in [(0x81, "text"), (0x82, "binary")] {
        for size in [32_usize, 1024] {
            let head = match u8::try_from(size) {
                Ok(size @ 0..126) => vec![opcode, size],
                _ => [&[opcode, 126][..], &(size as u16).to_be_bytes()].concat(),
            };
            let frame = [head, vec![b'x'; size]].concat();
            let frames = READ / frame.len();
            let read = frame.repeat(frames);
            group.throughput(Throughput::Elements(frames as u64));
            group.bench_function(format!("receive {size} B of {kind}"), |bencher| {
                let mut connection = Connection::new(Config::default());
                let mut counter = Counter::default();
                bencher.iter(|| connection.receive(&read, now, &mut counter));
                assert!(counter.bytes > 0);
            });
            group.bench_function(format!("send {size} B of {kind}"), |bencher| {
                let mut connection = Connection::new(Config::default());
                let payload = Bytes::from(vec![b'x'; size]);
                bencher.iter(|| {
                    for _ in 0..frames {
                        match opcode {
                            0x81 => connection.send_text(payload.clone()),
                            _ => connection.send_binary(payload.clone()),
                        }
                    }
                    while connection.has_output() {
                        let written = connection.output().len();
                        connection.wrote(written, now);
                    }
                });
            });
        }
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    events(&mut criterion);
    scripts(&mut criterion);
    hand_over(&mut criterion);
    protocol(&mut criterion);
    criterion.final_summary();
}
