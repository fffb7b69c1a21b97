// META: title=AbortController, and what abort() does to its signal
// META: script=../idl.js

idl_tests({
  name: "AbortController",
  length: 0,
  make: () => new AbortController(),
  readonly: ["signal"],
  operations: { abort: 0 },
});

test(() => {
  assert_throws_js(TypeError, () => AbortController());
  const controller = new AbortController();
  assert_true(controller.signal instanceof AbortSignal);
  assert_true(controller.signal instanceof EventTarget);
  assert_equals(controller.signal, controller.signal, "the same object each time");
  assert_not_equals(controller.signal, new AbortController().signal);
}, "A controller has one signal");

test(() => {
  class Stopper extends AbortController {
    stop() {
      this.abort("stopped");
    }
  }
  const stopper = new Stopper();
  stopper.stop();
  assert_equals(stopper.signal.reason, "stopped");
}, "AbortController can be extended");

test(() => {
  const { signal } = new AbortController();
  assert_false(signal.aborted);
  assert_equals(signal.reason, undefined);
  assert_equals(signal.onabort, null);
  assert_equals(signal.throwIfAborted(), undefined);
}, "A new signal");

test(() => {
  for (const args of [[], [undefined]]) {
    const controller = new AbortController();
    assert_equals(controller.abort(...args), undefined);
    const { reason } = controller.signal;
    assert_true(controller.signal.aborted);
    assert_true(reason instanceof DOMException);
    assert_equals(reason.name, "AbortError");
    assert_equals(reason.code, DOMException.ABORT_ERR);
    assert_equals(controller.signal.reason, reason, "made once");
  }
}, "Without a reason it is an AbortError");

test(() => {
  for (const reason of [null, false, 0, "", "text", Symbol.iterator, 5n, {}, () => {}, new Error("x")]) {
    const controller = new AbortController();
    controller.abort(reason);
    assert_true(controller.signal.aborted);
    assert_equals(controller.signal.reason, reason);
    try {
      controller.signal.throwIfAborted();
      assert_unreached("throwIfAborted did not throw");
    } catch (thrown) {
      assert_equals(thrown, reason);
    }
  }
}, "Any other value is the reason as it is");

test(() => {
  const controller = new AbortController();
  const log = [];
  controller.signal.addEventListener("abort", (event) => log.push(event));
  controller.signal.onabort = function (event) {
    log.push(this === controller.signal);
    assert_equals(event.target, controller.signal);
  };
  controller.abort("first");
  controller.abort("second");
  assert_equals(controller.signal.reason, "first");
  assert_equals(log.length, 2);
  const [event, this_is_signal] = log;
  assert_true(this_is_signal);
  assert_equals(Object.getPrototypeOf(event), Event.prototype);
  assert_equals(event.type, "abort");
  assert_true(event.isTrusted);
  assert_false(event.bubbles);
  assert_false(event.cancelable);
}, "The abort event: once, trusted, plain");

test(() => {
  const controller = new AbortController();
  const log = [];
  controller.signal.onabort = () => {
    log.push(controller.signal.aborted, controller.signal.reason);
    controller.abort("from inside");
    controller.signal.addEventListener("abort", () => log.push("too late"));
  };
  controller.abort("reason");
  assert_array_equals(log, [true, "reason"]);
}, "The signal is aborted before its listeners run, and abort() within them does nothing");

test(() => {
  const controller = new AbortController();
  let count = 0;
  controller.signal.onabort = () => (count += 1);
  controller.signal.dispatchEvent(new Event("abort"));
  assert_equals(count, 1);
  assert_false(controller.signal.aborted);
  controller.abort();
  assert_equals(count, 2);
}, "An abort event of script's own aborts nothing");

test(() => {
  const { signal } = new AbortController();
  const first = () => {};
  signal.onabort = first;
  assert_equals(signal.onabort, first);
  signal.onabort = "text";
  assert_equals(signal.onabort, null);
  const object = {};
  signal.onabort = object;
  assert_equals(signal.onabort, object);
  signal.onabort = null;
  assert_equals(signal.onabort, null);
  const { get, set } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "onabort");
  assert_throws_js(TypeError, () => get.call(new EventTarget()));
  assert_throws_js(TypeError, () => set.call(new EventTarget(), first));
}, "onabort is an event handler");
