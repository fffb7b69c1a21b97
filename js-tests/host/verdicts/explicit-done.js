// EXPECT: {"status": "OK", "message": null, "tests": {"early": "PASS", "late": "PASS"}}
setup({ explicit_done: true });
test(() => {}, "early");
setTimeout(() => {
  test(() => {}, "late");
  done();
}, 20);
