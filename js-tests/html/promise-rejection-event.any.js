// META: title=PromiseRejectionEvent
// META: script=../idl.js

idl_tests({
  name: "PromiseRejectionEvent",
  parent: "Event",
  length: 2,
  make: () => new PromiseRejectionEvent("x", { promise: Promise.resolve() }),
  readonly: ["promise", "reason"],
});

test(() => {
  const promise = Promise.resolve();
  const event = new PromiseRejectionEvent("x", { promise, reason: 1, cancelable: true });
  assert_equals(event.promise, promise);
  assert_equals(event.reason, 1);
  assert_true(event.cancelable);
  assert_equals(new PromiseRejectionEvent("x", { promise }).reason, undefined);
}, "The members of the dictionary");

test(() => {
  assert_throws_js(TypeError, () => new PromiseRejectionEvent("x"));
  assert_throws_js(TypeError, () => new PromiseRejectionEvent("x", {}));
  assert_throws_js(TypeError, () => new PromiseRejectionEvent("x", { promise: undefined }));
  assert_throws_js(TypeError, () => new PromiseRejectionEvent("x", undefined));
}, "The promise is required");
