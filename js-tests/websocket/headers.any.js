// META: title=WebSocket: headers of the request
// META: script=server.js
// META: variant=?ws
// META: variant=?wss

// The second argument is the standard's, or a dictionary { headers, protocols }.

async function echoed(t, init) {
  const socket = make_socket(t, "/headers", init);
  return JSON.parse(await next_message(socket));
}

function connect(init) {
  // Nothing of it may be sent, so it need not be there.
  return new WebSocket(server_url("/headers"), init);
}

// ---- the forms of the second argument

for (const [what, given, expected] of [
  ["Nothing", undefined, ""],
  ["An empty dictionary", {}, ""],
  ["A dictionary of undefined", { protocols: undefined, headers: undefined }, ""],
  ["No subprotocols", { protocols: [] }, ""],
  ["Headers that are null", { headers: null }, ""],
  ["An empty record of headers", { headers: {} }, ""],
  ["An empty sequence of headers", { headers: [] }, ""],
  ["A string", "one", "one"],
  ["A sequence", ["one", "two"], "one"],
  ["A string in a dictionary", { protocols: "one" }, "one"],
  ["A sequence in a dictionary", { protocols: ["one", "two"] }, "one"],
  ["A Set in a dictionary", { protocols: new Set(["one", "two"]) }, "one"],
  ["A number in a dictionary", { protocols: 7 }, "7"],
  ["null in a dictionary", { protocols: null }, "null"],
  ["An object in a dictionary", { protocols: { toString: () => "made" } }, "made"],
  ["null", null, "null"],
  ["A number", 7, "7"],
  ["A String object, which is a sequence", new String("x"), "x"],
  ["An object with toString, which is a dictionary", { toString: () => "not-asked", unknown: 1 }, ""],
  ["A function, which is a dictionary", () => {}, ""],
  ["A member that is inherited", Object.create({ protocols: "inherited" }), "inherited"],
]) {
  promise_test(async (t) => {
    const socket = await open_socket(t, "/echo", given);
    assert_equals(socket.protocol, expected);
  }, `${what} asks for ${format_value(expected)}`);
}

test(() => {
  const read = [];
  const init = new Proxy({}, {
    get(target, name) {
      read.push(name);
      if (name === "headers") {
        return new Proxy({ "x-b": "1", "x-a": "2" }, {
          get(headers, key) {
            read.push(`get ${String(key)}`);
            return headers[key];
          },
          ownKeys(headers) {
            read.push("ownKeys");
            return Reflect.ownKeys(headers);
          },
          getOwnPropertyDescriptor(headers, key) {
            read.push(`descriptor ${key}`);
            return Reflect.getOwnPropertyDescriptor(headers, key);
          },
        });
      }
      return undefined;
    },
  });
  connect(init).close();
  assert_array_equals(read, [
    Symbol.iterator, "headers", "get Symbol(Symbol.iterator)", "ownKeys", "descriptor x-b", "get x-b", "descriptor x-a",
    "get x-a", "protocols",
  ]);
}, "Members are read in lexicographic order, and each property of a record once");

test(() => {
  const thrown = new Error("from a getter");
  const init = { get headers() { throw thrown; }, get protocols() { throw new Error("too late"); } };
  assert_throws_exactly(thrown, () => connect(init));
  assert_throws_exactly(thrown, () => connect({ headers: { get "x-a"() { throw thrown; } } }));
  assert_throws_exactly(thrown, () => connect({ headers: [["x-a", { toString() { throw thrown; } }]] }));
  assert_throws_exactly(thrown, () => connect({ get [Symbol.iterator]() { throw thrown; } }));
}, "What a getter throws passes through");

// ---- what arrives

for (const [form, headers] of [
  ["a record", { "X-One": "1", "x-two": "zwei" }],
  ["a sequence of pairs", [["X-One", "1"], ["x-two", "zwei"]]],
  ["a Map", new Map([["X-One", "1"], ["x-two", "zwei"]])],
  ["pairs that are sets", [new Set(["X-One", "1"]), new Set(["x-two", "zwei"])]],
]) {
  promise_test(async (t) => {
    const seen = await echoed(t, { headers });
    assert_equals(seen["x-one"], "1");
    assert_equals(seen["x-two"], "zwei");
  }, `Headers from ${form} arrive`);
}

promise_test(async (t) => {
  const headers = { "X-Number": 12, "X-Null": null, "X-Undefined": undefined, "X-Object": { toString: () => "made" }, 7: "index" };
  Object.defineProperty(headers, "X-Hidden", { value: "hidden", enumerable: false });
  const seen = await echoed(t, { headers: Object.setPrototypeOf(headers, { "X-Inherited": "no" }) });
  assert_equals(seen["x-number"], "12");
  assert_equals(seen["x-null"], "null");
  assert_equals(seen["x-undefined"], "undefined");
  assert_equals(seen["x-object"], "made");
  assert_equals(seen["7"], "index");
  assert_false("x-hidden" in seen);
  assert_false("x-inherited" in seen);
}, "Values are converted; own enumerable properties count");

promise_test(async (t) => {
  const seen = await echoed(t, { headers: [["X-Many", "1"], ["X-Other", "o"], ["x-many", "2"], ["X-MANY", "1"]] });
  assert_array_equals(seen["x-many"], ["1", "2", "1"]);
  const record = await echoed(t, { headers: { "X-Many": "1", "x-many": "2" } });
  assert_array_equals(record["x-many"], ["1", "2"]);
}, "Headers of the same name all arrive, in order");

promise_test(async (t) => {
  const seen = await echoed(t, { headers: { "X-Space": " \t a b \r\n", "X-Empty": "", "X-Blank": " " } });
  assert_equals(seen["x-space"], "a b");
  assert_equals(seen["x-empty"], "");
  assert_equals(seen["x-blank"], "");
}, "Values lose the whitespace around them");

promise_test(async (t) => {
  const seen = await echoed(t, { headers: { "User-Agent": "mine", Origin: "https://mine.example", Cookie: "a=b", Pragma: "other" } });
  assert_equals(seen["user-agent"], "mine");
  assert_equals(seen.origin, "https://mine.example");
  assert_equals(seen.cookie, "a=b");
  assert_equals(seen.pragma, "other");
  assert_equals(seen["cache-control"], "no-cache", "the others stay");
}, "They take the place of those that are sent by default");

promise_test(async (t) => {
  const [scheme, rest] = SERVER.split("//");
  const socket = new WebSocket(`${scheme}//user:password@${rest}/headers`, { headers: { Authorization: "Bearer token" } });
  t.add_cleanup(() => socket.close());
  const seen = JSON.parse(await next_message(socket));
  assert_equals(seen.authorization, "Bearer token");
}, "And of the URL's user info");

promise_test(async (t) => {
  const seen = await echoed(t, { protocols: ["one", "two"], headers: { "X-One": "1" } });
  assert_equals(seen["sec-websocket-protocol"], "one, two");
  assert_equals(seen["x-one"], "1");
}, "Together with subprotocols");

// ---- what throws

for (const name of [
  "", " ", "a b", "a:", "a\r\nX-Injected: 1", "a\n", "a\0", "(a)", "\u00e9", "a\u0100",
  "Host", "connection", "UPGRADE", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Expect", "Keep-Alive",
  "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "sec-websocket-extensions", "Sec-WebSocket-New",
]) {
  test(() => {
    assert_throws_js(TypeError, () => connect({ headers: { [name]: "x" } }));
    assert_throws_js(TypeError, () => connect({ headers: [["x-fine", "1"], [name, "x"]] }));
  }, `The name ${format_value(name)} is a TypeError`);
}

for (const value of ["a\r\nX-Injected: 1", "a\rb", "a\nb", "a\n b", "a\0b", "\0", "\x01", "a\x7fb", "\u0100", "\u{1f600}"]) {
  test(() => {
    assert_throws_js(TypeError, () => connect({ headers: { "X-A": value } }));
  }, `The value ${format_value(value)} is a TypeError`);
}

for (const [what, headers] of [
  ["A string", "X-A: 1"],
  ["A number", 7],
  ["A boolean", true],
  ["A symbol", Symbol("x")],
  ["A list of strings that are lines", ["X-A: 1"]],
  ["A pair without a value", [["X-A"]]],
  ["A pair of three", [["X-A", "1", "2"]]],
  ["An empty pair", [[]]],
  ["A list of numbers", [7]],
  ["A list of dictionaries", [{ name: "X-A" }]],
  ["A value that is a symbol", { "X-A": Symbol("x") }],
  ["A name that is a symbol", { [Symbol("x")]: "1" }],
  ["An iterator that is none", { [Symbol.iterator]: 7 }],
]) {
  test(() => {
    assert_throws_js(TypeError, () => connect({ headers }));
  }, `${what} instead of headers is a TypeError`);
}

test(() => {
  assert_throws_dom("SyntaxError", () => connect({ protocols: ["a", "a"] }));
  assert_throws_dom("SyntaxError", () => connect({ protocols: "a b", headers: { "a b": "x" } }), "before the headers are looked at");
  assert_throws_dom("SyntaxError", () => new WebSocket("ws://h/#x", { headers: { "a b": "x" } }), "the URL, too");
  assert_throws_js(TypeError, () => new WebSocket("ws://h/#x", { headers: 7 }), "conversions come first");
}, "Subprotocols in the dictionary are checked as ever");

test(() => {
  assert_equals(WebSocket.length, 1);
}, "The second argument stays optional");
