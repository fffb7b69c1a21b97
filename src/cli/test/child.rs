//! The process of one test: `boaws run-test`, which the runner starts. It takes a [`Job`] as one line on stdin and
//! prints the harness's report on stdout. What the test's scripts print goes to stderr.

use std::{
    io::{self, BufRead, Read},
    process::{self, ExitCode},
    thread,
};

use super::{
    job::Job,
    outcome::{FileOutcome, FileStatus},
    realm::{self, TestExecutor},
};
use crate::cli::{
    EXIT_USAGE,
    session::STACK_SIZE,
    terminal::{print_error, print_line},
};

/// Exit code of a test's process whose runner has gone.
const EXIT_ABANDONED: i32 = 3;

/// Runs one test and reports.
pub(in crate::cli) fn main() -> ExitCode {
    run_in(realm::run)
}

/// The `main` of a program that takes the place of `boaws run-test`
/// ([`Environment::with_arguments`](super::Environment::with_arguments)), to run tests under another executor than
/// [`EventLoop`](crate::EventLoop).
pub fn run_test_process<E: TestExecutor>(
    executor: impl FnOnce() -> E + Send + 'static,
) -> ExitCode {
    run_in(move |job| realm::run_under(job, &executor()))
}

fn run_in(run_job: impl FnOnce(&Job) -> Result<FileOutcome, String> + Send + 'static) -> ExitCode {
    let mut line = String::new();
    let job = match io::stdin().lock().read_line(&mut line) {
        Ok(_) => Job::from_json(&line),
        Err(error) => Err(error.to_string()),
    };
    let job = match job {
        Ok(job) => job,
        Err(error) => {
            print_error(format_args!(
                "boaws run-test: wants a job from `boaws test` on stdin: {error}"
            ));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let watch = thread::Builder::new().name("boaws-watch".to_owned());
    let run = thread::Builder::new()
        .name("boaws-script".to_owned())
        .stack_size(STACK_SIZE);
    let outcome = watch
        .spawn(end_with_the_runner)
        .and_then(|_| run.spawn(move || run_to_report(&job, run_job)));
    match outcome.map(thread::JoinHandle::join) {
        Ok(Ok(report)) => {
            print_line(format_args!("{report}"));
            // What is still open ends with the process; dropping the heap would only take time.
            process::exit(0);
        }
        // The panic has printed its message; the runner calls it a crash.
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            print_error(format_args!(
                "boaws run-test: cannot start a thread: {error}"
            ));
            ExitCode::from(EXIT_USAGE)
        }
    }
}

/// The runner holds the other end of stdin for as long as it lives. A test that hangs must not outlive it.
fn end_with_the_runner() {
    let mut rest = Vec::new();
    // Whatever ends it, there is nobody left to report to.
    let _ = io::stdin().lock().read_to_end(&mut rest);
    process::exit(EXIT_ABANDONED);
}

fn run_to_report(job: &Job, run_job: impl FnOnce(&Job) -> Result<FileOutcome, String>) -> String {
    let outcome = run_job(job).unwrap_or_else(|error| {
        let message = format!("the test could not be set up: {error}");
        FileOutcome::new(FileStatus::Error, message)
    });
    outcome.to_report().to_string()
}
