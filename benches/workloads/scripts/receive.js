// Messages per second, each of which is looked at. The clock starts with the first one.
const socket = new WebSocket(`${P.server}/flood?count=${P.count}&size=${P.size}&binary=${P.binary ? 1 : 0}&stay=1`);
socket.binaryType = "arraybuffer";
let received = 0;
let bytes = 0;
let start;
socket.onmessage = P.binary
  ? (event) => {
      bytes += event.data.byteLength;
      count();
    }
  : (event) => {
      bytes += event.data.length;
      count();
    };
function count() {
  received += 1;
  if (received === 1) {
    start = performance.now();
  } else if (received === P.count) {
    const seconds = (performance.now() - start) / 1000;
    report({ value: bytes === P.count * P.size ? (P.count - 1) / seconds : NaN });
    socket.close();
  }
}
