//! What can be told of a thrown value without running script.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#extract-error>

use boa_engine::{
    Context, JsError, JsObject, JsString, JsValue,
    builtins::{error::Error, proxy::Proxy},
    js_string,
    property::{DescriptorKind, PropertyKey},
};

use super::error_event::ErrorEventData;
use crate::{event_loop::script_can_catch, webidl::DomException};

/// The properties of an error are looked for at most this far up its prototype chain.
const MAX_PROTOTYPES: usize = 100;

/// What is known of an error.
#[derive(Clone, Debug)]
pub(super) struct ErrorInfo {
    /// Such as `TypeError: not a function`.
    pub(super) description: String,
    /// Empty where it is not known.
    pub(super) filename: String,
    /// From 1; 0 where it is not known.
    pub(super) lineno: u32,
    /// From 1; 0 where it is not known.
    pub(super) colno: u32,
    /// One line for each call, each beginning with `    at `; empty where it is not known.
    pub(super) stack: String,
    /// The value thrown; `undefined` for an error of the engine that script cannot catch.
    pub(super) error: JsValue,
}

impl ErrorInfo {
    /// Extracts error information. Runs no script, whatever was thrown: `stack_getter` is Boa's
    /// own getter of `Error.prototype.stack`, taken before script could replace it.
    pub(super) fn extract(
        error: JsError,
        stack_getter: Option<&JsObject>,
        context: &mut Context,
    ) -> Self {
        if !script_can_catch(&error) {
            let rendered = error.to_string();
            let description = rendered.lines().next().unwrap_or_default().to_owned();
            return Self::new(description, backtrace(&rendered), JsValue::undefined());
        }
        // What is no error carries no stack, but Boa renders the backtrace of the throw behind it. Not
        // asked of an object that holds others: Boa would render all of them, to any depth.
        let is_flat = error.as_opaque().is_some_and(is_flat);
        let rendered = is_flat.then(|| error.to_string());
        let is_native = error.as_native().is_some();
        let value = error.into_opaque(context).unwrap_or_default();
        let stack = match rendered {
            Some(rendered) => backtrace(&rendered),
            None => stack_of(&value, stack_getter, context).unwrap_or_default(),
        };
        let mut info = Self::new(describe(&value), stack, value);
        if is_native && info.lineno == 0 {
            info.position_from_message();
        }
        info
    }

    fn new(description: String, stack: String, error: JsValue) -> Self {
        let position = stack.lines().find_map(position);
        let (filename, lineno, colno) = position.unwrap_or_default();
        Self {
            description,
            filename,
            lineno,
            colno,
            stack,
            error,
        }
    }

    /// A syntax error has no stack; Boa's parser puts the position at the end of the message.
    fn position_from_message(&mut self) {
        let Some((_, place)) = self.description.rsplit_once(" at line ") else {
            return;
        };
        let Some((line, column)) = place.split_once(", col ") else {
            return;
        };
        if let (Ok(line), Ok(column)) = (line.parse(), column.parse()) {
            self.lineno = line;
            self.colno = column;
        }
    }

    /// The members of the ErrorEvent. Its message says "Uncaught" as it does in browsers.
    pub(super) fn event_data(&self) -> ErrorEventData {
        ErrorEventData {
            message: JsString::from(format!("Uncaught {}", self.description)),
            filename: JsString::from(self.filename.as_str()),
            lineno: self.lineno,
            colno: self.colno,
            error: self.error.clone(),
        }
    }
}

/// What was thrown, in one line or more. Only data properties are read, so that no getter and no
/// proxy's trap runs while an error is reported.
pub(super) fn describe(value: &JsValue) -> String {
    let Some(object) = value.as_object() else {
        return match value.as_string() {
            Some(string) => string.to_std_string_lossy(),
            None => value.display().to_string(),
        };
    };
    if let Some(exception) = DomException::of(&object) {
        return name_and_message(exception.name(), exception.message());
    }
    if object.is::<Error>() {
        let name = string_property(&object, js_string!("name")).unwrap_or(js_string!("Error"));
        let message = string_property(&object, js_string!("message")).unwrap_or_default();
        return name_and_message(&name, &message);
    }
    let class = if object.is_callable() {
        "Function"
    } else if object.is_array() {
        "Array"
    } else {
        "Object"
    };
    format!("[object {class}]")
}

fn name_and_message(name: &JsString, message: &JsString) -> String {
    let (name, message) = (name.to_std_string_lossy(), message.to_std_string_lossy());
    match (name.is_empty(), message.is_empty()) {
        (true, _) => message,
        (_, true) => name,
        _ => format!("{name}: {message}"),
    }
}

/// A property of the object or of its prototypes, if it is a data property with a string.
fn string_property(object: &JsObject, key: JsString) -> Option<JsString> {
    let key = PropertyKey::from(key);
    let mut object = Some(object.clone());
    for _ in 0..MAX_PROTOTYPES {
        let current = object?;
        if current.is::<Proxy>() {
            return None;
        }
        let property = current.borrow().properties().get(&key);
        if let Some(property) = property {
            return match property.kind() {
                DescriptorKind::Data { value, .. } => value.as_ref().and_then(JsValue::as_string),
                _ => None,
            };
        }
        object = current.prototype();
    }
    None
}

/// The stack of an Error or DOMException.
pub(super) fn stack_of(
    value: &JsValue,
    stack_getter: Option<&JsObject>,
    context: &mut Context,
) -> Option<String> {
    let object = value.as_object()?;
    let error = match DomException::of(&object) {
        Some(exception) => exception.error().clone(),
        None => object,
    };
    if !error.is::<Error>() {
        return None;
    }
    let stack = stack_getter?.call(&error.into(), &[], context).ok()?;
    let stack = stack.as_string()?.to_std_string_lossy();
    Some(stack.trim_end().to_owned())
}

/// Whether a value is a primitive, or a plain object with a few of them.
fn is_flat(value: &JsValue) -> bool {
    const MAX_PROPERTIES: usize = 20;
    let Some(object) = value.as_object() else {
        return true;
    };
    if !object.is_ordinary() || object.is::<Error>() {
        return false;
    }
    let object = object.borrow();
    let keys = object.shape().keys();
    let is_primitive = |key: &PropertyKey| {
        let property = object.properties().get(key);
        property.is_some_and(|property| property.value().is_some_and(|value| !value.is_object()))
    };
    keys.len() <= MAX_PROPERTIES
        && object.properties().index_property_keys().next().is_none()
        && keys.iter().all(is_primitive)
}

/// The lines of a backtrace that stand at the end of a rendered error.
fn backtrace(rendered: &str) -> String {
    let lines: Vec<&str> = rendered.lines().collect();
    let start = lines
        .iter()
        .rposition(|line| !line.starts_with("    at "))
        .map_or(0, |last| last + 1);
    lines[start..].join("\n")
}

/// The file, line and column of a line of a backtrace, if it is a place in a script.
fn position(line: &str) -> Option<(String, u32, u32)> {
    let line = line.trim_start().strip_prefix("at ")?;
    let (_, place) = line.split_once(" (")?;
    let place = place.strip_suffix(')')?;
    let mut parts = place.rsplitn(3, ':');
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let path = parts.next()?;
    // What Boa says where a source has no path.
    let path = match path {
        "unknown at " | "eval at " | "json at " => "",
        path if path.starts_with("native at ") => return None,
        path => path,
    };
    Some((path.to_owned(), line, column))
}
