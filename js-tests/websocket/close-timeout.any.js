// META: title=WebSocket: a server that never answers our Close
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss
setup({ test_timeout: 50_000 });

promise_test(async (t) => {
  // Both at once, because each takes as long as the timeout.
  const id = unique_id();
  const reading = await open_socket(t, `/mute?id=${id}`);
  const stuck = await open_socket(t, "/mute?read=0&ms=50000");
  // More than the system's buffers take, so that the Close frame waits behind it.
  stuck.send(new Uint8Array(32 << 20));
  const log = log_events(reading);
  const closing = Promise.all([next_event(reading, "close"), next_event(stuck, "close")]);
  reading.close(4000, "anybody?");
  stuck.close();
  await sleep(200);
  assert_equals(reading.readyState, WebSocket.CLOSING);
  assert_equals(stuck.readyState, WebSocket.CLOSING);
  const [of_reading, of_stuck] = await closing;
  assert_close_event(of_reading, { code: 1006, wasClean: false });
  assert_close_event(of_stuck, { code: 1006, wasClean: false });
  assert_equals(log.at(-1), "close 3");
  assert_object_equals((await record_of(id)).close, { code: 4000, reason: "anybody?" }, "it was sent");
}, "A peer that never answers, or does not even read, is cut: 1006");
