//! `boaws repl`.
//!
//! Two threads: on one script runs, and its event loop; on the other somebody types, and it hands over what is to be
//! evaluated or completed, as tasks of the loop.

mod commands;
mod completion;
mod evaluator;
mod history;
mod interrupts;
mod source;
mod syntax;
mod top_level_await;

use std::{
    borrow::Cow,
    io::{self, BufRead},
    path::PathBuf,
    process::ExitCode,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use rustyline::completion::Pair;

use self::{
    commands::{Command, Next},
    evaluator::Done,
    interrupts::Interrupts,
};
use super::{
    EXIT_UNCAUGHT,
    args::ReplArgs,
    line_editor::{self, Language, LineEditor, Typed},
    session::STACK_SIZE,
    terminal::{Stream, print_error, print_line},
    usage_error,
    verbose::show_what_the_network_does,
    world::World,
};
use crate::event_loop::Spawner;

const PROMPT: &str = "> ";

/// How long completion waits for script that is running.
const COMPLETION_PATIENCE: Duration = Duration::from_millis(300);

/// Runs it.
pub(super) fn main(args: &ReplArgs) -> ExitCode {
    show_what_the_network_does(args.verbose);
    let location = args.location.as_deref();
    let world = match World::new(args.serve, location, &args.network, args.verbose) {
        Ok(world) => world,
        Err(error) => return usage_error(error),
    };
    let World {
        extension,
        location,
        server: _server,
    } = world;
    let has_terminal = line_editor::has_terminal();
    let colors = Stream::Stdout.has_colors();
    let shown_location = location.clone();
    let (sender, receiver) = mpsc::channel();
    let script = thread::Builder::new()
        .name("boaws-script".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(move || {
            let ready = |spawner| drop(sender.send(spawner));
            // Boa's errors stay on their thread.
            evaluator::run(extension, location.as_deref(), colors, ready)
                .map_err(|error| error.to_string())
        });
    let script = match script {
        Ok(script) => script,
        Err(error) => {
            return usage_error(format_args!("cannot start the script's thread: {error}"));
        }
    };
    let mut ok = true;
    if let Ok(spawner) = receiver.recv() {
        let conversation = Conversation::new(spawner);
        let evals = args.eval.clone();
        let history = (!args.no_history).then(history::path).flatten();
        let no_history = has_terminal && !args.no_history && history.is_none();
        let talk = move || {
            for code in evals {
                ok &= conversation.evaluate(code, None) == Some(Done::Value);
            }
            if !has_terminal {
                return conversation.read_stdin() && ok;
            }
            if no_history {
                print_error(format_args!(
                    "boaws: warning: no history: there is no home directory to keep it in"
                ));
            }
            greet(shown_location.as_deref());
            conversation.read_terminal(history, colors);
            true
        };
        // What was typed is parsed there, however deeply it is nested.
        let typing = thread::Builder::new()
            .name("boaws-typing".to_owned())
            .stack_size(STACK_SIZE)
            .spawn(talk);
        ok = match typing.map(thread::JoinHandle::join) {
            Ok(Ok(ok)) => ok,
            // The panic has printed its message.
            Ok(Err(_)) => return ExitCode::from(EXIT_UNCAUGHT),
            Err(error) => {
                return usage_error(format_args!("cannot start the editor's thread: {error}"));
            }
        };
    }
    match script.join() {
        Ok(Ok(())) if ok => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            print_error(format_args!("boaws: {error}"));
            ExitCode::from(EXIT_UNCAUGHT)
        }
        _ => ExitCode::from(EXIT_UNCAUGHT),
    }
}

fn greet(location: Option<&str>) {
    let version = env!("CARGO_PKG_VERSION");
    print_line(format_args!(
        "boaws {version}; .help lists commands, Ctrl-D leaves"
    ));
    if let Some(location) = location {
        print_line(format_args!("location: {location}"));
    }
}

/// The side of those who type.
struct Conversation {
    spawner: Spawner,
    interrupts: Arc<Interrupts>,
}

impl Conversation {
    fn new(spawner: Spawner) -> Self {
        let interrupts = Interrupts::new(spawner.clone());
        Self {
            spawner,
            interrupts,
        }
    }

    /// Evaluates something and waits for its end. Nothing when the script's thread has ended.
    fn evaluate(&self, text: String, file: Option<PathBuf>) -> Option<Done> {
        let (sender, receiver) = mpsc::channel();
        let task = move |context: &mut boa_engine::Context| {
            evaluator::evaluate(&text, file, sender, context);
            Ok(())
        };
        self.interrupts.begin();
        let done = self
            .spawner
            .spawn_task(task)
            .ok()
            .and_then(|()| receiver.recv().ok());
        self.interrupts.end();
        if done == Some(Done::Interrupted) {
            print_error(format_args!("boaws: interrupted; what was awaited goes on"));
        }
        done
    }

    fn read_terminal(self, history: Option<PathBuf>, colors: bool) {
        let language = JavaScript {
            spawner: self.spawner.clone(),
            colors,
        };
        let mut editor = match LineEditor::new(language) {
            Ok(editor) => editor,
            Err(error) => {
                print_error(format_args!("boaws: cannot use the terminal: {error}"));
                return self.leave();
            }
        };
        if let Some(path) = history {
            editor.remember_in(path);
        }
        let mut session = commands::Session::default();
        let mut interrupted = false;
        loop {
            match editor.read(PROMPT) {
                Typed::Line(line) => {
                    interrupted = false;
                    if line.trim().is_empty() {
                        continue;
                    }
                    editor.remember(&line);
                    let next = match Command::parse(&line) {
                        Some(command) => session.run(command),
                        None => Next::Evaluate(line, None),
                    };
                    match next {
                        Next::Nothing => {}
                        Next::Leave => break,
                        Next::Evaluate(text, file) => match self.evaluate(text.clone(), file) {
                            Some(Done::Error) => {}
                            Some(_) => session.keep(text),
                            None => break,
                        },
                    }
                }
                Typed::Interrupt { empty } => {
                    if empty && interrupted {
                        break;
                    }
                    if empty {
                        print_line(format_args!("Ctrl-C again, Ctrl-D or .exit leaves."));
                    }
                    interrupted = empty;
                }
                Typed::End => break,
            }
        }
        drop(editor);
        self.leave();
    }

    /// Evaluates stdin line by line; returns whether there was no error.
    fn read_stdin(self) -> bool {
        let mut ok = true;
        let mut text = String::new();
        let mut input = io::stdin().lock();
        let mut session = commands::Session::default();
        loop {
            let count = match input.read_line(&mut text) {
                Ok(count) => count,
                Err(error) => {
                    print_error(format_args!("boaws: cannot read <stdin>: {error}"));
                    ok = false;
                    break;
                }
            };
            if count > 0 && source::is_unfinished(&text) {
                continue;
            }
            let line = std::mem::take(&mut text);
            let next = match Command::parse(&line) {
                Some(command) => session.run(command),
                None if line.trim().is_empty() => Next::Nothing,
                None => Next::Evaluate(line, None),
            };
            match next {
                Next::Nothing => {}
                Next::Leave => break,
                Next::Evaluate(text, file) => match self.evaluate(text.clone(), file) {
                    Some(Done::Value) => session.keep(text),
                    Some(_) => ok = false,
                    None => break,
                },
            }
            if count == 0 {
                break;
            }
        }
        self.leave();
        ok
    }

    /// Has the sockets closed and the script's thread ended.
    fn leave(&self) {
        self.interrupts.begin();
        // It may have ended already.
        let _ = self.spawner.spawn_task(|context| {
            evaluator::leave(context);
            Ok(())
        });
    }
}

/// What the editor knows of JavaScript.
struct JavaScript {
    spawner: Spawner,
    colors: bool,
}

impl Language for JavaScript {
    fn is_unfinished(&self, text: &str) -> bool {
        Command::parse(text).is_none() && source::is_unfinished(text)
    }

    fn complete(&self, text: &str, position: usize) -> (usize, Vec<Pair>) {
        let before = text.get(..position).unwrap_or_default();
        if before.starts_with('.') {
            return commands::complete(before);
        }
        let Some(wanted) = completion::wanted(before) else {
            return (position, Vec::new());
        };
        let start = wanted.start;
        let (sender, receiver) = mpsc::channel();
        let asked = self.spawner.spawn_task(move |context| {
            // Who does not wait any more has typed on.
            let _ = sender.send(completion::candidates(&wanted, context));
            Ok(())
        });
        let names = match asked.map(|()| receiver.recv_timeout(COMPLETION_PATIENCE)) {
            Ok(Ok(names)) => names,
            Err(_) | Ok(Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)) => {
                Vec::new()
            }
        };
        (start, names.into_iter().map(same).collect())
    }

    fn colored<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.colors {
            Cow::Owned(syntax::colored(text))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// A candidate that is shown as it is.
fn same(name: String) -> Pair {
    Pair {
        display: name.clone(),
        replacement: name,
    }
}
