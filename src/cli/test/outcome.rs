//! What came of a test file.

use std::{fmt, time::Duration};

use serde_json::{Value, json};

/// How a file as a whole ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileStatus {
    /// It ran to its end. Its subtests have results of their own.
    Ok,
    /// It could not be run, or something went wrong outside its subtests.
    Error,
    /// It took too long.
    Timeout,
    /// It needs something optional that is not there.
    PreconditionFailed,
    /// Its process died.
    Crash,
    /// It was not run, or did not count: [`FileOutcome::message`] says why.
    Skip,
}

/// How a subtest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SubtestStatus {
    /// As it should.
    Pass,
    /// An assertion did not hold, or something else was thrown.
    Fail,
    /// It was begun and not ended in time.
    Timeout,
    /// It was never begun.
    NotRun,
    /// It needs something optional that is not there.
    PreconditionFailed,
}

const FILE_STATUSES: [(FileStatus, &str); 6] = [
    (FileStatus::Ok, "OK"),
    (FileStatus::Error, "ERROR"),
    (FileStatus::Timeout, "TIMEOUT"),
    (FileStatus::PreconditionFailed, "PRECONDITION_FAILED"),
    (FileStatus::Crash, "CRASH"),
    (FileStatus::Skip, "SKIP"),
];

const SUBTEST_STATUSES: [(SubtestStatus, &str); 5] = [
    (SubtestStatus::Pass, "PASS"),
    (SubtestStatus::Fail, "FAIL"),
    (SubtestStatus::Timeout, "TIMEOUT"),
    (SubtestStatus::NotRun, "NOTRUN"),
    (SubtestStatus::PreconditionFailed, "PRECONDITION_FAILED"),
];

fn name_of<T: PartialEq>(names: &[(T, &'static str)], wanted: &T) -> &'static str {
    names
        .iter()
        .find(|(status, _)| status == wanted)
        .map_or("", |(_, name)| name)
}

fn named<T: Copy>(names: &[(T, &'static str)], wanted: &str) -> Option<T> {
    names
        .iter()
        .find(|(_, name)| *name == wanted)
        .map(|(status, _)| *status)
}

impl FileStatus {
    /// The status with this name, as in the wptreport format.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        named(&FILE_STATUSES, name)
    }
}

impl SubtestStatus {
    /// The status with this name, as in the wptreport format.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        named(&SUBTEST_STATUSES, name)
    }
}

impl fmt::Display for FileStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(name_of(&FILE_STATUSES, self))
    }
}

impl fmt::Display for SubtestStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(name_of(&SUBTEST_STATUSES, self))
    }
}

/// The result of one subtest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtest {
    /// Unique within its file, if the file is sound.
    pub name: String,
    /// How it ended.
    pub status: SubtestStatus,
    /// Why it did not pass.
    pub message: Option<String>,
    /// Where.
    pub stack: Option<String>,
}

/// The result of one file, in one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileOutcome {
    /// How the file as a whole ended.
    pub status: FileStatus,
    /// Why it did not end with [`FileStatus::Ok`].
    pub message: Option<String>,
    /// In the order they were made in.
    pub subtests: Vec<Subtest>,
    /// From the start of the file's process to its end.
    pub duration: Duration,
    /// What its scripts printed, and the process itself.
    pub output: String,
}

impl FileOutcome {
    /// One without subtests.
    #[must_use]
    pub fn new(status: FileStatus, message: impl Into<String>) -> Self {
        Self {
            status,
            message: Some(message.into()),
            subtests: Vec::new(),
            duration: Duration::ZERO,
            output: String::new(),
        }
    }

    /// Whether the file and each of its subtests ended as they should.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.status == FileStatus::Ok
            && self
                .subtests
                .iter()
                .all(|subtest| subtest.status == SubtestStatus::Pass)
    }

    /// How many subtests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        let passed = |subtest: &&Subtest| subtest.status == SubtestStatus::Pass;
        self.subtests.iter().filter(passed).count()
    }

    /// Reads a harness's report: `{status, message, tests: [{name, status, message, stack}]}`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn from_report(json: &str) -> Result<Self, String> {
        let report: Value = serde_json::from_str(&without_lone_surrogates(json))
            .map_err(|error| format!("the harness's report is not JSON: {error}"))?;
        let status = report["status"].as_str().unwrap_or_default();
        let Some(status) = FileStatus::from_name(status) else {
            return Err(format!(
                "the harness's report has the unknown status {status:?}"
            ));
        };
        let tests = report["tests"].as_array().map_or(&[][..], Vec::as_slice);
        Ok(Self {
            status,
            message: text(&report["message"]),
            subtests: tests
                .iter()
                .map(read_subtest)
                .collect::<Result<_, String>>()?,
            duration: Duration::ZERO,
            output: String::new(),
        })
    }

    /// What [`from_report`](Self::from_report) reads.
    pub(super) fn to_report(&self) -> Value {
        let tests = self.subtests.iter().map(|subtest| {
            json!({
                "name": subtest.name,
                "status": subtest.status.to_string(),
                "message": subtest.message,
                "stack": subtest.stack,
            })
        });
        json!({
            "status": self.status.to_string(),
            "message": self.message,
            "tests": tests.collect::<Vec<_>>(),
        })
    }
}

fn read_subtest(value: &Value) -> Result<Subtest, String> {
    let name = text(&value["name"]).ok_or("the harness's report has a subtest without a name")?;
    let status = value["status"].as_str().unwrap_or_default();
    let Some(status) = SubtestStatus::from_name(status) else {
        return Err(format!(
            "the harness's report has the unknown status {status:?} for {name:?}"
        ));
    };
    Ok(Subtest {
        name,
        status,
        message: text(&value["message"]),
        stack: text(&value["stack"]),
    })
}

/// A string, if it is there and says something.
fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// `JSON.stringify` writes a lone surrogate as an escape, which is no Unicode text: U+FFFD takes its place.
fn without_lone_surrogates(json: &str) -> String {
    let mut fixed = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        fixed.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match (escaped_unit(rest), rest.get(6..).and_then(escaped_unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                fixed.push('\u{fffd}');
                rest = &rest[6..];
                continue;
            }
            // The backslash and what it escapes.
            _ => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
        };
        fixed.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    fixed + rest
}

/// The code unit of a `\uXXXX` that `text` begins with.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_the_way_there_and_back() {
        let outcome = FileOutcome {
            status: FileStatus::Timeout,
            message: Some("late \u{1f980} \\".into()),
            subtests: vec![Subtest {
                name: "a \"b\"".into(),
                status: SubtestStatus::NotRun,
                message: None,
                stack: Some("at x".into()),
            }],
            duration: Duration::ZERO,
            output: String::new(),
        };
        let json = outcome.to_report().to_string();
        assert_eq!(FileOutcome::from_report(&json), Ok(outcome));
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        for (json, text) in [
            (r#""\ud800""#, "\u{fffd}"),
            (r#""a\udc00b""#, "a\u{fffd}b"),
            (r#""\ud83e\udd80""#, "\u{1f980}"),
            (r#""\ud800\ud83e\udd80""#, "\u{fffd}\u{1f980}"),
            (r#""\\ud800\n\u00e9""#, "\\ud800\n\u{e9}"),
        ] {
            let fixed = without_lone_surrogates(json);
            assert_eq!(serde_json::from_str::<String>(&fixed).unwrap(), text);
        }
    }

    #[test]
    fn what_is_no_report_is_refused() {
        for json in [
            "",
            "[]",
            r#"{"status":"FINE"}"#,
            r#"{"status":"OK","tests":[{"status":"PASS"}]}"#,
            r#"{"status":"OK","tests":[{"name":"a","status":"OK"}]}"#,
        ] {
            assert!(FileOutcome::from_report(json).is_err(), "{json}");
        }
    }
}
