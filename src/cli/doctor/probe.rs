//! A connection to try.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use super::record::{Record, Told};
use crate::{
    cli::{
        certificates::Summary,
        hints::{self, Given},
    },
    net::{
        Command, ConnectRequest, Destination, Error, EventBatch, Network, Options, Phase,
        SocketEvent,
    },
};

/// How it went.
pub(super) struct Probe {
    pub(super) url: String,
    pub(super) steps: Vec<Step>,
    pub(super) failure: Option<Failure>,
    pub(super) warnings: Vec<String>,
}

/// One thing after the other.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) done: bool,
    pub(super) took: Duration,
    pub(super) text: String,
    /// More of it, a line each.
    pub(super) lines: Vec<String>,
}

/// Why it did not work.
pub(super) struct Failure {
    pub(super) cause: String,
    pub(super) hint: Option<String>,
    pub(super) certificates: Vec<Summary>,
}

impl Probe {
    /// Connects, closes at once, and says what has happened.
    pub(super) fn run(request: ConnectRequest, mut options: Options, given: &Given) -> Self {
        let record = Record::begin();
        options.observer = Some(Arc::new(record.clone()));
        let url = request.url.clone();
        connect(request, options);
        let told = record.take();
        Self::of(told, Destination::of(&url), given)
    }

    pub(super) fn works(&self) -> bool {
        self.failure.is_none()
    }

    fn of(told: Vec<(Duration, Told)>, to: Destination<'_>, given: &Given) -> Self {
        let mut probe = Self {
            url: hints::url(to),
            steps: Vec::new(),
            failure: None,
            warnings: Vec::new(),
        };
        let mut before = Duration::ZERO;
        for (time, told) in told {
            let took = time.saturating_sub(before);
            match told {
                Told::Begun => {}
                Told::Resolved { addresses, proxy } => {
                    let text = match &*proxy {
                        "" => addresses,
                        proxy => format!("{addresses}, of the proxy {proxy}"),
                    };
                    probe.step("resolve", took, text);
                }
                Told::AddressFailed { address, why } => {
                    let why = hints::printable(&why);
                    probe.step("connect", took, format!("{address}: {why}"));
                    probe.fails();
                }
                Told::Connected { address } => probe.step("connect", took, address),
                Told::Tunnel { proxy } => {
                    probe.step("proxy", took, format!("a tunnel through {proxy}"));
                }
                Told::Tls { agreed } => probe.step("tls", took, agreed),
                Told::Response(response) => {
                    let text =
                        format!("{} {}", response.status, hints::printable(&response.reason));
                    probe.step("upgrade", took, text.trim_end().to_owned());
                    let headers = response.headers.iter();
                    probe.lines(
                        headers.map(|(name, value)| hints::printable(&format!("{name}: {value}"))),
                    );
                }
                Told::Open {
                    protocol,
                    extensions,
                } => {
                    let chosen = [("subprotocol", protocol), ("extensions", extensions)];
                    let chosen = chosen.into_iter().filter(|(_, value)| !value.is_empty());
                    probe.lines(
                        chosen.map(|(name, value)| {
                            hints::printable(&format!("{name} in use: {value}"))
                        }),
                    );
                }
                Told::Failed(error) => probe.failed(&error, took, to, given),
                Told::Closed { code, clean } => {
                    if probe.failure.is_none() {
                        probe.step("close", took, format!("{code}, cleanly"));
                        if !clean {
                            probe.fails();
                        }
                    }
                }
                Told::Warning(text) => {
                    probe.warnings.push(hints::printable(&text));
                    continue;
                }
            }
            before = time;
        }
        probe
    }

    fn step(&mut self, name: &'static str, took: Duration, text: String) {
        self.steps.push(Step {
            name,
            done: true,
            took,
            text,
            lines: Vec::new(),
        });
    }

    fn lines(&mut self, lines: impl Iterator<Item = String>) {
        if let Some(step) = self.steps.last_mut() {
            step.lines.extend(lines);
        }
    }

    /// The latest step was one that did not work.
    fn fails(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.done = false;
        }
    }

    fn failed(&mut self, error: &Error, took: Duration, to: Destination<'_>, given: &Given) {
        let name = match error.phase() {
            Phase::Resolve => "resolve",
            Phase::Connect => "connect",
            Phase::Proxy => "proxy",
            Phase::Tls | Phase::TrustAnchors => "tls",
            Phase::Handshake => "upgrade",
            Phase::Open | Phase::Close => "close",
            _ => "policy",
        };
        let cause = hints::cause(error, to);
        match self.steps.last_mut() {
            // The answer, or the address, stands there: why it is not the right one, below.
            Some(last) if last.name == name && name == "upgrade" => {
                last.done = false;
                last.text.push_str(&format!(" ({cause})"));
            }
            Some(last) if last.name == name && !last.done => {}
            _ => {
                self.step(name, took, cause.clone());
                self.fails();
            }
        }
        self.failure = Some(Failure {
            cause,
            hint: hints::hint(error, to, given),
            certificates: error
                .certificates()
                .iter()
                .filter_map(Summary::read)
                .collect(),
        });
    }
}

/// Makes the connection, closes it as soon as it is open, and returns when it is over.
fn connect(request: ConnectRequest, options: Options) {
    let (wake, woken) = mpsc::channel();
    let wake = Arc::new(move || {
        // Nobody waits any more.
        let _ = wake.send(());
    });
    let mut network = Network::new(options, wake);
    let id = network.next_id();
    let request = Box::new(request);
    network.command(Command::Connect { id, request });
    network.flush();
    let mut batch = EventBatch::new();
    loop {
        if !network.take(&mut batch) {
            // The network always has a last word, and its deadlines.
            if woken.recv().is_err() {
                return;
            }
            continue;
        }
        while let Some(event) = batch.next_event() {
            network.consumed(id, event.charge());
            match event {
                SocketEvent::Opened { .. } => {
                    network.command(Command::Close {
                        id,
                        code: Some(1000),
                        reason: String::new(),
                    });
                }
                SocketEvent::Closed { .. } => return,
                _ => {}
            }
        }
        network.flush();
    }
}
