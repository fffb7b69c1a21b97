// META: title=WebSocket: permessage-deflate
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

// RFC 7692. The server says what it is told to and sends what it is told to: the compressed messages are
// written out here.

function raw(parameters) {
  const query = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `/raw?${query.join("&")}`;
}

// "Hello", section 7.2.3.1, and again with a reference to it, 7.2.3.2.
const HELLO = "c107f248cdc9c90700";
const AGAIN = "c105f200110000";

promise_test(async (t) => {
  const socket = await open_socket(t, "/headers");
  const headers = JSON.parse(await next_message(socket));
  assert_equals([headers["sec-websocket-extensions"]].flat().join(), "permessage-deflate; client_max_window_bits");
  assert_equals(socket.extensions, "", "a server may ignore the offer");
}, "compression is offered");

for (const extensions of [
  "permessage-deflate",
  "permessage-deflate; server_no_context_takeover",
  "permessage-deflate; client_no_context_takeover",
  "permessage-deflate;server_max_window_bits=8 ; client_max_window_bits=\"12\"",
]) {
  promise_test(async (t) => {
    const socket = make_socket(t, raw({ extensions, hex: HELLO, on: "message", answer: 1 }));
    assert_equals(socket.extensions, "");
    await next_event(socket, "open");
    assert_equals(socket.extensions, extensions);
    socket.send("");
    assert_equals(await next_message(socket), "Hello");
    socket.close(1000);
    const event = await next_event(socket, "close");
    assert_close_event(event, { code: 1000, wasClean: true });
    assert_equals(socket.extensions, extensions, "it stays");
  }, `extensions: ${extensions}`);
}

for (const [what, hex, messages] of [
  ["context takeover", HELLO + AGAIN, ["Hello", "Hello"]],
  ["fragments", "4103f248cd" + "8900" + "0000" + "8004c9c90700", ["Hello"]],
  ["a block without compression", "c10b000500faff48656c6c6f00", ["Hello"]],
  ["a final block", "c108f348cdc9c9070000", ["Hello"]],
  ["two blocks", "c10df248050000" + "00ffffcac9c90700", ["Hello"]],
  ["an empty message", "c10100", [""]],
  ["a plain message between compressed ones", HELLO + "810161" + AGAIN, ["Hello", "a", "Hello"]],
]) {
  promise_test(async (t) => {
    const socket = make_socket(t, raw({ extensions: "permessage-deflate", hex: hex + "8800" }));
    const seen = [];
    socket.addEventListener("message", (event) => seen.push(event.data));
    const event = await next_event(socket, "close");
    assert_close_event(event, { code: 1005, wasClean: true });
    assert_array_equals(seen, messages);
  }, `received: ${what}`);
}

for (const [what, extensions, hex, code] of [
  ["RSV1 on a continuation", "permessage-deflate", "4103f248cd" + "c004c9c90700", 1002],
  ["RSV1 on a ping", "permessage-deflate", "c900", 1002],
  ["RSV2", "permessage-deflate", "e1", 1002],
  ["a stream that is none", "permessage-deflate", "c10107", 1007],
  ["a stream that is cut off", "permessage-deflate", "c103f248cd", 1007],
  ["a context that was to be forgotten", "permessage-deflate; server_no_context_takeover", HELLO + AGAIN, 1007],
  ["wrong UTF-8 once it is inflated", "permessage-deflate", "c10c000500faff616263ff6400", 1007],
]) {
  promise_test(async (t) => {
    const id = unique_id();
    const socket = make_socket(t, raw({ extensions, hex, id }));
    const log = log_events(socket);
    const event = await next_event(socket, "close");
    assert_close_event(event, { code: 1006, wasClean: false });
    assert_array_equals(log.slice(-2), ["error 3", "close 3"]);
    const record = await record_of(id, "end");
    assert_not_equals(record.close, null, "a Close frame reached the server");
    assert_equals(record.close.code, code);
    assert_equals(record.end, "eof", "and the line was not reset");
  }, `${code}: ${what}`);
}

promise_test(async (t) => {
  const id = unique_id();
  const socket = await open_socket(t, raw({ extensions: "permessage-deflate", id, answer: 1 }));
  socket.send("story ".repeat(10_000));
  assert_equals(socket.bufferedAmount, 60_000, "what counts is the message");
  while (socket.bufferedAmount > 0) {
    await new Promise((resolve) => t.step_timeout(resolve, 5));
  }
  socket.close();
  await next_event(socket, "close");
  const record = await record_of(id, "end");
  assert_equals(record.messages, 1);
  assert_less_than(record.bytes, 6_000, "and what is sent is less");
}, "a large message is sent compressed");
