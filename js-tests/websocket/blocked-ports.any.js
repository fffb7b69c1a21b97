// META: title=WebSocket: blocked ports
// META: script=server.js

// The "bad ports" of the Fetch Standard.
const BLOCKED = [
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
  110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
  532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
  5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

promise_test(async () => {
  const outcomes = await Promise.all(BLOCKED.map(async (port) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    const log = log_events(socket);
    assert_equals(socket.readyState, WebSocket.CONNECTING, `port ${port} does not throw`);
    const event = await next_event(socket, "close");
    return { port, log, event };
  }));
  for (const { port, log, event } of outcomes) {
    assert_array_equals(log, ["error 3", "close 3"], `port ${port}`);
    assert_close_event(event, { code: 1006, wasClean: false });
  }
}, "A blocked port fires error and close later, and never throws");

promise_test(async () => {
  const socket = new WebSocket("wss://127.0.0.1:25/");
  assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
}, "Over wss, too");
