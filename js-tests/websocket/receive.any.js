// META: title=WebSocket: receiving
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.send("data");
  const event = await next_event(socket, "message");
  assert_equals(event.constructor, MessageEvent);
  assert_equals(event.type, "message");
  assert_equals(event.data, "data");
  assert_equals(event.origin, SERVER, "the serialised origin of the socket's URL");
  assert_equals(event.lastEventId, "");
  assert_equals(event.source, null);
  assert_array_equals(event.ports, []);
  assert_true(Object.isFrozen(event.ports));
  assert_equals(event.target, socket);
  assert_true(event.isTrusted);
  assert_false(event.bubbles);
  assert_false(event.cancelable);
  assert_false(event.composed);
  assert_greater_than(event.timeStamp, 0);
}, "The message event");

promise_test(async (t) => {
  const [scheme, rest] = SERVER.split("//");
  const socket = new WebSocket(`${scheme}//user:password@${rest}/echo?query`);
  t.add_cleanup(() => socket.close());
  await next_event(socket, "open");
  socket.send("x");
  assert_equals((await next_event(socket, "message")).origin, SERVER);
}, "The origin has no user info, path or query");

test((t) => {
  const socket = make_socket(t, "/silent");
  assert_equals(socket.binaryType, "blob");
  socket.binaryType = "arraybuffer";
  assert_equals(socket.binaryType, "arraybuffer");
  for (const invalid of ["", "Blob", "BLOB", "arrayBuffer", " blob", "text", null, undefined, 0, {}]) {
    socket.binaryType = invalid;
    assert_equals(socket.binaryType, "arraybuffer", `${format_value(invalid)} is ignored`);
  }
  socket.binaryType = { toString: () => "blob" };
  assert_equals(socket.binaryType, "blob", "converted to a string");
  assert_throws_js(TypeError, () => (socket.binaryType = Symbol("blob")));
  socket.close();
  socket.binaryType = "arraybuffer";
  assert_equals(socket.binaryType, "arraybuffer", "in every state");
}, "binaryType");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.send(new Uint8Array([1, 2, 3]));
  const blob = await next_message(socket);
  assert_true(blob instanceof Blob);
  assert_equals(blob.size, 3);
  assert_equals(blob.type, "");
  assert_array_equals(new Uint8Array(await blob.arrayBuffer()), [1, 2, 3]);
  socket.send(new Uint8Array(0));
  const empty = await next_message(socket);
  assert_true(empty instanceof Blob);
  assert_equals(empty.size, 0);
}, "Binary messages as Blob");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.binaryType = "arraybuffer";
  socket.send(new Uint8Array([1, 2, 3]));
  const event = await next_event(socket, "message");
  assert_equals(Object.getPrototypeOf(event.data), ArrayBuffer.prototype);
  assert_array_equals(new Uint8Array(event.data), [1, 2, 3]);
  assert_equals(event.data, event.data, "the same object each time");
  assert_equals(event.data.byteLength, 3);
  socket.send(new ArrayBuffer(0));
  assert_equals((await next_message(socket)).byteLength, 0);
}, "Binary messages as ArrayBuffer");

promise_test(async (t) => {
  const socket = await open_socket(t, "/flood?count=6&size=8&binary=1");
  const kinds = [];
  await new Promise((resolve) => {
    socket.onmessage = (event) => {
      kinds.push(event.data instanceof Blob ? "blob" : "arraybuffer");
      socket.binaryType = kinds.length % 2 === 1 ? "arraybuffer" : "blob";
      // What is here already keeps its kind.
      assert_equals(event.data instanceof Blob, kinds.at(-1) === "blob");
    };
    socket.onclose = resolve;
  });
  assert_array_equals(kinds, ["blob", "arraybuffer", "blob", "arraybuffer", "blob", "arraybuffer"]);
}, "A change of binaryType applies to the next message dispatched");

promise_test(async (t) => {
  const socket = make_socket(t, "/flood?count=500&size=10");
  const seen = [];
  socket.onmessage = (event) => seen.push(event.data);
  const event = await next_event(socket, "close");
  assert_equals(seen.length, 500);
  seen.forEach((text, number) => assert_equals(text, `${number}:`.padEnd(10, "x")));
  assert_close_event(event, { code: 1000, wasClean: true });
}, "Five hundred messages in order, then the close event");

promise_test(async (t) => {
  const socket = await open_socket(t, "/flood?count=1000&size=100&stay=1");
  let count = 0;
  socket.onmessage = () => {
    count += 1;
    assert_equals(socket.readyState, WebSocket.OPEN);
    if (count === 3) {
      socket.close(3000);
    }
  };
  const event = await next_event(socket, "close");
  assert_equals(count, 3);
  assert_close_event(event, { code: 3000, wasClean: true });
}, "Messages that arrive once the socket is CLOSING are dropped");

promise_test(async (t) => {
  // U+20AC in two of three fragments; the one between them is empty.
  const socket = make_socket(t, "/raw?hex=0102e282,0000,8002ac41");
  assert_equals(await next_message(socket), "\u20acA");
}, "A code point may span frames");

promise_test(async (t) => {
  const socket = make_socket(t, "/raw?hex=0200,00023132,8003333435");
  socket.binaryType = "arraybuffer";
  assert_array_equals(new Uint8Array(await next_message(socket)), [0x31, 0x32, 0x33, 0x34, 0x35]);
}, "A binary message in fragments");

promise_test(async (t) => {
  const socket = make_socket(t, "/raw?hex=8100,8200,81026869&ms=0");
  socket.binaryType = "arraybuffer";
  const received = await collect_messages(socket).take(3);
  assert_equals(received[0], "");
  assert_equals(received[1].byteLength, 0);
  assert_equals(received[2], "hi");
}, "Empty messages arrive as empty");
