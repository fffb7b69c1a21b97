//! A terminal on which somebody types while others print.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use rustyline::ExternalPrinter;

use crate::cli::terminal;

/// Texts that wait to be printed above the prompt; who prints more has to wait.
const MAX_WAITING: usize = 256;

/// How much is printed above the prompt at once.
const MAX_BYTES: usize = 64 << 10;

/// How long to wait for the editor to show a text. It may be gone by then: it has to be asked again.
const PATIENCE: Duration = Duration::from_millis(100);

/// How long the editor may take from drawing a prompt to having it on the terminal; nobody is told when it has.
const DRAWING: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Nobody is typing.
    #[default]
    Free,
    /// There is a prompt.
    Editing,
    /// A line is complete: the cursor is about to leave it.
    Leaving,
}

#[derive(Debug, Default)]
struct State {
    stage: Stage,
    waiting: Vec<String>,
    /// The editor was given a text that it may not have shown. A second one could block until the next prompt.
    unseen: bool,
}

/// Who may write to the terminal now.
#[derive(Debug, Default)]
pub(super) struct Screen {
    state: Mutex<State>,
    changed: Condvar,
}

impl Screen {
    /// From now on what the program prints goes above the prompt, by a thread of its own.
    pub(super) fn take_over(
        printer: impl ExternalPrinter + Send + 'static,
    ) -> io::Result<Arc<Self>> {
        let screen = Arc::<Self>::default();
        let pump = Arc::clone(&screen);
        thread::Builder::new()
            .name("boaws-printer".to_owned())
            .spawn(move || pump.pump(printer))?;
        let printing = Arc::clone(&screen);
        terminal::set_printer(Some(Box::new(move |text| printing.print(text))));
        Ok(screen)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints a text and a line feed, now or above the prompt.
    fn print(&self, text: String) {
        let mut state = self.state();
        while state.stage != Stage::Free && state.waiting.len() >= MAX_WAITING {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.push(text);
        if state.stage == Stage::Free {
            write_out(&mut state);
        } else {
            self.changed.notify_all();
        }
    }

    /// There is about to be a prompt.
    pub(super) fn begin(&self) {
        self.state().stage = Stage::Editing;
        self.changed.notify_all();
    }

    /// A line was accepted. What is printed from now on comes below it.
    pub(super) fn accept(&self) {
        self.state().stage = Stage::Leaving;
    }

    /// There is no prompt any more.
    pub(super) fn end(&self) {
        let mut state = self.state();
        state.stage = Stage::Free;
        write_out(&mut state);
        drop(state);
        self.changed.notify_all();
    }

    /// The editor has drawn the prompt again.
    pub(super) fn drawn(&self) {
        let mut state = self.state();
        if state.unseen {
            state.unseen = false;
            drop(state);
            self.changed.notify_all();
        }
    }

    /// Hands texts to the editor while there is a prompt.
    fn pump(&self, mut printer: impl ExternalPrinter) {
        loop {
            let mut state = self.state();
            while state.stage != Stage::Editing || state.waiting.is_empty() {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            let mut text = String::new();
            let fits = |total: &mut usize, next: &String| {
                *total += next.len();
                Some(*total).filter(|total| *total <= MAX_BYTES)
            };
            let count = state.waiting.iter().scan(0, fits).count().max(1);
            for line in state.waiting.drain(..count) {
                text.push_str(&line);
                text.push('\n');
            }
            state.unseen = true;
            drop(state);
            self.changed.notify_all();
            if printer.print(text).is_err() {
                // The editor is gone, and with it the prompt.
                return self.end();
            }
            let unseen = |state: &mut State| state.unseen && state.stage == Stage::Editing;
            let waited = self
                .changed
                .wait_timeout_while(self.state(), PATIENCE, unseen);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Waits a moment for what was printed last.
    pub(super) fn settle(&self) {
        let busy = |state: &mut State| {
            state.stage == Stage::Editing && (state.unseen || !state.waiting.is_empty())
        };
        let waited = self
            .changed
            .wait_timeout_while(self.state(), PATIENCE * 5, busy);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        // What is drawn is about to be written.
        thread::sleep(DRAWING);
    }
}

fn write_out(state: &mut State) {
    let mut stdout = io::stdout().lock();
    for text in state.waiting.drain(..) {
        // A terminal that is gone ends the editor.
        let _ = writeln!(stdout, "{text}");
    }
    let _ = stdout.flush();
}
