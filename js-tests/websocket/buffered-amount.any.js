// META: title=WebSocket: bufferedAmount
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

async function wait_for_zero(t, socket) {
  await t.step_wait(() => socket.bufferedAmount === 0, "bufferedAmount to become 0", 8_000, 5);
}

promise_test(async (t) => {
  const socket = await open_socket(t, "/sink");
  assert_equals(socket.bufferedAmount, 0);
  socket.send("abc");
  assert_equals(socket.bufferedAmount, 3);
  socket.send("ä€\ud83e\udd80");
  assert_equals(socket.bufferedAmount, 3 + 2 + 3 + 4, "bytes of UTF-8");
  socket.send("\ud800");
  assert_equals(socket.bufferedAmount, 15, "of what is sent, so U+FFFD");
  socket.send("");
  assert_equals(socket.bufferedAmount, 15);
  socket.send(new Uint8Array(100).subarray(10, 20));
  assert_equals(socket.bufferedAmount, 25);
  socket.send(new ArrayBuffer(7));
  assert_equals(socket.bufferedAmount, 32);
  socket.send(new Blob(["12345"]));
  assert_equals(socket.bufferedAmount, 37);
  await wait_for_zero(t, socket);
}, "It counts payload bytes, and returns to zero when they are sent");

promise_test(async (t) => {
  const socket = await open_socket(t, "/sink");
  socket.send("x".repeat(1000));
  const until = Date.now() + 100;
  while (Date.now() < until) {}
  assert_equals(socket.bufferedAmount, 1000, "still in the same turn");
  await null;
  assert_equals(socket.bufferedAmount, 1000, "microtasks are the same turn");
  await wait_for_zero(t, socket);
}, "It does not change within a turn but by send()");

promise_test(async (t) => {
  const socket = await open_socket(t, "/sink");
  const size = 1 << 20;
  for (let count = 0; count < 8; count += 1) {
    socket.send(new Uint8Array(size));
  }
  assert_equals(socket.bufferedAmount, 8 * size);
  let last = socket.bufferedAmount;
  await t.step_wait(() => {
    assert_less_than_equal(socket.bufferedAmount, last);
    last = socket.bufferedAmount;
    return last === 0;
  }, "all of it to be sent", 8_000, 1);
  socket.send("count");
  assert_object_equals(JSON.parse(await next_message(socket)), { messages: 8, bytes: 8 * size });
}, "It falls while a lot is sent");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.close();
  assert_equals(socket.readyState, WebSocket.CLOSING);
  socket.send("dropped");
  assert_equals(socket.bufferedAmount, 7, "CLOSING");
  socket.send(new Uint8Array(3));
  socket.send(new Blob(["12"]));
  assert_equals(socket.bufferedAmount, 12);
  await next_event(socket, "close");
  assert_equals(socket.bufferedAmount, 12, "it does not return to zero by closing");
  socket.send("more");
  assert_equals(socket.bufferedAmount, 16, "CLOSED");
  await sleep(20);
  assert_equals(socket.bufferedAmount, 16);
}, "What is dropped while CLOSING and CLOSED is counted, for ever");

promise_test(async (t) => {
  const socket = make_socket(t, "/silent");
  socket.close();
  socket.send("abc");
  assert_equals(socket.bufferedAmount, 3);
  await next_event(socket, "close");
  assert_equals(socket.bufferedAmount, 3);
}, "Also of a socket that was never open");

promise_test(async (t) => {
  // The server reads nothing, so most of it stays.
  const socket = await open_socket(t, "/mute?read=0&ms=3000");
  const size = 16 << 20;
  socket.send(new Uint8Array(size));
  await sleep(100);
  assert_greater_than(socket.bufferedAmount, 0);
  assert_less_than_equal(socket.bufferedAmount, size);
  const event = await next_event(socket, "close");
  assert_close_event(event, { code: 1006, wasClean: false });
  assert_greater_than(socket.bufferedAmount, 0, "what was not sent is still counted");
}, "What the peer does not take stays");
