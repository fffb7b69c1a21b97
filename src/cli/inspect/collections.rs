//! Arrays, maps, sets, buffers and their views.

use boa_engine::{
    Context, JsObject, JsSymbol, JsValue,
    builtins::{
        array_buffer::{ArrayBuffer, SharedArrayBuffer},
        dataview::DataView,
        map::ordered_map::OrderedMap,
        set::ordered_set::OrderedSet,
        typed_array::{TypedArray, TypedArrayKind},
    },
    js_string,
    module::ModuleNamespace,
    object::builtins::{
        JsArrayBuffer, JsDataView, JsSharedArrayBuffer, JsTypedArray, JsWeakMap, JsWeakSet,
    },
    property::PropertyKey,
};

use super::{
    Body, Inspector, Kind, MAX_ITEMS, MAX_PROPERTIES, counted,
    layout::{Entry, Node},
    more,
    properties::{constructor_name, indices, own, own_data},
    style::Span,
    title_of,
};

/// Bytes of a buffer that are shown.
const MAX_BYTES: usize = 50;

/// Whether a collection has no members; `None` for what is no collection.
pub(super) fn is_empty(object: &JsObject) -> Option<bool> {
    if object.is_array() {
        return Some(array_length(object) == 0);
    }
    if let Some(map) = object.downcast_ref::<OrderedMap<JsValue>>() {
        return Some(map.is_empty());
    }
    let set = object.downcast_ref::<OrderedSet>()?;
    Some(set.is_empty())
}

pub(super) fn body(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    if object.is_array() {
        return Some(array(inspector, object));
    }
    if object.is::<OrderedMap<JsValue>>() {
        return Some(map(inspector, object));
    }
    if object.is::<OrderedSet>() {
        return Some(set(inspector, object));
    }
    if object.is::<TypedArray>() {
        return typed_array(inspector, object);
    }
    if object.is::<ModuleNamespace>() {
        return Some(module(inspector, object));
    }
    if is_arguments(object) {
        return Some(arguments(inspector, object));
    }
    buffer(inspector, object).or_else(|| weak(object))
}

fn titled(title: String, items: Vec<Entry>) -> Body {
    Body {
        title: vec![Span::plain(title)],
        items,
        ..Body::default()
    }
}

fn array_length(array: &JsObject) -> usize {
    let length = own_data(array, js_string!("length")).and_then(|length| length.as_number());
    // Never negative, never more than 2³² - 1.
    length.map_or(0, |length| length as usize)
}

fn more_items(count: usize) -> Entry {
    more(count, "more item", "more items")
}

fn array(inspector: &mut Inspector<'_>, array: &JsObject) -> Body {
    let length = array_length(array);
    let title = match constructor_name(array) {
        Some(name) if name == js_string!("Array") => Vec::new(),
        _ => vec![Span::plain(title_of(array, "Array", Some(length)))],
    };
    let (items, cells) = elements(inspector, array, length);
    Body {
        title,
        items,
        cells,
        is_list: true,
        hides_indices: true,
        ..Body::default()
    }
}

/// The first elements, a run of holes counting as one, and how many entries they are.
fn elements(inspector: &mut Inspector<'_>, array: &JsObject, length: usize) -> (Vec<Entry>, usize) {
    let mut items = Vec::new();
    let mut index = 0;
    // An array can have 2³² - 1 holes: from the first one on, what there is is listed.
    let mut stored: Option<std::vec::IntoIter<u32>> = None;
    while index < length && items.len() < MAX_ITEMS && inspector.values > 0 {
        let key = PropertyKey::from(index as u64);
        if let Some(entry) = inspector.property(array, &key, Vec::new()) {
            items.push(entry);
            index += 1;
            continue;
        }
        let stored = stored.get_or_insert_with(|| {
            let indices = indices(array);
            inspector.charge(indices.len());
            indices.into_iter()
        });
        let next = stored
            .map(|stored| stored as usize)
            .find(|&stored| stored > index);
        let next = next.unwrap_or(length).min(length);
        let holes = counted(next - index, "empty item");
        items.push(Entry::value(Node::text(
            format!("<{holes}>"),
            Kind::Undefined,
        )));
        index = next;
    }
    let cells = items.len();
    if index < length {
        items.push(more_items(length - index));
    }
    (items, cells)
}

/// `arguments`, which Boa does not tell from other objects, but has these three properties.
fn is_arguments(object: &JsObject) -> bool {
    let hidden = |key: PropertyKey| {
        own(object, &key).is_some_and(|property| property.enumerable() == Some(false))
    };
    !object.is_ordinary()
        && hidden(js_string!("callee").into())
        && hidden(js_string!("length").into())
        && hidden(JsSymbol::iterator().into())
}

fn arguments(inspector: &mut Inspector<'_>, object: &JsObject) -> Body {
    let (items, cells) = elements(inspector, object, array_length(object));
    Body {
        title: vec![Span::new("[Arguments]", Kind::Special)],
        items,
        cells,
        is_list: true,
        hides_indices: true,
        ..Body::default()
    }
}

fn map(inspector: &mut Inspector<'_>, object: &JsObject) -> Body {
    // Copied, so that nothing is borrowed while the members are shown.
    let (size, members) = match object.downcast_ref::<OrderedMap<JsValue>>() {
        Some(map) => {
            let pairs = map.iter().take(MAX_ITEMS);
            let pairs = pairs.map(|(key, value)| (key.clone(), value.clone()));
            (map.len(), pairs.collect::<Vec<_>>())
        }
        None => (0, Vec::new()),
    };
    let mut items = Vec::new();
    for (key, value) in members {
        if inspector.values == 0 {
            break;
        }
        items.push(Entry::value(Node::pair(
            inspector.value(&key),
            inspector.value(&value),
        )));
    }
    if items.len() < size {
        items.push(more_items(size - items.len()));
    }
    titled(title_of(object, "Map", Some(size)), items)
}

fn set(inspector: &mut Inspector<'_>, object: &JsObject) -> Body {
    let (size, members) = match object.downcast_ref::<OrderedSet>() {
        Some(set) => {
            let members = set.iter().take(MAX_ITEMS).cloned();
            (set.len(), members.collect::<Vec<_>>())
        }
        None => (0, Vec::new()),
    };
    let mut items = Vec::new();
    for member in members {
        if inspector.values == 0 {
            break;
        }
        items.push(Entry::value(inspector.value(&member)));
    }
    if items.len() < size {
        items.push(more_items(size - items.len()));
    }
    titled(title_of(object, "Set", Some(size)), items)
}

fn typed_array(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    let array = JsTypedArray::from_object(object.clone()).ok()?;
    let length = array.length(inspector.context).unwrap_or(0);
    let name = array.kind().map_or("TypedArray", kind_name);
    let mut items = Vec::new();
    while items.len() < length.min(MAX_ITEMS) && inspector.values > 0 {
        // Numbers in a buffer: no script is asked.
        let value = object.get(items.len() as u64, inspector.context);
        let value = inspector.value(&value.unwrap_or_default());
        items.push(Entry::value(value));
    }
    let cells = items.len();
    if cells < length {
        items.push(more_items(length - cells));
    }
    Some(Body {
        cells,
        is_list: true,
        ..titled(title_of(object, name, Some(length)), items)
    })
}

fn kind_name(kind: TypedArrayKind) -> &'static str {
    match kind {
        TypedArrayKind::Int8 => "Int8Array",
        TypedArrayKind::Uint8 => "Uint8Array",
        TypedArrayKind::Uint8Clamped => "Uint8ClampedArray",
        TypedArrayKind::Int16 => "Int16Array",
        TypedArrayKind::Uint16 => "Uint16Array",
        TypedArrayKind::Int32 => "Int32Array",
        TypedArrayKind::Uint32 => "Uint32Array",
        TypedArrayKind::BigInt64 => "BigInt64Array",
        TypedArrayKind::BigUint64 => "BigUint64Array",
        TypedArrayKind::Float16 => "Float16Array",
        TypedArrayKind::Float32 => "Float32Array",
        TypedArrayKind::Float64 => "Float64Array",
    }
}

/// What `import * as` gives.
fn module(inspector: &mut Inspector<'_>, object: &JsObject) -> Body {
    // Exports are no stored properties, and to read them runs no script.
    let keys = object
        .own_property_keys(inspector.context)
        .unwrap_or_default();
    let names = keys
        .iter()
        .filter(|key| !matches!(key, PropertyKey::Symbol(_)));
    let count = names.clone().count();
    let mut items = Vec::new();
    for key in names.take(MAX_PROPERTIES) {
        let name = vec![inspector.key(key), Span::plain(": ")];
        let value = match object.get(key.clone(), inspector.context) {
            Ok(value) => inspector.value(&value),
            // Its module has not come that far.
            Err(_) => Node::text("<uninitialized>", Kind::Special),
        };
        items.push(Entry { key: name, value });
    }
    if items.len() < count {
        items.push(more(count - items.len(), "more export", "more exports"));
    }
    Body {
        is_complete: true,
        ..titled("[Module: null prototype]".to_owned(), items)
    }
}

fn buffer(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    if object.is::<ArrayBuffer>() {
        let buffer = JsArrayBuffer::from_object(object.clone()).ok()?;
        let contents = buffer.data().map(|bytes| contents(&bytes));
        let first = match contents {
            Some(contents) => Entry {
                key: vec![Span::plain("[contents]: ")],
                value: Node::text(contents, Kind::Special),
            },
            None => Entry::value(Node::text("(detached)", Kind::Special)),
        };
        let length = inspector.named("byteLength", &JsValue::from(buffer.byte_length()));
        let items = vec![first, length];
        return Some(titled(title_of(object, "ArrayBuffer", None), items));
    }
    if object.is::<SharedArrayBuffer>() {
        let buffer = JsSharedArrayBuffer::from_object(object.clone()).ok()?;
        let length = inspector.named("byteLength", &JsValue::from(buffer.byte_length()));
        return Some(titled(
            title_of(object, "SharedArrayBuffer", None),
            vec![length],
        ));
    }
    if object.is::<DataView>() {
        return data_view(inspector, object);
    }
    None
}

fn contents(bytes: &[u8]) -> String {
    let shown: Vec<String> = bytes
        .iter()
        .take(MAX_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let shown = shown.join(" ");
    match bytes.len().saturating_sub(MAX_BYTES) {
        0 => format!("<{shown}>"),
        more => format!("<{shown} ... {}>", counted(more, "more byte")),
    }
}

fn data_view(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    let view = JsDataView::from_object(object.clone()).ok()?;
    let context: &mut Context = inspector.context;
    // They fail for a view of a buffer that is gone.
    let length = view.byte_length(context).unwrap_or(0);
    let offset = view.byte_offset(context).unwrap_or(0);
    let buffer = view.buffer(context).unwrap_or_default();
    let items = vec![
        inspector.named("byteLength", &JsValue::from(length)),
        inspector.named("byteOffset", &JsValue::from(offset)),
        inspector.named("buffer", &buffer),
    ];
    Some(titled(title_of(object, "DataView", None), items))
}

/// What they hold is the collector's affair.
fn weak(object: &JsObject) -> Option<Body> {
    let name = if JsWeakMap::from_object(object.clone()).is_ok() {
        "WeakMap"
    } else if JsWeakSet::from_object(object.clone()).is_ok() {
        "WeakSet"
    } else {
        return None;
    };
    let unknown = Entry::value(Node::text("<items unknown>", Kind::Special));
    Some(titled(title_of(object, name, None), vec![unknown]))
}
