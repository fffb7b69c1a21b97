// A test harness with the interface of the web platform's `testharness.js`, so that files in the `.any.js`
// style run with it unchanged. It needs nothing but ECMAScript and `setTimeout`.
//
// A runner evaluates, in a fresh realm and in one go: `assertions.js`, this file, the files named by
// `// META: script=` (relative to the test file), then the test file. Then it runs the event loop. It sets the
// globals that the tests of the embedded server need (see `websocket/server.js`), and may set these:
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
  const { AssertionError, OptionalFeatureUnsupportedError, assert_true, assert_unreached, format_value } = global;

  const TIMEOUTS = { normal: 10_000, long: 60_000 };
  const STATUS = ["PASS", "FAIL", "TIMEOUT", "NOTRUN", "PRECONDITION_FAILED"];
  const HARNESS_STATUS = ["OK", "ERROR", "TIMEOUT", "PRECONDITION_FAILED"];

  // ------------------------------------------------------------------ Errors

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

  // ------------------------------------------------------------------ Into the global

  const interface_ = {
    Test, test, async_test, promise_test, setup, promise_setup, done, generate_tests, step_timeout,
    add_start_callback: (callback) => harness.start_callbacks.push(callback),
    add_result_callback: (callback) => harness.result_callbacks.push(callback),
    add_completion_callback: (callback) => harness.completion_callbacks.push(callback),
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
