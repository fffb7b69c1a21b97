//! Functions and classes.

use boa_engine::{
    Context, JsObject,
    builtins::{function::OrdinaryFunction, proxy::Proxy},
    js_string,
};

use super::{
    Body, Kind, MAX_NAME,
    properties::{function_name, own, own_data},
    strings,
};

pub(super) fn is_function(object: &JsObject) -> bool {
    object.is_callable() && !object.is::<Proxy>()
}

pub(super) fn body(object: &JsObject, context: &Context) -> Option<Body> {
    if !is_function(object) {
        return None;
    }
    let text = if is_class(object) {
        format!("[class {}{}]", name(object), heritage(object))
    } else {
        let kind = kind(object, context);
        match function_name(object) {
            Some(name) => format!("[{kind}: {}]", strings::name(&name, MAX_NAME)),
            None => format!("[{kind} (anonymous)]"),
        }
    };
    Some(Body::leaf(text, Kind::Special))
}

fn name(function: &JsObject) -> String {
    let name = function_name(function).map(|name| strings::name(&name, MAX_NAME));
    name.unwrap_or_else(|| "(anonymous)".to_owned())
}

/// A class's `prototype` cannot be replaced, a function's can, unless it is frozen altogether.
fn is_class(function: &JsObject) -> bool {
    let fixed = |key, what: fn(&boa_engine::property::PropertyDescriptor) -> Option<bool>| {
        own(function, &key).and_then(|property| what(&property)) == Some(false)
    };
    function.is::<OrdinaryFunction>()
        && fixed(js_string!("prototype").into(), |property| {
            property.writable()
        })
        && !fixed(js_string!("length").into(), |property| {
            property.configurable()
        })
}

/// ` extends B`.
fn heritage(class: &JsObject) -> String {
    let prototype = own_data(class, js_string!("prototype"));
    let prototype = prototype.and_then(|prototype| prototype.as_object());
    if prototype.is_some_and(|prototype| prototype.prototype().is_none()) {
        return " extends null".to_owned();
    }
    match class.prototype().filter(|parent| parent.is_constructor()) {
        Some(parent) => format!(" extends {}", name(&parent)),
        None => String::new(),
    }
}

fn kind(function: &JsObject, context: &Context) -> &'static str {
    let constructors = context.intrinsics().constructors();
    let Some(prototype) = function.prototype() else {
        return "Function";
    };
    for (constructor, name) in [
        (constructors.async_function(), "AsyncFunction"),
        (constructors.generator_function(), "GeneratorFunction"),
        (
            constructors.async_generator_function(),
            "AsyncGeneratorFunction",
        ),
    ] {
        if JsObject::equals(&prototype, &constructor.prototype()) {
            return name;
        }
    }
    "Function"
}
