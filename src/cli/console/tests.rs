//! Messages of real contexts.

use std::time::Duration;

use boa_engine::{Context, JsValue, Source, js_string};

use super::{css, format, indented, labels::duration, table};
use crate::cli::inspect::InspectOptions;

/// The arguments are the members of the array that the script gives.
fn args(script: &str, context: &mut Context) -> Vec<JsValue> {
    let array = context.eval(Source::from_bytes(script)).unwrap();
    let array = array.as_object().unwrap();
    let length = array.get(js_string!("length"), context).unwrap();
    let length = length.to_length(context).unwrap();
    (0..length)
        .map(|index| array.get(index, context).unwrap())
        .collect()
}

fn message_with(script: &str, options: &InspectOptions) -> Result<String, String> {
    let context = &mut Context::default();
    let args = args(script, context);
    format::message(&args, options, context).map_err(|error| error.to_string())
}

fn message(script: &str) -> String {
    message_with(script, &InspectOptions::default()).unwrap()
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        assert_eq!(message(script), *expected, "{script}");
    }
}

#[test]
fn arguments_stand_side_by_side() {
    check(&[
        ("[]", ""),
        ("['a', 1, ['b'], null]", "a 1 [ 'b' ] null"),
        // At the top level a string is what it is.
        (r"['\x1b[1mbold\x1b[0m', '\t']", "\x1b[1mbold\x1b[0m \t"),
        ("[{ a: 1 }, '%s']", "{ a: 1 } %s"),
    ]);
}

#[test]
fn specifiers() {
    check(&[
        ("['%%']", "%%"),
        ("['100%%', 1]", "100% 1"),
        ("['%s and %s', 'a']", "a and %s"),
        ("['%s', 'a', 'b', {}]", "a b {}"),
        ("['%x %', 1]", "%x % 1"),
        ("['ü%sü', 'é']", "üéü"),
        // What is put in is not looked at again.
        ("['%s %s', '%s', 'x']", "%s x"),
        (
            "['%s|%s|%s|%s', Symbol('q'), -0, 5n, undefined]",
            "Symbol(q)|-0|5n|undefined",
        ),
        ("['%s', { a: { b: 1 } }]", "{ a: [Object] }"),
        ("['%s', () => 1]", "[Function (anonymous)]"),
        ("['%s', { toString() { return 'mine' } }]", "mine"),
        (
            "['%s', new (class { [Symbol.toPrimitive]() { return 'p' } })]",
            "p",
        ),
        (
            "['%d|%i|%d|%d|%d', 42.9, '-7.5px', 'x', Symbol(), 9n]",
            "42|-7|NaN|NaN|9n",
        ),
        ("['%d|%d|%i', null, {}, '0x10']", "NaN|NaN|0"),
        (
            "['%f|%f|%f|%f|%f', 1.5, '-.5e1x', 'e5', '-Infinityx', '1.e']",
            "1.5|-5|NaN|-Infinity|1",
        ),
        (
            "['%o', { a: { b: { c: { d: { e: 1 } } } } }]",
            "{\n  a: { b: { c: { d: { e: 1 } } } }\n}",
        ),
        (
            "['%O', { a: { b: { c: { d: 1 } } } }]",
            "{ a: { b: { c: [Object] } } }",
        ),
        ("['%O', 'a']", "'a'"),
        // Without colours it only takes its argument.
        ("['%ca%cb', 'color: red', '', 'c']", "ab c"),
    ]);
    let thrown = message_with(
        "['%s', { toString() { throw new RangeError('t') } }]",
        &InspectOptions::default(),
    );
    assert!(thrown.unwrap_err().contains("RangeError: t"));
}

#[test]
fn css_becomes_escape_sequences() {
    for (declarations, expected) in [
        ("color: red", "\x1b[91m"),
        ("color: GREEN; font-weight: bold", "\x1b[1m\x1b[32m"),
        ("font-weight: 700", "\x1b[1m"),
        (
            "background: #00f; color: #ff8000",
            "\x1b[38;2;255;128;0m\x1b[48;2;0;0;255m",
        ),
        ("color: rgb(1, 2, 300)", "\x1b[38;2;1;2;255m"),
        ("color: rgb(1 2 3 / 50%)", "\x1b[38;2;1;2;3m"),
        (
            "text-decoration: underline line-through; font-style: italic",
            "\x1b[3m\x1b[4m\x1b[9m",
        ),
        ("color: orange; color: nonsense", "\x1b[38;2;255;165;0m"),
        ("color: #12; color: #ééé; color: rgb(1); color:; ;:", ""),
        ("width: 3px", ""),
    ] {
        assert_eq!(
            css::escape_sequence(declarations, false),
            expected,
            "{declarations}"
        );
    }
    assert_eq!(css::escape_sequence("", true), "\x1b[0m");
    let colors = InspectOptions {
        colors: true,
        ..InspectOptions::default()
    };
    let message = message_with("['%ca%cb', 'color: red', 'color: 1\\x1b[5m', 'c']", &colors);
    assert_eq!(message.unwrap(), "\x1b[91ma\x1b[0mb\x1b[0m c");
}

#[test]
fn durations() {
    for (milliseconds, expected) in [
        (0.25, "0.250ms"),
        (999.9, "999.900ms"),
        (1234.5, "1.234s"),
        (62_345.0, "1:02.345 (m:ss.mmm)"),
        (3_723_000.0, "1:02:03 (h:mm:ss)"),
    ] {
        let shown = duration(Duration::from_secs_f64(milliseconds / 1e3));
        assert_eq!(shown, expected);
    }
}

#[test]
fn every_line_of_a_group_is_indented() {
    assert_eq!(indented("a\n\nb", 2), "  a\n  \n  b");
}

fn drawn(script: &str) -> Option<String> {
    let context = &mut Context::default();
    let args = args(script, context);
    let columns = args.get(1).cloned().unwrap_or_default();
    let columns = table::columns(&columns, context).unwrap();
    let options = InspectOptions::default();
    table::render(&args[0], columns.as_deref(), &options, context)
}

#[track_caller]
fn check_table(script: &str, expected: &str) {
    let lines: Vec<_> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(drawn(script).unwrap(), lines.join("\n"), "{script}");
}

#[test]
fn tables() {
    check_table(
        "[[{ a: 1, b: 'x' }, { a: 2, c: { d: 1 } }, 'v']]",
        "
        ┌─────────┬───┬─────┬──────────┬────────┐
        │ (index) │ a │ b   │ c        │ Values │
        ├─────────┼───┼─────┼──────────┼────────┤
        │ 0       │ 1 │ 'x' │          │        │
        │ 1       │ 2 │     │ { d: 1 } │        │
        │ 2       │   │     │          │ 'v'    │
        └─────────┴───┴─────┴──────────┴────────┘",
    );
    check_table(
        "[{ x: [1, 2], y: [3] }]",
        "
        ┌─────────┬───┬───┐
        │ (index) │ 0 │ 1 │
        ├─────────┼───┼───┤
        │ x       │ 1 │ 2 │
        │ y       │ 3 │   │
        └─────────┴───┴───┘",
    );
    check_table(
        "[new Map([['k', 1], ['l', { m: 2 }]])]",
        "
        ┌───────────────────┬─────┬───┬────────┐
        │ (iteration index) │ Key │ m │ Values │
        ├───────────────────┼─────┼───┼────────┤
        │ 0                 │ 'k' │   │ 1      │
        │ 1                 │ 'l' │ 2 │        │
        └───────────────────┴─────┴───┴────────┘",
    );
    check_table(
        "[new Set(['日本', 'é'])]",
        "
        ┌───────────────────┬────────┐
        │ (iteration index) │ Values │
        ├───────────────────┼────────┤
        │ 0                 │ '日本' │
        │ 1                 │ 'é'    │
        └───────────────────┴────────┘",
    );
    check_table(
        "[[{ a: 1, b: 2, get c() { throw 1 } }], ['c', 'b', 'none']]",
        "
        ┌─────────┬──────────┬───┬──────┐
        │ (index) │ c        │ b │ none │
        ├─────────┼──────────┼───┼──────┤
        │ 0       │ [Getter] │ 2 │      │
        └─────────┴──────────┴───┴──────┘",
    );
    check_table(
        "[[]]",
        "
        ┌─────────┐
        │ (index) │
        ├─────────┤
        └─────────┘",
    );
    assert_eq!(drawn("[5]"), None);
    assert_eq!(drawn("[() => 1]"), None);
    let long = drawn("[Array(2000).fill(1)]").unwrap();
    assert!(
        long.ends_with("only the first 1000 rows are shown"),
        "{long}"
    );
    assert_eq!(long.lines().count(), 1005);
}
