//! Runs the conformance suite in `js-tests/`: every `*.any.js`, each variant in a context of its own,
//! against the embedded server. One line a file, and one a failing subtest.
//!
//! `cargo test --test js -- dispatch` runs the files whose name contains "dispatch".

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    sync::LazyLock,
    thread,
};

use boa_engine::{
    Context, JsArgs, JsResult, JsValue, NativeFunction, Source, js_string, property::Attribute,
};
use boa_runtime::extensions::ConsoleExtension;
use boa_websocket::{
    EventLoop, Hooks, WebSocketExtension,
    cli::serve::{Server, ServerOptions},
    html::set_uncaught_error_sink,
};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// One server for all files. It ends with the process.
static SERVER: LazyLock<Server> =
    LazyLock::new(|| Server::start(ServerOptions::default()).expect("the embedded server starts"));

/// As `boaws` gives a script.
const STACK_SIZE: usize = 64 << 20;

/// A file and one of its variants.
#[derive(Clone)]
struct TestFile {
    path: PathBuf,
    /// Beginning with `?`, or empty.
    variant: String,
    scripts: Vec<PathBuf>,
    long: bool,
}

impl TestFile {
    fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            variant: String::new(),
            scripts: Vec::new(),
            long: false,
        }
    }
}

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("js-tests");
    let mut trials = Vec::new();
    for path in any_js_files(&root) {
        let name = path.strip_prefix(&root).expect("a file below the root");
        let name = name.display().to_string().replace('\\', "/");
        for file in variants(&path) {
            let root = root.clone();
            let name = format!("{name}{}", file.variant);
            trials.push(Trial::test(name, move || run_in_thread(root, file)));
        }
    }
    for path in verdicts(&root) {
        let name = format!(
            "host/verdicts/{}",
            path.file_stem().unwrap_or_default().display()
        );
        let root = root.clone();
        trials.push(Trial::test(name, move || {
            let file = TestFile::new(&path);
            in_thread(move || {
                run(&root, &file)
                    .map_err(|error| error.to_string())?
                    .compare(&path)
            })
        }));
    }
    assert!(!trials.is_empty(), "no test file below {}", root.display());
    libtest_mimic::run(&arguments, trials).exit();
}

fn any_js_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("js-tests can be read") {
        let path = entry.expect("js-tests can be read").path();
        if path.is_dir() {
            found.append(&mut any_js_files(&path));
        } else if path.to_string_lossy().ends_with(".any.js") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Reads the `// META:` lines at the head of a file.
fn variants(path: &Path) -> Vec<TestFile> {
    let text = fs::read_to_string(path).expect("a test file can be read");
    let mut file = TestFile::new(path);
    let mut variants = Vec::new();
    for line in text.lines() {
        let Some(meta) = line.strip_prefix("// META:") else {
            break;
        };
        match meta.trim().split_once('=') {
            Some(("script", script)) => {
                let directory = path.parent().expect("a file has a directory");
                file.scripts.push(directory.join(script));
            }
            Some(("variant", variant)) => variants.push(variant.to_owned()),
            Some(("timeout", "long")) => file.long = true,
            Some(("title" | "global", _)) => {}
            _ => panic!("{}: an unknown META line: {line}", path.display()),
        }
    }
    if variants.is_empty() {
        return vec![file];
    }
    let with = |variant: String| TestFile {
        variant,
        ..file.clone()
    };
    variants.into_iter().map(with).collect()
}

/// Files of `host/verdicts`: what the harness itself makes of tests that fail, hang or throw stands in their first line.
fn verdicts(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root.join("host/verdicts"))
        .expect("host/verdicts can be read")
        .map(|entry| entry.expect("host/verdicts can be read").path())
        .collect();
    found.sort();
    found
}

fn run_in_thread(root: PathBuf, file: TestFile) -> Result<(), Failed> {
    in_thread(move || {
        let outcome = run(&root, &file).map_err(|error| error.to_string())?;
        judge(&outcome)
    })
}

fn in_thread(work: impl FnOnce() -> Result<(), String> + Send + 'static) -> Result<(), Failed> {
    thread::Builder::new()
        .stack_size(STACK_SIZE)
        .spawn(work)
        .map_err(|error| error.to_string())?
        .join()
        .map_err(|_| "the runner panicked")?
        .map_err(Failed::from)
}

/// What a file has left: the harness's report, and what nobody caught.
#[derive(Default)]
struct Outcome {
    report: Option<String>,
    uncaught: Vec<String>,
}

fn run(root: &Path, file: &TestFile) -> JsResult<Outcome> {
    let event_loop = EventLoop::new();
    let mut context = Context::builder()
        .job_executor(Rc::clone(&event_loop))
        .host_hooks(Rc::new(Hooks))
        .build()?;
    context
        .runtime_limits_mut()
        .set_stack_size_limit(10_000_000);
    let name = file.path.strip_prefix(root).unwrap_or(&file.path).display();
    let location = format!(
        "http://{}/js-tests/{name}{}",
        SERVER.address(),
        file.variant
    );
    let extension = WebSocketExtension::builder()
        .base_url(&location)
        .add_root_certificates_pem(SERVER.ca_pem().unwrap_or_default())
        .and_then(|builder| builder.build())
        .map_err(boa_engine::JsError::from_rust)?;
    boa_runtime::register((ConsoleExtension::default(), extension), None, &mut context)?;

    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let uncaught = Rc::clone(&outcome);
    set_uncaught_error_sink(
        &mut context,
        Rc::new(move |error, _: &mut Context| {
            uncaught.borrow_mut().uncaught.push(error.to_string());
        }),
    );
    define_globals(&location, file.long, &outcome, &mut context)?;
    let harness = [root.join("assertions.js"), root.join("harness.js")];
    for path in harness.iter().chain(&file.scripts).chain([&file.path]) {
        let source = Source::from_filepath(path).map_err(boa_engine::JsError::from_rust)?;
        if let Err(error) = context.eval(source) {
            boa_websocket::event_loop::report_exception(error, &mut context);
        }
    }
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    turns.run_until(|_| outcome.borrow().report.is_some())?;
    drop(turns);
    Ok(outcome.take())
}

fn define_globals(
    location: &str,
    long: bool,
    outcome: &Rc<RefCell<Outcome>>,
    context: &mut Context,
) -> JsResult<()> {
    let url = context.eval(Source::from_bytes(&format!("new URL({location:?})")))?;
    let ws = js_string!(SERVER.ws_url());
    let wss = js_string!(SERVER.wss_url().unwrap_or_default());
    let timeout = js_string!(if long { "long" } else { "normal" });
    let attribute = Attribute::all();
    context.register_global_property(js_string!("location"), url, attribute)?;
    context.register_global_property(js_string!("WS_URL"), ws, attribute)?;
    context.register_global_property(js_string!("WSS_URL"), wss, attribute)?;
    context.register_global_property(js_string!("__timeout"), timeout, attribute)?;
    context.register_global_builtin_callable(
        js_string!("__gc"),
        0,
        NativeFunction::from_fn_ptr(|_, _, _| {
            boa_gc::force_collect();
            Ok(JsValue::undefined())
        }),
    )?;
    let outcome = Rc::clone(outcome);
    // It captures nothing of the engine's.
    let report = NativeFunction::from_copy_closure_with_captures(
        |_, args, Report(outcome), context| {
            let json = args.get_or_undefined(0).to_string(context)?;
            outcome.borrow_mut().report = Some(json.to_std_string_lossy());
            Ok(JsValue::undefined())
        },
        Report(outcome),
    );
    context.register_global_builtin_callable(js_string!("__report"), 1, report)
}

#[derive(boa_engine::Trace, boa_engine::Finalize)]
struct Report(#[unsafe_ignore_trace] Rc<RefCell<Outcome>>);

impl Outcome {
    /// Compares the report with the `// EXPECT:` line of a file; the message needs to be in it only.
    fn compare(&self, path: &Path) -> Result<(), String> {
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let line = text.lines().next().unwrap_or_default();
        let expected = line.strip_prefix("// EXPECT: ").ok_or("no EXPECT line")?;
        let expected: Value = serde_json::from_str(expected).map_err(|error| error.to_string())?;
        let json = self.report.as_deref().ok_or("no report")?;
        let report: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let tests: serde_json::Map<String, Value> = report["tests"]
            .as_array()
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .map(|test| {
                let name = test["name"].as_str().unwrap_or_default();
                (name.to_owned(), test["status"].clone())
            })
            .collect();
        let same_message = match (expected["message"].as_str(), report["message"].as_str()) {
            (None, None) => true,
            (Some(part), Some(whole)) => whole.contains(part),
            _ => false,
        };
        if report["status"] == expected["status"]
            && same_message
            && Value::Object(tests) == expected["tests"]
        {
            return Ok(());
        }
        Err(format!("expected {expected}\nreported {report}"))
    }
}

/// Every failing subtest has a line.
fn judge(outcome: &Outcome) -> Result<(), String> {
    let mut failures = outcome.uncaught.clone();
    match &outcome.report {
        None => failures.push("the event loop ended before the tests were complete".to_owned()),
        Some(json) => match serde_json::from_str::<Value>(json) {
            Ok(report) => failing_subtests(&report, &mut failures),
            Err(error) => failures.push(format!("the report is not JSON: {error}")),
        },
    }
    if failures.is_empty() {
        return Ok(());
    }
    Err(failures.join("\n"))
}

fn failing_subtests(report: &Value, failures: &mut Vec<String>) {
    if report["status"] != "OK" {
        failures.push(format!(
            "harness: {} {}",
            report["status"], report["message"]
        ));
    }
    let tests = report["tests"].as_array().map_or(&[][..], Vec::as_slice);
    if tests.is_empty() {
        failures.push("no subtest".to_owned());
    }
    for test in tests.iter().filter(|test| test["status"] != "PASS") {
        failures.push(format!(
            "{} {}: {}",
            test["status"], test["name"], test["message"]
        ));
    }
}
