// META: title=ErrorEvent
// META: script=../idl.js

idl_tests({
  name: "ErrorEvent",
  parent: "Event",
  length: 1,
  make: () => new ErrorEvent("x"),
  readonly: ["message", "filename", "lineno", "colno", "error"],
});

test(() => {
  const event = new ErrorEvent("x");
  assert_equals(event.message, "");
  assert_equals(event.filename, "");
  assert_equals(event.lineno, 0);
  assert_equals(event.colno, 0);
  assert_equals(event.error, undefined);
}, "The members of a new ErrorEvent");

test(() => {
  const error = new Error("x");
  const event = new ErrorEvent("x", {
    message: "what", filename: "where\ud800", lineno: "12", colno: -1, error, cancelable: true,
  });
  assert_equals(event.message, "what");
  assert_equals(event.filename, "where\ufffd", "a USVString");
  assert_equals(event.lineno, 12);
  assert_equals(event.colno, 4294967295, "an unsigned long");
  assert_equals(event.error, error);
  assert_true(event.cancelable);
  assert_equals(new ErrorEvent("x", { error: null }).error, null);
}, "The members of the dictionary");

test(() => {
  const log = [];
  new ErrorEvent("x", logging_dictionary({
    message: "", lineno: 0, filename: "", error: 0, colno: 0, composed: 1, cancelable: 1, bubbles: 1,
  }, log));
  assert_array_equals(log, ["bubbles", "cancelable", "composed", "colno", "error", "filename", "lineno", "message"]);
}, "The order in which the dictionary is read");
