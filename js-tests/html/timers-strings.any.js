// META: title=Timers whose handlers are strings
setup({ allow_uncaught_exception: true });

promise_test(async (t) => {
  t.add_cleanup(() => delete globalThis.ran);
  globalThis.ran = [];
  setTimeout("ran.push(1); ran.push(this === globalThis, typeof arguments)", 0, "not passed on");
  setTimeout({ toString: () => "ran.push('converted')" }, 0);
  setTimeout("var declared_by_a_timer = 5;", 0);
  assert_array_equals(ran, [], "not yet");
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert_array_equals(ran, [1, true, "undefined", "converted"]);
  assert_equals(globalThis.declared_by_a_timer, 5, "it runs in the global scope");
}, "A string is run as a script");

promise_test(async (t) => {
  const local = t;
  globalThis.seen = undefined;
  setTimeout("seen = typeof local", 0);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert_equals(seen, "undefined");
  assert_equals(local, t);
  delete globalThis.seen;
}, "It does not see the scope in which the timer was set");

promise_test(async () => {
  globalThis.count = 0;
  globalThis.interval = setInterval("count += 1; if (count === 3) clearInterval(interval)", 1);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert_equals(count, 3);
  delete globalThis.count;
  delete globalThis.interval;
}, "setInterval with a string");

promise_test(async () => {
  const order = (globalThis.order = []);
  await new Promise((resolve) => {
    setTimeout("Promise.resolve().then(() => order.push('microtask')); order.push('string')", 0);
    setTimeout(() => order.push("next"), 0);
    setTimeout(resolve, 5);
  });
  assert_array_equals(order, ["string", "microtask", "next"]);
  delete globalThis.order;
}, "Its microtasks run before the next timer");

promise_test(async () => {
  const messages = [];
  const listener = (event) => {
    messages.push(event.error && event.error.name);
    event.preventDefault();
  };
  globalThis.addEventListener("error", listener);
  assert_equals(typeof setTimeout("this is no script", 0), "number", "it is not compiled now");
  setTimeout("throw new RangeError('x')", 0);
  setTimeout("", 0);
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.removeEventListener("error", listener);
  assert_array_equals(messages, ["SyntaxError", "RangeError"]);
}, "What a string throws, and why it cannot be compiled, is reported when the timer fires");

test(() => {
  assert_throws_js(TypeError, () => setTimeout());
  assert_throws_js(TypeError, () => setTimeout(Symbol.iterator));
  const thrown = new Error("x");
  assert_throws_exactly(thrown, () => setTimeout({ toString() { throw thrown; } }));
}, "A handler that cannot be a string");
