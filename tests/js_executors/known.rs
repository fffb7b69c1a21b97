//! What does not pass under which executor, and why.

use super::Executor;

/// In place of a subtest's name: the file as a whole.
pub(crate) const WHOLE_FILE: &str = "*";

/// A subtest that fails.
pub(crate) struct Failure {
    pub(crate) subtest: &'static str,
    /// It may pass as well: it depends on how many messages come at a time.
    pub(crate) sometimes: bool,
}

pub(crate) fn failures(_executor: Executor, _file: &str) -> &'static [Failure] {
    &[]
}
