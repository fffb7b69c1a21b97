// META: title=Event: the interface and its constructor
// META: script=../idl.js

idl_tests({
  name: "Event",
  length: 1,
  make: () => new Event("x"),
  readonly: [
    "type", "target", "srcElement", "currentTarget", "eventPhase", "bubbles", "cancelable", "defaultPrevented",
    "composed", "timeStamp",
  ],
  writable: ["cancelBubble", "returnValue"],
  operations: {
    composedPath: 0, stopPropagation: 0, stopImmediatePropagation: 0, preventDefault: 0, initEvent: 1,
  },
  constants: { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 },
});

test(() => {
  const event = new Event("type");
  assert_equals(event.type, "type");
  assert_equals(event.target, null);
  assert_equals(event.srcElement, null);
  assert_equals(event.currentTarget, null);
  assert_equals(event.eventPhase, Event.NONE);
  assert_false(event.bubbles);
  assert_false(event.cancelable);
  assert_false(event.composed);
  assert_false(event.defaultPrevented);
  assert_true(event.returnValue);
  assert_false(event.cancelBubble);
  assert_false(event.isTrusted);
  assert_array_equals(event.composedPath(), []);
}, "The members of a new Event");

test(() => {
  const event = new Event("", { bubbles: true, cancelable: 1, composed: "yes" });
  assert_equals(event.type, "");
  assert_true(event.bubbles);
  assert_true(event.cancelable);
  assert_true(event.composed);
}, "The dictionary's members are converted to booleans");

test(() => {
  const log = [];
  new Event(
    { toString: () => (log.push("type"), "x") },
    logging_dictionary({ composed: 1, cancelable: 1, bubbles: 1 }, log),
  );
  assert_array_equals(log, ["type", "bubbles", "cancelable", "composed"]);
}, "The type is converted first, then members are read in lexicographic order");

test(() => {
  assert_throws_js(TypeError, () => new Event());
  assert_throws_js(TypeError, () => new Event(Symbol("x")));
  for (const dictionary of [1, "text", true, Symbol("x"), 1n]) {
    assert_throws_js(TypeError, () => new Event("x", dictionary));
  }
}, "Arguments that are missing or wrong");

test(() => {
  for (const dictionary of [undefined, null, {}, () => {}, [], new Date(0)]) {
    assert_false(new Event("x", dictionary).bubbles);
  }
  assert_equals(new Event(undefined).type, "undefined");
  assert_equals(new Event(null).type, "null");
  assert_equals(new Event(12).type, "12");
  assert_equals(new Event("\ud800").type, "\ud800", "a DOMString keeps lone surrogates");
}, "Arguments that are converted");

test(() => {
  const error = new Error("from the getter");
  assert_throws_exactly(error, () => new Event("x", { get cancelable() { throw error; } }));
  assert_throws_exactly(error, () => new Event({ toString() { throw error; } }));
}, "What a conversion throws is passed on");

test(() => {
  const first = new Event("x");
  const second = new Event("y");
  const descriptor = Object.getOwnPropertyDescriptor(first, "isTrusted");
  assert_equals(typeof descriptor.get, "function", "an accessor");
  assert_equals(descriptor.set, undefined);
  assert_true(descriptor.enumerable);
  assert_false(descriptor.configurable);
  assert_equals(descriptor.get.name, "get isTrusted");
  assert_equals(descriptor.get.length, 0);
  assert_equals(descriptor.get, Object.getOwnPropertyDescriptor(second, "isTrusted").get, "shared");
  assert_false("isTrusted" in Event.prototype);
  assert_throws_js(TypeError, () => descriptor.get.call({}));
  assert_false(descriptor.get.call(second));
}, "isTrusted is an own accessor whose getter is shared by all events");

test(() => {
  const before = new Event("x").timeStamp;
  const after = new Event("x").timeStamp;
  assert_equals(typeof before, "number");
  assert_greater_than(before, 0);
  assert_greater_than_equal(after, before);
}, "timeStamp is monotonic");

test(() => {
  const event = new Event("x");
  const first = event.timeStamp;
  const until = Date.now() + 5;
  while (Date.now() < until) {}
  assert_equals(event.timeStamp, first);
  assert_greater_than(new Event("x").timeStamp, first);
}, "timeStamp is the time of creation");

test(() => {
  const now = performance.now();
  const stamp = new Event("x").timeStamp;
  // The two may be rounded differently.
  assert_between_inclusive(stamp, now - 1, performance.now() + 1);
}, "timeStamp has the time origin of performance.now()");

test(() => {
  class Special extends Event {
    constructor() {
      super("special", { cancelable: true });
      this.own = 1;
    }
    get type_and_own() {
      return this.type + this.own;
    }
  }
  const special = new Special();
  assert_true(special instanceof Event);
  assert_equals(special.type_and_own, "special1");
  assert_class_string(special, "Event");
  let seen;
  const target = new EventTarget();
  target.addEventListener("special", (event) => (seen = event));
  target.dispatchEvent(special);
  assert_equals(seen, special);
}, "Event can be subclassed");

test(() => {
  function Other() {}
  Other.prototype = { marker: true };
  const made = Reflect.construct(Event, ["x"], Other);
  assert_true(made.marker);
  assert_equals(Object.getOwnPropertyDescriptor(Event.prototype, "type").get.call(made), "x");
  Other.prototype = 1;
  assert_equals(Object.getPrototypeOf(Reflect.construct(Event, ["x"], Other)), Event.prototype);
}, "The prototype comes from new.target");
