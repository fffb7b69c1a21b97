// EXPECT: {"status": "ERROR", "message": "Two tests are named", "tests": {"same": "PASS"}}
test(() => {}, "same");
test(() => {}, "same");
