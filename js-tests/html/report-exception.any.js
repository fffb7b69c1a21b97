// META: title=The global object as an event target, and uncaught errors
setup({ allow_uncaught_exception: true });

// Waits for one event of the global.
function next_of_global(t, type, { cancel = true } = {}) {
  return new Promise((resolve) => {
    const listener = (event) => {
      globalThis.removeEventListener(type, listener);
      if (cancel) {
        event.preventDefault();
      }
      resolve(event);
    };
    globalThis.addEventListener(type, listener);
    t.add_cleanup(() => globalThis.removeEventListener(type, listener));
  });
}

test((t) => {
  const log = [];
  const listener = (event) => log.push(event.type, event.target === globalThis, event.currentTarget === globalThis);
  globalThis.addEventListener("a type", listener);
  addEventListener("a type", listener);
  assert_true(globalThis.dispatchEvent(new Event("a type")));
  assert_true(dispatchEvent(new Event("another type")));
  assert_array_equals(log, ["a type", true, true]);
  removeEventListener("a type", listener);
  dispatchEvent(new Event("a type"));
  assert_equals(log.length, 3);
}, "The global object takes listeners");

test(() => {
  const { addEventListener: add, removeEventListener: remove, dispatchEvent: dispatch } = EventTarget.prototype;
  let count = 0;
  const listener = () => (count += 1);
  add.call(undefined, "x", listener);
  assert_true(dispatch.call(null, new Event("x")));
  assert_equals(count, 1);
  remove.call(globalThis, "x", listener);
  globalThis.dispatchEvent(new Event("x"));
  assert_equals(count, 1);
}, "this undefined or null is the global object");

promise_test(async (t) => {
  const error = new Error("from a timer");
  const event_promise = next_of_global(t, "error");
  setTimeout(() => {
    throw error;
  }, 0);
  const event = await event_promise;
  assert_true(event instanceof ErrorEvent);
  assert_equals(event.error, error);
  assert_equals(typeof event.message, "string");
  assert_true(event.message.includes("from a timer"), event.message);
  assert_equals(typeof event.filename, "string");
  assert_equals(typeof event.lineno, "number");
  assert_equals(typeof event.colno, "number");
  assert_true(event.cancelable);
  assert_false(event.bubbles);
  assert_true(event.isTrusted);
}, "An uncaught error fires an ErrorEvent at the global");

promise_test(async (t) => {
  for (const value of [undefined, null, 0, "text", { a: 1 }]) {
    const event_promise = next_of_global(t, "error");
    setTimeout(() => {
      throw value;
    }, 0);
    const event = await event_promise;
    assert_equals(event.error, value);
  }
}, "Any value can be thrown");

promise_test(async (t) => {
  const error = new Error("to onerror");
  let seen_this;
  const args_promise = new Promise((resolve) => {
    globalThis.onerror = function (...args) {
      seen_this = this;
      resolve(args);
      return true;
    };
  });
  t.add_cleanup(() => (globalThis.onerror = null));
  let cancelled;
  const last = (event) => (cancelled = event.defaultPrevented);
  globalThis.addEventListener("error", last);
  t.add_cleanup(() => globalThis.removeEventListener("error", last));
  setTimeout(() => {
    throw error;
  }, 0);
  const args = await args_promise;
  // The promise goes on in a microtask before the next listener.
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert_equals(args.length, 5);
  assert_equals(typeof args[0], "string");
  assert_equals(typeof args[1], "string");
  assert_equals(typeof args[2], "number");
  assert_equals(typeof args[3], "number");
  assert_equals(args[4], error);
  assert_equals(seen_this, globalThis);
  assert_true(cancelled, "returning true cancels");
}, "onerror of the global takes five arguments and cancels by returning true");

test((t) => {
  let args;
  globalThis.onerror = (...all) => {
    args = all;
    return false;
  };
  t.add_cleanup(() => (globalThis.onerror = null));
  const plain = new Event("error", { cancelable: true });
  assert_false(globalThis.dispatchEvent(plain), "false cancels an event that is no ErrorEvent");
  assert_array_equals(args, [plain]);
  const synthetic = new ErrorEvent("error", { cancelable: true, message: "m", filename: "f", lineno: 1, colno: 2, error: "e" });
  assert_true(globalThis.dispatchEvent(synthetic), "false does not cancel an ErrorEvent");
  assert_array_equals(args, ["m", "f", 1, 2, "e"]);
}, "onerror and synthetic events");

test((t) => {
  for (const name of ["onerror", "onunhandledrejection", "onrejectionhandled"]) {
    assert_true(name in globalThis, name);
    assert_equals(globalThis[name], null);
    const handler = () => {};
    globalThis[name] = handler;
    t.add_cleanup(() => (globalThis[name] = null));
    assert_equals(globalThis[name], handler);
    globalThis[name] = 1;
    assert_equals(globalThis[name], null);
  }
}, "The handlers of the global");

promise_test(async (t) => {
  const event_promise = next_of_global(t, "unhandledrejection");
  const reason = new Error("not handled");
  const promise = Promise.reject(reason);
  const event = await event_promise;
  assert_true(event instanceof PromiseRejectionEvent);
  assert_equals(event.promise, promise);
  assert_equals(event.reason, reason);
  assert_true(event.cancelable);
  assert_true(event.isTrusted);
}, "unhandledrejection");

promise_test(async (t) => {
  let seen = 0;
  const listener = (event) => {
    seen += 1;
    event.preventDefault();
  };
  globalThis.addEventListener("unhandledrejection", listener);
  t.add_cleanup(() => globalThis.removeEventListener("unhandledrejection", listener));
  const promise = Promise.reject(new Error("handled in time"));
  await null;
  promise.catch(() => {});
  const never_rejected = new Promise(() => {});
  never_rejected.then(() => {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert_equals(seen, 0);
}, "A rejection handled in the same task is not reported");

promise_test(async (t) => {
  const unhandled = next_of_global(t, "unhandledrejection");
  const promise = Promise.reject("late");
  await unhandled;
  // The event must have been fired completely before the handler comes.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const handled = next_of_global(t, "rejectionhandled");
  promise.catch(() => {});
  const event = await handled;
  assert_true(event instanceof PromiseRejectionEvent);
  assert_equals(event.promise, promise);
  assert_equals(event.reason, "late");
}, "rejectionhandled");

promise_test(async (t) => {
  const order = [];
  const listener = (event) => {
    order.push(event.error);
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  t.add_cleanup(() => globalThis.removeEventListener("error", listener));
  setTimeout(() => { throw "first"; }, 0);
  setTimeout(() => order.push("timer"), 0);
  setTimeout(() => { throw "second"; }, 0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert_array_equals(order, ["first", "timer", "second"]);
}, "An uncaught error stops nothing else");

promise_test(async (t) => {
  const event_promise = next_of_global(t, "error");
  queueMicrotask(() => {
    throw "from a microtask";
  });
  assert_equals((await event_promise).error, "from a microtask");
}, "Errors of queueMicrotask callbacks are reported");
