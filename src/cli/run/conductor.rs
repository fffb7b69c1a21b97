//! The main thread while script runs on its own: it waits for what may end the run, and sees to it that it ends.

use std::{
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    cli::{
        interrupt::{self, EXIT_OUTPUT_GONE, PATIENCE, Signal},
        terminal::print_error,
        watch::Watch,
    },
    event_loop::Spawner,
};

/// The same when nobody reads the output any more: then it is not worth waiting for.
const OUTPUT_GONE_PATIENCE: Duration = Duration::from_millis(500);

/// Changes that follow each other closer than this belong together: editors write in several steps.
const SETTLING: Duration = Duration::from_millis(100);

/// How long it may take to print a line.
const SPEAKING: Duration = Duration::from_millis(500);

/// A file that changes all the time is not waited for any longer.
const MAX_SETTLING: Duration = Duration::from_secs(1);

/// So many signals are the conductor's to heed; one more ends the process.
const MAX_SIGNALS: usize = 2;

/// What the conductor hears of from other threads.
pub(super) enum Event {
    /// Script's thread has an event loop.
    Started(Spawner),
    /// Script's thread is at its end.
    Over,
    Asked(Signal),
    OutputGone,
    /// Something in a folder that is watched.
    Changed(PathBuf),
}

/// Tells that script's thread is at its end, whatever brought it there.
pub(super) struct TellOver(pub(super) Sender<Event>);

impl Drop for TellOver {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Over);
    }
}

/// What ended a run that did not end by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Asked(Signal),
    TimedOut,
    OutputGone,
    /// A file has changed.
    Changed,
}

impl Why {
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Asked(signal) => signal.exit_code(),
            Self::TimedOut | Self::Changed => crate::cli::EXIT_UNCAUGHT,
            Self::OutputGone => EXIT_OUTPUT_GONE,
        }
    }
}

/// How a run ended.
pub(super) struct Ended {
    /// `None`: by itself.
    pub(super) why: Option<Why>,
    /// Script computes on, and there is no way to stop its thread.
    pub(super) computes_on: bool,
}

pub(super) struct Conductor {
    events: Receiver<Event>,
    sender: Sender<Event>,
    timeout: Option<Duration>,
    watch: Option<Arc<Mutex<Watch>>>,
    /// What has changed since the last run began, and when.
    changed: Vec<PathBuf>,
    first_change: Option<Instant>,
    last_change: Option<Instant>,
}

impl Conductor {
    /// Listens to changes of files from now on, if that is wanted.
    ///
    /// # Errors
    ///
    /// What the system does not let us do, as a text for people.
    pub(super) fn new(timeout: Option<Duration>, watches: bool) -> Result<Self, String> {
        let (sender, events) = mpsc::channel();
        let to = sender.clone();
        let watch = watches.then(|| Watch::new(move |path| drop(to.send(Event::Changed(path)))));
        let watch = watch.transpose()?;
        Ok(Self {
            events,
            sender,
            timeout: timeout.filter(|timeout| !timeout.is_zero()),
            watch: watch.map(|watch| Arc::new(Mutex::new(watch))),
            changed: Vec::new(),
            first_change: None,
            last_change: None,
        })
    }

    /// Listens to signals, and to what is printed, from now on: they end nothing by themselves any more. To be called once.
    ///
    /// # Errors
    ///
    /// What the system does not let us do, as a text for people.
    pub(super) fn listen(&self) -> Result<(), String> {
        let to = self.sender.clone();
        let heard = AtomicUsize::new(0);
        let asked = move |signal: Signal| {
            // Whoever conducts may be held up, by a stderr that nobody reads.
            if heard.fetch_add(1, Relaxed) >= MAX_SIGNALS {
                process::exit(signal.exit_code().into());
            }
            drop(to.send(Event::Asked(signal)));
        };
        interrupt::listen(asked).map_err(|error| format!("cannot listen to signals: {error}"))?;
        let to = self.sender.clone();
        interrupt::when_output_is_gone(move || drop(to.send(Event::OutputGone)));
        Ok(())
    }

    pub(super) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    pub(super) fn watch(&self) -> Option<&Arc<Mutex<Watch>>> {
        self.watch.as_ref()
    }

    /// Waits until script's thread is at its end. Sets `ending` once it is to end.
    pub(super) fn conduct(&mut self, ending: &AtomicBool) -> Ended {
        let mut spawner = None;
        let mut why = None;
        let after = |time| Instant::now().checked_add(time);
        let mut deadline = self.timeout.and_then(after);
        loop {
            // What changes once the run is to end is for later.
            let settled = self.settled_at().filter(|_| why.is_none());
            let wake = [deadline, settled].into_iter().flatten().min();
            let new = match self.next(wake) {
                Some(Event::Over) => {
                    let computes_on = false;
                    return Ended { why, computes_on };
                }
                Some(Event::Started(started)) => {
                    if why.is_some() {
                        say_goodbye(&started);
                    }
                    spawner = Some(started);
                    continue;
                }
                Some(Event::Changed(path)) => {
                    self.note_change(path);
                    continue;
                }
                Some(Event::Asked(signal)) => match why {
                    None | Some(Why::Changed) => Why::Asked(signal),
                    // The second one leaves at once.
                    Some(_) => {
                        return Ended {
                            why: Some(Why::Asked(signal)),
                            computes_on: true,
                        };
                    }
                },
                Some(Event::OutputGone) => Why::OutputGone,
                None if settled.is_some_and(|at| at <= Instant::now()) => Why::Changed,
                None if why.is_none() => {
                    self.say_timed_out();
                    Why::TimedOut
                }
                None => {
                    if why != Some(Why::OutputGone) {
                        say("boaws: the script computes on: it is ended as it stands".to_owned());
                    }
                    let computes_on = true;
                    return Ended { why, computes_on };
                }
            };
            if why.is_none() {
                ending.store(true, Relaxed);
                deadline = after(match new {
                    Why::OutputGone => OUTPUT_GONE_PATIENCE,
                    _ => PATIENCE,
                });
                spawner.as_ref().map(say_goodbye);
            }
            why = Some(new);
        }
    }

    /// Waits for a change, unless there was one already.
    ///
    /// # Errors
    ///
    /// What else wants the process to end.
    pub(super) fn wait_for_change(&mut self) -> Result<(), Why> {
        loop {
            let settled = self.settled_at();
            match self.next(settled) {
                None => return Ok(()),
                Some(Event::Asked(signal)) => return Err(Why::Asked(signal)),
                Some(Event::OutputGone) => return Err(Why::OutputGone),
                Some(Event::Changed(path)) => self.note_change(path),
                Some(Event::Started(_) | Event::Over) => {}
            }
        }
    }

    /// What has changed, and forgets it.
    pub(super) fn take_changes(&mut self) -> Vec<PathBuf> {
        self.first_change = None;
        self.last_change = None;
        std::mem::take(&mut self.changed)
    }

    /// The next event, or `None` at that time.
    fn next(&self, at: Option<Instant>) -> Option<Event> {
        let received = match at {
            None => self
                .events
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now());
                self.events.recv_timeout(left)
            }
        };
        // There is always a sender: our own.
        received.ok()
    }

    fn settled_at(&self) -> Option<Instant> {
        let (first, last) = self.first_change.zip(self.last_change)?;
        Some((last + SETTLING).min(first + MAX_SETTLING))
    }

    fn note_change(&mut self, path: PathBuf) {
        let name = self
            .watch
            .as_deref()
            .and_then(|watch| lock(watch).name_of(&path));
        if let Some(name) = name {
            let now = Instant::now();
            self.first_change.get_or_insert(now);
            self.last_change = Some(now);
            if !self.changed.contains(&name) {
                self.changed.push(name);
            }
        }
    }

    fn say_timed_out(&self) {
        let seconds = self.timeout.unwrap_or_default().as_secs_f64();
        say(format!(
            "boaws: ended after {seconds} s, as --timeout wants"
        ));
    }
}

/// Prints a line on stderr, unless that takes long: where nobody reads what script prints, it may never get out, and
/// the process is to end all the same.
pub(super) fn say(line: String) {
    let (said, is_said) = mpsc::channel();
    let speaking = move || {
        print_error(format_args!("{line}"));
        // Nobody may be waiting any more.
        let _ = said.send(());
    };
    if thread::Builder::new().spawn(speaking).is_ok() {
        let _ = is_said.recv_timeout(SPEAKING);
    }
}

pub(super) fn lock(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}

fn say_goodbye(spawner: &Spawner) {
    // A loop that is gone has no sockets; one whose queue is full computes on and is ended.
    let _ = spawner.spawn_task(|context| {
        interrupt::say_goodbye(context);
        Ok(())
    });
}
