//! Ctrl-C while something is evaluated. (While a line is edited it is a key like any other.)

use std::{
    process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use super::evaluator;
use crate::{
    cli::{interrupt, line_editor::TerminalMode, terminal::print_error},
    event_loop::Spawner,
};

/// How long the event loop may take to hear of it before script is said to be running.
const PATIENCE: Duration = Duration::from_millis(300);

/// 128 and the number of SIGINT.
const EXIT_INTERRUPTED: i32 = 130;

/// What a Ctrl-C would interrupt.
#[derive(Debug, Default)]
pub(super) struct Interrupts {
    evaluating: AtomicBool,
    /// How many came since something is evaluated.
    count: AtomicU32,
}

impl Interrupts {
    /// Listens from now on.
    pub(super) fn new(spawner: Spawner) -> Arc<Self> {
        let interrupts = Arc::<Self>::default();
        let own = Arc::clone(&interrupts);
        let mode = TerminalMode::save();
        if let Err(error) = interrupt::listen(move |_| own.interrupted(&spawner, &mode)) {
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
    }

    /// Called on a thread of its own.
    fn interrupted(&self, spawner: &Spawner, mode: &TerminalMode) {
        // At the prompt no key does this: somebody wants the process to end.
        if !self.evaluating.load(SeqCst) || self.count.fetch_add(1, SeqCst) > 0 {
            mode.restore();
            process::exit(EXIT_INTERRUPTED);
        }
        let heard = Arc::new(AtomicBool::new(false));
        let hears = Arc::clone(&heard);
        // Without a loop there is nothing to interrupt.
        let _ = spawner.spawn_task(move |context| {
            hears.store(true, SeqCst);
            evaluator::interrupt(context);
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
