// META: title=BroadcastChannel
// META: script=../idl.js

const opened = [];

// Names are of the whole context: each test has its own, and closes what it opened.
function open(name) {
  const channel = new BroadcastChannel(name);
  opened.push(channel);
  return channel;
}

function close_all() {
  opened.splice(0).forEach((channel) => channel.close());
}

idl_tests({
  name: "BroadcastChannel",
  parent: "EventTarget",
  length: 1,
  make: () => open("idl"),
  readonly: ["name"],
  writable: ["onmessage", "onmessageerror"],
  operations: { postMessage: 1, close: 0 },
});

test((t) => {
  t.add_cleanup(close_all);
  assert_throws_js(TypeError, () => new BroadcastChannel());
  assert_equals(open(1).name, "1");
  assert_equals(open("\ud800").name, "\ud800");
  assert_throws_js(TypeError, () => open("a").postMessage());
  assert_throws_js(TypeError, () => BroadcastChannel.prototype.close.call(new EventTarget()));
}, "Names and arguments");

function next(channel) {
  return new Promise((resolve) => channel.addEventListener("message", resolve, { once: true }));
}

promise_test(async (t) => {
  t.add_cleanup(close_all);
  const [sender, receiver] = [open("event"), open("event")];
  sender.postMessage({ a: [1] });
  const event = await next(receiver);
  assert_true(event instanceof MessageEvent);
  assert_true(event.isTrusted);
  assert_equals(event.data.a[0], 1);
  assert_equals(event.target, receiver);
  assert_equals(event.origin, "null");
  assert_equals(event.source, null);
  assert_array_equals(event.ports, []);
}, "The event of a message");

promise_test(async (t) => {
  t.add_cleanup(close_all);
  const log = [];
  const channels = ["a", "b", "c"].map((letter) => {
    const channel = open("order");
    channel.onmessage = (event) => log.push(letter + event.data);
    return channel;
  });
  open("other").onmessage = () => log.push("other");
  channels[1].postMessage(1);
  channels[2].postMessage(2);
  assert_array_equals(log, []);
  await next(channels[1]);
  assert_array_equals(log, ["a1", "c1", "a2", "b2"]);
}, "Every other channel of the name hears it, the oldest first");

promise_test(async (t) => {
  t.add_cleanup(close_all);
  const [sender, first, second] = [open("data"), open("data"), open("data")];
  sender.postMessage({});
  const [one, two] = await Promise.all([next(first), next(second)]);
  assert_not_equals(one.data, two.data);
}, "Each gets a clone of its own");

promise_test(async (t) => {
  t.add_cleanup(close_all);
  const [sender, closed, last] = [open("close"), open("close"), open("close")];
  let heard = 0;
  closed.onmessage = () => heard++;
  sender.postMessage(1);
  closed.close();
  closed.close();
  await next(last);
  sender.postMessage(2);
  await next(last);
  assert_equals(heard, 0, "neither what was under way nor what came later");
  assert_throws_dom("InvalidStateError", () => closed.postMessage(1));
  assert_throws_dom("InvalidStateError", () => closed.postMessage(Symbol()));
}, "close()");

test((t) => {
  t.add_cleanup(close_all);
  const channel = open("clone");
  for (const value of [Symbol(), () => {}, globalThis, channel, new MessageChannel().port1]) {
    assert_throws_dom("DataCloneError", () => channel.postMessage(value));
  }
}, "What cannot be cloned");

promise_test(async (t) => {
  t.add_cleanup(close_all);
  const heard = new Promise((resolve) => {
    const receiver = new BroadcastChannel("lifetime");
    receiver.onmessage = (event) => {
      receiver.close();
      resolve(event.data);
    };
  });
  __gc();
  open("lifetime").postMessage("heard");
  assert_equals(await heard, "heard");
}, "A channel that somebody listens to survives collection");
