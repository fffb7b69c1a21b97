// META: title=Event: initEvent, cancelBubble, returnValue, composedPath

test(() => {
  const event = new Event("first", { composed: true });
  event.initEvent("second", true, true);
  assert_equals(event.type, "second");
  assert_true(event.bubbles);
  assert_true(event.cancelable);
  assert_true(event.composed, "composed stays");
  event.initEvent("third");
  assert_equals(event.type, "third");
  assert_false(event.bubbles);
  assert_false(event.cancelable);
}, "initEvent sets the type, bubbles and cancelable");

test(() => {
  const event = new Event("x", { cancelable: true });
  event.preventDefault();
  event.stopPropagation();
  event.initEvent("y", false, true);
  assert_false(event.defaultPrevented);
  assert_false(event.cancelBubble);
  const target = new EventTarget();
  new EventTarget().dispatchEvent(event);
  assert_not_equals(event.target, null);
  event.initEvent("y");
  assert_equals(event.target, null, "the target is forgotten");
}, "initEvent resets the flags and the target");

test(() => {
  const target = new EventTarget();
  const event = new Event("x");
  let inside;
  target.addEventListener("x", () => {
    event.initEvent("y", true, true);
    inside = [event.type, event.bubbles, event.cancelable];
  });
  target.dispatchEvent(event);
  assert_array_equals(inside, ["x", false, false]);
}, "initEvent does nothing during dispatch");

test(() => {
  const event = new Event("x");
  assert_throws_js(TypeError, () => event.initEvent());
  assert_throws_js(TypeError, () => event.initEvent(Symbol("x")));
}, "initEvent checks its arguments");

test(() => {
  const event = new Event("x");
  assert_false(event.cancelBubble);
  event.cancelBubble = false;
  assert_false(event.cancelBubble);
  event.cancelBubble = 1;
  assert_true(event.cancelBubble);
  event.cancelBubble = false;
  assert_true(event.cancelBubble, "false does not take it back");
  const other = new Event("x");
  other.stopPropagation();
  assert_true(other.cancelBubble);
  const third = new Event("x");
  third.stopImmediatePropagation();
  assert_true(third.cancelBubble);
}, "cancelBubble is the stop propagation flag");

test(() => {
  const event = new Event("x", { cancelable: true });
  event.returnValue = true;
  assert_false(event.defaultPrevented);
  event.returnValue = 0;
  assert_true(event.defaultPrevented);
  assert_false(event.returnValue);
  event.returnValue = true;
  assert_false(event.returnValue, "true does not take it back");
  const fixed = new Event("x");
  fixed.returnValue = false;
  assert_true(fixed.returnValue);
  assert_false(fixed.defaultPrevented);
}, "returnValue is the opposite of defaultPrevented");

test(() => {
  const event = new Event("x", { cancelable: true });
  event.preventDefault();
  assert_true(event.defaultPrevented);
  assert_false(event.returnValue);
  const fixed = new Event("x");
  fixed.preventDefault();
  assert_false(fixed.defaultPrevented);
}, "preventDefault needs cancelable");

test(() => {
  const target = new EventTarget();
  const event = new Event("x");
  let path, other_path, phase, current, source;
  target.addEventListener("x", () => {
    path = event.composedPath();
    other_path = event.composedPath();
    phase = event.eventPhase;
    current = event.currentTarget;
    source = event.srcElement;
  });
  assert_array_equals(event.composedPath(), []);
  target.dispatchEvent(event);
  assert_array_equals(path, [target]);
  assert_not_equals(path, other_path, "a new array each time");
  assert_equals(phase, Event.AT_TARGET);
  assert_equals(current, target);
  assert_equals(source, target);
  assert_array_equals(event.composedPath(), [], "empty again after dispatch");
  assert_equals(event.eventPhase, Event.NONE);
  assert_equals(event.currentTarget, null);
  assert_equals(event.target, target, "the target stays");
  assert_equals(event.srcElement, target);
}, "composedPath, eventPhase and the targets during and after dispatch");
