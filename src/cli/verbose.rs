//! What the network does, in lines for people: a `tracing` layer. With `--verbose` each phase of a connection is a line;
//! without, there are the warnings alone.

use std::{collections::BTreeMap, fmt, time::Instant};

use anstyle::{AnsiColor, Style};
use tracing::{
    Event, Id, Level, Subscriber,
    field::{Field, Visit},
    span::Attributes,
};
use tracing_subscriber::{
    Layer,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

use super::{
    failures::FailureLines,
    hints::Given,
    terminal::{Stream, print_error, print_styled},
};

/// Prints on stderr from now on, for the whole process.
pub(super) fn show_what_the_network_does(verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::WARN };
    let lines = Lines(|line: &str| print_error(format_args!("{line}")));
    let subscriber = tracing_subscriber::registry()
        .with(Targets::new().with_target("boa_websocket", level))
        .with(lines);
    // There is one already: somebody else's, who listens in another way.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Tells of each connection that fails on stderr, with a hint where there is one; with `verbose` the hints alone, since
/// the phases are shown.
pub(super) fn failure_lines(given: Given, verbose: bool) -> FailureLines {
    FailureLines::new(given, verbose, print_failure)
}

/// Prints such a line, in colours on a terminal.
fn print_failure(line: &str) {
    match line.strip_prefix("hint: ") {
        Some(hint) => print_hint(hint),
        None => print_error(format_args!("{line}")),
    }
}

/// Prints what usually helps.
pub(super) fn print_hint(hint: &str) {
    print_styled(Stream::Stderr, format_args!("{HINT}hint:{HINT:#} {hint}"));
}

/// How the word in front of a hint looks.
pub(super) const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// Makes a line of each event and hands it to the function.
struct Lines<Print>(Print);

/// What the lines of a connection begin with, and since when it is there.
#[derive(Clone)]
struct Connection {
    name: String,
    begun: Instant,
}

impl<S, Print> Layer<S> for Lines<Print>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    Print: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        if attributes.metadata().name() != "connection" {
            return;
        }
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let name = match (fields.get("host"), fields.get("port")) {
            (host, "") => format!("{} {host}", fields.get("id")),
            (host, port) => format!("{} {host}:{port}", fields.get("id")),
        };
        span.extensions_mut().insert(Connection {
            name: name.trim_end().to_owned(),
            begun: Instant::now(),
        });
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let connection = context
            .event_scope(event)
            .into_iter()
            .flatten()
            .find_map(|span| span.extensions().get::<Connection>().cloned());
        let mut line = String::new();
        match *event.metadata().level() {
            Level::ERROR => line.push_str("boaws: error: "),
            Level::WARN => line.push_str("boaws: warning: "),
            _ => {}
        }
        let name = match &connection {
            Some(connection) => &connection.name,
            None => fields.get("id"),
        };
        for part in [name, if name.is_empty() { "" } else { " " }] {
            line.push_str(part);
        }
        line.push_str(&fields.phrase(connection.is_some()));
        if let Some(connection) = connection
            && fields.get("message") != "header"
        {
            let elapsed = connection.begun.elapsed().as_millis();
            line.push_str(&format!(" ({elapsed} ms)"));
        }
        (self.0)(&printable(&line));
    }
}

/// Nothing that a server says moves the cursor.
fn printable(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for letter in line.chars() {
        if letter.is_control() {
            text.extend(letter.escape_default());
        } else {
            text.push(letter);
        }
    }
    text
}

/// An event's or a span's fields as text.
#[derive(Default)]
pub(super) struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

impl Fields {
    /// Empty if there is no such field.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// `, subprotocol chat`, if there is one.
    fn and(&self, words: &str, name: &str) -> String {
        match self.get(name) {
            "" => String::new(),
            value => format!("{words}{value}"),
        }
    }

    /// What has happened. `named`: the line says already to which connection.
    fn phrase(&self, named: bool) -> String {
        let get = |name| self.get(name);
        match get("message") {
            "connect" if get("tls") == "true" => "connects, over TLS".to_owned(),
            "connect" => "connects".to_owned(),
            "resolved" => {
                let addresses = get("addresses").trim_matches(['[', ']']);
                match get("proxy") {
                    "" => format!("resolved to {addresses}"),
                    proxy => format!("resolved its proxy {proxy} to {addresses}"),
                }
            }
            "address failed" => format!("gives up {}: {}", get("address"), get("error")),
            "address denied" => format!("may not try {}: {}", get("address"), get("denied")),
            "connected" => format!("connected to {}", get("address")),
            "proxy" => format!("has a tunnel through the proxy {}", get("proxy")),
            "tls" => format!("agreed on {}", get("agreed")),
            "upgraded" => format!(
                "is open{}{}",
                self.and(", subprotocol ", "protocol"),
                self.and(", extensions ", "extensions")
            ),
            "answer" => format!(
                "was {} with status {}{}",
                // With 101 it is we who refuse: why, comes behind.
                if get("status") == "101" {
                    "answered"
                } else {
                    "refused"
                },
                get("status"),
                self.and(" ", "reason")
            ),
            "header" => format!("  {}: {}", get("name"), get("value")),
            "closing" => {
                let code = get("code")
                    .trim_start_matches("Some(")
                    .trim_end_matches(')');
                match code {
                    "None" => "closes".to_owned(),
                    code => format!("closes with {code}"),
                }
            }
            "closed" => format!(
                "closed with {}, {}{}",
                get("code"),
                if get("clean") == "true" {
                    "cleanly"
                } else {
                    "not cleanly"
                },
                self.and(": ", "error")
            ),
            "failed" => format!("failed: {}", get("error")),
            message => {
                let mut phrase = match (named, get("server")) {
                    (true, _) | (_, "") => message.to_owned(),
                    (false, server) => format!("{server}: {message}"),
                };
                for (name, value) in &self.0 {
                    if !["message", "id", "server"].contains(name) {
                        phrase.push_str(&format!(" {name}={value}"));
                    }
                }
                phrase
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use tracing::{Span, debug, debug_span, warn};

    /// The lines that come of it, without their times.
    fn lines(level: Level, act: impl FnOnce()) -> Vec<String> {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let printed = lines.clone();
        let subscriber = tracing_subscriber::registry()
            .with(Targets::new().with_target("boa_websocket", level))
            .with(Lines(move |line: &str| {
                printed.lock().unwrap().push(line.to_owned());
            }));
        tracing::subscriber::with_default(subscriber, act);
        let lines = lines.lock().unwrap();
        let without_time = |line: &String| match line.rsplit_once(" (") {
            Some((text, time)) if time.ends_with(" ms)") => format!("{text} (ms)"),
            _ => line.clone(),
        };
        lines.iter().map(without_time).collect()
    }

    fn span() -> Span {
        debug_span!("connection", id = %"#7", host = "example.org", port = 443_u16, secure = true)
    }

    #[test]
    fn each_phase_is_a_line() {
        let printed = lines(Level::DEBUG, || {
            let _entered = span().entered();
            debug!(id = %"#7", tls = true, "connect");
            debug!(id = %"#7", addresses = ?["192.0.2.1".parse::<std::net::IpAddr>().unwrap()], "resolved");
            let addresses = ["192.0.2.2".parse::<std::net::IpAddr>().unwrap()];
            debug!(id = %"#7", proxy = %"http://p:8080", ?addresses, "resolved");
            debug!(id = %"#7", proxy = %"http://p:8080", "proxy");
            debug!(id = %"#7", protocol = "chat", extensions = "", "upgraded");
            debug!(id = %"#7", code = ?Some(1000), "closing");
            debug!(id = %"#7", code = 1000, clean = true, "closed");
        });
        let expected = [
            "#7 example.org:443 connects, over TLS (ms)",
            "#7 example.org:443 resolved to 192.0.2.1 (ms)",
            "#7 example.org:443 resolved its proxy http://p:8080 to 192.0.2.2 (ms)",
            "#7 example.org:443 has a tunnel through the proxy http://p:8080 (ms)",
            "#7 example.org:443 is open, subprotocol chat (ms)",
            "#7 example.org:443 closes with 1000 (ms)",
            "#7 example.org:443 closed with 1000, cleanly (ms)",
        ];
        assert_eq!(printed, expected);
    }

    #[test]
    fn a_refusal_has_its_headers_below_it() {
        let printed = lines(Level::DEBUG, || {
            let _entered = span().entered();
            debug!(status = 404, reason = "Not\x1b[2J Found", "answer");
            debug!(name = %"server", value = %"x", "header");
            debug!(error = %"opening handshake with h: no", "failed");
            debug!(status = 101, reason = "Switching", "answer");
        });
        let expected = [
            "#7 example.org:443 was refused with status 404 Not\\u{1b}[2J Found (ms)",
            "#7 example.org:443   server: x",
            "#7 example.org:443 failed: opening handshake with h: no (ms)",
            "#7 example.org:443 was answered with status 101 Switching (ms)",
        ];
        assert_eq!(printed, expected);
    }

    #[test]
    fn what_it_does_not_know_is_shown_with_its_fields() {
        let printed = lines(Level::DEBUG, || {
            debug!(id = %"#8", attempt = 2, "something new");
            debug!(target: "elsewhere", "not ours");
        });
        assert_eq!(printed, ["#8 something new attempt=2"]);
    }

    #[test]
    fn warnings_are_shown_in_any_case() {
        let act = || {
            let _entered = span().entered();
            debug!("connect");
            warn!(id = %"#7", server = "h:1", "mind this");
        };
        let printed = lines(Level::WARN, act);
        assert_eq!(printed, ["boaws: warning: #7 h:1: mind this"]);
        let printed = lines(Level::DEBUG, act);
        assert_eq!(printed.len(), 2);
        assert_eq!(
            printed[1],
            "boaws: warning: #7 example.org:443 mind this (ms)"
        );
    }
}
