// Connect, one echo, close: per second, one after the other.
let done = 0;
const start = performance.now();
function cycle() {
  const socket = new WebSocket(`${P.server}/echo`);
  socket.onopen = () => socket.send("x");
  socket.onmessage = () => socket.close(1000);
  socket.onclose = () => {
    done += 1;
    if (done < P.count) {
      cycle();
    } else {
      report({ value: P.count / ((performance.now() - start) / 1000) });
    }
  };
}
cycle();
