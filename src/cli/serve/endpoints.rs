//! The endpoints: a table, and a small function for each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};
use tungstenite::Message;

use super::exchange::{Ending, Exchange};
use super::frames::{self, opcode};
use super::handshakes;

/// The largest message that `/flood` makes, in bytes.
const MAX_FLOOD_SIZE: u64 = 256 << 20;

/// How much of a flood is gathered before it is written, in bytes.
const FLOOD_CHUNK: usize = 256 * 1024;

/// What the server does at a path.
pub struct Endpoint {
    /// The path, which starts with a slash.
    pub path: &'static str,
    /// The query parameters it knows, as they would be written; empty for none.
    pub parameters: &'static str,
    /// What it does, in a line.
    pub about: &'static str,
    /// Whether it answers a request that asks for no WebSocket.
    pub(super) plain: bool,
    pub(super) run: fn(&mut Exchange) -> io::Result<Ending>,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

macro_rules! endpoints {
    ($($kind:ident $path:literal $parameters:literal $run:path, $about:literal;)*) => {
        &[$(Endpoint {
            path: $path,
            parameters: $parameters,
            about: $about,
            plain: endpoints!(@$kind),
            run: $run,
        }),*]
    };
    (@socket) => { false };
    (@any) => { true };
}

/// All endpoints. Each also takes `id=NAME`, under which `/last-close` tells what the client sent. Those
/// that open a WebSocket choose the first subprotocol offered, or `protocol=NAME`, or none with `protocol=none`;
/// with `extensions=` they claim these extensions, of which they know nothing: see `/raw`.
pub static ENDPOINTS: &[Endpoint] = endpoints! {
    any "/" "" root, "over HTTP this list; as a WebSocket the same as /echo";
    socket "/echo" "" echo, "sends every message back";
    socket "/close" "code=&reason=&on=open|message|close&ms=&end=fin|keep|cut" close,
        "closes with any code (none: an empty Close frame), waits ms, ends the line";
    socket "/protocol" "choose=NAME|none|bogus" protocol,
        "chooses a subprotocol, the last one offered by default, and sends its name";
    socket "/headers" "" headers, "sends the request's headers as JSON, repeated ones as arrays";
    socket "/origin" "" origin, "sends the request's Origin, or nothing";
    socket "/flood" "count=&size=&binary=1&stay=1" flood,
        "sends numbered messages (count=0: without end), then closes with 1000 unless told to stay";
    socket "/sink" "" sink, "reads and drops; answers the text `count` with {messages, bytes} so far";
    any "/silent" "" silent, "takes the request and never answers";
    socket "/mute" "read=0&ms=" mute, "opens, then never answers, not even a Close; read=0: nor reads, for ms";
    any "/drop" "when=open|message|close|connect&ms=&notify=1&reset=1" drop_line,
        "cuts TCP; notify=1: after TLS's close_notify; reset=1: resets once the client has sent something";
    socket "/slow-handshake" "ms=&group=" handshakes::slow,
        "waits before it opens, then tells how many of its group overlapped, then echoes";
    any "/status" "code=&location=" status, "answers with plain HTTP";
    socket "/handshake" "kind=" handshakes::unusual, "an unusual handshake that must succeed, then echoes";
    socket "/bad-handshake" "kind=" handshakes::bad, "a handshake that must fail";
    socket "/raw" "hex=,&on=open|message&ms=&then=read|cut&answer=1" raw,
        "opens, writes these bytes (a comma flushes and waits ms), then takes down what is answered";
    socket "/ping" "" ping, "pings between the fragments of a message, then sends the pongs as JSON";
    any "/last-close" "id=&ms=&until=end" last_close,
        "waits for the Close frame or the end of the connection with that id, and sends its record as JSON";
};

/// The endpoint at `path`.
pub(super) fn find(path: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path)
}

/// The endpoints as text, one to a paragraph of two lines.
pub fn listing() -> String {
    let mut text = String::new();
    for Endpoint {
        path,
        parameters,
        about,
        ..
    } in ENDPOINTS
    {
        let mark = if parameters.is_empty() { "" } else { "?" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{path}{mark}{parameters}\n    {about}");
    }
    text
}

fn root(exchange: &mut Exchange) -> io::Result<Ending> {
    if exchange.request.wants_upgrade() {
        return echo(exchange);
    }
    let mut text = listing();
    for stage in exchange.shared.scenarios() {
        let _ = writeln!(text, "{}\n    {}", stage.path(), stage.about());
    }
    exchange.respond(200, &[], &text)
}

pub(super) fn echo(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.open()?;
    echo_messages(exchange)
}

/// The echo itself, on an open connection. Written without a flush: the line does that before it waits.
pub(super) fn echo_messages(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.converse(|socket, message| socket.write(message))
}

/// Sends one text, then reads to the end.
fn tell(exchange: &mut Exchange, text: &str) -> io::Result<Ending> {
    frames::write(&mut exchange.line, opcode::TEXT, true, text.as_bytes())?;
    exchange.converse(|_, _| Ok(()))
}

fn close(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.open()?;
    let request = &exchange.request;
    let code = request
        .number("code", 0)
        .try_into()
        .ok()
        .filter(|_| request.parameter("code").is_some());
    let reason = request.parameter("reason").unwrap_or("").to_owned();
    let wait = request.milliseconds("ms", 0);
    let end = request.parameter("end").unwrap_or("fin").to_owned();
    let on = request.parameter("on").unwrap_or("open").to_owned();

    let waited_for = match &*on {
        "message" => exchange.wait_for_message()?,
        "close" => exchange.read_raw_until_close()?,
        _ => None,
    };
    if waited_for.is_none() && on != "open" {
        return Ok(Ending::Finish);
    }
    let client_closed = waited_for.is_some_and(|frame| frame.opcode == opcode::CLOSE);
    frames::write_close(&mut exchange.line, code, &reason)?;
    if !client_closed && exchange.read_raw_until_close()?.is_none() {
        return Ok(Ending::Finish);
    }
    if !exchange.shared.sleep(wait) {
        return Ok(Ending::Cut);
    }
    match &*end {
        "keep" => exchange.read_raw_to_end().map(|()| Ending::Finish),
        "cut" => Ok(Ending::Cut),
        _ => Ok(Ending::Finish),
    }
}

fn protocol(exchange: &mut Exchange) -> io::Result<Ending> {
    let chosen = match exchange.request.parameter("choose") {
        Some("none") => None,
        Some("bogus") => Some("not-what-you-asked-for".to_owned()),
        Some(name) => Some(name.to_owned()),
        None => exchange.request.protocols().last().map(str::to_owned),
    };
    exchange.open_with(chosen.as_deref())?;
    tell(exchange, chosen.as_deref().unwrap_or(""))
}

fn headers(exchange: &mut Exchange) -> io::Result<Ending> {
    let mut lines: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &exchange.request.headers {
        lines.entry(name).or_default().push(value);
    }
    let object: serde_json::Map<String, Value> = lines
        .into_iter()
        .map(|(name, values)| match values[..] {
            [value] => (name.to_owned(), json!(value)),
            _ => (name.to_owned(), json!(values)),
        })
        .collect();
    let text = Value::Object(object).to_string();
    exchange.open()?;
    tell(exchange, &text)
}

fn origin(exchange: &mut Exchange) -> io::Result<Ending> {
    let origin = exchange
        .request
        .header("origin")
        .next()
        .unwrap_or("")
        .to_owned();
    exchange.open()?;
    tell(exchange, &origin)
}

/// A message starts with its number (from 0) and a colon, as far as they fit, and goes on with `x`.
fn flood(exchange: &mut Exchange) -> io::Result<Ending> {
    let request = &exchange.request;
    let count = request.number("count", 1_000);
    let size = usize::try_from(request.number("size", 32).min(MAX_FLOOD_SIZE)).unwrap_or(0);
    let opcode = if request.flag("binary") {
        opcode::BINARY
    } else {
        opcode::TEXT
    };
    let stay = request.flag("stay");
    exchange.open()?;

    let mut chunk = Vec::with_capacity(FLOOD_CHUNK);
    let mut payload = vec![b'x'; size];
    let mut sent = 0_u64;
    while count == 0 || sent < count {
        let number = format!("{sent}:");
        let fits = number.len().min(size);
        payload[..fits].copy_from_slice(&number.as_bytes()[..fits]);
        frames::encode(&mut chunk, opcode, true, &payload);
        sent += 1;
        if chunk.len() >= FLOOD_CHUNK || sent == count {
            exchange.line.write_all(&chunk)?;
            chunk.clear();
            // A client that closes in the middle is answered in the middle.
            if exchange.line.has_input()? {
                exchange.line.flush()?;
                match exchange.read_raw()? {
                    None => return Ok(Ending::Finish),
                    Some(frame) if frame.opcode == opcode::CLOSE => {
                        frames::write(&mut exchange.line, opcode::CLOSE, true, &frame.payload)?;
                        return Ok(Ending::Finish);
                    }
                    Some(_) => {}
                }
            }
        }
    }
    if stay {
        return exchange.converse(|_, _| Ok(()));
    }
    frames::write_close(&mut exchange.line, Some(1000), "")?;
    exchange.read_raw_until_close()?;
    Ok(Ending::Finish)
}

fn sink(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.open()?;
    let (mut messages, mut bytes) = (0_u64, 0_u64);
    exchange.converse(|socket, message| {
        if matches!(&message, Message::Text(text) if text.as_str() == "count") {
            let answer = json!({"messages": messages, "bytes": bytes}).to_string();
            socket.write(Message::text(answer))?;
        } else {
            messages += 1;
            bytes += message.len() as u64;
        }
        Ok(())
    })
}

fn silent(exchange: &mut Exchange) -> io::Result<Ending> {
    io::copy(&mut exchange.line, &mut io::sink())?;
    Ok(Ending::Finish)
}

fn mute(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.open()?;
    exchange.line.flush()?;
    if exchange.request.parameter("read") == Some("0") {
        exchange
            .shared
            .sleep(exchange.request.milliseconds("ms", 60_000));
        return Ok(Ending::Cut);
    }
    exchange.read_raw_to_end()?;
    Ok(Ending::Finish)
}

fn drop_line(exchange: &mut Exchange) -> io::Result<Ending> {
    let request = &exchange.request;
    let when = request.parameter("when").unwrap_or("open").to_owned();
    let wait = request.milliseconds("ms", 0);
    let (notify, reset) = (request.flag("notify"), request.flag("reset"));
    if request.wants_upgrade() && when != "connect" {
        exchange.open()?;
        exchange.line.flush()?;
        if reset {
            exchange.line.wait_for_unread_bytes()?;
            return Ok(Ending::Cut);
        }
        let waited_for = match &*when {
            "message" => exchange.wait_for_message()?,
            "close" => exchange.read_raw_until_close()?,
            _ => None,
        };
        if waited_for.is_none() && when != "open" {
            return Ok(Ending::Finish);
        }
    }
    exchange.shared.sleep(wait);
    if notify {
        exchange.line.notify_end()?;
    }
    Ok(Ending::Cut)
}

fn status(exchange: &mut Exchange) -> io::Result<Ending> {
    let code = exchange.request.number("code", 200).clamp(100, 999);
    // Anything else in a header would let the query write headers of its own.
    let location = exchange.request.parameter("location").unwrap_or("/echo");
    let location = location.replace(|c: char| c.is_control(), "");
    let headers: &[(&str, &str)] = match code {
        300..=399 => &[("Location", &location)],
        401 => &[("WWW-Authenticate", "Basic realm=\"boaws\"")],
        _ => &[],
    };
    let code = u16::try_from(code).unwrap_or(200);
    exchange.respond(code, headers, &format!("status {code}\n"))
}

fn raw(exchange: &mut Exchange) -> io::Result<Ending> {
    let request = &exchange.request;
    let wait = request.milliseconds("ms", 10);
    let (on_message, cut) = (
        request.parameter("on") == Some("message"),
        request.parameter("then") == Some("cut"),
    );
    let answer = request.flag("answer");
    let Some(parts) = request
        .parameter("hex")
        .unwrap_or("")
        .split(',')
        .map(from_hex)
        .collect::<Option<Vec<_>>>()
    else {
        return exchange.respond(
            400,
            &[],
            "hex= wants pairs of hexadecimal digits, and commas.\n",
        );
    };
    exchange.open()?;
    if on_message && exchange.wait_for_message()?.is_none() {
        return Ok(Ending::Finish);
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 && !exchange.shared.sleep(wait) {
            return Ok(Ending::Cut);
        }
        exchange.line.write_all(part)?;
        exchange.line.flush()?;
    }
    if cut {
        return Ok(Ending::Cut);
    }
    if let Some(close) = exchange.read_raw_until_close()?
        && answer
    {
        frames::write(&mut exchange.line, opcode::CLOSE, true, &close.payload)?;
    }
    Ok(Ending::Finish)
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs
        .remainder()
        .is_empty()
        .then(|| pairs.map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn ping(exchange: &mut Exchange) -> io::Result<Ending> {
    exchange.open()?;
    // Nobody asked for it: it has to be ignored.
    frames::write(&mut exchange.line, opcode::PONG, true, b"unsolicited")?;
    let mut pongs = Vec::new();
    // Each ping is waited for, because a client may answer only the latest of several.
    for (fragment_opcode, fragment, ping) in [
        (opcode::TEXT, &b"in "[..], &b"first"[..]),
        (opcode::CONTINUATION, b"three ", b""),
    ] {
        frames::write(&mut exchange.line, fragment_opcode, false, fragment)?;
        frames::write(&mut exchange.line, opcode::PING, true, ping)?;
        loop {
            match exchange.read_raw()? {
                Some(frame) if frame.opcode == opcode::PONG => {
                    pongs.push(String::from_utf8_lossy(&frame.payload).into_owned());
                    break;
                }
                Some(frame) if frame.opcode == opcode::CLOSE => {
                    frames::write(&mut exchange.line, opcode::CLOSE, true, &frame.payload)?;
                    return Ok(Ending::Finish);
                }
                Some(_) => {}
                None => return Ok(Ending::Finish),
            }
        }
    }
    frames::write(&mut exchange.line, opcode::CONTINUATION, true, b"parts")?;
    tell(exchange, &json!(pongs).to_string())
}

fn last_close(exchange: &mut Exchange) -> io::Result<Ending> {
    let id = exchange.request.parameter("id").unwrap_or("").to_owned();
    let limit = exchange.request.milliseconds("ms", 5_000);
    let ended = exchange.request.parameter("until") == Some("end");
    let record = exchange.shared.records.wait(&id, limit, |record| {
        if ended {
            record.end.is_some()
        } else {
            record.is_telling()
        }
    });
    let text = record
        .map_or(Value::Null, |record| record.to_json())
        .to_string();
    if !exchange.request.wants_upgrade() {
        return exchange.respond(200, &[], &text);
    }
    exchange.open()?;
    tell(exchange, &text)
}
