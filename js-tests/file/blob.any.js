// META: title=Blob
// META: script=../idl.js

test(() => {
  assert_data_property(globalThis, "Blob", { value: Blob, writable: true, enumerable: false, configurable: true });
  assert_function_shape(Blob, "Blob", 0);
  assert_equals(Object.getPrototypeOf(Blob.prototype), Object.prototype);
  assert_data_property(Blob.prototype, Symbol.toStringTag, {
    value: "Blob", writable: false, enumerable: false, configurable: true,
  });
  assert_throws_js(TypeError, () => Blob());
  for (const [name, length] of Object.entries({ slice: 0, text: 0, arrayBuffer: 0, bytes: 0 })) {
    assert_data_property(Blob.prototype, name, { writable: true, enumerable: true, configurable: true });
    assert_function_shape(Blob.prototype[name], name, length);
  }
  for (const name of ["size", "type"]) {
    const descriptor = descriptor_of(Blob.prototype, name);
    assert_true(descriptor.enumerable);
    assert_function_shape(descriptor.get, `get ${name}`, 0);
    assert_equals(descriptor.set, undefined);
    assert_throws_js(TypeError, () => descriptor.get.call({}));
    assert_throws_js(TypeError, () => descriptor.get.call(Blob.prototype));
  }
  assert_throws_js(TypeError, () => Blob.prototype.slice.call({}));
}, "The interface");

promise_test(async (t) => {
  for (const name of ["text", "arrayBuffer", "bytes"]) {
    await promise_rejects_js(t, TypeError, Blob.prototype[name].call({}), name);
  }
}, "Operations that return promises reject a wrong this");

promise_test(async () => {
  const empty = new Blob();
  assert_equals(empty.size, 0);
  assert_equals(empty.type, "");
  assert_equals(await empty.text(), "");
  assert_equals(new Blob(undefined).size, 0);
  assert_equals(new Blob([]).size, 0);
  assert_class_string(empty, "Blob");
}, "An empty Blob");

promise_test(async () => {
  const bytes = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
  const blob = new Blob([
    "ä\ud800", bytes.subarray(2, 4), bytes.buffer, new DataView(bytes.buffer, 7), new Uint16Array([0x4241]),
    new Blob(["blob"]), 12, null, undefined, { toString: () => "object" },
  ]);
  const expected = [
    0xc3, 0xa4, 0xef, 0xbf, 0xbd, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 7, 0x41, 0x42,
    ...[..."blob12nullundefinedobject"].map((c) => c.charCodeAt(0)),
  ];
  assert_equals(blob.size, expected.length);
  assert_array_equals(new Uint8Array(await blob.arrayBuffer()), expected);
}, "Parts of every kind");

promise_test(async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const blob = new Blob([bytes]);
  bytes.fill(9);
  assert_array_equals(await blob.bytes(), [1, 2, 3]);
  const first = await blob.arrayBuffer();
  new Uint8Array(first).fill(7);
  assert_array_equals(await blob.bytes(), [1, 2, 3], "each result is a copy");
}, "A Blob does not change");

test(() => {
  for (const parts of ["text", 1, true, {}, new Date(0), null]) {
    assert_throws_js(TypeError, () => new Blob(parts), format_value(parts));
  }
  assert_throws_js(TypeError, () => new Blob([Symbol("x")]));
  const error = new Error("from an iterator");
  assert_throws_exactly(error, () => new Blob({ [Symbol.iterator]() { throw error; } }));
  assert_throws_js(TypeError, () => new Blob([], 1));
  assert_throws_js(TypeError, () => new Blob([], "text"));
}, "Arguments that are wrong");

promise_test(async () => {
  assert_equals(await new Blob(new Set(["a", "b"])).text(), "ab");
  function* parts() {
    yield "c";
    yield "d";
  }
  assert_equals(await new Blob(parts()).text(), "cd");
  assert_equals(await new Blob(new Uint8Array([65, 66])).text(), "6566", "a typed array is an iterable of numbers");
  assert_equals(await new Blob(Object("ef")).text(), "ef", "a String object is iterable");
}, "The parts can be any iterable object");

test(() => {
  const type = (given) => new Blob([], { type: given }).type;
  assert_equals(type("text/plain"), "text/plain");
  assert_equals(type("Text/PLAIN;Charset=UTF-8"), "text/plain;charset=utf-8");
  assert_equals(type("te\u00e4t"), "");
  assert_equals(type("a\tb"), "");
  assert_equals(type("a\u007f"), "");
  assert_equals(type(" ~"), " ~");
  assert_equals(type(null), "null");
  assert_equals(type(undefined), "");
}, "The type");

promise_test(async () => {
  const text = "a\nb\r\nc\rd\n\re";
  assert_equals(await new Blob([text]).text(), text);
  assert_equals(await new Blob([text], { endings: "transparent" }).text(), text);
  const native = await new Blob([text, new Uint8Array([13, 10])], { endings: "native" }).text();
  assert_in_array(native, ["a\nb\nc\nd\n\ne\r\n", "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n"], "bytes are left alone");
  assert_throws_js(TypeError, () => new Blob([], { endings: "Native" }));
  assert_throws_js(TypeError, () => new Blob([], { endings: null }));
}, "endings");

test(() => {
  const log = [];
  new Blob([{ toString: () => (log.push("part"), "") }], logging_dictionary({ type: "", endings: "native" }, log));
  assert_array_equals(log, ["part", "endings", "type"]);
}, "The order of conversions");

promise_test(async () => {
  const blob = new Blob(["0123456789"], { type: "text/plain" });
  const slice = async (...args) => blob.slice(...args).text();
  assert_equals(await slice(), "0123456789");
  assert_equals(await slice(3), "3456789");
  assert_equals(await slice(3, 5), "34");
  assert_equals(await slice(-3), "789");
  assert_equals(await slice(-3, -1), "78");
  assert_equals(await slice(5, 3), "");
  assert_equals(await slice(20), "");
  assert_equals(await slice(-20, 2), "01");
  assert_equals(await slice(0, 100), "0123456789");
  assert_equals(await slice("2", "4"), "23");
  assert_equals(await slice(NaN, 2), "01");
  assert_equals(await slice(null, undefined), "0123456789");
  assert_equals(await slice(undefined, 3), "012");
  assert_equals(await slice(-Infinity, Infinity), "0123456789", "clamped");
  assert_equals(await slice(0.5, 1.5), "01", "clamping rounds to the nearest, and halves to the even");
}, "slice");

test(() => {
  const blob = new Blob(["x"], { type: "text/plain" });
  assert_equals(blob.slice().type, "");
  assert_equals(blob.slice(0, 1, "Text/HTML").type, "text/html");
  assert_equals(blob.slice(0, 1, "te\u00e4t").type, "");
  assert_equals(blob.slice(0, 1, null).type, "null");
  assert_not_equals(blob.slice(), blob);
}, "slice has a type of its own");

promise_test(async () => {
  const blob = new Blob(["0123456789"]).slice(2, 8).slice(1, -1);
  assert_equals(blob.size, 4);
  assert_equals(await blob.text(), "3456");
  assert_equals(await new Blob([blob, blob]).text(), "34563456");
}, "Slices of slices");

promise_test(async () => {
  const invalid = new Blob([new Uint8Array([0x61, 0xff, 0x62])]);
  assert_equals(await invalid.text(), "a\ufffdb");
  const marked = new Blob([new Uint8Array([0xef, 0xbb, 0xbf, 0x61])]);
  assert_equals(await marked.text(), "a", "a byte order mark is taken off");
}, "text decodes UTF-8");

promise_test(async () => {
  const blob = new Blob(["abc"]);
  const bytes = await blob.bytes();
  assert_true(bytes instanceof Uint8Array);
  assert_array_equals(bytes, [97, 98, 99]);
  assert_equals(bytes.buffer.byteLength, 3);
  const buffer = await blob.arrayBuffer();
  assert_true(buffer instanceof ArrayBuffer);
  assert_equals(buffer.byteLength, 3);
  assert_true(blob.text() instanceof Promise);
}, "bytes and arrayBuffer");

promise_test(async () => {
  const part = new Uint8Array(1 << 20).fill(65);
  const blob = new Blob([part, part, part, part]);
  assert_equals(blob.size, 4 << 20);
  const bytes = await blob.slice((1 << 20) - 1, (1 << 20) + 1).bytes();
  assert_array_equals(bytes, [65, 65]);
}, "A large Blob");

promise_test(async () => {
  class Named extends Blob {
    constructor(name, parts) {
      super(parts);
      this.name = name;
    }
  }
  const named = new Named("n", ["x"]);
  assert_true(named instanceof Blob);
  assert_equals(named.name + (await named.text()), "nx");
  assert_equals(Object.getPrototypeOf(named.slice()), Blob.prototype);
}, "Blob can be subclassed");
