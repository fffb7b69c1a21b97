// META: title=Listeners that throw
setup({ allow_uncaught_exception: true });

// Runs `func` and returns the error events it caused.
function reported_by(func) {
  const events = [];
  const listener = (event) => {
    events.push(event);
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  try {
    func();
  } finally {
    globalThis.removeEventListener("error", listener);
  }
  return events;
}

test(() => {
  const target = new EventTarget();
  const error = new RangeError("from a listener");
  const log = [];
  target.addEventListener("x", () => {
    log.push("before");
    throw error;
  });
  target.addEventListener("x", () => log.push("after"));
  let returned;
  const reported = reported_by(() => (returned = target.dispatchEvent(new Event("x"))));
  assert_array_equals(log, ["before", "after"]);
  assert_true(returned);
  assert_equals(reported.length, 1);
  assert_equals(reported[0].error, error);
}, "A listener that throws is reported and does not stop the next one");

test(() => {
  const target = new EventTarget();
  target.addEventListener("x", {});
  target.addEventListener("x", { handleEvent: 1 });
  target.addEventListener("x", { get handleEvent() { throw "from the getter"; } });
  let last = false;
  target.addEventListener("x", () => (last = true));
  const reported = reported_by(() => target.dispatchEvent(new Event("x")));
  assert_equals(reported.length, 3);
  assert_true(reported[0].error instanceof TypeError);
  assert_true(reported[1].error instanceof TypeError);
  assert_equals(reported[2].error, "from the getter");
  assert_true(last);
}, "A handleEvent that is missing, not callable or throwing is reported");

test(() => {
  const target = new EventTarget();
  target.addEventListener("x", () => {
    throw undefined;
  });
  const reported = reported_by(() => target.dispatchEvent(new Event("x")));
  assert_equals(reported.length, 1);
  assert_equals(reported[0].error, undefined);
}, "Any value can be thrown");

test(() => {
  const target = new EventTarget();
  let count = 0;
  target.addEventListener("x", () => { count += 1; throw new Error("once"); }, { once: true });
  reported_by(() => {
    target.dispatchEvent(new Event("x"));
    target.dispatchEvent(new Event("x"));
  });
  assert_equals(count, 1);
}, "A once listener that throws is gone all the same");

test(() => {
  const target = new EventTarget();
  const order = [];
  target.addEventListener("x", () => { order.push("listener"); throw new Error("first"); });
  target.addEventListener("x", () => order.push("second"));
  const listener = (event) => {
    order.push("reported");
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  target.dispatchEvent(new Event("x"));
  globalThis.removeEventListener("error", listener);
  assert_array_equals(order, ["listener", "reported", "second"]);
}, "It is reported before the next listener runs");
