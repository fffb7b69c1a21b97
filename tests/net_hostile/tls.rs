//! TLS that is cut, spoilt, slow or no TLS at all.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use boa_websocket::net::{ErrorKind, Options, Phase};
use proptest::prelude::*;
use rustls::{AlertDescription, ServerConfig, ServerConnection, server::ServerSessionMemoryCache};

use crate::{
    certificates::Signer,
    harness::{Client, Closed, Event, accept_value, serve, url_of},
    script::{self, FAILED},
    wire::{close, frame, reset, response, write_for_ever},
};

/// An authority, and a server's settings with a good certificate of it.
fn trusted() -> &'static (Signer, Arc<ServerConfig>) {
    static TRUSTED: OnceLock<(Signer, Arc<ServerConfig>)> = OnceLock::new();
    TRUSTED.get_or_init(|| {
        let root = Signer::root("trusted");
        let config = root.certify(|_| {}).config();
        (root, config)
    })
}

fn trust(options: &mut Options) {
    options.tls.add_der(trusted().0.der.to_vec()).unwrap();
}

/// A server for one connection, of which nothing is read before.
fn once(connection: impl FnOnce(TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = url_of(listener.local_addr().unwrap());
    thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        drop(listener);
        connection(tcp);
    });
    url
}

/// What becomes of the bytes that a server writes.
trait Way: Send {
    fn write(&mut self, tcp: &mut TcpStream, bytes: &[u8]) -> io::Result<()>;
}

impl<F: FnMut(&mut TcpStream, &[u8]) -> io::Result<()> + Send> Way for F {
    fn write(&mut self, tcp: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
        self(tcp, bytes)
    }
}

/// Behind the response head: a message and the end.
fn story() -> Vec<u8> {
    [frame(0x81, b"a"), close(4000, b"end")].concat()
}

/// Speaks TLS as it should be spoken, but for what becomes of its bytes; opens the WebSocket, tells
/// the story with `behind` it as it is, ends its direction, and reads to the end. How TLS failed,
/// if it did.
fn speak(
    config: &Arc<ServerConfig>,
    mut tcp: TcpStream,
    story: &[u8],
    behind: &[u8],
    way: &mut dyn Way,
) -> io::Result<Option<rustls::Error>> {
    tcp.set_nodelay(true)?;
    let mut tls = ServerConnection::new(config.clone()).unwrap();
    tls.set_buffer_limit(None);
    let mut request = Vec::new();
    let mut told = false;
    loop {
        let mut bytes = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut bytes)?;
        }
        if told && !bytes.is_empty() {
            bytes.extend_from_slice(behind);
        }
        if !bytes.is_empty() {
            way.write(&mut tcp, &bytes)?;
        }
        if told {
            tcp.shutdown(Shutdown::Write)?;
            while tls.read_tls(&mut tcp)? > 0 {
                if let Err(error) = tls.process_new_packets() {
                    return Ok(Some(error));
                }
            }
            return Ok(None);
        }
        if tls.read_tls(&mut tcp)? == 0 {
            return Ok(None);
        }
        if let Err(error) = tls.process_new_packets() {
            return Ok(Some(error));
        }
        let _ = tls.reader().read_to_end(&mut request);
        if request.ends_with(b"\r\n\r\n") {
            let accept = accept_value(std::str::from_utf8(&request).unwrap());
            tls.writer().write_all(&response(&accept, false))?;
            tls.writer().write_all(story)?;
            told = true;
        }
    }
}

/// A server that speaks so, with a new way for each connection.
fn speaking<W: Way + 'static>(way: impl Fn() -> W + Send + Sync + 'static) -> String {
    let server = move |tcp| {
        let _ = speak(&trusted().1, tcp, &story(), b"", &mut way());
    };
    url_of(serve(server)).replace("ws:", "wss:")
}

fn whole(tcp: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    tcp.write_all(bytes)
}

/// What came of a connection.
#[derive(Debug)]
struct Observed {
    opened: bool,
    messages: Vec<String>,
    closing: bool,
    closed: Closed,
}

impl Observed {
    fn of(client: &mut Client, url: &str) -> Self {
        client.connect(url);
        let (mut opened, mut messages, mut closing) = (false, Vec::new(), false);
        loop {
            match client.next().1 {
                Event::Opened { .. } => opened = true,
                Event::Text(text) => messages.push(text),
                Event::ClosingHandshakeStarted => closing = true,
                Event::Closed(closed) => {
                    let observed = Self {
                        opened,
                        messages,
                        closing,
                        closed,
                    };
                    observed.check();
                    return observed;
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// A beginning of the story, and an end that goes with it.
    fn check(&self) {
        assert!(
            self.messages.is_empty() || self.messages == ["a"],
            "{self:?}"
        );
        assert!(self.opened || self.messages.is_empty(), "{self:?}");
        if self.closing {
            assert_eq!(self.messages.len(), 1);
            assert_eq!((self.closed.code, &self.closed.reason[..]), (4000, "end"));
        } else {
            assert_eq!(self.closed.shown(), (1006, "", false));
            let phase = self.closed.why().phase();
            let right = match self.opened {
                true => phase == Phase::Open,
                false => matches!(phase, Phase::Tls | Phase::Handshake),
            };
            assert!(right, "{self:?}");
        }
    }

    fn progress(&self) -> (bool, usize, bool) {
        (self.opened, self.messages.len(), self.closing)
    }
}

/// How many bytes a server writes in all. A few more or less: signatures differ in length.
fn length_of_a_conversation() -> usize {
    let length = Arc::new(AtomicUsize::new(0));
    let count = length.clone();
    let url = speaking(move || {
        let count = count.clone();
        move |tcp: &mut TcpStream, bytes: &[u8]| {
            count.fetch_add(bytes.len(), Ordering::SeqCst);
            tcp.write_all(bytes)
        }
    });
    let observed = Observed::of(&mut Client::with(trust), &url);
    assert_eq!(observed.closed.shown(), (4000, "end", true));
    length.load(Ordering::SeqCst)
}

/// Servers that write so many bytes and then end the line.
fn cut(length: usize, with_reset: bool) -> String {
    speaking(move || {
        let mut left = length;
        move |tcp: &mut TcpStream, bytes: &[u8]| {
            let part = bytes.len().min(left);
            left -= part;
            tcp.write_all(&bytes[..part])?;
            if left > 0 {
                return Ok(());
            }
            if with_reset {
                reset(tcp.try_clone()?);
                // That was a copy; this makes it the end.
                let _ = tcp.shutdown(Shutdown::Both);
            } else {
                tcp.shutdown(Shutdown::Write)?;
                let _ = tcp.read_to_end(&mut Vec::new());
            }
            Err(io::ErrorKind::BrokenPipe.into())
        }
    })
}

#[test]
fn cut_at_every_few_bytes() {
    let length = length_of_a_conversation();
    let mut client = Client::with(trust);
    let mut before = (false, 0, false);
    let mut phases = Vec::new();
    for at in (0..length).step_by(9) {
        let observed = Observed::of(&mut client, &cut(at, false));
        assert!(observed.progress() >= before, "{at}: {observed:?}");
        before = observed.progress();
        if let Some(error) = observed.closed.error {
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::Io(io::ErrorKind::UnexpectedEof) | ErrorKind::ConnectionLost
                ),
                "{at}: {error:?}"
            );
            phases.push(error.phase());
        }
    }
    phases.dedup();
    assert_eq!(phases, [Phase::Tls, Phase::Handshake, Phase::Open]);
}

#[test]
fn reset_at_every_few_bytes() {
    let length = length_of_a_conversation();
    let mut client = Client::with(trust);
    for at in (0..length).step_by(29) {
        Observed::of(&mut client, &cut(at, true));
    }
    let urls: Vec<String> = (0..length - 60)
        .step_by(97)
        .map(|at| cut(at, false))
        .collect();
    for mut log in script::events(&urls, trust) {
        let end = log.split_off(log.len() - 2);
        assert_eq!(end, FAILED);
        assert!(
            ["open 1", "text a"].map(str::to_owned).starts_with(&log),
            "{log:?}"
        );
    }
}

#[test]
fn a_byte_at_a_time() {
    let url = speaking(|| {
        |tcp: &mut TcpStream, bytes: &[u8]| {
            bytes.iter().try_for_each(|byte| tcp.write_all(&[*byte]))
        }
    });
    let observed = Observed::of(&mut Client::with(trust), &url);
    assert_eq!(observed.closed.shown(), (4000, "end", true));
    let log = &script::events(&[url], trust)[0];
    assert_eq!(log[..], ["open 1", "text a", "close 3 4000 'end' true"]);
}

/// A server's Close frame and its FIN come together, and no close_notify between them: our answer
/// still gets there.
#[test]
fn a_close_frame_and_the_end_can_come_together() {
    let url = speaking(|| {
        |tcp: &mut TcpStream, bytes: &[u8]| {
            // The last record is whole only when the client waits for it, and right before FIN.
            let (head, tail) = bytes.split_at(bytes.len() - 20);
            tcp.write_all(head)?;
            thread::sleep(Duration::from_millis(10));
            tcp.write_all(tail)
        }
    });
    let mut client = Client::with(trust);
    for _ in 0..20 {
        let observed = Observed::of(&mut client, &url);
        assert_eq!(observed.closed.shown(), (4000, "end", true));
    }
    for log in script::events(&vec![url; 10], trust) {
        assert_eq!(log, ["open 1", "text a", "close 3 4000 'end' true"]);
    }
}

#[test]
fn a_handshake_that_drips_ends_at_the_deadline() {
    let slow = |options: &mut Options| {
        trust(options);
        options.timeouts.handshake = Duration::from_millis(200);
    };
    let url = speaking(|| {
        |tcp: &mut TcpStream, bytes: &[u8]| {
            bytes.iter().try_for_each(|byte| {
                thread::sleep(Duration::from_millis(2));
                tcp.write_all(&[*byte])
            })
        }
    });
    let started = Instant::now();
    let closed = Client::with(slow).fail(&url);
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().phase(), Phase::Tls);
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);
    assert_eq!(script::events(&[url], slow), [FAILED]);
    assert!(started.elapsed() < Duration::from_secs(20));
}

/// Records without end that are no handshake: each server tells that it could stop.
#[test]
fn records_without_end() {
    let (report, stopped) = mpsc::channel();
    let mut urls = Vec::new();
    for (start, part) in [
        // Empty handshake records, changes of the cipher, warnings, a record that is too long.
        (&b""[..], &b"\x16\x03\x03\x00\x00"[..]),
        (b"", b"\x14\x03\x03\x00\x01\x01"),
        (b"", b"\x15\x03\x03\x00\x02\x01\x5a"),
        (b"\x17\x03\x03\xff\xff", b"\0"),
        // A message of the handshake of 16 MiB, in one record and in many.
        (b"\x16\x03\x03\x40\x00\x02\xff\xff\xff", b"\0"),
        (
            b"\x16\x03\x03\x00\x04\x02\xff\xff\xff",
            b"\x16\x03\x03\x00\x01\x00",
        ),
        // Data before there is a key for it; nothing of TLS at all.
        (b"", b"\x17\x03\x03\x00\x01\x00"),
        (b"", b"HTTP/1.1 400 Bad Request\r\n"),
        (b"", b"\0"),
        (b"", b"\xff"),
        (b"SSH-2.0-", b"x"),
    ] {
        let report = report.clone();
        let url = url_of(serve(move |mut tcp| {
            let _ = tcp.write_all(start);
            write_for_ever(&mut tcp, part);
            report.send(()).unwrap();
        }));
        let url = url.replace("ws:", "wss:");
        let closed = Client::new().fail(&url);
        assert_eq!(closed.shown(), (1006, "", false), "{part:x?}");
        assert_eq!(closed.why().phase(), Phase::Tls, "{part:x?}");
        assert_eq!(closed.why().kind(), &ErrorKind::Tls, "{part:x?}");
        stopped.recv().unwrap();
        urls.push(url);
    }
    for log in script::events(&urls, |_| {}) {
        assert_eq!(log, FAILED);
        stopped.recv().unwrap();
    }
}

/// What was said before TLS was broken has been said, and the rest is not waited for, even if it
/// all comes at once.
#[test]
fn garbage_behind_good_records() {
    let garbage = b"\x17\x03\x03\x00\x20this is not what was agreed upon";
    let message = frame(0x81, b"a");
    for (story, progress) in [
        (Vec::new(), (true, 0, false)),
        (message, (true, 1, false)),
        (story(), (true, 1, true)),
    ] {
        let (report, failures) = mpsc::channel();
        let url = url_of(serve(move |tcp| {
            let failure = speak(&trusted().1, tcp, &story, garbage, &mut whole);
            // It is seen as its alert, or the line was gone before.
            let _ = report.send(failure.ok().flatten());
        }));
        let url = url.replace("ws:", "wss:");
        let mut client = Client::with(trust);
        for _ in 0..10 {
            let observed = Observed::of(&mut client, &url);
            assert_eq!(observed.progress(), progress, "{observed:?}");
            assert_eq!(observed.closed.why().kind(), &ErrorKind::Tls);
            if !observed.closing {
                let alert = rustls::Error::AlertReceived(AlertDescription::BadRecordMac);
                assert_eq!(failures.recv().unwrap(), Some(alert));
            }
        }
    }
}

/// TLS's own affairs, until they are too much.
#[test]
fn tickets_by_the_thousand() {
    for (tickets, good) in [(100, true), (10_000, false)] {
        let mut config = ServerConfig::clone(&trusted().1);
        config.send_tls13_tickets = tickets;
        config.session_storage = ServerSessionMemoryCache::new(1);
        let config = Arc::new(config);
        let url = url_of(serve(move |tcp| {
            let _ = speak(&config, tcp, &story(), b"", &mut whole);
        }));
        let url = url.replace("ws:", "wss:");
        let observed = Observed::of(&mut Client::with(trust), &url);
        if good {
            assert_eq!(observed.closed.shown(), (4000, "end", true));
        } else {
            assert_eq!(observed.closed.why().kind(), &ErrorKind::Tls);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(64)
    })]

    /// Any bytes in place of a server's answer.
    #[test]
    fn anything_for_an_answer(
        header in prop::option::of((20..24u8, 0..4u8)),
        bytes in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let mut answer = Vec::new();
        if let Some((kind, minor)) = header {
            answer.extend([kind, 3, minor]);
            answer.extend((bytes.len() as u16).to_be_bytes());
        }
        answer.extend(bytes);
        let url = once(move |mut tcp| {
            let _ = tcp.write_all(&answer);
            let _ = tcp.shutdown(Shutdown::Write);
            let _ = tcp.read_to_end(&mut Vec::new());
        });
        let closed = Client::new().fail(&url.replace("ws:", "wss:"));
        prop_assert_eq!(closed.shown(), (1006, "", false));
        prop_assert_eq!(closed.why().phase(), Phase::Tls);
    }

    /// A byte that is another on its way.
    #[test]
    fn a_spoilt_byte(at in 0..1700usize, difference in 1..=255u8) {
        let url = once(move |tcp| {
            let mut position = 0;
            let mut way = move |tcp: &mut TcpStream, bytes: &[u8]| {
                let mut bytes = bytes.to_vec();
                if let Some(byte) = at.checked_sub(position).and_then(|at| bytes.get_mut(at)) {
                    *byte ^= difference;
                }
                position += bytes.len();
                tcp.write_all(&bytes)
            };
            let _ = speak(&trusted().1, tcp, &story(), b"", &mut way);
        });
        let mut client = Client::with(|options| {
            trust(options);
            options.timeouts.handshake = Duration::from_millis(500);
        });
        // Nothing but a beginning of the story is ever seen: that is checked there.
        Observed::of(&mut client, &url.replace("ws:", "wss:"));
    }
}
