//! Tests of what Rust code sees; what script sees is tested in `js-tests/web`.

use boa_engine::{Context, JsValue, Source, js_string};
use url::Url;

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

#[test]
fn urls_come_from_rust_and_go_there() {
    let context = &mut context();
    let url = Url::parse("wss://example.org/chat?a=1").unwrap();
    let object = new_url(url.clone(), context).unwrap();
    assert_eq!(url_of(&object), Some(url));
    let global = context.global_object();
    global
        .set(js_string!("given"), object.clone(), true, context)
        .unwrap();
    let params = value(
        context,
        "given.searchParams.append('b', 'ä'); given.searchParams",
    );
    let params = params.as_object().unwrap();
    let changed = url_of(&object).unwrap();
    assert_eq!(changed.as_str(), "wss://example.org/chat?a=1&b=%C3%A4");
    let expected = [("a", "1"), ("b", "ä")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    assert_eq!(search_params_of(&params), Some(expected.to_vec()));
    assert_eq!(url_of(&params), None);
    assert_eq!(search_params_of(&object), None);
}

#[test]
fn registering_again_changes_nothing() {
    let context = &mut context();
    value(
        context,
        "var before = [URL, URLSearchParams, TextEncoder, TextDecoder, Crypto, crypto];",
    );
    register(context).unwrap();
    let same = "[URL, URLSearchParams, TextEncoder, TextDecoder, Crypto, crypto].every((x, i) => x === before[i])";
    assert_eq!(text(context, same), "true");
    // Also what script has put in their place.
    value(context, "URL = 1; delete globalThis.crypto");
    register(context).unwrap();
    assert_eq!(text(context, "URL + typeof crypto"), "1undefined");
}

#[test]
fn each_realm_has_its_own() {
    let context = &mut context();
    let first = value(context, "[URL, crypto, new URL('ws://a/')]");
    let realm = context.create_realm().unwrap();
    WebExtension.register(Some(realm.clone()), context).unwrap();
    let before = context.enter_realm(realm);
    let global = context.global_object();
    global
        .set(js_string!("first"), first, true, context)
        .unwrap();
    let verdict = text(
        context,
        "const theirs = first[0], href = Object.getOwnPropertyDescriptor(URL.prototype, 'href').get;
         [theirs !== URL, first[1] !== crypto, href.call(first[2]), first[2] instanceof URL,
          Object.getPrototypeOf(Reflect.construct(theirs, ['ws://b/'], URL)) === URL.prototype].join()",
    );
    context.enter_realm(before);
    assert_eq!(verdict, "true,true,ws://a/,false,true");
}

#[cfg(feature = "runtime")]
#[test]
fn it_takes_the_place_of_boas_own() {
    let mut context = Context::default();
    boa_runtime::register((WebExtension,), None, &mut context).unwrap();
    let text = text(
        &mut context,
        "const decoder = new TextDecoder('utf-8', { fatal: true });
         [decoder.fatal, new TextEncoder().encodeInto('ä', new Uint8Array(4)).written,
          new URL('ws://a/?b=c').searchParams.get('b')].join()",
    );
    assert_eq!(text, "true,2,c");
}

#[test]
fn a_url_is_read_as_the_standard_reads_it() {
    let base = |base: &str| Url::parse(base).unwrap();
    let parse = |input: &str, with: Option<&Url>| {
        url_parser::parse(input, with).map_or_else(|why| why.to_string(), String::from)
    };
    for (input, with, expected) in [
        ("///b//c", "ws://a/", "ws://b//c"),
        ("//b/c", "ws://a/", "ws://b/c"),
        ("/b", "ws://a/", "ws://a/b"),
        ("/\t/\n\\b", "ws://a/", "ws://b/"),
        ("///b", "foo://a/", "foo:///b"),
        ("\\b", "foo://a/c/d", "foo://a/c/\\b"),
        ("///b", "file:///c", "file:///b"),
        ("^", "ws://a/", "ws://a/%5E"),
    ] {
        assert_eq!(parse(input, Some(&base(with))), expected, "{input:?}");
    }
    for (input, expected) in [
        ("data:x ?y", "data:x%20?y"),
        ("data:x  #y", "data:x %20#y"),
        ("data:x^", "data:x^"),
        ("foo:/.//a^", "foo:/.//a%5E"),
        ("ws://u^:p@a/b^c?d^e#f^g", "ws://u%5E:p@a/b%5Ec?d^e#f^g"),
    ] {
        assert_eq!(parse(input, None), expected, "{input:?}");
    }
}

#[test]
fn messages_say_which_url_and_show_no_password() {
    let context = &mut context();
    let mut message = |arguments: &str| {
        let source =
            format!("try {{ new URL({arguments}); 'none' }} catch (error) {{ error.message }}");
        text(context, &source)
    };
    assert_eq!(message("'host/a'"), "the URL 'host/a' is not absolute");
    assert_eq!(
        message("'a', 'b\\nc'"),
        "the base URL 'b\\nc' is not absolute"
    );
    assert_eq!(
        message("'ws://user:secret@[/'"),
        "the URL '…@[/' is invalid: invalid IPv6 address"
    );
    let long = message("'x'.repeat(1e6)");
    assert!(
        long.ends_with("xxx…' is not absolute") && long.len() < 150,
        "{long}"
    );
}

/// What the crate `url` does otherwise than the standard, and what is told of it in the documentation of [`url_of`]. Where one of
/// these fails, it has caught up: take the line away there and here.
#[test]
fn known_departures() {
    let parse = |input: &str, base: Option<&str>| {
        let base = base.map(|base| Url::parse(base).unwrap());
        url_parser::parse(input, base.as_ref()).map(String::from)
    };
    // The standard: "file:////a".
    assert_eq!(parse("file:////a", None).unwrap(), "file:///a");
    // The standard: "file://host/C:/".
    assert_eq!(parse("file://host/C:/", None).unwrap(), "file:///C:/");
    // The standard: "ws://a/b/".
    assert_eq!(parse("..", Some("ws://a/b/C:/")).unwrap(), "ws://a/b/C:/");
    // The standard: "ws://xn--a/".
    assert!(parse("ws://xn--a/", None).is_err());
}
