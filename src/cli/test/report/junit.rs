//! JUnit's XML, as continuous integration servers read it: a suite for each file, a case for each subtest.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
};

use super::{Output, Record, Reporter, Totals};
use crate::cli::test::{expectations::Judgement, outcome::FileStatus};

/// See the module. Everything is written at the end, because the counts come first.
pub(in crate::cli::test) struct Junit {
    output: Output,
    suites: String,
    tests: usize,
    failures: usize,
}

/// A suite that is being written.
#[derive(Default)]
struct Suite {
    cases: String,
    tests: usize,
    failures: usize,
    skipped: usize,
}

impl Junit {
    /// Writes to `output`.
    pub(in crate::cli::test) fn new(output: Output) -> Self {
        Self {
            output,
            suites: String::new(),
            tests: 0,
            failures: 0,
        }
    }
}

impl Suite {
    /// Adds a case; `inside` is the element that says how it went, if it did not pass.
    fn case(&mut self, class: &str, name: &str, seconds: f64, inside: &str) {
        self.tests += 1;
        let (class, name) = (escape(class), escape(name));
        let head =
            format!(r#"    <testcase classname="{class}" name="{name}" time="{seconds:.3}""#);
        self.cases += &head;
        self.cases += &match inside {
            "" => "/>\n".to_owned(),
            inside => format!(">{inside}</testcase>\n"),
        };
    }

    fn judged(&mut self, class: &str, name: &str, seconds: f64, what: (&Judgement, &str, &str)) {
        let (judgement, message, details) = what;
        let inside = match judgement {
            Judgement::Fine => String::new(),
            Judgement::Known(reason) => {
                self.skipped += 1;
                format!(r#"<skipped message="known: {}"/>"#, escape(reason))
            }
            Judgement::Failure => {
                self.failures += 1;
                let (message, details) = (escape(message), escape(details));
                format!(r#"<failure message="{message}">{details}</failure>"#)
            }
            Judgement::UnexpectedPass(reason) => {
                self.failures += 1;
                let reason = escape(reason);
                format!(r#"<failure message="it passed, and was expected to fail: {reason}"/>"#)
            }
        };
        self.case(class, name, seconds, &inside);
    }
}

impl Reporter for Junit {
    fn file(&mut self, record: &Record<'_>) -> io::Result<()> {
        let id = &record.test.id;
        let seconds = record.outcome.duration.as_secs_f64();
        let mut suite = Suite::default();
        if record.outcome.status == FileStatus::Skip {
            suite.skipped += 1;
            let why = escape(record.outcome.message.as_deref().unwrap_or_default());
            suite.case(
                id,
                "the file",
                0.0,
                &format!(r#"<skipped message="{why}"/>"#),
            );
        } else {
            for (subtest, judgement) in record.subtests() {
                let message = subtest.message.as_deref().unwrap_or("no message");
                let message = format!("{}: {message}", subtest.status);
                let stack = subtest.stack.as_deref().unwrap_or_default();
                suite.judged(id, &subtest.name, 0.0, (judgement, &message, stack));
            }
            let line = record.file_line();
            let what = (
                &record.verdict.file,
                line.as_str(),
                record.outcome.output.as_str(),
            );
            suite.judged(id, "the file", seconds, what);
            for name in &record.verdict.absent {
                suite.failures += 1;
                let inside =
                    r#"<failure message="there is no such subtest, and it was expected to fail"/>"#;
                suite.case(id, name, 0.0, inside);
            }
        }
        self.tests += suite.tests;
        self.failures += suite.failures;
        let Suite {
            cases,
            tests,
            failures,
            skipped,
        } = suite;
        // Writing to a string cannot fail.
        let _ = write!(
            self.suites,
            "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"{skipped}\" time=\"{seconds:.3}\">\n{cases}  </testsuite>\n",
            escape(id)
        );
        Ok(())
    }

    fn end(&mut self, totals: &Totals) -> io::Result<()> {
        let Self {
            suites,
            tests,
            failures,
            ..
        } = self;
        let seconds = totals.elapsed().as_secs_f64();
        write!(
            self.output,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"boaws test\" tests=\"{tests}\" \
             failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\">\n{suites}</testsuites>\n"
        )?;
        self.output.flush()
    }
}

/// For text and for values of attributes. What XML 1.0 cannot hold becomes U+FFFD.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_can_break_out_of_an_attribute() {
        assert_eq!(
            escape("<a b=\"c\">&\n\0\u{1f980}"),
            "&lt;a b=&quot;c&quot;&gt;&amp;&#10;\u{fffd}\u{1f980}"
        );
    }
}
