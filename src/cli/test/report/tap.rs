//! The Test Anything Protocol, version 14. <https://testanything.org/tap-version-14-specification.html>

use std::io::{self, Write};

use super::{Output, Record, Reporter, Totals};
use crate::cli::test::{expectations::Judgement, outcome::FileStatus};

/// See the module. A test point for each subtest, and one for each file that has something to say itself. A known failure is a
/// TODO; so is its pass, which TAP does not call a failure, so it is written as one.
pub(in crate::cli::test) struct Tap {
    output: Output,
    number: usize,
}

impl Tap {
    /// Writes to `output`.
    ///
    /// # Errors
    ///
    /// Those of the output.
    pub(in crate::cli::test) fn new(mut output: Output) -> io::Result<Self> {
        writeln!(output, "TAP version 14")?;
        Ok(Self { output, number: 0 })
    }

    fn point(&mut self, ok: bool, description: &str, directive: &str) -> io::Result<()> {
        self.number += 1;
        let result = if ok { "ok" } else { "not ok" };
        let description = escape(description);
        let number = self.number;
        writeln!(self.output, "{result} {number} - {description}{directive}")
    }

    fn judged(
        &mut self,
        description: &str,
        judgement: &Judgement,
        message: &str,
    ) -> io::Result<()> {
        match judgement {
            Judgement::Fine => self.point(true, description, ""),
            Judgement::Known(reason) => {
                self.point(false, description, &format!(" # TODO {}", escape(reason)))
            }
            Judgement::Failure => {
                self.point(false, description, "")?;
                self.diagnostic(message)
            }
            Judgement::UnexpectedPass(reason) => {
                self.point(false, description, "")?;
                self.diagnostic(&format!("it passed, and was expected to fail: {reason}"))
            }
        }
    }

    /// A block of YAML with the message as a literal.
    fn diagnostic(&mut self, message: &str) -> io::Result<()> {
        writeln!(self.output, "  ---\n  message: |-")?;
        for line in message.lines() {
            writeln!(self.output, "    {line}")?;
        }
        writeln!(self.output, "  ...")
    }
}

impl Reporter for Tap {
    fn file(&mut self, record: &Record<'_>) -> io::Result<()> {
        let id = &record.test.id;
        if record.outcome.status == FileStatus::Skip {
            let why = record.outcome.message.as_deref().unwrap_or_default();
            return self.point(true, id, &format!(" # SKIP {}", escape(why)));
        }
        for (subtest, judgement) in record.subtests() {
            let message = subtest.message.as_deref().unwrap_or("no message");
            let message = match &subtest.stack {
                Some(stack) => format!("{}: {message}\n{stack}", subtest.status),
                None => format!("{}: {message}", subtest.status),
            };
            let description = format!("{id} | {}", subtest.name);
            self.judged(&description, judgement, &message)?;
        }
        if record.file_is_remarkable() {
            self.judged(id, &record.verdict.file, &record.file_line())?;
        }
        for name in &record.verdict.absent {
            self.point(false, &format!("{id} | {name}"), "")?;
            self.diagnostic("there is no such subtest, and it was expected to fail")?;
        }
        self.output.flush()
    }

    fn end(&mut self, _: &Totals) -> io::Result<()> {
        writeln!(self.output, "1..{}", self.number)?;
        self.output.flush()
    }
}

/// On one line, and with nothing that begins a directive.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('#', "\\#")
        .replace(['\n', '\r'], " ")
}
