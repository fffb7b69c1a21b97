// META: title=File

test(() => {
  assert_equals(Object.getPrototypeOf(File), Blob);
  assert_equals(Object.getPrototypeOf(File.prototype), Blob.prototype);
  assert_equals(File.length, 2);
  assert_class_string(new File([], ""), "File");
  for (const name of ["name", "lastModified"]) {
    const { get, set, enumerable } = Object.getOwnPropertyDescriptor(File.prototype, name);
    assert_equals(set, undefined, name);
    assert_true(enumerable, name);
    assert_throws_js(TypeError, () => get.call(new Blob()), `${name} of a Blob`);
  }
  assert_throws_js(TypeError, () => File([], ""));
  assert_throws_js(TypeError, () => new File());
  assert_throws_js(TypeError, () => new File([]));
  assert_throws_js(TypeError, () => new File("not a list", "name"));
}, "The interface");

promise_test(async () => {
  const file = new File(["a", new Blob(["b"]), new Uint8Array([99])], "n\ud800me.txt", { type: "Text/Plain", lastModified: 1234.9 });
  assert_true(file instanceof Blob);
  assert_equals(file.name, "n\ufffdme.txt");
  assert_equals(file.type, "text/plain");
  assert_equals(file.size, 3);
  assert_equals(file.lastModified, 1234);
  assert_equals(await file.text(), "abc");
  assert_equals(await new Blob([file, file]).text(), "abcabc");
}, "A File is a Blob with a name");

test(() => {
  const before = Date.now();
  const { lastModified } = new File([], "now");
  assert_between_inclusive(lastModified, before, Date.now());
  for (const [given, expected] of [[-1, -1], [NaN, 0], [Infinity, 0], [null, 0], ["7", 7], [new Date(5), 5], [2 ** 53, 2 ** 53], [2 ** 64 + 4096, 4096]]) {
    assert_equals(new File([], "", { lastModified: given }).lastModified, expected, String(given));
  }
}, "lastModified is now, or a long long");

test(() => {
  const log = [];
  const bag = {};
  for (const name of ["endings", "lastModified", "type"]) {
    Object.defineProperty(bag, name, { get: () => void log.push(name) });
  }
  new File([], "", bag);
  assert_array_equals(log, ["endings", "type", "lastModified"]);
}, "The members of the parent dictionary are read first");

test(() => {
  const slice = new File(["abcdef"], "name").slice(1, 3);
  assert_class_string(slice, "Blob");
  assert_equals(slice.size, 2);
  assert_equals(slice.name, undefined);
}, "A slice is no File");
