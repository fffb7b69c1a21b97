// META: title=CustomEvent
// META: script=../idl.js

idl_tests({
  name: "CustomEvent",
  parent: "Event",
  length: 1,
  make: () => new CustomEvent("x"),
  readonly: ["detail"],
  operations: { initCustomEvent: 1 },
});

test(() => {
  assert_equals(new CustomEvent("x").detail, null);
  assert_equals(new CustomEvent("x", { detail: undefined }).detail, null);
  const detail = { any: "thing" };
  const event = new CustomEvent("x", { detail, cancelable: true });
  assert_equals(event.detail, detail);
  assert_true(event.cancelable);
  for (const value of [0, "", false, NaN, 1n]) {
    assert_equals(new CustomEvent("x", { detail: value }).detail, value);
  }
}, "detail holds any value and is null by default");

test(() => {
  const log = [];
  new CustomEvent("x", logging_dictionary({ detail: 1, composed: 1, cancelable: 1, bubbles: 1 }, log));
  assert_array_equals(log, ["bubbles", "cancelable", "composed", "detail"]);
}, "Members of the parent dictionary are read first");

test(() => {
  const event = new CustomEvent("x", { detail: 1 });
  event.initCustomEvent("y", true, true, 2);
  assert_equals(event.type, "y");
  assert_true(event.bubbles);
  assert_true(event.cancelable);
  assert_equals(event.detail, 2);
  event.initCustomEvent("z");
  assert_false(event.bubbles);
  assert_equals(event.detail, null);
}, "initCustomEvent");

test(() => {
  const target = new EventTarget();
  const event = new CustomEvent("x", { detail: 1 });
  target.addEventListener("x", () => event.initCustomEvent("y", true, true, 2));
  target.dispatchEvent(event);
  assert_equals(event.type, "x");
  assert_equals(event.detail, 1);
}, "initCustomEvent does nothing during dispatch");
