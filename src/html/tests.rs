//! Tests of the room through script.

mod interfaces;
#[cfg(feature = "runtime")]
mod messaging;
mod reporting;

use std::{cell::RefCell, rc::Rc};

use boa_engine::{Context, Source};

use super::*;
use crate::{dom, event_loop::EventLoop, webidl};

/// A context with this room and those below it, and the hooks, on an event loop of ours.
fn context() -> Context {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .host_hooks(Rc::new(Hooks))
        .build()
        .unwrap();
    register_all(&mut context);
    context
}

fn register_all(context: &mut Context) {
    webidl::register(context).unwrap();
    dom::register(context).unwrap();
    register(context).unwrap();
}

#[track_caller]
fn eval(context: &mut Context, source: &str) -> String {
    let value = match context.eval(Source::from_bytes(source)) {
        Ok(value) => value,
        Err(error) => panic!("{source}\nthrew {error}"),
    };
    value.to_string(context).unwrap().to_std_string_lossy()
}

const PRELUDE: &str = "
    var log = [];
    function thrown(f) { try { f() } catch (e) { return e.name } return 'nothing' }
";

/// Evaluates in a fresh context, runs all jobs, then compares `log`. Nothing may be left unhandled.
#[track_caller]
fn check(source: &str, expected: &str) {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    eval(&mut context, PRELUDE);
    eval(&mut context, source);
    context.run_jobs().unwrap();
    assert_eq!(eval(&mut context, "log.join()"), expected, "{source}");
    let uncaught: Vec<String> = uncaught.borrow().iter().map(ToString::to_string).collect();
    assert!(uncaught.is_empty(), "{source}\n{uncaught:?}");
}

fn collect_uncaught(context: &mut Context) -> Rc<RefCell<Vec<UncaughtError>>> {
    let uncaught = Rc::new(RefCell::new(Vec::new()));
    let collected = Rc::clone(&uncaught);
    let sink = move |error: &UncaughtError, _: &mut Context| {
        collected.borrow_mut().push(error.clone());
    };
    set_uncaught_error_sink(context, Rc::new(sink));
    uncaught
}
