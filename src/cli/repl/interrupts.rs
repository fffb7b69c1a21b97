//! Ctrl-C while something is evaluated. (While a line is edited it is a key like any other.)

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use super::evaluator;
use crate::{
    cli::{
        interrupt::{self, Signal},
        line_editor::TerminalMode,
        terminal::print_error,
    },
    event_loop::Spawner,
};

/// How long the event loop may take to hear of it before script is said to be running.
const PATIENCE: Duration = Duration::from_millis(300);

/// What a Ctrl-C would interrupt.
#[derive(Debug, Default)]
pub(super) struct Interrupts {
    evaluating: AtomicBool,
    /// How many came since something is evaluated, or was.
    count: AtomicU32,
}

impl Interrupts {
    /// Listens from now on.
    pub(super) fn new(spawner: Spawner) -> Arc<Self> {
        let interrupts = Arc::<Self>::default();
        let own = Arc::clone(&interrupts);
        let mode = TerminalMode::save();
        let heard = move |signal| own.heard(signal, &spawner, &mode);
        if let Err(error) = interrupt::listen(heard) {
            print_error(format_args!(
                "boaws: warning: Ctrl-C will not be heard: {error}"
            ));
        }
        interrupts
    }

    /// Something is evaluated from now on.
    pub(super) fn begin(&self) {
        self.count.store(0, SeqCst);
        self.evaluating.store(true, SeqCst);
    }

    /// Nothing is evaluated any more.
    pub(super) fn end(&self) {
        self.evaluating.store(false, SeqCst);
        self.count.store(0, SeqCst);
    }

    /// Called on a thread of its own.
    fn heard(&self, signal: Signal, spawner: &Spawner, mode: &TerminalMode) {
        let again = self.count.fetch_add(1, SeqCst) > 0;
        // At the prompt no key does this: somebody wants the process to end.
        if again || signal != Signal::Interrupt || !self.evaluating.load(SeqCst) {
            if !again {
                say_goodbye(spawner);
            }
            mode.restore();
            process::exit(signal.exit_code().into());
        }
        let heard = Arc::new(AtomicBool::new(false));
        let hears = Arc::clone(&heard);
        // Without a loop there is nothing to interrupt.
        let _ = spawner.spawn_task(move |context| {
            hears.store(true, SeqCst);
            evaluator::stop_waiting(context);
            Ok(())
        });
        thread::sleep(PATIENCE);
        if !heard.load(SeqCst) && self.evaluating.load(SeqCst) {
            print_error(format_args!(
                "boaws: script that is running cannot be interrupted; Ctrl-C again ends the process"
            ));
        }
    }
}

/// Waits until the script's thread has ended, for a while.
fn say_goodbye(spawner: &Spawner) {
    // It may have ended already.
    let _ = spawner.spawn_task(|context| {
        evaluator::leave(context);
        Ok(())
    });
    let until = Instant::now() + interrupt::PATIENCE;
    while !spawner.is_closed() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
}
