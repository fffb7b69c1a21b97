// EXPECT: {"status": "OK", "message": null, "tests": {"bad": "FAIL", "good": "PASS"}}
test(() => assert_true(false), "bad");
test(() => {}, "good");
