//! `boaws run`.

mod conductor;
mod script;

use std::{
    env, io,
    path::{Path, PathBuf},
    process::{self, Command, ExitCode},
    sync::{Arc, atomic::AtomicBool},
    thread,
};

use boa_engine::JsError;

use self::conductor::{Conductor, Ended, Event, TellOver, Why, lock};
use super::{
    EXIT_UNCAUGHT, EXIT_USAGE,
    args::RunArgs,
    environment::Environment,
    observers::Observers,
    serve::Server,
    serve_command::read_scenarios,
    session::{STACK_SIZE, Session},
    sources::{SourceFile, Sources},
    stats::Stats,
    terminal::print_error,
    usage_error,
    verbose::{failure_lines, show_what_the_network_does},
    world,
};
use crate::WebSocketExtension;

/// Script's thread. It says whether there was no uncaught error.
type Script = thread::JoinHandle<Result<bool, String>>;

/// Runs the files and says how it went.
pub(super) fn main(mut args: RunArgs) -> ExitCode {
    let stats = args.stats.then(Stats::new);
    let pieces = std::mem::take(&mut args.pieces.0);
    let sources = Sources::new(pieces, args.module);
    let conductor = match Conductor::new(args.timeout, args.watch) {
        Ok(conductor) => conductor,
        Err(message) => return usage_error(message),
    };
    let mut runner = Runner {
        args,
        sources,
        server: None,
        conductor,
    };
    // Whatever is read until then, standard input for one, a signal ends as ever.
    let prepared = runner.prepare(stats);
    match prepared.and_then(|run| runner.conductor.listen().map(|()| run)) {
        Ok(run) => ExitCode::from(runner.run(run)),
        Err(message) => usage_error(message),
    }
}

/// What all runs have in common; without `--watch` there is one.
struct Runner {
    args: RunArgs,
    sources: Sources,
    server: Option<Server>,
    conductor: Conductor,
}

/// What one run needs.
struct Run {
    sources: Vec<SourceFile>,
    environment: Environment,
    extension: WebSocketExtension,
    location: Option<String>,
    stats: Option<Arc<Stats>>,
}

impl Runner {
    /// Reads everything before the first script runs.
    fn prepare(&mut self, stats: Option<Arc<Stats>>) -> Result<Run, String> {
        let watched = self.watch_what_is_named();
        let sources = self.sources.read()?;
        let environment = Environment::read(&self.args.environment)?;
        watched?;
        show_what_the_network_does(self.args.verbose);
        if self.server.is_none() {
            let scenarios = read_scenarios(&self.args.scenario)?;
            let start = |scheme| world::start_server(scheme, scenarios);
            self.server = self.args.serve.map(start).transpose()?;
        }
        let (args, server) = (&self.args, self.server.as_ref());
        let location = world::location_of(args.serve, server, args.location.as_deref());
        let variable = |name: &str| environment.variable(name);
        let mut extension =
            world::extension(&args.network, &variable, location.as_deref(), server)?;
        if !args.quiet || stats.is_some() {
            extension = extension.our_observer(Observers {
                failures: (!args.quiet).then(|| failure_lines(args.network.given(), args.verbose)),
                stats: stats.clone(),
            });
        }
        Ok(Run {
            sources,
            environment,
            extension: extension.build().map_err(|error| error.to_string())?,
            location,
            stats,
        })
    }

    fn watch_what_is_named(&self) -> Result<(), String> {
        let Some(watch) = self.conductor.watch() else {
            return Ok(());
        };
        let variables = self.args.environment.files().iter().map(PathBuf::as_path);
        let mut named = self.sources.files().chain(variables);
        named.try_for_each(|file| lock(watch).add(file))
    }

    /// Runs once, or with `--watch` until something else than a change ends it. The exit code.
    fn run(&mut self, run: Run) -> u8 {
        let mut prepared = Ok(run);
        loop {
            let outcome = match prepared {
                Ok(run) => self.run_once(run),
                Err(message) => {
                    print_error(format_args!("boaws: {message}"));
                    Ok(EXIT_USAGE)
                }
            };
            if self.conductor.watch().is_none() {
                return outcome.unwrap_or_else(Why::exit_code);
            }
            match outcome {
                Ok(code) => {
                    let how = if code == 0 { "done" } else { "failed" };
                    print_error(format_args!("boaws: {how}, waiting for changes"));
                    if let Err(why) = self.conductor.wait_for_change() {
                        return why.exit_code();
                    }
                }
                Err(Why::Changed) => {}
                Err(why) => return why.exit_code(),
            }
            self.say_what_changed();
            prepared = self.prepare(self.args.stats.then(Stats::new));
        }
    }

    /// The exit code of a run that has ended by itself or timed out; otherwise why it ended.
    fn run_once(&mut self, run: Run) -> Result<u8, Why> {
        let stats = run.stats.clone();
        let ending = Arc::new(AtomicBool::new(false));
        let started = self.start(run, Arc::clone(&ending));
        let script = match started {
            Ok(script) => script,
            Err(error) => {
                print_error(format_args!(
                    "boaws: cannot start the script's thread: {error}"
                ));
                return Ok(EXIT_USAGE);
            }
        };
        let Ended { why, computes_on } = self.conductor.conduct(&ending);
        if let Some(stats) = stats {
            conductor::say(stats.to_string());
        }
        if computes_on {
            self.leave_script_behind(why);
        }
        let code = match script.join() {
            Ok(Ok(true)) => 0,
            // The panic has printed its message.
            Ok(Ok(false)) | Err(_) => EXIT_UNCAUGHT,
            Ok(Err(error)) => {
                print_error(format_args!("boaws: {error}"));
                EXIT_UNCAUGHT
            }
        };
        match why {
            None => Ok(code),
            Some(Why::TimedOut) => Ok(EXIT_UNCAUGHT),
            Some(why) => Err(why),
        }
    }

    fn start(&self, run: Run, ending: Arc<AtomicBool>) -> io::Result<Script> {
        let events = self.conductor.sender();
        let watch = self.conductor.watch().cloned();
        let script_args = self.args.script_args.clone();
        let script = move || {
            // Dropped last.
            let events = TellOver(events);
            // Boa's errors stay on their thread.
            let text = |error: JsError| error.to_string();
            let mut session = Session::new(run.extension, run.location.as_deref()).map_err(text)?;
            if let Some(watch) = watch {
                // What cannot be watched can be imported all the same.
                let add = move |file: &Path| drop(lock(&watch).add(file));
                session.loader.set_noticed(add);
            }
            let context = &mut session.context;
            script::define_globals(&run.environment, &script_args, context).map_err(text)?;
            let started = Event::Started(session.event_loop.spawner());
            // Whoever conducts waits for us.
            let _ = events.0.send(started);
            script::run(session, &run.sources, &ending).map_err(text)
        };
        thread::Builder::new()
            .name("boaws-script".to_owned())
            .stack_size(STACK_SIZE)
            .spawn(script)
    }

    /// There is no way to stop a thread that computes on. Ends the process, or has another one take its place.
    fn leave_script_behind(&mut self, why: Option<Why>) -> ! {
        let code = why.map_or(EXIT_UNCAUGHT, Why::exit_code);
        let timed_out = why == Some(Why::TimedOut) && self.conductor.watch().is_some();
        if timed_out {
            print_error(format_args!("boaws: failed, waiting for changes"));
            if let Err(why) = self.conductor.wait_for_change() {
                process::exit(why.exit_code().into());
            }
        }
        if timed_out || why == Some(Why::Changed) {
            self.say_what_changed();
            let error = self.start_anew();
            print_error(format_args!("boaws: cannot run again: {error}"));
        }
        process::exit(code.into())
    }

    fn say_what_changed(&mut self) {
        let changed = self.conductor.take_changes();
        let names: Vec<_> = changed
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let names = names.join(", ");
        print_error(format_args!("boaws: changed: {names}; running again"));
    }

    /// Has a process with the same arguments take the place of this one. Returns only if it cannot.
    fn start_anew(&self) -> io::Error {
        if self.sources.use_stdin() {
            return io::Error::other("standard input is read already");
        }
        let program = match env::current_exe() {
            Ok(program) => program,
            Err(error) => return error,
        };
        let mut again = Command::new(program);
        again.args(env::args_os().skip(1));
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            again.exec()
        }
        #[cfg(not(unix))]
        match again.status() {
            Ok(status) => process::exit(status.code().unwrap_or(EXIT_UNCAUGHT.into())),
            Err(error) => error,
        }
    }
}
