// META: title=WebSocket: large messages and many of them
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss
setup({ test_timeout: 50_000 });

function pattern(size) {
  // Writes a short pattern, then doubles it: quick in any engine.
  const bytes = new Uint8Array(size);
  const seed = Math.min(size, 4099);
  for (let index = 0; index < seed; index += 1) {
    bytes[index] = (index * 31 + (index >> 5)) & 0xff;
  }
  for (let filled = seed; filled < size; filled *= 2) {
    bytes.copyWithin(filled, 0, Math.min(filled, size - filled));
  }
  return bytes;
}

// Compares through views of eight bytes, which is eight times fewer steps.
function same_bytes(left, right) {
  if (left.byteLength !== right.byteLength) {
    return false;
  }
  const length = left.byteLength >> 3;
  const a = new Float64Array(left.buffer, 0, length);
  const b = new Float64Array(right.buffer, 0, length);
  const step = Math.max(1, Math.floor(length / 65_536));
  for (let index = 0; index < length; index += step) {
    if (!Object.is(a[index], b[index])) {
      return false;
    }
  }
  for (let index = length << 3; index < left.byteLength; index += 1) {
    if (left[index] !== right[index]) {
      return false;
    }
  }
  return true;
}

for (const size of [125, 126, 65_535, 65_536, 1 << 20, (16 << 20) + 3]) {
  promise_test(async (t) => {
    const socket = await open_socket(t, "/echo");
    socket.binaryType = "arraybuffer";
    const bytes = pattern(size);
    socket.send(bytes);
    const received = new Uint8Array(await next_message(socket));
    assert_equals(received.length, size);
    assert_true(same_bytes(received, bytes));
    const closing = next_event(socket, "close");
    socket.close(1000);
    assert_close_event(await closing, { code: 1000, wasClean: true });
  }, `Echo of ${size} binary bytes`);
}

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const text = "0123456789äö€\ud83e\udd80".repeat(200_000);
  socket.send(text);
  const received = await next_message(socket);
  assert_equals(received.length, text.length);
  assert_true(received === text);
}, "Echo of a text of several megabytes");

promise_test(async (t) => {
  const count = 10_000;
  const socket = await open_socket(t, "/echo");
  const messages = collect_messages(socket);
  for (let number = 0; number < count; number += 1) {
    socket.send(`message ${number}`);
  }
  const received = await messages.take(count);
  for (let number = 0; number < count; number += 1) {
    if (received[number] !== `message ${number}`) {
      assert_equals(received[number], `message ${number}`);
    }
  }
}, "Ten thousand small messages in order");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.binaryType = "arraybuffer";
  const sizes = Array.from({ length: 60 }, (_, index) => (index * index * 97) % 200_000);
  const messages = collect_messages(socket);
  sizes.forEach((size, index) => socket.send(index % 2 ? "t".repeat(size) : new Uint8Array(size)));
  const received = await messages.take(sizes.length);
  received.forEach((data, index) => {
    assert_equals(typeof data, index % 2 ? "string" : "object");
    assert_equals(index % 2 ? data.length : data.byteLength, sizes[index]);
  });
}, "Messages of many sizes and both kinds");

promise_test(async (t) => {
  // The server sends all the time and gets a lot that it answers only when it has sent: neither may stop the other.
  const socket = await open_socket(t, "/flood?count=4000&size=10000&stay=1");
  let received = 0;
  const done = new Promise((resolve) => {
    socket.onmessage = () => {
      received += 1;
      if (received === 4000) {
        resolve();
      }
    };
  });
  for (let count = 0; count < 16; count += 1) {
    socket.send(new Uint8Array(1 << 20));
  }
  await done;
  const closing = next_event(socket, "close");
  socket.close(3001);
  assert_close_event(await closing, { code: 3001, wasClean: true });
}, "A lot in both directions at once");
