// dispatchEvent() with one listener, per second.
const target = new EventTarget();
const event = new Event("x");
let seen = 0;
target.addEventListener("x", () => {
  seen += 1;
});
const start = performance.now();
for (let i = 0; i < P.count; i += 1) {
  target.dispatchEvent(event);
}
report({ value: seen === P.count ? P.count / ((performance.now() - start) / 1000) : NaN });
