//! The reporters: results in the order of the tests, each in a form of its own.

mod human;
mod json;
mod junit;
mod tap;
mod totals;

use std::io::{self, Write};

use super::{
    expectations::{Judgement, Verdict},
    outcome::{FileOutcome, FileStatus, Subtest},
    plan::TestFile,
};

pub(super) use self::{
    human::{Human, progress_line},
    json::Json,
    junit::Junit,
    tap::Tap,
    totals::Totals,
};

/// A test that has been run.
pub(super) struct Record<'a> {
    pub(super) test: &'a TestFile,
    pub(super) outcome: FileOutcome,
    pub(super) verdict: Verdict,
}

impl Record<'_> {
    /// Each subtest with what is thought of it.
    fn subtests(&self) -> impl Iterator<Item = (&Subtest, &Judgement)> {
        self.outcome.subtests.iter().zip(&self.verdict.subtests)
    }

    /// Whether the file itself is worth a line: it did not end as it should, or not as expected.
    fn file_is_remarkable(&self) -> bool {
        self.outcome.status != FileStatus::Ok || self.verdict.file != Judgement::Fine
    }

    /// Status and message of the file.
    fn file_line(&self) -> String {
        match &self.outcome.message {
            Some(message) => format!("{}: {message}", self.outcome.status),
            None => self.outcome.status.to_string(),
        }
    }
}

/// Writes results somewhere.
pub(super) trait Reporter {
    /// Takes the next test's result.
    ///
    /// # Errors
    ///
    /// Those of the output.
    fn file(&mut self, record: &Record<'_>) -> io::Result<()>;

    /// There are no more.
    ///
    /// # Errors
    ///
    /// Those of the output.
    fn end(&mut self, totals: &Totals) -> io::Result<()>;
}

/// Where reports go.
pub(super) type Output = Box<dyn Write>;
