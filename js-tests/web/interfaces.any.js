// META: title=The shape of the interfaces
// META: script=../idl.js

idl_tests({
  name: "URL", length: 1, make: () => new URL("ws://example.org/"),
  readonly: ["origin", "searchParams"],
  writable: ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"],
  operations: { toString: 0, toJSON: 0 },
  statics: { parse: 1, canParse: 1 },
});

idl_tests({
  name: "URLSearchParams", length: 0, make: () => new URLSearchParams(),
  readonly: ["size"],
  operations: {
    append: 2, delete: 1, get: 1, getAll: 1, has: 1, set: 2, sort: 0, toString: 0,
    entries: 0, keys: 0, values: 0, forEach: 1,
  },
});

idl_tests({
  name: "TextEncoder", length: 0, make: () => new TextEncoder(),
  readonly: ["encoding"],
  operations: { encode: 0, encodeInto: 2 },
});

idl_tests({
  name: "TextDecoder", length: 0, make: () => new TextDecoder(),
  readonly: ["encoding", "fatal", "ignoreBOM"],
  operations: { decode: 0 },
});

idl_tests({
  name: "Crypto", length: 0,
  operations: { getRandomValues: 1, randomUUID: 0 },
});

idl_tests({
  name: "QuotaExceededError", parent: "DOMException", length: 0, make: () => new QuotaExceededError(),
  readonly: ["quota", "requested"],
});

test(() => {
  for (const [name, make] of [
    ["URL", (C) => new C("ws://example.org/")],
    ["URLSearchParams", (C) => new C()],
    ["TextEncoder", (C) => new C()],
    ["TextDecoder", (C) => new C()],
  ]) {
    class Mine extends globalThis[name] {
      more() {
        return "more";
      }
    }
    const mine = make(Mine);
    assert_true(mine instanceof globalThis[name], name);
    assert_equals(mine.more(), "more", name);
  }
  class MyURL extends URL {}
  assert_equals(new MyURL("ws://example.org/?a=b").searchParams.get("a"), "b");
}, "All that have a constructor can be subclassed");

test(() => {
  const iterator = new URLSearchParams("a=b").entries();
  const prototype = Object.getPrototypeOf(iterator);
  const arrays = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  assert_equals(Object.getPrototypeOf(prototype), arrays, "%IteratorPrototype%");
  assert_array_equals(Reflect.ownKeys(prototype), ["next", Symbol.toStringTag]);
  assert_data_property(prototype, "next", { writable: true, enumerable: true, configurable: true });
  assert_function_shape(prototype.next, "next", 0);
  assert_data_property(prototype, Symbol.toStringTag, {
    value: "URLSearchParams Iterator", writable: false, enumerable: false, configurable: true,
  });
  for (const name of ["keys", "values"]) {
    assert_equals(Object.getPrototypeOf(new URLSearchParams()[name]()), prototype, name);
  }
  assert_data_property(URLSearchParams.prototype, Symbol.iterator, {
    value: URLSearchParams.prototype.entries, writable: true, enumerable: false, configurable: true,
  });
  for (const receiver of [undefined, {}, prototype, Object.create(prototype), [].values(), new URLSearchParams()]) {
    assert_throws_js(TypeError, () => prototype.next.call(receiver));
  }
}, "The iterator prototype object of URLSearchParams");

test(() => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "crypto");
  assert_true(own.enumerable && own.configurable);
  assert_function_shape(own.get, "get crypto", 0);
  assert_equals(own.set, undefined);
  assert_equals(crypto, crypto, "the same object each time");
  assert_true(crypto instanceof Crypto);
  assert_equals(Object.prototype.toString.call(crypto), "[object Crypto]");
  assert_equals(own.get.call(undefined), crypto);
  assert_equals(own.get.call(globalThis), crypto);
  for (const receiver of [{}, crypto, Object.prototype, 1]) {
    assert_throws_js(TypeError, () => own.get.call(receiver));
  }
  assert_throws_js(TypeError, () => new Crypto());
}, "The global attribute crypto");

test(() => {
  const error = new QuotaExceededError("full", { quota: 5, requested: "7.5" });
  assert_equals(error.name, "QuotaExceededError");
  assert_equals(error.message, "full");
  assert_equals(error.code, 22);
  assert_equals(error.quota, 5);
  assert_equals(error.requested, 7.5);
  assert_true(error instanceof DOMException && error instanceof Error);
  assert_equals(typeof error.stack, "string");
  const plain = new QuotaExceededError();
  assert_equals(plain.quota, null);
  assert_equals(plain.requested, null);
  assert_equals(new QuotaExceededError("", { quota: 0 }).quota, 0);
  assert_equals(new QuotaExceededError("", { quota: 3, requested: 3 }).requested, 3);
  for (const options of [{ quota: -1 }, { requested: -1 }, { quota: 5, requested: 4 }]) {
    assert_throws_js(RangeError, () => new QuotaExceededError("", options));
  }
  for (const options of [{ quota: NaN }, { requested: Infinity }, 1]) {
    assert_throws_js(TypeError, () => new QuotaExceededError("", options));
  }
  const quota = Object.getOwnPropertyDescriptor(QuotaExceededError.prototype, "quota").get;
  assert_throws_js(TypeError, () => quota.call(new DOMException("", "QuotaExceededError")));
}, "QuotaExceededError");
