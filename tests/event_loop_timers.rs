//! `setTimeout` and its kin on a clock that moves only when told.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod event_loop_log;

use std::{rc::Rc, time::Duration};

use boa_engine::{
    Context, JsValue, Source, context::time::FixedClock, job::SimpleJobExecutor, js_string,
};
use boa_websocket::event_loop::{EventLoop, Microtasks, Progress, timers};

use event_loop_log::{Log, context_on, context_with, eval};

/// A loop, its context with timers, and its clock.
struct Fixture {
    event_loop: Rc<EventLoop>,
    context: Context,
    clock: Rc<FixedClock>,
    log: Log,
}

impl Fixture {
    fn new() -> Self {
        let event_loop = EventLoop::new();
        let clock = Rc::new(FixedClock::from_millis(1_000));
        let (mut context, log) = context_with(
            Context::builder()
                .job_executor(event_loop.clone())
                .clock(clock.clone()),
        );
        timers::register(&mut context).unwrap();
        Self {
            event_loop,
            context,
            clock,
            log,
        }
    }

    fn eval(&mut self, source: &str) -> JsValue {
        eval(&mut self.context, source)
    }

    /// Does what is due, and returns what was logged.
    fn turn(&mut self) -> String {
        self.event_loop
            .run_until_stalled(&mut self.context)
            .unwrap();
        self.log.take()
    }

    fn forward(&mut self, millis: u64) -> String {
        self.clock.forward(millis);
        self.turn()
    }

    fn progress(&mut self) -> Progress {
        self.event_loop
            .run_until_stalled(&mut self.context)
            .unwrap()
    }

    /// The message of what a script throws.
    fn thrown(&mut self, source: &str) -> String {
        let error = self.context.eval(Source::from_bytes(source)).unwrap_err();
        let error = error.try_native(&mut self.context).unwrap();
        format!("{}: {}", error.kind(), error.message())
    }
}

fn stalled(millis: u64) -> Progress {
    Progress::Stalled {
        next_deadline: Some(Duration::from_millis(millis)),
    }
}

#[test]
fn a_timer_runs_at_its_deadline_and_not_before() {
    let mut f = Fixture::new();
    f.eval("setTimeout(() => log('t'), 10)");
    assert_eq!(f.turn(), "");
    assert_eq!(f.progress(), stalled(10));
    assert_eq!(f.forward(9), "");
    assert_eq!(f.progress(), stalled(1));
    assert_eq!(f.forward(1), "t");
    assert_eq!(f.progress(), Progress::Done);
}

#[test]
fn timers_run_by_deadline_and_then_in_the_order_of_their_creation() {
    let mut f = Fixture::new();
    f.eval(
        "setTimeout(() => log('c'), 20); setTimeout(() => log('a'), 10);
         setTimeout(() => log('b'), 10); setTimeout(() => log('zero'));",
    );
    f.clock.forward(5);
    // Due at the same time as `c`, but created after it.
    f.eval("setTimeout(() => log('d'), 15)");
    assert_eq!(f.forward(100), "zero a b c d");
}

#[test]
fn microtasks_of_a_timer_come_before_the_next_timer() {
    let mut f = Fixture::new();
    f.eval(
        "setTimeout(() => { log('1'); Promise.resolve().then(() => log('m')).then(() => log('n')); });
         setTimeout(() => log('2'));",
    );
    assert_eq!(f.turn(), "1 m n 2");
}

#[test]
fn a_clock_that_jumps_gives_an_interval_one_call() {
    let mut f = Fixture::new();
    f.eval("setInterval(() => log('i'), 10)");
    assert_eq!(f.forward(10), "i");
    assert_eq!(f.forward(35), "i");
    // From the last call on, not from the grid of the first.
    assert_eq!(f.progress(), stalled(10));
    assert_eq!(f.forward(10), "i");
}

#[test]
fn arguments_and_this_are_passed() {
    let mut f = Fixture::new();
    f.eval(
        "setTimeout(function (...args) { log(args.join() + (this === globalThis) + arguments.length) }, 0, 1, 'x', null);
         setTimeout(function () { 'use strict'; log(this === globalThis) });
         let n = 0; const id = setInterval((a) => { log(a); if (++n === 2) clearInterval(id) }, 1, 'again');",
    );
    assert_eq!(f.turn(), "1,x,true3 true");
    assert_eq!(f.forward(1), "again");
    assert_eq!(f.forward(1), "again");
    assert_eq!(f.progress(), Progress::Done);
}

#[test]
fn the_timeout_is_converted_as_a_long() {
    for (timeout, millis) in [
        ("", 0),
        (", undefined", 0),
        (", NaN", 0),
        (", -5", 0),
        (", 2.9", 2),
        (", '7'", 7),
        (", { valueOf: () => 8 }", 8),
        (", true", 1),
        (", 2147483647", 2_147_483_647),
        // Past the range of a long it wraps: to the negative, which is 0, and to what is left.
        (", 2147483648", 0),
        (", 4294967299", 3),
    ] {
        let mut f = Fixture::new();
        f.eval(&format!("setTimeout(() => log('t'){timeout})"));
        if millis > 0 {
            assert_eq!(f.forward(millis - 1), "", "{timeout}");
            assert_eq!(f.progress(), stalled(1), "{timeout}");
            f.clock.forward(1);
        }
        assert_eq!(f.turn(), "t", "{timeout}");
    }
}

#[test]
fn ids_are_positive_increasing_and_shared() {
    let mut f = Fixture::new();
    f.eval(
        "globalThis.ids = [setTimeout(() => {}), setInterval(() => log('i')), setTimeout(() => {}, 1, 2)];
         globalThis.ok = ids.every((id, i) => Number.isInteger(id) && id > (i ? ids[i - 1] : 0));",
    );
    assert_eq!(f.eval("ok").as_boolean(), Some(true));
    f.eval("clearTimeout(ids[1]); clearInterval(ids[0]); clearInterval(ids[2])");
    assert_eq!(
        f.progress(),
        Progress::Done,
        "either clears what the other set"
    );
}

#[test]
fn ids_go_on_and_clear_across_realms() {
    let mut f = Fixture::new();
    let first = f
        .eval("setTimeout(() => log('first'), 5)")
        .to_i32(&mut f.context)
        .unwrap();
    let realm = f.context.create_realm().unwrap();
    let old = f.context.enter_realm(realm);
    timers::register(&mut f.context).unwrap();
    let second = f.eval(
        "globalThis.hits = 0; setTimeout(function () { hits += this === globalThis ? 1 : 100 }, 5)",
    );
    assert!(second.to_i32(&mut f.context).unwrap() > first);
    f.eval(&format!("clearTimeout({first})"));
    let realm = f.context.enter_realm(old);
    assert_eq!(f.forward(5), "");
    f.context.enter_realm(realm);
    assert_eq!(
        f.eval("hits").as_number(),
        Some(1.0),
        "called on its own realm's global"
    );
}

#[test]
fn clearing_converts_and_ignores_what_is_not_there() {
    let mut f = Fixture::new();
    f.eval(
        "const id = setTimeout(() => log('no'), 1);
         clearTimeout(); clearTimeout(undefined); clearTimeout(null); clearTimeout(-1); clearTimeout(0);
         clearTimeout(99999); clearTimeout('x'); clearTimeout({}); clearTimeout(id + 1);
         clearTimeout({ valueOf: () => String(id) });
         clearTimeout(id);",
    );
    assert_eq!(f.progress(), Progress::Done);
    assert_eq!(f.forward(5), "");
    assert_eq!(
        f.thrown("clearTimeout(Symbol())").split(':').next(),
        Some("TypeError")
    );
}

#[test]
fn clearing_from_within_callbacks() {
    let mut f = Fixture::new();
    f.eval(
        "const own = setInterval(() => { log('own'); clearInterval(own) }, 1);
         setTimeout(() => { log('a'); clearTimeout(b) }, 2);
         const b = setTimeout(() => log('b'), 2);
         const late = setInterval(() => { log('late'); Promise.resolve().then(() => clearTimeout(late)) }, 3);
         const done = setTimeout(() => { clearTimeout(done); log('done') }, 4);",
    );
    assert_eq!(f.forward(10), "own a late done");
    assert_eq!(f.progress(), Progress::Done);
}

#[test]
fn an_exception_is_reported_and_the_interval_goes_on() {
    let mut f = Fixture::new();
    f.eval(
        "setInterval(() => { throw new RangeError('boom') }, 1); setTimeout(() => log('other'), 1)",
    );
    assert_eq!(f.forward(1), "Uncaught RangeError: boom other");
    assert_eq!(f.forward(1), "Uncaught RangeError: boom");
}

#[test]
fn an_error_that_script_cannot_catch_ends_its_callback_only() {
    let mut f = Fixture::new();
    f.eval(
        "setTimeout(() => { const deeper = () => deeper(); try { deeper() } catch { log('caught') } log('on') });
         setTimeout(() => log('next'));",
    );
    assert_eq!(
        f.turn(),
        "Uncaught RuntimeLimitError: reached the maximum number of recursive calls on this execution next"
    );
    // The stack was unwound: jobs can run, microtasks too.
    f.eval("setTimeout(() => Promise.resolve().then(() => log('fine')))");
    assert_eq!(f.turn(), "fine");
}

#[test]
fn the_nesting_level_counts_timers_set_by_timers() {
    let mut f = Fixture::new();
    let level = boa_engine::NativeFunction::from_fn_ptr(|_, _, context| {
        Ok(timers::nesting_level(context).into())
    });
    f.context
        .register_global_builtin_callable(js_string!("level"), 0, level)
        .unwrap();
    f.eval(
        "log(level());
         setTimeout(() => { Promise.resolve().then(() => log(level())); setTimeout(() => { log(level()); task(() => log(level())) }) });
         let n = 0; const i = setInterval(() => { log('i' + level()); if (++n === 3) clearInterval(i) });",
    );
    let mut log = f.turn();
    while f.progress() != Progress::Done {
        log += &f.turn();
    }
    log += &f.log.take();
    let (intervals, timeouts): (Vec<_>, Vec<_>) =
        log.split(' ').partition(|line| line.starts_with('i'));
    assert_eq!(intervals, ["i1", "i2", "i3"]);
    assert_eq!(timeouts, ["0", "1", "2", "0"]);
}

#[test]
fn a_chain_of_nested_timers_is_not_slowed_down() {
    let mut f = Fixture::new();
    f.eval("let n = 0; const next = () => { if (++n < 20) setTimeout(next); else log('end') }; setTimeout(next)");
    assert_eq!(
        f.turn(),
        "end",
        "no clamping to 4 ms: the clock has not moved"
    );
}

#[test]
fn operations_are_as_web_idl_has_them() {
    let mut f = Fixture::new();
    for (name, length) in [
        ("setTimeout", 1),
        ("clearTimeout", 0),
        ("setInterval", 1),
        ("clearInterval", 0),
    ] {
        let shape = f.eval(&format!(
            "(() => {{ const d = Object.getOwnPropertyDescriptor(globalThis, '{name}');
              return [d.writable, d.enumerable, d.configurable, d.value.name, d.value.length, 'prototype' in d.value].join() }})()"
        ));
        assert_eq!(
            shape
                .to_string(&mut f.context)
                .unwrap()
                .to_std_string_escaped(),
            format!("true,true,true,{name},{length},false")
        );
        assert!(
            f.thrown(&format!("new {name}(() => {{}})"))
                .starts_with("TypeError")
        );
        assert!(
            f.thrown(&format!("{name}.call({{}}, () => {{}})"))
                .starts_with("TypeError: Illegal")
        );
        f.eval(&format!("{name}.call(undefined, () => {{}}); {name}.call(null, () => {{}}); globalThis.{name}(() => {{}})"));
    }
    for name in ["setTimeout", "setInterval"] {
        assert_eq!(
            f.thrown(&format!("{name}()")),
            format!("TypeError: {name}: 1 argument required, but only 0 present")
        );
        // Converted in order.
        assert!(f.thrown(&format!("{name}({{ toString() {{ throw new RangeError('h') }} }}, {{ valueOf() {{ throw 1 }} }})")).starts_with("RangeError: h"));
        assert!(
            f.thrown(&format!(
                "{name}('', {{ valueOf() {{ throw new RangeError('t') }} }})"
            ))
            .starts_with("RangeError: t")
        );
    }
}

#[test]
fn ten_thousand_timers_run_in_order_and_can_be_cleared() {
    let mut f = Fixture::new();
    f.eval(
        "globalThis.order = true; globalThis.count = 0; let last = -1;
         const ids = [];
         for (let i = 0; i < 10000; i++) {
             const at = (i * 7919) % 1000;
             ids.push(setTimeout(() => { count++; if (at < last) order = false; last = at }, at));
         }
         for (let i = 0; i < 10000; i += 2) clearTimeout(ids[i]);",
    );
    f.clock.forward(1_000);
    // More than one call's worth: the host gets the thread back in between.
    assert_eq!(f.progress(), stalled(0));
    while f.progress() != Progress::Done {}
    assert_eq!(f.eval("order").as_boolean(), Some(true));
    assert_eq!(f.eval("count").as_number(), Some(5000.0));
}

#[test]
fn the_hosts_timers_are_out_of_scripts_reach() {
    let mut f = Fixture::new();
    let log = f.log.clone();
    let steps = move |_: &mut Context| {
        log.push("host");
        Ok(())
    };
    let id = f
        .event_loop
        .set_timer(Duration::from_millis(5), steps.clone(), &f.context);
    f.event_loop
        .set_timer(Duration::from_millis(6), steps, &f.context);
    f.eval("for (let id = -5; id < 1000; id++) clearTimeout(id)");
    assert!(f.event_loop.clear_timer(id));
    assert!(!f.event_loop.clear_timer(id));
    assert_eq!(f.forward(5), "");
    assert_eq!(f.forward(1), "host");
    f.event_loop
        .set_timer(Duration::MAX, |_| Ok(()), &f.context);
    assert!(matches!(
        f.progress(),
        Progress::Stalled {
            next_deadline: Some(_)
        }
    ));
}

#[test]
fn a_timer_in_the_background_runs_but_keeps_nothing_going() {
    let mut f = Fixture::new();
    let set = |f: &Fixture, millis: u64, line: &'static str| {
        let log = f.log.clone();
        let steps = move |_: &mut Context| {
            log.push(line);
            Ok(())
        };
        let delay = Duration::from_millis(millis);
        f.event_loop.set_timer(delay, steps, &f.context)
    };
    let background = set(&f, 5, "background");
    f.event_loop.set_timer_keeps_alive(background, false);
    assert_eq!(f.progress(), Progress::Done);
    // Neither a second time nor back and forth counts more than once.
    f.event_loop.set_timer_keeps_alive(background, false);
    let other = set(&f, 7, "other");
    assert_eq!(f.progress(), stalled(5));
    f.event_loop.set_timer_keeps_alive(other, false);
    assert_eq!(f.progress(), Progress::Done);
    f.event_loop.set_timer_keeps_alive(other, true);
    f.event_loop.set_timer_keeps_alive(other, true);
    assert_eq!(f.forward(5), "background");
    assert_eq!(f.progress(), stalled(2));
    assert!(f.event_loop.clear_timer(other));
    // Of timers that are gone there is nothing to say.
    f.event_loop.set_timer_keeps_alive(background, false);
    f.event_loop.set_timer_keeps_alive(other, false);
    assert_eq!(f.progress(), Progress::Done);
    let last = set(&f, 1, "last");
    assert_eq!(f.progress(), stalled(1));
    // `run` does not wait for one in the background, which is still there afterwards.
    f.event_loop.set_timer_keeps_alive(last, false);
    f.event_loop.run(&mut f.context).unwrap();
    assert_eq!(f.log.take(), "");
    assert_eq!(f.forward(1), "last");
}

#[test]
fn a_foreign_executor_is_refused() {
    for mut context in [
        context_on(Rc::new(SimpleJobExecutor::new())).0,
        context_on(Microtasks::new(EventLoop::new())).0,
    ] {
        let error = timers::register(&mut context).unwrap_err();
        assert!(error.to_string().contains("EventLoop"), "{error}");
        assert_eq!(
            eval(&mut context, "typeof setTimeout"),
            js_string!("undefined").into()
        );
    }
}

/// Boa's own timers, which are jobs, work as well.
#[cfg(feature = "runtime")]
#[test]
fn timers_of_boa_runtime_run_and_are_cleared() {
    let event_loop = EventLoop::new();
    let clock = Rc::new(FixedClock::from_millis(0));
    let builder = Context::builder()
        .job_executor(event_loop.clone())
        .clock(clock.clone());
    let (mut context, log) = context_with(builder);
    boa_runtime::register(
        boa_runtime::extensions::TimeoutExtension,
        None,
        &mut context,
    )
    .unwrap();
    eval(
        &mut context,
        "setTimeout(() => log('t'), 2); clearTimeout(setTimeout(() => log('never'), 1));
         let n = 0; const i = setInterval(() => { log('i'); if (++n === 2) clearInterval(i) }, 5);
         globalThis.forever = setInterval(() => {}, 1000);",
    );
    let mut turn = |millis| {
        clock.forward(millis);
        let progress = event_loop.run_until_stalled(&mut context).unwrap();
        (log.take(), progress)
    };
    assert_eq!(turn(1), (String::new(), stalled(1)));
    assert_eq!(turn(1), ("t".into(), stalled(3)));
    assert_eq!(turn(3), ("i".into(), stalled(5)));
    assert_eq!(turn(5), ("i".into(), stalled(990)));
    eval(&mut context, "clearInterval(forever)");
    assert_eq!(
        event_loop.run_until_stalled(&mut context).unwrap(),
        Progress::Done
    );
}
