// EXPECT: {"status": "ERROR", "message": "nobody catches", "tests": {"waits": "PASS"}}
async_test((t) => setTimeout(() => t.done(), 20), "waits");
setTimeout(() => {
  throw new Error("nobody catches");
}, 0);
