//! What `TlsOptions` can be told, against servers that look.

use std::{
    fs,
    io::Read,
    sync::{Arc, mpsc},
};

use boa_websocket::net::{CertificateFault, ErrorKind, Options, Phase, TlsOptions};
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};

use crate::{
    harness::{Client, echo, serve, url_of},
    tls::{Authority, provider, wss_server},
};

/// A client certificate and its key, as PEM.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn identity(&self, name: &str) -> Identity {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// A server's settings that want a client certificate of `clients`.
    fn mutual(
        &self,
        clients: &Self,
        versions: &[&'static rustls::SupportedProtocolVersion],
    ) -> Arc<ServerConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(clients.certificate.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
            .build()
            .unwrap();
        let own = self.identity("localhost");
        let pem = own.certificate.as_bytes();
        let chain = vec![
            <CertificateDer as rustls::pki_types::pem::PemObject>::from_pem_slice(pem).unwrap(),
        ];
        let key = <PrivateKeyDer as rustls::pki_types::pem::PemObject>::from_pem_slice(
            own.key.as_bytes(),
        )
        .unwrap();
        let config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }
}

fn with_tls(change: impl FnOnce(&mut TlsOptions)) -> Client {
    Client::with(|options: &mut Options| change(&mut options.tls))
}

fn localhost(url: &str) -> String {
    url.replace("127.0.0.1", "localhost")
}

fn echoes(client: &mut Client, url: &str) {
    let id = client.open(url);
    client.send_text(id, "hello");
    assert_eq!(client.text(), "hello");
    client.close(id, Some(1000), "");
    assert!(client.closing_then_closed().was_clean);
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_asks() {
    let (authority, clients) = (Authority::new(), Authority::named("clients"));
    let identity = clients.identity("client");
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let (report, seen) = mpsc::channel();
        let url = wss_server(authority.mutual(&clients, &[version]), move |websocket| {
            let shown = websocket.get_ref().conn.peer_certificates();
            report.send(shown.map(<[_]>::len)).unwrap();
            echo(websocket);
        });
        let mut client = with_tls(|tls| {
            tls.add_der(authority.certificate.der().to_vec()).unwrap();
            tls.set_client_certificate_pem(
                identity.certificate.as_bytes(),
                identity.key.as_bytes(),
            )
            .unwrap();
        });
        echoes(&mut client, &localhost(&url));
        assert_eq!(seen.recv().unwrap(), Some(1));
        // A server that does not ask is none the wiser.
        echoes(&mut client, &wss_server(authority.for_localhost(), echo));
    }
}

#[test]
fn a_server_that_refuses_the_client_says_why() {
    let (authority, clients) = (Authority::new(), Authority::named("clients"));
    let stranger = Authority::named("strangers").identity("client");
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let url = localhost(&wss_server(authority.mutual(&clients, &[version]), echo));
        let mut without = authority.client();
        let mut wrong = with_tls(|tls| {
            tls.add_der(authority.certificate.der().to_vec()).unwrap();
            tls.set_client_certificate_pem(
                stranger.certificate.as_bytes(),
                stranger.key.as_bytes(),
            )
            .unwrap();
        });
        for (client, words) in [
            (&mut without, "certificate"),
            (&mut wrong, "issuer it trusts"),
        ] {
            let closed = client.fail(&url);
            assert_eq!(closed.shown(), (1006, "", false));
            let error = closed.why();
            let ErrorKind::Alert(alert) = error.kind() else {
                panic!("{error}");
            };
            assert!(alert.name().is_some(), "{error}");
            let text = error.to_string();
            assert!(text.contains("the server ended TLS"), "{text}");
            assert!(text.contains(words), "{text}");
        }
    }
}

#[test]
fn client_certificates_come_from_files() {
    let (authority, clients) = (Authority::new(), Authority::named("clients"));
    let identity = clients.identity("client");
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    fs::write(path("c.pem"), &identity.certificate).unwrap();
    fs::write(path("k.pem"), &identity.key).unwrap();
    fs::write(
        path("both.pem"),
        format!("{}{}", identity.key, identity.certificate),
    )
    .unwrap();
    fs::write(path("other.pem"), clients.identity("other").key).unwrap();
    let url = localhost(&wss_server(
        authority.mutual(&clients, rustls::ALL_VERSIONS),
        echo,
    ));
    for (certificate, key) in [("c.pem", "k.pem"), ("both.pem", "both.pem")] {
        let mut client = with_tls(|tls| {
            tls.add_der(authority.certificate.der().to_vec()).unwrap();
            tls.set_client_certificate_files(path(certificate), path(key))
                .unwrap();
        });
        echoes(&mut client, &url);
    }
    for (certificate, key, kind, named) in [
        ("c.pem", "other.pem", ErrorKind::TlsConfig, "other.pem"),
        ("k.pem", "k.pem", ErrorKind::TlsConfig, "k.pem"),
        (
            "none.pem",
            "k.pem",
            ErrorKind::Io(std::io::ErrorKind::NotFound),
            "none.pem",
        ),
        (
            "c.pem",
            "none.pem",
            ErrorKind::Io(std::io::ErrorKind::NotFound),
            "none.pem",
        ),
    ] {
        let mut tls = TlsOptions::default();
        let error = tls
            .set_client_certificate_files(path(certificate), path(key))
            .unwrap_err();
        assert_eq!((error.phase(), error.kind()), (Phase::TlsSettings, &kind));
        assert!(error.subject().ends_with(named), "{error}");
        let line = error.to_string();
        assert!(line.starts_with("preparing TLS with "), "{line}");
        assert!(!line.contains('\n'), "{line}");
    }
}

#[test]
fn only_the_added_roots() {
    let (authority, stranger) = (Authority::new(), Authority::named("stranger"));
    let mut client = with_tls(|tls| {
        tls.trust_only_added();
        tls.add_der(authority.certificate.der().to_vec()).unwrap();
    });
    echoes(&mut client, &wss_server(authority.for_localhost(), echo));
    let closed = client.fail(&wss_server(stranger.for_localhost(), echo));
    let fault = ErrorKind::Certificate(CertificateFault::UnknownIssuer);
    assert_eq!(closed.why().kind(), &fault);
}

#[test]
fn the_server_name_stands_in_for_the_host() {
    let authority = Authority::new();
    let (report, names) = mpsc::channel();
    let config = authority.certify(&["inside.example"], |_| {});
    let url = wss_server(config, move |websocket| {
        let name = websocket.get_ref().conn.server_name().map(str::to_owned);
        report.send(name).unwrap();
        echo(websocket);
    });
    // Without it: the wrong name.
    let closed = authority.client().fail(&url);
    let fault = ErrorKind::Certificate(CertificateFault::WrongName);
    assert_eq!(closed.why().kind(), &fault);

    let named = |name: &str| {
        with_tls(|tls| {
            tls.add_der(authority.certificate.der().to_vec()).unwrap();
            tls.set_server_name(name).unwrap();
        })
    };
    for url in [url.clone(), localhost(&url)] {
        echoes(&mut named("inside.example"), &url);
        assert_eq!(names.recv().unwrap().as_deref(), Some("inside.example"));
    }
    let closed = named("outside.example").fail(&url);
    assert_eq!(closed.why().kind(), &fault);
    // An address is verified too, and asked for by no name.
    let by_address = wss_server(authority.certify(&["192.0.2.7"], |_| {}), echo);
    echoes(&mut named("192.0.2.7"), &by_address);

    for name in ["", "a b", "-", "a\r\nb"] {
        let error = TlsOptions::default().set_server_name(name).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TlsConfig);
        assert!(!error.to_string().contains('\n'), "{error}");
    }
}

#[test]
fn any_certificate_is_accepted_when_that_is_dangerously_asked_for() {
    let (stranger, url) = (Authority::named("stranger"), |config| {
        wss_server(config, echo)
    });
    let expired = stranger.certify(&["elsewhere.example"], |params| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    });
    let mut client = with_tls(TlsOptions::dangerously_accept_any_certificate);
    for config in [stranger.for_localhost(), expired.clone()] {
        echoes(&mut client, &url(config));
    }
    let closed = Client::new().fail(&url(expired));
    assert!(matches!(closed.why().kind(), ErrorKind::Certificate(_)));
}

#[test]
fn secrets_are_logged_to_a_file_that_was_asked_for() {
    let authority = Authority::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys");
    let url = wss_server(authority.for_localhost(), echo);
    echoes(&mut authority.client(), &url);
    assert!(!path.exists());
    let mut client = with_tls(|tls| {
        tls.add_der(authority.certificate.der().to_vec()).unwrap();
        tls.set_key_log_file(&path).unwrap();
    });
    echoes(&mut client, &url);
    let log = fs::read_to_string(&path).unwrap();
    for line in log.lines() {
        let words: Vec<_> = line.split(' ').collect();
        let [_, random, secret] = words[..] else {
            panic!("{line}");
        };
        assert_eq!(random.len(), 64);
        assert!(secret.len() >= 64);
    }
    assert!(log.contains("CLIENT_TRAFFIC_SECRET_0 "), "{log}");
    let missing = TlsOptions::default().set_key_log_file(path.join("below/a/file"));
    assert_eq!(missing.unwrap_err().phase(), Phase::TlsSettings);
}

#[test]
fn http_1_1_is_offered_and_a_server_that_speaks_something_else_says_so() {
    let authority = Authority::new();
    let (report, protocols) = mpsc::channel();
    let with_alpn = |protocol: &[u8]| {
        let mut config = Arc::unwrap_or_clone(authority.for_localhost());
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    };
    let url = wss_server(with_alpn(b"http/1.1"), move |websocket| {
        let protocol = websocket.get_ref().conn.alpn_protocol();
        report.send(protocol.map(<[u8]>::to_vec)).unwrap();
        echo(websocket);
    });
    let mut client = authority.client();
    echoes(&mut client, &url);
    assert_eq!(protocols.recv().unwrap().as_deref(), Some(&b"http/1.1"[..]));

    let closed = client.fail(&wss_server(with_alpn(b"h2"), echo));
    let text = closed.why().to_string();
    assert!(
        text.contains("does not speak HTTP/1.1 (alert 120"),
        "{text}"
    );
}

#[test]
fn settings_that_contradict_each_other_fail_each_connection() {
    let authority = Authority::new();
    let url = wss_server(authority.for_localhost(), echo);
    let own = |tls: &mut TlsOptions| {
        let config = rustls::ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        tls.set_config(Arc::new(config));
    };
    let add = |tls: &mut TlsOptions| tls.add_der(authority.certificate.der().to_vec()).unwrap();
    let any = TlsOptions::dangerously_accept_any_certificate;
    let only = TlsOptions::trust_only_added;
    let both = |a: &dyn Fn(&mut TlsOptions), b: &dyn Fn(&mut TlsOptions)| {
        let mut tls = TlsOptions::default();
        a(&mut tls);
        b(&mut tls);
        tls
    };
    for (tls, words) in [
        (both(&own, &add), "no effect"),
        (both(&any, &own), "no effect"),
        (both(&only, &|_| {}), "none was added"),
        (both(&only, &any), "only certain ones"),
        #[cfg(feature = "system-roots")]
        (
            both(&only, &TlsOptions::trust_system_store),
            "and the system's are",
        ),
        #[cfg(feature = "system-roots")]
        (both(&TlsOptions::trust_system_store, &own), "no effect"),
    ] {
        let error = tls.check().unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TlsConfig);
        assert!(error.to_string().contains(words), "{error}");
        let closed = with_tls(|options| *options = tls).fail(&url);
        assert_eq!(closed.why().to_string(), error.to_string());
    }
    let name = |tls: &mut TlsOptions| tls.set_server_name("localhost").unwrap();
    assert!(both(&own, &name).check().is_ok());
    assert!(both(&any, &add).check().is_ok());
}

#[test]
fn a_server_that_goes_away_within_the_handshake() {
    let url = url_of(serve(|mut tcp| {
        // An end in good order instead of an answer to the ClientHello.
        tcp.shutdown(std::net::Shutdown::Write).unwrap();
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let closed = Client::new().fail(&url.replace("ws:", "wss:"));
    assert_eq!(closed.why().phase(), Phase::Tls);
    let text = closed.why().to_string();
    assert!(text.ends_with("the server ended the connection"), "{text}");

    // An alert as the answer to the ClientHello.
    let authority = Authority::new();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(NoCertificate));
    let config = Arc::new(config);
    let url = url_of(serve(move |mut tcp| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        let _ = tls.complete_io(&mut tcp);
        let _ = tls.write_tls(&mut tcp);
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let closed = authority.client().fail(&url.replace("ws:", "wss:"));
    assert_eq!(closed.why().phase(), Phase::Tls);
    assert!(
        matches!(closed.why().kind(), ErrorKind::Alert(_)),
        "{}",
        closed.why()
    );
}

/// Has none for anybody.
#[derive(Debug)]
struct NoCertificate;

impl rustls::server::ResolvesServerCert for NoCertificate {
    fn resolve(
        &self,
        _: rustls::server::ClientHello<'_>,
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        None
    }
}
