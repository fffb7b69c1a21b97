// EXPECT: {"status": "OK", "message": null, "tests": {"waits": "PASS"}}
setup({ allow_uncaught_exception: true });
async_test((t) => setTimeout(() => t.done(), 20), "waits");
setTimeout(() => {
  throw new Error("allowed");
}, 0);
