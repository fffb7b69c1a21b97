// META: title=WebSocket: sending
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  for (const text of [
    "hello", "", "\u0000", "ä\u00ff", "€", "\ud83e\udd80 crab", "a".repeat(125), "a".repeat(126), "é".repeat(40_000),
    "line\r\nbreaks\u2028\u2029", "\ufeffmark", "\uffff",
  ]) {
    socket.send(text);
    const received = await next_message(socket);
    assert_equals(typeof received, "string");
    assert_true(received === text, `${format_value(received)} for ${format_value(text)}`);
  }
}, "Texts come back as they were");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const echo_of = async (data) => {
    socket.send(data);
    return next_message(socket);
  };
  assert_equals(await echo_of(null), "null");
  assert_equals(await echo_of(undefined), "undefined");
  assert_equals(await echo_of(12.5), "12.5");
  assert_equals(await echo_of(-0), "0");
  assert_equals(await echo_of(10n), "10");
  assert_equals(await echo_of(true), "true");
  assert_equals(await echo_of({}), "[object Object]");
  assert_equals(await echo_of([1, [2, 3]]), "1,2,3");
  assert_equals(await echo_of({ toString: () => "own" }), "own");
  assert_equals(await echo_of(new String("object")), "object");
  assert_equals(await echo_of(() => 1), "() => 1");
}, "Anything that is not binary is converted to a string");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  for (const [sent, expected] of [
    ["\ud800", "\ufffd"], ["a\udc00b", "a\ufffdb"], ["\udc00\ud800", "\ufffd\ufffd"], ["\ud800\ud800\udc00", "\ufffd\ud800\udc00"],
  ]) {
    socket.send(sent);
    assert_equals(await next_message(socket), expected);
  }
}, "Lone surrogates become U+FFFD");

test((t) => {
  const socket = make_socket(t, "/silent");
  assert_throws_dom("InvalidStateError", () => socket.send("x"));
  assert_throws_dom("InvalidStateError", () => socket.send(new Uint8Array(1)));
  assert_throws_dom("InvalidStateError", () => socket.send(new Blob()));
  assert_equals(socket.bufferedAmount, 0);
}, "InvalidStateError while CONNECTING");

test((t) => {
  const socket = make_socket(t, "/silent");
  const error = new Error("from toString");
  assert_throws_exactly(error, () => socket.send({ toString() { throw error; } }));
  assert_throws_js(TypeError, () => socket.send(Symbol("x")));
  let converted = 0;
  assert_throws_dom("InvalidStateError", () => socket.send({ toString: () => String((converted += 1)) }));
  assert_equals(converted, 1);
  socket.close();
  socket.send({ toString: () => String((converted += 1)) });
  assert_equals(converted, 2, "also while CLOSING");
  assert_throws_js(TypeError, () => socket.send());
}, "The argument is converted before the state is looked at");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  socket.send({ toString() { socket.close(); return "dropped"; } });
  assert_equals(socket.readyState, WebSocket.CLOSING);
  assert_equals(socket.bufferedAmount, 7, "the state is looked at after the conversion");
  await next_event(socket, "close");
}, "A conversion that closes the socket");

promise_test(async (t) => {
  const id = unique_id();
  const socket = await open_socket(t, `/echo?id=${id}`);
  const messages = collect_messages(socket);
  assert_equals(socket.send("one"), undefined);
  socket.send("two");
  socket.close();
  socket.send("dropped");
  socket.send(new Uint8Array(3));
  await next_event(socket, "close");
  socket.send("dropped, too");
  const record = await record_of(id);
  assert_equals(record.messages, 2, "what was sent before close() arrives before the Close frame");
  assert_equals(record.bytes, 6);
  assert_array_equals(messages.received, [], "and what comes back after it is not shown");
}, "send() before and after close()");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const messages = collect_messages(socket);
  socket.binaryType = "arraybuffer";
  socket.send(new Blob(["first, "]));
  socket.send("second");
  socket.send(new Blob([]));
  socket.send("");
  socket.send(new Uint8Array([1]));
  const received = await messages.take(5);
  assert_equals(new TextDecoder().decode(received[0]), "first, ");
  assert_equals(received[1], "second");
  assert_equals(received[2].byteLength, 0);
  assert_equals(received[3], "");
  assert_array_equals(new Uint8Array(received[4]), [1]);
}, "A Blob, then a string, and empty ones: they arrive in that order");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const messages = collect_messages(socket);
  for (let number = 0; number < 100; number += 1) {
    socket.send(String(number));
    await null;
  }
  await next_task();
  for (let number = 100; number < 200; number += 1) {
    socket.send(String(number));
  }
  assert_array_equals(await messages.take(200), Array.from({ length: 200 }, (_, number) => String(number)));
}, "The order of sends across turns");
