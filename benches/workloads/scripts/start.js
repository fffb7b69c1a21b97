// From nothing to one echo and a clean end. What counts is the life of the process.
const socket = new WebSocket(`${P.server}/echo`);
socket.onopen = () => socket.send("x");
socket.onmessage = () => socket.close(1000);
socket.onclose = (event) => report({ value: event.wasClean ? 1 : NaN });
