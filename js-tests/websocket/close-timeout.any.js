// META: title=WebSocket: a server that never answers our Close
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss
setup({ test_timeout: 50_000 });

promise_test(async (t) => {
  const id = unique_id();
  const socket = await open_socket(t, `/mute?id=${id}`);
  const closing = next_event(socket, "close");
  socket.close(4000, "anybody?");
  await sleep(200);
  assert_equals(socket.readyState, WebSocket.CLOSING);
  assert_close_event(await closing, { code: 1006, wasClean: false });
  assert_object_equals((await record_of(id)).close, { code: 4000, reason: "anybody?" }, "it was sent");
}, "It is cut after the close timeout: 1006");

promise_test(async (t) => {
  const socket = await open_socket(t, "/mute?read=0&ms=50000");
  socket.send(new Uint8Array(32 << 20));
  const closing = next_event(socket, "close");
  const log = log_events(socket);
  socket.close();
  assert_close_event(await closing, { code: 1006, wasClean: false });
  assert_equals(log.at(-1), "close 3");
}, "Also when it does not even read what was sent before");
