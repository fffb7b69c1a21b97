// META: title=Timers

promise_test(async () => {
  const order = [];
  await new Promise((resolve) => {
    setTimeout(() => order.push("20"), 20);
    setTimeout(() => order.push("0 a"), 0);
    setTimeout(() => order.push("10"), 10);
    setTimeout(() => order.push("0 b"), 0);
    setTimeout(resolve, 40);
    order.push("sync");
  });
  assert_array_equals(order, ["sync", "0 a", "0 b", "10", "20"]);
}, "Timers run in the order of their times, equal ones in the order in which they were set");

promise_test(async () => {
  const args = await new Promise((resolve) => setTimeout((...all) => resolve(all), 0, 1, "two", null));
  assert_array_equals(args, [1, "two", null]);
}, "Further arguments are passed to the callback");

promise_test(async (t) => {
  const ids = new Set();
  for (let count = 0; count < 10; count += 1) {
    ids.add(setTimeout(t.unreached_func("a timer that was cleared"), 1));
  }
  assert_equals(ids.size, 10, "ids differ");
  ids.forEach((id) => clearTimeout(id));
  clearTimeout(undefined);
  clearTimeout(null);
  clearTimeout(-1);
  clearTimeout(123456789);
  await new Promise((resolve) => setTimeout(resolve, 20));
}, "clearTimeout");

promise_test(async () => {
  const order = [];
  await new Promise((resolve) => {
    const second = setTimeout(() => order.push("second"), 0);
    setTimeout(() => order.push("third"), 0);
    const other = () => {
      clearTimeout(second);
      order.push("first");
    };
    // Runs before both, though it was set after them.
    queueMicrotask(other);
    setTimeout(resolve, 10);
  });
  assert_array_equals(order, ["first", "third"]);
}, "A timer can be cleared until it runs");

promise_test(async () => {
  let count = 0;
  await new Promise((resolve) => {
    const id = setInterval(() => {
      count += 1;
      if (count === 3) {
        clearInterval(id);
        setTimeout(resolve, 20);
      }
    }, 1);
  });
  assert_equals(count, 3);
}, "setInterval repeats until it is cleared, from inside too");

promise_test(async () => {
  let ran = false;
  const id = setInterval(() => (ran = true), 1);
  clearTimeout(id);
  const other = setTimeout(() => (ran = true), 1);
  clearInterval(other);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert_false(ran);
}, "clearTimeout and clearInterval can be used for either");

promise_test(async () => {
  const depth = await new Promise((resolve) => {
    const nest = (level) => (level === 50 ? resolve(level) : setTimeout(nest, 0, level + 1));
    nest(0);
  });
  assert_equals(depth, 50);
}, "Timers can be nested");

promise_test(async () => {
  const order = [];
  await new Promise((resolve) => {
    setTimeout(() => {
      order.push("task 1");
      Promise.resolve().then(() => {
        order.push("microtask 1");
        queueMicrotask(() => order.push("microtask 2"));
      });
    }, 0);
    setTimeout(() => {
      order.push("task 2");
      resolve();
    }, 0);
  });
  assert_array_equals(order, ["task 1", "microtask 1", "microtask 2", "task 2"]);
}, "All microtasks run between two tasks, those they add included");

promise_test(async () => {
  const order = [];
  queueMicrotask(() => order.push("a"));
  Promise.resolve().then(() => order.push("b"));
  queueMicrotask(() => order.push("c"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert_array_equals(order, ["a", "b", "c"]);
  assert_throws_js(TypeError, () => queueMicrotask());
  assert_throws_js(TypeError, () => queueMicrotask(1));
}, "queueMicrotask");

promise_test(async () => {
  let ran = 0;
  await new Promise((resolve) => {
    for (const delay of [undefined, null, -5, NaN, "0", "nonsense", {}]) {
      setTimeout(() => (ran += 1), delay);
    }
    setTimeout(resolve, 30);
  });
  assert_equals(ran, 7);
}, "Delays that are no proper numbers count as 0");

promise_test(async () => {
  const count = 2_000;
  let ran = 0;
  await new Promise((resolve) => {
    for (let index = 0; index < count; index += 1) {
      setTimeout(() => {
        ran += 1;
        if (ran === count) {
          resolve();
        }
      }, index % 7);
    }
  });
  assert_equals(ran, count);
}, "Two thousand timers");

promise_test(async (t) => {
  t.add_cleanup(() => delete globalThis.ran);
  globalThis.ran = [];
  setTimeout("ran.push(1); ran.push(this === globalThis, arguments_are_not_passed)", 0, "an argument");
  setTimeout({ toString: () => "ran.push('converted')" }, 0);
  setTimeout("var declared_by_a_timer = 5; let lexical_of_a_timer = 6;", 0);
  globalThis.arguments_are_not_passed = typeof arguments === "undefined";
  assert_array_equals(ran, [], "not yet");
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert_array_equals(ran, [1, true, globalThis.arguments_are_not_passed, "converted"]);
  assert_equals(globalThis.declared_by_a_timer, 5, "it runs in the global scope");
  assert_equals(lexical_of_a_timer, 6);
  delete globalThis.arguments_are_not_passed;
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
