//! The realm of one test: what it has, how its scripts are run, and when it has come to its end.

mod globals;
mod import_scripts;
mod leading_imports;
mod scripts;
mod test_executor;
mod without_document;
mod worker;

pub use test_executor::TestExecutor;

use std::{
    cell::RefCell,
    fs,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use boa_engine::{
    Context, JsError, JsObject, JsResult, JsString, JsValue, Script as CompiledScript, Source,
};

use self::scripts::LoadedScript;
use super::{
    job::{Harness, Job},
    outcome::{FileOutcome, FileStatus},
    plan::Kind,
};
use crate::{
    EventLoop, Hooks, WebExtension, WebSocketExtension,
    cli::{
        console::{self, Output},
        session::VM_STACK_SIZE,
        terminal::print_error,
    },
    event_loop::{LoopWaker, Turns, report_exception},
    html::{UncaughtError, UncaughtKind, set_uncaught_error_sink},
};

/// The harness of this crate, in order.
const OWN_HARNESS: [(&str, &str); 2] = [
    (
        "assertions.js",
        include_str!("../../../../js-tests/assertions.js"),
    ),
    (
        "harness.js",
        include_str!("../../../../js-tests/harness.js"),
    ),
];

/// Functions that are called with the host object.
const WEB_GLOBALS: &str = include_str!("web_globals.js");
const WINDOW_GLOBALS: &str = include_str!("window_globals.js");
const IDL_GLOBALS: &str = include_str!("idl_globals.js");
const STICKY_REGEXPS: &str = include_str!("sticky_regexps.js");
const WPT_RESULTS: &str = include_str!("wpt_results.js");

/// How long a test that was told that its time is up may take to say how far it has come.
const TIME_TO_REPORT: Duration = Duration::from_secs(1);

/// How long a page that has wanted a document may take for those of its subtests that do not.
const TIME_WITHOUT_DOCUMENT: Duration = Duration::from_secs(2);

/// What a test has left behind.
#[derive(Default)]
struct Findings {
    report: Option<String>,
    /// Errors by which the engine has ended a script, which it could not catch.
    uncaught: Vec<String>,
    /// What the test wanted of a document.
    needs_document: Option<String>,
}

type SharedFindings = Rc<RefCell<Findings>>;

/// Runs one test to its end, on a thread with a large stack.
///
/// # Errors
///
/// If the realm cannot be made; what the test does wrong is in the outcome.
pub(super) fn run(job: &Job) -> Result<FileOutcome, String> {
    run_on(job, &Driver::EventLoop(EventLoop::new()))
}

/// The same under an executor of the caller's.
pub(super) fn run_under(job: &Job, executor: &dyn TestExecutor) -> Result<FileOutcome, String> {
    run_on(job, &Driver::Other(executor))
}

/// Who runs the jobs.
enum Driver<'a> {
    EventLoop(Rc<EventLoop>),
    Other(&'a dyn TestExecutor),
}

fn run_on(job: &Job, driver: &Driver<'_>) -> Result<FileOutcome, String> {
    let mut scripts = match scripts::load(job) {
        Ok(scripts) => scripts,
        Err(message) => return Ok(FileOutcome::new(FileStatus::Error, message)),
    };
    let findings = SharedFindings::default();
    let extension = make_extension(job)?;
    let mut context = make_context(extension.clone(), driver, &findings)?;
    let in_setup = |error: JsError| error.to_string();
    let host = globals::define(job, &findings, &mut context).map_err(in_setup)?;
    run_harness(job, &host, &mut context).map_err(in_setup)?;
    if matches!(job.harness, Harness::Wpt { .. }) {
        worker::define(job, extension, &host, &mut context).map_err(in_setup)?;
    }
    if job.kind == Kind::Worker {
        import_scripts::define(job, &host, &mut context).map_err(in_setup)?;
    }
    for script in &mut scripts {
        if job.kind == Kind::Worker
            && let Err(message) = import_scripts::run_leading(job, script, &host, &mut context)
        {
            return Ok(FileOutcome::new(FileStatus::Error, message));
        }
        if let Err(message) = run_script(job, script, &host, &mut context) {
            return Ok(FileOutcome::new(FileStatus::Error, message));
        }
    }
    if job.kind.is_for_a_window() {
        call(&host, "load", &mut context).map_err(in_setup)?;
    }
    run_loop(job, &host, driver, &findings, &mut context).map_err(in_setup)?;
    let findings = findings.take();
    Ok(outcome(job, findings))
}

fn make_extension(job: &Job) -> Result<WebSocketExtension, String> {
    let mut builder = WebSocketExtension::builder().base_url(&job.location);
    if let Some(pem) = &job.roots {
        builder = builder
            .add_root_certificates_pem(pem)
            .map_err(|error| error.to_string())?;
    }
    builder.build().map_err(|error| error.to_string())
}

fn make_context(
    extension: WebSocketExtension,
    driver: &Driver<'_>,
    findings: &SharedFindings,
) -> Result<Context, String> {
    let builder = Context::builder().host_hooks(Rc::new(Hooks));
    let mut context = match driver {
        Driver::EventLoop(event_loop) => builder.job_executor(Rc::clone(event_loop)).build(),
        Driver::Other(executor) => executor.context(builder),
    }
    .map_err(|error| error.to_string())?;
    let limits = context.runtime_limits_mut();
    limits.set_stack_size_limit(VM_STACK_SIZE);
    boa_runtime::register((extension, WebExtension), None, &mut context)
        .and_then(|()| console::register(Output::Stderr, &mut context))
        .map_err(|error| error.to_string())?;
    let uncaught = Rc::clone(findings);
    let sink = move |error: &UncaughtError, _: &mut Context| {
        if error.kind == UncaughtKind::Engine {
            uncaught.borrow_mut().uncaught.push(error.to_string());
        } else {
            // The harness has seen it, and knows whether the test allows it.
            print_error(format_args!("{error}"));
        }
    };
    set_uncaught_error_sink(&mut context, Rc::new(sink));
    Ok(context)
}

/// Runs the harness, and what has to come before and after it.
fn run_harness(job: &Job, host: &JsObject, context: &mut Context) -> JsResult<()> {
    match &job.harness {
        Harness::Own { .. } => {
            for (name, text) in OWN_HARNESS {
                let source = Source::from_bytes(text).with_path(name.as_ref());
                context.eval(source)?;
            }
        }
        Harness::Wpt { root, .. } => {
            prepare(WEB_GLOBALS, "web_globals.js", host, context)?;
            let path = root.join("resources/testharness.js");
            let text = fs::read(&path).map_err(JsError::from_rust)?;
            context.eval(Source::from_bytes(&text).with_path(&path))?;
            prepare(WPT_RESULTS, "wpt_results.js", host, context)?;
        }
    }
    // After the harness, which must not take this for a window.
    if job.kind.is_for_a_window() {
        prepare(WINDOW_GLOBALS, "window_globals.js", host, context)?;
    }
    Ok(())
}

/// Evaluates one of our own functions and calls it with the host object.
fn prepare(source: &str, name: &str, host: &JsObject, context: &mut Context) -> JsResult<()> {
    let source = Source::from_bytes(source).with_path(name.as_ref());
    let function = context.eval(source)?;
    if let Some(function) = function.as_callable() {
        function.call(&JsValue::undefined(), &[host.clone().into()], context)?;
    }
    Ok(())
}

/// Calls a function that one of our own scripts has left on the host object, if it has.
fn call(host: &JsObject, name: &str, context: &mut Context) -> JsResult<()> {
    let function = host.get(JsString::from(name), context)?;
    if let Some(function) = function.as_callable() {
        function.call(&JsValue::undefined(), &[], context)?;
    }
    Ok(())
}

/// Runs one script of the test. What it throws is reported as on a page; what cannot be parsed is an error.
fn run_script(
    job: &Job,
    script: &LoadedScript,
    host: &JsObject,
    context: &mut Context,
) -> Result<(), String> {
    let before = if script.name.ends_with("idlharness.js") {
        Some((IDL_GLOBALS, "idl_globals.js"))
    } else if script.name.ends_with("webidl2.js") {
        Some((STICKY_REGEXPS, "sticky_regexps.js"))
    } else {
        None
    };
    if let Some((ours, name)) = before {
        prepare(ours, name, host, context).map_err(|error| error.to_string())?;
    }
    let source = Source::from_bytes(&script.text).with_path(script.name.as_ref());
    let result = match CompiledScript::parse(source, None, context) {
        Ok(compiled) => compiled.evaluate(context).map(drop),
        // A page goes on without that script.
        Err(error) if job.kind == Kind::Html => Err(error),
        Err(error) => return Err(format!("{}: {error}", script.name.display())),
    };
    if let Err(error) = result {
        report_exception(error, context);
    }
    Ok(())
}

/// Runs the event loop until the harness has reported, or the time is up.
fn run_loop(
    job: &Job,
    host: &JsObject,
    driver: &Driver<'_>,
    findings: &SharedFindings,
    context: &mut Context,
) -> JsResult<()> {
    let done = || findings.borrow().report.is_some();
    let event_loop = match driver {
        Driver::EventLoop(event_loop) => event_loop,
        Driver::Other(executor) => {
            executor.run(context, job.timeout, &done)?;
            if !done() {
                call(host, "timeout", context)?;
                executor.run(context, TIME_TO_REPORT, &done)?;
            }
            return Ok(());
        }
    };
    let wants_document = || findings.borrow().needs_document.is_some();
    let cell = RefCell::new(context);
    let mut turns = event_loop.turns(&cell);
    run_for(job.timeout, event_loop.waker(), &mut turns, || {
        done() || wants_document()
    })?;
    if !done() && wants_document() {
        // Some of it may wait for what no element will do.
        let limit = job.timeout.min(TIME_WITHOUT_DOCUMENT);
        run_for(limit, event_loop.waker(), &mut turns, done)?;
    }
    if !done() {
        // The harness says how far it has come.
        call(host, "timeout", &mut cell.borrow_mut())?;
        run_for(TIME_TO_REPORT, event_loop.waker(), &mut turns, done)?;
    }
    Ok(())
}

/// Runs the loop until `done`, for at most `limit`.
fn run_for(
    limit: Duration,
    waker: LoopWaker,
    turns: &mut Turns<'_, '_>,
    done: impl Fn() -> bool,
) -> JsResult<()> {
    let late = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&late);
    // No timer of the loop's own, which would keep it alive. It ends with the process.
    thread::Builder::new()
        .name("boaws-deadline".to_owned())
        .spawn(move || {
            thread::sleep(limit);
            flag.store(true, Ordering::Relaxed);
            waker.wake();
        })
        .map_err(JsError::from_rust)?;
    turns.run_until(|_| done() || late.load(Ordering::Relaxed))
}

fn outcome(job: &Job, findings: Findings) -> FileOutcome {
    let mut outcome = match findings.report {
        Some(report) => FileOutcome::from_report(&report)
            .unwrap_or_else(|message| FileOutcome::new(FileStatus::Error, message)),
        None => FileOutcome::new(
            FileStatus::Error,
            "nothing is left that could happen, and the tests are not complete",
        ),
    };
    // Our own harness says so itself.
    let complete = [FileStatus::Ok, FileStatus::Timeout].contains(&outcome.status);
    if outcome.subtests.is_empty() && complete && matches!(job.harness, Harness::Wpt { .. }) {
        outcome.status = FileStatus::Error;
        outcome.message = Some("The file has no tests".to_owned());
    }
    if !findings.uncaught.is_empty() {
        outcome.status = FileStatus::Error;
        let messages = outcome.message.into_iter().chain(findings.uncaught);
        outcome.message = Some(messages.collect::<Vec<_>>().join("\n"));
    }
    match findings.needs_document {
        Some(what) => without_document::leave_out(outcome, &what),
        None => outcome,
    }
}

#[cfg(test)]
mod tests;
