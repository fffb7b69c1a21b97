//! Connections that are not allowed: nothing is sent, and script sees what it sees of a blocked port.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, Mutex},
};

use boa_websocket::net::{Denied, ErrorKind, Phase, Policy, PolicyRules};
use url::Url;

use crate::{
    harness::{Client, Closed, echo, websocket},
    resolver::Says,
};

fn with_rules(says: &Arc<Says>, add: impl FnOnce(&mut PolicyRules)) -> Client {
    let mut rules = PolicyRules::new();
    add(&mut rules);
    Client::with(|options| {
        options.policy = Some(Arc::new(rules));
        options.resolver = Some(says.clone());
    })
}

#[track_caller]
fn check_denied(closed: &Closed, why: &str) {
    assert_eq!(closed.shown(), (1006, "", false));
    let error = closed.why();
    assert_eq!(error.phase(), Phase::Policy);
    assert_eq!(error.kind(), &ErrorKind::Denied(Denied::new(why)));
    assert!(
        error.to_string().ends_with(&format!("not allowed: {why}")),
        "{error}"
    );
}

/// A listener that must never be connected to.
struct Untouched(TcpListener);

impl Untouched {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    #[track_caller]
    fn check(&self) {
        let error = self.0.accept().unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[test]
fn a_denied_url_is_neither_looked_up_nor_connected_to() {
    let (says, server) = (Says::new(&["127.0.0.1"]), Untouched::new());
    let port = server.port();
    let mut client = with_rules(&says, |rules| {
        rules.allow("allowed.test").unwrap();
        rules.deny("*.allowed.test").unwrap();
    });
    let closed = client.fail(&format!("ws://other.test:{port}/"));
    check_denied(&closed, &format!("no rule allows other.test:{port}"));
    let closed = client.fail(&format!("ws://x.allowed.test:{port}/"));
    check_denied(&closed, "the rule '*.allowed.test' denies x.allowed.test");
    let closed = client.fail(&format!("ws://127.0.0.1:{port}/"));
    check_denied(&closed, &format!("no rule allows 127.0.0.1:{port}"));
    assert_eq!(says.asked(), 0);
    server.check();
}

#[test]
fn a_name_that_comes_to_mean_another_address_gets_no_further() {
    let (says, server) = (
        Says::new(&["127.0.0.1", "::ffff:10.0.0.1"]),
        Untouched::new(),
    );
    let url = format!("ws://rebound.test:{}/", server.port());
    let mut client = with_rules(&says, PolicyRules::deny_private);
    let closed = client.fail(&url);
    check_denied(
        &closed,
        "private networks are denied, and 127.0.0.1 is loopback",
    );
    assert_eq!(says.asked(), 1);
    server.check();

    let mut client = with_rules(&says, |rules| rules.deny("127.0.0.0/8").unwrap());
    *says.addresses.lock().unwrap() = vec!["127.0.0.1".parse().unwrap()];
    check_denied(
        &client.fail(&url),
        "the rule '127.0.0.0/8' denies 127.0.0.1",
    );
    server.check();
}

#[test]
fn an_address_that_is_denied_does_not_spoil_the_others() {
    let port = Url::parse(&websocket(echo)).unwrap().port().unwrap();
    let says = Says::new(&["127.0.0.2", "127.0.0.1"]);
    let mut client = with_rules(&says, |rules| rules.deny("127.0.0.2").unwrap());
    let id = client.open(&format!("ws://name.test:{port}/"));
    client.send_text(id, "allowed");
    assert_eq!(client.text(), "allowed");
}

#[derive(Debug, Default)]
struct Asked(Mutex<Vec<String>>);

impl Policy for Asked {
    fn check_url(&self, url: &Url) -> Result<(), Denied> {
        self.0.lock().unwrap().push(url.to_string());
        assert!(url.path() != "/panic", "on purpose");
        Ok(())
    }

    fn check_address(&self, url: &Url, address: SocketAddr) -> Result<(), Denied> {
        self.0.lock().unwrap().push(format!("{url} at {address}"));
        Ok(())
    }
}

#[test]
fn a_policy_of_ones_own_is_asked_about_the_url_and_about_every_address() {
    let port = Url::parse(&websocket(echo)).unwrap().port().unwrap();
    let policy = Arc::new(Asked::default());
    let given = policy.clone();
    let mut client = Client::with(|options| {
        options.policy = Some(given);
        options.resolver = Some(Says::new(&["::ffff:127.0.0.1", "127.0.0.2"]));
    });
    let url = format!("ws://name.test:{port}/a");
    client.open(&url);
    let asked = std::mem::take(&mut *policy.0.lock().unwrap());
    assert_eq!(
        asked,
        [
            url.clone(),
            format!("{url} at 127.0.0.1:{port}"),
            format!("{url} at 127.0.0.2:{port}"),
        ]
    );
    // The network outlives it, and nothing is allowed by an accident.
    let closed = client.fail(&format!("ws://127.0.0.1:{port}/panic"));
    check_denied(&closed, "the policy panicked");
    client.open(&url);
}
