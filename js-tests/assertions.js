// The assertions of the test harness, and how values show in their messages. Evaluated before `harness.js`.
(function (global) {
  "use strict";

  // Taken now, because a test may replace it.
  const then = Promise.prototype.then;

  // ------------------------------------------------------------------ Errors

  class AssertionError extends Error {
    get name() {
      return "AssertionError";
    }
  }

  // Something optional is not there: the test is neither passed nor failed.
  class OptionalFeatureUnsupportedError extends AssertionError {
    get name() {
      return "OptionalFeatureUnsupportedError";
    }
  }

  // ------------------------------------------------------------------ Values as text

  const ESCAPES = { "\0": "\\0", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

  function format_string(text) {
    const shown = text.length > 2_000 ? text.slice(0, 1_000) : text;
    const escaped = shown.replace(/[\0-\x1f"\\\x7f\ud800-\udfff\ufeff\ufffe\uffff]/g, (unit, at) => {
      if (ESCAPES[unit]) {
        return ESCAPES[unit];
      }
      const code = unit.charCodeAt(0);
      const before = shown.charCodeAt(at - 1);
      const after = shown.charCodeAt(at + 1);
      const paired = code < 0xdc00 ? after >= 0xdc00 && after < 0xe000 : before >= 0xd800 && before < 0xdc00;
      if (code >= 0xd800 && code < 0xe000 && paired) {
        return unit;
      }
      return `\\u${code.toString(16).padStart(4, "0")}`;
    });
    return shown === text ? `"${escaped}"` : `"${escaped}" and ${text.length - 1_000} more`;
  }

  function format_value(value, seen = []) {
    switch (typeof value) {
      case "string":
        return format_string(value);
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "bigint":
        return `${value}n`;
      case "symbol":
      case "boolean":
      case "undefined":
        return String(value);
    }
    if (value === null) {
      return "null";
    }
    if (seen.includes(value)) {
      return "[...]";
    }
    try {
      if (Array.isArray(value)) {
        const shown = Array.prototype.slice.call(value, 0, 100).map((item) => format_value(item, seen.concat([value])));
        if (value.length > 100) {
          shown.push(`… ${value.length - 100} more`);
        }
        return `[${shown.join(", ")}]`;
      }
      const text = String(value);
      return `${typeof value} "${text.length > 200 ? text.slice(0, 200) + "…" : text}"`;
    } catch {
      return `${typeof value} that cannot be turned into text`;
    }
  }

  // ------------------------------------------------------------------ Assertions

  function fail_assertion(what, description) {
    throw new AssertionError(description === undefined || description === "" ? what : `${description}: ${what}`);
  }

  function check(condition, what, description) {
    if (!condition) {
      fail_assertion(typeof what === "function" ? what() : what, description);
    }
  }

  const show = format_value;

  function assert_true(actual, description) {
    check(actual === true, () => `expected true, got ${show(actual)}`, description);
  }

  function assert_false(actual, description) {
    check(actual === false, () => `expected false, got ${show(actual)}`, description);
  }

  // SameValue: NaN equals NaN, 0 does not equal -0.
  function assert_equals(actual, expected, description) {
    check(
      Object.is(actual, expected),
      () =>
        typeof actual === typeof expected
          ? `expected ${show(expected)}, got ${show(actual)}`
          : `expected (${typeof expected}) ${show(expected)}, got (${typeof actual}) ${show(actual)}`,
      description,
    );
  }

  function assert_not_equals(actual, expected, description) {
    check(!Object.is(actual, expected), () => `expected anything but ${show(expected)}`, description);
  }

  function assert_in_array(actual, expected, description) {
    check(
      expected.some((item) => Object.is(item, actual)),
      () => `${show(actual)} is not one of ${show(expected)}`,
      description,
    );
  }

  function assert_array_equals(actual, expected, description) {
    const is_object = typeof actual === "object" && actual !== null && "length" in actual;
    check(is_object, () => `${show(actual)} is no array`, description);
    check(
      actual.length === expected.length,
      () => `expected ${show(expected)} of length ${expected.length}, got ${show(actual)} of length ${actual.length}`,
      description,
    );
    for (let index = 0; index < expected.length; index += 1) {
      check(
        Object.hasOwn(actual, index) === Object.hasOwn(expected, index),
        () => `property ${index} is ${Object.hasOwn(expected, index) ? "missing" : "not expected"}`,
        description,
      );
      check(
        Object.is(actual[index], expected[index]),
        () => `item ${index}: expected ${show(expected[index])}, got ${show(actual[index])}`,
        description,
      );
    }
  }

  function assert_array_approx_equals(actual, expected, epsilon, description) {
    check(actual.length === expected.length, () => `expected length ${expected.length}, got ${actual.length}`, description);
    for (let index = 0; index < expected.length; index += 1) {
      assert_approx_equals(actual[index], expected[index], epsilon, `${description || "array"}, item ${index}`);
    }
  }

  // Own and inherited enumerable properties, deeply.
  function assert_object_equals(actual, expected, description) {
    check(typeof actual === "object" && actual !== null, () => `${show(actual)} is no object`, description);
    const compare = (left, right, path, stack) => {
      stack.push([left, right]);
      for (const key in left) {
        check(Object.hasOwn(right, key), () => `unexpected property ${show(key)} at ${path}`, description);
        const both_objects =
          typeof left[key] === "object" && left[key] !== null && typeof right[key] === "object" && right[key] !== null;
        if (both_objects) {
          if (!stack.some(([l, r]) => l === left[key] && r === right[key])) {
            compare(left[key], right[key], `${path}.${key}`, stack);
          }
        } else {
          check(
            Object.is(left[key], right[key]),
            () => `property ${show(key)} at ${path}: expected ${show(right[key])}, got ${show(left[key])}`,
            description,
          );
        }
      }
      for (const key in right) {
        check(Object.hasOwn(left, key), () => `missing property ${show(key)} at ${path}`, description);
      }
      stack.pop();
    };
    compare(actual, expected, "the object", []);
  }

  function assert_approx_equals(actual, expected, epsilon, description) {
    assert_equals(typeof actual, "number", description);
    const near = Object.is(actual, expected) || Math.abs(actual - expected) <= epsilon;
    check(near, () => `expected ${show(expected)} ± ${epsilon}, got ${show(actual)}`, description);
  }

  function ordering(words, holds) {
    return function (actual, expected, description) {
      const comparable = ["number", "bigint"].includes(typeof actual) && typeof actual === typeof expected;
      check(comparable, () => `${show(actual)} (${typeof actual}) cannot be compared with ${show(expected)}`, description);
      check(holds(actual, expected), () => `expected a number ${words} ${show(expected)}, got ${show(actual)}`, description);
    };
  }
  const assert_less_than = ordering("less than", (a, b) => a < b);
  const assert_greater_than = ordering("greater than", (a, b) => a > b);
  const assert_less_than_equal = ordering("not greater than", (a, b) => a <= b);
  const assert_greater_than_equal = ordering("not less than", (a, b) => a >= b);

  function assert_between_exclusive(actual, lower, upper, description) {
    assert_greater_than(actual, lower, description);
    assert_less_than(actual, upper, description);
  }

  function assert_between_inclusive(actual, lower, upper, description) {
    assert_greater_than_equal(actual, lower, description);
    assert_less_than_equal(actual, upper, description);
  }

  function assert_regexp_match(actual, expected, description) {
    check(expected.test(actual), () => `${show(actual)} does not match ${expected}`, description);
  }

  function assert_class_string(object, name, description) {
    assert_equals(Object.prototype.toString.call(object), `[object ${name}]`, description);
  }

  function assert_own_property(object, name, description) {
    check(Object.prototype.hasOwnProperty.call(object, name), () => `no own property ${show(name)}`, description);
  }

  function assert_not_own_property(object, name, description) {
    check(!Object.prototype.hasOwnProperty.call(object, name), () => `unexpected own property ${show(name)}`, description);
  }

  function inherited_from_chain(object, name, description) {
    check(
      (typeof object === "object" && object !== null) || typeof object === "function",
      () => `${show(object)} is no object`,
      description,
    );
    check(!Object.prototype.hasOwnProperty.call(object, name), () => `${show(name)} is an own property`, description);
    check(name in object, () => `${show(name)} is not in the prototype chain`, description);
  }
  const assert_inherits = inherited_from_chain;
  const assert_idl_attribute = inherited_from_chain;

  // Tries to write, and puts back what was there.
  function assert_readonly(object, name, description) {
    const before = object[name];
    try {
      try {
        object[name] = before === "a" ? "b" : "a";
      } catch (thrown) {
        // In strict code writing to a read-only property throws.
        if (!(thrown instanceof TypeError)) {
          throw thrown;
        }
      }
      check(Object.is(object[name], before), () => `${show(name)} could be changed`, description);
    } finally {
      try {
        object[name] = before;
      } catch {
        // As it should be.
      }
    }
  }

  function thrown_by(func, description) {
    let thrown;
    try {
      func.call(undefined);
    } catch (error) {
      thrown = { error };
    }
    check(thrown !== undefined, "nothing was thrown", description);
    // A failed assertion inside is that assertion's failure.
    if (thrown.error instanceof AssertionError) {
      throw thrown.error;
    }
    return thrown.error;
  }

  function expect_js(error, constructor, description) {
    const is_object = (typeof error === "object" && error !== null) || typeof error === "function";
    check(is_object, () => `expected ${constructor.name}, got ${show(error)}, which is no object`, description);
    check(
      error.constructor === constructor && error.name === constructor.name,
      () => `expected ${constructor.name}, got ${show(error)}`,
      description,
    );
  }

  // Names with the legacy codes of Web IDL; new names have the code 0.
  const LEGACY_CODES = {
    IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
    NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
    InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
    InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
    URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24, DataCloneError: 25,
    EncodingError: 0, NotReadableError: 0, UnknownError: 0, ConstraintError: 0, DataError: 0,
    TransactionInactiveError: 0, ReadOnlyError: 0, VersionError: 0, OperationError: 0, NotAllowedError: 0,
    OptOutError: 0,
  };
  const NAMES_OF_CONSTANTS = {};
  for (const name of Object.keys(LEGACY_CODES)) {
    const words = name.replace(/Error$/, "").replace(/([a-z])([A-Z])/g, "$1_$2");
    NAMES_OF_CONSTANTS[`${words.toUpperCase()}_ERR`] = name;
  }
  // The constants that were not made from their names by that rule.
  Object.assign(NAMES_OF_CONSTANTS, {
    INUSE_ATTRIBUTE_ERR: "InUseAttributeError",
    NO_MODIFICATION_ALLOWED_ERR: "NoModificationAllowedError",
    URL_MISMATCH_ERR: "URLMismatchError",
  });

  function expect_dom(error, type, constructor, description) {
    let name = type;
    if (typeof type === "number") {
      check(type !== 0, "the code 0 is ambiguous: give the name", description);
      name = Object.keys(LEGACY_CODES).find((key) => LEGACY_CODES[key] === type);
    } else if (Object.hasOwn(NAMES_OF_CONSTANTS, type)) {
      name = NAMES_OF_CONSTANTS[type];
    }
    check(Object.hasOwn(LEGACY_CODES, name), () => `${show(type)} is no kind of DOMException`, description);
    check(typeof error === "object" && error !== null, () => `expected ${name}, got ${show(error)}`, description);
    check(error.name === name, () => `expected ${name}, got ${show(error)}`, description);
    check(error.code === LEGACY_CODES[name], () => `expected the code ${LEGACY_CODES[name]}, got ${show(error.code)}`, description);
    check(error.constructor === constructor, () => `${show(error)} is no ${constructor && constructor.name}`, description);
  }

  // The constructor may be left out.
  function dom_arguments(rest) {
    return rest.length > 1 && typeof rest[0] === "function" && rest[0].name === "DOMException"
      ? { constructor: rest[0], subject: rest[1], description: rest[2] }
      : { constructor: global.DOMException, subject: rest[0], description: rest[1] };
  }

  function assert_throws_js(constructor, func, description) {
    expect_js(thrown_by(func, description), constructor, description);
  }

  function assert_throws_dom(type, ...rest) {
    const { constructor, subject, description } = dom_arguments(rest);
    expect_dom(thrown_by(subject, description), type, constructor, description);
  }

  function assert_throws_exactly(expected, func, description) {
    const error = thrown_by(func, description);
    check(Object.is(error, expected), () => `expected ${show(expected)} to be thrown, got ${show(error)}`, description);
  }

  function rejection_of(promise, description) {
    return then.call(
      Promise.resolve(promise),
      (value) => fail_assertion(`expected a rejection, was fulfilled with ${show(value)}`, description),
      (error) => error,
    );
  }

  function promise_rejects_js(t, constructor, promise, description) {
    return then.call(rejection_of(promise, description), (error) => expect_js(error, constructor, description));
  }

  function promise_rejects_dom(t, type, ...rest) {
    const { constructor, subject, description } = dom_arguments(rest);
    return then.call(rejection_of(subject, description), (error) => expect_dom(error, type, constructor, description));
  }

  function promise_rejects_exactly(t, expected, promise, description) {
    return then.call(rejection_of(promise, description), (error) =>
      check(Object.is(error, expected), () => `expected a rejection with ${show(expected)}, got ${show(error)}`, description),
    );
  }

  function assert_unreached(description) {
    fail_assertion("reached what must not be reached", description);
  }

  // Passes when the assertion holds for any of the expected values.
  function assert_any(assertion, actual, expected, ...args) {
    const faults = [];
    for (const one of expected) {
      try {
        assertion(actual, one, ...args);
        return;
      } catch (thrown) {
        faults.push(thrown.message);
      }
    }
    fail_assertion(faults.join("; "));
  }

  function assert_implements(condition, description) {
    check(Boolean(condition), "it is not implemented", description);
  }

  function assert_implements_optional(condition, description) {
    if (!condition) {
      throw new OptionalFeatureUnsupportedError(description);
    }
  }

  // ------------------------------------------------------------------ Events

  // Waits for events in order; one that was not waited for fails the test.
  class EventWatcher {
    constructor(test, target, types, timeout_promise) {
      const watched = typeof types === "string" ? [types] : types;
      let waiting = null;
      const listener = test.step_func((event) => {
        check(waiting !== null, () => `unexpected event ${show(event.type)}`);
        check(
          event.type === waiting.types[0],
          () => `expected the event ${show(waiting.types[0])}, got ${show(event.type)}`,
        );
        waiting.events.push(event);
        waiting.types.shift();
        if (waiting.types.length === 0) {
          const { resolve, events, record } = waiting;
          waiting = null;
          resolve(record ? events : event);
        }
      });
      watched.forEach((type) => target.addEventListener(type, listener));
      this.stop_watching = () => watched.forEach((type) => target.removeEventListener(type, listener));
      test.add_cleanup(this.stop_watching);

      this.wait_for = (wanted, options) => {
        if (waiting !== null) {
          return Promise.reject(new Error("EventWatcher.wait_for() was called while it waits already"));
        }
        const list = typeof wanted === "string" ? [wanted] : Array.from(wanted);
        return new Promise((resolve, reject) => {
          waiting = { types: list, events: [], resolve, record: Boolean(options && options.record === "all") };
          if (timeout_promise) {
            then.call(
              Promise.resolve(timeout_promise()),
              test.step_func(() => {
                if (waiting !== null && waiting.resolve === resolve) {
                  waiting = null;
                  reject(new AssertionError(`timed out waiting for ${show(list)}`));
                }
              }),
            );
          }
        });
      };
    }
  }

  // ------------------------------------------------------------------ Into the global

  const interface_ = {
    AssertionError, OptionalFeatureUnsupportedError, EventWatcher, format_value, assert_true, assert_false,
    assert_equals, assert_not_equals, assert_in_array, assert_array_equals, assert_array_approx_equals,
    assert_object_equals, assert_approx_equals, assert_less_than, assert_greater_than, assert_less_than_equal,
    assert_greater_than_equal, assert_between_exclusive, assert_between_inclusive, assert_regexp_match,
    assert_class_string, assert_own_property, assert_not_own_property, assert_inherits, assert_idl_attribute,
    assert_readonly, assert_throws_js, assert_throws_dom, assert_throws_exactly, promise_rejects_js,
    promise_rejects_dom, promise_rejects_exactly, assert_unreached, assert_any, assert_implements,
    assert_implements_optional,
  };
  for (const [name, value] of Object.entries(interface_)) {
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  }
})(globalThis);
