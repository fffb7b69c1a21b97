// META: title=AbortSignal.any()

const pair = () => {
  const controller = new AbortController();
  return [controller, controller.signal];
};

test(() => {
  const signal = AbortSignal.any([]);
  assert_true(signal instanceof AbortSignal);
  assert_false(signal.aborted);
  assert_equals(signal.reason, undefined);
}, "Of no signals");

test(() => {
  for (const value of [undefined, null, 1, "text", {}, new AbortController().signal]) {
    assert_throws_js(TypeError, () => AbortSignal.any(value), String(value));
  }
  for (const element of [undefined, null, {}, new AbortController(), new EventTarget()]) {
    assert_throws_js(TypeError, () => AbortSignal.any([element]), `[${String(element)}]`);
  }
  assert_throws_js(TypeError, () => AbortSignal.any());
}, "The argument is a sequence of signals");

test(() => {
  const [controller, signal] = pair();
  const any = AbortSignal.any(new Set([signal]));
  assert_not_equals(any, signal);
  controller.abort("x");
  assert_equals(any.reason, "x");
}, "Any iterable is a sequence");

test(() => {
  const [controller, first] = pair();
  const [, second] = pair();
  const any = AbortSignal.any([second, first]);
  let event;
  any.onabort = (e) => (event = e);
  controller.abort();
  assert_true(any.aborted);
  assert_equals(any.reason, first.reason, "the same AbortError");
  assert_equals(event.target, any);
  assert_true(event.isTrusted);
  assert_false(second.aborted, "the other signal is not concerned");
}, "It is aborted with its source, for the same reason");

test(() => {
  const aborted = AbortSignal.abort("second");
  const log = [];
  const any = AbortSignal.any([pair()[1], aborted, AbortSignal.abort("third")]);
  any.onabort = () => log.push("event");
  assert_true(any.aborted);
  assert_equals(any.reason, "second");
  assert_array_equals(log, []);
}, "Of a signal that is aborted already: the first of them gives the reason");

test(() => {
  const [one, first] = pair();
  const [two, second] = pair();
  const any = AbortSignal.any([first, second, first]);
  let count = 0;
  any.onabort = () => (count += 1);
  two.abort("two");
  one.abort("one");
  assert_equals(any.reason, "two");
  assert_equals(count, 1);
}, "It is aborted once");

test(() => {
  const [controller, source] = pair();
  const [, other] = pair();
  let signal = AbortSignal.any([source, other]);
  for (let depth = 0; depth < 5; depth += 1) {
    signal = AbortSignal.any([signal, AbortSignal.any([signal, other])]);
  }
  let count = 0;
  signal.onabort = () => (count += 1);
  controller.abort("deep");
  assert_equals(signal.reason, "deep");
  assert_equals(count, 1);
}, "Of signals that depend on others themselves");

test(() => {
  const [controller, source] = pair();
  const log = [];
  const listen = (signal, name) => {
    signal.addEventListener("abort", () => log.push(name));
    return signal;
  };
  const a = listen(AbortSignal.any([source]), "a");
  const of_a = listen(AbortSignal.any([a]), "of a");
  const b = listen(AbortSignal.any([source]), "b");
  listen(source, "source");
  controller.abort();
  assert_array_equals(log, ["source", "a", "of a", "b"]);
  assert_equals(of_a.reason, b.reason);
}, "First the source's event, then those of its dependent signals in the order of their creation");

test(() => {
  const [controller, source] = pair();
  const dependent = AbortSignal.any([source]);
  const log = [];
  source.onabort = () => {
    log.push(dependent.aborted, dependent.reason);
    const late = AbortSignal.any([dependent]);
    log.push(late.aborted, late.reason);
  };
  controller.abort("r");
  assert_array_equals(log, [true, "r", true, "r"]);
}, "Dependent signals are aborted before any listener runs");

test(() => {
  const [controller, source] = pair();
  const [other] = pair();
  const log = [];
  const both = AbortSignal.any([source, other.signal]);
  source.onabort = () => other.abort("other");
  other.signal.onabort = () => log.push("other");
  both.onabort = () => log.push(both.reason);
  controller.abort("source");
  assert_array_equals(log, ["other", "source"]);
}, "Aborting another source meanwhile changes nothing");

test(() => {
  const [controller, source] = pair();
  const any = AbortSignal.any([source]);
  any.onabort = () => assert_unreached("a handler that was taken back");
  any.onabort = null;
  controller.abort();
  assert_true(any.aborted);
}, "A handler can be taken back");

promise_test(async () => {
  const any = AbortSignal.any([new AbortController().signal, AbortSignal.timeout(1)]);
  const event = await new Promise((resolve) => (any.onabort = resolve));
  assert_equals(event.target, any);
  assert_equals(any.reason.name, "TimeoutError");
}, "Of a timeout, which is waited for because somebody listens to the dependent signal");
