// META: title=WebSocket: a thousand sockets at once
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss
setup({ test_timeout: 50_000 });

promise_test(async () => {
  const count = 1_000;
  const sockets = Array.from({ length: count }, () => new WebSocket(server_url("/echo")));
  await Promise.all(sockets.map((socket) => next_event(socket, "open")));
  assert_true(sockets.every((socket) => socket.readyState === WebSocket.OPEN), "all open at once");
  const echoes = Promise.all(sockets.map((socket) => next_message(socket)));
  sockets.forEach((socket, number) => socket.send(`socket ${number}`));
  const received = await echoes;
  received.forEach((text, number) => assert_equals(text, `socket ${number}`));
  const closing = Promise.all(sockets.map((socket) => next_event(socket, "close")));
  sockets.forEach((socket, number) => socket.close(3000 + (number % 1000)));
  (await closing).forEach((event, number) => assert_close_event(event, { code: 3000 + (number % 1000), wasClean: true }));
}, "A thousand sockets open, echo and close");
