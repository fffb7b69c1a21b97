// META: title=WebSocket: opening handshakes that succeed
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

for (const [kind, what] of [
  ["plain", "A plain answer"],
  ["keep-alive", "Connection: keep-alive, Upgrade"],
  ["split-connection", "Two Connection lines"],
  ["case", "Names and values in another case, and another phrase"],
  ["spaces", "Spaces and tabs around values"],
  ["order", "Another order, and more headers"],
  ["many-headers", "Many headers"],
  ["byte-by-byte", "An answer that comes byte by byte"],
]) {
  promise_test(async (t) => {
    const socket = await open_socket(t, `/handshake?kind=${kind}`);
    socket.send("through");
    assert_equals(await next_message(socket), "through");
  }, `${what} succeeds`);
}

promise_test(async (t) => {
  const socket = make_socket(t, "/handshake?kind=coalesced");
  // Before the other listener, whose promise goes on in a microtask right behind it.
  const log = log_events(socket);
  const messages = collect_messages(socket);
  assert_array_equals(await messages.take(2), ["first", "second"]);
  assert_array_equals(log, ["open 1", "message 1", "message 1"]);
}, "Messages in the same segment as the answer are not lost, and come after open");

promise_test(async (t) => {
  const socket = await open_socket(t, "/headers");
  socket.close();
  const other = make_socket(t, "/headers");
  const headers = JSON.parse(await next_message(other));
  assert_equals(headers.upgrade.toLowerCase(), "websocket");
  assert_regexp_match(headers.connection, /\bupgrade\b/i);
  assert_equals(headers["sec-websocket-version"], "13");
  assert_regexp_match(headers["sec-websocket-key"], /^[A-Za-z0-9+/]{22}==$/);
  assert_equals(headers.host, SERVER.slice(SERVER.indexOf("//") + 2));
  assert_false("sec-websocket-protocol" in headers);
  assert_false("authorization" in headers);
  if ("origin" in headers) {
    assert_equals(headers.origin, location.origin, "Origin is that of the host");
  }
}, "The headers of the request");

promise_test(async (t) => {
  const keys = new Set();
  for (let count = 0; count < 5; count += 1) {
    const socket = make_socket(t, "/headers");
    keys.add(JSON.parse(await next_message(socket))["sec-websocket-key"]);
  }
  assert_equals(keys.size, 5);
}, "Each connection has a key of its own");

promise_test(async (t) => {
  const [scheme, rest] = SERVER.split("//");
  for (const [info, expected] of [
    ["user:password@", "user:password"],
    ["user@", "user:"],
    [":password@", ":password"],
    ["us%C3%A9r:p%40ss%3Aword@", "us\u00c3\u00a9r:p@ss:word"],
  ]) {
    const socket = new WebSocket(`${scheme}//${info}${rest}/headers`);
    t.add_cleanup(() => socket.close());
    const headers = JSON.parse(await next_message(socket));
    assert_equals(headers.authorization, `Basic ${btoa(expected)}`, info);
  }
}, "User info in the URL becomes Authorization: Basic");

promise_test(async (t) => {
  const socket = make_socket(t, "/slow-handshake?ms=150");
  const log = log_events(socket);
  await sleep(20);
  assert_equals(socket.readyState, WebSocket.CONNECTING);
  await next_event(socket, "open");
  assert_equals(socket.readyState, WebSocket.OPEN);
  assert_array_equals(log, ["open 1"]);
}, "A slow handshake is waited for");
