// A test harness with the interface of the web platform's `testharness.js`, so that files in the `.any.js`
// style run with it unchanged. It needs nothing but ECMAScript and `setTimeout`.
//
// A runner evaluates, in a fresh realm and in one go: this file, the files named by `// META: script=`, then
// the test file. Then it runs the event loop. It may set these globals beforehand:
//
// * `__report(json)`: called once with the results. Without it they are printed by `console.log`.
//     {status: "OK" | "ERROR" | "TIMEOUT", message: string | null,
//      tests: [{name, status: "PASS" | "FAIL" | "TIMEOUT" | "NOTRUN" | "PRECONDITION_FAILED",
//               message: string | null, stack: string | null}]}
// * `__timeout`: how long the file may take, in milliseconds, or "normal" (10 s, the default) or "long" (60 s).
//
// `META_TITLE` is the file's title, for tests without a name. The files in `host/verdicts/` say in a line
// `// EXPECT:` what this harness must make of them.
//
// One addition to that interface: `setup({test_timeout: ms})` limits each test that starts later, so that one
// that hangs does not take the file's time from the others.
//
// What is known of uncaught errors comes from the global's `error` and `unhandledrejection` events, where the
// global has `addEventListener`.
(function (global) {
  "use strict";

  // Taken now, because a test may replace them.
  const setTimeout = global.setTimeout;
  const clearTimeout = global.clearTimeout;
  const then = Promise.prototype.then;

  const TIMEOUTS = { normal: 10_000, long: 60_000 };
  const STATUS = ["PASS", "FAIL", "TIMEOUT", "NOTRUN", "PRECONDITION_FAILED"];
  const HARNESS_STATUS = ["OK", "ERROR", "TIMEOUT", "PRECONDITION_FAILED"];

  // ------------------------------------------------------------------ Errors

  class AssertionError extends Error {
    get name() {
      return "AssertionError";
    }
  }

  // Something optional is not there: the test is neither passed nor failed.
  class OptionalFeatureUnsupportedError extends AssertionError {
    get name() {
      return "OptionalFeatureUnsupportedError";
    }
  }

  // Of a value thrown, which may be anything.
  function describe_thrown(thrown) {
    const is_object = (typeof thrown === "object" && thrown !== null) || typeof thrown === "function";
    if (!is_object) {
      return { message: `threw ${format_value(thrown)}`, stack: null };
    }
    let message;
    let stack = null;
    try {
      message = thrown instanceof AssertionError ? thrown.message : `${thrown.name}: ${thrown.message}`;
      stack = thrown.stack === undefined ? null : String(thrown.stack);
    } catch {
      message = "threw an object that cannot be read";
    }
    return { message, stack };
  }

  // ------------------------------------------------------------------ Values as text

  const ESCAPES = { "\0": "\\0", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\" };

  function format_string(text) {
    const shown = text.length > 2_000 ? text.slice(0, 1_000) : text;
    const escaped = shown.replace(/[\0-\x1f"\\\x7f\ud800-\udfff\ufeff\ufffe\uffff]/g, (unit, at) => {
      if (ESCAPES[unit]) {
        return ESCAPES[unit];
      }
      const code = unit.charCodeAt(0);
      const before = shown.charCodeAt(at - 1);
      const after = shown.charCodeAt(at + 1);
      const paired = code < 0xdc00 ? after >= 0xdc00 && after < 0xe000 : before >= 0xd800 && before < 0xdc00;
      if (code >= 0xd800 && code < 0xe000 && paired) {
        return unit;
      }
      return `\\u${code.toString(16).padStart(4, "0")}`;
    });
    return shown === text ? `"${escaped}"` : `"${escaped}" and ${text.length - 1_000} more`;
  }

  function format_value(value, seen = []) {
    switch (typeof value) {
      case "string":
        return format_string(value);
      case "number":
        return Object.is(value, -0) ? "-0" : String(value);
      case "bigint":
        return `${value}n`;
      case "symbol":
      case "boolean":
      case "undefined":
        return String(value);
    }
    if (value === null) {
      return "null";
    }
    if (seen.includes(value)) {
      return "[...]";
    }
    try {
      if (Array.isArray(value)) {
        const shown = Array.prototype.slice.call(value, 0, 100).map((item) => format_value(item, seen.concat([value])));
        if (value.length > 100) {
          shown.push(`… ${value.length - 100} more`);
        }
        return `[${shown.join(", ")}]`;
      }
      const text = String(value);
      return `${typeof value} "${text.length > 200 ? text.slice(0, 200) + "…" : text}"`;
    } catch {
      return `${typeof value} that cannot be turned into text`;
    }
  }

  // ------------------------------------------------------------------ Tests

  const PHASES = { INITIAL: 0, STARTED: 1, HAS_RESULT: 2, CLEANING: 3, COMPLETE: 4 };

  class Test {
    constructor(name, properties = {}) {
      if (harness.complete) {
        throw new Error(`Test "${name}" was made after the file had completed`);
      }
      this.name = name;
      this.properties = properties;
      this.phase = PHASES.INITIAL;
      this.phases = PHASES;
      this.status = Test.NOTRUN;
      this.message = null;
      this.stack = null;
      this.cleanups = [];
      this.timer = null;
      // Of a promise_test: called when the cleanups are through.
      this.when_complete = null;
      harness.add(this);
    }

    step(func, this_object, ...args) {
      if (this.phase > PHASES.STARTED) {
        return undefined;
      }
      this.start();
      try {
        return func.apply(arguments.length < 2 || this_object === undefined ? this : this_object, args);
      } catch (thrown) {
        this.fail(thrown);
      }
      return undefined;
    }

    start() {
      if (this.phase !== PHASES.INITIAL) {
        return;
      }
      this.phase = PHASES.STARTED;
      this.status = Test.TIMEOUT;
      this.message = "Test timed out";
      harness.start();
      const limit = this.properties.timeout === undefined ? harness.test_timeout : this.properties.timeout;
      if (limit !== undefined) {
        this.timer = setTimeout(() => this.force_timeout(), limit * harness.timeout_multiplier);
      }
    }

    // The first result stands.
    fail(thrown) {
      if (this.phase > PHASES.STARTED) {
        return;
      }
      const { message, stack } = describe_thrown(thrown);
      const optional = thrown instanceof OptionalFeatureUnsupportedError;
      this.set_status(optional ? Test.PRECONDITION_FAILED : Test.FAIL, message, stack);
      this.phase = PHASES.HAS_RESULT;
      this.done();
    }

    set_status(status, message = null, stack = null) {
      this.status = status;
      this.message = message;
      this.stack = stack;
    }

    step_func(func, this_object) {
      const test = this;
      return function (...args) {
        return test.step(func, this_object === undefined ? test : this_object, ...args);
      };
    }

    step_func_done(func, this_object) {
      const test = this;
      return function (...args) {
        if (func) {
          test.step(func, this_object === undefined ? test : this_object, ...args);
        }
        test.done();
      };
    }

    unreached_func(description) {
      return this.step_func(() => assert_unreached(description));
    }

    step_timeout(func, ms, ...args) {
      return setTimeout(this.step_func(() => func.apply(this, args)), ms * harness.timeout_multiplier);
    }

    // Polls until `condition` holds, then calls `func`.
    step_wait_func(condition, func, description, timeout = 3_000, interval = 100) {
      const test = this;
      const limit = timeout * harness.timeout_multiplier;
      let waited = 0;
      const poll = test.step_func(() => {
        if (condition()) {
          func();
          return;
        }
        assert_true(waited < limit, `timed out waiting for ${description || "a condition"}`);
        waited += interval;
        setTimeout(poll, interval);
      });
      poll();
    }

    step_wait_func_done(condition, func, description, timeout, interval) {
      this.step_wait_func(
        condition,
        () => {
          if (func) {
            func();
          }
          this.done();
        },
        description,
        timeout,
        interval,
      );
    }

    step_wait(condition, description, timeout, interval) {
      return new Promise((resolve) => this.step_wait_func(condition, resolve, description, timeout, interval));
    }

    add_cleanup(callback) {
      this.cleanups.push(callback);
    }

    get_signal() {
      const controller = new global.AbortController();
      this.add_cleanup(() => controller.abort());
      return controller.signal;
    }

    force_timeout() {
      if (this.phase >= PHASES.HAS_RESULT) {
        return;
      }
      this.set_status(Test.TIMEOUT, "Test timed out");
      this.phase = PHASES.HAS_RESULT;
      this.done();
    }

    done() {
      if (this.phase >= PHASES.CLEANING) {
        return;
      }
      if (this.phase <= PHASES.STARTED) {
        this.set_status(Test.PASS);
      }
      this.phase = PHASES.CLEANING;
      clearTimeout(this.timer);
      this.clean_up();
    }

    // In order; those that return a promise are waited for, together.
    clean_up() {
      const waiting = [];
      for (const cleanup of this.cleanups) {
        try {
          const returned = cleanup.call(undefined);
          if (returned && typeof returned.then === "function") {
            waiting.push(returned);
          }
        } catch (thrown) {
          harness.cleanup_failed(this, thrown);
        }
      }
      if (waiting.length === 0) {
        this.completed();
        return;
      }
      then.call(
        Promise.all(waiting),
        () => this.completed(),
        (thrown) => {
          harness.cleanup_failed(this, thrown);
          this.completed();
        },
      );
    }

    completed() {
      if (this.phase === PHASES.COMPLETE) {
        return;
      }
      this.phase = PHASES.COMPLETE;
      harness.result(this);
      if (this.when_complete) {
        this.when_complete();
      }
    }

    format_status() {
      return STATUS[this.status];
    }
  }
  STATUS.forEach((name, number) => {
    Test[name] = number;
    Test.prototype[name] = number;
  });

  // ------------------------------------------------------------------ The file

  const harness = {
    tests: [],
    names: new Map(),
    status: 0,
    message: null,
    stack: null,
    started: false,
    loaded: false,
    complete: false,
    done_called: false,
    explicit_done: false,
    explicit_timeout: false,
    allow_uncaught_exception: false,
    single_test: null,
    timeout_multiplier: 1,
    // For each test, in milliseconds, from its start.
    test_timeout: undefined,
    timer: null,
    // promise_tests run one after another.
    queue: Promise.resolve(),
    start_callbacks: [],
    result_callbacks: [],
    completion_callbacks: [],

    add(test) {
      const seen = this.names.get(test.name) || 0;
      this.names.set(test.name, seen + 1);
      if (seen === 1) {
        this.error(`Two tests are named ${format_value(test.name)}`);
      }
      this.tests.push(test);
    },

    start() {
      if (!this.started) {
        this.started = true;
        this.start_callbacks.forEach((callback) => callback());
      }
    },

    set_timer() {
      clearTimeout(this.timer);
      const given = global.__timeout === undefined ? "normal" : global.__timeout;
      const limit = TIMEOUTS[given] || Number(given);
      if (!this.explicit_timeout) {
        this.timer = setTimeout(() => this.time_out(), limit * this.timeout_multiplier);
      }
    },

    time_out() {
      if (this.complete) {
        return;
      }
      if (this.status === 0) {
        this.status = 2;
      }
      for (const test of this.tests) {
        if (test.phase === PHASES.INITIAL) {
          // Never begun: it stays NOTRUN.
          test.phase = PHASES.COMPLETE;
        } else {
          test.force_timeout();
        }
      }
      this.finish();
    },

    error(message, stack = null) {
      if (this.complete || this.status === 1) {
        return;
      }
      this.status = 1;
      this.message = message;
      this.stack = stack;
    },

    cleanup_failed(test, thrown) {
      const { message, stack } = describe_thrown(thrown);
      this.error(`A cleanup of ${format_value(test.name)} failed: ${message}`, stack);
    },

    // An error nobody caught, or a rejection nobody handled.
    uncaught(thrown, what) {
      if (this.complete) {
        return;
      }
      if (this.single_test) {
        this.single_test.fail(thrown);
        return;
      }
      if (!this.allow_uncaught_exception) {
        const { message, stack } = describe_thrown(thrown);
        this.error(`${what}: ${message}`, stack);
        // What the tests still wait for may never come; nor will the file's own done().
        this.done_called = true;
        this.check();
      }
    },

    result(test) {
      this.result_callbacks.forEach((callback) => callback(test));
      this.check();
    },

    // Completes the file when nothing is left to wait for. Through a task, so that what runs now may still add
    // tests.
    check() {
      const through = () =>
        this.loaded &&
        (!this.explicit_done || this.done_called) &&
        this.tests.every((test) => test.phase === PHASES.COMPLETE);
      if (!this.complete && through()) {
        setTimeout(() => {
          if (!this.complete && through()) {
            this.finish();
          }
        }, 0);
      }
    },

    finish() {
      this.complete = true;
      clearTimeout(this.timer);
      if (this.tests.length === 0 && this.status === 0) {
        this.status = 1;
        this.message = "The file has no tests";
      }
      const status = { status: this.status, message: this.message, stack: this.stack, OK: 0, ERROR: 1, TIMEOUT: 2, PRECONDITION_FAILED: 3 };
      this.completion_callbacks.forEach((callback) => callback(this.tests, status));
      this.report();
    },

    report() {
      const results = {
        status: HARNESS_STATUS[this.status],
        message: this.message,
        tests: this.tests.map((test) => ({
          name: test.name,
          status: STATUS[test.status],
          message: test.message,
          stack: test.stack,
        })),
      };
      if (typeof global.__report === "function") {
        global.__report(JSON.stringify(results));
        return;
      }
      for (const { name, status, message } of results.tests) {
        global.console.log(message === null ? `${status} ${name}` : `${status} ${name}: ${message}`);
      }
      global.console.log(results.message === null ? results.status : `${results.status}: ${results.message}`);
    },
  };

  // ------------------------------------------------------------------ Making tests

  // Only promise_test() waits for promises. The promise's own rejection would be a second report of one fault.
  function refuse_promise(test, returned, maker) {
    if (!returned || typeof returned.then !== "function") {
      return;
    }
    then.call(Promise.resolve(returned), undefined, () => {});
    test.fail(new AssertionError(`${maker}() was given a function that returns a promise; use promise_test()`));
  }

  let unnamed = 0;
  function name_or_default(name) {
    if (name !== undefined) {
      return String(name);
    }
    const title = typeof global.META_TITLE === "string" ? global.META_TITLE : "Untitled";
    unnamed += 1;
    return unnamed === 1 ? title : `${title} ${unnamed - 1}`;
  }

  function test(func, name, properties) {
    const made = new Test(name_or_default(name), properties);
    refuse_promise(made, made.step(func, made, made), "test");
    made.done();
  }

  function async_test(func, name, properties) {
    if (typeof func !== "function") {
      properties = name;
      name = func;
      func = null;
    }
    const made = new Test(name_or_default(name), properties);
    if (func) {
      refuse_promise(made, made.step(func, made, made), "async_test");
    }
    return made;
  }

  function promise_test(func, name, properties) {
    if (typeof func !== "function") {
      properties = name;
      name = func;
      func = null;
    }
    const made = new Test(name_or_default(name), properties);
    harness.queue = then.call(harness.queue, () => {
      if (made.phase === PHASES.COMPLETE) {
        return undefined;
      }
      return new Promise((resolve) => {
        made.when_complete = resolve;
        const returned = made.step(func, made, made);
        if (made.phase > PHASES.STARTED) {
          return;
        }
        if (!returned || typeof returned.then !== "function") {
          made.fail(new AssertionError("promise_test() was given a function that returns no promise"));
          return;
        }
        then.call(
          Promise.resolve(returned),
          () => made.done(),
          (thrown) => made.fail(thrown),
        );
      });
    });
  }

  function setup(func_or_properties, maybe_properties) {
    const func = typeof func_or_properties === "function" ? func_or_properties : null;
    const properties = (func ? maybe_properties : func_or_properties) || {};
    for (const key of ["explicit_done", "explicit_timeout", "allow_uncaught_exception"]) {
      if (key in properties) {
        harness[key] = Boolean(properties[key]);
      }
    }
    for (const key of ["timeout_multiplier", "test_timeout"]) {
      if (properties[key] !== undefined) {
        harness[key] = properties[key];
      }
    }
    if (properties.single_test && !harness.single_test) {
      harness.single_test = new Test(name_or_default());
      harness.single_test.start();
    }
    harness.set_timer();
    if (func) {
      try {
        func();
      } catch (thrown) {
        const { message, stack } = describe_thrown(thrown);
        harness.error(`setup failed: ${message}`, stack);
      }
    }
  }

  function promise_setup(func, properties) {
    setup(properties || {});
    harness.queue = then.call(harness.queue, () =>
      then.call(Promise.resolve(then.call(Promise.resolve(), func)), undefined, (thrown) => {
        const { message, stack } = describe_thrown(thrown);
        harness.error(`promise_setup failed: ${message}`, stack);
      }),
    );
  }

  function done() {
    if (harness.single_test) {
      harness.single_test.done();
    }
    harness.done_called = true;
    harness.check();
  }

  function generate_tests(func, list, properties) {
    list.forEach(([name, ...args], index) => {
      test(() => func(...args), name, Array.isArray(properties) ? properties[index] : properties);
    });
  }

  function step_timeout(func, ms, ...args) {
    return setTimeout(() => func.apply(undefined, args), ms * harness.timeout_multiplier);
  }

  // ------------------------------------------------------------------ Assertions

  function fail_assertion(what, description) {
    throw new AssertionError(description === undefined || description === "" ? what : `${description}: ${what}`);
  }

  function check(condition, what, description) {
    if (!condition) {
      fail_assertion(typeof what === "function" ? what() : what, description);
    }
  }

  const show = format_value;

  function assert_true(actual, description) {
    check(actual === true, () => `expected true, got ${show(actual)}`, description);
  }

  function assert_false(actual, description) {
    check(actual === false, () => `expected false, got ${show(actual)}`, description);
  }

  // SameValue: NaN equals NaN, 0 does not equal -0.
  function assert_equals(actual, expected, description) {
    check(
      Object.is(actual, expected),
      () =>
        typeof actual === typeof expected
          ? `expected ${show(expected)}, got ${show(actual)}`
          : `expected (${typeof expected}) ${show(expected)}, got (${typeof actual}) ${show(actual)}`,
      description,
    );
  }

  function assert_not_equals(actual, expected, description) {
    check(!Object.is(actual, expected), () => `expected anything but ${show(expected)}`, description);
  }

  function assert_in_array(actual, expected, description) {
    check(
      expected.some((item) => Object.is(item, actual)),
      () => `${show(actual)} is not one of ${show(expected)}`,
      description,
    );
  }

  function assert_array_equals(actual, expected, description) {
    const is_object = typeof actual === "object" && actual !== null && "length" in actual;
    check(is_object, () => `${show(actual)} is no array`, description);
    check(
      actual.length === expected.length,
      () => `expected ${show(expected)} of length ${expected.length}, got ${show(actual)} of length ${actual.length}`,
      description,
    );
    for (let index = 0; index < expected.length; index += 1) {
      check(
        Object.hasOwn(actual, index) === Object.hasOwn(expected, index),
        () => `property ${index} is ${Object.hasOwn(expected, index) ? "missing" : "not expected"}`,
        description,
      );
      check(
        Object.is(actual[index], expected[index]),
        () => `item ${index}: expected ${show(expected[index])}, got ${show(actual[index])}`,
        description,
      );
    }
  }

  function assert_array_approx_equals(actual, expected, epsilon, description) {
    check(actual.length === expected.length, () => `expected length ${expected.length}, got ${actual.length}`, description);
    for (let index = 0; index < expected.length; index += 1) {
      assert_approx_equals(actual[index], expected[index], epsilon, `${description || "array"}, item ${index}`);
    }
  }

  // Own and inherited enumerable properties, deeply.
  function assert_object_equals(actual, expected, description) {
    check(typeof actual === "object" && actual !== null, () => `${show(actual)} is no object`, description);
    const compare = (left, right, path, stack) => {
      stack.push([left, right]);
      for (const key in left) {
        check(Object.hasOwn(right, key), () => `unexpected property ${show(key)} at ${path}`, description);
        const both_objects =
          typeof left[key] === "object" && left[key] !== null && typeof right[key] === "object" && right[key] !== null;
        if (both_objects) {
          if (!stack.some(([l, r]) => l === left[key] && r === right[key])) {
            compare(left[key], right[key], `${path}.${key}`, stack);
          }
        } else {
          check(
            Object.is(left[key], right[key]),
            () => `property ${show(key)} at ${path}: expected ${show(right[key])}, got ${show(left[key])}`,
            description,
          );
        }
      }
      for (const key in right) {
        check(Object.hasOwn(left, key), () => `missing property ${show(key)} at ${path}`, description);
      }
      stack.pop();
    };
    compare(actual, expected, "the object", []);
  }

  function assert_approx_equals(actual, expected, epsilon, description) {
    assert_equals(typeof actual, "number", description);
    const near = Object.is(actual, expected) || Math.abs(actual - expected) <= epsilon;
    check(near, () => `expected ${show(expected)} ± ${epsilon}, got ${show(actual)}`, description);
  }

  function ordering(words, holds) {
    return function (actual, expected, description) {
      const comparable = ["number", "bigint"].includes(typeof actual) && typeof actual === typeof expected;
      check(comparable, () => `${show(actual)} (${typeof actual}) cannot be compared with ${show(expected)}`, description);
      check(holds(actual, expected), () => `expected a number ${words} ${show(expected)}, got ${show(actual)}`, description);
    };
  }
  const assert_less_than = ordering("less than", (a, b) => a < b);
  const assert_greater_than = ordering("greater than", (a, b) => a > b);
  const assert_less_than_equal = ordering("not greater than", (a, b) => a <= b);
  const assert_greater_than_equal = ordering("not less than", (a, b) => a >= b);

  function assert_between_exclusive(actual, lower, upper, description) {
    assert_greater_than(actual, lower, description);
    assert_less_than(actual, upper, description);
  }

  function assert_between_inclusive(actual, lower, upper, description) {
    assert_greater_than_equal(actual, lower, description);
    assert_less_than_equal(actual, upper, description);
  }

  function assert_regexp_match(actual, expected, description) {
    check(expected.test(actual), () => `${show(actual)} does not match ${expected}`, description);
  }

  function assert_class_string(object, name, description) {
    assert_equals(Object.prototype.toString.call(object), `[object ${name}]`, description);
  }

  function assert_own_property(object, name, description) {
    check(Object.prototype.hasOwnProperty.call(object, name), () => `no own property ${show(name)}`, description);
  }

  function assert_not_own_property(object, name, description) {
    check(!Object.prototype.hasOwnProperty.call(object, name), () => `unexpected own property ${show(name)}`, description);
  }

  function inherited_from_chain(object, name, description) {
    check(
      (typeof object === "object" && object !== null) || typeof object === "function",
      () => `${show(object)} is no object`,
      description,
    );
    check(!Object.prototype.hasOwnProperty.call(object, name), () => `${show(name)} is an own property`, description);
    check(name in object, () => `${show(name)} is not in the prototype chain`, description);
  }
  const assert_inherits = inherited_from_chain;
  const assert_idl_attribute = inherited_from_chain;

  // Tries to write, and puts back what was there.
  function assert_readonly(object, name, description) {
    const before = object[name];
    try {
      try {
        object[name] = before === "a" ? "b" : "a";
      } catch (thrown) {
        // In strict code writing to a read-only property throws.
        if (!(thrown instanceof TypeError)) {
          throw thrown;
        }
      }
      check(Object.is(object[name], before), () => `${show(name)} could be changed`, description);
    } finally {
      try {
        object[name] = before;
      } catch {
        // As it should be.
      }
    }
  }

  function thrown_by(func, description) {
    let thrown;
    try {
      func.call(undefined);
    } catch (error) {
      thrown = { error };
    }
    check(thrown !== undefined, "nothing was thrown", description);
    // A failed assertion inside is that assertion's failure.
    if (thrown.error instanceof AssertionError) {
      throw thrown.error;
    }
    return thrown.error;
  }

  function expect_js(error, constructor, description) {
    const is_object = (typeof error === "object" && error !== null) || typeof error === "function";
    check(is_object, () => `expected ${constructor.name}, got ${show(error)}, which is no object`, description);
    check(
      error.constructor === constructor && error.name === constructor.name,
      () => `expected ${constructor.name}, got ${show(error)}`,
      description,
    );
  }

  // Names with the legacy codes of Web IDL; new names have the code 0.
  const LEGACY_CODES = {
    IndexSizeError: 1, HierarchyRequestError: 3, WrongDocumentError: 4, InvalidCharacterError: 5,
    NoModificationAllowedError: 7, NotFoundError: 8, NotSupportedError: 9, InUseAttributeError: 10,
    InvalidStateError: 11, SyntaxError: 12, InvalidModificationError: 13, NamespaceError: 14,
    InvalidAccessError: 15, TypeMismatchError: 17, SecurityError: 18, NetworkError: 19, AbortError: 20,
    URLMismatchError: 21, QuotaExceededError: 22, TimeoutError: 23, InvalidNodeTypeError: 24, DataCloneError: 25,
    EncodingError: 0, NotReadableError: 0, UnknownError: 0, ConstraintError: 0, DataError: 0,
    TransactionInactiveError: 0, ReadOnlyError: 0, VersionError: 0, OperationError: 0, NotAllowedError: 0,
    OptOutError: 0,
  };
  const NAMES_OF_CONSTANTS = {};
  for (const name of Object.keys(LEGACY_CODES)) {
    const words = name.replace(/Error$/, "").replace(/([a-z])([A-Z])/g, "$1_$2");
    NAMES_OF_CONSTANTS[`${words.toUpperCase()}_ERR`] = name;
  }
  // The constants that were not made from their names by that rule.
  Object.assign(NAMES_OF_CONSTANTS, {
    INUSE_ATTRIBUTE_ERR: "InUseAttributeError",
    NO_MODIFICATION_ALLOWED_ERR: "NoModificationAllowedError",
    URL_MISMATCH_ERR: "URLMismatchError",
  });

  function expect_dom(error, type, constructor, description) {
    let name = type;
    if (typeof type === "number") {
      check(type !== 0, "the code 0 is ambiguous: give the name", description);
      name = Object.keys(LEGACY_CODES).find((key) => LEGACY_CODES[key] === type);
    } else if (Object.hasOwn(NAMES_OF_CONSTANTS, type)) {
      name = NAMES_OF_CONSTANTS[type];
    }
    check(Object.hasOwn(LEGACY_CODES, name), () => `${show(type)} is no kind of DOMException`, description);
    check(typeof error === "object" && error !== null, () => `expected ${name}, got ${show(error)}`, description);
    check(error.name === name, () => `expected ${name}, got ${show(error)}`, description);
    check(error.code === LEGACY_CODES[name], () => `expected the code ${LEGACY_CODES[name]}, got ${show(error.code)}`, description);
    check(error.constructor === constructor, () => `${show(error)} is no ${constructor && constructor.name}`, description);
  }

  // The constructor may be left out.
  function dom_arguments(rest) {
    return rest.length > 1 && typeof rest[0] === "function" && rest[0].name === "DOMException"
      ? { constructor: rest[0], subject: rest[1], description: rest[2] }
      : { constructor: global.DOMException, subject: rest[0], description: rest[1] };
  }

  function assert_throws_js(constructor, func, description) {
    expect_js(thrown_by(func, description), constructor, description);
  }

  function assert_throws_dom(type, ...rest) {
    const { constructor, subject, description } = dom_arguments(rest);
    expect_dom(thrown_by(subject, description), type, constructor, description);
  }

  function assert_throws_exactly(expected, func, description) {
    const error = thrown_by(func, description);
    check(Object.is(error, expected), () => `expected ${show(expected)} to be thrown, got ${show(error)}`, description);
  }

  function rejection_of(promise, description) {
    return then.call(
      Promise.resolve(promise),
      (value) => fail_assertion(`expected a rejection, was fulfilled with ${show(value)}`, description),
      (error) => error,
    );
  }

  function promise_rejects_js(t, constructor, promise, description) {
    return then.call(rejection_of(promise, description), (error) => expect_js(error, constructor, description));
  }

  function promise_rejects_dom(t, type, ...rest) {
    const { constructor, subject, description } = dom_arguments(rest);
    return then.call(rejection_of(subject, description), (error) => expect_dom(error, type, constructor, description));
  }

  function promise_rejects_exactly(t, expected, promise, description) {
    return then.call(rejection_of(promise, description), (error) =>
      check(Object.is(error, expected), () => `expected a rejection with ${show(expected)}, got ${show(error)}`, description),
    );
  }

  function assert_unreached(description) {
    fail_assertion("reached what must not be reached", description);
  }

  // Passes when the assertion holds for any of the expected values.
  function assert_any(assertion, actual, expected, ...args) {
    const faults = [];
    for (const one of expected) {
      try {
        assertion(actual, one, ...args);
        return;
      } catch (thrown) {
        faults.push(thrown.message);
      }
    }
    fail_assertion(faults.join("; "));
  }

  function assert_implements(condition, description) {
    check(Boolean(condition), "it is not implemented", description);
  }

  function assert_implements_optional(condition, description) {
    if (!condition) {
      throw new OptionalFeatureUnsupportedError(description);
    }
  }

  // ------------------------------------------------------------------ Events

  // Waits for events in order; one that was not waited for fails the test.
  class EventWatcher {
    constructor(test, target, types, timeout_promise) {
      const watched = typeof types === "string" ? [types] : types;
      let waiting = null;
      const listener = test.step_func((event) => {
        check(waiting !== null, () => `unexpected event ${show(event.type)}`);
        check(
          event.type === waiting.types[0],
          () => `expected the event ${show(waiting.types[0])}, got ${show(event.type)}`,
        );
        waiting.events.push(event);
        waiting.types.shift();
        if (waiting.types.length === 0) {
          const { resolve, events, record } = waiting;
          waiting = null;
          resolve(record ? events : event);
        }
      });
      watched.forEach((type) => target.addEventListener(type, listener));
      this.stop_watching = () => watched.forEach((type) => target.removeEventListener(type, listener));
      test.add_cleanup(this.stop_watching);

      this.wait_for = (wanted, options) => {
        if (waiting !== null) {
          return Promise.reject(new Error("EventWatcher.wait_for() was called while it waits already"));
        }
        const list = typeof wanted === "string" ? [wanted] : Array.from(wanted);
        return new Promise((resolve, reject) => {
          waiting = { types: list, events: [], resolve, record: Boolean(options && options.record === "all") };
          if (timeout_promise) {
            then.call(
              Promise.resolve(timeout_promise()),
              test.step_func(() => {
                if (waiting !== null && waiting.resolve === resolve) {
                  waiting = null;
                  reject(new AssertionError(`timed out waiting for ${show(list)}`));
                }
              }),
            );
          }
        });
      };
    }
  }

  // ------------------------------------------------------------------ Into the global

  const interface_ = {
    Test, AssertionError, OptionalFeatureUnsupportedError, EventWatcher,
    test, async_test, promise_test, setup, promise_setup, done, generate_tests, step_timeout, format_value,
    add_start_callback: (callback) => harness.start_callbacks.push(callback),
    add_result_callback: (callback) => harness.result_callbacks.push(callback),
    add_completion_callback: (callback) => harness.completion_callbacks.push(callback),
    assert_true, assert_false, assert_equals, assert_not_equals, assert_in_array, assert_array_equals,
    assert_array_approx_equals, assert_object_equals, assert_approx_equals, assert_less_than,
    assert_greater_than, assert_less_than_equal, assert_greater_than_equal, assert_between_exclusive,
    assert_between_inclusive, assert_regexp_match, assert_class_string, assert_own_property,
    assert_not_own_property, assert_inherits, assert_idl_attribute, assert_readonly, assert_throws_js,
    assert_throws_dom, assert_throws_exactly, promise_rejects_js, promise_rejects_dom,
    promise_rejects_exactly, assert_unreached, assert_any, assert_implements, assert_implements_optional,
  };
  for (const [name, value] of Object.entries(interface_)) {
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  }
  // Files in the .any.js style ask where they run, and call the global `self`.
  for (const [name, value] of Object.entries({
    self: global,
    GLOBAL: { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false },
  })) {
    if (!(name in global)) {
      Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
    }
  }

  if (typeof global.addEventListener === "function") {
    global.addEventListener("error", (event) => {
      harness.uncaught(event.error === undefined || event.error === null ? event.message : event.error, "Uncaught error");
    });
    global.addEventListener("unhandledrejection", (event) => {
      harness.uncaught(event.reason, "Unhandled rejection");
    });
  }
  harness.set_timer();
  // A task of its own, after the files have been evaluated.
  setTimeout(() => {
    harness.loaded = true;
    harness.check();
  }, 0);
})(globalThis);
