// EXPECT: {"status": "TIMEOUT", "message": null, "tests": {"early": "PASS"}}
setup({ explicit_done: true, timeout_multiplier: 0.001 });
test(() => {}, "early");
