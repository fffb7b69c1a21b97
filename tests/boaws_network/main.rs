//! What `boaws run` can be told about the network, as a user tells it: real processes, real sockets.
#![cfg(feature = "cli")]

mod verbose;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

/// Prints what the socket at `url` does, and the first message.
fn script(url: &str) -> String {
    format!(
        "const ws = new WebSocket({url:?});
         ws.onmessage = (event) => {{ console.log(event.data); ws.close(1000) }};
         ws.onerror = () => console.log('error');
         ws.onclose = (event) => console.log('close', event.code);"
    )
}

/// Runs a script with these arguments and these variables.
fn run(script: &str, args: &[&str], variables: &[(&str, &Path)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("script.js"), script).unwrap();
    let mut command = Command::new(BOAWS);
    command
        .arg("run")
        .args(args)
        .arg("script.js")
        .current_dir(directory.path())
        .stdin(Stdio::null());
    for name in ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[track_caller]
fn check(output: &Output, stdout: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, stdout, "stderr: {err}");
    assert_eq!(output.status.code(), Some(0), "stderr: {err}");
}

const CLOSED: &str = "close 4000\n";
const FAILED: &str = "error\nclose 1006\n";

/// `boaws serve`, ended with the test.
struct Server {
    child: Child,
    directory: TempDir,
    ws: String,
    wss: String,
}

impl Server {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut child = Command::new(BOAWS)
            .args(["serve", "--quiet", "--write-ca", "ca.pem"])
            .current_dir(directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut line = || lines.next().unwrap().unwrap();
        let (ws, wss) = (line(), line());
        Self {
            child,
            directory,
            ws,
            wss,
        }
    }

    fn file(&self, name: &str) -> String {
        self.directory
            .path()
            .join(name)
            .to_str()
            .unwrap()
            .to_owned()
    }

    fn ca(&self) -> String {
        self.file("ca.pem")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

// ---------------------------------------------------------------- TLS

#[test]
fn whom_to_trust() {
    let server = Server::start();
    let ca = server.ca();
    let script = script(&format!("{}/close?code=4000", server.wss));
    check(&run(&script, &[], &[]), FAILED);
    check(&run(&script, &["--ca-file", &ca], &[]), CLOSED);
    check(&run(&script, &["--ca-file", &ca, "--ca-only"], &[]), CLOSED);
    // The environment adds nothing to what is said to be all.
    let other = server.file("other.pem");
    let stranger = rcgen::generate_simple_self_signed(vec!["stranger".into()]).unwrap();
    fs::write(&other, stranger.cert.pem()).unwrap();
    let variable = [("SSL_CERT_FILE", Path::new(&ca))];
    check(&run(&script, &[], &variable), CLOSED);
    check(
        &run(&script, &["--ca-file", &other, "--ca-only"], &variable),
        FAILED,
    );
    check(
        &run(
            &script,
            &["--ca-file", &ca, "--tls-server-name", "localhost"],
            &[],
        ),
        CLOSED,
    );
    check(
        &run(
            &script,
            &["--ca-file", &ca, "--tls-server-name", "elsewhere.example"],
            &[],
        ),
        FAILED,
    );
}

/// Where the system's store is where OpenSSL looks for it, it can be put elsewhere.
#[cfg(all(unix, not(target_vendor = "apple")))]
#[test]
fn the_systems_store_takes_the_place_of_mozillas_roots() {
    let server = Server::start();
    let store = server.directory.path().join("store");
    fs::create_dir(&store).unwrap();
    fs::copy(server.ca(), store.join("01234567.0")).unwrap();
    let variable = [("SSL_CERT_DIR", &*store)];
    let script = script(&format!("{}/close?code=4000", server.wss));
    check(&run(&script, &[], &variable), FAILED);
    check(&run(&script, &["--system-ca"], &variable), CLOSED);
    // Without a store the added certificates are left, and without those there is a reason.
    let empty = server.directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let variable = [("SSL_CERT_DIR", &*empty)];
    check(
        &run(
            &script,
            &["--system-ca", "--ca-file", &server.ca()],
            &variable,
        ),
        CLOSED,
    );
    let output = run(&script, &["--system-ca", "--verbose"], &variable);
    check(&output, FAILED);
    assert!(
        text(&output.stderr).contains("No CA certificates"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn any_certificate_is_accepted_with_a_warning_for_each_connection() {
    let server = Server::start();
    let url = format!("{}/close?code=4000", server.wss);
    let twice = format!("{{ {} }} {{ {} }}", script(&url), script(&url));
    let output = run(&twice, &["--insecure-accept-any-certificate"], &[]);
    check(&output, &CLOSED.repeat(2));
    let errors = text(&output.stderr);
    assert_eq!(
        errors.matches("certificate is not verified").count(),
        2,
        "{errors}"
    );
    assert!(
        errors
            .lines()
            .all(|line| line.starts_with("boaws: warning: ")),
        "{errors}"
    );
    // Nothing to warn of without TLS.
    let plain = script(&format!("{}/close?code=4000", server.ws));
    let output = run(&plain, &["--insecure-accept-any-certificate"], &[]);
    check(&output, CLOSED);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn secrets_are_logged_where_the_variable_says() {
    let server = Server::start();
    let script = script(&format!("{}/close?code=4000", server.wss));
    let (path, ca) = (server.file("keys"), server.ca());
    let args = ["--ca-file", &*ca];
    check(
        &run(&script, &args, &[("SSLKEYLOGFILE", Path::new(""))]),
        CLOSED,
    );
    check(
        &run(&script, &args, &[("SSLKEYLOGFILE", Path::new(&path))]),
        CLOSED,
    );
    let log = fs::read_to_string(&path).unwrap();
    assert!(log.contains("SERVER_TRAFFIC_SECRET_0 "), "{log}");
    // It is of no importance to the script.
    let output = run(
        &script,
        &args,
        &[("SSLKEYLOGFILE", server.directory.path())],
    );
    check(&output, CLOSED);
    let errors = text(&output.stderr);
    assert!(
        errors.starts_with("boaws: warning: SSLKEYLOGFILE: "),
        "{errors}"
    );
}

/// `boaws` against a server that wants to see a client certificate.
#[cfg(feature = "ring")]
#[test]
fn a_client_certificate_and_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: String| {
        let path = directory.path().join(name);
        fs::write(&path, pem).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let made = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &issuer).unwrap(), key)
    };
    let (client, client_key) = made("client");
    let url = mutual_server(&root, made("localhost"));
    let ca = write("ca.pem", root.pem());
    let certificate = write("client.pem", client.pem());
    let key = write("client.key", client_key.serialize_pem());
    let both = write("both.pem", client.pem() + &client_key.serialize_pem());
    let other = write("other.key", KeyPair::generate().unwrap().serialize_pem());

    let script = script(&url);
    let trusting = |args: &[&str]| run(&script, &[&["--ca-file", &ca], args].concat(), &[]);
    check(
        &trusting(&["--cert", &certificate, "--key", &key]),
        "hello\nclose 1000\n",
    );
    check(&trusting(&["--cert", &both]), "hello\nclose 1000\n");
    let output = trusting(&["--verbose"]);
    check(&output, FAILED);
    assert!(
        text(&output.stderr).contains("it wants a client certificate"),
        "{}",
        text(&output.stderr)
    );
    for (args, words) in [
        (&["--cert", &certificate, "--key", &other][..], "other.key"),
        (&["--cert", &certificate], "no PEM private key"),
        (&["--key", &key], "--cert"),
    ] {
        let output = trusting(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text(&output.stderr).contains(words),
            "{}",
            text(&output.stderr)
        );
    }
}

/// Says hello to those who show a certificate of this authority.
#[cfg(feature = "ring")]
fn mutual_server(root: &rcgen::Certificate, own: (rcgen::Certificate, KeyPair)) -> String {
    use std::sync::Arc;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root.der().clone()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        Arc::new(roots),
        provider.clone(),
    );
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(vec![own.0.into()], own.1.into())
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let tls = rustls::ServerConnection::new(config.clone()).unwrap();
            let tls = rustls::StreamOwned::new(tls, tcp.unwrap());
            if let Ok(mut websocket) = tungstenite::accept(tls) {
                let _ = websocket.send("hello".into());
                while websocket.read().is_ok() {}
            }
        }
    });
    format!("wss://localhost:{port}/")
}

// ---------------------------------------------------------------- headers, compression

#[test]
fn headers_of_every_request() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    fs::write(&file, "Authorization: Bearer token\n\nX-File:1\n").unwrap();
    let from_file = format!("@{}", file.display());
    let script = "
        const ws = new WebSocket('/headers', { headers: { 'X-Both': 'script' } });
        ws.onmessage = (event) => {
            const headers = JSON.parse(event.data);
            for (const name of ['x-one', 'x-both', 'x-file', 'authorization', 'user-agent', 'origin'])
                console.log(name, headers[name]);
            ws.close();
        };";
    let args = [
        "--serve",
        "-H",
        "X-One: 1",
        "--header",
        "x-one:  2 ",
        "--header",
        "X-Both: argument",
        "--header",
        &from_file,
        "--user-agent",
        "mine/1",
        "--origin",
        "https://mine.example",
    ];
    let expected = "x-one [ '1', '2' ]\nx-both script\nx-file 1\nauthorization Bearer token\n\
                    user-agent mine/1\norigin https://mine.example\n";
    check(&run(script, &args, &[]), expected);
    let without = run(script, &["--serve", "--user-agent", ""], &[]);
    assert!(
        text(&without.stdout).contains("user-agent undefined"),
        "{}",
        text(&without.stdout)
    );
}

#[test]
fn compression_is_offered_as_told() {
    let script = "
        const ws = new WebSocket('/headers');
        ws.onmessage = (event) => { console.log(JSON.parse(event.data)['sec-websocket-extensions']); ws.close() };";
    for (args, offer) in [
        (&[][..], "permessage-deflate; client_max_window_bits"),
        (&["--no-compression"], "undefined"),
        (
            &[
                "--no-context-takeover",
                "--compression-level=9",
                "--compression-threshold",
                "0",
            ],
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
        ),
    ] {
        check(
            &run(script, &[&["--serve"], args].concat(), &[]),
            &format!("{offer}\n"),
        );
    }
}

#[test]
fn what_cannot_be_used_is_wrong_usage() {
    for (args, expected) in [
        (&["--header", "no colon"][..], "Name: value"),
        (&["--header", "a b: c"], "no valid name"),
        (&["--header", "X: a\nY: b"], "no valid value"),
        (&["--header", "Host: elsewhere"], "belongs to the handshake"),
        (
            &["--header", "Sec-WebSocket-Key: x"],
            "belongs to the handshake",
        ),
        (&["--header", "@missing"], "missing"),
        (&["--user-agent", "a\nb"], "--user-agent"),
        (&["--origin", "a b"], "origin"),
        (&["--ca-only"], "--ca-file"),
        (&["--tls-server-name", "a b"], "a b"),
        (&["--cert", "missing.pem"], "missing.pem"),
        (
            &["--insecure-accept-any-certificate", "--system-ca"],
            "--system-ca",
        ),
        (&["--compression-level", "10"], "10"),
        (
            &["--compression-level", "1", "--no-compression"],
            "--no-compression",
        ),
    ] {
        let output = run("", args, &[]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.contains(expected), "{args:?}: {error}");
    }
    let output = run("", &["--header", "s3cret value"], &[]);
    assert!(!text(&output.stderr).contains("s3cret"));
}
