// EXPECT: {"status": "ERROR", "message": "nobody handles", "tests": {"waits": "PASS"}}
async_test((t) => setTimeout(() => t.done(), 20), "waits");
Promise.reject(new Error("nobody handles"));
