// META: title=Dispatching events

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => log.push("bubble 1"));
  target.addEventListener("x", () => log.push("capture 1"), true);
  target.addEventListener("x", () => log.push("bubble 2"));
  target.addEventListener("x", () => log.push("capture 2"), { capture: true });
  target.dispatchEvent(new Event("x", { bubbles: true }));
  assert_array_equals(log, ["capture 1", "capture 2", "bubble 1", "bubble 2"]);
}, "At the target, capturing listeners run first");

test(() => {
  const target = new EventTarget();
  let phases = [];
  target.addEventListener("x", (event) => phases.push(event.eventPhase), true);
  target.addEventListener("x", (event) => phases.push(event.eventPhase));
  target.dispatchEvent(new Event("x"));
  assert_array_equals(phases, [Event.AT_TARGET, Event.AT_TARGET]);
}, "The phase is AT_TARGET for both");

test(() => {
  const target = new EventTarget();
  let count = 0;
  target.addEventListener("x", () => (count += 1), { once: true });
  target.dispatchEvent(new Event("y"));
  target.dispatchEvent(new Event("x"));
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 1);
}, "once");

test(() => {
  const target = new EventTarget();
  let count = 0;
  const listener = () => {
    count += 1;
    if (count < 3) {
      target.dispatchEvent(new Event("x"));
      // Was removed before it was called, so it can be added again.
      target.addEventListener("x", listener, { once: true });
    }
  };
  target.addEventListener("x", listener, { once: true });
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 1);
  target.dispatchEvent(new Event("x"));
  assert_equals(count, 2);
}, "A once listener is removed before it is called");

test(() => {
  const target = new EventTarget();
  const event = new Event("x", { cancelable: true });
  let inside;
  target.addEventListener(
    "x",
    () => {
      event.preventDefault();
      event.returnValue = false;
      inside = event.defaultPrevented;
    },
    { passive: true },
  );
  assert_true(target.dispatchEvent(event));
  assert_false(inside);
  assert_false(event.defaultPrevented);
  target.addEventListener("x", () => event.preventDefault());
  assert_false(target.dispatchEvent(event), "only for the passive listener itself");
}, "passive");

test(() => {
  const target = new EventTarget();
  assert_true(target.dispatchEvent(new Event("x", { cancelable: true })));
  target.addEventListener("x", (event) => event.preventDefault());
  assert_false(target.dispatchEvent(new Event("x", { cancelable: true })));
  assert_true(target.dispatchEvent(new Event("x")));
  const event = new Event("y", { cancelable: true });
  event.preventDefault();
  assert_false(target.dispatchEvent(event), "cancelled before");
}, "dispatchEvent returns false when the event was cancelled");

test(() => {
  const target = new EventTarget();
  const log = [];
  const second = () => log.push("second");
  target.addEventListener("x", () => {
    log.push("first");
    target.removeEventListener("x", second);
    target.addEventListener("x", () => log.push("added"));
  });
  target.addEventListener("x", second);
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log, ["first"]);
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log, ["first", "first", "added"]);
}, "Listeners removed during dispatch do not run, added ones do not run this time");

test(() => {
  const target = new EventTarget();
  const log = [];
  const second = () => log.push("second");
  target.addEventListener("x", () => {
    target.removeEventListener("x", second);
    target.addEventListener("x", second);
  });
  target.addEventListener("x", second);
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log, [], "removed, and added anew");
}, "A listener that is removed and added again during dispatch counts as added");

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", (event) => {
    log.push(1);
    event.stopPropagation();
  });
  target.addEventListener("x", (event) => {
    log.push(2);
    event.stopImmediatePropagation();
  });
  target.addEventListener("x", () => log.push(3));
  const event = new Event("x");
  target.dispatchEvent(event);
  assert_array_equals(log, [1, 2]);
  assert_false(event.cancelBubble, "the flags are cleared after dispatch");
  target.dispatchEvent(event);
  assert_array_equals(log, [1, 2, 1, 2], "and the event can be dispatched again");
}, "stopPropagation and stopImmediatePropagation");

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => log.push("capture"), true);
  target.addEventListener("x", () => log.push("bubble"));
  const event = new Event("x");
  event.stopPropagation();
  target.dispatchEvent(event);
  assert_array_equals(log, []);
}, "An event whose propagation was stopped before reaches nobody");

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", (event) => {
    log.push("capture");
    event.stopPropagation();
  }, true);
  target.addEventListener("x", () => log.push("bubble"));
  target.dispatchEvent(new Event("x"));
  assert_array_equals(log, ["capture"]);
}, "stopPropagation in a capturing listener stops the bubbling listeners of the target");

test(() => {
  const target = new EventTarget();
  const event = new Event("x");
  let inside;
  target.addEventListener("x", () => {
    try {
      target.dispatchEvent(event);
    } catch (error) {
      inside = error;
    }
  });
  assert_true(target.dispatchEvent(event));
  assert_throws_dom("InvalidStateError", () => {
    throw inside;
  });
}, "InvalidStateError while the event is being dispatched");

test(() => {
  const target = new EventTarget();
  for (const wrong of [undefined, null, {}, "x", 1, () => {}, Event.prototype, Object.create(Event.prototype)]) {
    assert_throws_js(TypeError, () => target.dispatchEvent(wrong));
  }
  assert_throws_js(TypeError, () => target.dispatchEvent());
}, "dispatchEvent takes events only");

test(() => {
  const outer = new EventTarget();
  const inner = new EventTarget();
  const log = [];
  outer.addEventListener("x", () => {
    log.push("outer 1");
    inner.dispatchEvent(new Event("y"));
    log.push("outer 1 end");
  });
  outer.addEventListener("x", () => log.push("outer 2"));
  inner.addEventListener("y", () => log.push("inner"));
  outer.dispatchEvent(new Event("x"));
  assert_array_equals(log, ["outer 1", "inner", "outer 1 end", "outer 2"]);
}, "A nested dispatch runs at once");

test(() => {
  const first = new EventTarget();
  const second = new EventTarget();
  const event = new Event("x");
  const targets = [];
  const listener = () => targets.push(event.target);
  first.addEventListener("x", listener);
  second.addEventListener("x", listener);
  first.dispatchEvent(event);
  second.dispatchEvent(event);
  assert_array_equals(targets, [first, second]);
  assert_false(event.isTrusted);
}, "An event can be dispatched again, to another target");

test(() => {
  const target = new EventTarget();
  const event = new Event("x");
  const log = [];
  target.addEventListener("x", () => log.push("ran"));
  event.initEvent("x");
  Object.defineProperty(event, "type", { value: "y" });
  target.dispatchEvent(event);
  assert_array_equals(log, ["ran"]);
}, "Own properties of the event do not confuse dispatch");

test(() => {
  const target = new EventTarget();
  let count = 0;
  for (let index = 0; index < 1000; index += 1) {
    target.addEventListener("x", () => (count += 1));
  }
  for (let index = 0; index < 10; index += 1) {
    target.dispatchEvent(new Event("x"));
  }
  assert_equals(count, 10_000);
}, "A thousand listeners");
