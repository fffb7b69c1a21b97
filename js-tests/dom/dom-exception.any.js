// META: title=DOMException
// META: script=../idl.js

const CODES = {
  IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
  NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
  InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14, InvalidAccessError: 15,
  TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20, URLMismatchError: 21,
  TimeoutError: 23, InvalidNodeTypeError: 24, DataCloneError: 25,
};

idl_tests({
  name: "DOMException",
  parent: "Error",
  length: 0,
  make: () => new DOMException(),
  readonly: ["name", "message", "code"],
  constants: {
    INDEX_SIZE_ERR: 1, DOMSTRING_SIZE_ERR: 2, HIERARCHY_REQUEST_ERR: 3, WRONG_DOCUMENT_ERR: 4,
    INVALID_CHARACTER_ERR: 5, NO_DATA_ALLOWED_ERR: 6, NO_MODIFICATION_ALLOWED_ERR: 7, NOT_FOUND_ERR: 8,
    NOT_SUPPORTED_ERR: 9, INUSE_ATTRIBUTE_ERR: 10, INVALID_STATE_ERR: 11, SYNTAX_ERR: 12,
    INVALID_MODIFICATION_ERR: 13, NAMESPACE_ERR: 14, INVALID_ACCESS_ERR: 15, VALIDATION_ERR: 16,
    TYPE_MISMATCH_ERR: 17, SECURITY_ERR: 18, NETWORK_ERR: 19, ABORT_ERR: 20, URL_MISMATCH_ERR: 21,
    QUOTA_EXCEEDED_ERR: 22, TIMEOUT_ERR: 23, INVALID_NODE_TYPE_ERR: 24, DATA_CLONE_ERR: 25,
  },
});

test(() => {
  const exception = new DOMException();
  assert_equals(exception.name, "Error");
  assert_equals(exception.message, "");
  assert_equals(exception.code, 0);
  const full = new DOMException("what happened", "AbortError");
  assert_equals(full.name, "AbortError");
  assert_equals(full.message, "what happened");
  assert_equals(full.code, DOMException.ABORT_ERR);
  const converted = new DOMException(1, null);
  assert_equals(converted.message, "1");
  assert_equals(converted.name, "null");
  assert_equals(converted.code, 0);
}, "The constructor");

for (const [name, code] of Object.entries(CODES)) {
  test(() => assert_equals(new DOMException("", name).code, code), `The code of ${name}`);
}

test(() => {
  for (const name of ["EncodingError", "NotReadableError", "NotAllowedError", "aborterror", "ABORT_ERR", "", "toString"]) {
    assert_equals(new DOMException("", name).code, 0, name);
  }
}, "The code of any other name is 0");

test(() => {
  const exception = new DOMException("text", "SyntaxError");
  assert_true(exception instanceof Error);
  assert_false(exception instanceof SyntaxError);
  assert_equals(String(exception), "SyntaxError: text");
  assert_equals(String(new DOMException()), "Error");
  assert_class_string(exception, "DOMException");
}, "It is an Error, and is written like one");

test(() => {
  const exception = new DOMException("text", "SyntaxError");
  for (const name of ["name", "message", "code"]) {
    assert_not_own_property(exception, name);
    assert_readonly(exception, name);
  }
}, "Its members are on the prototype and cannot be changed");

test(() => {
  const exception = new DOMException("text");
  if ("stack" in new Error("x")) {
    assert_equals(typeof exception.stack, "string");
  }
}, "It has a stack where errors have one");

test(() => {
  class Special extends DOMException {
    constructor() {
      super("special", "TimeoutError");
    }
  }
  const special = new Special();
  assert_true(special instanceof DOMException);
  assert_equals(special.code, 23);
}, "It can be subclassed");
