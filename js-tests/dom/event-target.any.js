// META: title=EventTarget: the interface, adding and removing listeners
// META: script=../idl.js

idl_tests({
  name: "EventTarget",
  length: 0,
  make: () => new EventTarget(),
  operations: { addEventListener: 2, removeEventListener: 2, dispatchEvent: 1 },
});

test(() => {
  class Counter extends EventTarget {
    #count = 0;
    increase() {
      this.#count += 1;
      this.dispatchEvent(new CustomEvent("increase", { detail: this.#count }));
    }
  }
  const counter = new Counter();
  const seen = [];
  counter.addEventListener("increase", function (event) {
    seen.push(event.detail, this === counter, event.target === counter);
  });
  counter.increase();
  counter.increase();
  assert_array_equals(seen, [1, true, true, 2, true, true]);
  assert_class_string(counter, "EventTarget");
}, "EventTarget can be subclassed");

test(() => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => (count += 1);
  assert_equals(target.addEventListener("x", listener), undefined);
  target.addEventListener("x", listener, false);
  target.addEventListener("x", listener, {});
  target.addEventListener("x", listener, { once: true, passive: true, capture: 0 });
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 1, "the same type, callback and capture");
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 2, "the once of a duplicate is ignored");
  target.addEventListener("x", listener, true);
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 4, "another capture is another listener");
}, "A listener that is there already is not added again");

test(() => {
  const target = new EventTarget();
  assert_equals(target.addEventListener("x", null), undefined);
  assert_equals(target.addEventListener("x", undefined), undefined);
  assert_equals(target.removeEventListener("x", null), undefined);
  assert_true(target.dispatchEvent(new Event("x")));
  for (const callback of [1, "text", true, Symbol("x"), 1n]) {
    assert_throws_js(TypeError, () => target.addEventListener("x", callback));
    assert_throws_js(TypeError, () => target.removeEventListener("x", callback));
  }
  assert_throws_js(TypeError, () => target.addEventListener("x"));
  assert_throws_js(TypeError, () => target.addEventListener());
  assert_throws_js(TypeError, () => target.addEventListener(Symbol("x"), null));
}, "A null callback is ignored, one that is no object throws");

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", null, logging_dictionary({ passive: false, once: false, capture: false }, log));
  assert_array_equals(log, ["capture", "once", "passive"]);
  log.length = 0;
  target.removeEventListener("x", null, logging_dictionary({ passive: 1, once: 1, capture: 1 }, log));
  assert_array_equals(log, ["capture"]);
}, "The options are read in order, even for a null callback");

test(() => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => (count += 1);
  target.addEventListener("x", listener, true);
  target.removeEventListener("x", listener);
  target.removeEventListener("x", listener, { capture: false });
  target.removeEventListener("y", listener, true);
  target.removeEventListener("x", () => {}, true);
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 1, "nothing of that was this listener");
  assert_equals(target.removeEventListener("x", listener, { capture: 1 }), undefined);
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 1, "removed");
  for (const options of [null, undefined, 0, "", NaN]) {
    target.addEventListener("y", listener, options);
    target.removeEventListener("y", listener, false);
  }
  target.dispatchEvent(new Event("y"));
  assert_equals(count, 1);
}, "removeEventListener wants the same type, callback and capture");

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => log.push("a"));
  const moved = () => log.push("b");
  target.addEventListener("x", moved);
  target.addEventListener("x", () => log.push("c"));
  target.removeEventListener("x", moved);
  target.addEventListener("x", moved);
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log, ["a", "c", "b"]);
}, "Listeners run in the order in which they were added");

test(() => {
  const target = new EventTarget();
  const names = ["x", "X", " x", "", "\u0000", "\ud800", "__proto__", "constructor"];
  const log = [];
  for (const name of names) {
    target.addEventListener(name, (event) => log.push(event.type));
  }
  for (const name of names) {
    target.dispatchEvent(new Event(name));
  }
  assert_array_equals(log, names);
}, "Types are compared exactly");

test(() => {
  const target = new EventTarget();
  const log = [];
  const listener = {
    name: "object",
    handleEvent(event) {
      log.push([this === listener, event.type]);
    },
  };
  target.addEventListener("x", listener);
  target.dispatchEvent(new Event("x"));
  listener.handleEvent = function () {
    log.push("replaced");
  };
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log[0], [true, "x"]);
  assert_equals(log[1], "replaced");
}, "handleEvent of an object is looked up at each call");

test(() => {
  const target = new EventTarget();
  let called = "";
  const callable = () => (called = "the function");
  callable.handleEvent = () => (called = "handleEvent");
  target.addEventListener("x", callable);
  target.dispatchEvent(new Event("x"));
  assert_equals(called, "the function");
}, "A function is called itself, whatever its handleEvent");

test(() => {
  const target = new EventTarget();
  const seen = [];
  const event = new Event("x");
  target.addEventListener("x", function (...args) {
    seen.push(this, ...args);
  });
  target.dispatchEvent(event);
  assert_array_equals(seen, [target, event]);
}, "A function is called with the target as this and the event as its only argument");

test(() => {
  let looked_up = 0;
  const listener = {
    get handleEvent() {
      looked_up += 1;
      return () => {};
    },
  };
  const target = new EventTarget();
  target.addEventListener("x", listener);
  target.removeEventListener("x", listener);
  target.addEventListener("x", listener);
  assert_equals(looked_up, 0, "not when it is added");
  target.dispatchEvent(new Event("x"));
  assert_equals(looked_up, 1);
}, "handleEvent is not looked up before it is called");
