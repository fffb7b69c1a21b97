// `count` messages there and back over a few sockets that come and go: closed by script with a code, by the server, and by being lost.
const SOCKETS = 20;
const text = "x".repeat(100);
const bytes = new Uint8Array(1000).fill(1);
let received = 0;
let paused = 0;
let random = 1;
function below(limit) {
  random = (random * 48271) % 2147483647;
  return random % limit;
}
function open() {
  const socket = new WebSocket(`${P.server}/echo`);
  socket.binaryType = below(2) ? "arraybuffer" : "blob";
  let life = 200 + below(400);
  const send = () => socket.send(below(2) ? text : bytes);
  socket.onopen = () => {
    for (let i = 0; i < 10; i += 1) {
      send();
    }
  };
  socket.onmessage = (event) => {
    received += 1;
    life -= 1;
    if (received === P.count / 10 || received === P.count) {
      paused += 1;
      console.log(`PAUSE ${received === P.count ? "end" : "tenth"}`);
      const begin = Date.now();
      while (Date.now() - begin < 1000);
    }
    if (received >= P.count) {
      socket.close();
      if (received === P.count) {
        report({ value: paused });
      }
      return;
    }
    if (life > 0) {
      send();
    } else if (below(3) === 0) {
      socket.onclose = null;
      socket.onmessage = null;
      open();
    } else {
      socket.close(3000 + below(2000), "enough");
    }
    if (event.data === null) {
      throw new Error("no data");
    }
  };
  socket.onclose = () => {
    if (received < P.count) {
      open();
    }
  };
}
for (let i = 0; i < SOCKETS; i += 1) {
  open();
}
