// META: title=What else a script finds in its realm

test(() => {
  for (const name of ["log", "info", "warn", "error", "debug"]) {
    assert_equals(typeof console[name], "function", name);
  }
}, "console");

test(() => {
  for (const name of ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "queueMicrotask", "structuredClone", "atob", "btoa"]) {
    assert_equals(typeof globalThis[name], "function", name);
  }
}, "Functions");

test(() => {
  assert_equals(btoa("caf\u00e9"), "Y2Fm6Q==");
  assert_equals(atob("Y2Fm6Q=="), "caf\u00e9");
}, "atob and btoa");

test(() => {
  const bytes = new TextEncoder().encode("ä€\ud83e\udd80");
  assert_array_equals(bytes, [0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xa6, 0x80]);
  assert_equals(new TextDecoder().decode(bytes), "ä€\ud83e\udd80");
}, "TextEncoder and TextDecoder");

test(() => {
  const url = new URL("../x?y=1#z", "ws://example.com:8080/a/b/c");
  assert_equals(url.href, "ws://example.com:8080/a/x?y=1#z");
  assert_equals(url.host, "example.com:8080");
  assert_equals(url.protocol, "ws:");
}, "URL");

test(() => {
  const before = performance.now();
  const after = performance.now();
  assert_equals(typeof before, "number");
  assert_greater_than_equal(before, 0);
  assert_greater_than_equal(after, before);
}, "performance.now()");

test(() => {
  const value = { a: [1, { b: "text" }] };
  const clone = structuredClone(value);
  assert_not_equals(clone, value);
  assert_not_equals(clone.a, value.a);
  assert_object_equals(clone, value);
}, "structuredClone");

test(() => {
  const names = [
    "EventTarget", "Event", "CustomEvent", "MessageEvent", "CloseEvent", "ErrorEvent", "PromiseRejectionEvent",
    "DOMException", "Blob", "WebSocket",
  ];
  for (const name of names) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    assert_not_equals(descriptor, undefined, name);
    assert_equals(typeof descriptor.value, "function", name);
    assert_false(descriptor.enumerable, `${name} is not enumerable`);
    assert_true(descriptor.writable && descriptor.configurable, `${name} can be replaced`);
  }
}, "The interfaces of this project");
