//! Interface tables, and the interface objects, interface prototype objects and platform
//! objects made from them.
//!
//! One `static` [`Interface`] describes an interface once, for every context and realm.
//! [`define_interface`] makes its objects in the context's current realm and keeps them in that
//! realm's host-defined data, so that several realms have interfaces of their own.

use boa_engine::{
    Context, Finalize, JsData, JsNativeError, JsObject, JsResult, JsString, JsSymbol, JsValue,
    NativeFunction, Trace, js_string,
    object::{ConstructorBuilder, FunctionObjectBuilder, NativeObject, builtins::JsFunction},
    property::{PropertyDescriptor, PropertyKey},
    realm::Realm,
};

use super::{
    conversions::required_arguments,
    iterable::{PairIterator, define_pair_iterator},
    realms::function_realm,
};

/// A native function as Boa calls it: `this`, the arguments, the context.
///
/// For a constructor, `this` is `new.target`.
pub type NativeFn = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

/// An interface, as its IDL block says it.
///
/// Interfaces are compared by address: declare each as a `static`, never as a `const`.
#[derive(Debug)]
pub struct Interface {
    /// The interface's identifier: the name of the constructor and the value of `@@toStringTag`.
    pub name: &'static str,
    /// The interface it inherits from; it has to be defined in a realm before this one.
    pub parent: Option<&'static Interface>,
    /// The number of required arguments and the steps of the constructor operation. `None`: the
    /// constructor throws a TypeError ("Illegal constructor").
    ///
    /// The steps run only with `new`, and only with at least the required arguments.
    pub constructor: Option<(usize, NativeFn)>,
    /// The members in the order of the IDL.
    pub members: &'static [Member],
}

/// One member of an [`Interface`].
#[derive(Clone, Copy, Debug)]
pub enum Member {
    /// An attribute: an enumerable accessor on the prototype.
    Attribute {
        /// The identifier.
        name: &'static str,
        /// The getter.
        get: NativeFn,
        /// The setter, unless the attribute is read only.
        set: Option<NativeFn>,
    },
    /// A read-only attribute that is `[LegacyUnforgeable]`: an accessor of every instance that
    /// script cannot reconfigure. All instances of a realm share one getter.
    UnforgeableAttribute {
        /// The identifier.
        name: &'static str,
        /// The getter.
        get: NativeFn,
    },
    /// A regular operation: an enumerable method on the prototype.
    Operation {
        /// The identifier.
        name: &'static str,
        /// The number of required arguments, which `length` shows.
        length: usize,
        /// The method.
        call: NativeFn,
    },
    /// A static operation: an enumerable method on the constructor.
    StaticOperation {
        /// The identifier.
        name: &'static str,
        /// The number of required arguments, which `length` shows.
        length: usize,
        /// The method.
        call: NativeFn,
    },
    /// A constant: an enumerable, read-only property of the constructor and of the prototype.
    Constant {
        /// The identifier.
        name: &'static str,
        /// The value.
        value: i32,
    },
    /// An iterable declaration with two types: `entries`, `keys`, `values`, `forEach` and `@@iterator` on the prototype.
    Iterable(&'static PairIterator),
}

impl Member {
    /// A read-only attribute.
    #[must_use]
    pub const fn readonly(name: &'static str, get: NativeFn) -> Self {
        Self::Attribute {
            name,
            get,
            set: None,
        }
    }
}

/// What a realm keeps of one interface.
#[derive(Trace, Finalize)]
struct InterfaceObjects {
    #[unsafe_ignore_trace]
    interface: &'static Interface,
    constructor: JsObject,
    prototype: JsObject,
    /// The unforgeable attributes of the interface and of those it inherits from.
    unforgeable: Vec<Unforgeable>,
}

/// A property that every instance gets, ready-made.
#[derive(Clone, Trace, Finalize)]
pub(crate) struct Unforgeable {
    /// A string or a symbol: nothing the collector has to know.
    #[unsafe_ignore_trace]
    key: PropertyKey,
    get: JsObject,
}

impl Unforgeable {
    /// Made anew for each instance: that is quicker than a clone of one.
    fn descriptor(&self) -> PropertyDescriptor {
        PropertyDescriptor::builder()
            .get(self.get.clone())
            .set(JsValue::undefined())
            .enumerable(true)
            .configurable(false)
            .build()
    }
}

/// The interfaces of a realm, kept in its host-defined data.
#[derive(Default, Trace, Finalize, JsData)]
struct Interfaces {
    objects: Vec<InterfaceObjects>,
}

impl Interfaces {
    /// A scan of a few addresses; a realm has some ten interfaces.
    fn get(&self, interface: &'static Interface) -> Option<&InterfaceObjects> {
        self.objects
            .iter()
            .find(|objects| std::ptr::eq(objects.interface, interface))
    }
}

fn with_objects<R>(
    interface: &'static Interface,
    realm: &Realm,
    read: impl FnOnce(&InterfaceObjects) -> R,
) -> Option<R> {
    realm
        .host_defined()
        .get::<Interfaces>()
        .and_then(|interfaces| interfaces.get(interface))
        .map(read)
}

/// The interface prototype object of `interface` in `realm`, or `None` if it is not defined there.
#[must_use]
pub fn prototype_of(interface: &'static Interface, realm: &Realm) -> Option<JsObject> {
    with_objects(interface, realm, |objects| objects.prototype.clone())
}

/// The interface object (the constructor) of `interface` in `realm`, or `None` if it is not
/// defined there.
#[must_use]
pub fn constructor_of(interface: &'static Interface, realm: &Realm) -> Option<JsObject> {
    with_objects(interface, realm, |objects| objects.constructor.clone())
}

/// The interface whose prototype object comes first in the prototype chain of `object`, if the chain has one
/// of `realm`. Whether the object implements the interface is for the brand checks to say. Runs no script.
#[cfg(feature = "cli")]
pub(crate) fn interface_in_chain(object: &JsObject, realm: &Realm) -> Option<&'static Interface> {
    /// Script can make a chain as long as it likes.
    const MAX_PROTOTYPES: usize = 100;
    let host_defined = realm.host_defined();
    let interfaces = &host_defined.get::<Interfaces>()?.objects;
    let mut prototype = object.prototype();
    for _ in 0..MAX_PROTOTYPES {
        let current = prototype?;
        let found = interfaces
            .iter()
            .find(|objects| JsObject::equals(&objects.prototype, &current));
        if let Some(found) = found {
            return Some(found.interface);
        }
        prototype = current.prototype();
    }
    None
}

fn not_defined(interface: &'static Interface) -> boa_engine::JsError {
    JsNativeError::typ()
        .with_message(format!(
            "{} is not registered in this realm",
            interface.name
        ))
        .into()
}

/// Makes a built-in function with the name and length Web IDL gives it.
#[must_use]
pub fn create_function(realm: &Realm, name: &str, length: usize, call: NativeFn) -> JsFunction {
    FunctionObjectBuilder::new(realm, NativeFunction::from_fn_ptr(call))
        .name(JsString::from(name))
        .length(length)
        .constructor(false)
        .build()
}

/// The descriptor of an attribute: an accessor with the functions `get name` and `set name`.
#[must_use]
pub fn attribute_descriptor(
    realm: &Realm,
    name: &str,
    get: NativeFn,
    set: Option<NativeFn>,
) -> PropertyDescriptor {
    let get = create_function(realm, &format!("get {name}"), 0, get);
    let set = set.map(|set| create_function(realm, &format!("set {name}"), 1, set));
    PropertyDescriptor::builder()
        .get(get)
        .set(set.map_or_else(JsValue::undefined, JsValue::from))
        .enumerable(true)
        .configurable(true)
        .build()
}

/// The descriptor of an operation.
#[must_use]
pub fn operation_descriptor(
    realm: &Realm,
    name: &str,
    length: usize,
    call: NativeFn,
) -> PropertyDescriptor {
    PropertyDescriptor::builder()
        .value(create_function(realm, name, length, call))
        .writable(true)
        .enumerable(true)
        .configurable(true)
        .build()
}

/// Defines `members` on `target` (a prototype, a namespace-like object or the global object), and
/// those that belong on a constructor on `constructor`. Unforgeable attributes are given back.
pub(crate) fn define_members(
    members: &[Member],
    target: &JsObject,
    constructor: Option<&JsObject>,
    realm: &Realm,
) -> Vec<Unforgeable> {
    let mut unforgeable = Vec::new();
    for member in members {
        match *member {
            Member::Attribute { name, get, set } => {
                let descriptor = attribute_descriptor(realm, name, get, set);
                target.insert_property(JsString::from(name), descriptor);
            }
            Member::UnforgeableAttribute { name, get } => {
                unforgeable.push(Unforgeable {
                    key: JsString::from(name).into(),
                    get: create_function(realm, &format!("get {name}"), 0, get).into(),
                });
            }
            Member::Operation { name, length, call } => {
                let descriptor = operation_descriptor(realm, name, length, call);
                target.insert_property(JsString::from(name), descriptor);
            }
            Member::StaticOperation { name, length, call } => {
                if let Some(constructor) = constructor {
                    let descriptor = operation_descriptor(realm, name, length, call);
                    constructor.insert_property(JsString::from(name), descriptor);
                }
            }
            Member::Constant { name, value } => {
                for object in constructor.into_iter().chain([target]) {
                    object.insert_property(
                        JsString::from(name),
                        PropertyDescriptor::builder()
                            .value(value)
                            .writable(false)
                            .enumerable(true)
                            .configurable(false),
                    );
                }
            }
            Member::Iterable(pairs) => define_pair_iterator(pairs, target, realm),
        }
    }
    unforgeable
}

/// Creates the interface object and the interface prototype object of `interface` in the
/// context's current realm and enters the interface on the global object. An interface that the
/// realm has already is left alone.
///
/// <https://webidl.spec.whatwg.org/#interface-object>
///
/// # Errors
///
/// A TypeError if the parent is not defined in the realm, or if the global object refuses the
/// property.
pub fn define_interface(interface: &'static Interface, context: &mut Context) -> JsResult<()> {
    let realm = context.realm().clone();
    if with_objects(interface, &realm, |_| ()).is_some() {
        return Ok(());
    }
    let parent = match interface.parent {
        None => None,
        Some(parent) => Some(
            with_objects(parent, &realm, |objects| {
                (
                    objects.constructor.clone(),
                    objects.prototype.clone(),
                    objects.unforgeable.clone(),
                )
            })
            .ok_or_else(|| not_defined(parent))?,
        ),
    };

    let steps = NativeFunction::from_copy_closure(move |new_target, args, context| {
        construct(interface, new_target, args, context)
    });
    let mut builder = ConstructorBuilder::new(context, steps);
    builder
        .name(interface.name)
        .length(interface.constructor.map_or(0, |(length, _)| length));
    let mut unforgeable = Vec::new();
    if let Some((parent_constructor, parent_prototype, inherited)) = parent {
        builder
            .inherit(parent_prototype)
            .custom_prototype(parent_constructor);
        unforgeable = inherited;
    }
    let built = builder.build();
    let (constructor, prototype) = (built.constructor(), built.prototype());

    unforgeable.extend(define_members(
        interface.members,
        &prototype,
        Some(&constructor),
        &realm,
    ));
    define_to_string_tag(&prototype, interface.name);

    {
        let mut host_defined = realm.host_defined_mut();
        if !host_defined.has::<Interfaces>() {
            host_defined.insert(Interfaces::default());
        }
        if let Some(interfaces) = host_defined.get_mut::<Interfaces>() {
            interfaces.objects.push(InterfaceObjects {
                interface,
                constructor: constructor.clone(),
                prototype,
                unforgeable,
            });
        }
    }

    context.global_object().define_property_or_throw(
        JsString::from(interface.name),
        PropertyDescriptor::builder()
            .value(constructor)
            .writable(true)
            .enumerable(false)
            .configurable(true),
        context,
    )?;
    Ok(())
}

/// Gives `object` its `@@toStringTag`.
pub(crate) fn define_to_string_tag(object: &JsObject, tag: &str) {
    object.insert_property(
        JsSymbol::to_string_tag(),
        PropertyDescriptor::builder()
            .value(JsString::from(tag))
            .writable(false)
            .enumerable(false)
            .configurable(true),
    );
}

/// The steps of every interface object.
/// <https://webidl.spec.whatwg.org/#create-an-interface-object>
fn construct(
    interface: &'static Interface,
    new_target: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    // 1. No constructor operation: TypeError.
    let Some((length, steps)) = interface.constructor else {
        return Err(JsNativeError::typ()
            .with_message(format!("{} has no public constructor", interface.name))
            .into());
    };
    // 2. NewTarget is undefined: TypeError.
    if new_target.is_undefined() {
        return Err(JsNativeError::typ()
            .with_message(format!("Constructor {} requires 'new'", interface.name))
            .into());
    }
    // 3. – 6. The overload with that many arguments.
    required_arguments(args, length, interface.name, "constructor")?;
    // 7. – 10. The constructor steps.
    steps(new_target, args, context)
}

/// The prototype of an object that `new_target` constructs.
///
/// <https://webidl.spec.whatwg.org/#internally-create-a-new-object-implementing-the-interface>,
/// steps 3.1 to 3.3.
///
/// # Errors
///
/// What the getter of `new_target.prototype` throws; a TypeError if the interface is not defined.
pub fn prototype_from_new_target(
    new_target: &JsValue,
    interface: &'static Interface,
    context: &mut Context,
) -> JsResult<JsObject> {
    // 3.1. NewTarget's prototype.
    let mut realm = None;
    if let Some(new_target) = new_target.as_object() {
        let prototype = new_target.get(js_string!("prototype"), context)?;
        if let Some(prototype) = prototype.as_object() {
            return Ok(prototype);
        }
        // 3.2. Not an object: that of the interface in NewTarget's realm,
        realm = function_realm(&new_target, context)?;
    }
    // or, where that realm does not have the interface, in the realm of the constructor.
    realm
        .and_then(|realm| prototype_of(interface, &realm))
        .or_else(|| prototype_of(interface, context.realm()))
        .ok_or_else(|| not_defined(interface))
}

/// Creates a platform object that implements `interface`, for a constructor that was called with
/// `new_target`.
///
/// <https://webidl.spec.whatwg.org/#internally-create-a-new-object-implementing-the-interface>
///
/// # Errors
///
/// Those of [`prototype_from_new_target`].
pub fn construct_platform_object<T: NativeObject>(
    interface: &'static Interface,
    new_target: &JsValue,
    data: T,
    context: &mut Context,
) -> JsResult<JsObject> {
    let prototype = prototype_from_new_target(new_target, interface, context)?;
    let object = JsObject::new(context.root_shape(), prototype, data).upcast();
    with_objects(interface, context.realm(), |objects| {
        install_unforgeable(&object, objects);
    })
    .ok_or_else(|| not_defined(interface))?;
    Ok(object)
}

/// Creates a platform object that implements `interface` in the context's current realm.
///
/// <https://webidl.spec.whatwg.org/#new>
///
/// # Errors
///
/// A TypeError if the interface is not defined in the realm.
pub fn new_platform_object<T: NativeObject>(
    interface: &'static Interface,
    data: T,
    context: &mut Context,
) -> JsResult<JsObject> {
    with_objects(interface, context.realm(), |objects| {
        // All objects of an interface grow from the context's root shape and so share one shape.
        let prototype = objects.prototype.clone();
        let object = JsObject::new(context.root_shape(), prototype, data).upcast();
        install_unforgeable(&object, objects);
        object
    })
    .ok_or_else(|| not_defined(interface))
}

/// The properties are kept ready-made: only the insertion itself is paid for each object.
fn install_unforgeable(object: &JsObject, objects: &InterfaceObjects) {
    for unforgeable in &objects.unforgeable {
        object.insert_property(unforgeable.key.clone(), unforgeable.descriptor());
    }
}
