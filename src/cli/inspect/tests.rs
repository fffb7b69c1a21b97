//! Values of real contexts as text.

use std::time::{Duration, Instant};

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
    // Words to the left.
    assert_eq!(
        shown("Array.from({ length: 9 }, (_, i) => 'word'.repeat(i % 2 + 1) + i)"),
        "[\n  'word0',     'wordword1', 'word2',     'wordword3', 'word4',\n  \
         'wordword5', 'word6',     'wordword7', 'word8'\n]"
    );
}

#[test]
fn collections() {
    check(&[
        ("new Map()", "Map(0) {}"),
        (
            "new Map([['a', 1], [{ k: 1 }, new Map()]])",
            "Map(2) { 'a' => 1, { k: 1 } => Map(0) {} }",
        ),
        ("new Set([1, 'a', [2]])", "Set(3) { 1, 'a', [ 2 ] }"),
        ("new (class Bag extends Set {})([1])", "Bag(1) [Set] { 1 }"),
        ("Object.assign(new Set(), { x: 1 })", "Set(0) { x: 1 }"),
        ("new WeakMap()", "WeakMap { <items unknown> }"),
        ("new WeakSet()", "WeakSet { <items unknown> }"),
        ("new Uint8Array([1, 2, 255])", "Uint8Array(3) [ 1, 2, 255 ]"),
        ("new BigInt64Array(1)", "BigInt64Array(1) [ 0n ]"),
        (
            "Object.assign(new Float64Array([1.5]), { x: 1 })",
            "Float64Array(1) [ 1.5, x: 1 ]",
        ),
        (
            "new Uint8Array([1, 171]).buffer",
            "ArrayBuffer { [contents]: <01 ab>, byteLength: 2 }",
        ),
        (
            "new DataView(new ArrayBuffer(3), 1)",
            "DataView {\n  byteLength: 2,\n  byteOffset: 1,\n  buffer: ArrayBuffer { [contents]: <00 00 00>, byteLength: 3 }\n}",
        ),
        (
            "new SharedArrayBuffer(2)",
            "SharedArrayBuffer { byteLength: 2 }",
        ),
    ]);
    assert!(
        shown("new Map(Array.from({ length: 103 }, (_, i) => [i, i]))")
            .ends_with("... 3 more items\n}")
    );
    assert!(shown("new ArrayBuffer(51)").contains("00 ... 1 more byte>"));
}

#[test]
fn wrappers() {
    check(&[
        ("new Date(1e12)", "2001-09-09T01:46:40.000Z"),
        ("new Date(NaN)", "Invalid Date"),
        (
            "Object.assign(new Date(0), { x: 1 })",
            "1970-01-01T00:00:00.000Z { x: 1 }",
        ),
        (r"/a\/b[/]/gi", r"/a\/b[\/]/gi"),
        (r"/\\/", r"/\\/"),
        // Its getters are not asked.
        (
            "const r = /x/m; Object.defineProperty(r, 'flags', { get() { throw 1 } }); r",
            "/x/m",
        ),
        ("new Number(-0)", "[Number: -0]"),
        ("new Boolean(false)", "[Boolean: false]"),
        (
            "Object.assign(new String('ab'), { z: 1 })",
            "[String: 'ab'] { z: 1 }",
        ),
        ("Object(Symbol('s'))", "[Symbol: Symbol(s)]"),
        ("Object(5n)", "[BigInt: 5n]"),
        ("Promise.resolve({ a: 1 })", "Promise { { a: 1 } }"),
        ("new Promise(() => {})", "Promise { <pending> }"),
        (
            "const p = Promise.reject(3); p.catch(() => {}); p",
            "Promise { <rejected> 3 }",
        ),
        (
            "const p = Promise.reject([3]); p.catch(() => {}); p",
            "Promise { <rejected> [ 3 ] }",
        ),
        ("(function* () {})()", "Object [Generator] {}"),
        ("new Map().entries()", "Object [Map Iterator] {}"),
    ]);
}

#[test]
fn functions() {
    check(&[
        ("(function f() {})", "[Function: f]"),
        ("(() => {})", "[Function (anonymous)]"),
        ("(async function f() {})", "[AsyncFunction: f]"),
        ("(function* f() {})", "[GeneratorFunction: f]"),
        ("(async function* f() {})", "[AsyncGeneratorFunction: f]"),
        (
            "Object.assign(function f() {}, { a: 1 })",
            "[Function: f] { a: 1 }",
        ),
        ("(class A {})", "[class A]"),
        ("(class {})", "[class (anonymous)]"),
        (
            "class A {}; (class B extends A { static s = 1 })",
            "[class B extends A] { s: 1 }",
        ),
        ("(class N extends null {})", "[class N extends null]"),
        ("Math.max", "[Function: max]"),
        ("(function () {}).bind()", "[Function: bound ]"),
        ("Object.freeze(function f() {})", "[Function: f]"),
        // A name is text of the script's too.
        (
            r"Object.defineProperty(() => {}, 'name', { value: 'a\x1b\nb' })",
            r"[Function: a\x1B\nb]",
        ),
        (
            "Object.defineProperty(() => {}, 'name', { get() { throw 1 } })",
            "[Function (anonymous)]",
        ),
    ]);
}

#[test]
fn errors() {
    check(&[
        (
            "new RangeError('no')",
            "RangeError: no\n    at script.js:1:1",
        ),
        ("new Error", "Error\n    at script.js:1:1"),
        (
            "({ e: new Error('in') })",
            "{\n  e: Error: in\n      at script.js:1:7\n}",
        ),
        (
            "Object.assign(new Error('x', { cause: { a: 1 } }), { code: 'E' })",
            "Error: x\n    at script.js:1:15 {\n  [cause]: { a: 1 },\n  code: 'E'\n}",
        ),
        (
            "function f() { return new Error('two\\nlines \\x1b[0m') } f()",
            "Error: two\nlines \\x1B[0m\n    at f (script.js:1:23)\n    at script.js:1:58",
        ),
        (
            "new AggregateError([new Error('1'), 2], 'all')",
            "AggregateError: all\n    at script.js:1:1 {\n  [errors]: [\n    Error: 1\n        at script.js:1:21,\n    2\n  ]\n}",
        ),
        (
            "class Mine extends Error {}; const e = new Mine('m'); e.stack = ''; e",
            "[Mine: m]",
        ),
        (
            "const e = new Error('m'); e.name = 'Own'; e.stack = ''; [e]",
            "[ [Own: m] ]",
        ),
        (
            "const e = new Error('m'); e.stack = 'Error: m\\n  at home'; e",
            "Error: m\n  at home",
        ),
        (
            "const e = new DOMException('gone', 'AbortError'); e",
            "DOMException [AbortError]: gone\n    at DOMException (native)\n    at script.js:1:11",
        ),
        // No getter is asked, and what is no string is no message.
        (
            "const e = new Error(); Object.defineProperty(e, 'message', { get() { throw 1 } }); e.stack = ''; e",
            "[Error]",
        ),
    ]);
}

#[test]
fn platform_objects_show_their_attributes() {
    check(&[
        (
            "new WebSocket('/chat')",
            "WebSocket {\n  url: 'ws://127.0.0.1:1/chat',\n  readyState: 0,\n  bufferedAmount: 0,\n  \
             extensions: '',\n  protocol: '',\n  binaryType: 'blob'\n}",
        ),
        (
            "new CloseEvent('close', { code: 1000, wasClean: true })",
            "CloseEvent { type: 'close', wasClean: true, code: 1000, reason: '' }",
        ),
        (
            "new MessageEvent('message', { data: [1, 2], origin: 'ws://x' })",
            "MessageEvent { type: 'message', data: [ 1, 2 ], origin: 'ws://x' }",
        ),
        (
            "new Event('e', { bubbles: true })",
            "Event { type: 'e', target: null, bubbles: true }",
        ),
        (
            "Object.assign(new Event('e'), { own: 1 })",
            "Event { type: 'e', target: null, own: 1 }",
        ),
        ("new EventTarget()", "EventTarget {}"),
        (
            "AbortSignal.abort(5)",
            "AbortSignal { aborted: true, reason: 5 }",
        ),
        (
            "new AbortController()",
            "AbortController {\n  signal: AbortSignal { aborted: false, reason: undefined }\n}",
        ),
        (
            "new Blob(['abc'], { type: 'text/plain' })",
            "Blob { size: 3, type: 'text/plain' }",
        ),
        (
            "new (class Chat extends EventTarget { room = 1 })",
            "Chat [EventTarget] { room: 1 }",
        ),
        (
            "new (class Mine extends Event { extra = 1 })('t')",
            "Mine [Event] { type: 't', target: null, extra: 1 }",
        ),
        // Only the prototype: no platform object.
        ("Object.create(CloseEvent.prototype)", "CloseEvent {}"),
        // What script has put on the prototype is not asked.
        (
            "Object.defineProperty(Blob.prototype, 'size', { get() { throw 1 } }); new Blob()",
            "Blob { size: 0, type: '' }",
        ),
    ]);
    let handler = shown("const ws = new WebSocket('/'); ws.onmessage = () => {}; ws");
    assert!(
        handler.contains("onmessage: [Function (anonymous)]"),
        "{handler}"
    );
    assert!(!handler.contains("onopen"), "{handler}");
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
fn hostile_values_take_little_time_and_space() {
    let deep = InspectOptions {
        depth: usize::MAX,
        ..InspectOptions::default()
    };
    for script in [
        "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; o",
        "let a = []; for (let i = 0; i < 2e4; i++) a = [a]; a",
        "let m = 1; for (let i = 0; i < 1e4; i++) m = new Map([[m, m]]); m",
        "let o = {}; for (let i = 0; i < 200; i++) o = { a: o, b: o }; o",
        "let p = {}; for (let i = 0; i < 1e4; i++) p = Object.create(p); p",
        "let e = new Error(); for (let i = 0; i < 1e4; i++) e = new Error('x'.repeat(1e3), { cause: e }); e",
        "let w = 'x'.repeat(5000); for (let i = 0; i < 4; i++) w = Array(100).fill(w); w",
        "const o = {}; for (let i = 0; i < 2e4; i++) o['k' + i] = i; o",
        "const a = []; for (let i = 0; i < 1e5; i++) a.push(i); a",
        "new Uint8Array(1e7)",
        "['x'.repeat(1e7)]",
        "const big = {}; for (let i = 0; i < 1e4; i++) Object.defineProperty(big, 'k' + i, {}); \
         Array(100).fill(Array(100).fill(Array(100).fill(big)))",
        "const e = new Error('m'.repeat(1e6)); Array(100).fill(Array(100).fill(e))",
        "const r = new RegExp('r'.repeat(1e5)); Array(100).fill(Array(100).fill(r))",
        "const n = 1n << 100000n; Array(100).fill(Array(100).fill([n, Object(n)]))",
        "const h = []; h[4e9] = 1; for (let i = 0; i < 1e4; i++) h[i * 2] = i; Array(100).fill(Array(100).fill(h))",
        "({ ['k'.repeat(1e6)]: Symbol('s'.repeat(1e6)) })",
    ] {
        let context = &mut context();
        let value = evaluate(script, context);
        let started = Instant::now();
        let text = inspect(&value, &deep, context);
        assert!(started.elapsed() < Duration::from_secs(20), "{script}");
        assert!(text.len() < 8 << 20, "{script}: {} bytes", text.len());
        // Dropping 10^5 nested objects is the collector's affair.
        std::mem::forget(value);
    }
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
