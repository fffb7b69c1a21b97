// After the suite's harness has been run: takes its results, and can end it.
(function (host) {
  "use strict";
  const { report } = host;
  const stringify = JSON.stringify;
  const end = globalThis.timeout;
  const FILE = ["OK", "ERROR", "TIMEOUT", "PRECONDITION_FAILED"];
  const SUBTEST = ["PASS", "FAIL", "TIMEOUT", "NOTRUN", "PRECONDITION_FAILED"];

  const text = (value) => (value === null || value === undefined ? null : String(value));

  add_completion_callback((tests, status) => {
    const results = {
      status: FILE[status.status],
      message: text(status.message),
      tests: [],
    };
    for (let i = 0; i < tests.length; i += 1) {
      const { name, status, message, stack } = tests[i];
      results.tests.push({ name: text(name), status: SUBTEST[status], message: text(message), stack: text(stack) });
    }
    report(stringify(results));
  });

  host.timeout = () => end();
});
