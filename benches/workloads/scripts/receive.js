// Messages per second, each of which is looked at. The clock starts with the first one.
const socket = new WebSocket(`${P.server}/flood?count=${P.count}&size=${P.size}&binary=${P.binary ? 1 : 0}&stay=1`);
socket.binaryType = "arraybuffer";
let received = 0;
let bytes = 0;
let start;
function begin() {
  start = performance.now();
  socket.onmessage = P.binary ? onbinary : ontext;
}
function end() {
  const seconds = (performance.now() - start) / 1000;
  report({ value: bytes === (P.count - 1) * P.size ? (P.count - 1) / seconds : NaN });
  socket.close();
}
socket.onmessage = begin;
const last = P.count - 1;
function onbinary(event) {
  bytes += event.data.byteLength;
  received += 1;
  if (received === last) {
    end();
  }
}
function ontext(event) {
  bytes += event.data.length;
  received += 1;
  if (received === last) {
    end();
  }
}
