//! What `boaws` can be told about whom to reach and how.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

#[cfg(target_os = "linux")]
#[path = "net_connections/dead_address.rs"]
mod dead_address;

use std::process::{Command, Output, Stdio};

const BOAWS: &str = env!("CARGO_BIN_EXE_boaws");

/// Runs a script with these further arguments.
fn run(script: &str, args: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("script.js"), script).unwrap();
    Command::new(BOAWS)
        .arg("run")
        .args(args)
        .arg("script.js")
        .current_dir(directory.path())
        .env_remove("SSL_CERT_FILE")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n")
}

#[track_caller]
fn check(output: &Output, stdout: &str) {
    let err = text(&output.stderr);
    assert_eq!(text(&output.stdout), stdout, "stderr: {err}");
    assert_eq!(output.status.code(), Some(0), "stderr: {err}");
}

/// `report(url)` says how a connection goes, and `at(host)` is the embedded server under another name.
const REPORT: &str = "
    function report(url) {
        const ws = new WebSocket(url);
        ws.onopen = () => { console.log('open'); ws.close(1000); };
        ws.onerror = () => console.log('error');
        ws.onclose = (event) => console.log('close', event.code);
    }
    const at = (host) => `ws://${host}:${location.port}/echo`;
";

fn report(urls: &str, args: &[&str]) -> Output {
    let args = [&["--serve", "--verbose"], args].concat();
    run(&format!("{REPORT} report({urls});"), &args)
}

const OPEN: &str = "open\nclose 1000\n";
const FAILED: &str = "error\nclose 1006\n";

#[test]
fn rules_allow_and_deny() {
    for (args, allowed) in [
        (&["--allow-net"][..], true),
        (&["--allow-net=127.0.0.1"], true),
        (
            &["--allow-net=a.test", "--allow-net=b.test, 127.0.0.0/8"],
            true,
        ),
        (&["--allow-net=a.test,*:1-10"], false),
        (&["--allow-net", "--deny-net", "127.0.0.0/8"], false),
        (&["--allow-net=127.0.0.1", "--deny-net", "*:1-65535"], false),
        (&["--deny-net", "10.0.0.0/8,a.test"], true),
        (&["--allow-net=127.0.0.1", "--deny-private"], false),
    ] {
        let output = report("'/echo'", args);
        check(&output, if allowed { OPEN } else { FAILED });
    }
}

#[test]
fn verbose_names_the_rule() {
    let output = report("'/echo'", &["--deny-net", "a.test,127.0.0.0/8"]);
    check(&output, FAILED);
    let error = text(&output.stderr);
    assert!(
        error.contains("not allowed: the rule '127.0.0.0/8' denies 127.0.0.1"),
        "{error}"
    );
    // To script, all failures look the same.
    let output = report(
        "at('name.test')",
        &["--resolve", "name.test=127.0.0.1", "--deny-private"],
    );
    check(&output, FAILED);
    let error = text(&output.stderr);
    assert!(
        error.contains("private networks are denied, and 127.0.0.1 is loopback"),
        "{error}"
    );
}

#[test]
fn what_cannot_be_understood_is_wrong_usage() {
    let mut cases = vec![
        (
            &["--allow-net=a.test,ws://b.test"][..],
            "--allow-net: invalid rule 'ws://b.test'",
        ),
        (&["--deny-net", "10.0.0.1/8"], "the network is 10.0.0.0/8"),
        (&["--deny-net="], "--deny-net: invalid rule ''"),
        (&["--resolve", "a.test"], "--resolve 'a.test'"),
        (&["--resolve", "a.test=b.test"], "'b.test' is no IP address"),
        (&["--resolve", "localhost=127.0.0.2"], "always this machine"),
        (&["--tcp-keepalive", "32768"], "--tcp-keepalive"),
    ];
    if cfg!(unix) {
        cases.push((&["--unix-socket", "a.test"], "--unix-socket 'a.test'"));
        cases.push((&["--unix-socket", "a.test:x=/s"], "'x' is no port"));
        cases.push((&["--unix-socket", "a b=/s"], "--unix-socket 'a b=/s'"));
    }
    for (args, why) in cases {
        let output = run("console.log('ran')", args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert!(
            text(&output.stderr).contains(why),
            "{}",
            text(&output.stderr)
        );
    }
}

#[test]
fn addresses_and_keep_alive_are_as_told() {
    // 127.0.0.2 refuses, or is none here.
    let several = ["--resolve", "name.test=127.0.0.2,127.0.0.1"];
    check(&report("at('name.test')", &several), OPEN);
    // The same name, written in full.
    check(&report("at('name.test.')", &several), OPEN);
    for seconds in ["0", "1", "32767"] {
        check(&report("'/echo'", &["--tcp-keepalive", seconds]), OPEN);
    }
}

#[test]
fn handshakes_are_made_in_parallel_on_request_only() {
    let script = "
        for (let i = 0; i < 2; i++) {
            const ws = new WebSocket('/slow-handshake?ms=500&group=both');
            ws.onmessage = ({ data }) => { console.log(data); ws.close(); };
        }
    ";
    let parallel = run(script, &["--serve", "--parallel-handshakes"]);
    let serial = run(script, &["--serve"]);
    let parallel = text(&parallel.stdout);
    assert!(parallel.contains("\"overlapping\":2"), "{parallel}");
    check(&serial, &"{\"overlapping\":1}\n".repeat(2));
}

#[cfg(unix)]
#[test]
fn a_host_can_be_a_unix_domain_socket() {
    use std::os::unix::net::UnixListener;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let mut served = Vec::new();
        for _ in 0..2 {
            let (unix, _) = listener.accept().unwrap();
            #[allow(clippy::result_large_err, reason = "tungstenite's own type")]
            let host = |request: &tungstenite::handshake::server::Request,
                        response: tungstenite::handshake::server::Response| {
                served.push(request.headers()["Host"].to_str().unwrap().to_owned());
                Ok(response)
            };
            let mut websocket = tungstenite::accept_hdr(unix, host).unwrap();
            while websocket.read().is_ok() {}
        }
        served
    });
    let path = path.to_str().unwrap();
    for (host, url) in [
        ("app.test", "ws://app.test/"),
        ("app.test:81", "ws://app.test:81/"),
    ] {
        let output = run(
            &format!("{REPORT} report('{url}')"),
            &["--unix-socket", &format!("{host}={path}")],
        );
        check(&output, OPEN);
    }
    assert_eq!(server.join().unwrap(), ["app.test", "app.test:81"]);
}

/// What comes to a standstill ends at its deadline, and `boaws` with it.
#[cfg(target_os = "linux")]
mod standstill {
    use std::{io::Read, net::TcpListener, thread, time::Instant};

    use super::*;
    use dead_address::DeadAddress;

    /// What is printed of a connection to `url`, and how long all of it took in seconds.
    fn timed(url: &str, args: &[&str]) -> (Output, f64) {
        let begun = Instant::now();
        let output = run(&format!("{REPORT} report('{url}');"), args);
        (output, begun.elapsed().as_secs_f64())
    }

    #[track_caller]
    fn check_ends(url: &str) {
        let (output, seconds) = timed(url, &["--handshake-timeout=0.5"]);
        check(&output, FAILED);
        assert!((0.5..10.0).contains(&seconds), "{seconds}");
    }

    /// A server that takes connections and never says anything.
    fn silent() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for tcp in listener.incoming() {
                thread::spawn(move || tcp.unwrap().read_to_end(&mut Vec::new()));
            }
        });
        address
    }

    #[test]
    fn nobody_answers_a_syn() {
        let dead = DeadAddress::at("127.0.0.1", 0).unwrap();
        check_ends(&format!("ws://{}/", dead.address));
    }

    #[cfg(any(feature = "ring", feature = "aws-lc-rs"))]
    #[test]
    fn nobody_answers_the_tls_handshake() {
        check_ends(&format!("wss://{}/", silent()));
    }

    #[test]
    fn nobody_answers_the_upgrade() {
        check_ends(&format!("ws://{}/", silent()));
    }

    #[test]
    fn one_of_two_addresses_is_dead() {
        let (listener, dead) = loop {
            let dead = DeadAddress::at("127.0.0.2", 0).unwrap();
            if let Ok(listener) = TcpListener::bind(("127.0.0.1", dead.address.port())) {
                break (listener, dead);
            }
        };
        thread::spawn(move || {
            let mut websocket = tungstenite::accept(listener.accept().unwrap().0).unwrap();
            while websocket.read().is_ok() {}
        });
        let url = format!("ws://name.test:{}/", dead.address.port());
        let (output, seconds) = timed(&url, &["--resolve", "name.test=127.0.0.2,127.0.0.1"]);
        check(&output, OPEN);
        // A quarter of a second, and what a busy machine adds.
        assert!(seconds < 10.0, "{seconds}");
    }
}
