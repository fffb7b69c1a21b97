//! `boaws connect`: a conversation with a server, on the network alone, without script.
//!
//! The main thread holds the conversation. Another reads what is to be said, from stdin or at a prompt, no faster than
//! it can be sent; the network has its own.

mod address;
mod gate;
mod input;
mod output;

use std::{
    io::{self, IsTerminal},
    process::{self, ExitCode},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    time::{Duration, Instant},
};

use url::Url;

use self::{
    gate::Gate,
    input::{Form, Input, Lines},
    output::{Output, Shown},
};
use super::{
    EXIT_UNCAUGHT,
    args::ConnectArgs,
    hints,
    interrupt::{self, Signal},
    line_editor::{self, LineEditor, TerminalMode},
    terminal::{Stream, print_error},
    usage_error,
    verbose::{print_hint, show_what_the_network_does},
};
use crate::net::{
    Command, ConnectRequest, Destination, EventBatch, Incoming, Network, Options, Outgoing,
    SocketEvent, SocketId,
};

/// How long a server may take to answer our Close frame once somebody wants to leave.
const GOODBYE: Duration = Duration::from_secs(2);

/// Something to react to.
#[derive(Debug)]
enum Event {
    /// The network has events.
    Network,
    Input(Input),
    /// What was typed cannot be sent.
    Mistyped(String),
    /// What was piped in cannot be sent, or not be read.
    Unreadable(String),
    /// There is no more input.
    End {
        typed: bool,
    },
    /// A signal; the exit code that goes with it.
    Interrupt(u8),
}

/// Runs it.
pub(super) fn main(args: ConnectArgs) -> ExitCode {
    let url = match address::parse(&args.url) {
        Ok(url) => url,
        Err(why) => return usage_error(why),
    };
    if let Err(why) = input::check_close(Some(args.close_code), &args.close_reason) {
        return usage_error(why);
    }
    if let Some(name) = args.protocol.iter().find(|name| !is_token(name)) {
        return usage_error(format_args!("'{}' is no subprotocol", name.escape_debug()));
    }
    show_what_the_network_does(args.verbose);
    let options = match args.network.options() {
        Ok(options) => options,
        Err(why) => return usage_error(why),
    };
    let mut request = ConnectRequest::new(url.clone());
    request.protocols = args.protocol.clone();
    request.origin = args.network.origin().map(str::to_owned);
    let form = match &args {
        ConnectArgs { json: true, .. } => Form::Json,
        ConnectArgs { base64: true, .. } => Form::Base64,
        ConnectArgs { hex: true, .. } => Form::Hex,
        ConnectArgs { binary: true, .. } => Form::Binary,
        _ => Form::Text,
    };
    let output = if io::stdout().is_terminal() && form != Form::Json {
        Output::for_people(form, Stream::Stdout.has_colors())
    } else {
        Output::for_programs(form)
    };
    Conversation::new(args, &url, form, output, options).hold(request)
}

/// RFC 9110's token.
fn is_token(text: &str) -> bool {
    let special = b"!#$%&'*+-.^_`|~";
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || special.contains(&byte))
}

struct Conversation {
    args: ConnectArgs,
    url: Url,
    form: Form,
    output: Output,
    network: Network,
    id: SocketId,
    gate: Arc<Gate>,
    sender: Sender<Event>,
    events: Receiver<Event>,
    /// What the terminal was like, if there is one to type at.
    mode: Option<Arc<TerminalMode>>,
    /// Waits until a prompt is not in the way any more.
    settle: Option<Box<dyn FnOnce() + Send>>,
    is_open: bool,
    we_close: bool,
    /// The input is at its end, and nothing says that we go on.
    at_end: bool,
    /// When something was last sent or received.
    last: Instant,
    give_up: Option<Instant>,
    failed: bool,
    /// The exit code of the signal that came.
    interrupted: Option<u8>,
}

impl Conversation {
    fn new(args: ConnectArgs, url: &Url, form: Form, output: Output, options: Options) -> Self {
        let (sender, events) = mpsc::channel();
        let wakes = sender.clone();
        // Without a conversation there is nobody to wake.
        let wake = Arc::new(move || drop(wakes.send(Event::Network)));
        let network = Network::new(options, wake);
        let now = Instant::now();
        let give_up = Some(args.timeout).filter(|timeout| !timeout.is_zero());
        Self {
            url: url.clone(),
            form,
            output,
            id: network.next_id(),
            network,
            gate: Arc::default(),
            sender,
            events,
            mode: None,
            settle: None,
            is_open: false,
            we_close: false,
            at_end: false,
            last: now,
            give_up: give_up.and_then(|timeout| now.checked_add(timeout)),
            failed: false,
            interrupted: None,
            args,
        }
    }

    /// From the connection to its end.
    fn hold(mut self, request: ConnectRequest) -> ExitCode {
        self.listen_for_interrupts();
        let request = Box::new(request);
        self.network.command(Command::Connect {
            id: self.id,
            request,
        });
        self.network.flush();
        let mut batch = EventBatch::new();
        loop {
            let event = match self.deadline() {
                None => self
                    .events
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => self
                    .events
                    .recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match event {
                Ok(event) => {
                    if let Some(code) = self.react(event, &mut batch) {
                        return self.leave(code);
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.time_is_up(),
                // We have a sender ourselves.
                Err(RecvTimeoutError::Disconnected) => return self.leave(EXIT_UNCAUGHT),
            }
            self.network.flush();
        }
    }

    /// When something is to be done though nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let quiet = (self.at_end && !self.we_close && self.gate.is_empty())
            .then(|| self.last.checked_add(self.args.wait))
            .flatten();
        [quiet, self.give_up].into_iter().flatten().min()
    }

    fn time_is_up(&mut self) {
        if self.give_up.is_some_and(|at| at <= Instant::now()) {
            self.give_up = None;
            self.failed = true;
            let why = format!("gave up after {:?}", self.args.timeout);
            let shown = self.output.failed(&why);
            self.check(shown);
            return self.close_soon();
        }
        self.close();
    }

    /// Gives back the exit code at the end.
    fn react(&mut self, event: Event, batch: &mut EventBatch) -> Option<u8> {
        match event {
            Event::Network => {
                while self.network.take(batch) {
                    let mut consumed = 0;
                    while let Some(event) = batch.next_event() {
                        consumed += event.charge();
                        if let Some(code) = self.hear(event, batch) {
                            return Some(code);
                        }
                    }
                    let flushed = self.output.flush();
                    self.check(flushed);
                    self.network.consumed(self.id, consumed);
                    self.network.flush();
                }
            }
            Event::Input(Input::Message(message)) => {
                if self.mode.is_none() {
                    self.output.sent(shown(&message));
                }
                self.send(message);
            }
            Event::Input(Input::Close { code, reason }) => self.close_with(code, reason),
            Event::Mistyped(why) => print_error(format_args!("boaws: {why}")),
            Event::Unreadable(why) => {
                self.failed = true;
                let shown = self.output.failed(&why);
                self.check(shown);
                self.close();
            }
            Event::End { typed: true } => self.close_soon(),
            Event::End { typed: false } => self.at_end = !self.args.no_close,
            Event::Interrupt(code) if self.is_open && self.interrupted.is_none() => {
                self.interrupted = Some(code);
                self.close_soon();
            }
            Event::Interrupt(code) => return Some(code),
        }
        None
    }

    /// Something from the network.
    fn hear(&mut self, event: SocketEvent, batch: &EventBatch) -> Option<u8> {
        match event {
            SocketEvent::Opened {
                protocol,
                extensions,
                ..
            } => {
                self.is_open = true;
                self.last = Instant::now();
                let shown = self
                    .output
                    .opened(&without_secrets(&self.url), &protocol, &extensions);
                self.check(shown);
                self.begin();
            }
            SocketEvent::Message { message, .. } => {
                self.last = Instant::now();
                if self.we_close {
                    return None;
                }
                let shown = match &message {
                    Incoming::Text(range) => self.output.received(Shown::Text(batch.text(range).0)),
                    Incoming::Binary(bytes) => self.output.received(Shown::Binary(bytes)),
                };
                self.check(shown);
                if self.args.one {
                    self.close();
                }
            }
            SocketEvent::Sent { bytes, .. } => {
                self.last = Instant::now();
                self.gate.sent(bytes);
            }
            SocketEvent::Closed {
                code,
                reason,
                was_clean,
                error,
                ..
            } => {
                let expected = was_clean && (self.we_close || matches!(code, 1000 | 1001 | 1005));
                if let Some(error) = error {
                    let shown = self.output.failed(&error.to_string());
                    self.check(shown);
                    let given = self.args.network.given();
                    if let Some(hint) = hints::hint(&error, Destination::of(&self.url), &given) {
                        print_hint(&hint);
                    }
                }
                if self.is_open || self.form == Form::Json {
                    let shown = self.output.closed(code, &reason, was_clean, expected);
                    self.check(shown);
                }
                let good = expected && !self.failed;
                let code = if good { 0 } else { EXIT_UNCAUGHT };
                return Some(self.interrupted.unwrap_or(code));
            }
            // The end of it is still to come.
            _ => {}
        }
        None
    }

    /// Says what was to be said first, and has input read.
    fn begin(&mut self) {
        for text in std::mem::take(&mut self.args.message) {
            self.output.sent(Shown::Text(&text));
            self.gate.add(text.len());
            self.send(Outgoing::Text(text.into()));
        }
        let (form, slash) = (self.form, self.args.slash);
        let (gate, sender) = (Arc::clone(&self.gate), self.sender.clone());
        let begun = if self.mode.is_some() {
            match LineEditor::new(Lines) {
                Ok(editor) => {
                    self.settle = Some(Box::new(editor.settler()));
                    input::read_terminal(form, slash, gate, sender, editor)
                }
                Err(error) => Err(io::Error::other(error)),
            }
        } else {
            input::read_stdin(form, slash, gate, sender)
        };
        if let Err(error) = begun {
            // Into the same queue as what else goes wrong with input.
            let why = format!("cannot read stdin: {error}");
            let _ = self.sender.send(Event::Unreadable(why));
        }
    }

    fn send(&mut self, message: Outgoing) {
        if self.we_close {
            return;
        }
        self.last = Instant::now();
        self.network.command(Command::Send {
            id: self.id,
            message,
        });
    }

    fn close(&mut self) {
        let (code, reason) = (self.args.close_code, self.args.close_reason.clone());
        self.close_with(Some(code), reason);
    }

    /// Closes because somebody waits for it.
    fn close_soon(&mut self) {
        self.close();
        let at = Instant::now() + GOODBYE;
        self.network.command(Command::Cut { id: self.id, at });
    }

    /// Closes, behind what was sent; or gives up connecting.
    fn close_with(&mut self, code: Option<u16>, reason: String) {
        if self.we_close {
            return;
        }
        self.we_close = true;
        self.network.command(Command::Close {
            id: self.id,
            code,
            reason,
        });
        self.network.flush();
    }

    /// A reader of ours that has gone wants no more.
    fn check(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            if error.kind() != io::ErrorKind::BrokenPipe {
                self.failed = true;
                print_error(format_args!("boaws: cannot write to stdout: {error}"));
            }
            self.close();
        }
    }

    fn listen_for_interrupts(&mut self) {
        let sender = self.sender.clone();
        let again = AtomicBool::new(false);
        // Programs are shown no prompt.
        let types = line_editor::has_terminal() && matches!(self.output, Output::People { .. });
        let mode = types.then(TerminalMode::save);
        self.mode = mode.clone();
        let heard = move |signal: Signal| {
            let code = signal.exit_code();
            // The conversation may be stuck writing what nobody reads.
            if again.swap(true, SeqCst) || sender.send(Event::Interrupt(code)).is_err() {
                if let Some(mode) = &mode {
                    mode.restore();
                }
                process::exit(code.into());
            }
        };
        // Then a signal ends the process as the system does it.
        let _ = interrupt::listen(heard);
    }

    fn leave(mut self, code: u8) -> ExitCode {
        let _ = self.output.flush();
        if let Some(settle) = self.settle.take() {
            settle();
        }
        if let Some(mode) = &self.mode {
            mode.restore();
        }
        ExitCode::from(code)
    }
}

fn shown(message: &Outgoing) -> Shown<'_> {
    match message {
        // It was made from a string.
        Outgoing::Text(bytes) => Shown::Text(std::str::from_utf8(bytes).unwrap_or_default()),
        Outgoing::Binary(bytes) => Shown::Binary(bytes),
    }
}

/// Without user info and query.
fn without_secrets(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
