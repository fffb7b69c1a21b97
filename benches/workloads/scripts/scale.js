// `count` messages of 32 bytes there and back over `size` sockets at once: messages per second, both ways counted once.
const each = Math.ceil(P.count / P.size);
const sockets = [];
let opened = 0;
let left = each * P.size;
let start;
function onmessage() {
  left -= 1;
  if (left === 0) {
    report({ value: (each * P.size) / ((performance.now() - start) / 1000) });
    for (const socket of sockets) {
      socket.close();
    }
  }
}
function begin() {
  start = performance.now();
  const text = "x".repeat(32);
  for (let i = 0; i < each; i += 1) {
    for (const socket of sockets) {
      socket.send(text);
    }
  }
}
for (let i = 0; i < P.size; i += 1) {
  const socket = new WebSocket(`${P.server}/echo`);
  socket.onmessage = onmessage;
  socket.onopen = () => {
    opened += 1;
    if (opened === P.size) {
      begin();
    }
  };
  sockets.push(socket);
}
