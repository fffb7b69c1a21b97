//! Timers whose handlers are strings, on a clock that moves only when told.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;

use std::{cell::Cell, rc::Rc};

use boa_engine::{
    Context, JsNativeError, JsResult, JsString, context::HostHooks, context::time::FixedClock,
    realm::Realm,
};
use boa_websocket::event_loop::{EventLoop, timers};

use event_loop_log::{Log, context_on, context_with, eval};

/// Lets only so many strings be compiled, and checks what it is told.
struct Gate(Cell<usize>);

impl HostHooks for Gate {
    fn ensure_can_compile_strings(
        &self,
        realm: Realm,
        parameters: &[JsString],
        body: &JsString,
        direct: bool,
        context: &mut Context,
    ) -> JsResult<()> {
        assert!(realm == *context.realm() && parameters.is_empty() && !direct);
        if body.to_std_string_lossy().contains("refuse") || self.0.get() == 0 {
            return Err(JsNativeError::eval().with_message("refused").into());
        }
        self.0.set(self.0.get() - 1);
        Ok(())
    }
}

fn fixture(allowed: usize) -> (Rc<EventLoop>, Context, Rc<FixedClock>, Log) {
    let event_loop = EventLoop::new();
    let clock = Rc::new(FixedClock::from_millis(1_000));
    let builder = Context::builder()
        .job_executor(event_loop.clone())
        .clock(clock.clone())
        .host_hooks(Rc::new(Gate(Cell::new(allowed))));
    let (mut context, log) = context_with(builder);
    timers::register(&mut context).unwrap();
    (event_loop, context, clock, log)
}

#[track_caller]
fn check(allowed: usize, source: &str, expected: &str) {
    let (event_loop, mut context, clock, log) = fixture(allowed);
    eval(&mut context, source);
    assert_eq!(log.take(), "", "nothing runs yet");
    for _ in 0..10 {
        clock.forward(1);
        event_loop.run_until_stalled(&mut context).unwrap();
    }
    assert_eq!(log.take(), expected, "{source}");
}

#[test]
fn a_string_runs_as_a_script_when_the_timer_fires() {
    check(
        9,
        "setTimeout(`log('a')`); setTimeout(() => log('b'))",
        "a b",
    );
    check(9, "let x = 1; setTimeout('log(x)'); x = 2", "2");
    // Anything that cannot be called is a string: this one is `log(1),log(2)`.
    check(
        9,
        "setTimeout(['log(1)', 'log(2)']); setTimeout(null)",
        "1 2",
    );
    // Beyond latin1, and with a lone surrogate, which a string literal may hold.
    check(
        9,
        "setTimeout(`log('é→\u{1F600}', '\\ud800'.length)`)",
        "é→😀",
    );
}

#[test]
fn microtasks_come_right_after_it() {
    check(
        9,
        "setTimeout(`Promise.resolve().then(() => log('m')); log('s')`); setTimeout(() => log('t'))",
        "s m t",
    );
}

#[test]
fn an_interval_is_compiled_again_each_time() {
    check(
        9,
        "var n = 0, id = setInterval('log(++n); if (n == 3) clearInterval(id)', 1)",
        "1 2 3",
    );
}

#[test]
fn errors_are_reported_when_the_timer_fires() {
    check(
        9,
        "setTimeout('no script'); setTimeout('throw new RangeError(`x`)'); setTimeout(`log('next')`)",
        "Uncaught SyntaxError: expected token ';', got 'script' in expression statement at line 1, col 4 \
         Uncaught RangeError: x next",
    );
}

#[test]
fn the_host_may_refuse_to_compile_each_time_anew() {
    check(
        1,
        "setTimeout(`log('one')`); setTimeout(`log('two')`); setTimeout(() => log('function'))",
        "one Uncaught EvalError: refused function",
    );
    check(
        9,
        "setInterval('refuse', 4); setTimeout(`log('other')`)",
        "other Uncaught EvalError: refused Uncaught EvalError: refused",
    );
}

#[test]
fn it_runs_in_the_realm_of_the_function_that_set_it() {
    let (event_loop, mut context, clock, log) = fixture(9);
    let realm = context.create_realm().unwrap();
    let first = context.enter_realm(realm);
    timers::register(&mut context).unwrap();
    eval(&mut context, "var where = 'second'");
    let set = eval(&mut context, "setTimeout");
    context.enter_realm(first);
    eval(&mut context, "var where = 'first'");
    let code = eval(&mut context, "'result = where'");
    set.as_callable()
        .unwrap()
        .call(&boa_engine::JsValue::undefined(), &[code], &mut context)
        .unwrap();
    clock.forward(1);
    event_loop.run_until_stalled(&mut context).unwrap();
    assert_eq!(log.take(), "");
    let other = eval(&mut context, "typeof result");
    assert_eq!(other.display().to_string(), "\"undefined\"");
}

#[test]
fn on_a_clock_that_goes_by_itself() {
    let (mut context, log) = context_on(EventLoop::new());
    timers::register(&mut context).unwrap();
    eval(
        &mut context,
        "setTimeout(`log('second')`, 2); setTimeout(`log('first')`, 1)",
    );
    context.run_jobs().unwrap();
    assert_eq!(log.take(), "first second");
}
