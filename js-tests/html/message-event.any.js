// META: title=MessageEvent
// META: script=../idl.js

idl_tests({
  name: "MessageEvent",
  parent: "Event",
  length: 1,
  make: () => new MessageEvent("x"),
  readonly: ["data", "origin", "lastEventId", "source", "ports"],
  operations: { initMessageEvent: 1 },
});

test(() => {
  const event = new MessageEvent("x");
  assert_equals(event.data, null);
  assert_equals(event.origin, "");
  assert_equals(event.lastEventId, "");
  assert_equals(event.source, null);
  assert_array_equals(event.ports, []);
  assert_true(Object.isFrozen(event.ports));
  assert_equals(event.ports, event.ports, "the same array each time");
  assert_false(event.isTrusted);
}, "The members of a new MessageEvent");

test(() => {
  const data = { any: "thing" };
  const event = new MessageEvent("x", {
    data, origin: "https://example.com", lastEventId: 7, source: null, ports: [], bubbles: true,
  });
  assert_equals(event.data, data);
  assert_equals(event.origin, "https://example.com");
  assert_equals(event.lastEventId, "7");
  assert_equals(event.source, null);
  assert_true(event.bubbles);
  assert_equals(new MessageEvent("x", { data: undefined }).data, null);
  assert_equals(new MessageEvent("x", { data: 0 }).data, 0);
}, "The members of the dictionary");

test(() => {
  assert_equals(new MessageEvent("x", { origin: "a\ud800b" }).origin, "a\ufffdb", "origin is a USVString");
  assert_equals(new MessageEvent("x", { lastEventId: "a\ud800b" }).lastEventId, "a\ud800b", "lastEventId is not");
  assert_throws_js(TypeError, () => new MessageEvent("x", { ports: 1 }));
  assert_throws_js(TypeError, () => new MessageEvent("x", { ports: {} }));
  assert_throws_js(TypeError, () => new MessageEvent("x", { ports: [1] }));
  assert_throws_js(TypeError, () => new MessageEvent("x", { source: 1 }));
  assert_throws_js(TypeError, () => new MessageEvent("x", { source: {} }));
  assert_array_equals(new MessageEvent("x", { ports: new Set() }).ports, [], "any iterable object");
}, "Conversions");

test(() => {
  const log = [];
  new MessageEvent("x", logging_dictionary({
    source: null, ports: [], origin: "", lastEventId: "", data: 1, composed: 1, cancelable: 1, bubbles: 1,
  }, log));
  assert_array_equals(log, ["bubbles", "cancelable", "composed", "data", "lastEventId", "origin", "ports", "source"]);
}, "The order in which the dictionary is read");

test(() => {
  const event = new MessageEvent("x", { data: 1, ports: [] });
  const before = event.ports;
  event.initMessageEvent("y", true, true, "data", "origin", "id", null, []);
  assert_equals(event.type, "y");
  assert_true(event.bubbles);
  assert_true(event.cancelable);
  assert_equals(event.data, "data");
  assert_equals(event.origin, "origin");
  assert_equals(event.lastEventId, "id");
  assert_equals(event.source, null);
  assert_array_equals(event.ports, []);
  assert_true(Object.isFrozen(event.ports));
  event.initMessageEvent("z");
  assert_equals(event.type, "z");
  assert_false(event.bubbles);
  assert_equals(event.data, null);
  assert_equals(event.origin, "");
  assert_equals(event.lastEventId, "");
  assert_array_equals(before, []);
}, "initMessageEvent");

test(() => {
  const target = new EventTarget();
  const event = new MessageEvent("x", { data: "before" });
  target.addEventListener("x", () => event.initMessageEvent("y", true, true, "after"));
  target.dispatchEvent(event);
  assert_equals(event.type, "x");
  assert_equals(event.data, "before");
}, "initMessageEvent does nothing during dispatch");
