//! The expectations file: known failures, with a reason each.
//!
//! ```json
//! {
//!   "folder/file.any.js": { "reason": "why it cannot pass as a whole, in any variant" },
//!   "folder/file.any.js?variant": { "status": "TIMEOUT", "reason": "why" },
//!   "folder/other.any.js": { "subtests": { "name": { "status": "FAIL", "reason": "why" } } }
//! }
//! ```
//!
//! A key is a test's id, or that of a file, which stands for all its variants. Without `status`, the file or the subtest may
//! end in any way but well. A file of which something is expected to fail in any way says nothing of its subtests.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Map, Value};

use super::{
    outcome::{FileOutcome, FileStatus, Subtest, SubtestStatus},
    plan::TestFile,
};

/// How something is expected to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure<S> {
    /// `None`: in any way.
    status: Option<S>,
    reason: String,
}

/// What is expected of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entry {
    file: Option<Failure<FileStatus>>,
    subtests: BTreeMap<String, Failure<SubtestStatus>>,
}

/// What is expected of all files; where it says nothing, that they pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectations(BTreeMap<String, Entry>);

/// How a result compares with what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// As it should be.
    Fine,
    /// It failed as expected, for this reason.
    Known(String),
    /// It failed, and was not expected to, or not in this way.
    Failure,
    /// It is as it should be, and was expected to fail for this reason.
    UnexpectedPass(String),
}

/// How an outcome compares with what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Of the file as a whole.
    pub(super) file: Judgement,
    /// One for each subtest.
    pub(super) subtests: Vec<Judgement>,
    /// The names of those that were expected to fail and are not there.
    pub(super) absent: Vec<String>,
}

impl Verdict {
    /// Whether all is as expected.
    pub(super) fn is_expected(&self) -> bool {
        self.absent.is_empty() && self.all().all(Judgement::is_expected)
    }

    /// How many failures were expected.
    pub(super) fn known(&self) -> usize {
        let known = |judgement: &&Judgement| matches!(judgement, Judgement::Known(_));
        self.all().filter(known).count()
    }

    fn all(&self) -> impl Iterator<Item = &Judgement> {
        self.subtests.iter().chain([&self.file])
    }
}

impl Judgement {
    /// Whether it is as expected.
    pub(super) fn is_expected(&self) -> bool {
        matches!(self, Self::Fine | Self::Known(_))
    }

    /// Compares how something ended, `None` for well, with how it was expected to fail.
    fn of<S: PartialEq>(failed: Option<S>, expected: Option<&Failure<S>>) -> Self {
        match (failed, expected) {
            (None, None) => Self::Fine,
            (None, Some(expected)) => Self::UnexpectedPass(expected.reason.clone()),
            (Some(_), None) => Self::Failure,
            (Some(status), Some(expected)) => match &expected.status {
                Some(wanted) if *wanted != status => Self::Failure,
                _ => Self::Known(expected.reason.clone()),
            },
        }
    }
}

impl Expectations {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| Self::parse(&text))
            .map_err(|error| format!("cannot use the expectations in {}: {error}", path.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let json: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut entries = BTreeMap::new();
        for (id, value) in json {
            let entry = Entry::parse(&value).map_err(|error| format!("{id}: {error}"))?;
            entries.insert(id, entry);
        }
        Ok(Self(entries))
    }

    /// What is expected of `test`: of its variant, or of its file.
    fn entry(&self, test: &TestFile) -> Option<&Entry> {
        self.0.get(&test.id).or_else(|| self.0.get(test.file_id()))
    }

    /// Compares.
    pub(super) fn judge(&self, test: &TestFile, outcome: &FileOutcome) -> Verdict {
        let nothing = Entry::default();
        let entry = match self.entry(test) {
            Some(entry) if outcome.status != FileStatus::Skip => entry,
            _ => &nothing,
        };
        let failed = |status: FileStatus| {
            (![FileStatus::Ok, FileStatus::Skip].contains(&status)).then_some(status)
        };
        if let Some(Failure {
            status: None,
            reason,
        }) = &entry.file
        {
            return Verdict::of_a_file_that_fails(outcome, reason);
        }
        let judge = |subtest: &Subtest| {
            let failed = (subtest.status != SubtestStatus::Pass).then_some(subtest.status);
            Judgement::of(failed, entry.subtests.get(&subtest.name))
        };
        let is_there = |name: &&String| outcome.subtests.iter().any(|sub| sub.name == **name);
        let absent = entry.subtests.keys().filter(|name| !is_there(name));
        Verdict {
            file: Judgement::of(failed(outcome.status), entry.file.as_ref()),
            subtests: outcome.subtests.iter().map(judge).collect(),
            absent: absent.cloned().collect(),
        }
    }
}

impl Verdict {
    /// Of a file that is expected to fail in any way.
    fn of_a_file_that_fails(outcome: &FileOutcome, reason: &str) -> Self {
        let known = |failed: bool| match failed {
            true => Judgement::Known(reason.to_owned()),
            false => Judgement::Fine,
        };
        let subtests = outcome.subtests.iter();
        Self {
            file: if outcome.is_ok() {
                Judgement::UnexpectedPass(reason.to_owned())
            } else {
                known(outcome.status != FileStatus::Ok)
            },
            subtests: subtests
                .map(|subtest| known(subtest.status != SubtestStatus::Pass))
                .collect(),
            absent: Vec::new(),
        }
    }
}

impl Entry {
    fn parse(value: &Value) -> Result<Self, String> {
        let object = value.as_object().ok_or("an entry must be an object")?;
        for key in object.keys() {
            if !["status", "reason", "subtests"].contains(&key.as_str()) {
                return Err(format!("unknown key {key:?}"));
            }
        }
        let mut entry = Self::default();
        if object.contains_key("status") || object.contains_key("reason") {
            entry.file = Some(Failure::parse(value, FileStatus::from_name)?);
        }
        if let Some(subtests) = object.get("subtests") {
            let subtests = subtests.as_object().ok_or("'subtests' must be an object")?;
            for (name, value) in subtests {
                let failure = Failure::parse(value, SubtestStatus::from_name)
                    .map_err(|error| format!("{name}: {error}"))?;
                entry.subtests.insert(name.clone(), failure);
            }
        }
        if entry == Self::default() {
            return Err("it says nothing".to_owned());
        }
        Ok(entry)
    }
}

impl<S> Failure<S> {
    fn parse(value: &Value, status: impl Fn(&str) -> Option<S>) -> Result<Self, String> {
        let reason = value["reason"].as_str().unwrap_or_default().trim();
        if reason.is_empty() {
            return Err("a known failure needs a reason".to_owned());
        }
        let status = match &value["status"] {
            Value::Null => None,
            Value::String(name) if !["OK", "PASS", "SKIP"].contains(&name.as_str()) => {
                Some(status(name).ok_or_else(|| format!("unknown status {name:?}"))?)
            }
            other => return Err(format!("{other} is no way to fail")),
        };
        Ok(Self {
            status,
            reason: reason.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::test::plan::test_file;

    fn outcome(status: FileStatus, subtests: &[(&str, SubtestStatus)]) -> FileOutcome {
        let subtest = |(name, status): &(&str, SubtestStatus)| Subtest {
            name: (*name).to_owned(),
            status: *status,
            message: Some("why".into()),
            stack: None,
        };
        FileOutcome {
            subtests: subtests.iter().map(subtest).collect(),
            ..FileOutcome::new(status, "what")
        }
    }

    fn judge(expectations: &str, outcome: &FileOutcome) -> Verdict {
        let expectations = Expectations::parse(expectations).unwrap();
        expectations.judge(&test_file("a.any.js", "?v"), outcome)
    }

    #[test]
    fn without_an_entry_everything_must_pass() {
        let passed = outcome(FileStatus::Ok, &[("s", SubtestStatus::Pass)]);
        assert!(judge("{}", &passed).is_expected());
        let failed = outcome(FileStatus::Timeout, &[("s", SubtestStatus::NotRun)]);
        let verdict = judge("{}", &failed);
        assert_eq!(verdict.file, Judgement::Failure);
        assert_eq!(verdict.subtests, [Judgement::Failure]);
        assert!(judge("{}", &outcome(FileStatus::Skip, &[])).is_expected());
    }

    #[test]
    fn a_known_failure_is_no_surprise_and_its_pass_is() {
        let failed = outcome(FileStatus::Ok, &[("s", SubtestStatus::Fail)]);
        let passed = outcome(FileStatus::Ok, &[("s", SubtestStatus::Pass)]);
        for expectations in [
            r#"{"a.any.js":{"subtests":{"s":{"reason":"r"}}}}"#,
            r#"{"a.any.js?v":{"subtests":{"s":{"reason":"r","status":"FAIL"}}}}"#,
            r#"{"a.any.js?v":{"reason":"r"}}"#,
        ] {
            let verdict = judge(expectations, &failed);
            assert!(verdict.is_expected(), "{expectations}");
            assert_eq!(verdict.known(), 1, "{expectations}");
            let verdict = judge(expectations, &passed);
            let surprise = Judgement::UnexpectedPass("r".into());
            assert!(
                verdict.file == surprise || verdict.subtests == [surprise],
                "{expectations}"
            );
        }
    }

    #[test]
    fn a_failure_of_another_kind_is_a_surprise() {
        let timeout = r#"{"a.any.js":{"subtests":{"s":{"reason":"r","status":"TIMEOUT"}}}}"#;
        let failed = outcome(FileStatus::Ok, &[("s", SubtestStatus::Fail)]);
        assert_eq!(judge(timeout, &failed).subtests, [Judgement::Failure]);
        let crash = r#"{"a.any.js":{"reason":"r","status":"CRASH"}}"#;
        assert!(judge(crash, &outcome(FileStatus::Crash, &[])).is_expected());
        let error = judge(crash, &outcome(FileStatus::Error, &[]));
        assert_eq!(error.file, Judgement::Failure);
        let ok = judge(crash, &failed);
        assert_eq!(ok.file, Judgement::UnexpectedPass("r".into()));
        assert_eq!(ok.subtests, [Judgement::Failure]);
    }

    #[test]
    fn a_listed_subtest_must_be_there() {
        let gone = r#"{"a.any.js":{"subtests":{"gone":{"reason":"r"}}}}"#;
        let passed = outcome(FileStatus::Ok, &[("s", SubtestStatus::Pass)]);
        let verdict = judge(gone, &passed);
        assert_eq!(verdict.absent, ["gone"]);
        assert!(!verdict.is_expected());
    }

    #[test]
    fn the_variant_goes_before_the_file() {
        let both = r#"{"a.any.js":{"reason":"r"},"a.any.js?v":{"reason":"s","status":"CRASH"}}"#;
        assert!(!judge(both, &outcome(FileStatus::Error, &[])).is_expected());
    }

    #[test]
    fn a_file_without_reasons_is_refused() {
        for (json, part) in [
            ("[]", "expected a map"),
            (r#"{"a":1}"#, "a: an entry must be an object"),
            (r#"{"a":{}}"#, "it says nothing"),
            (r#"{"a":{"status":"ERROR"}}"#, "needs a reason"),
            (r#"{"a":{"reason":" "}}"#, "needs a reason"),
            (r#"{"a":{"reason":"r","status":"OK"}}"#, "no way to fail"),
            (r#"{"a":{"reason":"r","status":"ODD"}}"#, "unknown status"),
            (r#"{"a":{"raeson":"r"}}"#, "unknown key"),
            (
                r#"{"a":{"subtests":{"s":{"status":"FAIL"}}}}"#,
                "s: a known failure needs a reason",
            ),
        ] {
            let error = Expectations::parse(json).unwrap_err();
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
