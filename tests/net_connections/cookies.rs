//! The embedder's cookie jar.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
};

use boa_websocket::net::CookieJar;
use http::HeaderValue;
use url::Url;

use crate::harness::{Client, accept_value, answering, read_head, serve, url_of};

/// Sends one cookie to everyone and notes what it is given.
#[derive(Debug, Default)]
struct Jar(Mutex<Vec<String>>);

impl CookieJar for Jar {
    fn cookies(&self, url: &Url) -> Option<HeaderValue> {
        (url.path() != "/none").then(|| HeaderValue::from_static("session=1; theme=dark"))
    }

    fn set_cookies(&self, url: &Url, set_cookies: &[HeaderValue]) {
        let mut seen = self.0.lock().unwrap();
        for value in set_cookies {
            seen.push(format!("{} {}", url.scheme(), value.to_str().unwrap()));
        }
    }
}

fn client(jar: &Arc<Jar>) -> Client {
    Client::with(|options| options.cookie_jar = Some(jar.clone()))
}

#[test]
fn cookies_go_to_the_server_and_come_back() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let url = url_of(serve(move |mut tcp| {
        let head = read_head(&mut tcp);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2; HttpOnly\r\n\r\n",
            accept_value(&head)
        );
        seen.lock().unwrap().push(head);
        tcp.write_all(answer.as_bytes()).unwrap();
        // Until the client has gone.
        let _ = tcp.read_to_end(&mut Vec::new());
    }));
    let jar = Arc::new(Jar::default());
    client(&jar).open(&url);
    client(&jar).open(&format!("{}/none", url.trim_end_matches('/')));
    let heads = heads.lock().unwrap();
    assert_eq!(
        heads[0]
            .matches("Cookie: session=1; theme=dark\r\n")
            .count(),
        1
    );
    assert!(!heads[1].to_lowercase().contains("cookie"));
    let seen = jar.0.lock().unwrap();
    assert_eq!(seen[..2], ["http a=1; Path=/", "http b=2; HttpOnly"]);
}

#[test]
fn a_refusal_may_set_cookies_too() {
    let url = answering(|_| {
        "HTTP/1.1 401 Unauthorized\r\nSet-Cookie: challenge=1\r\nContent-Length: 0\r\n\r\n"
            .to_owned()
    });
    let jar = Arc::new(Jar::default());
    client(&jar).fail(&url);
    assert_eq!(*jar.0.lock().unwrap(), ["http challenge=1"]);
}
