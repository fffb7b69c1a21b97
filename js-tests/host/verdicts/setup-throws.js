// EXPECT: {"status": "ERROR", "message": "from setup", "tests": {"one": "PASS"}}
setup(() => {
  throw new Error("from setup");
});
test(() => {}, "one");
