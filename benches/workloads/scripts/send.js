// Messages per second from the first send() until the server has counted all of them.
const socket = new WebSocket(`${P.server}/sink`);
socket.binaryType = "arraybuffer";
const data = P.binary ? new Uint8Array(P.size).fill(120) : "x".repeat(P.size);
// As much as an application would let stand: the clients differ in when they say that it is gone.
const HIGH_WATER = 4 << 20;
let sent = 0;
let start;
function fill() {
  while (sent < P.count && socket.bufferedAmount < HIGH_WATER) {
    for (let i = 0; i < 1000 && sent < P.count; i += 1, sent += 1) {
      socket.send(data);
    }
  }
  if (sent < P.count) {
    setTimeout(fill, 0);
  } else {
    socket.send("count");
  }
}
socket.onopen = () => {
  start = performance.now();
  fill();
};
socket.onmessage = (event) => {
  const seconds = (performance.now() - start) / 1000;
  report({ value: JSON.parse(event.data).messages === P.count ? P.count / seconds : NaN });
  socket.close();
};
