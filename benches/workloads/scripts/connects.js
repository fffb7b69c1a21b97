// Connections per second, all begun at once; then what each costs while it is idle, and after one echo.
const sockets = [];
let opened = 0;
let echoed = 0;
const pause = (name) => new Promise((resolve) => {
  console.log(`PAUSE ${name}`);
  setTimeout(resolve, 1500);
});
async function main() {
  await pause("before");
  const start = performance.now();
  await new Promise((resolve, reject) => {
    for (let i = 0; i < P.count; i += 1) {
      const socket = new WebSocket(`${P.server}/echo`);
      socket.onopen = () => {
        opened += 1;
        if (opened === P.count) {
          resolve();
        }
      };
      socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
      sockets.push(socket);
    }
  });
  const perSecond = P.count / ((performance.now() - start) / 1000);
  await pause("idle");
  await new Promise((resolve) => {
    for (const socket of sockets) {
      socket.onmessage = () => {
        echoed += 1;
        if (echoed === P.count) {
          resolve();
        }
      };
      socket.send("x".repeat(64));
    }
  });
  await pause("echoed");
  report({ value: perSecond });
}
main()
  .catch((error) => console.log(`FAILED ${error}`))
  .finally(() => {
    for (const socket of sockets) {
      socket.onclose = null;
      socket.close();
    }
  });
