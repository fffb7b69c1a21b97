// META: title=WebSocket: closing by the server
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4001, 4999]) {
  promise_test(async (t) => {
    const id = unique_id();
    const socket = make_socket(t, `/close?code=${code}&reason=why%20${code}&id=${id}`);
    const log = log_events(socket);
    const event = await next_event(socket, "close");
    assert_array_equals(log, ["open 1", "close 3"]);
    assert_close_event(event, { code, reason: `why ${code}`, wasClean: true });
    assert_equals((await record_of(id)).close.code, code, "our Close frame repeats the code");
  }, `The server closes with ${code}`);
}

promise_test(async (t) => {
  const id = unique_id();
  const socket = make_socket(t, `/close?id=${id}`);
  assert_close_event(await next_event(socket, "close"), { code: 1005, wasClean: true });
  assert_equals((await record_of(id)).close.code, null, "ours is empty, too");
}, "The server closes without a code: 1005");

promise_test(async (t) => {
  for (const reason of ["", "x".repeat(123), "ä€\ud83e\udd80", "\u0000"]) {
    const socket = make_socket(t, `/close?code=4000&reason=${encodeURIComponent(reason)}`);
    assert_close_event(await next_event(socket, "close"), { code: 4000, reason, wasClean: true });
  }
}, "Reasons");

promise_test(async (t) => {
  const socket = await open_socket(t, "/close?code=4002&reason=theirs&on=close");
  const closing = next_event(socket, "close");
  socket.close(4001, "ours");
  assert_close_event(await closing, { code: 4002, reason: "theirs", wasClean: true });
  const other = await open_socket(t, "/close?on=close");
  const other_closing = next_event(other, "close");
  other.close(4001, "ours");
  assert_close_event(await other_closing, { code: 1005, wasClean: true });
}, "The event has the code that was received, even if we sent another");

promise_test(async (t) => {
  const socket = await open_socket(t, "/close?code=4000&on=message");
  const messages = collect_messages(socket);
  socket.send("close, please");
  assert_close_event(await next_event(socket, "close"), { code: 4000, wasClean: true });
  assert_array_equals(messages.received, []);
}, "The server closes when asked");

promise_test(async (t) => {
  // The server waits before it ends TCP.
  const socket = await open_socket(t, "/close?code=4000&reason=wait&on=message&ms=300");
  const states = [];
  let over = false;
  const closing = next_event(socket, "close");
  closing.then(() => (over = true));
  socket.send("now");
  while (!over) {
    if (states.at(-1) !== socket.readyState) {
      states.push(socket.readyState);
    }
    await sleep(5);
  }
  assert_array_equals(states.filter((state) => state !== WebSocket.CLOSED), [WebSocket.OPEN, WebSocket.CLOSING]);
  assert_close_event(await closing, { code: 4000, reason: "wait", wasClean: true });
}, "The server's Close shows CLOSING first");

promise_test(async (t) => {
  const socket = await open_socket(t, "/close?code=4000&on=message&ms=300");
  socket.send("now");
  await t.step_wait(() => socket.readyState === WebSocket.CLOSING, "CLOSING", 2_000, 5);
  socket.close(4001, "too late");
  socket.send("dropped");
  assert_equals(socket.bufferedAmount, 7);
  assert_close_event(await next_event(socket, "close"), { code: 4000, wasClean: true });
}, "close() and send() after the server's Close do nothing");

promise_test(async (t) => {
  const socket = make_socket(t, "/close?code=4000&reason=kept&end=keep");
  assert_close_event(await next_event(socket, "close"), { code: 4000, reason: "kept", wasClean: true });
}, "A server that keeps the line open after both Close frames is cut: clean");

promise_test(async (t) => {
  const socket = make_socket(t, "/close?code=4000&reason=cut&end=cut");
  assert_close_event(await next_event(socket, "close"), { code: 4000, reason: "cut", wasClean: true });
}, "A line cut after both Close frames is clean");

promise_test(async (t) => {
  const socket = await open_socket(t, "/close?code=4000&reason=cut&end=cut&on=close");
  const closing = next_event(socket, "close");
  socket.close(4001);
  assert_close_event(await closing, { code: 4000, reason: "cut", wasClean: true });
}, "Also when we closed first");

for (const [query, what] of [
  ["", "The line is cut"],
  ["?notify=1", "The line ends in order, but without a Close frame"],
  ["?ms=30", "The line is cut a little later"],
]) {
  promise_test(async (t) => {
    const socket = make_socket(t, `/drop${query}`);
    const log = log_events(socket);
    assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
    assert_array_equals(log, ["open 1", "error 3", "close 3"]);
  }, `${what}: error, then 1006`);
}

promise_test(async (t) => {
  const socket = await open_socket(t, "/drop?reset=1");
  const log = log_events(socket);
  socket.send("unread");
  assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
  assert_array_equals(log, ["error 3", "close 3"]);
}, "The connection is reset: error, then 1006");

promise_test(async (t) => {
  const socket = await open_socket(t, "/drop?when=close");
  const closing = next_event(socket, "close");
  socket.close(4000, "mine");
  assert_close_event(await closing, { code: 1006, wasClean: false });
}, "The line is cut instead of an answer to our Close: 1006");

promise_test(async (t) => {
  const socket = await open_socket(t, "/raw?hex=810474657374,8205&then=cut");
  const messages = collect_messages(socket);
  assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
  assert_array_equals(messages.received, ["test"]);
}, "The line is cut in the middle of a frame: what was complete arrives");

promise_test(async (t) => {
  // The Close frame, and data after it, in one piece.
  const socket = make_socket(t, "/raw?hex=810161880203e8810162&answer=0");
  const messages = collect_messages(socket);
  assert_close_event(await next_event(socket, "close"), { code: 1000, wasClean: true });
  assert_array_equals(messages.received, ["a"]);
}, "Data after a Close frame is ignored");

promise_test(async (t) => {
  const socket = make_socket(t, "/raw?hex=81026869880203e8&then=cut");
  const messages = collect_messages(socket);
  const event = await next_event(socket, "close");
  assert_array_equals(messages.received, ["hi"]);
  assert_equals(event.code, 1000, "the code was received");
}, "Data, Close and the end of TCP in one piece: nothing is lost");
