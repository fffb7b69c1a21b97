// META: title=WebSocket: opening handshakes that fail
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

for (const code of [200, 204, 301, 302, 307, 401, 403, 404, 426, 500, 503]) {
  promise_test((t) => assert_fails_to_connect(t, `/status?code=${code}&location=/echo`), `Status ${code} fails`);
}

for (const [kind, what] of [
  ["accept", "A wrong Sec-WebSocket-Accept"],
  ["accept-case", "A Sec-WebSocket-Accept that differs in case"],
  ["no-accept", "No Sec-WebSocket-Accept"],
  ["empty-accept", "An empty Sec-WebSocket-Accept"],
  ["two-accepts", "Two Sec-WebSocket-Accept"],
  ["no-upgrade", "No Upgrade"],
  ["wrong-upgrade", "An Upgrade to something else"],
  ["no-connection", "No Connection"],
  ["wrong-connection", "A Connection without the token upgrade"],
  ["extension", "An extension that was not offered"],
  ["extension-parameter", "permessage-deflate with a parameter it does not have"],
  ["extension-window", "permessage-deflate with a window that does not exist"],
  ["extension-twice", "permessage-deflate twice"],
  ["protocol", "A subprotocol though none was offered"],
  ["status-200", "A handshake that is right but for the status 200"],
  ["header-name", "A header name with a space"],
  ["garbage", "An answer that is no HTTP"],
  ["truncated", "An answer that breaks off"],
  ["empty", "No answer at all"],
  ["huge-head", "A response head without end"],
]) {
  promise_test((t) => assert_fails_to_connect(t, `/bad-handshake?kind=${kind}`), `${what} fails`);
}

promise_test((t) => assert_fails_to_connect(t, "/drop?when=connect"), "A line cut during the handshake fails");

promise_test(async (t) => {
  const socket = new WebSocket("ws://127.0.0.1:2/");
  const log = log_events(socket);
  assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
  assert_array_equals(log, ["error 3", "close 3"]);
}, "A port where nobody listens fails");

promise_test(async (t) => {
  // TLS spoken to a port without it, and the other way round.
  const wrong = SCHEME === "ws" ? WSS_URL.replace("wss:", "ws:") : WS_URL.replace("ws:", "wss:");
  const socket = new WebSocket(`${wrong}/echo`);
  const log = log_events(socket);
  assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
  assert_array_equals(log, ["error 3", "close 3"]);
}, "The wrong scheme for a port fails");
