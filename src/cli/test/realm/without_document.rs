//! What becomes of a page's results when some of its subtests wanted a document, which there is not: those are left out,
//! and the others count.

use crate::cli::test::outcome::{FileOutcome, FileStatus, Subtest, SubtestStatus};

/// What an exception says that was thrown for want of a document; `window_globals.js` throws it.
const MARK: &str = "there is no document: ";

/// Leaves out what cannot count. `what` is the first thing that was wanted.
pub(super) fn leave_out(mut outcome: FileOutcome, what: &str) -> FileOutcome {
    let before = outcome.subtests.len();
    outcome.subtests.retain(|subtest| !wants_document(subtest));
    if outcome.subtests.is_empty() {
        let message = format!("it needs a document: {what}");
        return FileOutcome::new(FileStatus::Skip, message);
    }
    // A script that ended early, or a subtest that waits for an element's event.
    let for_want_of_it = match outcome.status {
        FileStatus::Error => is_marked(outcome.message.as_deref()),
        status => status == FileStatus::Timeout,
    };
    if for_want_of_it {
        outcome.status = FileStatus::Ok;
        outcome.message = None;
    }
    let left_out = before - outcome.subtests.len();
    if outcome.status == FileStatus::Ok && left_out > 0 {
        outcome.message = Some(format!(
            "{left_out} left out, which need a document: {what}"
        ));
    }
    outcome
}

fn wants_document(subtest: &Subtest) -> bool {
    match subtest.status {
        SubtestStatus::Pass => false,
        // What waits for a document, or comes after a script that wanted one, says nothing.
        SubtestStatus::Timeout | SubtestStatus::NotRun => true,
        SubtestStatus::Fail | SubtestStatus::PreconditionFailed => {
            is_marked(subtest.message.as_deref())
        }
    }
}

fn is_marked(message: Option<&str>) -> bool {
    message.is_some_and(|message| message.contains(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subtest(status: SubtestStatus, message: Option<&str>) -> Subtest {
        Subtest {
            name: "s".into(),
            status,
            message: message.map(str::to_owned),
            stack: None,
        }
    }

    fn outcome(status: FileStatus, subtests: Vec<Subtest>) -> FileOutcome {
        FileOutcome {
            subtests,
            ..FileOutcome::new(status, "ReferenceError: there is no document: x")
        }
    }

    #[test]
    fn what_wanted_a_document_is_left_out_and_the_rest_counts() {
        let subtests = vec![
            subtest(SubtestStatus::Pass, None),
            subtest(SubtestStatus::Fail, Some("there is no document: x")),
            subtest(SubtestStatus::Fail, Some("1 is not 2")),
            subtest(SubtestStatus::NotRun, None),
            subtest(SubtestStatus::Timeout, None),
        ];
        let left = leave_out(outcome(FileStatus::Error, subtests), "x");
        assert_eq!(left.status, FileStatus::Ok);
        let statuses: Vec<_> = left.subtests.iter().map(|subtest| subtest.status).collect();
        assert_eq!(statuses, [SubtestStatus::Pass, SubtestStatus::Fail]);
        assert!(
            left.message
                .is_some_and(|message| message.starts_with("3 left out"))
        );
    }

    #[test]
    fn a_page_that_can_do_nothing_without_one_is_skipped() {
        let subtests = vec![subtest(SubtestStatus::NotRun, None)];
        let left = leave_out(outcome(FileStatus::Timeout, subtests), "x");
        assert_eq!(left.status, FileStatus::Skip);
        assert_eq!(left.message.as_deref(), Some("it needs a document: x"));
    }

    #[test]
    fn an_error_of_another_kind_stays_one() {
        let mut outcome = outcome(FileStatus::Error, vec![subtest(SubtestStatus::Pass, None)]);
        outcome.message = Some("TypeError".into());
        let left = leave_out(outcome, "x");
        assert_eq!(left.status, FileStatus::Error);
        assert_eq!(left.message.as_deref(), Some("TypeError"));
    }
}
