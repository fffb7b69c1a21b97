//! Tests of the room through script.

mod dispatch;
mod embedding;
mod interfaces;

use std::{cell::RefCell, rc::Rc};

use boa_engine::{Context, JsError, Source};

use crate::{
    dom,
    event_loop::{EventLoop, set_exception_reporter},
    webidl,
};

/// A context with this room and those below it, on an event loop of ours.
pub(crate) fn context() -> Context {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .build()
        .unwrap();
    webidl::register(&mut context).unwrap();
    dom::register(&mut context).unwrap();
    context
}

/// What a script evaluates to, as a string.
#[track_caller]
pub(crate) fn eval(context: &mut Context, source: &str) -> String {
    let value = match context.eval(Source::from_bytes(source)) {
        Ok(value) => value,
        Err(error) => panic!("{source}\nthrew {error}"),
    };
    value.to_string(context).unwrap().to_std_string_lossy()
}

/// Evaluates in a fresh context, with a few functions the tests share.
#[track_caller]
fn check(source: &str, expected: &str) {
    let mut context = context();
    eval(&mut context, PRELUDE);
    assert_eq!(eval(&mut context, source), expected, "{source}");
}

const PRELUDE: &str = "
    function thrown(f) { try { f() } catch (e) { return e.name } return 'nothing' }
    function flags(o, p) {
        const d = Object.getOwnPropertyDescriptor(o, p);
        return ['writable', 'enumerable', 'configurable'].filter(k => d[k]).join('+');
    }
    let log = [];
";

/// Collects what is reported.
fn collect_reports(context: &mut Context) -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let collected = Rc::clone(&reports);
    let reporter = move |error: JsError, _: &mut Context| {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default().to_owned();
        collected.borrow_mut().push(line);
    };
    set_exception_reporter(context, Rc::new(reporter));
    reports
}
