//! The command itself.

use std::{
    env,
    fs::File,
    io::{self, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use super::{
    environment::Environment,
    expectations::Expectations,
    outcome::FileOutcome,
    plan::{TestFile, Tree, Unfit},
    pool::{self, Progress},
    report::{Human, Json, Junit, Output, Record, Reporter, Tap, Totals, progress_line},
};
use crate::cli::{
    args::{ReporterKind, TestArgs},
    terminal::print_line,
    usage_error,
};

/// Exit code when something is not as expected.
const EXIT_UNEXPECTED: u8 = 1;

/// The tests of a project that does not say otherwise, and the expectations for the suite.
const OWN_TESTS: &str = "js-tests";
const WPT_EXPECTATIONS: &str = "js-tests/wpt-expectations.json";

/// Finds the tests, runs them, and reports.
pub(in crate::cli) fn main(args: &TestArgs) -> ExitCode {
    match run(args) {
        Ok(code) => code,
        Err(message) => usage_error(message),
    }
}

fn run(args: &TestArgs) -> Result<ExitCode, String> {
    let tests = find(args)?;
    if args.list {
        for test in &tests {
            print_line(format_args!("{}", listed(test)));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let expectations = expectations(args)?;
    // Before the servers start, which takes longer.
    let reporters = reporters(args)?;
    let environment = environment(args)?;
    let unexpected = run_all(args, &tests, &environment, &expectations, reporters)
        .map_err(|error| format!("cannot write the report: {error}"))?;
    Ok(match unexpected {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_UNEXPECTED),
    })
}

fn find(args: &TestArgs) -> Result<Vec<TestFile>, String> {
    let tree = Tree {
        root: match &args.wpt {
            Some(root) => root.clone(),
            None => env::current_dir().map_err(|error| error.to_string())?,
        },
        html: args.html,
    };
    let paths = match (args.paths.as_slice(), &args.wpt) {
        ([], Some(_)) => {
            return Err("name the folders of the checkout to run, such as websockets".to_owned());
        }
        ([], None) => vec![PathBuf::from(OWN_TESTS)],
        (paths, Some(_)) => paths.iter().map(|path| below_the_root(path)).collect(),
        (paths, None) => paths.to_owned(),
    };
    let mut tests = tree.find(&paths).map_err(|error| error.to_string())?;
    if let Some(filter) = &args.filter {
        tests.retain(|test| test.id.contains(filter.as_str()));
    }
    tests.retain(|test| !args.skip.iter().any(|skip| test.id.contains(skip.as_str())));
    if tests.is_empty() {
        let paths = paths.iter().map(|path| path.display().to_string());
        let paths = paths.collect::<Vec<_>>().join(", ");
        return Err(match &args.filter {
            Some(filter) => format!("there is no test with {filter:?} in its name in {paths}"),
            None => format!("there is no test in {paths}"),
        });
    }
    Ok(tests)
}

/// A path in a checkout may be written as the suite's own URLs are: with a slash before it.
fn below_the_root(path: &Path) -> PathBuf {
    path.strip_prefix("/").unwrap_or(path).to_owned()
}

fn listed(test: &TestFile) -> String {
    match &test.unfit {
        Some(Unfit::Skip(why)) => format!("{} (skipped: {why})", test.id),
        Some(Unfit::Error(_)) | None => test.id.clone(),
    }
}

fn expectations(args: &TestArgs) -> Result<Expectations, String> {
    let default = Path::new(WPT_EXPECTATIONS);
    match &args.expectations {
        Some(path) => Expectations::read(path),
        None if args.wpt.is_some() && default.exists() => Expectations::read(default),
        None => Ok(Expectations::default()),
    }
}

fn environment(args: &TestArgs) -> Result<Environment, String> {
    let program = env::current_exe().map_err(|error| format!("cannot find boaws: {error}"))?;
    let environment = match &args.wpt {
        Some(root) => Environment::wpt(program, root, &args.python, args.verbose)
            .map_err(|error| error.to_string())?,
        None => Environment::own(program)
            .map_err(|error| format!("cannot start the embedded server: {error}"))?,
    };
    Ok(environment.with_timeout_multiplier(args.timeout_multiplier))
}

/// The reporter that was asked for; and, when it writes to a file, one for people beside it.
fn reporters(args: &TestArgs) -> Result<Vec<Box<dyn Reporter>>, String> {
    let (output, beside): (Output, _) = match &args.output {
        Some(path) => {
            let file = File::create(path)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            (Box::new(BufWriter::new(file)), true)
        }
        None => (Box::new(io::stdout()), false),
    };
    let human = |output: Output| Box::new(Human::new(output, args.verbose));
    let reporter: Box<dyn Reporter> = match args.reporter {
        ReporterKind::Human => human(output),
        ReporterKind::Tap => Box::new(Tap::new(output).map_err(|error| error.to_string())?),
        ReporterKind::Json => Box::new(Json::new(output)),
        ReporterKind::Junit => Box::new(Junit::new(output)),
    };
    let mut reporters = vec![reporter];
    if beside {
        reporters.push(human(Box::new(io::stdout())));
    }
    Ok(reporters)
}

/// Runs the tests and tells the reporters. Returns how many files were not as expected.
fn run_all(
    args: &TestArgs,
    tests: &[TestFile],
    environment: &Environment,
    expectations: &Expectations,
    mut reporters: Vec<Box<dyn Reporter>>,
) -> io::Result<usize> {
    let jobs = args
        .jobs
        .map(usize::from)
        .or_else(|| thread::available_parallelism().ok().map(usize::from))
        .unwrap_or(1);
    let mut totals = Totals::new();
    let mut written = Ok(());
    let line = ProgressLine::new();
    let mut done = 0;
    pool::for_each(
        tests.len(),
        jobs,
        |index| environment.run(&tests[index]),
        |event| match event {
            Progress::Started(index) => {
                let current = &tests[index].id;
                line.show(&progress_line(
                    done,
                    tests.len(),
                    totals.all.unexpected,
                    current,
                ));
            }
            Progress::Done(index, outcome) => {
                done += 1;
                let record = judged(&tests[index], outcome, expectations);
                totals.add(&record);
                line.clear();
                for reporter in &mut reporters {
                    if written.is_ok() {
                        written = reporter.file(&record);
                    }
                }
            }
        },
    );
    line.clear();
    written?;
    for reporter in &mut reporters {
        reporter.end(&totals)?;
    }
    Ok(totals.all.unexpected)
}

fn judged<'a>(test: &'a TestFile, outcome: FileOutcome, expectations: &Expectations) -> Record<'a> {
    let verdict = expectations.judge(test, &outcome);
    Record {
        test,
        outcome,
        verdict,
    }
}

/// The line on a terminal that shows what goes on.
struct ProgressLine {
    on: bool,
}

impl ProgressLine {
    fn new() -> Self {
        Self {
            on: io::stderr().is_terminal(),
        }
    }

    fn show(&self, line: &str) {
        self.write(&format!("\r\x1b[2K{line}"));
    }

    fn clear(&self) {
        self.write("\r\x1b[2K");
    }

    /// A terminal that has gone is no reason to end the run.
    fn write(&self, text: &str) {
        if self.on {
            let mut stderr = io::stderr().lock();
            let _ = stderr
                .write_all(text.as_bytes())
                .and_then(|()| stderr.flush());
        }
    }
}
