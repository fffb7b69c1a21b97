//! `boaws doctor`.

use boa_websocket::cli::serve::{CertificateKind, Scheme, Server, ServerOptions};
use serde_json::Value;

use crate::harness::{closed_port, command, outcome, run, write};

fn server(certificate: CertificateKind) -> Server {
    let options = ServerOptions {
        certificate,
        ..ServerOptions::default()
    };
    Server::start(options).unwrap()
}

/// The names of the steps and whether each worked.
fn steps(report: &Value) -> Vec<(String, bool)> {
    let steps = report["connection"]["steps"].as_array().unwrap();
    let step = |step: &Value| {
        assert!(step["ms"].as_f64().is_some_and(|ms| ms >= 0.0), "{step}");
        (
            step["step"].as_str().unwrap().to_owned(),
            step["ok"].as_bool().unwrap(),
        )
    };
    steps.iter().map(step).collect()
}

fn expect(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    names
        .iter()
        .map(|(name, ok)| ((*name).to_owned(), *ok))
        .collect()
}

fn json(args: &[&str], code: i32) -> Value {
    let args = [&["doctor", "--json"], args].concat();
    let (exit, out, error) = run(&args);
    assert_eq!((exit, &*error), (code, ""), "{out}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn without_a_url_it_tells_what_there_is() {
    let (code, out, error) = run(&["doctor"]);
    assert_eq!((code, &*error), (0, ""));
    for part in [
        "This build",
        "Boa            0.22",
        "rustls 0.23",
        "TLS 1.3, TLS 1.2",
        "permessage-deflate",
        "Mozilla's roots",
        "ws:            none (neither --proxy nor HTTP_PROXY nor ALL_PROXY is set)",
        "wss:           none (neither --proxy nor HTTPS_PROXY",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(
        !out.contains("Connection") && !out.contains('\u{1b}'),
        "{out}"
    );
    let report = json(&[], 0);
    assert!(report["roots"][0]["certificates"].as_u64().unwrap() > 50);
    assert_eq!(report["versions"]["boaws"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["connection"], Value::Null);
}

#[test]
fn trust_and_proxies_are_told_with_where_they_come_from() {
    let directory = tempfile::tempdir().unwrap();
    let pem = server(CertificateKind::Good).ca_pem().unwrap().to_owned();
    let one = write(directory.path(), "one.pem", &pem);
    let two = write(directory.path(), "two.pem", &pem.repeat(2));
    let mut doctor = command(&["doctor", "--ca-file", &one]);
    doctor
        .env("SSL_CERT_FILE", &two)
        .env("https_proxy", "http://me:s3cret@p.example:81")
        .env("NO_PROXY", "inside.example");
    let (code, out, _) = outcome(doctor.output().unwrap());
    assert_eq!(code, 0);
    for part in [
        "(--ca-file)",
        "(SSL_CERT_FILE)",
        "wss:           http://p.example:81 (from https_proxy, but not for the servers in NO_PROXY)",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("s3cret"), "{out}");
    let line = out.lines().find(|line| line.contains("two.pem")).unwrap();
    assert!(line.trim_start().starts_with("2 "), "{line}");
    let report = json(&["--ca-only", "--ca-file", &one], 0);
    assert_eq!(report["roots"].as_array().unwrap().len(), 1);
    let report = json(&["--system-ca", "--ignore-proxy-env"], 0);
    assert_eq!(report["roots"][0]["certificates"], Value::Null);
    let why = report["proxies"][0]["why"].as_str().unwrap();
    assert!(why.contains("not looked at"), "{why}");
}

#[test]
fn a_connection_step_by_step() {
    let server = server(CertificateKind::Good);
    let directory = tempfile::tempdir().unwrap();
    let ca = write(directory.path(), "ca.pem", server.ca_pem().unwrap());
    let url = server.url(Scheme::Wss, "/echo?token=s3cret").unwrap();
    let (code, out, error) = run(&["doctor", &url, "--ca-file", &ca, "--protocol", "chat"]);
    assert_eq!((code, &*error), (0, ""), "{out}");
    for part in [
        "✓ resolve",
        "✓ connect",
        "✓ tls",
        "TLS 1.3, TLS13_",
        "✓ upgrade",
        "101 Switching Protocols",
        "subprotocol in use: chat",
        "✓ close",
        "1000, cleanly",
        "The connection works.",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("s3cret") && !out.contains('✗'), "{out}");
    let report = json(&[&server.url(Scheme::Ws, "/echo").unwrap()], 0);
    assert_eq!(
        steps(&report),
        expect(&[
            ("resolve", true),
            ("connect", true),
            ("upgrade", true),
            ("close", true)
        ])
    );
    let connection = &report["connection"];
    assert_eq!(
        (&connection["ok"], &connection["error"]),
        (&Value::Bool(true), &Value::Null)
    );
}

/// Nobody listens at the other address of the same machine.
#[cfg(target_os = "linux")]
#[test]
fn each_address_is_a_step() {
    let server = server(CertificateKind::Good);
    let port = server.address().port();
    let url = format!("ws://two.example:{port}/echo");
    let two = "two.example=127.0.0.2,127.0.0.1";
    let (code, out, _) = run(&["doctor", &url, "--resolve", two]);
    assert_eq!(code, 0, "{out}");
    for part in [
        "127.0.0.2, 127.0.0.1\n".to_owned(),
        format!("127.0.0.2:{port}: Connection refused"),
        format!("127.0.0.1:{port}\n"),
        "The connection works.".to_owned(),
    ] {
        assert!(out.contains(&part), "{part}: {out}");
    }
    let report = json(&[&url, "--resolve", two], 0);
    let connects = [("resolve", true), ("connect", false), ("connect", true)];
    assert_eq!(steps(&report)[..3], expect(&connects));
}

#[test]
fn it_says_where_it_fails_and_what_helps() {
    let port = closed_port();
    let url = format!("ws://127.0.0.1:{port}/");
    let (code, out, _) = run(&["doctor", &url]);
    assert_eq!(code, 1);
    assert!(out.contains("✗ connect"), "{out}");
    assert!(out.contains("The connection failed: "), "{out}");
    assert!(out.contains("\nhint: nothing listens there"), "{out}");
    // Both addresses are tried.
    let report = json(&[&format!("ws://localhost:{port}/")], 1);
    let steps = steps(&report);
    assert!(
        steps
            .iter()
            .filter(|(name, ok)| name == "connect" && !ok)
            .count()
            >= 1,
        "{steps:?}"
    );
    let (_, out, _) = outcome(
        command(&["doctor", &url])
            .env("LANG", "C")
            .output()
            .unwrap(),
    );
    assert!(out.contains("! connect") && !out.contains('✗'), "{out}");
}

#[test]
fn a_certificate_that_is_not_accepted_is_shown() {
    let server = server(CertificateKind::Expired);
    let directory = tempfile::tempdir().unwrap();
    let ca = write(directory.path(), "ca.pem", server.ca_pem().unwrap());
    let url = server.url(Scheme::Wss, "/echo").unwrap();
    let (code, out, _) = run(&["doctor", &url, "--ca-file", &ca]);
    assert_eq!(code, 1);
    for part in [
        "✗ tls",
        "certificate 1: boaws serve\n",
        "signed by boaws serve authority",
        "for       localhost, 127.0.0.1, ::1",
        "to 2001-01-01",
        "hint: the certificate of 'boaws serve' was valid until 2001-01-01",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let report = json(&[&url, "--ca-file", &ca], 1);
    let certificate = &report["connection"]["certificates"][0];
    assert_eq!(certificate["issuer"], "boaws serve authority");
    assert_eq!(
        steps(&report),
        expect(&[("resolve", true), ("connect", true), ("tls", false)])
    );
    let (code, out, _) = run(&["doctor", &url, "--insecure-accept-any-certificate"]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("warning: the server's certificate is not verified"),
        "{out}"
    );
}

#[test]
fn an_answer_that_is_no_upgrade_is_shown_with_its_headers() {
    let server = server(CertificateKind::Good);
    let url = server.url(Scheme::Ws, "/status?code=401").unwrap();
    let (code, out, _) = run(&["doctor", &url]);
    assert_eq!(code, 1);
    for part in [
        "✗ upgrade",
        "401 Unauthorized",
        "www-authenticate: Basic [redacted]",
        "hint: the server wants a user name",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let report = json(&[&url], 1);
    assert_eq!(
        steps(&report),
        expect(&[("resolve", true), ("connect", true), ("upgrade", false)])
    );
}

#[test]
fn the_proxy_of_a_url_is_told_with_the_reason() {
    let server = server(CertificateKind::Good);
    let url = server.url(Scheme::Ws, "/echo").unwrap();
    let proxy = format!("http://127.0.0.1:{}", closed_port());
    let doctor = |variables: &[(&str, &str)]| {
        let mut doctor = command(&["doctor", &url]);
        outcome(doctor.envs(variables.iter().copied()).output().unwrap())
    };
    let (code, out, _) = doctor(&[("http_proxy", &proxy)]);
    assert_eq!(code, 1, "{out}");
    assert!(
        out.contains(&format!("ws:            {proxy} (from http_proxy)")),
        "{out}"
    );
    assert!(
        out.contains("hint: the proxy is that of the environment variable http_proxy"),
        "{out}"
    );
    let (code, out, _) = doctor(&[("http_proxy", &proxy), ("no_proxy", "127.0.0.1")]);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("none (no_proxy excepts this server from"),
        "{out}"
    );
}

#[test]
fn wrong_usage_is_2_and_repeats_no_password() {
    for url in [
        "nonsense",
        "ftp://me:s3cret@h/",
        "ws://me:s3cret@:1/",
        "data:s3cret",
    ] {
        let (code, out, error) = run(&["doctor", url]);
        assert_eq!((code, &*out), (2, ""), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    let (code, _, error) = run(&["doctor", "--ca-file", "missing.pem"]);
    assert_eq!(code, 2);
    assert!(error.contains("missing.pem"), "{error}");
}
