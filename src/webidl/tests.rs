//! Tests of the conversions, and of DOMException.

use boa_engine::{Context, JsNativeErrorKind, JsResult, JsValue, Source, js_string};

use super::*;

fn context() -> Context {
    let mut context = Context::default();
    register(&mut context).unwrap();
    context
}

fn value(context: &mut Context, source: &str) -> JsValue {
    context.eval(Source::from_bytes(source)).unwrap()
}

fn text(context: &mut Context, source: &str) -> String {
    let value = value(context, source).to_string(context).unwrap();
    value.to_std_string_lossy()
}

#[track_caller]
fn check(source: &str, expected: &str) {
    let context = &mut context();
    let value = value(context, source).to_string(context).unwrap();
    assert_eq!(value.to_std_string_lossy(), expected, "{source}");
}

/// Converts the values of scripts; a TypeError shows as `None`.
fn convert<T>(
    conversion: fn(&JsValue, &mut Context) -> JsResult<T>,
    sources: &[&str],
) -> Vec<Option<T>> {
    let context = &mut context();
    sources
        .iter()
        .map(|source| {
            let value = value(context, source);
            match conversion(&value, context) {
                Ok(converted) => Some(converted),
                Err(error) => {
                    let kind = error.as_native().map(|error| error.kind().clone());
                    assert_eq!(kind, Some(JsNativeErrorKind::Type), "{source}");
                    None
                }
            }
        })
        .collect()
}

#[test]
fn unsigned_shorts() {
    let sources = [
        "'5'",
        "-1",
        "65536",
        "65537.9",
        "NaN",
        "Infinity",
        "null",
        "({ valueOf: () => 7 })",
        "Symbol()",
        "1n",
    ];
    assert_eq!(
        convert(unsigned_short, &sources),
        [
            Some(5),
            Some(65535),
            Some(0),
            Some(1),
            Some(0),
            Some(0),
            Some(0),
            Some(7),
            None,
            None
        ],
    );
    let sources = [
        "-1",
        "65535.5",
        "65536",
        "Infinity",
        "-Infinity",
        "NaN",
        "0.5",
        "1.5",
        "2.5",
        "'3'",
        "Symbol()",
        "1000",
    ];
    assert_eq!(
        convert(unsigned_short_clamp, &sources),
        [
            Some(0),
            Some(65535),
            Some(65535),
            Some(65535),
            Some(0),
            Some(0),
            Some(0),
            Some(2),
            Some(2),
            Some(3),
            None,
            Some(1000),
        ],
    );
    let sources = [
        "0", "65535", "65535.9", "65536", "-0.9", "-1", "NaN", "Infinity",
    ];
    assert_eq!(
        convert(unsigned_short_enforce_range, &sources),
        [
            Some(0),
            Some(65535),
            Some(65535),
            None,
            Some(0),
            None,
            None,
            None
        ],
    );
}

#[test]
fn other_numbers() {
    assert_eq!(
        convert(unsigned_long, &["-1", "4294967296", "'0x10'"]),
        [Some(u32::MAX), Some(0), Some(16)],
    );
    assert_eq!(
        convert(long, &["2147483648", "-1.5"]),
        [Some(i32::MIN), Some(-1)]
    );
    assert_eq!(
        convert(long_long_clamp, &["Infinity", "-1e300", "NaN", "2.5"]),
        [
            Some(9_007_199_254_740_991),
            Some(-9_007_199_254_740_991),
            Some(0),
            Some(2)
        ],
    );
    assert_eq!(
        convert(double, &["1.5", "NaN", "Infinity", "'-2'"]),
        [Some(1.5), None, None, Some(-2.0)],
    );
}

#[test]
fn strings() {
    let strings = [
        "'plain'",
        "'gr\\u00fc\\u00df'",
        "'\\u20ac'",
        "'\\ud83d\\ude00'",
        "'a\\ud800b'",
        "'\\udc00'",
        "null",
        "Symbol()",
        "12",
    ];
    let expected = [
        "plain",
        "grüß",
        "€",
        "😀",
        "a\u{fffd}b",
        "\u{fffd}",
        "null",
        "",
        "12",
    ];
    for (converted, expected) in convert(usv_string, &strings).into_iter().zip(expected) {
        assert_eq!(converted.unwrap_or_default(), expected);
    }
    for (converted, expected) in convert(usv_js_string, &strings).into_iter().zip(expected) {
        assert_eq!(
            converted.unwrap_or_default().to_std_string_lossy(),
            expected
        );
    }
    // A DOMString keeps its lone surrogates.
    let kept = convert(dom_string, &["'\\ud800'"]).remove(0).unwrap();
    assert_eq!(kept.to_vec(), [0xd800]);
}

#[test]
fn sequences_follow_the_iterator_protocol() {
    let context = &mut context();
    let mut numbers = |source: &str| -> JsResult<Vec<i32>> {
        let value = value(context, source);
        sequence(&value, "it", context, |item, context| long(&item, context))
    };
    assert_eq!(numbers("[1, '2', , 3.9]").unwrap(), [1, 2, 0, 3]);
    assert_eq!(numbers("new Set([4, 5])").unwrap(), [4, 5]);
    assert_eq!(numbers("(function* () { yield 6 })()").unwrap(), [6]);
    assert_eq!(numbers("new String('78')").unwrap(), [7, 8]);
    for hostile in [
        "'78'",
        "1",
        "null",
        "({})",
        "({ length: 1, 0: 1 })",
        "({ [Symbol.iterator]: 1 })",
        "({ [Symbol.iterator]() { return 1 } })",
        "({ [Symbol.iterator]() { return {} } })",
        "({ [Symbol.iterator]() { return { next() { return 1 } } } })",
        "({ [Symbol.iterator]() { return { next() { throw new TypeError } } } })",
        "[Symbol()]",
    ] {
        assert!(numbers(hostile).is_err(), "{hostile}");
    }
    // Array.prototype's own iterator may be replaced.
    let replaced = "let a = [1]; a[Symbol.iterator] = function* () { yield 9 }; a";
    assert_eq!(numbers(replaced).unwrap(), [9]);
}

#[test]
fn dictionaries() {
    let context = &mut context();
    for empty in ["undefined", "null", "({})", "(() => 1)", "/x/"] {
        let value = value(context, empty);
        let dictionary = Dictionary::new(&value, "it").unwrap();
        assert!(!dictionary.boolean(js_string!("a"), context).unwrap());
        assert!(dictionary.required(js_string!("a"), context).is_err());
    }
    for other in ["1", "'s'", "true", "Symbol()", "1n"] {
        let value = value(context, other);
        assert!(Dictionary::new(&value, "it").is_err(), "{other}");
    }
    let given = value(context, "({ a: null, b: undefined })");
    let given = Dictionary::new(&given, "it").unwrap();
    assert!(
        given
            .get(js_string!("a"), context)
            .unwrap()
            .unwrap()
            .is_null()
    );
    assert!(given.get(js_string!("b"), context).unwrap().is_none());
}

#[test]
fn bytes_of_buffer_sources() {
    let context = &mut context();
    let mut bytes = |source: &str| {
        let object = value(context, &format!("{{ {source} }}"));
        let object = object.as_object().unwrap();
        let bytes = buffer_source_bytes(&object, context).map(Result::unwrap);
        assert_eq!(bytes.is_some(), is_buffer_source(&object));
        bytes
    };
    let some = |bytes: &[u8]| Some(bytes.to_vec());
    let buffer = "let b = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;";
    assert_eq!(
        bytes(&format!("{buffer} b")),
        some(&[1, 2, 3, 4, 5, 6, 7, 8])
    );
    assert_eq!(
        bytes(&format!("{buffer} new Uint16Array(b, 2, 2)")),
        some(&[3, 4, 5, 6])
    );
    assert_eq!(
        bytes(&format!("{buffer} new DataView(b, 5, 2)")),
        some(&[6, 7])
    );
    assert_eq!(bytes(&format!("{buffer} new DataView(b, 8)")), some(&[]));
    assert_eq!(
        bytes("let s = new SharedArrayBuffer(3); new Uint8Array(s).set([7, 8, 9]); s"),
        some(&[7, 8, 9]),
    );
    assert_eq!(
        bytes(
            "let s = new SharedArrayBuffer(3); new Uint8Array(s).set([7, 8, 9]); new Uint8Array(s, 1, 1)"
        ),
        some(&[8]),
    );
    // Resizable buffers: views that track the length, and views left out of bounds.
    let resizable =
        "let b = new ArrayBuffer(4, { maxByteLength: 8 }); new Uint8Array(b).set([1, 2, 3, 4]);";
    assert_eq!(
        bytes(&format!(
            "{resizable} let v = new Uint8Array(b, 1); b.resize(3); v"
        )),
        some(&[2, 3])
    );
    for view in ["new Uint8Array(b, 2, 2)", "new DataView(b, 2, 2)"] {
        assert_eq!(
            bytes(&format!("{resizable} let v = {view}; b.resize(3); v")),
            some(&[]),
            "{view}"
        );
    }
    // What script puts in the place of the accessors is not asked.
    assert_eq!(
        bytes(
            "let u = new Uint8Array([5]);
             Object.defineProperty(u, 'byteLength', { get() { throw 1 } });
             Object.defineProperty(u, 'buffer', { get() { throw 1 } }); u"
        ),
        some(&[5]),
    );
    for other in ["({})", "[]", "new Proxy(new Uint8Array(2), {})"] {
        assert_eq!(bytes(other), None, "{other}");
    }
}

#[test]
fn byte_ranges_are_read_and_written_in_place() {
    let context = &mut context();
    let mut range = |source: &str| {
        let object = value(context, &format!("{{ {source} }}"));
        byte_range(&object.as_object().unwrap(), context)
            .unwrap()
            .unwrap()
    };
    let part = range("var b = new Uint8Array([1, 2, 3, 4]); new DataView(b.buffer, 1, 2)");
    let shared = range("new Uint8Array(new SharedArrayBuffer(3), 1)");
    let resizable = range("var r = new ArrayBuffer(4, { maxByteLength: 8 }); new Uint8Array(r)");
    assert_eq!([part.len(), shared.len(), resizable.len()], [2, 2, 4]);
    let kinds = |range: &ByteRange| (range.is_shared(), range.is_resizable());
    assert_eq!(kinds(&part), (false, false));
    assert_eq!(kinds(&shared), (true, false));
    assert_eq!(kinds(&resizable), (false, true));
    part.write(|bytes| bytes.fill(9)).unwrap();
    assert!(shared.write(|_| ()).is_err());
    assert_eq!(
        text(context, "[b, r.byteLength, r.maxByteLength].join()"),
        "1,9,9,4,4,8"
    );
    // A range outlives what it was found in: fewer bytes then, and none of others.
    value(context, "r.resize(1)");
    assert_eq!(resizable.read(<[u8]>::len), 1);
    assert_eq!(resizable.write(|bytes| bytes.len()).unwrap(), 1);
}

#[test]
fn a_detached_buffer_has_no_bytes() {
    let context = &mut context();
    for view in ["b", "new Uint8Array(b, 1)", "new DataView(b, 1)"] {
        let source = format!("var b = new ArrayBuffer(4), v = {view}; v");
        let view = value(context, &source).as_object().unwrap();
        let buffer = value(context, "b").as_object().unwrap();
        let buffer = boa_engine::object::builtins::JsArrayBuffer::from_object(buffer).unwrap();
        buffer.detach(&JsValue::undefined()).unwrap();
        let bytes = buffer_source_bytes(&view, context).unwrap().unwrap();
        assert!(bytes.is_empty(), "{source}");
    }
}

#[test]
fn dom_exceptions() {
    check(
        "let e = new DOMException, f = new DOMException('m', 'SyntaxError');
         [e.name, e.message, e.code, f.name, f.message, f.code, String(f),
          f instanceof Error, Object.getPrototypeOf(DOMException) === Function.prototype,
          Object.getPrototypeOf(DOMException.prototype) === Error.prototype,
          Object.prototype.toString.call(f), DOMException.length,
          Object.keys(f).length, f.hasOwnProperty('message')].join()",
        "Error,,0,SyntaxError,m,12,SyntaxError: m,true,true,true,[object DOMException],0,0,false",
    );
    check(
        "[['IndexSizeError', 1], ['HierarchyRequestError', 3], ['NotFoundError', 8],
          ['InvalidStateError', 11], ['InvalidAccessError', 15], ['SecurityError', 18],
          ['NetworkError', 19], ['AbortError', 20], ['QuotaExceededError', 22], ['TimeoutError', 23],
          ['DataCloneError', 25], ['EncodingError', 0], ['UnknownError', 0], ['syntaxerror', 0]]
         .filter(([n, c]) => new DOMException('', n).code !== c).length",
        "0",
    );
    check(
        "let own = Object.keys(DOMException), proto = Object.keys(DOMException.prototype);
         let d = Object.getOwnPropertyDescriptor(DOMException, 'DATA_CLONE_ERR');
         [own.length, proto.length, proto.slice(0, 4), own.map(k => DOMException[k]).join('') ===
          Array.from({ length: 25 }, (_, i) => i + 1).join(''), d.writable, d.enumerable, d.configurable].join()",
        "25,28,name,message,code,INDEX_SIZE_ERR,true,false,true,false",
    );
    check(
        "function thrown(f) { try { f() } catch (e) { return e.name } }
         let get = n => Object.getOwnPropertyDescriptor(DOMException.prototype, n).get;
         class Mine extends DOMException { constructor() { super('a', 'AbortError') } get more() { return 1 } }
         let m = new Mine;
         [thrown(() => DOMException()), thrown(() => get('name').call(new Error)),
          thrown(() => get('code').call(DOMException.prototype)), thrown(() => new DOMException(Symbol())),
          m.code, m.more, m instanceof Mine].join()",
        "TypeError,TypeError,TypeError,TypeError,20,1,true",
    );
}

#[test]
fn the_stack_of_a_dom_exception() {
    check(
        "function deep() { return new DOMException('m') }
         let e = deep(), stack = e.stack;
         e.stack = 5;
         [typeof stack, stack.includes('deep'), e.stack,
          Object.getOwnPropertyDescriptor(DOMException.prototype, 'stack').enumerable].join()",
        "string,true,5,false",
    );
}

#[test]
fn rust_code_throws_dom_exceptions() {
    let context = &mut context();
    let error = throw_dom_exception("InvalidAccessError", "no", context);
    let object = error.as_opaque().unwrap().as_object().unwrap();
    let exception = DomException::of(&object).unwrap();
    assert_eq!(exception.code(), 15);
    assert_eq!(*exception.name(), js_string!("InvalidAccessError"));
    assert_eq!(*exception.message(), js_string!("no"));
    // Without the interface there is still an error.
    let error = throw_dom_exception("InvalidAccessError", "no", &mut Context::default());
    assert!(error.as_native().is_some());
}

#[test]
fn operations_with_a_promise() {
    let context = &mut context();
    let rejected = promise_from(Err(type_error("no")), context).unwrap();
    let fulfilled = promise_from(Ok(JsValue::from(3)), context).unwrap();
    let state = |value: &JsValue| value.as_promise().unwrap().state();
    assert!(matches!(
        state(&rejected),
        boa_engine::builtins::promise::PromiseState::Rejected(_)
    ));
    assert_eq!(
        state(&fulfilled),
        boa_engine::builtins::promise::PromiseState::Fulfilled(JsValue::from(3))
    );
}
