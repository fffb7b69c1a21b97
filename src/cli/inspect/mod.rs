//! Values as text for people, as Node and Deno show them.
//!
//! Nothing here runs script: no getter, no trap of a proxy, no `toString`. What is read are data properties,
//! Boa's own slots, and the attributes of this crate's platform objects through their native getters.
//! Depth, members, characters and native recursion are bounded, whatever the value.

mod collections;
mod errors;
mod functions;
mod layout;
mod platform;
mod properties;
mod strings;
mod style;
#[cfg(test)]
mod tests;
mod wrappers;

use boa_engine::{
    Context, JsBigInt, JsObject, JsString, JsSymbol, JsValue, JsVariant,
    builtins::function::OrdinaryFunction, js_string, property::PropertyKey,
};

pub(in crate::cli) use errors::frames;
use layout::{Entry, Node, Page};
pub(in crate::cli) use style::{Kind, Span};

/// How values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct InspectOptions {
    /// With ANSI escape sequences for colours.
    pub(super) colors: bool,
    /// How many levels of nested objects are shown.
    pub(super) depth: usize,
    /// Lines are broken to stay within so many columns, as far as names and values allow.
    pub(super) line_width: usize,
}

impl Default for InspectOptions {
    fn default() -> Self {
        Self {
            colors: false,
            depth: 2,
            line_width: 76,
        }
    }
}

/// More levels than this are not shown, whatever the options say: each takes native stack.
const MAX_DEPTH: usize = 100;

/// Members of an array, map or set that are shown.
const MAX_ITEMS: usize = 100;

/// Properties of an object that are shown.
const MAX_PROPERTIES: usize = 1000;

/// Values that are shown of all that hang together.
const MAX_VALUES: usize = 20_000;

/// UTF-16 code units of a string that are shown.
const MAX_STRING: usize = 10_000;

/// UTF-16 code units of all strings together.
const MAX_TEXT: usize = 1 << 20;

/// UTF-16 code units of a property's name.
const MAX_KEY: usize = 1000;

/// UTF-16 code units of the name of a function or class, or of a symbol.
const MAX_NAME: usize = 200;

/// A value as people know it from Node's console. Runs no script: no getter, no proxy's trap, no `toString`.
///
/// A string is shown in quotes: where strings stand for themselves, as in `console.log('a')`, do not come here.
pub(super) fn inspect(value: &JsValue, options: &InspectOptions, context: &mut Context) -> String {
    render(value, options, OfError::default(), context)
}

/// What is different about the outermost error.
#[derive(Debug, Default)]
pub(super) struct OfError {
    /// Without a stack, other errors stand in brackets.
    pub(super) is_uncaught: bool,
    /// Stands on lines of its own between the message and the stack.
    pub(super) place: Option<String>,
    /// The end of the message that is left out.
    pub(super) cut: Option<String>,
}

/// An error that nobody has caught.
pub(super) fn inspect_error(
    error: &JsValue,
    of_error: OfError,
    options: &InspectOptions,
    context: &mut Context,
) -> String {
    render(error, options, of_error, context)
}

fn render(
    value: &JsValue,
    options: &InspectOptions,
    of_error: OfError,
    context: &mut Context,
) -> String {
    let mut inspector = Inspector {
        depth: options.depth.min(MAX_DEPTH),
        context,
        ancestors: Vec::new(),
        circular: Vec::new(),
        values: MAX_VALUES,
        text: MAX_TEXT,
        of_error,
    };
    let node = inspector.value(value);
    let mut out = String::new();
    let page = Page {
        indent: 0,
        width: options.line_width,
        colors: options.colors,
    };
    node.write(&mut out, page);
    out
}

/// The enumerable own properties of an object, at most `limit` of them, indices first: the name and the value,
/// which a getter does not tell. Runs no script.
pub(super) fn own_members(object: &JsObject, limit: usize) -> Vec<(String, Option<JsValue>)> {
    let indices = properties::indices(object).into_iter();
    let keys = indices
        .map(PropertyKey::from)
        .chain(properties::named_keys(object));
    let members = keys.filter_map(|key| {
        let property = properties::own(object, &key)?;
        let name = match &key {
            PropertyKey::String(name) => strings::name(name, MAX_NAME),
            PropertyKey::Symbol(key) => symbol(key),
            PropertyKey::Index(index) => index.get().to_string(),
        };
        let shown = property.enumerable() == Some(true);
        shown.then(|| (name, property.value().cloned()))
    });
    members.take(limit).collect()
}

/// Whether `%s` has to ask the object itself: script has given it a `toString` of its own.
pub(super) fn has_text_of_its_own(object: &JsObject) -> bool {
    let by_script = |key: PropertyKey| {
        let function = properties::data(object, key).and_then(|value| value.as_object());
        function.is_some_and(|function| function.is::<OrdinaryFunction>())
    };
    by_script(js_string!("toString").into()) || by_script(JsSymbol::to_primitive().into())
}

/// One inspection.
struct Inspector<'a> {
    depth: usize,
    context: &'a mut Context,
    /// The objects that contain the one being shown, the outermost first.
    ancestors: Vec<JsObject>,
    /// Those of them that were met again.
    circular: Vec<JsObject>,
    /// How many more values may be shown.
    values: usize,
    /// How many more characters of strings may be shown.
    text: usize,
    /// Taken by the first error that is shown.
    of_error: OfError,
}

/// An object without what it shares with all others.
#[derive(Default)]
struct Body {
    /// What stands before the brace.
    title: Vec<Span>,
    /// Members without a name of their own.
    items: Vec<Entry>,
    /// So many of the items are members of an array.
    cells: usize,
    /// The braces are brackets.
    is_list: bool,
    /// Named properties are not asked for.
    is_complete: bool,
    /// Without properties there are no braces.
    is_leaf: bool,
    /// The indices are not shown among the properties.
    hides_indices: bool,
    /// Properties that are not shown.
    hidden: Vec<PropertyKey>,
}

impl Body {
    fn leaf(text: impl Into<String>, kind: Kind) -> Self {
        Self {
            title: vec![Span::new(text, kind)],
            is_leaf: true,
            ..Self::default()
        }
    }
}

impl Inspector<'_> {
    fn value(&mut self, value: &JsValue) -> Node {
        self.values = self.values.saturating_sub(1);
        match value.variant() {
            JsVariant::Undefined => Node::text("undefined", Kind::Undefined),
            JsVariant::Null => Node::text("null", Kind::Null),
            JsVariant::Boolean(boolean) => Node::text(boolean.to_string(), Kind::Number),
            JsVariant::Integer32(number) => Node::text(number.to_string(), Kind::Number),
            JsVariant::Float64(float) => Node::text(number(float), Kind::Number),
            JsVariant::BigInt(bigint) => Node::text(self.bigint(&bigint), Kind::Number),
            JsVariant::Symbol(symbol) => Node::text(self::symbol(&symbol), Kind::Symbol),
            JsVariant::String(string) => self.string(&string),
            JsVariant::Object(object) => self.object(&object),
        }
    }

    /// How much of a text of this length may be shown.
    fn share(&mut self, length: usize, limit: usize) -> usize {
        let share = length.min(limit).min(self.text);
        self.text -= share;
        share
    }

    /// Takes note of work that shows nothing, such as looking through so many keys.
    fn charge(&mut self, steps: usize) {
        /// Steps that take as long as showing a value, or less.
        const STEPS: usize = 100;
        self.values = self.values.saturating_sub(steps / STEPS);
    }

    fn string(&mut self, string: &JsString) -> Node {
        let limit = self.share(string.len(), MAX_STRING);
        let mut spans = vec![Span::new(strings::quoted(string, limit), Kind::String)];
        if string.len() > limit {
            let more = string.len() - limit;
            spans.push(Span::plain(format!(
                "... {}",
                counted(more, "more character")
            )));
        }
        Node::Text(spans)
    }

    fn bigint(&mut self, bigint: &JsBigInt) -> String {
        /// Hexadecimal digits of the longest number that is shown in decimal, which takes time.
        const MAX_DIGITS: usize = 2500;
        if bigint.to_f64().is_finite() {
            return format!("{bigint}n");
        }
        let hexadecimal = bigint.to_string_radix(16);
        self.charge(hexadecimal.len());
        let digits = hexadecimal.trim_start_matches('-');
        match digits.get(..MAX_DIGITS) {
            None => format!("{bigint}n"),
            Some(first) => {
                let sign = &hexadecimal[..hexadecimal.len() - digits.len()];
                let more = counted(digits.len() - MAX_DIGITS, "more digit");
                format!("{sign}0x{first}... {more}n")
            }
        }
    }

    fn object(&mut self, object: &JsObject) -> Node {
        if self
            .ancestors
            .iter()
            .any(|known| JsObject::equals(known, object))
        {
            let index = self.circular_index(object);
            return Node::text(format!("[Circular *{index}]"), Kind::Special);
        }
        let too_deep = self.ancestors.len() > self.depth || self.values == 0;
        if too_deep && let Some(node) = self.abridged(object) {
            return node;
        }
        self.ancestors.push(object.clone());
        let body = self.body(object);
        let mut node = self.with_properties(object, body);
        self.ancestors.pop();
        let known = |known: &JsObject| JsObject::equals(known, object);
        if let Some(index) = self.circular.iter().position(known) {
            let reference = format!("<ref *{}>", index + 1);
            node.prepend(Span::new(reference, Kind::Special));
        }
        node
    }

    /// The number of an object that contains itself.
    fn circular_index(&mut self, object: &JsObject) -> usize {
        let known = |known: &JsObject| JsObject::equals(known, object);
        let index = self.circular.iter().position(known);
        index.unwrap_or_else(|| {
            self.circular.push(object.clone());
            self.circular.len() - 1
        }) + 1
    }

    fn body(&mut self, object: &JsObject) -> Body {
        None.or_else(|| wrappers::body(self, object))
            .or_else(|| functions::body(object, self.context))
            .or_else(|| collections::body(self, object))
            .or_else(|| errors::body(self, object))
            .or_else(|| platform::body(self, object))
            .unwrap_or_else(|| ordinary(object))
    }

    /// Instead of an object that is too deep: its name, unless it is as short itself.
    fn abridged(&mut self, object: &JsObject) -> Option<Node> {
        if functions::is_function(object) || wrappers::is_short(object) {
            return None;
        }
        if let Some(header) = errors::header(object, MAX_NAME) {
            let header = header.lines().next().unwrap_or_default().to_owned();
            return Some(Node::text(format!("[{header}]"), Kind::Special));
        }
        if self.values > 0 && self.is_empty(object) {
            return None;
        }
        let name = title_of(object, fallback_name(object), None);
        Some(Node::text(format!("[{name}]"), Kind::Special))
    }

    /// Whether there is nothing in an object, so that it is as short as its name.
    fn is_empty(&mut self, object: &JsObject) -> bool {
        if let Some(is_empty) = collections::is_empty(object) {
            return is_empty;
        }
        if !object.is_ordinary() || properties::has_indices(object) {
            return false;
        }
        let keys = properties::named_keys(object);
        self.charge(keys.len());
        !keys.iter().any(|key| is_enumerable(object, key))
    }

    /// Adds the object's own properties to a body.
    fn with_properties(&mut self, object: &JsObject, body: Body) -> Node {
        let mut entries = body.items;
        if !body.is_complete {
            self.properties(object, body.hides_indices, &body.hidden, &mut entries);
        }
        if entries.is_empty() && body.is_leaf {
            return Node::Text(body.title);
        }
        let braces = if body.is_list { ["[", "]"] } else { ["{", "}"] };
        Node::group(body.title, braces, entries, body.cells)
    }

    fn properties(
        &mut self,
        object: &JsObject,
        hides_indices: bool,
        hidden: &[PropertyKey],
        entries: &mut Vec<Entry>,
    ) {
        let indices = if hides_indices {
            Vec::new()
        } else {
            properties::indices(object)
        };
        let named = properties::named_keys(object);
        let count = indices.len() + named.len();
        let mut keys = indices.into_iter().map(PropertyKey::from).chain(named);
        let mut shown = 0;
        while let Some(key) = keys.next() {
            if shown == MAX_PROPERTIES || self.values == 0 {
                let rest = keys.filter(|key| is_enumerable(object, key)).count();
                entries.push(more(rest + 1, "more property", "more properties"));
                break;
            }
            if hidden.contains(&key) || !is_enumerable(object, &key) {
                continue;
            }
            shown += 1;
            let name = vec![self.key(&key), Span::plain(": ")];
            entries.extend(self.property(object, &key, name));
        }
        self.charge(count);
    }

    /// An own property. No getter is called.
    fn property(&mut self, object: &JsObject, key: &PropertyKey, name: Vec<Span>) -> Option<Entry> {
        let property = properties::own(object, key)?;
        let there = |function: Option<&JsValue>| function.is_some_and(|it| !it.is_undefined());
        let accessors = match (there(property.get()), there(property.set())) {
            _ if !property.is_accessor_descriptor() => None,
            (true, true) => Some("[Getter/Setter]"),
            (false, true) => Some("[Setter]"),
            _ => Some("[Getter]"),
        };
        let value = match accessors {
            Some(text) => Node::text(text, Kind::Special),
            None => self.value(&property.value().cloned().unwrap_or_default()),
        };
        Some(Entry { key: name, value })
    }

    fn key(&mut self, key: &PropertyKey) -> Span {
        match key {
            PropertyKey::String(string) => {
                let limit = self.share(string.len(), MAX_KEY);
                if limit < string.len() {
                    Span::plain(strings::name(string, limit))
                } else if strings::is_identifier(string) {
                    Span::plain(string.to_std_string_lossy())
                } else {
                    Span::new(strings::quoted(string, limit), Kind::String)
                }
            }
            PropertyKey::Symbol(symbol) => {
                Span::new(format!("[{}]", self::symbol(symbol)), Kind::Symbol)
            }
            PropertyKey::Index(index) => Span::new(format!("'{}'", index.get()), Kind::String),
        }
    }

    /// A member that is not a property of the object's own.
    fn named(&mut self, name: &str, value: &JsValue) -> Entry {
        Entry {
            key: vec![Span::plain(format!("{name}: "))],
            value: self.value(value),
        }
    }
}

fn is_enumerable(object: &JsObject, key: &PropertyKey) -> bool {
    properties::own(object, key).is_some_and(|property| property.enumerable() == Some(true))
}

/// An object of which only the properties are shown.
fn ordinary(object: &JsObject) -> Body {
    let title = title_of(object, "Object", None);
    let title = match title.as_str() {
        "Object" => Vec::new(),
        _ => vec![Span::plain(title)],
    };
    Body {
        title,
        ..Body::default()
    }
}

fn fallback_name(object: &JsObject) -> &'static str {
    if object.is_array() { "Array" } else { "Object" }
}

/// `Name(size) [tag]`, from the constructor and `Symbol.toStringTag`.
fn title_of(object: &JsObject, fallback: &str, size: Option<usize>) -> String {
    let size = size.map_or_else(String::new, |size| format!("({size})"));
    let constructor = properties::constructor_name(object);
    let name = constructor
        .as_ref()
        .map(|name| strings::name(name, MAX_NAME));
    let mut title = match &name {
        Some(name) => format!("{name}{size}"),
        None if object.prototype().is_none() => format!("[{fallback}{size}: null prototype]"),
        None => format!("{fallback}{size}"),
    };
    let tag = properties::to_string_tag(object).map(|tag| strings::name(&tag, MAX_NAME));
    if let Some(tag) = tag
        && name.as_deref().unwrap_or(fallback) != tag
    {
        title.push_str(&format!(" [{tag}]"));
    }
    title
}

/// What stands for members that are not shown.
fn more(count: usize, one: &str, many: &str) -> Entry {
    let what = if count == 1 { one } else { many };
    Entry::value(Node::text(format!("... {count} {what}"), Kind::Plain))
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn number(float: f64) -> String {
    JsValue::from(float).display().to_string()
}

fn symbol(symbol: &JsSymbol) -> String {
    let description = symbol.description();
    let description = description.map(|text| strings::name(&text, MAX_NAME));
    format!("Symbol({})", description.unwrap_or_default())
}
