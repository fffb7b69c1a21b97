// META: title=addEventListener() with a signal

const make = () => {
  const controller = new AbortController();
  const target = new EventTarget();
  const log = [];
  const fire = () => target.dispatchEvent(new Event("x"));
  return { controller, signal: controller.signal, target, log, fire };
};

test(() => {
  const { controller, signal, target, log, fire } = make();
  target.addEventListener("x", () => log.push("with"), { signal });
  target.addEventListener("x", () => log.push("without"));
  fire();
  controller.abort();
  fire();
  assert_array_equals(log, ["with", "without", "without"]);
}, "Aborting removes the listener");

test(() => {
  const { target, log, fire } = make();
  target.addEventListener("x", () => log.push("x"), { signal: AbortSignal.abort() });
  fire();
  assert_array_equals(log, []);
}, "With a signal that is aborted already it is not added");

test(() => {
  const { target } = make();
  for (const signal of [null, 1, "text", {}, new AbortController(), new EventTarget()]) {
    for (const callback of [() => {}, null]) {
      assert_throws_js(TypeError, () => target.addEventListener("x", callback, { signal }), String(signal));
    }
  }
  target.addEventListener("x", null, { signal: undefined });
  target.addEventListener("x", null, { signal: new AbortController().signal });
  target.addEventListener("x", null, { signal: AbortSignal.abort() });
}, "The option is an AbortSignal and nothing else");

test(() => {
  const { target } = make();
  const order = [];
  const options = {};
  for (const name of ["signal", "passive", "once", "capture"]) {
    Object.defineProperty(options, name, { get() { order.push(name); } });
  }
  target.addEventListener("x", () => {}, options);
  assert_array_equals(order, ["capture", "once", "passive", "signal"]);
  const before = order.length;
  target.removeEventListener("x", () => {}, options);
  assert_array_equals(order.slice(before), ["capture"]);
}, "The order in which the options are read");

test(() => {
  const { controller, signal, target, log, fire } = make();
  for (const type of ["x", "y"]) {
    for (const capture of [true, false]) {
      target.addEventListener(type, () => log.push(type), { signal, capture });
    }
  }
  fire();
  controller.abort();
  fire();
  target.dispatchEvent(new Event("y"));
  assert_array_equals(log, ["x", "x"]);
}, "One signal for many listeners");

test(() => {
  const { controller, signal, target, log, fire } = make();
  const listener = () => log.push("x");
  target.addEventListener("x", listener, { signal });
  target.removeEventListener("x", listener);
  target.addEventListener("x", listener);
  controller.abort();
  fire();
  assert_array_equals(log, ["x"]);
}, "A listener that was removed and added without the signal stays");

test(() => {
  const { controller, signal, target, log, fire } = make();
  const listener = () => log.push("x");
  target.addEventListener("x", listener);
  target.addEventListener("x", listener, { signal });
  controller.abort();
  fire();
  assert_array_equals(log, ["x"]);
}, "The signal of a second addition of the same listener does not count");

test(() => {
  const { controller, signal, target, log, fire } = make();
  const listener = () => log.push("x");
  target.addEventListener("x", listener, { signal, once: true });
  fire();
  target.addEventListener("x", listener);
  controller.abort();
  fire();
  assert_array_equals(log, ["x", "x"]);
}, "Together with once");

test(() => {
  const { controller, signal, target, log, fire } = make();
  target.addEventListener("x", () => controller.abort());
  target.addEventListener("x", () => log.push("removed"), { signal });
  target.addEventListener("x", () => log.push("last"));
  fire();
  assert_array_equals(log, ["last"]);
}, "Aborting during dispatch: what has not run yet does not run");

test(() => {
  const { controller, signal, log } = make();
  signal.addEventListener("abort", () => log.push("own"), { signal });
  signal.addEventListener("abort", () => log.push("plain"));
  controller.abort();
  assert_array_equals(log, ["plain"]);
}, "The abort algorithms run before the abort event: a listener of the signal itself is gone by then");

test(() => {
  const { controller, signal, target, log, fire } = make();
  const any = AbortSignal.any([signal]);
  target.addEventListener("x", () => log.push("x"), { signal: any });
  signal.onabort = () => {
    fire();
    log.push("source");
  };
  any.onabort = () => {
    fire();
    log.push("dependent");
  };
  controller.abort();
  fire();
  // The algorithms of a dependent signal come after the source's event.
  assert_array_equals(log, ["x", "source", "dependent"]);
}, "With a dependent signal");

test(() => {
  const { target, fire } = make();
  const order = [];
  const controller = new AbortController();
  const listener = {
    get handleEvent() {
      order.push("handleEvent");
      return () => order.push("called");
    },
  };
  target.addEventListener("x", listener, { signal: controller.signal });
  fire();
  controller.abort();
  fire();
  assert_array_equals(order, ["handleEvent", "called"]);
}, "With an object as the listener");

promise_test(async () => {
  const { target, log, fire } = make();
  target.addEventListener("x", () => log.push("x"), { signal: AbortSignal.timeout(1) });
  fire();
  await new Promise((resolve) => setTimeout(resolve, 30));
  fire();
  assert_array_equals(log, ["x"]);
}, "With a timeout");
