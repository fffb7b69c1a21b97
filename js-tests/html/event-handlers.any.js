// META: title=Event handler attributes
// A WebSocket is the only constructible interface here that has them; this one never gets anywhere.
setup({ allow_uncaught_exception: true });

function target_of(t) {
  const socket = new WebSocket(`${WS_URL}/silent`);
  t.add_cleanup(() => socket.close());
  return socket;
}

const ATTRIBUTES = ["onopen", "onmessage", "onerror", "onclose"];

test((t) => {
  const socket = target_of(t);
  for (const name of ATTRIBUTES) {
    const type = name.slice(2);
    assert_equals(socket[name], null, `${name} is null at first`);
    const seen = [];
    const handler = function (...args) {
      seen.push(this, ...args);
    };
    socket[name] = handler;
    assert_equals(socket[name], handler);
    const event = new Event(type);
    socket.dispatchEvent(event);
    assert_array_equals(seen, [socket, event]);
    socket[name] = null;
    socket.dispatchEvent(new Event(type));
    assert_equals(seen.length, 2, `${name} is not called any more`);
  }
}, "A handler is called with the target as this and the event as its argument");

test((t) => {
  const socket = target_of(t);
  for (const name of ATTRIBUTES) {
    for (const primitive of [undefined, 1, "text", true, Symbol("x"), 1n, NaN]) {
      socket[name] = () => {};
      socket[name] = primitive;
      assert_equals(socket[name], null);
    }
  }
}, "A primitive becomes null");

test((t) => {
  const socket = target_of(t);
  let called = false;
  const object = { handleEvent: () => (called = true) };
  socket.onopen = object;
  assert_equals(socket.onopen, object, "is kept");
  socket.dispatchEvent(new Event("open"));
  assert_false(called, "is not called, nor is its handleEvent");
}, "An object that is not callable is kept and not called");

test((t) => {
  const socket = target_of(t);
  const log = [];
  socket.addEventListener("open", () => log.push("before"));
  socket.onopen = () => log.push("first handler");
  socket.addEventListener("open", () => log.push("after"));
  socket.onopen = () => log.push("second handler");
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(log, ["before", "second handler", "after"]);
}, "Replacing a handler keeps its place among the listeners");

test((t) => {
  const socket = target_of(t);
  const log = [];
  socket.onopen = () => log.push("handler");
  socket.addEventListener("open", () => log.push("listener"));
  socket.onopen = null;
  socket.onopen = () => log.push("handler again");
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(log, ["listener", "handler again"]);
}, "A handler set to null and set again goes last");

test((t) => {
  const socket = target_of(t);
  const log = [];
  socket.onopen = {};
  socket.addEventListener("open", () => log.push("listener"));
  socket.onopen = () => log.push("handler");
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(log, ["handler", "listener"]);
}, "An object that is not callable takes a place, too");

test((t) => {
  const socket = target_of(t);
  const log = [];
  const both = () => log.push("both");
  socket.onopen = both;
  socket.addEventListener("open", both);
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(log, ["both", "both"], "they are two listeners");
  socket.removeEventListener("open", both);
  socket.dispatchEvent(new Event("open"));
  assert_equals(log.length, 3, "the handler stays");
}, "A handler is not a listener of the same function");

test((t) => {
  const socket = target_of(t);
  const log = [];
  socket.addEventListener("open", () => {
    socket.onopen = () => log.push("set during dispatch");
  }, { once: true });
  socket.onopen = () => log.push("set before");
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(log, ["set during dispatch"], "its place was there already");
  const other = target_of(t);
  other.addEventListener("open", () => {
    other.onopen = () => log.push("new");
  });
  other.dispatchEvent(new Event("open"));
  assert_equals(log.length, 1, "a new place counts as added");
  other.dispatchEvent(new Event("open"));
  assert_equals(log.length, 2);
}, "A handler set during dispatch");

test((t) => {
  const socket = target_of(t);
  const cancels = (value) => {
    socket.onopen = () => value;
    return !socket.dispatchEvent(new Event("open", { cancelable: true }));
  };
  assert_true(cancels(false));
  for (const value of [undefined, null, 0, "", true, NaN, "false", {}]) {
    assert_false(cancels(value), format_value(value));
  }
}, "Returning false cancels the event");

test((t) => {
  // Five arguments and cancelling by true are for the global's onerror and ErrorEvent only.
  const socket = target_of(t);
  let args;
  socket.onerror = function (...all) {
    args = all;
    return true;
  };
  const event = new ErrorEvent("error", { cancelable: true, message: "m" });
  assert_true(socket.dispatchEvent(event));
  assert_array_equals(args, [event]);
}, "onerror of a WebSocket is a handler like the others");

test((t) => {
  const socket = target_of(t);
  const error = new Error("from a handler");
  const reported = [];
  const listener = (event) => {
    reported.push(event.error);
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  t.add_cleanup(() => globalThis.removeEventListener("error", listener));
  let after = false;
  socket.onopen = () => {
    throw error;
  };
  socket.addEventListener("open", () => (after = true));
  socket.dispatchEvent(new Event("open"));
  assert_array_equals(reported, [error]);
  assert_true(after);
}, "A handler that throws is reported and stops nothing");

test((t) => {
  const socket = target_of(t);
  for (const name of ATTRIBUTES) {
    assert_not_own_property(socket, name);
    assert_true(name in WebSocket.prototype);
  }
  const other = target_of(t);
  socket.onopen = () => {};
  assert_equals(other.onopen, null);
}, "Handlers belong to an object, the attributes to the prototype");
