// META: title=WebSocket: one handshake at a time (RFC 6455 section 4.1)
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

async function overlapping(t, urls) {
  const sockets = urls.map((url) => new WebSocket(url));
  sockets.forEach((socket) => t.add_cleanup(() => socket.close()));
  return Promise.all(sockets.map(async (socket) => JSON.parse(await next_message(socket)).overlapping));
}

promise_test(async (t) => {
  const path = server_url(`/slow-handshake?ms=30&group=${unique_id()}`);
  assert_array_equals(await overlapping(t, [path, path, path, path]), [1, 1, 1, 1]);
}, "Handshakes with one address and port never overlap");

promise_test(async (t) => {
  const path = `/slow-handshake?ms=30&group=${unique_id()}`;
  const by_name = SERVER.replace("127.0.0.1", "localhost");
  assert_array_equals(await overlapping(t, [SERVER + path, by_name + path, SERVER + path]), [1, 1, 1]);
}, "Nor under different names");

promise_test(async (t) => {
  const first = make_socket(t, "/slow-handshake?ms=100");
  const order = [];
  const refused = make_socket(t, "/status?code=404");
  const third = make_socket(t, "/echo");
  first.onopen = () => order.push("first");
  refused.onclose = () => order.push("refused");
  third.onopen = () => order.push("third");
  await Promise.all([next_event(first, "open"), next_event(refused, "close"), next_event(third, "open")]);
  assert_array_equals(order, ["first", "refused", "third"]);
}, "Each waits for its turn, and one that fails ends its turn");

promise_test(async (t) => {
  const first = make_socket(t, "/silent");
  const second = make_socket(t, "/silent");
  const third = make_socket(t, "/echo");
  second.close();
  first.close();
  await next_event(third, "open");
}, "close() gives the turn to the next");
