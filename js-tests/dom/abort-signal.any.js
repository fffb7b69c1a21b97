// META: title=AbortSignal: the interface, abort() and timeout()
// META: script=../idl.js

idl_tests({
  name: "AbortSignal",
  parent: "EventTarget",
  length: 0,
  make: () => new AbortController().signal,
  readonly: ["aborted", "reason"],
  writable: ["onabort"],
  operations: { throwIfAborted: 0 },
  statics: { abort: 0, timeout: 1, any: 1 },
});

test(() => {
  assert_throws_js(TypeError, () => new AbortSignal());
  assert_throws_js(TypeError, () => AbortSignal());
}, "AbortSignal has no public constructor");

test(() => {
  const signal = AbortSignal.abort();
  assert_true(signal.aborted);
  assert_equals(signal.reason.name, "AbortError");
  assert_equals(AbortSignal.abort(undefined).reason.name, "AbortError");
  for (const reason of [null, 0, "", {}]) {
    assert_equals(AbortSignal.abort(reason).reason, reason);
  }
  assert_not_equals(AbortSignal.abort("x"), AbortSignal.abort("x"));
  const { abort } = AbortSignal;
  assert_true(abort().aborted, "it needs no this");
}, "AbortSignal.abort() is a signal that is aborted already");

promise_test(async (t) => {
  const signal = AbortSignal.abort();
  signal.onabort = t.unreached_func("abort handler");
  signal.addEventListener("abort", t.unreached_func("abort listener"));
  await new Promise((resolve) => setTimeout(resolve, 10));
}, "A signal that is aborted already fires no event");

promise_test(async () => {
  const signal = AbortSignal.timeout(1);
  assert_false(signal.aborted);
  const event = await new Promise((resolve) => (signal.onabort = resolve));
  assert_equals(event.type, "abort");
  assert_true(event.isTrusted);
  assert_equals(event.target, signal);
  assert_true(signal.aborted);
  assert_true(signal.reason instanceof DOMException);
  assert_equals(signal.reason.name, "TimeoutError");
  assert_equals(signal.reason.code, DOMException.TIMEOUT_ERR);
  assert_throws_exactly(signal.reason, () => signal.throwIfAborted());
}, "AbortSignal.timeout() aborts with a TimeoutError");

promise_test(async () => {
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert_true(signal.aborted, "although nobody listened");
}, "A timeout nobody listens to passes while something else keeps the loop going");

promise_test(async () => {
  const order = [];
  await new Promise((resolve) => {
    AbortSignal.timeout(10).onabort = () => order.push("10");
    AbortSignal.timeout(0).onabort = () => order.push("0 a");
    setTimeout(() => order.push("timer"), 0);
    AbortSignal.timeout(0).onabort = () => {
      order.push("0 b");
      queueMicrotask(() => order.push("microtask"));
    };
    AbortSignal.timeout(0).onabort = () => order.push("0 c");
    AbortSignal.timeout(20).onabort = resolve;
    order.push("sync");
  });
  assert_array_equals(order, ["sync", "0 a", "timer", "0 b", "microtask", "0 c", "10"]);
}, "Timeouts stand in line with the other timers");

test(() => {
  assert_throws_js(TypeError, () => AbortSignal.timeout());
  for (const value of [-1, -Infinity, Infinity, NaN, undefined, "text", {}, 2 ** 53, 1n, Symbol.iterator]) {
    assert_throws_js(TypeError, () => AbortSignal.timeout(value), `timeout(${String(value)})`);
  }
  const thrown = new Error("thrown by valueOf");
  const throwing = { valueOf() { throw thrown; } };
  assert_throws_exactly(thrown, () => AbortSignal.timeout(throwing));
  // No loop waits for these: nobody listens.
  for (const value of [0, -0, -0.9, null, true, "7", 2 ** 53 - 1, 1.5]) {
    assert_false(AbortSignal.timeout(value).aborted, `timeout(${String(value)})`);
  }
}, "The conversion of the milliseconds");

promise_test(async (t) => {
  const signal = AbortSignal.timeout(2);
  const listener = t.unreached_func("a listener that was removed");
  signal.addEventListener("abort", listener);
  signal.removeEventListener("abort", listener);
  await new Promise((resolve) => setTimeout(resolve, 20));
}, "A listener for a timeout can be taken back");
