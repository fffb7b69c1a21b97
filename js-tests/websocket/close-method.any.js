// META: title=WebSocket: close()
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

const GOOD = [1000, 3000, 3001, 3999, 4000, 4001, 4999];
const BAD = [0, 1, 500, 999, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 2000, 2999, 5000, 65535];

function check_arguments(socket) {
  for (const code of BAD) {
    assert_throws_dom("InvalidAccessError", () => socket.close(code), `code ${code}`);
    assert_throws_dom("InvalidAccessError", () => socket.close(code, "x".repeat(200)), "the code is checked first");
  }
  for (const code of [-1, 65536 + 1000, 1e9, NaN, Infinity, -Infinity, null, "x", "999", {}, [], false, 999.4, 2999.4]) {
    assert_throws_dom("InvalidAccessError", () => socket.close(code), `code ${format_value(code)} is clamped`);
  }
  for (const code of [1000, undefined]) {
    assert_throws_dom("SyntaxError", () => socket.close(code, "x".repeat(124)), "124 bytes");
    assert_throws_dom("SyntaxError", () => socket.close(code, "ä".repeat(62)), "62 characters of 2 bytes");
    assert_throws_dom("SyntaxError", () => socket.close(code, "\ud800".repeat(42)), "U+FFFD has 3 bytes");
  }
  assert_throws_js(TypeError, () => socket.close(Symbol("x")));
  assert_throws_js(TypeError, () => socket.close(1n));
  assert_throws_js(TypeError, () => socket.close(1000, Symbol("x")));
  const error = new Error("from a conversion");
  assert_throws_exactly(error, () => socket.close({ valueOf() { throw error; } }));
  assert_throws_exactly(error, () => socket.close(1, { toString() { throw error; } }), "both are converted before either is checked");
}

promise_test(async (t) => {
  const socket = make_socket(t, "/slow-handshake?ms=100");
  check_arguments(socket);
  assert_equals(socket.readyState, WebSocket.CONNECTING, "CONNECTING: nothing has happened");
  await next_event(socket, "open");
  check_arguments(socket);
  assert_equals(socket.readyState, WebSocket.OPEN, "OPEN: nothing has happened");
  const closing = next_event(socket, "close");
  socket.close();
  check_arguments(socket);
  assert_equals(socket.readyState, WebSocket.CLOSING);
  await closing;
  check_arguments(socket);
  assert_equals(socket.readyState, WebSocket.CLOSED);
}, "The arguments are checked in every state");

for (const code of GOOD) {
  promise_test(async (t) => {
    const id = unique_id();
    const socket = await open_socket(t, `/echo?id=${id}`);
    const closing = next_event(socket, "close");
    assert_equals(socket.close(code, `reason ${code}`), undefined);
    assert_equals(socket.readyState, WebSocket.CLOSING);
    assert_close_event(await closing, { code, reason: `reason ${code}`, wasClean: true });
    assert_object_equals((await record_of(id)).close, { code, reason: `reason ${code}` });
  }, `close(${code}) with a reason`);
}

promise_test(async (t) => {
  const id = unique_id();
  const socket = await open_socket(t, `/echo?id=${id}`);
  const closing = next_event(socket, "close");
  socket.close();
  assert_close_event(await closing, { code: 1005, wasClean: true });
  assert_object_equals((await record_of(id)).close, { code: null, reason: "" });
}, "close() sends an empty Close frame: 1005, clean");

promise_test(async (t) => {
  const id = unique_id();
  const socket = await open_socket(t, `/echo?id=${id}`);
  const closing = next_event(socket, "close");
  socket.close(undefined);
  assert_close_event(await closing, { code: 1005, wasClean: true });
  assert_object_equals((await record_of(id)).close, { code: null, reason: "" });
}, "close(undefined) is close()");

promise_test(async (t) => {
  for (const [reason, sent] of [["x", "x"], [null, "null"], ["a\ud800", "a\ufffd"]]) {
    const id = unique_id();
    const socket = await open_socket(t, `/echo?id=${id}`);
    const closing = next_event(socket, "close");
    socket.close(undefined, reason);
    assert_close_event(await closing, { code: 1000, reason: sent, wasClean: true });
    assert_object_equals((await record_of(id)).close, { code: 1000, reason: sent });
  }
}, "close(undefined, reason) sends 1000");

promise_test(async (t) => {
  for (const [code, sent] of [["1000", 1000], [1000.4, 1000], [2999.5, 3000], [{ valueOf: () => 4000 }, 4000], [4999.5, null]]) {
    const socket = await open_socket(t, "/echo");
    const closing = next_event(socket, "close");
    if (sent === null) {
      assert_throws_dom("InvalidAccessError", () => socket.close(code), "rounded up to 5000");
      socket.close(1000);
    } else {
      socket.close(code);
      assert_close_event(await closing, { code: sent, wasClean: true });
    }
  }
}, "The code is clamped, that is rounded to the nearest");

promise_test(async (t) => {
  for (const reason of ["x".repeat(123), "ä".repeat(61), "", "\u0000", "\ud83e\udd80"]) {
    const socket = await open_socket(t, "/echo");
    const closing = next_event(socket, "close");
    socket.close(3000, reason);
    assert_close_event(await closing, { code: 3000, reason, wasClean: true });
  }
}, "Reasons up to 123 bytes");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const log = log_events(socket);
  const closing = next_event(socket, "close");
  socket.close(4000, "first");
  socket.close(4001, "second");
  socket.close();
  assert_close_event(await closing, { code: 4000, reason: "first", wasClean: true });
  socket.close(4002, "third");
  await sleep(20);
  assert_array_equals(log, ["close 3"]);
  assert_equals(socket.readyState, WebSocket.CLOSED);
}, "Only the first close() counts");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  const log = log_events(socket);
  socket.close();
  assert_equals(socket.readyState, WebSocket.CLOSING);
  const event = await next_event(socket, "close");
  assert_close_event(event, { code: 1006, wasClean: false });
  await sleep(50);
  assert_array_equals(log, ["error 3", "close 3"], "and no open");
}, "close() at once while CONNECTING");

promise_test(async (t) => {
  for (const path of ["/silent", "/slow-handshake?ms=60", "/status?code=404", "/drop?when=connect&ms=60"]) {
    const socket = make_socket(t, path);
    const log = log_events(socket);
    await sleep(20);
    if (socket.readyState === WebSocket.CONNECTING) {
      socket.close(4000, "not needed");
      assert_equals(socket.readyState, WebSocket.CLOSING);
    }
    if (socket.readyState !== WebSocket.CLOSED) {
      assert_close_event(await next_event(socket, "close"), { code: 1006, wasClean: false });
    }
    await sleep(100);
    assert_array_equals(log, ["error 3", "close 3"], path);
  }
}, "close() in the middle of a handshake");

promise_test(async (t) => {
  const socket = make_socket(t, "/slow-handshake?ms=400");
  const log = log_events(socket);
  await sleep(20);
  // Meanwhile the handshake ends, which no task has told script.
  const begin = Date.now();
  while (Date.now() - begin < 800);
  assert_equals(socket.readyState, WebSocket.CONNECTING);
  socket.close(4000, "too late");
  assert_equals(socket.readyState, WebSocket.CLOSING);
  assert_close_event(await next_event(socket, "close"), { code: 1006, reason: "", wasClean: false });
  assert_array_equals(log, ["error 3", "close 3"], "and no open");
}, "close() while CONNECTING, when the handshake is through already");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  socket.onopen = () => socket.close(4000, "from onopen");
  assert_close_event(await next_event(socket, "close"), { code: 4000, reason: "from onopen", wasClean: true });
  const other = await open_socket(t, "/flood?count=10&size=1&stay=1");
  other.onmessage = () => other.close(4001);
  assert_close_event(await next_event(other, "close"), { code: 4001, wasClean: true });
}, "close() from event handlers");
