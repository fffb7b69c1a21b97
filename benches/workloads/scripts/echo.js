// Round trips, one after the other: per second, or MiB per second each way for large messages.
const socket = new WebSocket(`${P.server}/echo`);
socket.binaryType = "arraybuffer";
const data = P.binary ? new Uint8Array(P.size).fill(120) : "x".repeat(P.size);
let done = 0;
let start;
socket.onopen = () => {
  start = performance.now();
  socket.send(data);
};
socket.onmessage = () => {
  done += 1;
  if (done < P.count) {
    socket.send(data);
    return;
  }
  const seconds = (performance.now() - start) / 1000;
  report({ value: (P.count * (P.size < 1 << 20 ? 1 : P.size / (1 << 20))) / seconds });
  socket.close();
};
