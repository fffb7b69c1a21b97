//! Servers that behave as a file says: see [`Scenario`].

mod play;
mod schema;
mod script;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

pub(super) use self::play::play;
use self::schema::{File, Refuse};

/// A server that behaves as a JSON file says: what it refuses, what it does when a connection opens, and how it answers
/// messages, at a path of its own.
///
/// ```
/// # #[cfg(any(feature = "ring", feature = "aws-lc-rs"))] {
/// use boa_websocket::cli::serve::{Scenario, Server, ServerOptions};
///
/// let greeter = Scenario::parse(
///     "greeter.json",
///     r#"{
///         "path": "/greeter",
///         "on_open": [{ "after_ms": 10, "send": "hello, number {connection}" }],
///         "on_message": [
///             { "equals": "bye", "do": [{ "close": { "code": 4000, "reason": "as you wish" } }] },
///             { "do": [{ "send": "you said {message}" }] }
///         ]
///     }"#,
/// )?;
/// let mut options = ServerOptions::default();
/// options.scenarios.push(greeter);
/// let server = Server::start(options)?;
///
/// let wrong = Scenario::parse("wrong.json", r#"{ "path": "/wrong", "on_opne": [] }"#);
/// assert!(wrong.unwrap_err().to_string().starts_with("wrong.json:1:"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What may stand in it:
#[doc = concat!("```text\n", include_str!("schema.txt"), "```")]
#[derive(Clone, Debug)]
pub struct Scenario {
    file: File,
}

/// The description of the format, for people.
pub(in crate::cli) const SCHEMA: &str = include_str!("schema.txt");

/// Why a text is no scenario: `Display` says in which file, where in it, at which field, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    file: PathBuf,
    line: usize,
    column: usize,
    field: String,
    what: String,
}

impl ScenarioError {
    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in it, from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }

    /// The field, as `on_message[0].do[1].close.code`; empty where there is none.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            field,
            what,
        } = self;
        write!(f, "{}:{line}:{column}: ", file.display())?;
        match &**field {
            "" => f.write_str(what),
            field => write!(f, "{field}: {what}"),
        }
    }
}

impl std::error::Error for ScenarioError {}

impl Scenario {
    /// Reads one; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, and where.
    pub fn parse(name: impl AsRef<Path>, text: &str) -> Result<Self, ScenarioError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let read = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| {
                let field = match error.path().to_string() {
                    // That is the whole text.
                    path if path == "." => String::new(),
                    path => path,
                };
                (field, error.into_inner())
            })
            .and_then(|file| {
                let end = json.end();
                end.map(|()| file).map_err(|error| (String::new(), error))
            });
        match read {
            Ok(file) => Ok(Self { file }),
            Err((field, error)) => {
                let text = error.to_string();
                // The place is told apart.
                let what = text
                    .rsplit_once(" at line ")
                    .map_or(&*text, |(what, _)| what);
                Err(ScenarioError {
                    file: name.as_ref().to_owned(),
                    line: error.line(),
                    column: error.column(),
                    field,
                    what: what.to_owned(),
                })
            }
        }
    }

    /// The path that it is served at.
    #[must_use]
    pub fn path(&self) -> &str {
        self.file.path.as_str()
    }

    /// What it says of itself; may be empty.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.file.about
    }
}

/// A scenario that is served: with it, what its connections have in common.
pub(super) struct Stage {
    scenario: Scenario,
    asked: AtomicU64,
    opened: AtomicU64,
}

impl Stage {
    pub(super) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            asked: AtomicU64::new(0),
            opened: AtomicU64::new(0),
        }
    }

    pub(super) fn path(&self) -> &str {
        self.scenario.path()
    }

    pub(super) fn about(&self) -> &str {
        self.scenario.about()
    }

    fn file(&self) -> &File {
        &self.scenario.file
    }

    /// Counts a request. How it is to be refused, if it is.
    fn asked(&self) -> Option<&Refuse> {
        let mut number = self.asked.fetch_add(1, Relaxed);
        for refuse in &self.file().refuse {
            match refuse.times {
                None => return Some(refuse),
                Some(times) if number < times.get() => return Some(refuse),
                Some(times) => number -= times.get(),
            }
        }
        None
    }

    /// Counts an open connection: which one it is, from 1.
    fn opened(&self) -> u64 {
        self.opened.fetch_add(1, Relaxed) + 1
    }
}

#[cfg(test)]
mod tests;
