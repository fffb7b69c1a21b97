//! Iterable declarations: `iterable<K, V>`. <https://webidl.spec.whatwg.org/#js-iterable>
//!
//! A pair iterator gives the prototype `entries`, `keys`, `values`, `forEach` and `@@iterator`, and what the first three make
//! are default iterator objects. The pairs are looked up one at a time, so that a change during the iteration shows.

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsObject, JsResult, JsString, JsSymbol, JsValue,
    NativeFunction, Trace,
    builtins::iterable::create_iter_result_object,
    js_string,
    object::{
        FunctionObjectBuilder,
        builtins::{JsArray, JsFunction},
    },
    property::PropertyDescriptor,
    realm::Realm,
};

use super::{
    callback::invoke_callback,
    conversions::{illegal_invocation, required_arguments, type_error},
    interface::define_to_string_tag,
};

/// The pair at an index of the pairs of `this`, or `None` behind the last. Begins with the brand check.
pub type PairAt = fn(this: &JsValue, index: usize) -> JsResult<Option<(JsValue, JsValue)>>;

/// The value pairs to iterate over of an interface. They are compared by address: declare each as a `static`.
#[derive(Debug)]
pub struct PairIterator {
    /// The identifier of the interface.
    pub interface: &'static str,
    /// Gives the pairs.
    pub pair_at: PairAt,
}

/// What of each pair an iterator gives.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Entries,
    Keys,
    Values,
}

/// The data of a default iterator object. <https://webidl.spec.whatwg.org/#js-default-iterator-object>
#[derive(Debug, Trace, Finalize, JsData)]
struct DefaultIterator {
    #[unsafe_ignore_trace]
    pairs: &'static PairIterator,
    target: JsValue,
    #[unsafe_ignore_trace]
    kind: Kind,
    index: usize,
}

/// Defines the members of an iterable declaration on an interface prototype object.
pub(super) fn define_pair_iterator(
    pairs: &'static PairIterator,
    prototype: &JsObject,
    realm: &Realm,
) {
    let iterators = iterator_prototype_object(pairs, realm);
    for (name, kind) in [
        ("entries", Kind::Entries),
        ("keys", Kind::Keys),
        ("values", Kind::Values),
    ] {
        let make = NativeFunction::from_copy_closure_with_captures(
            move |this, _, iterators: &JsObject, context| {
                default_iterator(pairs, kind, this, iterators, context)
            },
            iterators.clone(),
        );
        let make = function(realm, name, 0, make);
        prototype.insert_property(JsString::from(name), method(make.clone(), true));
        if matches!(kind, Kind::Entries) {
            // The same function, under the symbol.
            prototype.insert_property(JsSymbol::iterator(), method(make, false));
        }
    }
    let each = NativeFunction::from_copy_closure(move |this, args, context| {
        for_each(pairs, this, args, context)
    });
    let each = function(realm, "forEach", 1, each);
    prototype.insert_property(js_string!("forEach"), method(each, true));
}

fn function(realm: &Realm, name: &str, length: usize, steps: NativeFunction) -> JsFunction {
    FunctionObjectBuilder::new(realm, steps)
        .name(JsString::from(name))
        .length(length)
        .constructor(false)
        .build()
}

fn method(function: JsFunction, enumerable: bool) -> PropertyDescriptor {
    PropertyDescriptor::builder()
        .value(function)
        .writable(true)
        .enumerable(enumerable)
        .configurable(true)
        .build()
}

/// <https://webidl.spec.whatwg.org/#js-iterator-prototype-object>
fn iterator_prototype_object(pairs: &'static PairIterator, realm: &Realm) -> JsObject {
    let object = JsObject::with_object_proto(realm.intrinsics());
    let parent = realm.intrinsics().constructors().iterator().prototype();
    object.set_prototype(Some(parent));
    let next =
        NativeFunction::from_copy_closure(move |this, _, context| next(pairs, this, context));
    let next = function(realm, "next", 0, next);
    object.insert_property(js_string!("next"), method(next, true));
    define_to_string_tag(&object, &format!("{} Iterator", pairs.interface));
    object
}

/// `entries()`, `keys()` and `values()`.
fn default_iterator(
    pairs: &'static PairIterator,
    kind: Kind,
    this: &JsValue,
    iterators: &JsObject,
    context: &mut Context,
) -> JsResult<JsValue> {
    // The brand check; the pair itself is looked up when it is asked for.
    (pairs.pair_at)(this, usize::MAX)?;
    let data = DefaultIterator {
        pairs,
        target: this.clone(),
        kind,
        index: 0,
    };
    let object = JsObject::new(context.root_shape(), iterators.clone(), data);
    Ok(object.upcast().into())
}

/// The method `next` of an iterator prototype object.
fn next(pairs: &'static PairIterator, this: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let object = this
        .as_object()
        .and_then(|object| object.downcast::<DefaultIterator>().ok())
        .filter(|object| std::ptr::eq(object.borrow().data().pairs, pairs))
        .ok_or_else(|| illegal_invocation(&format!("{} Iterator", pairs.interface)))?;
    // No borrow is held from here on: what is made below may start a collection.
    let (target, kind, index) = {
        let object = object.borrow();
        let iterator = object.data();
        (iterator.target.clone(), iterator.kind, iterator.index)
    };
    let Some((key, value)) = (pairs.pair_at)(&target, index)? else {
        let undefined = JsValue::undefined();
        return Ok(create_iter_result_object(undefined, true, context));
    };
    object.borrow_mut().data_mut().index = index + 1;
    let result = match kind {
        Kind::Keys => key,
        Kind::Values => value,
        Kind::Entries => JsArray::from_iter([key, value], context).into(),
    };
    Ok(create_iter_result_object(result, false, context))
}

/// `forEach(callback, thisArg)`.
fn for_each(
    pairs: &'static PairIterator,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // The brand check.
    (pairs.pair_at)(this, usize::MAX)?;
    required_arguments(args, 1, pairs.interface, "forEach")?;
    let callback = args
        .get_or_undefined(0)
        .as_callable()
        .ok_or_else(|| type_error("the callback of forEach is not a function"))?;
    let this_arg = args.get_or_undefined(1);
    let mut index = 0;
    while let Some((key, value)) = (pairs.pair_at)(this, index)? {
        invoke_callback(&callback, this_arg, &[value, key, this.clone()], context)?;
        index += 1;
    }
    Ok(JsValue::undefined())
}
