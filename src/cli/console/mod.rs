//! `console`. <https://console.spec.whatwg.org/>
//!
//! The standard leaves the looks to us: they are Node's. `console.log()` without arguments prints an empty line,
//! as there. Where the standard would convert an object to a string or number, it is inspected instead, so that
//! printing runs no script; but `%s` calls a `toString` that script has defined.

mod css;
mod format;
mod labels;
mod table;
#[cfg(test)]
mod tests;

use std::{cell::Cell, rc::Rc};

use boa_engine::{
    Context, JsArgs, JsObject, JsResult, JsString, JsValue, js_string,
    property::{Attribute, PropertyDescriptor},
};

use super::{
    inspect::{InspectOptions, frames, inspect},
    terminal::{self, Stream},
};
use crate::webidl::{NativeFn, interface::create_function, interface::define_to_string_tag};
use labels::Labels;

/// Groups are indented up to this column.
const MAX_INDENT: usize = 80;

/// Where messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Warnings, errors, failed assertions and traces to stderr, the rest to stdout.
    Both,
    /// For a process whose stdout is not for people.
    Stderr,
}

/// The state behind `console`.
struct Console {
    output: Output,
    /// Open groups.
    groups: Cell<usize>,
    labels: Labels,
}

/// Which stream a method's messages belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Log,
    Warn,
}

/// The methods, each with its `length`: none has required arguments.
const METHODS: [(&str, NativeFn); 19] = [
    ("assert", assert),
    ("clear", clear),
    ("debug", log),
    ("error", warn),
    ("info", log),
    ("log", log),
    ("table", table),
    ("trace", trace),
    ("warn", warn),
    ("dir", dir),
    ("dirxml", log),
    ("count", labels::count),
    ("countReset", labels::count_reset),
    ("group", group),
    ("groupCollapsed", group),
    ("groupEnd", group_end),
    ("time", labels::time),
    ("timeLog", labels::time_log),
    ("timeEnd", labels::time_end),
];

/// Defines `console` in the context's current realm.
///
/// # Errors
///
/// What Boa says about a global that cannot be defined.
pub(super) fn register(output: Output, context: &mut Context) -> JsResult<()> {
    let console = Console {
        output,
        groups: Cell::new(0),
        labels: Labels::default(),
    };
    context.insert_data(Rc::new(console));
    // "For historical web-compatibility reasons" its prototype is an empty object.
    let prototype = JsObject::with_object_proto(context.intrinsics());
    let object = JsObject::new(context.root_shape(), prototype, ()).upcast();
    let realm = context.realm().clone();
    for (name, call) in METHODS {
        let method = PropertyDescriptor::builder()
            .value(create_function(&realm, name, 0, call))
            .writable(true)
            .enumerable(true)
            .configurable(true);
        object.insert_property(JsString::from(name), method);
    }
    define_to_string_tag(&object, "console");
    let attributes = Attribute::WRITABLE | Attribute::CONFIGURABLE;
    context.register_global_property(js_string!("console"), object, attributes)
}

impl Console {
    fn of(context: &Context) -> Option<Rc<Self>> {
        context.get_data::<Rc<Self>>().cloned()
    }

    fn stream(&self, level: Level) -> Stream {
        match (self.output, level) {
            (Output::Both, Level::Log) => Stream::Stdout,
            _ => Stream::Stderr,
        }
    }

    /// Prints a message; each of its lines is indented by the groups.
    fn print(&self, level: Level, message: String) {
        let indent = (2 * self.groups.get()).min(MAX_INDENT);
        let text = if indent == 0 {
            message
        } else {
            indented(&message, indent)
        };
        terminal::print(self.stream(level), text);
    }

    fn options(&self, level: Level) -> InspectOptions {
        InspectOptions {
            colors: self.stream(level).has_colors(),
            ..InspectOptions::default()
        }
    }
}

fn indented(message: &str, indent: usize) -> String {
    let mut text = String::with_capacity(message.len() + indent);
    for (number, line) in message.split('\n').enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.extend(std::iter::repeat_n(' ', indent));
        text.push_str(line);
    }
    text
}

/// <https://console.spec.whatwg.org/#logger>
fn logger(level: Level, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if let Some(console) = Console::of(context) {
        let message = format::message(args, &console.options(level), context)?;
        console.print(level, message);
    }
    Ok(JsValue::undefined())
}

/// `debug()`, `dirxml()`, `info()` and `log()`.
fn log(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    logger(Level::Log, args, context)
}

/// `error()` and `warn()`.
fn warn(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    logger(Level::Warn, args, context)
}

/// <https://console.spec.whatwg.org/#assert>
fn assert(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // 1. The condition.
    let (condition, data) = match args {
        [condition, data @ ..] => (condition.to_boolean(), data),
        [] => (false, args),
    };
    if condition {
        return Ok(JsValue::undefined());
    }
    // 2. – 4. The message goes before the data, or becomes part of their format.
    let message = js_string!("Assertion failed");
    let mut data = data.to_vec();
    match data.first().and_then(JsValue::as_string) {
        Some(first) => data[0] = js_string!(&message, &js_string!(": "), &first).into(),
        None => data.insert(0, message.into()),
    }
    // 5. Logger.
    logger(Level::Warn, &data, context)
}

fn clear(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if let Some(console) = Console::of(context) {
        // 1. Empty the group stack. 2. Clear the console.
        console.groups.set(0);
        if console.output == Output::Both {
            terminal::clear_screen();
        }
    }
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#table>
fn table(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(console) = Console::of(context) else {
        return Ok(JsValue::undefined());
    };
    let options = console.options(Level::Log);
    let columns = table::columns(args.get_or_undefined(1), context)?;
    match table::render(
        args.get_or_undefined(0),
        columns.as_deref(),
        &options,
        context,
    ) {
        Some(table) => console.print(Level::Log, table),
        // "just log the argument"
        None => return logger(Level::Log, &args[..args.len().min(1)], context),
    }
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#trace>
fn trace(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(console) = Console::of(context) else {
        return Ok(JsValue::undefined());
    };
    let label = format::message(args, &console.options(Level::Warn), context)?;
    let mut text = if label.is_empty() {
        "Trace".to_owned()
    } else {
        format!("Trace: {label}")
    };
    for frame in frames(&calls(context)) {
        text.push('\n');
        text.push_str(&frame.to_text(console.stream(Level::Warn).has_colors()));
    }
    console.print(Level::Warn, text);
    Ok(JsValue::undefined())
}

/// The calls that are under way, as Boa writes those of an error.
fn calls(context: &Context) -> String {
    let mut calls = String::new();
    for frame in context.stack_trace().take(MAX_CALLS) {
        let place = frame.position();
        let name = place.function_name.to_std_string_escaped();
        calls.push_str(&format!("    at {name} ({}", place.path));
        match place.position {
            Some(at) => calls.push_str(&format!(":{}:{})\n", at.line_number(), at.column_number())),
            None => calls.push_str(")\n"),
        }
    }
    calls
}

/// Calls that a trace shows.
const MAX_CALLS: usize = 50;

/// <https://console.spec.whatwg.org/#dir>, with the options of Node: `depth` and `colors`.
fn dir(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(console) = Console::of(context) else {
        return Ok(JsValue::undefined());
    };
    let mut options = console.options(Level::Log);
    if let Some(object) = args.get_or_undefined(1).as_object() {
        let colors = object.get(js_string!("colors"), context)?;
        if !colors.is_undefined() {
            options.colors = colors.to_boolean();
        }
        let depth = object.get(js_string!("depth"), context)?;
        if depth.is_null() {
            options.depth = usize::MAX;
        } else if !depth.is_undefined() {
            // Saturates: -1 is 0, Infinity all that can be shown.
            options.depth = depth.to_number(context)? as usize;
        }
    }
    let text = inspect(args.get_or_undefined(0), &options, context);
    console.print(Level::Log, text);
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#group>. `groupCollapsed()` is the same: nothing could open it.
fn group(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if !args.is_empty() {
        logger(Level::Log, args, context)?;
    }
    if let Some(console) = Console::of(context) {
        console.groups.set(console.groups.get().saturating_add(1));
    }
    Ok(JsValue::undefined())
}

fn group_end(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if let Some(console) = Console::of(context) {
        console.groups.set(console.groups.get().saturating_sub(1));
    }
    Ok(JsValue::undefined())
}
