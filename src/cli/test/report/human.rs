//! For people: failures in full as they come, and a table at the end.

use std::io::{self, Write};

use super::{Output, Record, Reporter, Totals, totals::Count};
use crate::cli::test::{expectations::Judgement, outcome::FileStatus};

/// Lines of a test's output that are shown with its failure.
const MAX_OUTPUT_LINES: usize = 40;

/// See the module.
pub(in crate::cli::test) struct Human {
    output: Output,
    /// Whether tests without surprises have a line too.
    verbose: bool,
}

impl Human {
    /// Writes to `output`.
    pub(in crate::cli::test) fn new(output: Output, verbose: bool) -> Self {
        Self { output, verbose }
    }

    fn surprises(&mut self, record: &Record<'_>) -> io::Result<()> {
        match &record.verdict.file {
            Judgement::Failure => self.indented(&record.file_line())?,
            Judgement::UnexpectedPass(reason) => {
                self.indented(&format!("unexpectedly OK; expected to fail: {reason}"))?;
            }
            Judgement::Fine | Judgement::Known(_) => {}
        }
        for (subtest, judgement) in record.subtests() {
            match judgement {
                Judgement::Failure => {
                    let message = subtest.message.as_deref().unwrap_or("no message");
                    let line = format!("{} {}: {message}", subtest.status, subtest.name);
                    self.indented(&line)?;
                    if let Some(stack) = &subtest.stack {
                        self.indented(stack)?;
                    }
                }
                Judgement::UnexpectedPass(reason) => {
                    let name = &subtest.name;
                    self.indented(&format!(
                        "unexpected PASS {name}; expected to fail: {reason}"
                    ))?;
                }
                Judgement::Fine | Judgement::Known(_) => {}
            }
        }
        for name in &record.verdict.absent {
            self.indented(&format!("no subtest {name:?}, which is expected to fail"))?;
        }
        let lines = record.outcome.output.lines().collect::<Vec<_>>();
        if !lines.is_empty() && record.outcome.status != FileStatus::Crash {
            self.indented("it printed:")?;
            for line in lines.iter().take(MAX_OUTPUT_LINES) {
                self.indented(&format!("| {line}"))?;
            }
            if let Some(more) = lines.len().checked_sub(MAX_OUTPUT_LINES + 1) {
                self.indented(&format!("… and {} more lines", more + 1))?;
            }
        }
        Ok(())
    }

    fn indented(&mut self, text: &str) -> io::Result<()> {
        for line in text.trim_end().lines() {
            writeln!(self.output, "    {line}")?;
        }
        Ok(())
    }
}

impl Reporter for Human {
    fn file(&mut self, record: &Record<'_>) -> io::Result<()> {
        let id = &record.test.id;
        let passed = record.outcome.passed();
        let subtests = record.outcome.subtests.len();
        if !record.verdict.is_expected() {
            writeln!(self.output, "{id}: {passed} of {subtests}")?;
            self.surprises(record)?;
        } else if self.verbose {
            match record.outcome.status {
                FileStatus::Skip => writeln!(self.output, "{id}: {}", record.file_line())?,
                _ => {
                    let seconds = record.outcome.duration.as_secs_f64();
                    writeln!(self.output, "{id}: {passed} of {subtests} ({seconds:.2} s)")?;
                }
            }
        }
        self.output.flush()
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let width = totals.folders.keys().map(String::len).max().unwrap_or(0);
        let width = width.max("folder".len());
        let all = ("all", &totals.all);
        let folders = totals
            .folders
            .iter()
            .map(|(name, count)| (name.as_str(), count));
        writeln!(
            self.output,
            "\n{:width$}  {:>6} {:>7} {:>7} {:>8} {:>6} {:>10}",
            "folder", "files", "skipped", "passed", "subtests", "known", "unexpected"
        )?;
        for (name, count) in folders.chain([all]) {
            let Count {
                files,
                skipped,
                passed,
                subtests,
                known,
                unexpected,
            } = count;
            writeln!(
                self.output,
                "{name:width$}  {files:>6} {skipped:>7} {passed:>7} {subtests:>8} {known:>6} {unexpected:>10}"
            )?;
        }
        let seconds = totals.elapsed().as_secs_f64();
        let verdict = match totals.all.unexpected {
            0 => "all as expected".to_owned(),
            1 => "1 file is not as expected".to_owned(),
            n => format!("{n} files are not as expected"),
        };
        writeln!(self.output, "\n{verdict} ({seconds:.1} s)")?;
        self.output.flush()
    }
}

/// How far it has come, on one line.
pub(in crate::cli::test) fn progress_line(
    done: usize,
    count: usize,
    unexpected: usize,
    current: &str,
) -> String {
    /// Columns that every terminal has.
    const COLUMNS: usize = 79;
    let line = format!("[{done}/{count}] {unexpected} unexpected, {current}");
    line.chars().take(COLUMNS).collect()
}
