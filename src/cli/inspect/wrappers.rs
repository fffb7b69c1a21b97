//! Proxies, dates, regular expressions, promises, and primitives in objects.

use boa_engine::{
    Context, JsBigInt, JsObject, JsString, JsSymbol,
    builtins::{
        date::Date,
        promise::{Promise, PromiseState},
        proxy::Proxy,
        regexp::RegExp,
    },
    object::builtins::{JsDate, JsPromise, JsRegExp},
};

use super::{
    Body, Inspector, Kind, MAX_STRING,
    layout::{Entry, Node},
    number, strings,
    style::Span,
    symbol, title_of,
};

/// Whether the object's text is as short as its name would be.
pub(super) fn is_short(object: &JsObject) -> bool {
    object.is::<Proxy>() || object.is::<Date>() || object.is::<RegExp>() || is_boxed(object)
}

pub(super) fn body(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    if object.is::<Proxy>() {
        return Some(proxy(object));
    }
    if object.is::<Date>() {
        let text = date(object, inspector.context);
        return Some(Body::leaf(text, Kind::Date));
    }
    if object.is::<RegExp>() {
        let text = regexp(inspector, object);
        return Some(Body::leaf(text, Kind::RegExp));
    }
    if object.is::<Promise>() {
        return promise(inspector, object);
    }
    let (text, kind) = boxed(inspector, object)?;
    Some(Body::leaf(text, kind))
}

/// Boa does not tell what a proxy stands for, and to ask the proxy would run its traps.
fn proxy(object: &JsObject) -> Body {
    let text = if object.is_callable() {
        "[Proxy (function)]"
    } else {
        "[Proxy]"
    };
    Body {
        is_complete: true,
        ..Body::leaf(text, Kind::Special)
    }
}

fn date(object: &JsObject, context: &mut Context) -> String {
    let text = JsDate::from_object(object.clone()).and_then(|date| date.to_iso_string(context));
    let text = text.ok().and_then(|text| text.as_string());
    // Only one that is no time at all has no text.
    text.map_or_else(
        || "Invalid Date".to_owned(),
        |text| text.to_std_string_lossy(),
    )
}

fn regexp(inspector: &mut Inspector<'_>, object: &JsObject) -> String {
    let context = &mut *inspector.context;
    let Ok(regexp) = JsRegExp::from_object(object.clone()) else {
        return "[RegExp]".to_owned();
    };
    // A source with half a surrogate pair has no text.
    let source = regexp.source(context).unwrap_or_else(|_| "…".to_owned());
    let flags = [
        ('d', regexp.has_indices(context)),
        ('g', regexp.global(context)),
        ('i', regexp.ignore_case(context)),
        ('m', regexp.multiline(context)),
        ('s', regexp.dot_all(context)),
        ('u', regexp.unicode(context)),
        ('y', regexp.sticky(context)),
    ];
    let flags = flags.into_iter().filter(|(_, set)| matches!(set, Ok(true)));
    let flags: String = flags.map(|(flag, _)| flag).collect();
    let source = pattern(&source);
    inspector.charge(source.len());
    let source = JsString::from(source.as_str());
    let limit = inspector.share(source.len(), MAX_STRING);
    let source = strings::name(&source, limit);
    format!("/{source}/{flags}")
}

/// Boa puts a backslash before each slash, even where there is one. Puts one only where it is needed.
fn pattern(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut escaped = false;
    for c in source.replace("\\/", "/").chars() {
        if c == '/' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

fn promise(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    let state = JsPromise::from_object(object.clone()).ok()?.state();
    let value = match state {
        PromiseState::Pending => Node::text("<pending>", Kind::Special),
        PromiseState::Fulfilled(value) => inspector.value(&value),
        PromiseState::Rejected(reason) => {
            let mut node = inspector.value(&reason);
            node.prepend(Span::new("<rejected>", Kind::Special));
            node
        }
    };
    Some(Body {
        title: vec![Span::plain(title_of(object, "Promise", None))],
        items: vec![Entry::value(value)],
        ..Body::default()
    })
}

fn is_boxed(object: &JsObject) -> bool {
    object.is::<f64>()
        || object.is::<bool>()
        || object.is::<JsString>()
        || object.is::<JsBigInt>()
        || object.is::<JsSymbol>()
}

/// `[Number: 1]`.
fn boxed(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<(String, Kind)> {
    let (name, text, kind) = if let Some(float) = object.downcast_ref::<f64>() {
        ("Number", number(*float), Kind::Number)
    } else if let Some(boolean) = object.downcast_ref::<bool>() {
        ("Boolean", boolean.to_string(), Kind::Number)
    } else if let Some(string) = object.downcast_ref::<JsString>() {
        let limit = inspector.share(string.len(), MAX_STRING);
        ("String", strings::quoted(&string, limit), Kind::String)
    } else if let Some(value) = object.downcast_ref::<JsBigInt>() {
        ("BigInt", inspector.bigint(&value), Kind::Number)
    } else if let Some(value) = object.downcast_ref::<JsSymbol>() {
        ("Symbol", symbol(&value), Kind::Symbol)
    } else {
        return None;
    };
    Some((format!("[{name}: {text}]"), kind))
}
