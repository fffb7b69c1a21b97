//! `wss:` against rustls with certificates made on the spot.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use boa_websocket::net::{CertificateFault, ErrorKind, Options, Phase};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer},
};
use tungstenite::Message;

use crate::harness::{
    Client, Event, accept_value, echo, read_client_frame, read_client_frames, read_head, serve,
    url_of,
};

pub(crate) type TlsStream = StreamOwned<ServerConnection, TcpStream>;

/// Somebody who signs certificates.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: rcgen::Certificate,
}

impl Authority {
    pub(crate) fn new() -> Self {
        Self::named("tests")
    }

    pub(crate) fn named(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            issuer: Issuer::new(params, key),
            certificate,
        }
    }

    /// A server's settings, with a certificate for `names`.
    pub(crate) fn certify(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Arc<ServerConfig> {
        let names: Vec<String> = names.iter().map(|&name| name.into()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }

    pub(crate) fn for_localhost(&self) -> Arc<ServerConfig> {
        self.certify(&["localhost", "127.0.0.1"], |_| {})
    }

    /// Options that trust this authority besides the usual ones.
    pub(crate) fn trusted(&self, options: &mut Options) {
        let der = self.certificate.der().to_vec();
        options.tls.add_der(der).unwrap();
    }

    pub(crate) fn client(&self) -> Client {
        Client::with(|options| self.trusted(options))
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A server that does TLS and leaves the rest to `connection`.
pub(crate) fn tls_server(
    config: Arc<ServerConfig>,
    connection: impl Fn(TlsStream) + Send + Sync + 'static,
) -> SocketAddr {
    serve(move |tcp| {
        tcp.set_nodelay(true).unwrap();
        let tls = ServerConnection::new(config.clone()).unwrap();
        connection(StreamOwned::new(tls, tcp));
    })
}

/// A server that does TLS and the upgrade, if the client lets it.
pub(crate) fn wss_server(
    config: Arc<ServerConfig>,
    connection: impl Fn(tungstenite::WebSocket<TlsStream>) + Send + Sync + 'static,
) -> String {
    let address = tls_server(config, move |tls| {
        if let Ok(websocket) = tungstenite::accept(tls) {
            connection(websocket);
        }
    });
    url_of(address).replace("ws:", "wss:")
}

#[test]
fn messages_of_every_size_come_back() {
    let authority = Authority::new();
    let mut client = authority.client();
    let id = client.open(&wss_server(authority.for_localhost(), echo));
    for text in ["", "hello", "zwölf"] {
        client.send_text(id, text);
        assert_eq!(client.text(), text);
    }
    for size in [0, 1, 16_383, 16_384, 16_385, 1 << 20, 16 << 20] {
        let bytes: Vec<u8> = (0..size)
            .map(|at: usize| (at * 7 + at / 251) as u8)
            .collect();
        client.send_binary(id, bytes.clone());
        assert!(client.binary() == bytes, "{size} bytes");
    }
    client.close(id, Some(1000), "");
    assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
}

#[test]
fn names_and_addresses_are_checked_against_the_certificate() {
    let authority = Authority::new();
    let mut client = authority.client();
    let by_address = wss_server(authority.certify(&["127.0.0.1"], |_| {}), echo);
    client.open(&by_address);
    let by_name = wss_server(authority.certify(&["localhost"], |_| {}), echo);
    client.open(&by_name.replace("127.0.0.1", "localhost"));
    for (url, name) in [
        (by_address.replace("127.0.0.1", "localhost"), "localhost"),
        (by_name, "127.0.0.1"),
    ] {
        let closed = client.fail(&url);
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().phase(), Phase::Tls);
        assert_eq!(
            closed.why().kind(),
            &ErrorKind::Certificate(CertificateFault::WrongName)
        );
        assert!(closed.why().to_string().contains(name), "{}", closed.why());
    }
}

#[test]
fn certificates_that_are_not_to_be_trusted() {
    let (authority, stranger) = (Authority::new(), Authority::named("stranger"));
    let expired = authority.certify(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    let future = authority.certify(&["127.0.0.1"], |params| {
        params.not_before = date_time_ymd(4000, 1, 1);
        params.not_after = date_time_ymd(4001, 1, 1);
    });
    let mut client = authority.client();
    for (config, fault, words) in [
        (
            stranger.for_localhost(),
            CertificateFault::UnknownIssuer,
            "trusted issuer",
        ),
        (expired, CertificateFault::Expired, "has expired"),
        (future, CertificateFault::NotYetValid, "not valid yet"),
    ] {
        let closed = client.fail(&wss_server(config, echo));
        assert_eq!(closed.shown(), (1006, "", false));
        assert_eq!(closed.why().kind(), &ErrorKind::Certificate(fault));
        assert!(closed.why().to_string().contains(words), "{}", closed.why());
        assert!(!closed.why().certificates().is_empty());
    }
}

#[test]
fn a_config_of_the_embedders_is_used_as_it_is() {
    let authority = Authority::new();
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (versions, seen) = mpsc::channel();
    let url = wss_server(authority.for_localhost(), move |websocket| {
        let tls = &websocket.get_ref().conn;
        versions
            .send((
                tls.protocol_version(),
                tls.alpn_protocol().map(<[u8]>::to_vec),
            ))
            .unwrap();
        echo(websocket);
    });
    let mut client = Client::with(|options| options.tls.set_config(Arc::new(config)));
    let id = client.open(&url);
    client.send_text(id, "over TLS 1.2");
    assert_eq!(client.text(), "over TLS 1.2");
    assert_eq!(
        seen.recv().unwrap(),
        (Some(rustls::ProtocolVersion::TLSv1_2), None)
    );
}

#[test]
fn servers_that_speak_no_tls() {
    let url = url_of(serve(|mut tcp| {
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let closed = Client::new().fail(&url.replace("ws:", "wss:"));
    assert_eq!(closed.why().phase(), Phase::Tls);
    assert_eq!(closed.why().kind(), &ErrorKind::Tls);
    assert!(closed.why().certificates().is_empty());

    let url = url_of(serve(|mut tcp| {
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let mut client = Client::with(|options| {
        options.timeouts.handshake = Duration::from_millis(100);
    });
    let closed = client.fail(&url.replace("ws:", "wss:"));
    assert_eq!(closed.why().phase(), Phase::Tls);
    assert_eq!(closed.why().kind(), &ErrorKind::TimedOut);

    let url = url_of(serve(drop));
    let closed = Client::new().fail(&url.replace("ws:", "wss:"));
    assert_eq!(closed.why().phase(), Phase::Tls);
}

#[test]
fn an_end_without_the_closing_handshake_is_not_clean() {
    let authority = Authority::new();
    let mut client = authority.client();
    // TCP ends, TLS does not.
    let cut = wss_server(authority.for_localhost(), |websocket| {
        let tcp = &websocket.get_ref().sock;
        tcp.shutdown(std::net::Shutdown::Both).unwrap();
    });
    client.open(&cut);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);

    // TLS ends in good order, the WebSocket does not.
    let ended = wss_server(authority.for_localhost(), |mut websocket| {
        let tls = websocket.get_mut();
        tls.conn.send_close_notify();
        tls.flush().unwrap();
        let _ = tls.sock.read_to_end(&mut Vec::new());
    });
    client.open(&ended);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);
}

#[test]
fn a_tls_cut_after_both_close_frames_is_clean() {
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), |mut websocket| {
        while websocket.read().is_ok() {}
        // Both frames are through; no close_notify.
        let _ = websocket.get_ref().sock.shutdown(std::net::Shutdown::Both);
    });
    let mut client = authority.client();
    let id = client.open(&url);
    client.close(id, Some(3001), "ok");
    assert_eq!(client.closing_then_closed().shown(), (3001, "ok", true));
}

#[test]
fn after_a_protocol_error_our_close_frame_and_close_notify_reach_the_peer() {
    let authority = Authority::new();
    let (report, frames) = mpsc::channel();
    let url = wss_server(authority.for_localhost(), move |mut websocket| {
        let tls = websocket.get_mut();
        tls.write_all(b"\x83\x00").unwrap();
        tls.write_all(&[0; 200_000]).unwrap();
        let frame = read_client_frame(tls).unwrap();
        // A cut would be an error here.
        let end = tls.read(&mut [0]).map_err(|error| error.kind());
        report.send((frame.0, frame.1[..2].to_vec(), end)).unwrap();
    });
    let mut client = authority.client();
    client.open(&url);
    assert_eq!(frames.recv().unwrap(), (0x88, vec![0x03, 0xea], Ok(0)));
    assert_eq!(client.closed().shown(), (1006, "", false));
}

#[test]
fn a_message_in_the_same_record_as_a_breach_can_be_answered() {
    let (report, frames) = mpsc::channel();
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), move |websocket| {
        let mut tls = websocket.into_inner();
        tls.write_all(b"\x81\x01a\x83\x00\x81\x01b").unwrap();
        // With more on the line, which is not to be read before the answer is written.
        tls.conn.send_close_notify();
        tls.flush().unwrap();
        report.send(read_client_frames(&mut tls)).unwrap();
    });
    let mut client = Client::with(|options| {
        authority.trusted(options);
        options.timeouts.failure_delay = Duration::from_secs(3600);
    });
    let id = client.open(&url);
    assert_eq!(client.text(), "a");
    client.send_text(id, "A");
    assert_eq!(client.closed().shown(), (1006, "", false));
    let frames = frames.recv().unwrap();
    assert_eq!(frames.len(), 2, "{frames:x?}");
    assert_eq!(frames[0], (0x81, b"A".to_vec()));
    assert_eq!(frames[1].1[..2], [0x03, 0xea]);
}

#[test]
fn a_peer_that_sends_but_does_not_read_breaks_nothing() {
    const MESSAGES: usize = 400;
    const SIZE: usize = 16 << 20;
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), |mut websocket| {
        // By now the client is stuck in the middle of its message.
        thread::sleep(Duration::from_millis(300));
        for number in 0..MESSAGES {
            let message = Message::binary(vec![number as u8; 10_000]);
            websocket.send(message).unwrap();
        }
        for content in [8, 9] {
            let got = websocket.read().unwrap().into_data();
            assert!(got.len() == SIZE && got.iter().all(|&byte| byte == content));
        }
        websocket.send(Message::text("got it")).unwrap();
        while websocket.read().is_ok() {}
    });
    let mut client = authority.client();
    let id = client.open(&url);
    client.send_binary(id, vec![8; SIZE]);
    client.send_binary(id, vec![9; SIZE]);
    for number in 0..MESSAGES {
        assert_eq!(client.binary(), [number as u8; 10_000]);
    }
    assert_eq!(client.text(), "got it");
    client.close(id, Some(1000), "");
    assert!(client.closing_then_closed().was_clean);
}

#[test]
fn frames_in_the_same_record_as_the_response_head_are_not_lost() {
    let authority = Authority::new();
    let address = tls_server(authority.for_localhost(), |mut tls| {
        let accept = accept_value(&read_head(&mut tls));
        let mut bytes = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        )
        .into_bytes();
        // More than one record and more than one read of them.
        for number in 0..1000 {
            bytes.extend_from_slice(&[0x82, 100]);
            bytes.extend_from_slice(&[number as u8; 100]);
        }
        bytes.extend_from_slice(b"\x88\x00");
        tls.write_all(&bytes).unwrap();
        let _ = read_client_frame(&mut tls);
    });
    let mut client = authority.client();
    client.open(&url_of(address).replace("ws:", "wss:"));
    for number in 0..1000 {
        assert_eq!(client.binary(), [number as u8; 100]);
    }
    assert_eq!(client.closing_then_closed().shown(), (1005, "", true));
}

#[test]
fn many_sockets_at_once() {
    const COUNT: usize = 50;
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), echo);
    let mut client = authority.client();
    for _ in 0..COUNT {
        client.connect(&url);
    }
    let mut closed = 0;
    while closed < COUNT {
        match client.next() {
            (id, Event::Opened { .. }) => client.send_text(id, "there and back"),
            (id, Event::Text(_)) => client.close(id, Some(1000), ""),
            (_, Event::ClosingHandshakeStarted) => {}
            (_, Event::Closed(end)) => {
                assert_eq!(end.shown(), (1000, "", true));
                closed += 1;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_record_that_comes_slowly_is_a_sign_of_life() {
    const PIECES: usize = 30;
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), |websocket| {
        let mut tls = websocket.into_inner();
        let frame = [&b"\x82\x7e\x20\x00"[..], &[7; 0x2000]].concat();
        tls.conn.writer().write_all(&frame).unwrap();
        let mut record = Vec::new();
        tls.conn.write_tls(&mut record).unwrap();
        for piece in record.chunks(record.len().div_ceil(PIECES)) {
            tls.sock.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(100));
        }
        let _ = read_client_frames(&mut tls);
    });
    let mut client = Client::with(|options| {
        authority.trusted(options);
        options.timeouts.idle = Some(Duration::from_secs(2));
    });
    client.open(&url);
    assert!(client.binary() == [7; 0x2000]);
}
