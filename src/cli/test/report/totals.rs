//! Numbers by folder.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

use super::Record;
use crate::cli::test::outcome::FileStatus;

/// What was counted, in one folder or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli::test) struct Count {
    /// Files that were run, each variant for itself.
    pub(in crate::cli::test) files: usize,
    pub(in crate::cli::test) skipped: usize,
    pub(in crate::cli::test) passed: usize,
    pub(in crate::cli::test) subtests: usize,
    /// Failures that were expected, of subtests and of files.
    pub(in crate::cli::test) known: usize,
    /// Files in which something was not as expected.
    pub(in crate::cli::test) unexpected: usize,
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.files += other.files;
        self.skipped += other.skipped;
        self.passed += other.passed;
        self.subtests += other.subtests;
        self.known += other.known;
        self.unexpected += other.unexpected;
    }

    fn of(record: &Record<'_>) -> Self {
        let skipped = record.outcome.status == FileStatus::Skip;
        Self {
            files: usize::from(!skipped),
            skipped: usize::from(skipped),
            passed: record.outcome.passed(),
            subtests: record.outcome.subtests.len(),
            known: record.verdict.known(),
            unexpected: usize::from(!record.verdict.is_expected()),
        }
    }
}

/// What was counted, and when.
#[derive(Debug)]
pub(in crate::cli::test) struct Totals {
    /// In the order of their names.
    pub(in crate::cli::test) folders: BTreeMap<String, Count>,
    pub(in crate::cli::test) all: Count,
    pub(in crate::cli::test) started: SystemTime,
    start: Instant,
}

impl Totals {
    /// Nothing yet.
    pub(in crate::cli::test) fn new() -> Self {
        Self {
            folders: BTreeMap::new(),
            all: Count::default(),
            started: SystemTime::now(),
            start: Instant::now(),
        }
    }

    /// How long it has taken so far.
    pub(in crate::cli::test) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Counts a result.
    pub(in crate::cli::test) fn add(&mut self, record: &Record<'_>) {
        let id = record.test.file_id();
        let folder = id.rsplit_once('/').map_or(".", |(folder, _)| folder);
        let count = Count::of(record);
        self.folders
            .entry(folder.to_owned())
            .or_default()
            .add(&count);
        self.all.add(&count);
    }
}
