// META: title=WebSocket: sending buffers and views
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

async function binary_echo(t) {
  const socket = await open_socket(t, "/echo");
  socket.binaryType = "arraybuffer";
  return async (data) => {
    socket.send(data);
    const received = await next_message(socket);
    assert_true(received instanceof ArrayBuffer, "a binary message");
    return Array.from(new Uint8Array(received));
  };
}

const BYTES = Array.from({ length: 64 }, (_, index) => (index * 37 + 5) & 0xff);

function filled(buffer) {
  new Uint8Array(buffer).set(BYTES.slice(0, buffer.byteLength));
  return buffer;
}

promise_test(async (t) => {
  const echo = await binary_echo(t);
  assert_array_equals(await echo(filled(new ArrayBuffer(64))), BYTES);
  assert_array_equals(await echo(new ArrayBuffer(0)), []);
}, "ArrayBuffer");

for (const name of [
  "Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
  "Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array", "DataView",
]) {
  promise_test(async (t) => {
    const View = globalThis[name];
    assert_implements_optional(View, `${name} is not there`);
    const size = View.BYTES_PER_ELEMENT || 1;
    const echo = await binary_echo(t);
    const buffer = filled(new ArrayBuffer(64));
    assert_array_equals(await echo(new View(buffer)), BYTES, "all of the buffer");
    assert_array_equals(await echo(new View(buffer, size)), BYTES.slice(size), "with an offset");
    assert_array_equals(await echo(new View(buffer, 2 * size, 3)), BYTES.slice(2 * size, 5 * size), "with an offset and a length");
    assert_array_equals(await echo(new View(buffer, 64)), [], "empty, at the end");
    assert_array_equals(await echo(new View(buffer, 0, 0)), [], "empty, at the start");
  }, name);
}

promise_test(async (t) => {
  const echo = await binary_echo(t);
  assert_implements_optional(typeof SharedArrayBuffer === "function", "no SharedArrayBuffer");
  const shared = filled(new SharedArrayBuffer(16));
  assert_array_equals(await echo(new Uint8Array(shared, 4, 8)), BYTES.slice(4, 12));
  assert_array_equals(await echo(new DataView(shared)), BYTES.slice(0, 16));
}, "Views of a SharedArrayBuffer");

promise_test(async (t) => {
  const echo = await binary_echo(t);
  assert_implements_optional(typeof SharedArrayBuffer === "function", "no SharedArrayBuffer");
  assert_array_equals(await echo(filled(new SharedArrayBuffer(16))), BYTES.slice(0, 16));
}, "SharedArrayBuffer");

promise_test(async (t) => {
  const echo = await binary_echo(t);
  assert_implements_optional("resizable" in ArrayBuffer.prototype, "no resizable buffers");
  const buffer = filled(new ArrayBuffer(16, { maxByteLength: 64 }));
  const tracking = new Uint8Array(buffer, 4);
  const fixed = new Uint8Array(buffer, 4, 8);
  assert_array_equals(await echo(buffer), BYTES.slice(0, 16));
  assert_array_equals(await echo(tracking), BYTES.slice(4, 16));
  buffer.resize(14);
  assert_array_equals(await echo(buffer), BYTES.slice(0, 14));
  assert_array_equals(await echo(tracking), BYTES.slice(4, 14), "a view that tracks the length");
  assert_array_equals(await echo(fixed), BYTES.slice(4, 12));
  buffer.resize(8);
  assert_array_equals(await echo(fixed), [], "a view that is out of bounds");
}, "Resizable buffers");

promise_test(async (t) => {
  const echo = await binary_echo(t);
  const buffer = filled(new ArrayBuffer(16));
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  assert_equals(buffer.byteLength, 0, "it is detached");
  assert_array_equals(await echo(buffer), []);
  assert_array_equals(await echo(view), []);
}, "Detached buffers are empty");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.binaryType = "arraybuffer";
  const messages = collect_messages(socket);
  const bytes = new Uint8Array(100_000).fill(1);
  socket.send(bytes);
  bytes.fill(2);
  socket.send(bytes.buffer);
  bytes.fill(3);
  socket.send(new Blob([bytes]));
  bytes.fill(4);
  const received = await messages.take(3);
  received.forEach((buffer, index) => {
    const content = new Uint8Array(buffer);
    assert_equals(content.length, 100_000);
    assert_true(content.every((byte) => byte === index + 1), `message ${index}`);
  });
}, "Changing a buffer after send() does not change what is sent");

promise_test(async (t) => {
  const echo = await binary_echo(t);
  const blob = new Blob([new Uint8Array(BYTES), "text"]);
  assert_array_equals(await echo(blob.slice(10, 20)), BYTES.slice(10, 20));
  assert_array_equals(await echo(new Blob(["\u00e4"])), [0xc3, 0xa4], "binary, whatever is inside");
}, "Blob");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  // Looks like a view, is an object.
  const impostor = Object.create(Uint8Array.prototype);
  assert_throws_js(TypeError, () => socket.send(impostor), "its toString needs a real typed array");
  socket.send({ byteLength: 3, buffer: new ArrayBuffer(3), toString: () => "an object" });
  assert_equals(await next_message(socket), "an object");
}, "What only looks like a buffer is converted to a string");
