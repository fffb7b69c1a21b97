// EXPECT: {"status": "OK", "message": null, "tests": {"Untitled": "FAIL"}}
setup({ single_test: true });
setTimeout(() => assert_true(false), 5);
