//! What `boaws run` says of connections that fail.

use std::net::TcpListener;

use boa_websocket::cli::serve::{CertificateKind, Scheme, Server, ServerOptions};

use crate::harness::{answers_with, closed_port, command, outcome, write};

/// Runs a script that connects to `url`; what stands on stderr.
fn fails(url: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let script = format!("new WebSocket({url:?}).onclose = (event) => console.log(event.code)");
    let script = write(directory.path(), "script.js", &script);
    let mut command = command(&["run"]);
    command
        .args(args)
        .arg(script)
        .envs(variables.iter().copied());
    let (code, out, error) = outcome(command.output().unwrap());
    assert_eq!((code, &*out), (0, "1006\n"), "{error}");
    assert!(
        !error.contains('\u{1b}') && !error.contains("s3cret"),
        "{error}"
    );
    error
}

/// Of the two lines of a failure the first names the URL and has these words, the second has those.
#[track_caller]
fn check(error: &str, url: &str, cause: &str, hints: &[&str]) {
    let lines: Vec<_> = error.lines().collect();
    let [failure, hint] = lines[..] else {
        panic!("not two lines: {error}");
    };
    let start = format!("boaws: WebSocket connection to '{url}' failed: ");
    assert!(failure.starts_with(&start), "{failure}");
    assert!(failure.contains(cause), "{failure}");
    assert!(hint.starts_with("hint: "), "{hint}");
    for part in hints {
        assert!(hint.contains(part), "{hint}");
    }
}

fn server(certificate: CertificateKind) -> Server {
    let options = ServerOptions {
        certificate,
        ..ServerOptions::default()
    };
    Server::start(options).unwrap()
}

#[test]
fn a_refused_connection() {
    let port = closed_port();
    let url = format!("ws://me:s3cret@127.0.0.1:{port}/a?token=s3cret");
    let shown = format!("ws://127.0.0.1:{port}/a");
    let error = fails(&url, &[], &[]);
    check(
        &error,
        &shown,
        "efused",
        &["nothing listens there", &format!("localhost:{port}")],
    );
    let error = fails(&format!("ws://localhost:{port}"), &[], &[]);
    check(
        &error,
        &format!("ws://localhost:{port}/"),
        "efused",
        &["by IPv4 or IPv6"],
    );
    assert_eq!(fails(&url, &["--quiet"], &[]), "");
    let verbose = fails(&url, &["--verbose"], &[]);
    assert!(verbose.contains("failed: connecting to"), "{verbose}");
    assert_eq!(verbose.matches("hint: ").count(), 1, "{verbose}");
    assert!(!verbose.contains("WebSocket connection to"), "{verbose}");
}

#[test]
fn the_wrong_scheme() {
    let server = server(CertificateKind::Good);
    let tls = server.tls_address().unwrap();
    let plain = server.address();
    let error = fails(&format!("ws://{tls}/echo"), &[], &[]);
    let try_this = format!("try wss://{tls}/echo");
    check(
        &error,
        &format!("ws://{tls}/echo"),
        "TLS",
        &["speaks TLS", &try_this],
    );
    let error = fails(&format!("wss://{plain}/echo"), &[], &[]);
    let try_this = format!("try ws://{plain}/echo");
    check(
        &error,
        &format!("wss://{plain}/echo"),
        "",
        &["TLS", &try_this],
    );
}

#[test]
fn certificates_that_are_not_accepted() {
    for (kind, cause, hints) in [
        (
            CertificateKind::UnknownIssuer,
            "trusted issuer",
            &[
                "'boaws serve authority'",
                "--ca-file FILE",
                "SSL_CERT_FILE",
                "--system-ca",
            ][..],
        ),
        (
            CertificateKind::SelfSigned,
            "trusted issuer",
            &["self-signed", "--ca-file FILE"],
        ),
        (
            CertificateKind::Expired,
            "expired",
            &["until 2001-01-01", "'boaws serve'"],
        ),
        (
            CertificateKind::NotYetValid,
            "not valid yet",
            &["from 2999-01-01", "clock"],
        ),
        (
            CertificateKind::WrongName,
            "another name",
            &[
                "it is for wrong.example",
                "instead of 127.0.0.1",
                "--tls-server-name",
            ],
        ),
    ] {
        let server = server(kind);
        let directory = tempfile::tempdir().unwrap();
        let ca = write(directory.path(), "ca.pem", server.ca_pem().unwrap());
        let url = server.url(Scheme::Wss, "/echo").unwrap();
        let trusted = match kind {
            CertificateKind::UnknownIssuer => &[][..],
            _ => &["--ca-file", &ca],
        };
        let error = fails(&url, trusted, &[]);
        check(&error, &url, cause, hints);
        if kind == CertificateKind::UnknownIssuer {
            // Another authority of the same name, as after one was made anew.
            let error = fails(&url, &["--ca-file", &ca], &[]);
            check(
                &error,
                &url,
                "not accepted",
                &["'boaws serve authority'", "another key"],
            );
        }
    }
}

/// The hint alone is enough to solve it.
#[test]
fn a_certificate_problem_is_solved_as_the_hint_says() {
    let server = server(CertificateKind::Good);
    let url = server.url(Scheme::Wss, "/close?code=4000").unwrap();
    let error = fails(&url, &[], &[]);
    check(
        &error,
        &server.url(Scheme::Wss, "/close").unwrap(),
        "",
        &["--ca-file FILE"],
    );
    let directory = tempfile::tempdir().unwrap();
    let ca = write(directory.path(), "ca.pem", server.ca_pem().unwrap());
    let script = format!("new WebSocket({url:?}).onclose = (event) => console.log(event.code)");
    let script = write(directory.path(), "script.js", &script);
    for (args, variables) in [
        (&["--ca-file", &*ca][..], &[][..]),
        (&[], &[("SSL_CERT_FILE", &*ca)]),
    ] {
        let mut command = command(&["run"]);
        command
            .args(args)
            .arg(&script)
            .envs(variables.iter().copied());
        let (code, out, error) = outcome(command.output().unwrap());
        assert_eq!((code, &*out, &*error), (0, "4000\n", ""));
    }
}

#[test]
fn a_file_of_certificates_that_cannot_be_read_is_missed_by_wss_only() {
    let server = server(CertificateKind::Good);
    let variables = [("SSL_CERT_FILE", "no/such/file.pem")];
    let url = server.url(Scheme::Wss, "/echo").unwrap();
    check(
        &fails(&url, &[], &variables),
        &url,
        "reading trust anchors from no/such/file.pem",
        &["SSL_CERT_FILE"],
    );
    let url = format!("{}/close?code=4000", server.ws_url());
    let mut plain = command(&["run", "-e"]);
    plain
        .arg(format!(
            "new WebSocket({url:?}).onclose = (event) => console.log(event.code)"
        ))
        .envs(variables);
    let (code, out, error) = outcome(plain.output().unwrap());
    assert_eq!((code, &*out, &*error), (0, "4000\n", ""));
}

#[test]
fn answers_that_are_no_upgrade() {
    let server = server(CertificateKind::Good);
    let base = server.ws_url();
    for (query, hints) in [
        ("code=401", &["USER:PASSWORD@"][..]),
        ("code=403", &["--origin"]),
        ("code=404", &["nothing at this path"]),
        ("code=426", &["reverse proxy"]),
        (
            "code=301&location=https://n.example/x?s3cret",
            &["wss://n.example/x?[redacted]"],
        ),
        ("code=503", &["try again later"]),
    ] {
        let error = fails(&format!("{base}/status?{query}"), &[], &[]);
        let status = format!("status {}", &query[5..8]);
        check(&error, &format!("{base}/status"), &status, hints);
    }
    let port = answers_with(b"220 mail.example ESMTP\r\n");
    let error = fails(&format!("ws://127.0.0.1:{port}/"), &[], &[]);
    check(
        &error,
        &format!("ws://127.0.0.1:{port}/"),
        "not HTTP",
        &["no web server"],
    );
}

#[test]
fn a_proxy_that_fails_is_named_by_its_variable() {
    let port = closed_port().to_string();
    let proxy = format!("http://me:s3cret@127.0.0.1:{port}");
    let variables = [("HTTP_PROXY", &*proxy)];
    let error = fails("ws://server.example/", &[], &variables);
    check(
        &error,
        "ws://server.example/",
        "the proxy http://127.0.0.1:",
        &["HTTP_PROXY", "--ignore-proxy-env"],
    );
    let error = fails("ws://server.example/", &["--proxy", &proxy], &[]);
    check(
        &error,
        "ws://server.example/",
        "the proxy",
        &["that of --proxy", "--no-proxy"],
    );
    let refusing = answers_with(b"HTTP/1.1 407 Who are you\r\n\r\n");
    let proxy = format!("http://127.0.0.1:{refusing}");
    let error = fails("wss://server.example/", &[], &[("https_proxy", &proxy)]);
    check(
        &error,
        "wss://server.example/",
        "407",
        &["USER:PASSWORD@", "in https_proxy"],
    );
}

#[test]
fn what_is_not_allowed_and_what_does_not_answer() {
    let error = fails("ws://127.0.0.1:25/", &[], &[]);
    check(
        &error,
        "ws://127.0.0.1:25/",
        "port 25 is blocked",
        &["browsers block"],
    );
    let error = fails("ws://127.0.0.1:9999/", &["--deny-net", "127.0.0.1"], &[]);
    check(
        &error,
        "ws://127.0.0.1:9999/",
        "not allowed",
        &["--deny-net"],
    );
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let error = fails(
        &format!("ws://{address}/"),
        &["--handshake-timeout", "0.2"],
        &[],
    );
    check(
        &error,
        &format!("ws://{address}/"),
        "timed out",
        &["expects TLS"],
    );
    let error = fails("ws://no-such-host.invalid/", &[], &[]);
    check(
        &error,
        "ws://no-such-host.invalid/",
        "",
        &["spelled right", "--resolve"],
    );
}

#[test]
fn a_loop_of_failures_does_not_flood() {
    let port = closed_port();
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "let left = 100;
         function go() {{
           new WebSocket('ws://127.0.0.1:{port}/').onclose = () => {{ if (--left > 0) go() }};
         }}
         go();"
    );
    let script = write(directory.path(), "script.js", &script);
    let (code, _, error) = outcome(command(&["run", &script]).output().unwrap());
    assert_eq!(code, 0, "{error}");
    // However slow the machine is, most of them come within a second.
    assert!(error.lines().count() < 90, "{error}");
    assert!(error.contains("are not shown"), "{error}");
    assert_eq!(error.matches("hint: ").count(), 1, "{error}");
}

#[test]
fn what_a_script_does_on_purpose_is_no_failure() {
    let server = server(CertificateKind::Good);
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "const ws = new WebSocket('{0}/echo'); ws.close();
         new WebSocket('{0}/close?code=1000');",
        server.ws_url()
    );
    let script = write(directory.path(), "script.js", &script);
    let (code, _, error) = outcome(command(&["run", &script]).output().unwrap());
    assert_eq!((code, &*error), (0, ""));
}
