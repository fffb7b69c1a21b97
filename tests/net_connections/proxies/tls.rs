//! TLS through a proxy, and to one.

use std::io::ErrorKind::WouldBlock;

use boa_websocket::net::CertificateFault;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use tungstenite::Message;

use super::*;

/// A certificate and its key, signed by itself.
struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    fn of(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: made.signing_key.serialize_der().try_into().unwrap(),
        }
    }

    fn trusted(&self, options: &mut Options) {
        options.tls.add_der(self.certificate.to_vec()).unwrap();
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }

    /// A server's settings; it asks for the certificate of `client`, and does not insist.
    fn server(&self, client: Option<&Self>) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = match client {
            None => config.with_no_client_auth(),
            Some(client) => config.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(client.roots().into(), provider)
                    .allow_unauthenticated()
                    .build()
                    .unwrap(),
            ),
        };
        let chain = vec![self.certificate.clone()];
        let config = config.with_single_cert(chain, self.key.clone_key());
        Arc::new(config.unwrap())
    }
}

type TlsStream = StreamOwned<ServerConnection, TcpStream>;

fn tls_server(
    config: Arc<ServerConfig>,
    connection: impl Fn(TlsStream) + Send + Sync + 'static,
) -> std::net::SocketAddr {
    serve(move |tcp| {
        tcp.set_nodelay(true).unwrap();
        let tls = ServerConnection::new(config.clone()).unwrap();
        connection(StreamOwned::new(tls, tcp));
    })
}

fn wss_server(
    config: Arc<ServerConfig>,
    connection: impl Fn(tungstenite::WebSocket<TlsStream>) + Send + Sync + 'static,
) -> u16 {
    let address = tls_server(config, move |tls| {
        if let Ok(websocket) = tungstenite::accept(tls) {
            connection(websocket);
        }
    });
    address.port()
}

/// TLS in front of a proxy; tells whether the client has shown a certificate.
fn tls_before(
    proxy: &ProxyServer,
    config: Arc<ServerConfig>,
    certificates: mpsc::Sender<bool>,
) -> String {
    let behind = proxy.address;
    let address = tls_server(config, move |mut tls| {
        let mut behind = TcpStream::connect(behind).unwrap();
        if tls.conn.complete_io(&mut tls.sock).is_err() {
            return;
        }
        let _ = certificates.send(tls.conn.peer_certificates().is_some());
        pass(&mut tls, &mut behind);
    });
    format!("https://localhost:{}", address.port())
}

/// Passes bytes on in both directions on one thread, which the two ends of TLS share: reads do not
/// block, writes do.
fn pass(tls: &mut TlsStream, plain: &mut TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    let (mut tls_open, mut plain_open) = (true, true);
    while tls_open || plain_open {
        let mut idle = true;
        if tls_open {
            tls.sock.set_nonblocking(true).unwrap();
            let read = tls.read(&mut buffer);
            tls.sock.set_nonblocking(false).unwrap();
            match read {
                Err(error) if error.kind() == WouldBlock => {}
                Ok(0) | Err(_) => {
                    tls_open = false;
                    let _ = plain.shutdown(std::net::Shutdown::Write);
                }
                Ok(count) => {
                    idle = false;
                    let _ = plain.write_all(&buffer[..count]);
                }
            }
        }
        if plain_open {
            plain.set_nonblocking(true).unwrap();
            let read = plain.read(&mut buffer);
            plain.set_nonblocking(false).unwrap();
            match read {
                Err(error) if error.kind() == WouldBlock => {}
                Ok(0) | Err(_) => {
                    plain_open = false;
                    tls.conn.send_close_notify();
                    let _ = tls.flush();
                }
                Ok(count) => {
                    idle = false;
                    let _ = tls.write_all(&buffer[..count]);
                }
            }
        }
        if idle {
            thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn tls_goes_through_to_the_server_whose_name_it_checks() {
    let identity = Identity::of("chat.invalid");
    let port = wss_server(identity.server(None), echo);
    for (scheme, proxy) in both(CREDENTIALS) {
        let url = format!("{scheme}://user:pass%40word@{}", proxy.address);
        let mut client = Client::with(|options| {
            through(&url)(options);
            identity.trusted(options);
        });
        let id = client.open(&format!("wss://chat.invalid:{port}/"));
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
        client.close(id, Some(1000), "");
        assert_eq!(client.closing_then_closed().shown(), (1000, "", true));
        assert_eq!(proxy.asked(), [format!("chat.invalid:{port}")]);

        let closed = client.fail(&format!("wss://other.invalid:{port}/"));
        assert_eq!(closed.why().phase(), Phase::Tls);
        let fault = ErrorKind::Certificate(CertificateFault::WrongName);
        assert_eq!(closed.why().kind(), &fault);
        assert!(closed.why().subject().starts_with("other.invalid"));
    }
}

#[test]
fn a_proxy_may_itself_be_reached_over_tls() {
    let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
    let behind = ProxyServer::http(CREDENTIALS);
    let (certificates, _seen) = mpsc::channel();
    let proxy = tls_before(&behind, outer.server(None), certificates);
    let plain = port_of(&websocket(echo));
    let secure = wss_server(inner.server(None), echo);
    let mut client = Client::with(|options| {
        through(&proxy.replace("//", "//user:pass%40word@"))(options);
        outer.trusted(options);
        inner.trusted(options);
    });
    for url in [
        format!("ws://chat.invalid:{plain}/"),
        format!("wss://chat.invalid:{secure}/"),
    ] {
        let id = client.open(&url);
        client.send_text(id, "hello");
        assert_eq!(client.text(), "hello");
        for size in [0, 1, 16_383, 16_385, 1 << 20, 5 << 20] {
            let bytes: Vec<u8> = (0..size)
                .map(|at: usize| (at * 7 + at / 251) as u8)
                .collect();
            client.send_binary(id, bytes.clone());
            assert!(client.binary() == bytes, "{size} bytes");
        }
        client.close(id, Some(3000), "done");
        assert_eq!(client.closing_then_closed().shown(), (3000, "done", true));
    }
    let asked = [plain, secure].map(|port| format!("chat.invalid:{port}"));
    assert_eq!(behind.asked(), asked);
}

#[test]
fn much_at_once_in_both_directions_through_two_layers_of_tls() {
    const COUNT: usize = 300;
    let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
    let behind = ProxyServer::http(None);
    let (certificates, _seen) = mpsc::channel();
    let proxy = tls_before(&behind, outer.server(None), certificates);
    let port = wss_server(inner.server(None), |mut websocket| {
        for number in 0..COUNT {
            let message = Message::binary(vec![number as u8; 10_000]);
            websocket.send(message).unwrap();
        }
        for number in 0..COUNT {
            let got = websocket.read().unwrap().into_data();
            assert_eq!(got, vec![number as u8; 10_000]);
        }
        websocket.send(Message::text("got it")).unwrap();
        while websocket.read().is_ok() {}
    });
    let mut client = Client::with(|options| {
        through(&proxy)(options);
        outer.trusted(options);
        inner.trusted(options);
    });
    let id = client.open(&format!("wss://chat.invalid:{port}/"));
    for number in 0..COUNT {
        client.send_binary(id, vec![number as u8; 10_000]);
    }
    for number in 0..COUNT {
        assert_eq!(client.binary(), [number as u8; 10_000]);
    }
    assert_eq!(client.text(), "got it");
    client.close(id, Some(1000), "");
    assert!(client.closing_then_closed().was_clean);
}

#[test]
fn a_tls_proxy_that_is_cut_ends_the_connection_as_a_server_does() {
    let identity = Identity::of("localhost");
    // It is the server, too.
    let proxy = |then: fn(tungstenite::WebSocket<TlsStream>)| {
        let address = tls_server(identity.server(None), move |mut tls| {
            let head = read_head(&mut tls);
            assert!(head.starts_with("CONNECT chat.invalid:80 "), "{head}");
            tls.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            then(tungstenite::accept(tls).unwrap());
        });
        format!("https://localhost:{}", address.port())
    };
    let open = |url: &str| {
        let mut client = Client::with(|options| {
            through(url)(options);
            identity.trusted(options);
        });
        let id = client.open("ws://chat.invalid/");
        (client, id)
    };
    let cut = proxy(|websocket| {
        let _ = websocket.get_ref().sock.shutdown(std::net::Shutdown::Both);
    });
    let (mut client, _) = open(&cut);
    let closed = client.closed();
    assert_eq!(closed.shown(), (1006, "", false));
    assert_eq!(closed.why().kind(), &ErrorKind::ConnectionLost);

    let after_both_frames = proxy(|mut websocket| {
        while websocket.read().is_ok() {}
        let _ = websocket.get_ref().sock.shutdown(std::net::Shutdown::Both);
    });
    let (mut client, id) = open(&after_both_frames);
    client.close(id, Some(3001), "ok");
    assert_eq!(client.closing_then_closed().shown(), (3001, "ok", true));
}

#[test]
fn a_proxy_with_a_bad_certificate_is_told_nothing() {
    let identity = Identity::of("localhost");
    let behind = ProxyServer::http(None);
    let (certificates, seen) = mpsc::channel();
    let proxy = tls_before(&behind, identity.server(None), certificates);
    // Nobody trusts it.
    let closed = client(&proxy).fail("ws://chat.invalid/");
    assert_eq!(closed.why().phase(), Phase::Tls);
    let fault = ErrorKind::Certificate(CertificateFault::UnknownIssuer);
    assert_eq!(closed.why().kind(), &fault);
    assert_eq!(closed.why().subject(), format!("the proxy {proxy}"));
    // It is trusted, for another name.
    let mut client = Client::with(|options| {
        through(&proxy.replace("localhost", "127.0.0.1"))(options);
        identity.trusted(options);
    });
    let closed = client.fail("ws://chat.invalid/");
    let fault = ErrorKind::Certificate(CertificateFault::WrongName);
    assert_eq!(closed.why().kind(), &fault);
    assert!(behind.asked().is_empty() && seen.try_recv().is_err());

    // It speaks no TLS.
    let plain = serve(|mut tcp| {
        let _ = tcp.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = tcp.read_to_end(&mut Vec::new());
    });
    let closed = super::client(&format!("https://{plain}")).fail("ws://chat.invalid/");
    assert_eq!(closed.why().phase(), Phase::Tls);
    assert_eq!(closed.why().subject(), format!("the proxy https://{plain}"));
}

#[test]
fn the_clients_certificate_is_for_the_server_alone() {
    let (outer, inner) = (Identity::of("localhost"), Identity::of("chat.invalid"));
    let user = Identity::of("user");
    let mut roots = outer.roots();
    roots.add(inner.certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![user.certificate.clone()], user.key.clone_key())
        .unwrap();
    let behind = ProxyServer::http(None);
    let (certificates, at_proxy) = mpsc::channel();
    let proxy = tls_before(&behind, outer.server(Some(&user)), certificates);
    let (certificates, at_server) = mpsc::channel();
    let port = wss_server(inner.server(Some(&user)), move |websocket| {
        let tls = &websocket.get_ref().conn;
        certificates
            .send(tls.peer_certificates().is_some())
            .unwrap();
        echo(websocket);
    });
    let mut client = Client::with(|options| {
        through(&proxy)(options);
        options.tls.set_config(Arc::new(config));
    });
    client.open(&format!("wss://chat.invalid:{port}/"));
    assert!(at_server.recv().unwrap(), "the server is shown it");
    assert!(!at_proxy.recv().unwrap(), "the proxy is not");
}
