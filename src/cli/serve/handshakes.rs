//! Opening handshakes that are slow, unusual, or wrong.

use std::io::{self, Write};

use serde_json::json;

use super::endpoints::echo_messages;
use super::exchange::{Ending, Exchange, head};
use super::frames::{self, opcode};

const STATUS: &str = "HTTP/1.1 101 Switching Protocols";
const UPGRADE: (&str, &str) = ("Upgrade", "websocket");
const CONNECTION: (&str, &str) = ("Connection", "Upgrade");
const ACCEPT: &str = "Sec-WebSocket-Accept";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";
const PROTOCOL: &str = "Sec-WebSocket-Protocol";

/// How many bytes of headers `huge-head` sends, far more than any client should take.
const HUGE_HEAD: usize = 4 << 20;

/// `/slow-handshake`: counts the handshakes of its group that wait at the same time, so that a client's
/// promise to open one connection at a time can be seen.
pub(super) fn slow(exchange: &mut Exchange) -> io::Result<Ending> {
    let wait = exchange.request.milliseconds("ms", 100);
    let group = exchange.request.parameter("group").map(str::to_owned);
    let overlapping = group
        .as_deref()
        .map(|group| exchange.shared.groups.enter(group));
    let go_on = exchange.shared.sleep(wait);
    if let Some(group) = &group {
        exchange.shared.groups.leave(group);
    }
    if !go_on {
        return Ok(Ending::Cut);
    }
    exchange.open()?;
    if let Some(overlapping) = overlapping {
        let text = json!({ "overlapping": overlapping }).to_string();
        frames::write(&mut exchange.line, opcode::TEXT, true, text.as_bytes())?;
    }
    echo_messages(exchange)
}

/// `/handshake`: what RFC 6455 allows and clients stumble over.
pub(super) fn unusual(exchange: &mut Exchange) -> io::Result<Ending> {
    let accept = exchange.accept_key();
    let accept = (ACCEPT, &*accept);
    let kind = exchange
        .request
        .parameter("kind")
        .unwrap_or("plain")
        .to_owned();
    let many: Vec<(String, String)> = (0..60)
        .map(|number| (format!("X-Filler-{number}"), "x".repeat(40)))
        .collect();
    let mut headers = match &*kind {
        "plain" | "coalesced" | "byte-by-byte" => vec![UPGRADE, CONNECTION, accept],
        "keep-alive" => vec![UPGRADE, ("Connection", "keep-alive, Upgrade"), accept],
        "split-connection" => vec![UPGRADE, ("Connection", "keep-alive"), CONNECTION, accept],
        "case" => vec![
            ("upgrade", "WebSocket"),
            ("CONNECTION", "uPGRADE"),
            ("sec-websocket-ACCEPT", accept.1),
        ],
        "spaces" => vec![
            ("Upgrade", "  websocket\t"),
            ("Connection", "\tUpgrade  "),
            (ACCEPT, accept.1),
        ],
        "order" => vec![
            ("Server", "boaws"),
            accept,
            CONNECTION,
            UPGRADE,
            ("Date", "today"),
        ],
        "many-headers" => {
            let mut headers = vec![UPGRADE, CONNECTION, accept];
            headers.extend(many.iter().map(|(name, value)| (&**name, &**value)));
            headers
        }
        _ => return exchange.respond(400, &[], "No such kind of handshake.\n"),
    };
    let status = if kind == "case" {
        "HTTP/1.1 101 whatever you say"
    } else {
        STATUS
    };
    // A client that asked for subprotocols refuses a server that chooses none.
    let protocol = exchange.request.protocols().next().map(str::to_owned);
    headers.extend(protocol.as_deref().map(|name| (PROTOCOL, name)));
    if kind == "byte-by-byte" {
        for byte in head(status, &headers) {
            exchange.line.write_all(&[byte])?;
            exchange.line.flush()?;
        }
    } else {
        exchange.line.write_all(&head(status, &headers))?;
    }
    if kind == "coalesced" {
        frames::write(&mut exchange.line, opcode::TEXT, true, b"first")?;
        frames::write(&mut exchange.line, opcode::TEXT, true, b"second")?;
    }
    echo_messages(exchange)
}

/// `/bad-handshake`: one fault at a time. After an answer that a careless client takes for a success, it
/// reads to the end, so that nothing but the fault can end the connection.
pub(super) fn bad(exchange: &mut Exchange) -> io::Result<Ending> {
    let key = exchange.accept_key();
    let accept = (ACCEPT, &*key);
    let kind = exchange
        .request
        .parameter("kind")
        .unwrap_or("accept")
        .to_owned();
    let (status, headers): (&str, Vec<(&str, &str)>) = match &*kind {
        "accept" => (
            STATUS,
            vec![
                UPGRADE,
                CONNECTION,
                (ACCEPT, "c3VjaCBhIHdyb25nIGtleSBhcyB0aGlz"),
            ],
        ),
        "accept-case" => {
            let swapped = key.chars().map(swap_case).collect::<String>();
            return answer(exchange, STATUS, &[UPGRADE, CONNECTION, (ACCEPT, &swapped)]);
        }
        "no-accept" => (STATUS, vec![UPGRADE, CONNECTION]),
        "empty-accept" => (STATUS, vec![UPGRADE, CONNECTION, (ACCEPT, "")]),
        "two-accepts" => (STATUS, vec![UPGRADE, CONNECTION, accept, accept]),
        "no-upgrade" => (STATUS, vec![CONNECTION, accept]),
        "wrong-upgrade" => (STATUS, vec![("Upgrade", "h2c"), CONNECTION, accept]),
        "no-connection" => (STATUS, vec![UPGRADE, accept]),
        "wrong-connection" => (
            STATUS,
            vec![UPGRADE, ("Connection", "keep-alive, upgraded"), accept],
        ),
        "extension" => (
            STATUS,
            vec![UPGRADE, CONNECTION, accept, (EXTENSIONS, "x-never-offered")],
        ),
        "extension-parameter" => (
            STATUS,
            vec![
                UPGRADE,
                CONNECTION,
                accept,
                (EXTENSIONS, "permessage-deflate; x_no_such_parameter"),
            ],
        ),
        "extension-window" => (
            STATUS,
            vec![
                UPGRADE,
                CONNECTION,
                accept,
                (EXTENSIONS, "permessage-deflate; server_max_window_bits=16"),
            ],
        ),
        "extension-twice" => (
            STATUS,
            vec![
                UPGRADE,
                CONNECTION,
                accept,
                (EXTENSIONS, "permessage-deflate, permessage-deflate"),
            ],
        ),
        "protocol" => (
            STATUS,
            vec![
                UPGRADE,
                CONNECTION,
                accept,
                (PROTOCOL, "not-what-you-asked-for"),
            ],
        ),
        "two-protocols" => {
            let first = exchange
                .request
                .protocols()
                .next()
                .unwrap_or("one")
                .to_owned();
            let lines = [
                UPGRADE,
                CONNECTION,
                accept,
                (PROTOCOL, &first),
                (PROTOCOL, &first),
            ];
            return answer(exchange, STATUS, &lines);
        }
        "http-1.0" => (
            "HTTP/1.0 101 Switching Protocols",
            vec![UPGRADE, CONNECTION, accept],
        ),
        "http-2" => (
            "HTTP/2 101 Switching Protocols",
            vec![UPGRADE, CONNECTION, accept],
        ),
        "status-200" => ("HTTP/1.1 200 OK", vec![UPGRADE, CONNECTION, accept]),
        "status-102" => ("HTTP/1.1 102 Processing", vec![UPGRADE, CONNECTION, accept]),
        "header-name" => (
            STATUS,
            vec![UPGRADE, CONNECTION, accept, ("X Y", "a name with a space")],
        ),
        "garbage" => {
            return write_and_wait(exchange, b"\x16\x03\x01 this is not HTTP at all\r\n\r\n");
        }
        "truncated" => {
            exchange
                .line
                .write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso")?;
            return Ok(Ending::Finish);
        }
        "empty" => return Ok(Ending::Finish),
        "huge-head" => {
            exchange
                .line
                .write_all(format!("{STATUS}\r\n").as_bytes())?;
            let filler = format!("X-Filler: {}\r\n", "x".repeat(1_000));
            for _ in 0..HUGE_HEAD / filler.len() {
                exchange.line.write_all(filler.as_bytes())?;
            }
            return answer(exchange, "X-Last: 1", &[UPGRADE, CONNECTION, accept]);
        }
        _ => return exchange.respond(400, &[], "No such kind of handshake.\n"),
    };
    answer(exchange, status, &headers)
}

fn answer(exchange: &mut Exchange, status: &str, headers: &[(&str, &str)]) -> io::Result<Ending> {
    // What was asked for is granted unless that is the fault, or there would be two.
    let asked = exchange.request.protocols().next().map(str::to_owned);
    let mut headers = headers.to_vec();
    if !headers.iter().any(|(name, _)| *name == PROTOCOL) {
        headers.extend(asked.as_deref().map(|name| (PROTOCOL, name)));
    }
    write_and_wait(exchange, &head(status, &headers))
}

fn write_and_wait(exchange: &mut Exchange, bytes: &[u8]) -> io::Result<Ending> {
    exchange.line.write_all(bytes)?;
    exchange.line.flush()?;
    io::copy(&mut exchange.line, &mut io::sink())?;
    Ok(Ending::Finish)
}

fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() {
        c.to_ascii_uppercase()
    } else {
        c.to_ascii_lowercase()
    }
}
