//! Connections that fail, told on stderr as browsers tell of them in their consoles.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::hints::{self, Given};
use crate::net::{Destination, Error, ErrorKind, Observer, SocketId};

/// How many failures of one URL are told within a [`WINDOW`].
const TOLD: u32 = 5;

/// A script that tries again and again shall not drown everything else.
const WINDOW: Duration = Duration::from_secs(1);

/// How many URLs are told apart within a window, and how many hints are remembered.
const REMEMBERED: usize = 256;

/// How a line is printed.
type Print = Box<dyn Fn(&str) + Send + Sync>;

/// Tells of each connection that fails, with a hint where there is one: a hint once only, and not too many lines.
pub(super) struct FailureLines {
    given: Given,
    /// Something else tells of the failures: there are the hints alone.
    only_hints: bool,
    print: Print,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    /// The sockets that are there, which the network bounds.
    urls: HashMap<SocketId, Arc<Url>>,
    /// Of the last one: thousands may lead to the same place.
    last: Option<Arc<Url>>,
    begun: Option<Instant>,
    /// How often each URL has failed since then.
    failed: HashMap<String, u32>,
    hinted: HashSet<String>,
}

/// A [`Destination`] that is kept.
struct Url {
    host: String,
    port: u16,
    secure: bool,
    path: String,
}

impl Url {
    fn of(to: Destination<'_>) -> Self {
        Self {
            host: to.host.to_owned(),
            port: to.port,
            secure: to.secure,
            // Of a path that is longer not all is shown.
            path: to.path.chars().take(256).collect(),
        }
    }

    fn is_of(&self, to: Destination<'_>) -> bool {
        self.destination() == to
    }

    fn destination(&self) -> Destination<'_> {
        Destination {
            host: &self.host,
            port: self.port,
            secure: self.secure,
            path: &self.path,
        }
    }
}

impl FailureLines {
    /// `only_hints`: something else tells of the failures themselves.
    pub(super) fn new(
        given: Given,
        only_hints: bool,
        print: impl Fn(&str) + Send + Sync + 'static,
    ) -> Self {
        Self {
            given,
            only_hints,
            print: Box::new(print),
            notes: Mutex::default(),
        }
    }

    fn tell(&self, to: Destination<'_>, error: &Error, now: Instant) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.only_hints {
            match notes.count(hints::url(to), now) {
                Some(count) if count <= TOLD => {
                    (self.print)(&format!("boaws: {}", hints::failure(error, to)));
                }
                Some(count) if count == TOLD + 1 => (self.print)(&format!(
                    "boaws: more failures to connect to '{}' within a second are not shown",
                    hints::url(to)
                )),
                _ => return,
            }
        }
        let Some(hint) = hints::hint(error, to, &self.given) else {
            return;
        };
        if notes.hinted.len() < REMEMBERED
            && notes.hinted.insert(format!("{} {hint}", hints::url(to)))
        {
            (self.print)(&format!("hint: {hint}"));
        }
    }
}

impl Notes {
    /// How often this URL has failed in this window; `None`: too many others have.
    fn count(&mut self, url: String, now: Instant) -> Option<u32> {
        if self
            .begun
            .is_none_or(|begun| now.saturating_duration_since(begun) >= WINDOW)
        {
            self.begun = Some(now);
            self.failed.clear();
        }
        if self.failed.len() >= REMEMBERED && !self.failed.contains_key(&url) {
            return None;
        }
        let count = self.failed.entry(url).or_default();
        *count = count.saturating_add(1);
        Some(*count)
    }
}

impl Observer for FailureLines {
    fn connecting(&self, socket: SocketId, to: Destination<'_>) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let same = notes.last.take().filter(|last| last.is_of(to));
        let url = same.unwrap_or_else(|| Arc::new(Url::of(to)));
        notes.last = Some(Arc::clone(&url));
        notes.urls.insert(socket, url);
    }

    fn failed(&self, socket: SocketId, error: &Error) {
        // What was done on purpose is no failure, nor is the end of the script.
        let kind = error.kind();
        if matches!(
            kind,
            ErrorKind::Cancelled | ErrorKind::ShutDown | ErrorKind::Aborted
        ) {
            return;
        }
        let url = {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            notes.urls.remove(&socket)
        };
        if let Some(url) = url {
            self.tell(url.destination(), error, Instant::now());
        }
    }

    fn closed(&self, socket: SocketId, _: u16, _: &str, _: bool) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.urls.remove(&socket);
    }
}

impl fmt::Debug for FailureLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailureLines").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::net::Phase;

    fn told(only_hints: bool) -> (FailureLines, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::<Mutex<Vec<String>>>::default();
        let printed = lines.clone();
        let print = move |line: &str| printed.lock().unwrap().push(line.to_owned());
        (
            FailureLines::new(Given::default(), only_hints, print),
            lines,
        )
    }

    fn to(path: &str) -> Destination<'_> {
        Destination {
            host: "localhost",
            port: 1,
            secure: false,
            path,
        }
    }

    fn refused() -> Error {
        let kind = std::io::ErrorKind::ConnectionRefused;
        Error::io(Phase::Connect, "localhost:1", kind.into())
    }

    #[test]
    fn a_loop_that_tries_again_is_told_in_part_and_hinted_at_once() {
        let (failures, lines) = told(false);
        let start = Instant::now();
        for _ in 0..1_000 {
            failures.tell(to("/a"), &refused(), start);
        }
        let line = "boaws: WebSocket connection to 'ws://localhost:1/a' failed: connection refused";
        {
            let lines = lines.lock().unwrap();
            assert_eq!(lines.len(), TOLD as usize + 2, "{lines:?}");
            assert_eq!(lines[0], line);
            assert!(lines[1].starts_with("hint: "));
            assert!(
                lines[TOLD as usize + 1].ends_with("are not shown"),
                "{lines:?}"
            );
        }
        lines.lock().unwrap().clear();
        failures.tell(to("/b"), &refused(), start);
        assert_eq!(lines.lock().unwrap().len(), 2, "others are told");
        lines.lock().unwrap().clear();
        failures.tell(to("/a"), &refused(), start + WINDOW);
        assert_eq!(*lines.lock().unwrap(), [line]);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let (failures, lines) = told(false);
        let start = Instant::now();
        for number in 0..10 * REMEMBERED {
            failures.tell(to(&format!("/{number}")), &refused(), start);
        }
        let notes = failures.notes.lock().unwrap();
        assert!(notes.failed.len() <= REMEMBERED && notes.hinted.len() <= REMEMBERED);
        assert_eq!(lines.lock().unwrap().len(), 2 * REMEMBERED);
    }

    #[test]
    fn what_script_did_itself_is_not_told_and_nothing_is_kept_of_the_dead() {
        let (failures, lines) = told(false);
        for kind in [
            ErrorKind::Cancelled,
            ErrorKind::ShutDown,
            ErrorKind::Aborted,
        ] {
            let id = SocketId::next();
            failures.connecting(id, to("/"));
            failures.failed(id, &Error::new(Phase::Connect, kind, "localhost:1"));
            failures.closed(id, 1006, "", false);
        }
        let id = SocketId::next();
        failures.connecting(id, to("/"));
        failures.closed(id, 1000, "", true);
        assert!(failures.notes.lock().unwrap().urls.is_empty());
        assert!(lines.lock().unwrap().is_empty());
    }

    #[test]
    fn where_the_failures_are_told_already_there_are_the_hints() {
        let (failures, lines) = told(true);
        let id = SocketId::next();
        failures.connecting(id, to("/"));
        failures.failed(id, &refused());
        let lines = lines.lock().unwrap();
        assert!(
            matches!(&lines[..], [line] if line.starts_with("hint: ")),
            "{lines:?}"
        );
    }
}
