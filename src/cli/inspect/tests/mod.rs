//! Values of real contexts as text.

mod hostile;
mod kinds;

use boa_engine::{Context, JsValue, Source, js_string};

use super::{InspectOptions, inspect};
use crate::{EventLoop, Hooks, WebSocketExtension};

fn context() -> Context {
    let mut context = Context::builder()
        .job_executor(EventLoop::new())
        .host_hooks(std::rc::Rc::new(Hooks))
        .build()
        .unwrap();
    let extension = WebSocketExtension::builder()
        .base_url("http://127.0.0.1:1/")
        .build()
        .unwrap();
    boa_runtime::register(extension, None, &mut context).unwrap();
    context
}

fn evaluate(script: &str, context: &mut Context) -> JsValue {
    let source = Source::from_bytes(script).with_path("script.js".as_ref());
    context.eval(source).unwrap()
}

fn shown_with(script: &str, options: &InspectOptions) -> String {
    let context = &mut context();
    let value = evaluate(script, context);
    inspect(&value, options, context)
}

fn shown(script: &str) -> String {
    shown_with(script, &InspectOptions::default())
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        assert_eq!(shown(script), *expected, "{script}");
    }
}

#[test]
fn primitives() {
    check(&[
        ("undefined", "undefined"),
        ("null", "null"),
        ("true", "true"),
        ("-0", "-0"),
        ("0.1", "0.1"),
        ("1e21", "1e+21"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("12345678901234567890n", "12345678901234567890n"),
        ("Symbol('a b')", "Symbol(a b)"),
        ("Symbol()", "Symbol()"),
        ("Symbol.iterator", "Symbol(Symbol.iterator)"),
    ]);
    let huge = shown("-(2n ** 100000n)");
    assert!(huge.starts_with("-0x1000000"), "{huge}");
    assert!(huge.ends_with("0... 22501 more digitsn"), "{huge}");
}

#[test]
fn strings_are_quoted_and_escaped() {
    check(&[
        ("'a'", "'a'"),
        (r#""it's""#, r#""it's""#),
        (r#"`it's "x"`"#, r#"`it's "x"`"#),
        ("'\\'\"`'", "'\\'\"`'"),
        ("'a\\\\b'", "'a\\\\b'"),
        (r"'\n\t\r\b\v\f'", r"'\n\t\r\b\v\f'"),
        // A terminal would obey these.
        (
            r"['\x1b[31m', '\x07\x7f\x9b']",
            r"[ '\x1B[31m', '\x07\x7F\x9B' ]",
        ),
        // These turn the text around them.
        (r"'\u202Eabc\u2066'", r"'\u202Eabc\u2066'"),
        (r"'\u{1f600}é\ud800x'", r"'😀é\uD800x'"),
    ]);
    let long = shown("['y'.repeat(10001)]");
    assert!(
        long.ends_with("y'... 1 more character\n]"),
        "{}",
        &long[9990..]
    );
}

#[test]
fn objects() {
    check(&[
        ("({})", "{}"),
        (
            "({ a: 1, 'b-c': 'x', 2: null, [Symbol('s')]: 3, $_: 4, ü: 5 })",
            "{ '2': null, a: 1, 'b-c': 'x', $_: 4, 'ü': 5, [Symbol(s)]: 3 }",
        ),
        (
            "({ get a() { throw 1 }, set a(v) {}, get b() { throw 2 }, set c(v) {} })",
            "{ a: [Getter/Setter], b: [Getter], c: [Setter] }",
        ),
        ("Object.defineProperty({}, 'hidden', { value: 1 })", "{}"),
        ("Object.create(null)", "[Object: null prototype] {}"),
        ("new (class Point { x = 1; #y = 2 })", "Point { x: 1 }"),
        ("new (class A extends (class B {}) {})", "A {}"),
        ("(class A { m() {} }).prototype", "{}"),
        (
            "new (class A { get [Symbol.toStringTag]() { throw 1 } })",
            "A {}",
        ),
        (
            "({ [Symbol.toStringTag]: 'T' })",
            "Object [T] { [Symbol(Symbol.toStringTag)]: 'T' }",
        ),
        ("Math", "Object [Math] {}"),
        (
            "(function () { return arguments })(1, 'b')",
            "[Arguments] [ 1, 'b' ]",
        ),
        ("new Proxy({ a: 1 }, { get() { throw 1 } })", "[Proxy]"),
        ("new Proxy(() => {}, {})", "[Proxy (function)]"),
        (
            "Object.create(new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } }))",
            "{}",
        ),
    ]);
}

#[test]
fn nested_objects_to_a_depth() {
    check(&[
        ("({ a: { b: { c: {} } } })", "{ a: { b: { c: {} } } }"),
        (
            "({ a: { b: { c: { d: 1 } } } })",
            "{ a: { b: { c: [Object] } } }",
        ),
        ("[[[[]]]]", "[ [ [ [] ] ] ]"),
        ("[[[[1]]]]", "[ [ [ [Array] ] ] ]"),
        (
            "[[[new (class Foo { a = 1 }), () => 1, new Date(0), new Map([[1, 2]]), Object(1)]]]",
            "[\n  [\n    [\n      [Foo],\n      [Function (anonymous)],\n      1970-01-01T00:00:00.000Z,\n      [Map],\n      [Number: 1]\n    ]\n  ]\n]",
        ),
        ("[[[new RangeError('e')]]]", "[ [ [ [RangeError: e] ] ] ]"),
    ]);
    let deep = InspectOptions {
        depth: 5,
        ..InspectOptions::default()
    };
    assert_eq!(
        shown_with("({ a: { b: { c: { d: { e: 1 } } } } })", &deep),
        "{\n  a: { b: { c: { d: { e: 1 } } } }\n}"
    );
}

#[test]
fn cycles() {
    check(&[
        (
            "const o = { name: 'o' }; o.self = o; o.list = [o, { o }]; o",
            "<ref *1> {\n  name: 'o',\n  self: [Circular *1],\n  list: [ [Circular *1], { o: [Circular *1] } ]\n}",
        ),
        (
            "const a = {}, b = { a }; a.b = b; b.b = b; a",
            "<ref *1> { b: <ref *2> { a: [Circular *1], b: [Circular *2] } }",
        ),
        (
            "const m = new Map(); m.set('m', m); m",
            "<ref *1> Map(1) { 'm' => [Circular *1] }",
        ),
        // Twice the same is no cycle.
        ("const s = { x: 1 }; [s, s]", "[ { x: 1 }, { x: 1 } ]"),
    ]);
}

#[test]
fn arrays() {
    check(&[
        ("[]", "[]"),
        ("[1, 'a', [undefined]]", "[ 1, 'a', [ undefined ] ]"),
        (
            "[1, , 3, , , 4]",
            "[ 1, <1 empty item>, 3, <2 empty items>, 4 ]",
        ),
        (
            "const a = []; a.length = 4294967295; a[4e9] = 'x'; a",
            "[ <4000000000 empty items>, 'x', <294967294 empty items> ]",
        ),
        ("Object.assign([1], { extra: 2 })", "[ 1, extra: 2 ]"),
        (
            "new (class Stack extends Array {})(2)",
            "Stack(2) [ <2 empty items> ]",
        ),
        (
            "Object.defineProperty([], 0, { get() { throw 1 }, enumerable: true })",
            "[ [Getter] ]",
        ),
        (
            "Object.setPrototypeOf([1], null)",
            "[Array(1): null prototype] [ 1 ]",
        ),
    ]);
    let long = shown("Array.from({ length: 101 }, () => 1)");
    assert!(long.ends_with(",\n  ... 1 more item\n]"), "{long}");
    assert!(!shown("Array(100).fill(1)").contains("more"));
}

#[test]
fn long_arrays_stand_in_columns() {
    // Three digits, a comma and a space: so many fit 74 columns.
    let mut expected = "[".to_owned();
    for i in 0..40 {
        expected.push_str(if i % 14 == 0 { "\n  " } else { " " });
        let end = if i < 39 { "," } else { "\n]" };
        expected.push_str(&format!("{:3}{end}", i * 3));
    }
    assert_eq!(
        shown("Array.from({ length: 40 }, (_, i) => i * 3)"),
        expected
    );
    // Members of all kinds would leave gaps.
    assert_eq!(
        shown("[1, 2, 3, 4, 5, 6, 'a'.repeat(20), 'b'.repeat(20), 'c'.repeat(20)]")
            .lines()
            .count(),
        11
    );
    // Words to the left.
    assert_eq!(
        shown("Array.from({ length: 9 }, (_, i) => 'word'.repeat(i % 2 + 1) + i)"),
        "[\n  'word0',     'wordword1', 'word2',     'wordword3', 'word4',\n  \
         'wordword5', 'word6',     'wordword7', 'word8'\n]"
    );
}

#[test]
fn long_objects_are_broken_into_lines() {
    check(&[(
        "({ first: 'a'.repeat(30), second: 'b'.repeat(30), third: { fourth: [1, 2] } })",
        "{\n  first: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',\n  second: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb',\n  third: { fourth: [ 1, 2 ] }\n}",
    )]);
    let wide = InspectOptions {
        line_width: 200,
        ..InspectOptions::default()
    };
    let text = shown_with("({ a: 'a'.repeat(80), b: 1 })", &wide);
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn colors() {
    let options = InspectOptions {
        colors: true,
        ..InspectOptions::default()
    };
    assert_eq!(
        shown_with("({ a: 1, b: 'x', c: null, d() {} })", &options),
        "{ a: \x1b[33m1\x1b[0m, b: \x1b[32m'x'\x1b[0m, c: \x1b[1mnull\x1b[0m, d: \x1b[36m[Function: d]\x1b[0m }"
    );
    // They take no columns.
    let script = "Array.from({ length: 20 }, (_, i) => i)";
    let plain = shown(script);
    let colored = shown_with(script, &options);
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), plain);
}

#[test]
fn members_of_a_table_are_read_without_script() {
    let context = &mut context();
    let value = evaluate("({ a: 1, get b() { throw 1 }, 0: 'x' })", context);
    let members = super::own_members(&value.as_object().unwrap(), 2);
    let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["0", "a"]);
    assert_eq!(members[0].1, Some(js_string!("x").into()));
}
