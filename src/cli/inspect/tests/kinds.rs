//! Objects with slots of their own, and platform objects.

use super::{check, shown};

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
