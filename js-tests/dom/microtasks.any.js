// META: title=Microtasks and callbacks

test(() => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => {
    log.push("first");
    Promise.resolve().then(() => log.push("microtask"));
  });
  target.addEventListener("x", () => log.push("second"));
  target.dispatchEvent(new Event("x"));
  log.push("after");
  assert_array_equals(log, ["first", "second", "after"]);
}, "No microtask runs inside dispatchEvent called from script");

promise_test(async () => {
  const target = new EventTarget();
  const log = [];
  target.addEventListener("x", () => queueMicrotask(() => log.push("microtask")));
  await new Promise((resolve) => {
    setTimeout(() => {
      target.dispatchEvent(new Event("x"));
      log.push("after");
      resolve();
    }, 0);
  });
  assert_array_equals(log, ["after", "microtask"]);
}, "They run when the script that dispatched it has ended");
