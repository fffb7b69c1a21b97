//! What `tracing` hears of connections: a span for each, everything that happens in it, and no secret.
//!
//! A test binary of its own: the subscriber is the whole process's, because the network has its own threads.
#![cfg(feature = "net")]

#[path = "net_connections/harness.rs"]
#[allow(dead_code, reason = "each user of the harness needs a part of it")]
mod harness;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock},
};

use boa_websocket::net::SocketId;
use http::{HeaderName, HeaderValue};
use tracing::{
    Event, Id, Level, Subscriber,
    field::{Field, Visit},
    span::Attributes,
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

use crate::harness::{Client, answering, echo, websocket};

type Fields = HashMap<&'static str, String>;

/// What was heard of one connection.
#[derive(Debug, Default, Clone)]
struct Heard {
    span: Fields,
    /// The message of each event, and its fields.
    events: Vec<(Level, String, Fields)>,
    closed: bool,
}

#[derive(Debug, Default)]
struct All {
    connections: HashMap<String, Heard>,
    /// Events of the network in no span.
    outside: Vec<Fields>,
}

#[derive(Clone, Default)]
struct Ear(Arc<Mutex<All>>);

struct Collect(Fields);

impl Visit for Collect {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

/// Names a connection's span by its id.
struct Name(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ear {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        assert_eq!(attributes.metadata().name(), "connection");
        let mut fields = Collect(Fields::new());
        attributes.record(&mut fields);
        let name = fields.0["id"].clone();
        let mut all = self.0.lock().unwrap();
        all.connections.entry(name.clone()).or_default().span = fields.0;
        context
            .span(id)
            .unwrap()
            .extensions_mut()
            .insert(Name(name));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "boa_websocket::net" {
            return;
        }
        let mut fields = Collect(Fields::new());
        event.record(&mut fields);
        let mut fields = fields.0;
        let message = fields.remove("message").unwrap();
        let spans: Vec<_> = context.event_scope(event).into_iter().flatten().collect();
        let mut all = self.0.lock().unwrap();
        let [span] = &spans[..] else {
            fields.insert("message", message);
            return all.outside.push(fields);
        };
        let name = span.extensions().get::<Name>().unwrap().0.clone();
        if let Some(id) = fields.get("id") {
            assert_eq!(*id, name, "{message} is in the span of another connection");
        }
        let level = *event.metadata().level();
        let heard = all.connections.entry(name).or_default();
        heard.events.push((level, message, fields));
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        let name = span.extensions().get::<Name>().unwrap().0.clone();
        let mut all = self.0.lock().unwrap();
        all.connections.entry(name).or_default().closed = true;
    }
}

fn ear() -> &'static Ear {
    static EAR: OnceLock<Ear> = OnceLock::new();
    EAR.get_or_init(|| {
        let ear = Ear::default();
        let subscriber = tracing_subscriber::registry().with(ear.clone());
        tracing::subscriber::set_global_default(subscriber).unwrap();
        ear
    })
}

impl Heard {
    /// All about a connection whose network is gone.
    fn of(id: SocketId) -> Self {
        let all = ear().0.lock().unwrap();
        assert!(all.outside.is_empty(), "{:?}", all.outside);
        let heard = all.connections[&id.to_string()].clone();
        assert!(heard.closed, "the span is still there");
        heard
    }

    fn messages(&self) -> Vec<&str> {
        self.events
            .iter()
            .map(|(_, message, _)| &**message)
            .collect()
    }

    fn field(&self, message: &str, name: &str) -> &str {
        let mut events = self.events.iter();
        let (_, _, fields) = events.find(|(_, found, _)| found == message).unwrap();
        &fields[name]
    }
}

#[test]
fn a_connection_is_a_span_with_its_phases_as_events() {
    ear();
    let url = websocket(echo);
    let port = url
        .rsplit_once(':')
        .unwrap()
        .1
        .trim_end_matches('/')
        .to_owned();
    let url = url.replace("ws://", "ws://user:s3cret@") + "s3cret?s3cret";
    let mut client = Client::new();
    let id = client.connect_with(&url, |request| {
        let secret = HeaderValue::from_static("s3cret");
        request
            .headers
            .push((HeaderName::from_static("x-plain"), secret));
    });
    assert!(matches!(client.next(), (_, harness::Event::Opened { .. })));
    client.send_text(id, "s3cret");
    assert_eq!(client.text(), "s3cret");
    client.close(id, Some(1000), "s3cret");
    assert!(client.closing_then_closed().was_clean);
    drop(client);

    let heard = Heard::of(id);
    let span = |name| &*heard.span[name];
    assert_eq!((span("host"), span("port")), ("\"127.0.0.1\"", &*port));
    assert_eq!(span("secure"), "false");
    let expected = [
        "connect",
        "resolved",
        "connected",
        "upgraded",
        "closing",
        "closed",
    ];
    assert_eq!(heard.messages(), expected);
    assert_eq!(heard.field("closed", "clean"), "true");
    assert!(
        heard
            .events
            .iter()
            .all(|(level, _, _)| *level == Level::DEBUG)
    );
    assert!(!format!("{heard:?}").contains("s3cret"));
}

#[test]
fn a_failure_is_the_last_event_and_a_refusal_shows_the_answer() {
    ear();
    let mut client = Client::new();
    let url = answering(|_| {
        "HTTP/1.1 403 No\r\nX-A: b\r\nSet-Cookie: s3cret\r\nX-Auth: s3cret\r\n\r\n".into()
    });
    let refused = client.connect(&url);
    client.closed();
    let blocked = client.connect("ws://127.0.0.1:25/");
    client.closed();
    drop(client);

    let heard = Heard::of(refused);
    let expected = [
        "connect",
        "resolved",
        "connected",
        "answer",
        "header",
        "header",
        "header",
        "failed",
    ];
    assert_eq!(heard.messages(), expected);
    assert_eq!(heard.field("answer", "status"), "403");
    let headers = heard
        .events
        .iter()
        .filter(|(_, message, _)| message == "header");
    let headers: Vec<_> = headers
        .map(|(_, _, fields)| (&*fields["name"], &*fields["value"]))
        .collect();
    let hidden = "[redacted]";
    let expected = [("x-a", "b"), ("set-cookie", hidden), ("x-auth", hidden)];
    assert_eq!(headers, expected);
    assert!(heard.field("failed", "error").contains("status 403"));
    assert_eq!(Heard::of(blocked).messages(), ["failed"]);
}

#[test]
fn spans_end_with_sockets_that_are_cancelled_or_aborted() {
    ear();
    let mut client = Client::new();
    // Takes the connection and never answers.
    let url = harness::url_of(harness::serve(|_tcp| std::thread::park()));
    let cancelled = client.connect(&url);
    client.close(cancelled, None, "");
    client.closed();
    let open = client.open(&websocket(echo));
    let command = boa_websocket::net::Command::Abort { id: open };
    client.network.command(command);
    let left = client.open(&websocket(echo));
    drop(client);
    assert_eq!(Heard::of(cancelled).messages().last(), Some(&"failed"));
    assert_eq!(Heard::of(open).messages().last(), Some(&"upgraded"));
    Heard::of(left);
}

#[cfg(feature = "ring")]
#[test]
fn a_connection_that_takes_any_certificate_is_warned_of() {
    use rustls::{ServerConfig, ServerConnection, StreamOwned, crypto::ring};

    ear();
    let made = rcgen::generate_simple_self_signed(vec!["elsewhere.example".into()]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.into()], made.signing_key.into())
        .unwrap();
    let config = Arc::new(config);
    let url = harness::url_of(harness::serve(move |tcp| {
        let tls = ServerConnection::new(config.clone()).unwrap();
        if let Ok(websocket) = tungstenite::accept(StreamOwned::new(tls, tcp)) {
            echo(websocket);
        }
    }));
    let url = url.replace("ws:", "wss:");
    let mut client = Client::with(|options| options.tls.dangerously_accept_any_certificate());
    let ids = [client.open(&url), client.open(&url)];
    drop(client);
    for id in ids {
        let heard = Heard::of(id);
        let warnings = heard
            .events
            .iter()
            .filter(|(level, _, _)| *level == Level::WARN);
        let warnings: Vec<_> = warnings.map(|(_, message, _)| &**message).collect();
        let [warning] = warnings[..] else {
            panic!("{warnings:?}");
        };
        assert!(warning.contains("not verified"), "{warning}");
        assert!(heard.field("tls", "agreed").starts_with("\"TLS 1.3, "));
    }
}
