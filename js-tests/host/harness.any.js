// META: title=The harness itself: what must fail does fail

// Tests that must not pass: what they must end with instead. A test named here is turned into a pass or a
// failure when it has its result.
const EXPECTED = new Map();

add_result_callback((t) => {
  const expected = EXPECTED.get(t.name);
  if (expected === undefined) {
    return;
  }
  const right = t.format_status() === expected.status && expected.message.test(t.message);
  const found = `${t.format_status()}: ${t.message}`;
  t.status = right ? t.PASS : t.FAIL;
  t.message = right ? null : `expected ${expected.status} with ${expected.message}, found ${found}`;
});

function must_end(name, status, message) {
  EXPECTED.set(name, { status, message });
  return name;
}

// ------------------------------------------------------------------ Assertions

// [what, function that must pass, function that must fail]
const ASSERTIONS = [
  ["assert_true", () => assert_true(true), () => assert_true(1)],
  ["assert_false", () => assert_false(false), () => assert_false(undefined)],
  ["assert_equals", () => assert_equals("a", "a"), () => assert_equals("1", 1)],
  ["assert_equals, NaN", () => assert_equals(NaN, NaN), () => assert_equals(NaN, 0)],
  ["assert_equals, -0", () => assert_equals(-0, -0), () => assert_equals(-0, 0)],
  ["assert_equals, objects", () => assert_equals(Object, Object), () => assert_equals({}, {})],
  ["assert_not_equals", () => assert_not_equals(0, -0), () => assert_not_equals(NaN, NaN)],
  ["assert_in_array", () => assert_in_array(NaN, [1, NaN]), () => assert_in_array(2, [1, 3])],
  ["assert_array_equals", () => assert_array_equals([1, "a"], [1, "a"]), () => assert_array_equals([1, 2], [1, 3])],
  ["assert_array_equals, length", () => assert_array_equals([], []), () => assert_array_equals([1], [1, 2])],
  ["assert_array_equals, holes", () => assert_array_equals([, 1], [, 1]), () => assert_array_equals([, 1], [undefined, 1])],
  ["assert_array_equals, no array", () => assert_array_equals(new Uint8Array(1), [0]), () => assert_array_equals(1, [])],
  ["assert_array_approx_equals", () => assert_array_approx_equals([1], [1.1], 0.2), () => assert_array_approx_equals([1], [2], 0.2)],
  ["assert_object_equals", () => assert_object_equals({ a: { b: 1 } }, { a: { b: 1 } }), () => assert_object_equals({ a: { b: 1 } }, { a: { b: 2 } })],
  ["assert_object_equals, missing", () => assert_object_equals({}, {}), () => assert_object_equals({}, { a: undefined })],
  ["assert_object_equals, more", () => assert_object_equals([1], [1]), () => assert_object_equals({ a: 1 }, {})],
  ["assert_approx_equals", () => assert_approx_equals(1, 1.5, 0.5), () => assert_approx_equals(1, 1.6, 0.5)],
  ["assert_less_than", () => assert_less_than(1, 2), () => assert_less_than(2, 2)],
  ["assert_greater_than", () => assert_greater_than(2n, 1n), () => assert_greater_than(2, 2)],
  ["assert_greater_than, types", () => assert_greater_than(2, 1), () => assert_greater_than("2", 1)],
  ["assert_less_than_equal", () => assert_less_than_equal(2, 2), () => assert_less_than_equal(3, 2)],
  ["assert_greater_than_equal", () => assert_greater_than_equal(2, 2), () => assert_greater_than_equal(NaN, 2)],
  ["assert_between_exclusive", () => assert_between_exclusive(2, 1, 3), () => assert_between_exclusive(1, 1, 3)],
  ["assert_between_inclusive", () => assert_between_inclusive(1, 1, 3), () => assert_between_inclusive(4, 1, 3)],
  ["assert_regexp_match", () => assert_regexp_match("abc", /b/), () => assert_regexp_match("abc", /d/)],
  ["assert_class_string", () => assert_class_string([], "Array"), () => assert_class_string({}, "Array")],
  ["assert_own_property", () => assert_own_property({ a: 1 }, "a"), () => assert_own_property({}, "toString")],
  ["assert_not_own_property", () => assert_not_own_property({}, "toString"), () => assert_not_own_property({ a: 1 }, "a")],
  ["assert_inherits", () => assert_inherits({}, "toString"), () => assert_inherits({ toString: 1 }, "toString")],
  ["assert_idl_attribute", () => assert_idl_attribute([], "map"), () => assert_idl_attribute([], "nothing")],
  ["assert_readonly", () => assert_readonly(Object.freeze({ a: 1 }), "a"), () => assert_readonly({ a: 1 }, "a")],
  ["assert_throws_js", () => assert_throws_js(TypeError, () => null.x), () => assert_throws_js(RangeError, () => null.x)],
  ["assert_throws_js, nothing thrown", () => assert_throws_js(Error, () => { throw new Error(); }), () => assert_throws_js(Error, () => {})],
  ["assert_throws_js, a subclass", () => assert_throws_js(TypeError, () => null.x), () => assert_throws_js(Error, () => null.x)],
  ["assert_throws_dom", () => assert_throws_dom("AbortError", () => { throw new DOMException("", "AbortError"); }), () => assert_throws_dom("SyntaxError", () => { throw new DOMException("", "AbortError"); })],
  ["assert_throws_dom, a constant", () => assert_throws_dom("SYNTAX_ERR", () => { throw new DOMException("", "SyntaxError"); }), () => assert_throws_dom("SYNTAX_ERR", () => { throw new SyntaxError(); })],
  ["assert_throws_dom, a code", () => assert_throws_dom(20, () => { throw new DOMException("", "AbortError"); }), () => assert_throws_dom(20, () => {})],
  ["assert_throws_dom, a constructor", () => assert_throws_dom("AbortError", DOMException, () => { throw new DOMException("", "AbortError"); }), () => assert_throws_dom("AbortError", DOMException, () => {})],
  ["assert_throws_dom, no DOMException", () => {}, () => assert_throws_dom("AbortError", () => { throw { name: "AbortError", code: 20 }; })],
  ["assert_throws_dom, no such name", () => {}, () => assert_throws_dom("NoSuchError", () => { throw new DOMException("", "NoSuchError"); })],
  ["assert_throws_exactly", () => assert_throws_exactly(1, () => { throw 1; }), () => assert_throws_exactly(1, () => { throw 2; })],
  ["assert_any", () => assert_any(assert_equals, 1, [2, 1]), () => assert_any(assert_equals, 1, [2, 3])],
  ["assert_implements", () => assert_implements({}), () => assert_implements(undefined)],
  ["assert_unreached", () => {}, () => assert_unreached()],
];

for (const [what, passes, fails] of ASSERTIONS) {
  test(passes, `${what} passes`);
  test(fails, must_end(`${what} fails`, "FAIL", /./));
}

test(() => assert_equals(1, 2, "the description"), must_end("A failure has its description", "FAIL", /^the description: .*2.*1/));
test(() => { throw new RangeError("a message"); }, must_end("Another error fails the test", "FAIL", /RangeError: a message/));
test(() => { throw "a string"; }, must_end("A value thrown fails the test", "FAIL", /"a string"/));
test(() => { throw null; }, must_end("null thrown fails the test", "FAIL", /null/));
test(() => assert_implements_optional(false, "not there"), must_end("Optional features", "PRECONDITION_FAILED", /not there/));
test(() => assert_throws_js(Error, () => assert_true(false)), must_end("An assertion that fails inside assert_throws_js is that failure", "FAIL", /expected true/));
test(async () => assert_true(false), must_end("test() with a promise", "FAIL", /promise_test/));

// ------------------------------------------------------------------ async_test

async_test((t) => setTimeout(t.step_func_done(), 1), "async_test passes");
async_test((t) => setTimeout(t.step_func_done(() => assert_true(false)), 1), must_end("async_test fails in step_func_done", "FAIL", /expected true/));
async_test((t) => setTimeout(t.step_func(() => { throw new Error("late"); }), 1), must_end("async_test fails in step_func", "FAIL", /late/));
async_test((t) => setTimeout(t.unreached_func("never"), 1), must_end("async_test fails in unreached_func", "FAIL", /never/));
async_test(() => {}, must_end("async_test times out", "TIMEOUT", /timed out/), { timeout: 20 });
async_test((t) => t.step_timeout(() => t.done(), 5), "step_timeout");
async_test((t) => { t.done(); t.step(() => assert_true(false)); }, "Nothing counts after done()");
async_test((t) => {
  t.step(() => assert_true(false, "first"));
  t.step(() => assert_true(false, "second"));
  t.done();
}, must_end("The first failure stands", "FAIL", /^first/));

{
  const made = async_test("async_test without a function");
  assert_equals(made.step((a, b) => a + b, undefined, 1, 2), 3);
  made.step(function () { assert_equals(this, made); });
  made.done();
}

// ------------------------------------------------------------------ promise_test

const order = [];
promise_test(async () => {
  order.push("first starts");
  await new Promise((resolve) => setTimeout(resolve, 5));
  order.push("first ends");
}, "promise_test passes");
promise_test(async (t) => {
  t.add_cleanup(() => order.push("cleanup 1"));
  t.add_cleanup(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push("cleanup 2");
  });
  order.push("second");
}, "promise_test with cleanups");
promise_test(async () => {
  assert_array_equals(order, ["first starts", "first ends", "second", "cleanup 1", "cleanup 2"]);
}, "promise_tests run one after another, their cleanups included");
promise_test(async () => assert_true(false), must_end("promise_test fails", "FAIL", /expected true/));
promise_test(() => Promise.reject(undefined), must_end("promise_test that is rejected with undefined", "FAIL", /undefined/));
promise_test(() => {}, must_end("promise_test without a promise", "FAIL", /no promise/));
promise_test(() => { throw new Error("thrown"); }, must_end("promise_test that throws", "FAIL", /thrown/));
promise_test(() => new Promise(() => {}), must_end("promise_test times out", "TIMEOUT", /timed out/), { timeout: 20 });
promise_test((t) => promise_rejects_js(t, TypeError, Promise.reject(new TypeError())), "promise_rejects_js passes");
promise_test((t) => promise_rejects_js(t, TypeError, Promise.resolve(1)), must_end("promise_rejects_js, fulfilled", "FAIL", /fulfilled/));
promise_test((t) => promise_rejects_js(t, TypeError, Promise.reject(new RangeError())), must_end("promise_rejects_js, another error", "FAIL", /TypeError/));
promise_test((t) => promise_rejects_dom(t, "AbortError", Promise.reject(new DOMException("", "AbortError"))), "promise_rejects_dom passes");
promise_test((t) => promise_rejects_dom(t, "AbortError", Promise.reject(new DOMException("", "DataError"))), must_end("promise_rejects_dom fails", "FAIL", /AbortError/));
promise_test((t) => promise_rejects_exactly(t, 1, Promise.reject(1)), "promise_rejects_exactly passes");
promise_test((t) => promise_rejects_exactly(t, 1, Promise.reject(2)), must_end("promise_rejects_exactly fails", "FAIL", /1.*2/));
promise_test(async (t) => {
  let ready = false;
  setTimeout(() => (ready = true), 10);
  await t.step_wait(() => ready, "ready", 1000, 1);
}, "step_wait passes");
promise_test((t) => t.step_wait(() => false, "what never comes", 5, 1), must_end("step_wait fails", "FAIL", /what never comes/));

// ------------------------------------------------------------------ EventWatcher

promise_test(async (t) => {
  const target = new EventTarget();
  const watcher = new EventWatcher(t, target, ["a", "b"]);
  setTimeout(() => ["a", "b", "a"].forEach((type) => target.dispatchEvent(new Event(type))), 1);
  const events = await watcher.wait_for(["a", "b", "a"], { record: "all" });
  assert_array_equals(events.map((event) => event.type), ["a", "b", "a"]);
  setTimeout(() => target.dispatchEvent(new Event("b")), 1);
  assert_equals((await watcher.wait_for("b")).type, "b");
}, "EventWatcher waits for events in order");
promise_test(async (t) => {
  const target = new EventTarget();
  const watcher = new EventWatcher(t, target, ["a", "b"]);
  setTimeout(() => target.dispatchEvent(new Event("b")), 1);
  await watcher.wait_for("a");
}, must_end("EventWatcher fails at another event", "FAIL", /expected the event "a", got "b"/));
async_test((t) => {
  const target = new EventTarget();
  new EventWatcher(t, target, "a");
  target.dispatchEvent(new Event("a"));
}, must_end("EventWatcher fails at an event nobody waits for", "FAIL", /unexpected event/));

// ------------------------------------------------------------------ format_value

test(() => {
  for (const [value, text] of [
    ["a\n\"\u0000\ud800", '"a\\n\\"\\0\\ud800"'], ["\ud83e\udd80", '"\ud83e\udd80"'], [-0, "-0"], [NaN, "NaN"], [1n, "1n"],
    [null, "null"], [undefined, "undefined"], [Symbol("x"), "Symbol(x)"], [[1, [2]], "[1, [2]]"], [true, "true"],
  ]) {
    assert_equals(format_value(value), text);
  }
  assert_regexp_match(format_value({}), /object/);
  assert_regexp_match(format_value(Object.create(null)), /object/);
  const circular = [];
  circular.push(circular);
  assert_equals(format_value(circular), "[[...]]");
}, "format_value");
