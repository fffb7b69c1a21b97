//! The terminal's mode, to be put back by a process that ends while a line is edited.

use std::sync::Arc;

/// What the terminal was like before anybody typed.
#[derive(Debug)]
pub(in crate::cli) struct TerminalMode {
    #[cfg(unix)]
    before: std::sync::Mutex<Option<nix::sys::termios::Termios>>,
}

impl TerminalMode {
    /// As it is now. A panic puts it back where it ends the process at once, as in the release build; where it unwinds, the editor
    /// does, if it is the editor that ends.
    #[cfg(unix)]
    pub(in crate::cli) fn save() -> Arc<Self> {
        let mode = Arc::new(Self {
            before: nix::sys::termios::tcgetattr(std::io::stdin()).ok().into(),
        });
        if cfg!(panic = "abort") {
            let (saved, tell) = (Arc::clone(&mode), std::panic::take_hook());
            std::panic::set_hook(Box::new(move |panic| {
                saved.restore();
                tell(panic);
            }));
        }
        mode
    }

    /// Removes the prompt and puts the mode back.
    #[cfg(unix)]
    pub(in crate::cli) fn restore(&self) {
        use std::io::Write;

        use nix::sys::termios::{SetArg, tcsetattr};

        let before = self.before.lock();
        let Some(before) = &*before.unwrap_or_else(std::sync::PoisonError::into_inner) else {
            return;
        };
        let mut stdout = std::io::stdout().lock();
        // And what the editor turned on: that pasted text is marked as such.
        let _ = stdout
            .write_all(b"\r\x1b[J\x1b[?2004l")
            .and_then(|()| stdout.flush());
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSADRAIN, before);
    }

    /// A console of Windows has its mode for each program.
    #[cfg(not(unix))]
    pub(in crate::cli) fn save() -> Arc<Self> {
        Arc::new(Self {})
    }

    #[cfg(not(unix))]
    pub(in crate::cli) fn restore(&self) {}
}
