// EXPECT: {"status": "OK", "message": null, "tests": {"one": "PASS", "two": "PASS"}}
test(() => {}, "one");
promise_test(async () => {}, "two");
