//! DOMException. <https://webidl.spec.whatwg.org/#idl-DOMException>
//!
//! ```webidl
//! [Exposed=*, Serializable]
//! interface DOMException { // but see below note about JavaScript binding
//!   constructor(optional DOMString message = "", optional DOMString name = "Error");
//!   readonly attribute DOMString name;
//!   readonly attribute DOMString message;
//!   readonly attribute unsigned short code;
//!
//!   const unsigned short INDEX_SIZE_ERR = 1;
//!   // … to
//!   const unsigned short DATA_CLONE_ERR = 25;
//! };
//! ```
//!
//! The prototype inherits from `Error.prototype`, and `stack` shows where the exception was made.

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsError, JsObject, JsResult, JsString, JsValue, Trace,
    js_string,
    property::{PropertyDescriptor, PropertyKey},
};

use super::{
    conversions::{dom_string, illegal_invocation, type_error},
    interface::{
        Interface, Member, construct_platform_object, create_function, define_interface,
        new_platform_object, prototype_of,
    },
    quota_exceeded_error::Quota,
};

/// The interface `DOMException`.
pub static DOM_EXCEPTION: Interface = Interface {
    name: "DOMException",
    parent: None,
    constructor: Some((0, constructor)),
    members: &[
        attribute("name", name),
        attribute("message", message),
        attribute("code", code),
        constant("INDEX_SIZE_ERR", 1),
        constant("DOMSTRING_SIZE_ERR", 2),
        constant("HIERARCHY_REQUEST_ERR", 3),
        constant("WRONG_DOCUMENT_ERR", 4),
        constant("INVALID_CHARACTER_ERR", 5),
        constant("NO_DATA_ALLOWED_ERR", 6),
        constant("NO_MODIFICATION_ALLOWED_ERR", 7),
        constant("NOT_FOUND_ERR", 8),
        constant("NOT_SUPPORTED_ERR", 9),
        constant("INUSE_ATTRIBUTE_ERR", 10),
        constant("INVALID_STATE_ERR", 11),
        constant("SYNTAX_ERR", 12),
        constant("INVALID_MODIFICATION_ERR", 13),
        constant("NAMESPACE_ERR", 14),
        constant("INVALID_ACCESS_ERR", 15),
        constant("VALIDATION_ERR", 16),
        constant("TYPE_MISMATCH_ERR", 17),
        constant("SECURITY_ERR", 18),
        constant("NETWORK_ERR", 19),
        constant("ABORT_ERR", 20),
        constant("URL_MISMATCH_ERR", 21),
        constant("QUOTA_EXCEEDED_ERR", 22),
        constant("TIMEOUT_ERR", 23),
        constant("INVALID_NODE_TYPE_ERR", 24),
        constant("DATA_CLONE_ERR", 25),
    ],
};

const fn attribute(name: &'static str, get: super::interface::NativeFn) -> Member {
    Member::Attribute {
        name,
        get,
        set: None,
    }
}

const fn constant(name: &'static str, value: i32) -> Member {
    Member::Constant { name, value }
}

/// The names that have a legacy code. <https://webidl.spec.whatwg.org/#dfn-error-names-table>
const CODES: &[(&str, u16)] = &[
    ("IndexSizeError", 1),
    ("HierarchyRequestError", 3),
    ("WrongDocumentError", 4),
    ("InvalidCharacterError", 5),
    ("NoModificationAllowedError", 7),
    ("NotFoundError", 8),
    ("NotSupportedError", 9),
    ("InUseAttributeError", 10),
    ("InvalidStateError", 11),
    ("SyntaxError", 12),
    ("InvalidModificationError", 13),
    ("NamespaceError", 14),
    ("InvalidAccessError", 15),
    ("TypeMismatchError", 17),
    ("SecurityError", 18),
    ("NetworkError", 19),
    ("AbortError", 20),
    ("URLMismatchError", 21),
    ("QuotaExceededError", 22),
    ("TimeoutError", 23),
    ("InvalidNodeTypeError", 24),
    ("DataCloneError", 25),
];

/// The data of a DOMException object.
#[derive(Clone, Debug, Trace, Finalize, JsData)]
pub struct DomException {
    name: JsString,
    message: JsString,
    /// A real Error made at the same place, which carries the backtrace.
    error: JsObject,
    /// Of a QuotaExceededError: two numbers, nothing of the collector's.
    #[unsafe_ignore_trace]
    quota: Option<Quota>,
}

impl DomException {
    /// Reads the exception of an object, or gives `None` if it is not a DOMException.
    #[must_use]
    pub fn of(object: &JsObject) -> Option<Self> {
        object
            .downcast_ref::<Self>()
            .map(|exception| exception.clone())
    }

    /// The name, such as `SyntaxError`.
    #[must_use]
    pub fn name(&self) -> &JsString {
        &self.name
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> &JsString {
        &self.message
    }

    /// The legacy code of the name, or 0.
    #[must_use]
    pub fn code(&self) -> u16 {
        let name = self.name.to_std_string_lossy();
        CODES
            .iter()
            .find(|(known, _)| *known == name)
            .map_or(0, |(_, code)| *code)
    }

    /// The Error object that was made with the exception; its `stack` tells where.
    #[must_use]
    pub fn error(&self) -> &JsObject {
        &self.error
    }

    /// What a QuotaExceededError tells, or `None` if the exception is not one.
    #[must_use]
    pub fn quota(&self) -> Option<Quota> {
        self.quota
    }

    pub(super) fn with_quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    pub(super) fn create(
        name: JsString,
        message: JsString,
        context: &mut Context,
    ) -> JsResult<Self> {
        let constructor = context.intrinsics().constructors().error().constructor();
        let error = constructor.construct(&[message.clone().into()], None, context)?;
        Ok(Self {
            name,
            message,
            error,
            quota: None,
        })
    }
}

/// Creates a DOMException object in the context's current realm.
///
/// # Errors
///
/// A TypeError if [`register`] has not run in this realm.
pub fn create_dom_exception(
    name: &str,
    message: &str,
    context: &mut Context,
) -> JsResult<JsObject> {
    let data = DomException::create(name.into(), message.into(), context)?;
    new_platform_object(&DOM_EXCEPTION, data, context)
}

/// The error with which Rust code throws a DOMException of that name.
///
/// <https://webidl.spec.whatwg.org/#dfn-throw>
pub fn throw_dom_exception(name: &str, message: &str, context: &mut Context) -> JsError {
    match create_dom_exception(name, message, context) {
        Ok(exception) => JsError::from_opaque(exception.into()),
        Err(error) => error,
    }
}

/// Defines `DOMException` in the context's current realm.
///
/// # Errors
///
/// Those of [`define_interface`].
pub fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&DOM_EXCEPTION, context)?;
    let realm = context.realm().clone();
    let Some(prototype) = prototype_of(&DOM_EXCEPTION, &realm) else {
        return Ok(());
    };
    let key = PropertyKey::from(js_string!("stack"));
    if prototype.has_own_property(key.clone(), context)? {
        return Ok(());
    }
    // <https://webidl.spec.whatwg.org/#es-DOMException-specialness>
    let error_prototype = context.intrinsics().constructors().error().prototype();
    prototype.set_prototype(Some(error_prototype));
    // Implementations give DOMException objects whatever their Error objects have: in Boa, `stack`.
    let descriptor = PropertyDescriptor::builder()
        .get(create_function(&realm, "get stack", 0, stack))
        .set(create_function(&realm, "set stack", 1, set_stack))
        .enumerable(false)
        .configurable(true);
    prototype.insert_property(key, descriptor);
    Ok(())
}

fn this_exception(this: &JsValue) -> JsResult<DomException> {
    this.as_object()
        .and_then(|object| DomException::of(&object))
        .ok_or_else(|| illegal_invocation(DOM_EXCEPTION.name))
}

/// <https://webidl.spec.whatwg.org/#dom-domexception-domexception>
fn constructor(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let message = match args.get_or_undefined(0) {
        value if value.is_undefined() => js_string!(),
        value => dom_string(value, context)?,
    };
    let name = match args.get_or_undefined(1) {
        value if value.is_undefined() => js_string!("Error"),
        value => dom_string(value, context)?,
    };
    let data = DomException::create(name, message, context)?;
    Ok(construct_platform_object(&DOM_EXCEPTION, new_target, data, context)?.into())
}

fn name(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_exception(this)?.name.clone().into())
}

fn message(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_exception(this)?.message.clone().into())
}

fn code(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(this_exception(this)?.code().into())
}

fn stack(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let error = this_exception(this)?.error.clone();
    error.get(js_string!("stack"), context)
}

/// As the setter of Boa's `Error.prototype.stack`: an own property takes the accessor's place.
fn set_stack(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let object = this
        .as_object()
        .ok_or_else(|| type_error("'this' is not an object"))?;
    object.create_data_property_or_throw(
        js_string!("stack"),
        args.get_or_undefined(0).clone(),
        context,
    )?;
    Ok(JsValue::undefined())
}
