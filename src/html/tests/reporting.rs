//! Reporting exceptions and rejected promises.

use std::path::Path;

use boa_engine::job::SimpleJobExecutor;

use super::*;
use crate::event_loop::report_exception;

#[test]
fn report_error_fires_an_error_event() {
    check(
        "addEventListener('error', e => {
            log.push(e instanceof ErrorEvent, e.type, e.message, e.error === error, e.isTrusted,
                     e.cancelable, e.bubbles, e.target === globalThis, e.lineno > 0, e.colno > 0);
            e.preventDefault();
         });
         let error = new RangeError('too far'); reportError(error)",
        "true,error,Uncaught RangeError: too far,true,true,true,false,true,true,true",
    );
    check(
        "log.push(thrown(() => reportError()), thrown(() => reportError.call({}, 1)))",
        "TypeError,TypeError",
    );
}

#[test]
fn onerror_takes_five_arguments_and_cancels_with_true() {
    check(
        "onerror = function (...a) { log.push(this === globalThis, a.length, a[0], typeof a[1], a[2] > 0, a[3] > 0, a[4]); return true };
         reportError(new Error('e')); log.push('|');
         onerror = (...a) => { log.push(a.slice(0, 4).join('-'), a[4] === undefined); return true };
         reportError(); ".replace("reportError(); ", "reportError(undefined);").as_str(),
        "true,5,Uncaught Error: e,string,true,true,Error: e,|,Uncaught undefined--0-0,true",
    );
    // Only for ErrorEvents.
    check(
        "onerror = (...a) => { log.push(a.length, a[0].type); return true };
         log.push(dispatchEvent(new Event('error', { cancelable: true })))",
        "1,error,true",
    );
}

#[test]
fn what_nobody_takes_goes_to_the_sink() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    eval(
        &mut context,
        "onerror = () => false; reportError(new TypeError('one')); reportError('two');
         reportError({ toString() { throw 1 } });
         let d = new DOMException('three', 'DataError'); reportError(d);",
    );
    let uncaught = uncaught.borrow();
    let told: Vec<&str> = uncaught.iter().map(|e| e.description.as_str()).collect();
    assert_eq!(
        told,
        [
            "TypeError: one",
            "two",
            "[object Object]",
            "DataError: three"
        ]
    );
    assert!(uncaught.iter().all(|e| e.kind == UncaughtKind::Exception));
    assert!(
        uncaught[0]
            .to_string()
            .starts_with("Uncaught TypeError: one\n    at ")
    );
    assert_eq!(uncaught[1].to_string(), "Uncaught two");
    assert!(uncaught[3].stack.contains("at "));
}

#[test]
fn positions() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    let source = "function inner() {\n  null.x;\n}\naddEventListener('x', () => inner());\ndispatchEvent(new Event('x'))";
    let source = Source::from_bytes(source).with_path(Path::new("dir (1)/file.js"));
    context.eval(source).unwrap();
    let error = context
        .eval(Source::from_bytes("let a = ;").with_path(Path::new("broken.js")))
        .unwrap_err();
    report_exception(error, &mut context);
    let error = context
        .eval(Source::from_bytes("\n\nthrow 'text'").with_path(Path::new("text.js")))
        .unwrap_err();
    report_exception(error, &mut context);
    let uncaught = uncaught.borrow();
    assert_eq!(uncaught.len(), 3);
    assert_eq!(uncaught[0].lineno, 2, "{:?}", uncaught[0]);
    assert!(uncaught[0].colno > 0);
    assert!(uncaught[0].stack.contains("inner"), "{:?}", uncaught[0]);
    assert!(uncaught[0].filename.ends_with("file.js"));
    assert!(uncaught[1].description.starts_with("SyntaxError"));
    assert_eq!(uncaught[1].lineno, 1, "{:?}", uncaught[1]);
    assert_eq!(uncaught[2].description, "text");
    assert_eq!(
        (uncaught[2].lineno, uncaught[2].filename.as_str()),
        (3, "text.js"),
        "{:?}",
        uncaught[2]
    );
}

#[test]
fn an_error_in_an_error_handler_is_not_told_to_script() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    let seen = eval(
        &mut context,
        "let n = 0; onerror = () => { n++; throw new Error('again') }; reportError(1);
         reportError(2); n",
    );
    assert_eq!(seen, "2");
    let uncaught = uncaught.borrow();
    let told: Vec<&str> = uncaught.iter().map(|e| e.description.as_str()).collect();
    assert_eq!(told, ["Error: again", "1", "Error: again", "2"]);
}

#[test]
fn no_script_runs_to_tell_of_an_error() {
    check(
        "let hostile = new Error('x');
         Object.defineProperty(hostile, 'message', { get() { log.push('message') } });
         Object.defineProperty(hostile, 'name', { get() { log.push('name') } });
         Object.defineProperty(hostile, 'stack', { get() { log.push('stack') } });
         hostile.toString = () => log.push('toString');
         Object.defineProperty(Error.prototype, 'stack', { get() { log.push('replaced') } });
         onerror = () => true;
         reportError(hostile);
         reportError(new Proxy(hostile, { get(_, k) { log.push(k) }, getPrototypeOf() { log.push('proto') } }));
         reportError(Object.setPrototypeOf(new Error, new Proxy({}, { get() { log.push('get') }, getOwnPropertyDescriptor() { log.push('gopd') } })));
         let deep = {}; for (let i = 0; i < 100000; i++) deep = { deep }; reportError(deep);
         let wide = new Error; wide.message = deep; wide.name = deep; reportError(wide);",
        "",
    );
}

#[test]
fn errors_that_script_cannot_catch() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    eval(&mut context, "var n = 0; onerror = () => { n++ }");
    context.runtime_limits_mut().set_loop_iteration_limit(50);
    let error = context.eval(Source::from_bytes("for (;;);")).unwrap_err();
    report_exception(error, &mut context);
    // The handler itself is ended: both are told, one as the engine's.
    eval(&mut context, "onerror = () => { for (;;); }");
    context
        .eval(Source::from_bytes("reportError('x')"))
        .unwrap();
    assert_eq!(eval(&mut context, "n"), "0");
    let uncaught = uncaught.borrow();
    let told: Vec<UncaughtKind> = uncaught.iter().map(|e| e.kind).collect();
    let expected = [
        UncaughtKind::Engine,
        UncaughtKind::Engine,
        UncaughtKind::Exception,
    ];
    assert_eq!(told, expected);
    assert!(uncaught[0].description.contains("RuntimeLimit"));
    assert!(uncaught[0].error.is_undefined());
}

#[test]
fn unhandled_rejections() {
    check(
        "let p = Promise.reject(3);
         onunhandledrejection = e => {
            log.push(e instanceof PromiseRejectionEvent, e.promise === p, e.reason, e.cancelable, e.isTrusted);
            return false;
         };",
        "true,true,3,true,true",
    );
    // Handled in time.
    check(
        "onunhandledrejection = e => { log.push('no'); return false };
         let p = Promise.reject(1); p.catch(() => log.push('caught'));
         let q = Promise.reject(2); Promise.resolve().then(() => Promise.resolve()).then(() => q.catch(() => log.push('late')))",
        "caught,late",
    );
    // Handled by the listener itself: nobody needs to be told.
    check(
        "onrejectionhandled = () => log.push('no');
         onunhandledrejection = e => { log.push(e.reason); e.promise.catch(() => log.push('caught')) };
         Promise.reject(8); Promise.reject(9)",
        "8,caught,9,caught",
    );
}

#[test]
fn rejections_handled_too_late() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    eval(&mut context, PRELUDE);
    eval(
        &mut context,
        "var p = Promise.reject(1);
         onunhandledrejection = e => { log.push('unhandled'); return false };
         onrejectionhandled = e => log.push('handled', e.promise === p, e.reason, e.cancelable);",
    );
    context.run_jobs().unwrap();
    eval(
        &mut context,
        "p.catch(() => log.push('caught')); p.catch(() => {}); log.push('|')",
    );
    context.run_jobs().unwrap();
    assert_eq!(
        eval(&mut context, "log.join()"),
        "unhandled,|,caught,handled,true,1,false"
    );
    assert!(uncaught.borrow().is_empty());
}

#[test]
fn unhandled_rejections_nobody_takes() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    eval(
        &mut context,
        "Promise.reject(new RangeError('r')); (async () => { throw 'text' })(); new Promise((_, no) => no())",
    );
    assert!(uncaught.borrow().is_empty());
    context.run_jobs().unwrap();
    let uncaught = uncaught.borrow();
    let told: Vec<&str> = uncaught.iter().map(|e| e.description.as_str()).collect();
    assert_eq!(told, ["RangeError: r", "text", "undefined"]);
    assert!(
        uncaught
            .iter()
            .all(|e| e.kind == UncaughtKind::UnhandledRejection)
    );
    assert!(uncaught[0].lineno > 0);
    assert!(
        uncaught[0]
            .to_string()
            .starts_with("Uncaught (in promise) RangeError: r\n")
    );
}

#[test]
fn an_unhandled_rejection_under_a_foreign_executor() {
    let mut context = Context::builder()
        .job_executor(std::rc::Rc::new(SimpleJobExecutor::new()))
        .host_hooks(std::rc::Rc::new(Hooks))
        .build()
        .unwrap();
    register_all(&mut context);
    let uncaught = collect_uncaught(&mut context);
    eval(
        &mut context,
        "Promise.reject(1); Promise.reject(2).catch(() => {})",
    );
    context.run_jobs().unwrap();
    let told: Vec<String> = uncaught.borrow().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["Uncaught (in promise) 1"]);
}

#[test]
fn rejections_before_the_interfaces_are_registered() {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .host_hooks(std::rc::Rc::new(Hooks))
        .build()
        .unwrap();
    let uncaught = collect_uncaught(&mut context);
    eval(&mut context, "Promise.reject(1)");
    context.run_jobs().unwrap();
    let told: Vec<String> = uncaught.borrow().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["Uncaught (in promise) 1"]);
}

#[test]
fn each_realm_reports_to_its_own_global_object() {
    let mut context = context();
    let uncaught = collect_uncaught(&mut context);
    let realm = context.create_realm().unwrap();
    let first = context.enter_realm(realm.clone());
    register_all(&mut context);
    let other = context.global_object();
    context.enter_realm(first);
    context
        .register_global_property(
            boa_engine::js_string!("other"),
            other,
            boa_engine::property::Attribute::all(),
        )
        .unwrap();
    let seen = eval(
        &mut context,
        "let log = [];
         onerror = m => { log.push('first ' + m); return true };
         other.onerror = m => { log.push('other ' + m); return true };
         reportError(1); other.reportError(2);
         let t = new other.EventTarget; t.addEventListener('x', () => { throw 3 }); t.dispatchEvent(new Event('x'));
         log.push(other.self === other, other.performance === performance);
         log.join()",
    );
    assert_eq!(
        seen,
        "first Uncaught 1,other Uncaught 2,other Uncaught 3,true,false"
    );
    assert!(uncaught.borrow().is_empty());
}
