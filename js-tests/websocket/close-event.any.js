// META: title=CloseEvent
// META: script=../idl.js

idl_tests({
  name: "CloseEvent",
  parent: "Event",
  length: 1,
  make: () => new CloseEvent("x"),
  readonly: ["wasClean", "code", "reason"],
});

test(() => {
  assert_equals(Object.getPrototypeOf(CloseEvent), Event);
  assert_equals(Object.getPrototypeOf(CloseEvent.prototype), Event.prototype);
  assert_class_string(new CloseEvent("x"), "CloseEvent");
}, "It inherits from Event");

test(() => {
  const event = new CloseEvent("close");
  assert_equals(event.type, "close");
  assert_equals(event.code, 0);
  assert_equals(event.reason, "");
  assert_false(event.wasClean);
  assert_false(event.isTrusted);
  assert_false(event.bubbles);
}, "The members of a new CloseEvent");

test(() => {
  const event = new CloseEvent("x", { code: 4001, reason: "bye", wasClean: true, bubbles: true, cancelable: true, composed: true });
  assert_equals(event.code, 4001);
  assert_equals(event.reason, "bye");
  assert_true(event.wasClean);
  assert_true(event.bubbles);
  assert_true(event.cancelable);
  assert_true(event.composed);
}, "The members of the dictionary");

test(() => {
  const code = (value) => new CloseEvent("x", { code: value }).code;
  assert_equals(code("4000"), 4000);
  assert_equals(code(65535), 65535);
  assert_equals(code(65536), 0);
  assert_equals(code(-1), 65535);
  assert_equals(code(1.9), 1);
  assert_equals(code(NaN), 0);
  assert_equals(code(Infinity), 0);
  assert_equals(code(null), 0);
  assert_equals(code(undefined), 0);
  assert_equals(code({ valueOf: () => 7 }), 7);
  assert_throws_js(TypeError, () => code(1n));
  assert_throws_js(TypeError, () => code(Symbol("x")));
}, "code is an unsigned short");

test(() => {
  const reason = (value) => new CloseEvent("x", { reason: value }).reason;
  assert_equals(reason("a\ud800b\udc00"), "a\ufffdb\ufffd");
  assert_equals(reason("\ud83e\udd80"), "\ud83e\udd80");
  assert_equals(reason(null), "null");
  assert_equals(reason(12), "12");
  assert_equals(reason("x".repeat(1000)).length, 1000, "of any length");
  assert_throws_js(TypeError, () => reason(Symbol("x")));
}, "reason is a USVString");

test(() => {
  assert_true(new CloseEvent("x", { wasClean: "yes" }).wasClean);
  assert_false(new CloseEvent("x", { wasClean: 0 }).wasClean);
}, "wasClean is a boolean");

test(() => {
  const log = [];
  new CloseEvent("x", logging_dictionary({
    wasClean: 1, reason: "", code: 1, composed: 1, cancelable: 1, bubbles: 1,
  }, log));
  assert_array_equals(log, ["bubbles", "cancelable", "composed", "code", "reason", "wasClean"]);
}, "The order in which the dictionary is read");

test(() => {
  const event = new CloseEvent("close", { code: 1000, reason: "r", wasClean: true });
  for (const name of ["code", "reason", "wasClean"]) {
    assert_readonly(event, name);
    assert_not_own_property(event, name);
  }
  event.initEvent("other", true, true);
  assert_equals(event.type, "other");
  assert_equals(event.code, 1000, "initEvent leaves them alone");
}, "They are read-only and stay");

test(() => {
  const target = new EventTarget();
  let seen;
  target.addEventListener("close", (event) => (seen = [event.code, event.reason, event.wasClean]));
  target.dispatchEvent(new CloseEvent("close", { code: 3000, reason: "made", wasClean: true }));
  assert_array_equals(seen, [3000, "made", true]);
}, "Script can dispatch one");
