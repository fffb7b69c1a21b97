// META: title=TextEncoder

const strings = [
  ["", []],
  ["abc", [0x61, 0x62, 0x63]],
  ["caf\u00e9", [0x63, 0x61, 0x66, 0xc3, 0xa9]],
  ["\u20ac", [0xe2, 0x82, 0xac]],
  ["\ud83e\udd80!", [0xf0, 0x9f, 0xa6, 0x80, 0x21]],
  ["a\ud83e", [0x61, 0xef, 0xbf, 0xbd]],
  ["\udd80\ud83e", [0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd]],
  ["\0\ufeff", [0x00, 0xef, 0xbb, 0xbf]],
];

test(() => {
  const encoder = new TextEncoder("utf-16");
  assert_equals(encoder.encoding, "utf-8", "there is no other");
  for (const [text, bytes] of strings) {
    const encoded = encoder.encode(text);
    assert_true(encoded instanceof Uint8Array);
    assert_array_equals(encoded, bytes, format_value(text));
    assert_equals(encoded.buffer.byteLength, bytes.length, "the buffer is no longer");
    assert_equals(encoded.byteOffset, 0);
  }
  assert_array_equals(encoder.encode(), []);
  assert_array_equals(encoder.encode(undefined), []);
  assert_array_equals(encoder.encode(null), [0x6e, 0x75, 0x6c, 0x6c]);
  assert_array_equals(encoder.encode(12), [0x31, 0x32]);
  assert_throws_js(TypeError, () => encoder.encode(Symbol("x")));
  assert_not_equals(encoder.encode("a").buffer, encoder.encode("a").buffer);
}, "encode");

test(() => {
  for (const unit of ["x", "\u00e4", "\u20ac", "\ud83e\udd80", "xy\ud83e\udd80\u00e4", "\udd80"]) {
    const text = unit.repeat(100_003);
    const bytes = new TextEncoder().encode(text);
    assert_equals(bytes.length, new TextEncoder().encode(unit).length * 100_003);
    assert_equals(new TextDecoder().decode(bytes), text.replace(/^\udd80+$/, (lone) => "\ufffd".repeat(lone.length)), unit);
  }
}, "Long strings");

for (const [kind, make] of [
  ["an ArrayBuffer", (length) => new Uint8Array(length)],
  ["a part of an ArrayBuffer", (length) => new Uint8Array(new ArrayBuffer(length + 8), 3, length)],
  ["a SharedArrayBuffer", (length) => new Uint8Array(new SharedArrayBuffer(length + 8), 5, length)],
]) {
  test(() => {
    for (const [text, bytes] of strings) {
      const array = make(bytes.length + 2).fill(7);
      const result = new TextEncoder().encodeInto(text, array);
      assert_object_equals(result, { read: text.length, written: bytes.length });
      assert_array_equals(array, [...bytes, 7, 7], "what is behind stays");
      assert_array_equals(Object.keys(result), ["read", "written"]);
    }
  }, `encodeInto ${kind}`);

  test(() => {
    for (const [text, room, read, bytes] of [
      ["abc", 2, 2, [0x61, 0x62]],
      ["abc", 0, 0, []],
      ["a\u00e9", 2, 1, [0x61, 7]],
      ["\u20aca", 2, 0, [7, 7]],
      ["\ud83e\udd80", 3, 0, [7, 7, 7]],
      ["a\ud83e\udd80b", 5, 3, [0x61, 0xf0, 0x9f, 0xa6, 0x80]],
      ["\ud83eb", 3, 1, [0xef, 0xbf, 0xbd]],
      ["\ud83e\ud83e\udd80", 5, 1, [0xef, 0xbf, 0xbd, 7, 7]],
    ]) {
      const array = make(room).fill(7);
      const result = new TextEncoder().encodeInto(text, array);
      const written = bytes.filter((byte) => byte !== 7).length;
      assert_object_equals(result, { read, written }, format_value(text));
      assert_array_equals(array, bytes, "whole characters only");
    }
  }, `encodeInto ${kind} that is too small`);
}

test(() => {
  const encoder = new TextEncoder();
  const buffer = new ArrayBuffer(8);
  for (const wrong of [
    undefined, null, 1, "x", {}, [], buffer, new DataView(buffer), new Int8Array(buffer), new Uint8ClampedArray(buffer),
    new Uint16Array(buffer), new Float64Array(buffer), new Proxy(new Uint8Array(8), {}),
    new Uint8Array(new ArrayBuffer(8, { maxByteLength: 16 })),
  ]) {
    assert_throws_js(TypeError, () => encoder.encodeInto("x", wrong), format_value(wrong));
  }
  assert_throws_js(TypeError, () => encoder.encodeInto(Symbol("x"), new Uint8Array(8)));
}, "encodeInto: destinations that are wrong");

test(() => {
  const array = new Uint8Array(4);
  const text = { toString: () => (structuredClone(array.buffer, { transfer: [array.buffer] }), "abc") };
  assert_object_equals(new TextEncoder().encodeInto(text, array), { read: 0, written: 0 });
  assert_equals(array.byteLength, 0);
}, "encodeInto: a conversion that detaches the destination");
