// META: title=WebSocket: subprotocols
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

for (const [given, expected] of [
  ["chat", "chat"],
  [["chat"], "chat"],
  [["one", "two", "three"], "one"],
  [["one", "two", "three"], "three"],
  ["!#$%&'*+-.^_`|~", "!#$%&'*+-.^_`|~"],
]) {
  promise_test(async (t) => {
    const socket = make_socket(t, `/protocol?choose=${encodeURIComponent(expected)}`, given);
    assert_equals(socket.protocol, "", "not known before open");
    await next_event(socket, "open");
    assert_equals(socket.protocol, expected);
    const closing = next_event(socket, "close");
    socket.close();
    await closing;
    assert_equals(socket.protocol, expected, "it stays");
  }, `${format_value(given)}, of which the server chooses ${expected}`);
}

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  assert_equals(socket.protocol, "");
  assert_equals(socket.extensions, "");
}, "None asked for, none chosen");

promise_test(async (t) => {
  const socket = make_socket(t, "/headers", ["one", "two", "three"]);
  const headers = JSON.parse(await next_message(socket));
  assert_equals([headers["sec-websocket-protocol"]].flat().join(", ").replace(/\s*,\s*/g, ","), "one,two,three");
}, "They are offered in order");

promise_test((t) => assert_fails_to_connect(t, "/protocol?choose=bogus", ["one", "two"]), "One that was not asked for fails");
promise_test((t) => assert_fails_to_connect(t, "/protocol?choose=bogus"), "One though none was asked for fails");
promise_test((t) => assert_fails_to_connect(t, "/protocol?choose=none", ["one", "two"]), "None though some were asked for fails");
promise_test((t) => assert_fails_to_connect(t, "/protocol?choose=ONE", ["one"]), "One that differs in case fails");
promise_test((t) => assert_fails_to_connect(t, "/protocol?choose=one,two", ["one", "two"]), "Two at once fail");
promise_test((t) => assert_fails_to_connect(t, "/bad-handshake?kind=two-protocols", ["one", "two"]), "Two lines fail");
