//! Errors and DOMExceptions: name, message, stack, cause.

use std::mem;

use boa_engine::{
    JsObject, JsString, JsValue, builtins::error::Error, js_string, property::PropertyKey,
};

use super::{
    Body, Inspector, MAX_NAME, counted,
    properties::{constructor_name, data, own, own_data},
    strings,
    style::{Kind, Span},
};
use crate::{html::stack_of_error, webidl::DomException};

/// UTF-16 code units of a message that are shown.
const MAX_MESSAGE: usize = 100_000;

/// Bytes of a line of a stack that are shown.
const MAX_FRAME: usize = 1000;

/// What the `name` of a built-in error says.
const BUILT_IN: [&str; 8] = [
    "Error",
    "AggregateError",
    "EvalError",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
];

/// `Name: message`, for an Error or DOMException; `limit` code units of the message.
pub(super) fn header(object: &JsObject, limit: usize) -> Option<String> {
    let (name, message) = match DomException::of(object) {
        Some(exception) => {
            let name = strings::name(exception.name(), MAX_NAME);
            let message = strings::lines(exception.message(), limit);
            (format!("DOMException [{name}]"), message)
        }
        None if object.is::<Error>() => {
            let message = data(object, js_string!("message")).and_then(|it| it.as_string());
            let message = strings::lines(&message.unwrap_or_default(), limit);
            (name(object), message)
        }
        None => return None,
    };
    Some(match (name.is_empty(), message.is_empty()) {
        (true, _) => message,
        (_, true) => name,
        _ => format!("{name}: {message}"),
    })
}

/// The `name`; for a subclass without one of its own, the class's.
fn name(object: &JsObject) -> String {
    let name = data(object, js_string!("name")).and_then(|name| name.as_string());
    let name = strings::name(&name.unwrap_or(js_string!("Error")), MAX_NAME);
    let class = constructor_name(object).map(|class| strings::name(&class, MAX_NAME));
    match class {
        Some(class) if BUILT_IN.contains(&name.as_str()) => class,
        _ => name,
    }
}

pub(super) fn body(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    let mut header = header(object, MAX_MESSAGE.min(inspector.text))?;
    inspector.share(header.len(), usize::MAX);
    let of_error = mem::take(&mut inspector.of_error);
    if let Some(cut) = of_error.cut
        && header.ends_with(&cut)
    {
        header.truncate(header.len() - cut.len());
    }
    let mut title = vec![Span::plain(header)];
    let mut lines = Vec::new();
    lines.extend(of_error.place.map(Span::plain));
    // A stack that script has written is a matter of the script.
    let written = own_data(object, js_string!("stack")).and_then(|stack| stack.as_string());
    match written {
        Some(stack) => {
            if !stack.is_empty() {
                let limit = inspector.share(stack.len(), MAX_MESSAGE);
                title = vec![Span::plain(strings::lines(&stack, limit))];
            }
        }
        None => {
            let stack = stack_of_error(&object.clone().into(), inspector.context);
            let stack = stack.unwrap_or_default();
            if inspector.share(stack.len(), usize::MAX) == stack.len() {
                lines.extend(frames(&stack));
            }
        }
    }
    if lines.is_empty() && !of_error.is_uncaught && !title[0].text.contains('\n') {
        title[0].text = format!("[{}]", title[0].text);
    }
    for line in lines {
        title.extend([Span::plain("\n"), line]);
    }
    let mut items = Vec::new();
    for (key, name) in [
        (js_string!("cause"), "cause"),
        (js_string!("errors"), "errors"),
    ] {
        // Where they can be seen anyway they come with the other properties.
        let property = own(object, &key.clone().into());
        if property.is_some_and(|property| property.enumerable() == Some(false)) {
            let name = vec![
                Span::new(format!("[{name}]"), Kind::Plain),
                Span::plain(": "),
            ];
            items.extend(inspector.property(object, &key.into(), name));
        }
    }
    Some(Body {
        title,
        items,
        is_leaf: true,
        hidden: shown_already(object),
        ..Body::default()
    })
}

/// Strings that the header or the stack has said.
fn shown_already(object: &JsObject) -> Vec<PropertyKey> {
    let is_string = |key: &JsString| {
        own_data(object, key.clone()).is_some_and(|value: JsValue| value.is_string())
    };
    ["name", "message", "stack"]
        .into_iter()
        .map(JsString::from)
        .filter(is_string)
        .map(PropertyKey::from)
        .collect()
}

/// The lines of a stack as Boa tells them, without the calls that say nothing to a reader.
pub(in crate::cli) fn frames(stack: &str) -> Vec<Span> {
    let mut frames: Vec<Span> = Vec::new();
    let mut repeated = 0;
    for frame in stack.lines().filter_map(frame) {
        if frames.last() == Some(&frame) {
            repeated += 1;
            continue;
        }
        frames.extend(again(repeated));
        repeated = 0;
        frames.push(frame);
    }
    frames.extend(again(repeated));
    frames
}

/// What stands for more frames of a function that calls itself.
fn again(times: usize) -> Option<Span> {
    let more = counted(times, "more time");
    (times > 0).then(|| Span::new(format!("    ... the same {more}"), Kind::Dim))
}

fn frame(line: &str) -> Option<Span> {
    let call = line.trim_start().strip_prefix("at ")?;
    let call = strings::name(&JsString::from(call), MAX_FRAME);
    let (name, place) = match call.rsplit_once(" (") {
        Some((name, place)) => (name.trim(), place.strip_suffix(')').unwrap_or(place)),
        None => ("", call.as_str()),
    };
    if place == "native" {
        // Calls within the engine that have no name.
        let has_name = !matches!(name, "" | "<anonymous>");
        return has_name.then(|| Span::new(format!("    at {name} (native)"), Kind::Dim));
    }
    // Boa's names for the top level, and for functions without a name.
    let is_unnamed = matches!(name, "" | "<main>" | "<eval>");
    // Code that nobody wrote: the constructor of a class without one.
    if place.ends_with(":?:?") && !is_unnamed {
        return None;
    }
    let place = place
        .trim_end_matches(":?:?")
        .replacen("unknown at :", "<anonymous>:", 1)
        .replacen("eval at :", "<eval>:", 1);
    Some(Span::plain(if is_unnamed {
        format!("    at {place}")
    } else {
        format!("    at {name} ({place})")
    }))
}
