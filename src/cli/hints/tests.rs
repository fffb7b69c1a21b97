use rustls::pki_types::CertificateDer;
use url::Url;

use super::*;
use crate::net::{Answer, Denied};

fn given() -> Given {
    Given {
        proxy: [Some("http_proxy"), Some("--proxy")],
        ..Given::default()
    }
}

fn hint_for(url: &str, error: &Error) -> Option<String> {
    let url = Url::parse(url).unwrap();
    hint(error, Destination::of(&url), &given())
}

fn refused(url: &str, refusal: Refusal, headers: &[(&'static str, &str)]) -> Option<String> {
    let mut answer = Answer {
        status: 0,
        reason: String::new(),
        headers: http::HeaderMap::new(),
    };
    for (name, value) in headers {
        answer.headers.append(*name, value.parse().unwrap());
    }
    let error = Error::new(Phase::Handshake, ErrorKind::Refused(refusal), "h:1");
    hint_for(url, &error.with_answer(Some(answer)))
}

#[track_caller]
fn says(hint: Option<String>, parts: &[&str]) {
    let hint = hint.expect("a hint");
    for part in parts {
        assert!(hint.contains(part), "{hint}");
    }
    assert!(!hint.contains('\n') && !hint.contains("s3cret"), "{hint}");
}

#[test]
fn a_failure_is_one_line_without_secrets() {
    let to = Url::parse("ws://me:s3cret@h:1/a?token=s3cret").unwrap();
    let to = Destination::of(&to);
    let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    let error = Error::io(Phase::Connect, "h:1", refused);
    assert_eq!(
        failure(&error, to),
        "WebSocket connection to 'ws://h:1/a' failed: connection refused"
    );
    // What is not about the URL's host says so.
    let error = Error::new(Phase::Connect, ErrorKind::TimedOut, "the proxy http://p:1");
    assert_eq!(
        cause(&error, to),
        "connecting to the proxy http://p:1: timed out"
    );
    let error = Error::new(Phase::Close, ErrorKind::TimedOut, "h:1");
    assert_eq!(
        failure(&error, to),
        "WebSocket connection to 'ws://h:1/a' was not closed cleanly: timed out"
    );
    let text = io::Error::other("a\r\n\u{1b}[2Jb");
    let error = Error::io(Phase::Open, "h:1", text);
    assert_eq!(cause(&error, to), "a\\r\\n\\u{1b}[2Jb");
    let long = io::Error::other("x".repeat(10_000));
    assert!(cause(&Error::io(Phase::Open, "h:1", long), to).len() < 1_000);
}

#[test]
fn addresses_of_ipv6_are_recognised_with_and_without_brackets() {
    let url = Url::parse("ws://[::1]:9/").unwrap();
    for subject in ["[::1]:9", "::1:9"] {
        let error = Error::new(Phase::Connect, ErrorKind::TimedOut, subject);
        assert_eq!(cause(&error, Destination::of(&url)), "timed out");
    }
}

#[test]
fn the_other_scheme_is_named_where_the_port_speaks_it() {
    let tls = || Refusal::NotHttp(Refusal::TLS);
    says(
        refused("ws://h:8443/a", tls(), &[]),
        &["try wss://h:8443/a"],
    );
    says(refused("ws://h:443/", tls(), &[]), &["try wss://h/"]);
    says(
        refused("ws://h/", Refusal::Truncated, &[]),
        &["wss://h:80/"],
    );
    says(refused("ws://h/", Refusal::Version, &[]), &["wss://h:80/"]);
    says(
        refused("ws://h/", Refusal::Status(400), &[]),
        &["wss://h:80/"],
    );
    assert_eq!(refused("wss://h/", Refusal::Status(400), &[]), None);
    let no_tls = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
    let error = Error::tls(Phase::Tls, "h:80", no_tls);
    says(
        hint_for("wss://h:80/", &error),
        &["does not speak TLS", "try ws://h/"],
    );
    let eof = io::Error::from(io::ErrorKind::UnexpectedEof);
    let error = Error::io(Phase::Tls, "h:443", eof);
    says(hint_for("wss://h/", &error), &["no TLS", "ws://h:443/"]);
    let error = Error::new(Phase::Tls, ErrorKind::TimedOut, "h:443");
    says(hint_for("wss://h/", &error), &["ws://h:443/"]);
    let error = Error::new(Phase::Handshake, ErrorKind::TimedOut, "h:80");
    says(hint_for("ws://h/", &error), &["expects TLS"]);
}

#[test]
fn statuses_have_their_usual_reasons() {
    let status = |code, headers: &[(&'static str, &str)]| {
        refused("ws://h:1/chat", Refusal::Status(code), headers)
    };
    says(status(200, &[]), &["another path"]);
    let to = |location: &str| status(301, &[("location", location)]);
    says(
        to("https://n.example/a?t=s3cret"),
        &["wss://n.example/a?[redacted]"],
    );
    says(to("/b"), &["points to ws://h:1/b"]);
    says(to("//n.example/"), &["points to //n.example/"]);
    says(status(302, &[]), &["redirects are not followed"]);
    let basic = [("www-authenticate", "Basic realm=\"s3cret\"")];
    says(status(401, &basic), &["ws://USER:PASSWORD@h:1/chat"]);
    let bearer = [("www-authenticate", "Bearer")];
    says(status(401, &bearer), &["--header 'Authorization: "]);
    says(status(403, &[]), &["--origin"]);
    says(status(404, &[]), &["nothing at this path"]);
    says(status(426, &[]), &["reverse proxy"]);
    says(status(503, &[("retry-after", "120")]), &["after 120 s"]);
    says(status(502, &[]), &["behind it"]);
    says(status(500, &[]), &["expects TLS"]);
    says(
        refused("ws://h/", Refusal::MissingProtocol, &[]),
        &["subprotocols"],
    );
    says(refused("ws://h/", Refusal::Accept, &[]), &["reverse proxy"]);
    says(
        refused("ws://h/", Refusal::NotHttp("x"), &[]),
        &["port 80 is no web server"],
    );
    says(
        refused("ws://h/", Refusal::SeveralExtensions, &[]),
        &["--no-compression"],
    );
}

#[test]
fn what_the_system_says_is_explained() {
    let io =
        |url, kind: io::ErrorKind| hint_for(url, &Error::io(Phase::Connect, "h:1", kind.into()));
    let refused = io::ErrorKind::ConnectionRefused;
    says(
        io("ws://localhost:1/", refused),
        &["port 1 of this machine", "IPv6"],
    );
    says(io("ws://127.0.0.1:1/", refused), &["localhost:1"]);
    says(io("ws://h:1/", refused), &["port right?"]);
    let unreachable = io::ErrorKind::NetworkUnreachable;
    says(
        io("ws://[2001:db8::1]/", unreachable),
        &["no way to that IPv6"],
    );
    says(io("ws://h/", unreachable), &["IPv6 addresses only"]);
    says(io("ws://h/", io::ErrorKind::TimedOut), &["firewall"]);
    assert_eq!(io("ws://h/", io::ErrorKind::PermissionDenied), None);
    #[cfg(unix)]
    {
        let files = io::Error::from_raw_os_error(TOO_MANY_FILES);
        says(
            hint_for("ws://h/", &Error::io(Phase::Connect, "h:1", files)),
            &["ulimit"],
        );
    }
    let unresolved = Error::new(Phase::Resolve, ErrorKind::Unresolved, "h");
    says(
        hint_for("ws://h/", &unresolved),
        &["'h' spelled right", "--resolve"],
    );
}

#[test]
fn a_policy_and_blocked_ports_are_named() {
    let policy = |kind| hint_for("ws://h:25/", &Error::new(Phase::Policy, kind, "h:25"));
    says(
        policy(ErrorKind::BlockedPort(25)),
        &["browsers block this port"],
    );
    says(
        policy(ErrorKind::Denied(Denied::new("no"))),
        &["--deny-net"],
    );
    assert_eq!(policy(ErrorKind::TooManySockets(1)), None);
}

#[test]
fn a_proxy_is_named_by_what_sets_it() {
    let error = |kind| Error::new(Phase::Proxy, kind, "the proxy http://p:1 to reach h:1");
    let refused = |refusal| error(ErrorKind::ProxyRefused(refusal));
    says(
        hint_for("ws://h/", &refused(ProxyRefusal::Status(502))),
        &["http_proxy", "--no-proxy"],
    );
    says(
        hint_for("wss://h/", &refused(ProxyRefusal::Status(502))),
        &["that of --proxy"],
    );
    says(
        hint_for("ws://h/", &refused(ProxyRefusal::Status(407))),
        &["USER:PASSWORD@", "in http_proxy"],
    );
    says(
        hint_for("ws://h/", &refused(ProxyRefusal::NotSocks5(72))),
        &["another kind"],
    );
    let unreached = Error::new(Phase::Connect, ErrorKind::TimedOut, "the proxy http://p:1");
    says(hint_for("ws://h/", &unreached), &["http_proxy"]);
    let unknown = Error::new(
        Phase::Resolve,
        ErrorKind::Unresolved,
        "p, the name of the proxy",
    );
    says(hint_for("ws://h/", &unknown), &["http_proxy"]);
}

fn shown(
    fault: rustls::CertificateError,
    change: impl FnOnce(&mut rcgen::CertificateParams),
) -> Error {
    let mut params = rcgen::CertificateParams::new(vec!["a.example".into()]).unwrap();
    change(&mut params);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let error = rustls::Error::InvalidCertificate(fault);
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    Error::tls(Phase::Tls, "h:443", error).with_certificates(chain)
}

#[test]
fn certificates_say_what_is_wrong_with_them() {
    use rustls::CertificateError as Fault;
    let at = |error: &Error| hint_for("wss://h/", error);
    says(
        at(&shown(Fault::UnknownIssuer, |_| {})),
        &["self-signed", "--ca-file", "SSL_CERT_FILE"],
    );
    let expired = shown(Fault::Expired, |params| {
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
    });
    says(at(&expired), &["until 2001-01-01", "clock"]);
    let early = shown(Fault::NotValidYet, |params| {
        params.not_before = rcgen::date_time_ymd(2999, 1, 1);
        params.not_after = rcgen::date_time_ymd(3000, 1, 1);
    });
    says(at(&early), &["from 2999-01-01"]);
    says(
        at(&shown(Fault::NotValidForName, |_| {})),
        &["for a.example", "--tls-server-name"],
    );
    let authority = shown(Fault::BadEncoding, |params| {
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    says(at(&authority), &["CA:FALSE"]);
    says(
        at(&shown(Fault::BadSignature, |_| {})),
        &["another key", "--ca-file"],
    );
    assert_eq!(at(&shown(Fault::Revoked, |_| {})), None);
    // Without the certificates there is still something to say.
    let bare = |fault| {
        Error::tls(
            Phase::Tls,
            "h:443",
            rustls::Error::InvalidCertificate(fault),
        )
    };
    says(at(&bare(Fault::UnknownIssuer)), &["--system-ca"]);
    for fault in [Fault::Expired, Fault::NotValidYet, Fault::NotValidForName] {
        assert!(at(&bare(fault)).is_some());
    }
    let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
    says(
        at(&Error::tls(Phase::Tls, "h:443", alert)),
        &["--cert FILE"],
    );
}
