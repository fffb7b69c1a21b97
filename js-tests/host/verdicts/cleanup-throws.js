// EXPECT: {"status": "ERROR", "message": "from a cleanup", "tests": {"one": "PASS", "two": "PASS"}}
promise_test(async (t) => {
  t.add_cleanup(() => {
    throw new Error("from a cleanup");
  });
}, "one");
promise_test(async () => {}, "two");
