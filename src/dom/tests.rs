//! Tests of the room through script.

use boa_engine::{Context, Source};

use crate::{dom, webidl};

/// A context with this room and those below it.
pub(crate) fn context() -> Context {
    let mut context = Context::default();
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

#[track_caller]
fn check(source: &str, expected: &str) {
    assert_eq!(eval(&mut context(), source), expected, "{source}");
}

#[test]
fn prototype_chains() {
    check(
        "[Object.getPrototypeOf(CustomEvent) === Event,
          Object.getPrototypeOf(CustomEvent.prototype) === Event.prototype,
          Object.getPrototypeOf(Event) === Function.prototype,
          Object.getPrototypeOf(EventTarget.prototype) === Object.prototype].join()",
        "true,true,true,true",
    );
}

#[test]
fn the_global_object_is_an_event_target() {
    check(
        "let seen = [];
         addEventListener('x', function (e) { seen.push(this === globalThis, e.target === globalThis) });
         globalThis.addEventListener('x', e => seen.push(e.currentTarget === globalThis));
         EventTarget.prototype.dispatchEvent.call(null, new Event('x'));
         dispatchEvent(new Event('x'));
         seen.push(globalThis instanceof EventTarget, Object.prototype.toString.call(globalThis));
         seen.join()",
        "true,true,true,true,true,true,true,[object global]",
    );
}
