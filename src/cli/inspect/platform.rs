//! The platform objects of this crate: `WebSocket { url: 'ws://…', readyState: 1, … }`.
//!
//! Their attributes are read through the getters of the interface tables, which are native and run no script,
//! whatever script has done to the prototypes.

use boa_engine::{JsObject, JsString, JsValue, property::PropertyKey};

use super::{
    Body, Inspector, Kind,
    layout::{Entry, Node},
    style::Span,
    title_of,
};
use crate::webidl::{Interface, Member, NativeFn, interface_in_chain};

/// Attributes that repeat others, or that say little once an event has been dispatched: a message should fit a line.
const NEVER: [&str; 7] = [
    "cancelBubble",
    "currentTarget",
    "eventPhase",
    "isTrusted",
    "returnValue",
    "srcElement",
    "timeStamp",
];

/// Attributes that are shown when they are not null, empty or false.
const IF_SET: [&str; 8] = [
    "bubbles",
    "cancelable",
    "composed",
    "defaultPrevented",
    "filename",
    "lastEventId",
    "ports",
    "source",
];

pub(super) fn body(inspector: &mut Inspector<'_>, object: &JsObject) -> Option<Body> {
    let interface = interface_in_chain(object, inspector.context.realm())?;
    let attributes = attributes(interface);
    let this = JsValue::from(object.clone());
    // An event that tells nothing else tells where it happened.
    let is_plain_event = interface.parent.is_none() && interface.name == "Event";
    let mut items = Vec::new();
    for (name, get) in &attributes {
        // The first one is the brand check: what fails it only inherits from the prototype.
        let value = get(&this, &[], inspector.context).ok()?;
        let is_target = *name == "target" && is_event(&attributes);
        if is_shown(name, &value) && (!is_target || is_plain_event) {
            items.push(attribute(inspector, name, &value));
        }
    }
    if attributes.is_empty() {
        return None;
    }
    // What every instance has as its own.
    let own = |(name, _): (&str, NativeFn)| PropertyKey::from(JsString::from(name));
    Some(Body {
        title: vec![Span::plain(title_of(object, interface.name, None))],
        items,
        hidden: attributes.into_iter().map(own).collect(),
        ..Body::default()
    })
}

/// The attributes: `type`, the interface's own, then those it inherits.
fn attributes(interface: &'static Interface) -> Vec<(&'static str, NativeFn)> {
    let mut all = Vec::new();
    let mut next = Some(interface);
    while let Some(interface) = next {
        all.extend(interface.members.iter().filter_map(|member| match *member {
            Member::Attribute { name, get, .. } | Member::UnforgeableAttribute { name, get } => {
                Some((name, get))
            }
            _ => None,
        }));
        next = interface.parent;
    }
    // The `type` of a Blob is fine where it is.
    if is_event(&all) {
        all.sort_by_key(|(name, _)| *name != "type");
    }
    all
}

fn is_event(attributes: &[(&str, NativeFn)]) -> bool {
    attributes.iter().any(|(name, _)| *name == "timeStamp")
}

fn is_shown(name: &str, value: &JsValue) -> bool {
    if NEVER.contains(&name) {
        return false;
    }
    // An event handler.
    if name.starts_with("on") && value.is_null() {
        return false;
    }
    !IF_SET.contains(&name) || is_set(value)
}

fn is_set(value: &JsValue) -> bool {
    if let Some(object) = value.as_object() {
        return super::collections::is_empty(&object) != Some(true);
    }
    !value.is_null_or_undefined()
        && value.as_boolean() != Some(false)
        && value.as_string().is_none_or(|string| !string.is_empty())
}

/// One attribute. Objects that an event refers to are only named: they are of interest in their own right.
fn attribute(inspector: &mut Inspector<'_>, name: &str, value: &JsValue) -> Entry {
    let object = value.as_object();
    let named = object.filter(|_| matches!(name, "target" | "source"));
    match named {
        Some(object) => Entry {
            key: vec![Span::plain(format!("{name}: "))],
            value: Node::text(
                format!("[{}]", title_of(&object, "Object", None)),
                Kind::Special,
            ),
        },
        None => inspector.named(name, value),
    }
}
