//! `boaws run` and proxies: flags, and the environment variables that people have set.
#![cfg(feature = "cli")]

use std::{
    fs,
    net::TcpListener,
    process::{Command, Output, Stdio},
};

use boa_websocket::cli::serve::{Server, ServerOptions};

mod proxy_server;
use proxy_server::ProxyServer;

/// Everything that could be set where the tests run.
const VARIABLES: [&str; 9] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
    "REQUEST_METHOD",
];

const CREDENTIALS: Option<(&str, &str)> = Some(("user", "pass@word"));

/// Runs a script that connects to `url` and says what it sees.
fn run(url: &str, args: &[&str], environment: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let script = format!(
        "const ws = new WebSocket({url:?});
         ws.onopen = () => ws.send('hello');
         ws.onmessage = (event) => {{ console.log(event.data); ws.close(1000); }};
         ws.onerror = () => console.log('error');
         ws.onclose = (event) => console.log('close', event.code);"
    );
    fs::write(directory.path().join("script.js"), script).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_boaws"));
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
        .arg("run")
        .args(args)
        .arg("script.js")
        .current_dir(directory.path())
        .env_remove("SSL_CERT_FILE")
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

const ECHOED: &str = "hello\nclose 1000\n";
const FAILED: &str = "error\nclose 1006\n";

#[track_caller]
fn check(output: &Output, code: i32, stdout: &str) {
    let error = stderr(output);
    let out = String::from_utf8_lossy(&output.stdout).replace("\r\n", "\n");
    assert_eq!(out, stdout, "stderr: {error}");
    assert_eq!(output.status.code(), Some(code), "stderr: {error}");
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Wrong usage: nothing has run, and the words are said without the secret.
#[track_caller]
fn check_usage(output: &Output, words: &[&str]) {
    check(output, 2, "");
    let error = stderr(output);
    assert!(words.iter().all(|word| error.contains(word)), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

/// The address of a proxy that is not there.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

fn plain_server() -> Server {
    let options = ServerOptions {
        tls: false,
        ..ServerOptions::default()
    };
    Server::start(options).unwrap()
}

#[test]
fn a_proxy_by_flag_is_used_for_both_schemes() {
    for scheme in ["--serve", "--serve=wss"] {
        for (kind, proxy) in [
            ("http", ProxyServer::http(CREDENTIALS)),
            ("socks5", ProxyServer::socks5(CREDENTIALS)),
            ("socks5h", ProxyServer::socks5(CREDENTIALS)),
        ] {
            let url = format!("{kind}://user:pass%40word@{}", proxy.address);
            // The proxies of the environment are not so much as read.
            let environment = [("ALL_PROXY", "ftp://x"), ("NO_PROXY", "*")];
            let output = run("/echo", &[scheme, "--proxy", &url], &environment);
            check(&output, 0, ECHOED);
            assert_eq!(proxy.asked().len(), 1, "{kind}");
        }
    }
    let proxy = ProxyServer::http(None);
    let address = proxy.address.to_string();
    let output = run("/echo", &["--serve", "--proxy", &address], &[]);
    check(&output, 0, ECHOED);
    assert_eq!(proxy.asked().len(), 1, "http is the default");
}

#[test]
fn a_proxy_that_refuses_is_not_bypassed_and_verbose_says_why() {
    let proxy = ProxyServer::http(CREDENTIALS);
    let url = format!("http://user:secret@{}", proxy.address);
    let output = run("/echo", &["--serve", "--verbose", "--proxy", &url], &[]);
    check(&output, 0, FAILED);
    let error = stderr(&output);
    assert!(
        error.contains("407 (Proxy Authentication Required)"),
        "{error}"
    );
    assert!(error.contains(&proxy.address.to_string()), "{error}");
    assert!(
        !error.contains("secret") && !error.contains("dXNlcjpzZWNyZXQ"),
        "{error}"
    );

    let output = run("/echo", &["--serve", "--proxy", &nobody()], &[]);
    check(&output, 0, FAILED);
}

#[test]
fn verbose_tells_of_the_proxy_and_not_of_its_credentials() {
    let proxy = ProxyServer::socks5(CREDENTIALS);
    let url = format!("socks5://user:pass%40word@{}", proxy.address);
    let output = run("/echo", &["--serve", "-v", "--proxy", &url], &[]);
    check(&output, 0, ECHOED);
    let error = stderr(&output);
    let shown = format!("socks5://{}", proxy.address);
    assert!(error.lines().any(|line| line.contains(&shown)), "{error}");
    assert!(!error.contains("pass"), "{error}");
}

#[test]
fn the_environment_chooses_by_scheme() {
    let server = Server::start(ServerOptions::default()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("ca.pem");
    fs::write(&authority, server.ca_pem().unwrap()).unwrap();
    let authority = ["--ca-file", authority.to_str().unwrap()];
    let plain = format!("{}/echo", server.ws_url());
    let secure = format!("{}/echo", server.wss_url().unwrap());
    for (variable, through) in [
        ("http_proxy", [true, false]),
        ("HTTP_PROXY", [true, false]),
        ("https_proxy", [false, true]),
        ("HTTPS_PROXY", [false, true]),
        ("all_proxy", [true, true]),
        ("ALL_PROXY", [true, true]),
    ] {
        let proxy = ProxyServer::http(None);
        let url = format!("http://{}", proxy.address);
        for (target, through) in [&plain, &secure].into_iter().zip(through) {
            let before = proxy.asked().len();
            check(&run(target, &authority, &[(variable, &url)]), 0, ECHOED);
            let asked = proxy.asked().len() - before;
            assert_eq!(asked, usize::from(through), "{variable}: {target}");
        }
    }
}

#[test]
fn names_go_to_the_proxy_of_the_environment_as_they_are() {
    let server = plain_server();
    let port = server.address().port();
    for (kind, proxy) in [
        ("http", ProxyServer::http(None)),
        ("socks5", ProxyServer::socks5(None)),
    ] {
        let url = format!("{kind}://{}", proxy.address);
        let target = format!("ws://chat.invalid:{port}/echo");
        check(&run(&target, &[], &[("ALL_PROXY", &url)]), 0, ECHOED);
        assert_eq!(proxy.asked(), [format!("chat.invalid:{port}")]);
    }
}

#[test]
fn lower_case_comes_first_and_exceptions_are_heeded() {
    let server = plain_server();
    let target = format!("{}/echo", server.ws_url());
    let proxy = ProxyServer::http(None);
    let (url, dead) = (format!("http://{}", proxy.address), nobody());
    let both = [("http_proxy", &url[..]), ("HTTP_PROXY", &dead)];
    check(&run(&target, &[], &both), 0, ECHOED);
    assert_eq!(proxy.asked().len(), 1);

    let dead = [("ALL_PROXY", &dead[..])];
    check(&run(&target, &[], &dead), 0, FAILED);
    for list in ["*", "127.0.0.1", "127.0.0.0/8", "example.org, 127.0.0.1"] {
        let environment = [dead[0], ("NO_PROXY", list)];
        check(&run(&target, &[], &environment), 0, ECHOED);
        check(&run(&target, &["--no-proxy", list], &dead), 0, ECHOED);
    }
    // The flag takes the place of the variable.
    let environment = [dead[0], ("NO_PROXY", "127.0.0.1")];
    let args = ["--no-proxy", "example.org"];
    check(&run(&target, &args, &environment), 0, FAILED);
    // And it is heeded with the other flag.
    let args = ["--proxy", &nobody(), "--no-proxy", "127.0.0.1"];
    check(&run(&target, &args, &[]), 0, ECHOED);
}

#[test]
fn the_environment_can_be_ignored() {
    let server = plain_server();
    let target = format!("{}/echo", server.ws_url());
    for proxy in [&nobody()[..], "ftp://x"] {
        let environment = [("ALL_PROXY", proxy)];
        let output = run(&target, &["--ignore-proxy-env"], &environment);
        check(&output, 0, ECHOED);
    }
}

#[test]
fn a_request_to_a_cgi_program_cannot_name_its_proxy() {
    let server = plain_server();
    let target = format!("{}/echo", server.ws_url());
    let dead = nobody();
    let environment = [("HTTP_PROXY", &dead[..]), ("REQUEST_METHOD", "GET")];
    check(&run(&target, &[], &environment), 0, ECHOED);
}

#[test]
fn the_embedded_server_is_not_behind_the_proxy_of_the_environment() {
    let dead = nobody();
    for scheme in ["--serve", "--serve=wss"] {
        let output = run("/echo", &[scheme], &[("ALL_PROXY", &dead)]);
        check(&output, 0, ECHOED);
    }
}

#[test]
fn a_proxy_that_cannot_be_read_is_wrong_usage() {
    for variable in ["HTTP_PROXY", "https_proxy", "ALL_PROXY"] {
        for value in [
            "ftp://user:secret@h",
            "http://user:secret@",
            "http://user:sec#ret@secret",
            "socks4://secret@h",
        ] {
            let output = run("ws://127.0.0.1:1/", &[], &[(variable, value)]);
            check_usage(&output, &["boaws: using the proxy in", variable]);
        }
    }
    let args = ["--proxy", "http://user:secret@h:99999"];
    let output = run("ws://127.0.0.1:1/", &args, &[]);
    check_usage(&output, &["boaws: using the proxy in --proxy", "port"]);
    let args = ["--proxy", ""];
    check_usage(&run("ws://127.0.0.1:1/", &args, &[]), &["--proxy"]);
    let args = ["--no-proxy", "a.test,10.0.0.0/33"];
    let output = run("ws://127.0.0.1:1/", &args, &[]);
    check_usage(&output, &["10.0.0.0/33", "no host"]);
}
