//! The module `testing`: scripts against servers in memory.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::{io, rc::Rc, time::Duration};

use boa_engine::{Context, Source};
use boa_websocket::{
    Error as BuildError, EventLoop, WebSocketExtension, WebSocketExtensionBuilder,
    net::{DialRequest, Dialer, Dialled, Proxy, Readiness, Transport},
    testing::{
        self, Error, ErrorKind, MemoryDialer, Message, Peer, Server, Setup, run_until,
        run_until_script,
    },
};
use proptest::prelude::*;

/// A script's side.
struct Page {
    event_loop: Rc<EventLoop>,
    context: Context,
}

impl Page {
    fn new(dialer: impl Dialer + 'static) -> Self {
        Self::with(dialer, |builder| builder)
    }

    fn with(
        dialer: impl Dialer + 'static,
        change: impl FnOnce(WebSocketExtensionBuilder) -> WebSocketExtensionBuilder,
    ) -> Self {
        let event_loop = EventLoop::new();
        let mut context = Context::builder()
            .job_executor(event_loop.clone())
            .build()
            .unwrap();
        let builder = WebSocketExtension::builder().dialer(dialer);
        let extension = change(builder).build().unwrap();
        extension.register(None, &mut context).unwrap();
        let mut page = Self {
            event_loop,
            context,
        };
        page.eval(
            "var log = [];
             function open(url, protocols = []) {
                 const ws = new WebSocket(url, protocols);
                 ws.binaryType = 'arraybuffer';
                 ws.onopen = () => log.push('open ' + ws.protocol);
                 ws.onmessage = ({ data }) => log.push(
                     typeof data == 'string' ? data : 'binary ' + data.byteLength);
                 ws.onerror = () => log.push('error');
                 ws.onclose = e => log.push(`close ${e.code} ${e.reason} ${e.wasClean}`);
                 return ws;
             }",
        );
        page
    }

    /// Evaluates, and has what that asks for done.
    fn eval(&mut self, script: &str) -> String {
        let value = self.context.eval(Source::from_bytes(script)).unwrap();
        let text = value.to_string(&mut self.context).unwrap();
        self.event_loop
            .run_until_stalled(&mut self.context)
            .unwrap();
        text.to_std_string_escaped()
    }

    fn until(&mut self, expression: &str) {
        run_until_script(&self.event_loop, &mut self.context, expression).unwrap();
    }

    /// Runs until so many things have happened, and says which.
    fn log(&mut self, count: usize) -> String {
        self.until(&format!("log.length >= {count}"));
        self.eval("log.join('|')")
    }

    /// A socket that is open on both sides.
    fn open(&mut self, server: &Server, url: &str) -> Peer {
        self.eval(&format!("var ws = open('{url}')"));
        let peer = server.expect_upgrade().unwrap().accept().unwrap();
        self.until("ws.readyState == 1");
        peer
    }
}

#[test]
fn messages_go_both_ways_and_the_close_is_clean() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    page.eval("var ws = open('ws://user:pass@a.test/b?c', ['x', 'y'])");
    let upgrade = server.expect_upgrade().unwrap();
    assert_eq!((upgrade.method(), upgrade.target()), ("GET", "/b?c"));
    assert_eq!(upgrade.protocols(), ["x", "y"]);
    assert_eq!(upgrade.header("host"), Some("a.test"));
    assert_eq!(upgrade.header("authorization"), Some("Basic dXNlcjpwYXNz"));
    assert_eq!(upgrade.url().host_str(), Some("a.test"));
    let mut peer = upgrade.accept_with(Some("y"), &[("X-More", "1")]).unwrap();
    peer.send_text("hello").unwrap();
    peer.send_binary(&[0; 300_000]).unwrap();
    assert_eq!(page.log(3), "open y|hello|binary 300000");

    page.eval("ws.send('hällo'); ws.send(new Uint8Array([1, 2])); ws.send('x')");
    assert_eq!(peer.expect_text().unwrap(), "hällo");
    assert_eq!(peer.expect_binary().unwrap(), [1, 2]);
    assert_eq!(
        peer.expect_message().unwrap(),
        Message::Text("x".to_owned())
    );
    peer.ping(b"there?").unwrap();
    assert_eq!(peer.expect_pong().unwrap(), b"there?");

    page.eval("ws.close(3001, 'done')");
    let close = peer.expect_close().unwrap();
    assert_eq!((close.code, &*close.reason), (3001, "done"));
    assert!(page.log(4).ends_with("|close 3001 done true"));
    peer.expect_end().unwrap();
}

#[test]
fn the_server_may_close_first_with_a_code_and_without() {
    for (code, shown) in [
        (Some(4000), "close 4000 why true"),
        (None, "close 1005  true"),
    ] {
        let (dialer, server) = testing::pair();
        let mut page = Page::new(dialer);
        let mut peer = page.open(&server, "ws://a.test");
        peer.close(code, if code.is_some() { "why" } else { "" })
            .unwrap();
        assert_eq!(peer.expect_close().unwrap().code, code.unwrap_or(1005));
        assert_eq!(page.log(2), format!("open |{shown}"));
    }
}

#[cfg(feature = "ring")]
#[test]
fn tls_is_spoken_in_memory() {
    let key = rcgen::generate_simple_self_signed(vec!["a.test".into()]).unwrap();
    let pem = key.cert.pem();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![key.cert.der().clone()],
            rustls::pki_types::PrivatePkcs8KeyDer::from(key.signing_key.serialize_der()).into(),
        )
        .unwrap();
    let (dialer, server) = Setup::new().capacity(1000).tls(config.into()).pair();
    let mut page = Page::with(dialer, |builder| {
        builder.add_root_certificates_pem(&pem).unwrap()
    });
    page.eval("var ws = open('wss://a.test/')");
    let mut peer = server.expect_upgrade().unwrap().accept().unwrap();
    peer.send_text(&"x".repeat(100_000)).unwrap();
    page.until("log.length == 2");
    page.eval("ws.send('y'.repeat(100_000)); ws.close()");
    assert_eq!(peer.expect_text().unwrap().len(), 100_000);
    assert_eq!(peer.expect_close().unwrap().code, 1005);
    assert!(page.log(3).ends_with("|close 1005  true"));

    // Of somebody else: the name is another one.
    page.eval("log = []; open('wss://b.test/')");
    server.expect_upgrade().unwrap_err();
    assert_eq!(page.log(2), "error|close 1006  false");
}

#[test]
fn without_a_certificate_wss_is_an_error_that_says_so() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    page.eval("open('wss://a.test/')");
    let error = server.expect_upgrade().unwrap_err();
    assert!(error.to_string().contains("Setup::tls"), "{error}");
    assert_eq!(page.log(2), "error|close 1006  false");
}

#[test]
fn a_connection_can_fail_at_every_step() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    let fails = |page: &mut Page, act: &dyn Fn()| {
        page.eval("log = []; open('ws://a.test/')");
        act();
        assert_eq!(page.log(2), "error|close 1006  false");
    };
    server.fail_next(io::ErrorKind::ConnectionRefused);
    fails(&mut page, &|| {});
    fails(&mut page, &|| {
        let upgrade = server.expect_upgrade().unwrap();
        upgrade.refuse(401, &[("X-Why", "no")]).unwrap();
    });
    fails(&mut page, &|| server.expect_upgrade().unwrap().cut());
    fails(&mut page, &|| drop(server.expect_upgrade().unwrap()));
    fails(&mut page, &|| {
        let upgrade = server.expect_upgrade().unwrap();
        drop(upgrade.respond(b"nonsense\r\n\r\n").unwrap());
    });
    assert_eq!(server.waiting(), 0);
    drop(server);
    page.eval("log = []; open('ws://a.test/')");
    assert_eq!(page.log(2), "error|close 1006  false");
}

#[test]
fn an_open_connection_can_be_cut_or_ended_in_the_middle_of_a_message() {
    for end in [Peer::cut, Peer::end, drop] {
        let (dialer, server) = testing::pair();
        let mut page = Page::new(dialer);
        let mut peer = page.open(&server, "ws://a.test");
        peer.send_bytes(&[0x81, 5, b'h', b'a']).unwrap();
        end(peer);
        assert_eq!(page.log(3), "open |error|close 1006  false");
    }
}

#[test]
fn messages_that_came_together_have_one_time_stamp() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    let mut peer = page.open(&server, "ws://a.test");
    page.eval(
        "var stamps = [];
         ws.onmessage = ({ timeStamp }) => {
             const before = new Event('x').timeStamp;
             while (new Event('x').timeStamp < before + 20) {}
             stamps.push(timeStamp);
         }",
    );
    peer.send_bytes(&[0x81, 1, b'a', 0x81, 1, b'b']).unwrap();
    page.until("stamps.length == 2");
    assert_eq!(page.eval("stamps[0] === stamps[1]"), "true");
    assert_eq!(page.eval("stamps[0] > 0"), "true");
    // What comes later is later.
    peer.send_text("c").unwrap();
    page.until("stamps.length == 3");
    assert_eq!(page.eval("stamps[2] >= stamps[1] + 40"), "true");
}

#[test]
fn what_breaks_the_protocol_is_answered_with_1002() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    let mut peer = page.open(&server, "ws://a.test");
    peer.send_bytes(&[0xf1, 0]).unwrap();
    assert_eq!(peer.expect_close().unwrap().code, 1002);
    assert_eq!(page.log(3), "open |error|close 1006  false");
}

#[test]
fn a_peer_that_does_not_read_holds_the_buffered_amount() {
    let (dialer, server) = Setup::new().capacity(1000).pair();
    let mut page = Page::new(dialer);
    let mut peer = page.open(&server, "ws://a.test");
    page.eval("for (let i = 0; i < 1000; i++) ws.send(new ArrayBuffer(100))");
    page.until("ws.bufferedAmount < 100_000");
    for _ in 0..10 {
        page.eval("");
        let left: usize = page.eval("ws.bufferedAmount").parse().unwrap();
        assert!((99_000..100_000).contains(&left), "{left}");
    }
    for _ in 0..1000 {
        assert_eq!(peer.expect_binary().unwrap().len(), 100);
    }
    page.until("ws.bufferedAmount == 0");

    // And the other way: script's side takes everything, however little fits.
    peer.send_text(&"z".repeat(100_000)).unwrap();
    page.until("log.length == 2 && log[1].length == 100_000");
}

#[test]
fn a_client_that_does_not_read_holds_the_server_until_its_time_is_over() {
    let (dialer, server) = Setup::new().capacity(1000).pair();
    let mut page = Page::with(dialer, |builder| {
        builder.network(|options| options.limits.receive_queue = 1)
    });
    let mut peer = page.open(&server, "ws://a.test");
    peer.set_timeout(Duration::from_millis(50));
    let stuck = (0..100).find_map(|_| peer.send_binary(&[0; 100_000]).err());
    let error = stuck.unwrap();
    assert_eq!(
        error.kind(),
        &ErrorKind::TimedOut(Duration::from_millis(50))
    );
}

#[test]
fn urls_are_told_apart_and_hosts_wait_for_their_turn() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    page.eval("open('ws://a.test/1'); open('ws://a.test/2'); open('ws://b.test/')");
    let b = server.expect_upgrade_to("ws://b.test/").unwrap();
    let first = server.expect_upgrade().unwrap();
    assert_eq!(first.url().as_str(), "ws://a.test/1");
    assert_eq!(server.waiting(), 0);
    let _first = first.accept().unwrap();
    let second = server.expect_upgrade_to("ws://a.test/2").unwrap();
    assert_eq!(second.target(), "/2");
    drop((b, second));
    page.until("log.length == 5");
}

#[test]
fn two_contexts_with_two_servers_do_not_touch_each_other() {
    let mut sides = ["one", "two"].map(|name| {
        let (dialer, server) = testing::pair();
        let mut page = Page::new(dialer);
        let peer = page.open(&server, "ws://a.test");
        (name, page, server, peer)
    });
    for (name, page, _, peer) in &mut sides {
        peer.send_text(name).unwrap();
        page.eval(&format!("ws.send('{name}')"));
    }
    for (name, page, server, peer) in &mut sides {
        assert_eq!(page.log(2), format!("open |{name}"));
        assert_eq!(peer.expect_text().unwrap(), *name);
        assert_eq!(server.waiting(), 0);
    }
    let [(_, first, ..), (_, second, _, peer)] = &mut sides;
    first.eval("ws.close()");
    peer.send_text("still there").unwrap();
    assert!(second.log(3).ends_with("|still there"));
}

#[test]
fn what_does_not_come_about_is_said_in_words() {
    let (dialer, server) = Setup::new().timeout(Duration::from_millis(50)).pair();
    let told = |result: Result<String, Error>| result.unwrap_err().to_string();
    assert_eq!(
        server.expect_upgrade().unwrap_err().to_string(),
        "expected a connection, but that did not come about within 50ms"
    );
    let mut page = Page::new(dialer);
    page.eval("var ws = open('ws://a.test')");
    // The network has its own pace.
    let upgrade = std::iter::repeat_with(|| server.expect_upgrade()).flatten();
    let mut peer = upgrade.take(1).next().unwrap().accept().unwrap();
    page.until("ws.readyState == 1");
    assert_eq!(
        told(peer.expect_text()),
        "expected a text message, but that did not come about within 50ms"
    );
    peer.set_timeout(Duration::from_secs(20));
    page.eval("ws.send(new Uint8Array(7)); ws.send('text'); ws.close(3000, 'bye')");
    assert_eq!(
        told(peer.expect_text()),
        "expected a text message, but there was a binary message of 7 bytes"
    );
    assert_eq!(
        told(peer.expect_close().map(|close| close.reason)),
        "expected a Close frame, but there was a text message of 4 bytes, \"text\""
    );
    assert_eq!(
        told(peer.expect_text()),
        "expected a text message, but there was a Close frame with 3000 \"bye\""
    );
    assert_eq!(
        told(peer.expect_text()),
        "expected a text message, but the client has ended the connection"
    );
}

#[test]
fn running_until_something_ends_with_a_word() {
    let (dialer, _server) = testing::pair();
    let mut page = Page::new(dialer);
    let mut run = |expression: &str| {
        run_until_script(&page.event_loop, &mut page.context, expression)
            .map_err(|error| error.kind().clone())
    };
    assert_eq!(run("true"), Ok(()));
    assert_eq!(run("false"), Err(ErrorKind::NothingLeft));
    assert!(matches!(run("no.thing"), Err(ErrorKind::Script(_))));
    page.eval("setTimeout(() => { globalThis.late = 1 }, 5)");
    let mut asked = 0;
    run_until(&page.event_loop, &mut page.context, |context| {
        asked += 1;
        let late = context.eval(Source::from_bytes("globalThis.late"));
        late.unwrap().to_boolean()
    })
    .unwrap();
    assert!((2..1000).contains(&asked), "{asked}");
}

#[test]
fn a_dialer_beside_what_it_takes_the_place_of_is_a_contradiction() {
    let (dialer, _server) = testing::pair();
    type Builder = WebSocketExtensionBuilder;
    let build = |change: fn(Builder) -> Builder| {
        let builder = WebSocketExtension::builder().dialer(dialer.clone());
        change(builder).build()
    };
    for change in [
        (|b: Builder| b.proxy(Proxy::parse("http://p.test").unwrap())) as fn(Builder) -> Builder,
        |b| {
            b.network(|options| {
                options.resolver = Some(std::sync::Arc::new(boa_websocket::net::SystemResolver));
            })
        },
        #[cfg(unix)]
        |b| {
            b.network(|options| {
                options
                    .unix_sockets
                    .insert("a.test", None, "/socket")
                    .unwrap();
            })
        },
    ] {
        assert!(matches!(build(change), Err(BuildError::Option(_))));
    }
    build(|b| b).unwrap();
}

/// Reads and writes a few bytes at a time, and is not told again that there is more.
struct Sips(Box<dyn Transport>);

impl Transport for Sips {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = buffer.len().min(7);
        self.0.read(&mut buffer[..size])
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(5)])
    }

    fn shutdown_write(&mut self) -> io::Result<()> {
        self.0.shutdown_write()
    }

    fn set_readiness(&mut self, readiness: Readiness) {
        self.0.set_readiness(readiness);
    }
}

#[derive(Debug)]
struct Sipping(MemoryDialer);

impl Dialer for Sipping {
    fn dial(&self, request: &DialRequest) -> io::Result<Dialled> {
        match self.0.dial(request)? {
            Dialled::Transport(transport) => Ok(Dialled::transport(Sips(transport))),
            other => Ok(other),
        }
    }
}

#[test]
fn a_read_that_brings_little_is_not_taken_for_the_last() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(Sipping(dialer));
    let mut peer = page.open(&server, "ws://a.test");
    peer.send_text(&"x".repeat(1000)).unwrap();
    page.until("log.length == 2 && log[1].length == 1000");
    page.eval("ws.send('y'.repeat(1000))");
    assert_eq!(peer.expect_text().unwrap().len(), 1000);
}

#[test]
fn a_context_that_is_dropped_says_goodbye() {
    let (dialer, server) = testing::pair();
    let mut page = Page::new(dialer);
    let mut peer = page.open(&server, "ws://a.test");
    page.eval("open('ws://a.test/unanswered')");
    let upgrade = server.expect_upgrade().unwrap();
    drop(page);
    assert_eq!(peer.expect_close().unwrap().code, 1001);
    upgrade.accept().map(drop).unwrap_err();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// However little a connection holds, nothing is lost and nothing changes places.
    #[test]
    fn order_and_bytes_stay_whatever_fits(
        capacity in 1..200_usize,
        sizes in proptest::collection::vec(0..2000_usize, 1..12),
    ) {
        let (dialer, server) = Setup::new().capacity(capacity).pair();
        let mut page = Page::new(dialer);
        let mut peer = page.open(&server, "ws://a.test");
        for size in &sizes {
            page.eval(&format!("ws.send('{size} '.padEnd({size}, '-'))"));
            peer.send_text(&format!("{size:-<width$}", width = size)).unwrap();
        }
        for size in &sizes {
            let head = format!("{size} ");
            let expected = format!("{head:-<size$}");
            prop_assert_eq!(peer.expect_text().unwrap(), expected);
        }
        let expected: Vec<_> = sizes.iter().map(|size| format!("{size:-<size$}")).collect();
        let log = page.log(sizes.len() + 1);
        prop_assert_eq!(log, format!("open |{}", expected.join("|")));
    }
}
