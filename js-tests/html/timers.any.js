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
