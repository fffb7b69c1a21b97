// META: title=WebSocket: pings and pongs
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

promise_test(async (t) => {
  const socket = make_socket(t, "/ping");
  const messages = collect_messages(socket);
  const [text, pongs] = await messages.take(2);
  assert_equals(text, "in three parts", "the message survives");
  assert_array_equals(JSON.parse(pongs), ["first", ""], "each ping is answered with its payload");
}, "Pings between fragments are answered, and an unsolicited pong is ignored");

promise_test(async (t) => {
  const id = unique_id();
  const payload = "61".repeat(125);
  const socket = make_socket(t, `/raw?hex=897d${payload},8a00,8a7d${payload},8900,81026f6b&answer=1&id=${id}`);
  assert_equals(await next_message(socket), "ok");
  const closing = next_event(socket, "close");
  socket.close(4000);
  assert_close_event(await closing, { code: 4000, wasClean: true });
  assert_equals((await record_of(id)).pongs, 2);
}, "Control frames of 125 bytes, and empty ones");

promise_test(async (t) => {
  const socket = make_socket(t, "/raw?hex=890470696e67&answer=1");
  const log = log_events(socket);
  await next_event(socket, "open");
  await sleep(50);
  const closing = next_event(socket, "close");
  socket.close();
  await closing;
  assert_array_equals(log, ["open 1", "close 3"], "no event tells of a ping");
}, "Script does not see pings");

promise_test(async (t) => {
  const id = unique_id();
  // A ping behind the Close frame need not be answered, and must not do harm.
  const socket = make_socket(t, `/raw?hex=880203e88900&id=${id}`);
  assert_close_event(await next_event(socket, "close"), { code: 1000, wasClean: true });
  assert_equals((await record_of(id)).close.code, 1000);
}, "A ping after the Close frame");
