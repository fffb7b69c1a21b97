// META: title=WebSocket: constructing
// META: script=server.js

function url_of(url) {
  const socket = new WebSocket(url);
  socket.close();
  return socket.url;
}

for (const [given, what] of [
  ["", "an empty string"], ["/relative only without a base\u0000", "not a URL"], ["ws:", "no host"], ["ws://", "an empty host"],
  ["ws://host:notaport/", "a bad port"], ["ws://host:65536/", "a port too large"], ["ws://[::1/", "a bad IPv6 address"],
  ["ws://a b/", "a space in the host"], ["ftp://localhost/", "ftp:"], ["mailto:x@localhost", "mailto:"],
  ["about:blank", "about:"], ["data:,x", "data:"], ["file:///x", "file:"], ["wsx://localhost/", "another scheme"],
  ["javascript:1", "javascript:"],
]) {
  test(() => {
    // What has a base URL may take a relative one for a path of it.
    if (typeof location.href === "string" && !/^[a-z]+:/.test(given)) {
      return;
    }
    assert_throws_dom("SyntaxError", () => new WebSocket(given));
  }, `SyntaxError: ${what}`);
}

test(() => {
  for (const fragment of ["#", "#x", "#x=y&z", "?q#", "#%23"]) {
    assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo${fragment}`), fragment);
    assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL.replace("ws:", "http:")}/echo${fragment}`));
  }
}, "SyntaxError: a fragment, even an empty one");

test(() => {
  assert_throws_js(TypeError, () => new WebSocket());
  assert_throws_js(TypeError, () => new WebSocket(Symbol("x")));
  const error = new Error("from toString");
  assert_throws_exactly(error, () => new WebSocket({ toString() { throw error; } }));
}, "The URL argument is required and converted");

test(() => {
  const host = WS_URL.slice("ws://".length);
  assert_equals(url_of(`ws://${host}`), `ws://${host}/`);
  assert_equals(url_of(`WS://${host}/A?b`), `ws://${host}/A?b`);
  assert_equals(url_of(`http://${host}/x`), `ws://${host}/x`, "http: becomes ws:");
  assert_equals(url_of(`https://${host}/x`), `wss://${host}/x`, "https: becomes wss:");
  assert_equals(url_of(` ws://${host}/ \n`), `ws://${host}/`, "trimmed");
  assert_equals(url_of(`ws://${host}/a/../b/./c`), `ws://${host}/b/c`);
  assert_equals(url_of(`ws://${host}/ä ?ö`), `ws://${host}/%C3%A4%20?%C3%B6`);
  assert_equals(url_of(`ws://${host}/%23?%23`), `ws://${host}/%23?%23`, "an escaped # is no fragment");
  assert_equals(url_of(`ws://${host}/a\r\nX-Header: b`), `ws://${host}/aX-Header:%20b`, "line breaks go");
  assert_equals(url_of(`ws:\\\\${host}\\x`), `ws://${host}/x`);
  assert_equals(url_of(`ws://${host}/\ud800`), `ws://${host}/%EF%BF%BD`, "a USVString");
  assert_equals(url_of({ toString: () => `ws://${host}/object` }), `ws://${host}/object`);
  if (typeof URL === "function") {
    assert_equals(url_of(new URL(`ws://${host}/url`)), `ws://${host}/url`);
  }
}, "url is the parsed URL");

test(() => {
  assert_equals(url_of("ws://127.0.0.1:80/"), "ws://127.0.0.1/", "a default port goes");
  assert_equals(url_of("wss://127.0.0.1:443/"), "wss://127.0.0.1/");
  assert_equals(url_of("http://127.0.0.1:80/"), "ws://127.0.0.1/");
  assert_equals(url_of("https://127.0.0.1:443/"), "wss://127.0.0.1/");
  assert_equals(url_of("ws://127.0.0.1:443/"), "ws://127.0.0.1:443/", "that of another scheme stays");
  assert_equals(url_of("ws://127.1/"), "ws://127.0.0.1/");
  assert_equals(url_of("ws://[0:0:0:0:0:0:0:1]/"), "ws://[::1]/");
}, "url: ports and hosts");

promise_test(async (t) => {
  const socket = new WebSocket(`${WS_URL.replace("ws:", "http:")}/echo`);
  await next_event(socket, "open");
  assert_equals(socket.url, `${WS_URL}/echo`);
  socket.send("over http:");
  assert_equals(await next_message(socket), "over http:");
  socket.close();
}, "An http: URL connects as ws:");

test((t) => {
  // Only where the host has a base URL.
  assert_implements_optional(typeof location.href === "string" && /^(ws|http)/.test(location.href), "no base URL");
  const base = new URL(location.href);
  const scheme = base.protocol.replace("http", "ws");
  assert_equals(url_of("/echo?x"), `${scheme}//${base.host}/echo?x`);
  assert_equals(url_of(`//${base.host}/y`), `${scheme}//${base.host}/y`);
  assert_equals(url_of(""), url_of(location.href.replace(/#.*/, "")));
}, "Relative URLs resolve against the base URL");

const TOKEN_CHARACTERS = "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~";

test((t) => {
  for (const protocols of [
    "", " ", "a b", "a,b", "a,", "a/b", "a:b", "a(b", "a)", "a<", "a>", "a@b", "a;b", "a\\b", 'a"', "a[b", "a]", "a?b",
    "a=b", "a{b", "a}", "\t", "a\u0000", "a\u007f", "a\u0080", "ä", "\ud83e\udd80", "a\r\nX: y",
  ]) {
    assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo`, protocols), format_value(protocols));
    assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo`, ["ok", protocols]), format_value(protocols));
  }
}, "SyntaxError: a subprotocol that is no token");

test((t) => {
  assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo`, ["a", "a"]));
  assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo`, ["a", "b", "a"]));
}, "SyntaxError: the same subprotocol twice");

test(() => {
  // The standard says "more than once" and nothing of case; every browser compares like this.
  assert_throws_dom("SyntaxError", () => new WebSocket(`${WS_URL}/echo`, ["echo", "eCho"]));
}, "SyntaxError: the same subprotocol twice but for its case");

test((t) => {
  assert_equals(make_socket(t, "/silent", []).readyState, 0);
  assert_equals(make_socket(t, "/silent", TOKEN_CHARACTERS).readyState, 0);
  assert_equals(make_socket(t, "/silent", undefined).readyState, 0);
  assert_equals(make_socket(t, "/silent", new Set(["a", "b"])).readyState, 0, "any iterable object");
  assert_equals(make_socket(t, "/silent", [1, true, { toString: () => "x" }]).readyState, 0, "items are converted");
  assert_throws_js(TypeError, () => new WebSocket(`${WS_URL}/echo`, [Symbol("x")]));
  const error = new Error("from an iterator");
  assert_throws_exactly(error, () => new WebSocket(`${WS_URL}/echo`, { [Symbol.iterator]() { throw error; } }));
}, "The kinds of protocols arguments");

test(() => {
  const log = [];
  const url = { toString: () => (log.push("url"), "not a url#") };
  const protocols = { *[Symbol.iterator]() { log.push("protocols"); } };
  assert_throws_dom("SyntaxError", () => new WebSocket(url, protocols));
  assert_array_equals(log, ["url", "protocols"], "both are converted before anything is checked");
}, "The order of conversions");

test((t) => {
  const socket = make_socket(t, "/silent");
  assert_equals(socket.readyState, WebSocket.CONNECTING);
  assert_equals(socket.bufferedAmount, 0);
  assert_equals(socket.extensions, "");
  assert_equals(socket.protocol, "");
  assert_equals(socket.binaryType, "blob");
  assert_equals(socket.url, `${SERVER}/silent`);
  for (const name of ["onopen", "onmessage", "onerror", "onclose"]) {
    assert_equals(socket[name], null);
  }
}, "The members of a new WebSocket");

promise_test(async () => {
  // Nothing listens on port 1, or it is blocked anyway.
  const socket = new WebSocket("ws://127.0.0.1:1/");
  const log = log_events(socket);
  const until = Date.now() + 50;
  while (Date.now() < until) {}
  assert_equals(socket.readyState, WebSocket.CONNECTING);
  await null;
  assert_equals(socket.readyState, WebSocket.CONNECTING, "nor in a microtask");
  assert_array_equals(log, []);
  await next_event(socket, "close");
  assert_array_equals(log, ["error 3", "close 3"]);
}, "No event fires before the constructor's own task ends");
