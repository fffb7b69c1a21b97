// EXPECT: {"status": "OK", "message": null, "tests": {"Untitled": "PASS"}}
setup({ single_test: true });
setTimeout(() => {
  assert_true(true);
  done();
}, 5);
