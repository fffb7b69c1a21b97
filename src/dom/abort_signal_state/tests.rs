//! What script cannot see of signals: what the collector takes, what lists hold, what keeps the
//! loop going.

use std::{cell::RefCell, rc::Rc};

use boa_engine::{
    Context, JsResult, JsValue, Source, context::time::FixedClock, job::SimpleJobExecutor,
    js_string,
};

use super::*;
use crate::{
    dom::{
        self, AbortSignal,
        tests::{context, eval},
    },
    event_loop::Progress,
    webidl,
};

/// A turn has ended, and the collector has run.
fn collect(context: &mut Context) {
    context.clear_kept_objects();
    // What a first collection takes may have held more.
    boa_gc::force_collect();
    boa_gc::force_collect();
}

fn signal(context: &mut Context, source: &str) -> AbortSignal {
    let value = context.eval(Source::from_bytes(source)).unwrap();
    AbortSignal::of(&value.as_object().unwrap()).unwrap()
}

fn event_loop(context: &Context) -> Rc<EventLoop> {
    context.downcast_job_executor::<EventLoop>().unwrap()
}

const PRELUDE: &str = "
    var log = [], controller = new AbortController(), source = controller.signal;
    // A signal that nothing but a WeakRef knows, after `use` has done something with it.
    function lost(make, use) { const signal = make(); use(signal); return new WeakRef(signal) }
    const listen = signal => signal.addEventListener('abort', e => log.push(e.target.reason));
    const is_gone = ref => ref.deref() === undefined;
";

/// Runs `make`, collects, and evaluates `then`.
#[track_caller]
fn check(make: &str, then: &str, expected: &str) {
    let context = &mut context();
    eval(context, PRELUDE);
    eval(context, make);
    collect(context);
    assert_eq!(eval(context, then), expected, "{make}; {then}");
}

#[test]
fn a_dependent_signal_lives_while_it_is_observed_and_can_be_aborted() {
    let any = "() => AbortSignal.any([source])";
    // A listener or a handler keeps it,
    for observe in ["listen", "s => s.onabort = () => log.push(s.reason)"] {
        check(
            &format!("var ref = lost({any}, {observe})"),
            "const gone = is_gone(ref); controller.abort('r'); [gone, log].join()",
            "false,r",
        );
    }
    // nothing else does,
    for observe in [
        "s => {}",
        "s => s.addEventListener('other', () => {})",
        "s => { const f = () => {}; s.addEventListener('abort', f); s.removeEventListener('abort', f) }",
        "s => { s.onabort = () => {}; s.onabort = null }",
        "s => AbortSignal.any([s])",
    ] {
        check(
            &format!("var ref = lost({any}, {observe})"),
            "is_gone(ref)",
            "true",
        );
    }
    // nor once it is aborted,
    check(
        &format!("var ref = lost({any}, listen); controller.abort('r')"),
        "[is_gone(ref), log].join()",
        "true,r",
    );
    check(
        "var other = new AbortController,
             ref = lost(() => AbortSignal.any([source, other.signal]), listen);
         other.abort('r')",
        "[is_gone(ref), log].join()",
        "true,r",
    );
    // nor when no source is left that could abort it.
    check(
        "var ref = lost(() => AbortSignal.any([new AbortController().signal]), listen)",
        "is_gone(ref)",
        "true",
    );
}

#[test]
fn a_source_signal_is_not_kept_by_its_dependents() {
    check(
        "var ref, any = (() => {
             const signal = new AbortController().signal;
             ref = new WeakRef(signal);
             return AbortSignal.any([signal, source]);
         })();
         listen(any)",
        "const gone = is_gone(ref); controller.abort('r'); [gone, log].join()",
        "true,r",
    );
}

#[test]
fn a_timeout_lives_while_it_is_observed() {
    let timeout = "() => AbortSignal.timeout(1e9)";
    for (observe, is_gone) in [
        ("s => {}", "true"),
        ("listen", "false"),
        ("s => s.onabort = () => {}", "false"),
        ("s => { s.onabort = () => {}; s.onabort = null }", "true"),
        ("s => listen(AbortSignal.any([s]))", "false"),
        ("s => { AbortSignal.any([s]) }", "true"),
        // Script may ask the dependent signal at any time.
        ("s => globalThis.any = AbortSignal.any([s])", "false"),
        // The event target with the listener holds it as long as there is one.
        (
            "s => (globalThis.t = new EventTarget).addEventListener('x', () => {}, { signal: s })",
            "false",
        ),
        (
            "s => new EventTarget().addEventListener('x', () => {}, { signal: s })",
            "true",
        ),
    ] {
        let make = format!("var ref = lost({timeout}, {observe})");
        check(&make, "is_gone(ref)", is_gone);
    }
}

#[test]
fn collecting_does_not_stop_the_clock() {
    let context = &mut context();
    eval(context, PRELUDE);
    eval(
        context,
        "lost(() => AbortSignal.timeout(1), s => s.onabort = () => log.push(s.reason.name));
         var any = AbortSignal.any([AbortSignal.timeout(1)]);
         AbortSignal.any([any]).onabort = e => log.push(e.target.reason.name, e.target.reason === any.reason);
         var target = new EventTarget;
         target.addEventListener('x', () => log.push('x'), { signal: AbortSignal.timeout(1) })",
    );
    collect(context);
    event_loop(context).run(context).unwrap();
    // The third timeout keeps no loop going, but stands before nothing that does.
    std::thread::sleep(std::time::Duration::from_millis(5));
    event_loop(context).run(context).unwrap();
    let seen = eval(context, "target.dispatchEvent(new Event('x')); log.join()");
    assert_eq!(seen, "TimeoutError,TimeoutError,true");
}

#[test]
fn a_timeout_keeps_the_loop_going_only_for_listeners() {
    for (script, progress) in [
        ("var s = AbortSignal.timeout(5000)", Progress::Done),
        (
            "var s = AbortSignal.timeout(5000), any = AbortSignal.any([s])",
            Progress::Done,
        ),
        (
            "new EventTarget().addEventListener('x', () => {}, { signal: AbortSignal.timeout(5000) })",
            Progress::Done,
        ),
        (
            "AbortSignal.timeout(5000).onabort = () => {}",
            waiting(5000),
        ),
        (
            "listen(AbortSignal.any([AbortSignal.timeout(5000)]))",
            waiting(5000),
        ),
        (
            "var s = AbortSignal.timeout(5000); s.onabort = () => {}; s.onabort = null",
            Progress::Done,
        ),
        // Aborted by another source.
        (
            "listen(AbortSignal.any([source, AbortSignal.timeout(5000)])); controller.abort()",
            Progress::Done,
        ),
        // One that nobody listens to does not shorten the wait away, nor end it.
        (
            "var s = AbortSignal.timeout(1000); AbortSignal.timeout(5000).onabort = () => {}",
            waiting(1000),
        ),
    ] {
        let event_loop = EventLoop::new();
        let mut context = Context::builder()
            .job_executor(Rc::clone(&event_loop))
            .clock(Rc::new(FixedClock::from_millis(0)))
            .build()
            .unwrap();
        webidl::register(&mut context).unwrap();
        dom::register(&mut context).unwrap();
        eval(&mut context, PRELUDE);
        eval(&mut context, script);
        let stalled = event_loop.run_until_stalled(&mut context).unwrap();
        assert_eq!(stalled, progress, "{script}");
    }
}

fn waiting(milliseconds: u64) -> Progress {
    Progress::Stalled {
        next_deadline: Some(std::time::Duration::from_millis(milliseconds)),
    }
}

#[test]
fn a_foreign_executor_gets_a_job() {
    let mut context = Context::builder()
        .job_executor(Rc::new(SimpleJobExecutor::new()))
        .build()
        .unwrap();
    webidl::register(&mut context).unwrap();
    dom::register(&mut context).unwrap();
    eval(&mut context, PRELUDE);
    eval(
        &mut context,
        "lost(() => AbortSignal.timeout(1), s => s.onabort = () => log.push(s.reason.name));
         var quiet = AbortSignal.timeout(1)",
    );
    collect(&mut context);
    context.run_jobs().unwrap();
    assert_eq!(
        eval(&mut context, "[log, quiet.aborted].join()"),
        "TimeoutError,true"
    );
}

#[test]
fn what_ends_first_leaves_nothing_behind() {
    let context = &mut context();
    eval(context, PRELUDE);
    let source = signal(context, "source");
    let algorithms = |signal: &AbortSignal| {
        let state = signal.state();
        state.abort_algorithms.borrow().entries.len()
    };
    let dependents = || source.state().dependent_signals.borrow().entries.len();

    // A listener that is removed, or that ran once, takes its algorithm along.
    eval(
        context,
        "var target = new EventTarget, f = () => {};
         target.addEventListener('x', f, { signal: source });
         target.addEventListener('y', f, { signal: source, once: true });
         target.addEventListener('y', f, { signal: source });",
    );
    assert_eq!(algorithms(&source), 2);
    eval(
        context,
        "target.removeEventListener('x', f); target.dispatchEvent(new Event('y'))",
    );
    assert_eq!(algorithms(&source), 0);

    // Targets and signals that are collected leave entries, which are swept out.
    for _ in 0..20 {
        eval(
            context,
            "for (let i = 0; i < 50; i++) {
                 new EventTarget().addEventListener('x', () => {}, { signal: source });
                 new EventTarget().addEventListener('x', () => {}, { signal: AbortSignal.any([source]) });
             }",
        );
        collect(context);
    }
    assert!(algorithms(&source) <= 150, "{}", algorithms(&source));
    assert!(dependents() <= 150, "{}", dependents());

    // An aborted signal keeps nothing at all.
    let any = signal(
        context,
        "globalThis.any = AbortSignal.any([source, AbortSignal.timeout(1e9)]); listen(any); any",
    );
    eval(context, "controller.abort()");
    assert_eq!((algorithms(&source), dependents()), (0, 0));
    assert!(any.state().source_signals.borrow().is_empty());
}

#[test]
fn rust_code_adds_and_removes_algorithms() {
    let context = &mut context();
    eval(context, PRELUDE);
    let signal = signal(context, "source");
    let push = |context: &mut Context, value: &JsValue| -> JsResult<()> {
        let log = context.global_object().get(js_string!("log"), context)?;
        let log = boa_engine::object::builtins::JsArray::from_object(log.as_object().unwrap())?;
        log.push(value.clone(), context).map(drop)
    };
    let steps: AlgorithmSteps<JsValue> = |captured, reason, context| {
        let log = context.global_object().get(js_string!("log"), context)?;
        let log = boa_engine::object::builtins::JsArray::from_object(log.as_object().unwrap())?;
        log.push(captured.clone(), context)?;
        log.push(reason.clone(), context)?;
        Err(crate::webidl::type_error("reported, and stops nothing"))
    };
    let errors = Rc::new(RefCell::new(0));
    let seen = Rc::clone(&errors);
    crate::event_loop::set_exception_reporter(
        context,
        Rc::new(move |_, _: &mut Context| *seen.borrow_mut() += 1),
    );
    let first = signal.add_an_algorithm(1.into(), steps).unwrap();
    let second = signal.add_an_algorithm(2.into(), steps).unwrap();
    signal.add_an_algorithm(3.into(), steps).unwrap();
    assert!(signal.remove_an_algorithm(second));
    assert!(!signal.remove_an_algorithm(second));
    eval(context, "source.onabort = () => log.push('event')");
    push(context, &js_string!("before").into()).unwrap();
    signal
        .signal_abort(js_string!("r").into(), context)
        .unwrap();
    assert_eq!(eval(context, "log.join()"), "before,1,r,3,r,event");
    assert_eq!(*errors.borrow(), 2);
    assert!(signal.aborted());
    assert!(!signal.remove_an_algorithm(first), "it has run");
    assert_eq!(signal.add_an_algorithm(4.into(), steps), None);
}

#[test]
fn an_algorithm_of_rust_code_keeps_a_signal_until_it_is_removed() {
    let context = &mut context();
    eval(context, PRELUDE);
    for make in ["AbortSignal.any([source])", "AbortSignal.timeout(1e9)"] {
        let any = signal(context, make);
        let weak = WeakGc::new(any.state());
        let id = any.add_an_algorithm((), |(), _, _| Ok(())).unwrap();
        drop(any);
        collect(context);
        let any = AbortSignal::of(&weak.upgrade().unwrap().object().unwrap()).unwrap();
        assert!(any.remove_an_algorithm(id));
        drop(any);
        collect(context);
        assert!(weak.upgrade().is_none(), "{make}");
    }
}

#[test]
fn an_error_script_cannot_catch_ends_the_abort() {
    let context = &mut context();
    context.runtime_limits_mut().set_loop_iteration_limit(1000);
    eval(context, PRELUDE);
    eval(
        context,
        "source.addEventListener('abort', () => { for (;;); }); source.onabort = () => log.push('next')",
    );
    let aborted = context.eval(Source::from_bytes("controller.abort()"));
    assert!(aborted.is_err());
    assert_eq!(eval(context, "[source.aborted, log].join()"), "true,");
}

#[test]
fn a_second_realm_has_signals_of_its_own() {
    let context = &mut context();
    let realm = context.create_realm().unwrap();
    let first = context.enter_realm(realm);
    webidl::register(context).unwrap();
    dom::register(context).unwrap();
    let other = context.global_object();
    context.enter_realm(first);
    context
        .global_object()
        .set(js_string!("other"), other, true, context)
        .unwrap();
    let seen = eval(
        context,
        "let seen = [], theirs = new other.AbortController, any = AbortSignal.any([theirs.signal]);
         // A method of this realm on a controller of the other one.
         AbortController.prototype.abort.call(theirs);
         seen.push(theirs.signal instanceof other.AbortSignal, theirs.signal instanceof AbortSignal,
             theirs.signal.reason instanceof other.DOMException, any instanceof AbortSignal,
             any.reason === theirs.signal.reason,
             other.AbortSignal.abort().reason instanceof other.DOMException);
         seen.join()",
    );
    assert_eq!(seen, "true,false,true,true,true,true");
    let seen = eval(
        context,
        "var late = other.AbortSignal.timeout(0), caught;
         late.onabort = e => caught = [e instanceof other.Event, late.reason instanceof other.DOMException]; 1",
    );
    assert_eq!(seen, "1");
    event_loop(context).run(context).unwrap();
    assert_eq!(eval(context, "caught.join()"), "true,true");
}

#[test]
fn what_another_extension_has_under_these_names_is_replaced() {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .build()
        .unwrap();
    // As Boa defines its classes: writable and configurable.
    for name in ["AbortController", "AbortSignal"] {
        let theirs = context.eval(Source::from_bytes("(class {})")).unwrap();
        let attribute = boa_engine::property::Attribute::WRITABLE
            | boa_engine::property::Attribute::CONFIGURABLE;
        let name = boa_engine::JsString::from(name);
        context
            .register_global_property(name, theirs, attribute)
            .unwrap();
    }
    webidl::register(&mut context).unwrap();
    dom::register(&mut context).unwrap();
    let is_ours = "new AbortController().signal instanceof AbortSignal
        && new AbortController().signal instanceof EventTarget";
    assert_eq!(eval(&mut context, is_ours), "true");
}
