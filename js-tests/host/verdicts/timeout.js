// EXPECT: {"status": "TIMEOUT", "message": null, "tests": {"hangs": "TIMEOUT", "behind": "NOTRUN", "apart": "PASS"}}
// The runner's limit is ten seconds; this is a thousandth of it.
setup({ timeout_multiplier: 0.001 });
promise_test(() => new Promise(() => {}), "hangs");
promise_test(async () => {}, "behind");
test(() => {}, "apart");
