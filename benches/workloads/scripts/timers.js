// `size` timers are set at any time; when one has run it sets itself again: timers per second, until `count` have run.
let left = P.count;
let start;
function run() {
  left -= 1;
  if (left > 0) {
    setTimeout(run, 0);
  } else if (left === 0) {
    report({ value: P.count / ((performance.now() - start) / 1000) });
    for (const id of waiting) {
      clearTimeout(id);
    }
  }
}
const waiting = [];
for (let i = 0; i < P.size; i += 1) {
  waiting.push(setTimeout(() => {}, 1e6 + (i * 7919) % 1e6));
}
start = performance.now();
for (let i = 0; i < 100; i += 1) {
  setTimeout(run, 0);
}
