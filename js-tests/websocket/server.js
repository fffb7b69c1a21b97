// The embedded server, as tests see it. The runner sets WS_URL and WSS_URL (such as `ws://127.0.0.1:8080`,
// without a slash at the end); a file with the variants `?ws` and `?wss` runs over both.

const SCHEME = location.search === "?wss" ? "wss" : "ws";
const SERVER = SCHEME === "wss" ? WSS_URL : WS_URL;

function server_url(path) {
  return SERVER + path;
}

// A test that hangs should not take the time of those behind it.
setup({ test_timeout: 8_000 });

let last_id = 0;

// A name that no other connection to this server has used.
function unique_id() {
  last_id += 1;
  return `${SCHEME}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}-${last_id}`;
}

// Makes a socket that is closed when the test ends.
function make_socket(t, path, protocols) {
  const socket = protocols === undefined ? new WebSocket(server_url(path)) : new WebSocket(server_url(path), protocols);
  t.add_cleanup(() => {
    if (socket.readyState < WebSocket.CLOSING) {
      socket.close();
    }
  });
  return socket;
}

// The next event of one of these types; one that fails the connection instead rejects.
function next_event(socket, ...types) {
  return new Promise((resolve, reject) => {
    const watched = types.includes("close") ? types : [...types, "close"];
    const listener = (event) => {
      watched.forEach((type) => socket.removeEventListener(type, listener));
      if (types.includes(event.type)) {
        resolve(event);
      } else {
        reject(new Error(`close (${event.code}, "${event.reason}") instead of ${types.join(" or ")}`));
      }
    };
    watched.forEach((type) => socket.addEventListener(type, listener));
  });
}

async function open_socket(t, path, protocols) {
  const socket = make_socket(t, path, protocols);
  await next_event(socket, "open");
  return socket;
}

// The data of the next message.
async function next_message(socket) {
  return (await next_event(socket, "message")).data;
}

// Collects all messages from now on; take(n) waits for n of them in all and returns them.
function collect_messages(socket) {
  const received = [];
  let wanted = Infinity;
  let resolve_wanted = null;
  socket.addEventListener("message", (event) => {
    received.push(event.data);
    if (received.length >= wanted) {
      resolve_wanted(received);
    }
  });
  return {
    received,
    take(count) {
      return new Promise((resolve, reject) => {
        if (received.length >= count) {
          resolve(received);
          return;
        }
        wanted = count;
        resolve_wanted = resolve;
        socket.addEventListener("close", (event) => reject(new Error(`close (${event.code}) after ${received.length} messages`)));
      });
    },
  };
}

// The types of all events from now on, with the state they found.
function log_events(socket) {
  const log = [];
  for (const type of ["open", "message", "error", "close"]) {
    socket.addEventListener(type, () => log.push(`${type} ${socket.readyState}`));
  }
  return log;
}

function assert_close_event(event, { code, reason = "", wasClean }) {
  assert_equals(event.constructor, CloseEvent);
  assert_equals(event.type, "close");
  assert_equals(event.code, code, "code");
  assert_equals(event.reason, reason, "reason");
  assert_equals(event.wasClean, wasClean, "wasClean");
}

// What the server knows of the connection with that `id`, once it has our Close frame or the line has ended (with
// "end": only then): {messages, bytes, pongs, close: {code, reason} or null, end: "eof", "reset", … or null}.
function record_of(id, until = "") {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(server_url(`/last-close?id=${id}&until=${until}`));
    socket.onmessage = (event) => {
      socket.onclose = null;
      socket.close();
      resolve(JSON.parse(event.data));
    };
    socket.onclose = () => reject(new Error("the server did not tell"));
  });
}

// Fails the way the standard wants a connection to fail that was never open: `error`, then `close`.
async function assert_fails_to_connect(t, path, protocols) {
  const socket = make_socket(t, path, protocols);
  const log = log_events(socket);
  const event = await next_event(socket, "open", "close");
  assert_equals(event.type, "close");
  assert_array_equals(log, ["error 3", "close 3"]);
  assert_close_event(event, { code: 1006, wasClean: false });
  return socket;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// A task of its own: everything that was queued before has run.
function next_task() {
  return sleep(0);
}
