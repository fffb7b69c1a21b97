//! The arguments of `boaws test`.

use std::{num::NonZero, path::PathBuf};

use clap::{Args, ValueEnum};

/// Run tests in the style of web-platform-tests: *.any.js files that use test(), async_test() and promise_test().
///
/// Each file runs in a fresh context in a process of its own, once for each of its variants, with this program's own harness
/// and its embedded server; the globals WS_URL and WSS_URL say where that is. With --wpt, tests of a checkout of
/// web-platform-tests run with that checkout's own harness and servers, which need Python 3 and not the internet.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all results are as expected, 1 one is not, 2 wrong usage or servers that do not start.\n\
    Try: boaws test --wpt DIR --html websockets dom/events"
)]
pub(in crate::cli) struct TestArgs {
    /// Test files and folders; of a checkout with --wpt, relative to it. A file may be followed by one of its variants, as in
    /// a.any.js?wss. Without any: js-tests.
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Run tests of the checkout of web-platform-tests in this folder, with its harness and servers.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) wpt: Option<PathBuf>,

    /// In folders, run .html, .htm, .window.js and .worker.js files too. There is no document: what needs one is skipped.
    #[arg(long)]
    pub(in crate::cli) html: bool,

    /// How many tests run at a time. Default: as many as there are processors.
    #[arg(short, long, value_name = "N")]
    pub(in crate::cli) jobs: Option<NonZero<usize>>,

    /// Let tests take so many times as long as the usual 10 seconds, or 60 for those that ask for a long timeout.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = multiplier)]
    pub(in crate::cli) timeout_multiplier: f64,

    /// Run only tests with this text in their path or variant.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) filter: Option<String>,

    /// Leave out tests with this text in their path or variant. May be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) skip: Vec<String>,

    /// Show which tests there are, and run none.
    #[arg(long)]
    pub(in crate::cli) list: bool,

    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(in crate::cli) reporter: ReporterKind,

    /// Write the report to this file; what people want to know still goes to stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Known failures, with a reason each. A failure that is not among them makes the run fail, and so does the pass of one that
    /// is. Default with --wpt: js-tests/wpt-expectations.json, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) expectations: Option<PathBuf>,

    /// The Python 3 that runs the servers of web-platform-tests.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub(in crate::cli) python: PathBuf,

    /// Show each test, and what the servers of web-platform-tests say.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReporterKind {
    /// For people: failures in full, and a table.
    Human,
    /// The Test Anything Protocol.
    Tap,
    /// The format of web-platform-tests' wptreport.
    Json,
    /// XML as JUnit writes it.
    Junit,
}

/// A number that a timeout can be multiplied by.
fn multiplier(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1_000.0 => Ok(number),
        _ => Err("it must be a number above 0, and at most 1000".to_owned()),
    }
}
