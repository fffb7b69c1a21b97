// META: title=MessageChannel and MessagePort
// META: script=../idl.js

idl_tests({
  name: "MessageChannel",
  length: 0,
  make: () => new MessageChannel(),
  readonly: ["port1", "port2"],
});

test(() => {
  assert_throws_js(TypeError, () => new MessagePort());
  const { port1, port2 } = new MessageChannel();
  assert_true(port1 instanceof MessagePort);
  assert_true(port1 instanceof EventTarget);
  assert_not_equals(port1, port2);
  assert_equals(String(port1), "[object MessagePort]");
  assert_array_equals([port1.onmessage, port1.onmessageerror, port1.onclose], [null, null, null]);
  assert_array_equals([port1.postMessage.length, port1.start.length, port1.close.length], [1, 0, 0]);
}, "The members of a port");

test(() => {
  const { port1 } = new MessageChannel();
  assert_throws_js(TypeError, () => port1.postMessage());
  assert_throws_js(TypeError, () => port1.postMessage(1, 1));
  assert_throws_js(TypeError, () => port1.postMessage(1, [1]));
  assert_throws_js(TypeError, () => port1.postMessage(1, { transfer: 1 }));
  assert_throws_js(TypeError, () => port1.postMessage.call(new EventTarget(), 1));
  assert_throws_js(TypeError, () => port1.start.call({}));
  assert_throws_js(TypeError, () => port1.close.call(null));
  port1.postMessage(1, null);
  port1.postMessage(1, new Set());
  port1.postMessage(1, { transfer: new Set() });
}, "Conversions of arguments, and brands");

// The next event of a type at a port.
function next(port, type = "message") {
  return new Promise((resolve) => port.addEventListener(type, resolve, { once: true }));
}

// Sends through a new channel, and gives the event.
function through(...args) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(...args);
  port2.start();
  return next(port2);
}

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  let before = true;
  port2.onmessage = () => assert_false(before, "never in the turn that posts");
  port1.postMessage("a");
  before = false;
  const event = await next(port2);
  assert_true(event instanceof MessageEvent);
  assert_true(event.isTrusted);
  assert_equals(event.type, "message");
  assert_equals(event.data, "a");
  assert_equals(event.origin, "");
  assert_equals(event.lastEventId, "");
  assert_equals(event.source, null);
  assert_equals(event.target, port2);
  assert_array_equals(event.ports, []);
  assert_array_equals([event.bubbles, event.cancelable], [false, false]);
}, "The event of a message");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  const log = [];
  port1.onmessage = (event) => log.push(`1:${event.data}`);
  port2.onmessage = (event) => {
    log.push(`2:${event.data}`);
    Promise.resolve().then(() => log.push("microtask"));
    if (event.data === "last") {
      port2.postMessage("answer");
    }
  };
  port1.postMessage("first");
  port1.postMessage("last");
  await next(port1);
  assert_array_equals(log, ["2:first", "microtask", "2:last", "microtask", "1:answer"]);
}, "Messages go both ways, in order, each in a task of its own");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  let count = 0;
  port2.addEventListener("message", () => count++);
  port1.postMessage(1);
  port1.postMessage(2);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert_equals(count, 0, "a queue that was not enabled waits");
  port2.start();
  port2.start();
  assert_equals(count, 0);
  await through("later");
  assert_equals(count, 2);
  const other = new MessageChannel();
  other.port1.postMessage(1);
  other.port2.addEventListener("message", () => count++);
  other.port2.onmessage = null;
  await through("later");
  assert_equals(count, 3, "setting onmessage starts the port");
}, "start(), and what implies it");

promise_test(async () => {
  const message = {
    text: "\ud800", big: 10n, list: [1, , undefined, null], date: new Date(5), map: new Map([[1, new Set("a")]]),
    pattern: /a+/gi, bytes: new Uint8Array([1, 2, 3]), nested: { deep: true },
  };
  message.self = message;
  const { data } = await through(message);
  assert_not_equals(data, message);
  assert_equals(data.self, data, "cycles");
  assert_equals(data.text, "\ud800");
  assert_equals(data.big, 10n);
  assert_equals(data.list.length, 4);
  assert_false(1 in data.list);
  assert_equals(data.date.getTime(), 5);
  assert_true(data.map.get(1).has("a"));
  assert_equals(String(data.pattern), "/a+/gi");
  assert_array_equals(data.bytes, [1, 2, 3]);
  assert_true(data.nested.deep);
}, "Messages are structured clones");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  const message = { value: 1 };
  port1.postMessage(message);
  message.value = 2;
  port2.start();
  assert_equals((await next(port2)).data.value, 1);
}, "A message is cloned when it is posted");

test(() => {
  const { port1 } = new MessageChannel();
  const cannot = [
    Symbol(), () => {}, { f() {} }, [Symbol()], globalThis, { deep: [new EventTarget()] }, new Map([[{}, port1]]),
    new Set([new Event("x")]), new DOMException(), Promise.resolve(), new WeakMap(), new Proxy({}, {}), new Error("x"),
    new DataView(new ArrayBuffer(1)), new MessageChannel(),
  ];
  for (const value of cannot) {
    assert_throws_dom("DataCloneError", () => port1.postMessage(value), Object.prototype.toString.call(value));
  }
}, "What cannot be cloned");

test(() => {
  const { port1 } = new MessageChannel();
  const own = new RangeError("own");
  assert_throws_exactly(own, () => port1.postMessage({ get a() { throw own; } }));
  assert_throws_js(TypeError, () => port1.postMessage({ get a() { return null.b; } }));
}, "What a getter throws is thrown on");

promise_test(async () => {
  const buffer = new Uint8Array([1, 2, 3]).buffer;
  const unused = new ArrayBuffer(4);
  const { data } = await through({ buffer, again: buffer, view: new Uint8Array(buffer, 0) }, { transfer: [buffer, unused] });
  assert_array_equals([buffer.byteLength, unused.byteLength], [0, 0], "detached");
  assert_array_equals(new Uint8Array(data.buffer), [1, 2, 3]);
  assert_equals(data.again, data.buffer);
  assert_equals(data.view.buffer, data.buffer);
}, "Transfer of ArrayBuffers");

test(() => {
  const { port1 } = new MessageChannel();
  const buffer = new ArrayBuffer(4);
  const clone_error = (message, transfer) =>
    assert_throws_dom("DataCloneError", () => port1.postMessage(message, transfer));
  clone_error(1, [buffer, buffer]);
  clone_error(1, [buffer, {}]);
  clone_error(Symbol(), [buffer]);
  clone_error(1, [buffer, port1]);
  assert_equals(buffer.byteLength, 4, "a failure detaches nothing");
  port1.postMessage(1, [buffer]);
  clone_error(1, [buffer]);
  const closed = new MessageChannel().port1;
  closed.close();
  clone_error(1, [closed]);
}, "What cannot be transferred");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  port2.postMessage("before");
  const event = await through("ports", [port1]);
  assert_equals(event.ports.length, 1);
  assert_true(Object.isFrozen(event.ports));
  const [moved] = event.ports;
  assert_true(moved instanceof MessagePort);
  assert_not_equals(moved, port1);
  assert_throws_dom("DataCloneError", () => new MessageChannel().port1.postMessage(1, [port1]));
  port1.onmessage = () => assert_true(false, "the old port is out of it");
  port1.postMessage("lost");
  port2.postMessage("after");
  const data = [];
  moved.onmessage = (event) => data.push(event.data);
  await next(moved);
  await next(moved);
  assert_array_equals(data, ["before", "after"]);
  moved.postMessage("back");
  port2.start();
  assert_equals((await next(port2)).data, "back");
}, "Transfer of a port takes its queue and its other end along");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage("doomed", [port2]);
  assert_throws_dom("DataCloneError", () => new MessageChannel().port1.postMessage(1, [port2]));
  await through("later");
}, "The other end, sent to itself, is lost with the message");

promise_test(async () => {
  const { port1, port2 } = new MessageChannel();
  const log = [];
  port2.onmessage = (event) => log.push(event.data);
  port1.onmessage = () => log.push("at the closed port");
  port2.onclose = (event) => log.push(event.type, event.isTrusted);
  port1.onclose = () => log.push("close at the closed port");
  port1.postMessage("under way");
  port1.close();
  port1.close();
  port1.postMessage("from the closed port");
  port2.postMessage("to the closed port");
  await next(port2, "close");
  await through("later");
  assert_array_equals(log, ["under way", "close", true]);
}, "close()");

promise_test(async () => {
  let receiver = new MessageChannel();
  const received = new Promise((resolve) => {
    receiver.port2.onmessage = (event) => resolve(event.data);
  });
  receiver.port1.postMessage("survives");
  receiver = null;
  __gc();
  assert_equals(await received, "survives");
}, "A message under way keeps its port");

promise_test(async () => {
  const far = (() => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = (event) => port2.postMessage(event.data + 1);
    return port1;
  })();
  __gc();
  far.postMessage(1);
  far.start();
  assert_equals((await next(far)).data, 2);
}, "A port keeps the one it is entangled with");

test(() => {
  const { port1, port2 } = new MessageChannel();
  const event = new MessageEvent("x", { ports: [port1, port2], source: port1 });
  assert_array_equals(event.ports, [port1, port2]);
  assert_equals(event.source, port1);
  event.initMessageEvent("x", false, false, 1, "", "", port2, [port2]);
  assert_array_equals(event.ports, [port2]);
  assert_equals(event.source, port2);
  event.initMessageEvent("x");
  assert_array_equals(event.ports, []);
  assert_equals(event.source, null);
}, "Ports in a MessageEvent");
