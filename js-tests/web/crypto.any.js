// META: title=crypto

const integers = [
  "Int8Array", "Int16Array", "Int32Array", "BigInt64Array", "Uint8Array", "Uint8ClampedArray", "Uint16Array", "Uint32Array",
  "BigUint64Array",
];

for (const name of integers) {
  test(() => {
    const constructor = globalThis[name];
    const array = new constructor(4096 / constructor.BYTES_PER_ELEMENT);
    assert_equals(crypto.getRandomValues(array), array, "it returns its argument");
    const bytes = new Uint8Array(array.buffer);
    assert_greater_than(new Set(bytes).size, 200, "nearly all bytes there can be");
    assert_equals(crypto.getRandomValues(new constructor(0)).length, 0);
    const most = new constructor(65_536 / constructor.BYTES_PER_ELEMENT);
    assert_equals(crypto.getRandomValues(most), most);
    const error = assert_throws(() => crypto.getRandomValues(new constructor(65_536 / constructor.BYTES_PER_ELEMENT + 1)));
    assert_equals(error.constructor, QuotaExceededError);
    assert_equals(error.name, "QuotaExceededError");
    assert_equals(error.quota, null);
    assert_equals(error.requested, null);
  }, `getRandomValues: ${name}`);
}

function assert_throws(func) {
  try {
    func();
  } catch (error) {
    return error;
  }
  assert_unreached("it did not throw");
}

test(() => {
  const bytes = new Uint8Array(64);
  crypto.getRandomValues(bytes.subarray(16, 48));
  assert_array_equals(bytes.subarray(0, 16), new Array(16).fill(0));
  assert_array_equals(bytes.subarray(48), new Array(16).fill(0));
  assert_true(bytes.subarray(16, 48).some((byte) => byte !== 0));
  class Mine extends Uint8Array {}
  assert_true(crypto.getRandomValues(new Mine(16)).some((byte) => byte !== 0));
}, "getRandomValues fills the view and nothing else");

test(() => {
  for (const name of ["Float32Array", "Float64Array"]) {
    assert_throws_dom("TypeMismatchError", () => crypto.getRandomValues(new globalThis[name](4)), name);
    assert_throws_dom("TypeMismatchError", () => crypto.getRandomValues(new globalThis[name](65_537)), name);
  }
  assert_throws_dom("TypeMismatchError", () => crypto.getRandomValues(new DataView(new ArrayBuffer(4))));
  for (const wrong of [
    undefined, null, 1, "x", {}, [1], new ArrayBuffer(4), new SharedArrayBuffer(4), new Uint8Array(new SharedArrayBuffer(4)),
    new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 })),
  ]) {
    assert_throws_js(TypeError, () => crypto.getRandomValues(wrong), format_value(wrong));
  }
}, "getRandomValues: arguments that are wrong");

test(() => {
  const seen = new Set();
  for (let i = 0; i < 1_000; i += 1) {
    const uuid = crypto.randomUUID();
    assert_regexp_match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    seen.add(uuid);
  }
  assert_equals(seen.size, 1_000);
}, "randomUUID");
