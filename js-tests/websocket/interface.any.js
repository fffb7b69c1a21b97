// META: title=WebSocket: the interface
// META: script=../idl.js

function idle_socket() {
  const socket = new WebSocket(`${WS_URL}/silent`);
  socket.close();
  return socket;
}

idl_tests({
  name: "WebSocket",
  parent: "EventTarget",
  length: 1,
  make: idle_socket,
  readonly: ["url", "readyState", "bufferedAmount", "extensions", "protocol"],
  writable: ["onopen", "onerror", "onclose", "onmessage", "binaryType"],
  operations: { close: 0, send: 1 },
  constants: { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 },
});

test(() => {
  assert_equals(Object.getPrototypeOf(WebSocket), EventTarget);
  assert_equals(Object.getPrototypeOf(WebSocket.prototype), EventTarget.prototype);
  assert_equals(Object.getPrototypeOf(EventTarget.prototype), Object.prototype);
  const socket = idle_socket();
  assert_true(socket instanceof WebSocket);
  assert_true(socket instanceof EventTarget);
  assert_equals(Object.prototype.toString.call(socket), "[object WebSocket]");
  assert_array_equals(Reflect.ownKeys(socket), [], "an instance has no properties of its own");
}, "The prototype chain");

test(() => {
  const seen = [];
  for (const name in idle_socket()) {
    seen.push(name);
  }
  for (const name of ["url", "readyState", "send", "close", "onclose", "OPEN", "addEventListener"]) {
    assert_true(seen.includes(name), `${name} is seen by for-in`);
  }
}, "Members are enumerable");

test(() => {
  const seen = [];
  class Special extends WebSocket {
    constructor(url) {
      super(url);
      seen.push(new.target === Special, this.readyState);
      this.own = "own";
    }
    send(data) {
      seen.push(data);
      super.send(data);
    }
    get state() {
      return ["connecting", "open", "closing", "closed"][this.readyState];
    }
  }
  const special = new Special(`${WS_URL}/silent`);
  assert_array_equals(seen, [true, 0]);
  assert_true(special instanceof Special);
  assert_true(special instanceof WebSocket);
  assert_equals(special.own, "own");
  assert_equals(special.state, "connecting");
  assert_throws_dom("InvalidStateError", () => special.send("x"));
  assert_array_equals(seen, [true, 0, "x"]);
  special.close();
  assert_equals(special.state, "closing");
  assert_equals(Special.OPEN, 1, "constants are inherited");
  assert_class_string(special, "WebSocket");
}, "class X extends WebSocket");

promise_test(async () => {
  class Echo extends WebSocket {
    constructor() {
      super(`${WS_URL}/echo`);
      this.addEventListener("open", this);
      this.addEventListener("message", this);
    }
    handleEvent(event) {
      if (event.type === "open") {
        this.send("through a subclass");
      } else {
        this.dispatchEvent(new CustomEvent("echo", { detail: event.data }));
      }
    }
  }
  const echo = new Echo();
  const event = await new Promise((resolve) => echo.addEventListener("echo", resolve));
  assert_equals(event.detail, "through a subclass");
  assert_equals(event.target, echo);
  echo.close();
}, "A subclass that listens to itself");

test(() => {
  function Other() {}
  Other.prototype = { marker: true };
  const made = Reflect.construct(WebSocket, [`${WS_URL}/silent`], Other);
  assert_true(made.marker);
  assert_equals(Object.getPrototypeOf(made), Other.prototype);
  const ready_state = Object.getOwnPropertyDescriptor(WebSocket.prototype, "readyState").get;
  assert_equals(ready_state.call(made), WebSocket.CONNECTING, "it is a WebSocket all the same");
  WebSocket.prototype.close.call(made);
  assert_equals(ready_state.call(made), WebSocket.CLOSING);
}, "The prototype comes from new.target");

test(() => {
  const impostor = Object.create(WebSocket.prototype);
  for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "binaryType", "onopen"]) {
    assert_throws_js(TypeError, () => impostor[name], name);
  }
  assert_throws_js(TypeError, () => impostor.send("x"));
  assert_throws_js(TypeError, () => impostor.close());
  assert_throws_js(TypeError, () => impostor.addEventListener("x", null));
  const target = new EventTarget();
  assert_throws_js(TypeError, () => WebSocket.prototype.close.call(target), "an EventTarget is no WebSocket");
  assert_throws_js(TypeError, () => WebSocket.prototype.send.call(new Event("x"), "x"));
  const event_type = Object.getOwnPropertyDescriptor(Event.prototype, "type").get;
  assert_throws_js(TypeError, () => event_type.call(idle_socket()), "nor is a WebSocket an Event");
}, "Brand checks");

test(() => {
  const socket = idle_socket();
  assert_throws_js(TypeError, () => socket.send());
  for (const name of ["url", "readyState", "bufferedAmount", "extensions", "protocol", "OPEN"]) {
    assert_readonly(socket, name);
  }
}, "Argument counts and read-only members");

test(() => {
  const target = idle_socket();
  let seen;
  target.addEventListener("own", (event) => (seen = event));
  const event = new CustomEvent("own", { detail: 1 });
  assert_true(target.dispatchEvent(event));
  assert_equals(seen, event);
  assert_equals(event.target, target);
}, "It is an event target for events of one's own");
