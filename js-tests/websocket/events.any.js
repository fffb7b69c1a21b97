// META: title=WebSocket: the events and their order
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

function assert_plain(event, socket) {
  assert_true(event.isTrusted, `${event.type} is trusted`);
  assert_false(event.bubbles, `${event.type} does not bubble`);
  assert_false(event.cancelable, `${event.type} cannot be cancelled`);
  assert_false(event.composed);
  assert_equals(event.target, socket);
  assert_equals(event.srcElement, socket);
  event.preventDefault();
  assert_false(event.defaultPrevented);
}

promise_test(async (t) => {
  const socket = make_socket(t, "/drop?when=message");
  const events = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, (event) => {
      events.push(event);
      t.step(() => {
        assert_equals(event.currentTarget, socket);
        assert_equals(event.eventPhase, Event.AT_TARGET);
        assert_array_equals(event.composedPath(), [socket]);
        assert_plain(event, socket);
      });
    });
  }
  socket.onopen = () => socket.send("cut");
  await next_event(socket, "close");
  // The promise goes on in a microtask between the listeners, while the event is still being dispatched.
  await sleep(0);
  assert_array_equals(events.map((event) => event.type), ["open", "error", "close"]);
  assert_equals(Object.getPrototypeOf(events[0]), Event.prototype, "open is a plain Event");
  assert_equals(Object.getPrototypeOf(events[1]), Event.prototype, "error is a plain Event");
  assert_equals(Object.getPrototypeOf(events[2]), CloseEvent.prototype);
  events.forEach((event) => {
    assert_plain(event, socket);
    assert_equals(event.currentTarget, null);
    assert_equals(event.eventPhase, Event.NONE);
  });
  assert_greater_than_equal(events[1].timeStamp, events[0].timeStamp);
  assert_greater_than_equal(events[2].timeStamp, events[1].timeStamp);
}, "open, error and close: trusted, do not bubble, cannot be cancelled");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  const log = log_events(socket);
  socket.onopen = () => {
    socket.send("1");
    socket.send("2");
  };
  let count = 0;
  socket.onmessage = () => {
    count += 1;
    if (count === 2) {
      socket.close();
    }
  };
  await next_event(socket, "close");
  await sleep(20);
  assert_array_equals(log, ["open 1", "message 1", "message 1", "close 3"]);
}, "The order of a normal life");

promise_test(async (t) => {
  const socket = make_socket(t, "/status?code=404");
  const log = [];
  socket.onerror = () => {
    log.push("error");
    setTimeout(() => log.push("a task after error"), 0);
    Promise.resolve().then(() => log.push("a microtask after error"));
  };
  socket.onclose = () => log.push("close");
  await next_event(socket, "close");
  await sleep(20);
  assert_array_equals(log.filter((entry) => !entry.includes("micro")), ["error", "close", "a task after error"]);
}, "error and close come in one task");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  const log = [];
  for (const name of ["first", "second"]) {
    socket.addEventListener("open", () => {
      log.push(name);
      Promise.resolve().then(() => {
        log.push(`microtask of ${name}`);
        queueMicrotask(() => log.push(`its microtask`));
      });
    });
  }
  await next_event(socket, "open");
  await next_task();
  assert_array_equals(log, ["first", "microtask of first", "its microtask", "second", "microtask of second", "its microtask"]);
}, "A microtask checkpoint follows every listener");

promise_test(async (t) => {
  const socket = make_socket(t, "/flood?count=3&size=1");
  const log = [];
  socket.onmessage = (event) => {
    log.push(event.data);
    Promise.resolve().then(() => log.push("microtask"));
  };
  await next_event(socket, "close");
  assert_array_equals(log, ["0", "microtask", "1", "microtask", "2", "microtask"]);
}, "Each message is a task of its own");

promise_test(async (t) => {
  const first = await open_socket(t, "/echo");
  const second = await open_socket(t, "/echo");
  const log = [];
  first.onmessage = () => log.push("first");
  second.onmessage = () => log.push("second");
  const closing = Promise.all([next_event(first, "close"), next_event(second, "close")]);
  first.send("x");
  first.close();
  second.send("x");
  second.close();
  await closing;
  assert_array_equals(log, [], "both were CLOSING");
}, "Two sockets that are closed in the same turn");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  let seen_in_turn;
  socket.onmessage = () => {
    // The server's answer to close is on its way while this turn lasts; nothing may move.
    socket.close();
    const until = Date.now() + 100;
    while (Date.now() < until) {}
    seen_in_turn = socket.readyState;
  };
  socket.send("x");
  await next_event(socket, "close");
  assert_equals(seen_in_turn, WebSocket.CLOSING);
}, "readyState does not become CLOSED within a turn");

promise_test(async (t) => {
  const socket = await open_socket(t, "/close?code=4000&on=message");
  socket.send("close");
  // This task goes on while the Close frame and the end arrive.
  await next_task();
  const before = socket.readyState;
  const until = Date.now() + 150;
  while (Date.now() < until) {
    if (socket.readyState !== before) {
      break;
    }
  }
  assert_equals(socket.readyState, before);
  if (socket.readyState !== WebSocket.CLOSED) {
    await next_event(socket, "close");
  }
}, "readyState does not move in the middle of a task when the server closes");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  const until = Date.now() + 100;
  while (Date.now() < until) {}
  assert_equals(socket.readyState, WebSocket.CONNECTING);
  assert_equals(socket.protocol, "");
  await next_event(socket, "open");
}, "Nor from CONNECTING to OPEN");

promise_test(async (t) => {
  const socket = await open_socket(t, "/echo");
  const seen = [];
  socket.onclose = () => seen.push("replaced");
  socket.onclose = (event) => seen.push(event.code);
  socket.addEventListener("close", { handleEvent: (event) => seen.push(event.reason) });
  const removed = () => seen.push("removed");
  socket.addEventListener("close", removed);
  socket.removeEventListener("close", removed);
  socket.addEventListener("close", () => seen.push("once"), { once: true });
  const closing = next_event(socket, "close");
  socket.close(3333, "reason");
  await closing;
  assert_array_equals(seen, [3333, "reason", "once"]);
}, "onclose and listeners");

promise_test(async (t) => {
  const socket = make_socket(t, "/echo");
  const event = await new Promise((resolve) => {
    socket.onopen = () => {
      socket.onmessage = resolve;
      socket.send("set late");
    };
  });
  assert_equals(event.data, "set late");
  // Until the dispatch is over.
  await sleep(0);
  socket.dispatchEvent(new CloseEvent("close", { code: 1234 }));
  assert_equals(socket.readyState, WebSocket.OPEN, "an event of the script's own changes nothing");
  socket.dispatchEvent(event);
  assert_false(event.isTrusted, "and a trusted event dispatched again is trusted no more");
}, "Handlers set late, and events that script dispatches itself");
