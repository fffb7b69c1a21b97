// META: title=WebSocket: listeners that throw
// META: script=server.js
// META: variant=?ws
// META: variant=?wss
setup({ allow_uncaught_exception: true });

promise_test(async (t) => {
  const reported = [];
  const listener = (event) => {
    reported.push(event.error);
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  t.add_cleanup(() => globalThis.removeEventListener("error", listener));
  const socket = make_socket(t, "/flood?count=5&size=1");
  const seen = [];
  for (const type of ["open", "message", "close"]) {
    socket.addEventListener(type, () => {
      throw `from ${type}`;
    });
    socket.addEventListener(type, () => seen.push(type));
  }
  socket.onmessage = () => {
    throw "from onmessage";
  };
  await next_event(socket, "close");
  await sleep(20);
  assert_array_equals(seen, ["open", "message", "message", "message", "message", "message", "close"]);
  const of_messages = Array.from({ length: 5 }, () => ["from message", "from onmessage"]).flat();
  assert_array_equals(reported, ["from open", ...of_messages, "from close"]);
}, "They are reported and stop neither the next listener nor the socket");

promise_test(async (t) => {
  const rejected = [];
  const listener = (event) => {
    rejected.push(event.reason);
    event.preventDefault();
  };
  globalThis.addEventListener("unhandledrejection", listener);
  t.add_cleanup(() => globalThis.removeEventListener("unhandledrejection", listener));
  const socket = make_socket(t, "/flood?count=2&size=1");
  socket.onmessage = async (event) => {
    throw event.data;
  };
  await next_event(socket, "close");
  await sleep(20);
  assert_array_equals(rejected, ["0", "1"]);
}, "An async listener that throws is an unhandled rejection");
