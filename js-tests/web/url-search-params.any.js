// META: title=URLSearchParams

test(() => {
  for (const [init, expected] of [
    [undefined, ""],
    ["", ""],
    ["?", ""],
    ["?a=b", "a=b"],
    ["??a=b", "%3Fa=b"],
    ["a", "a="],
    ["=a", "=a"],
    ["a==b", "a=%3Db"],
    ["&&a=b&", "a=b"],
    ["a+b=c%20d", "a+b=c+d"],
    ["a=%zz%4", "a=%25zz%254"],
    ["a=%C3%A4%ff", "a=%C3%A4%EF%BF%BD"],
    ["a=\ufeffb", "a=%EF%BB%BFb"],
    ["a=\ud800", "a=%EF%BF%BD"],
    ["a=\ud83e\udd80", "a=%F0%9F%A6%80"],
    ["a=*-._~'()!", "a=*-._%7E%27%28%29%21"],
    ["a=b#c", "a=b%23c"],
    [null, "null="],
    [12, "12="],
  ]) {
    assert_equals(new URLSearchParams(init).toString(), expected, String(init));
  }
}, "From a string, and back");

test(() => {
  const text = (init) => new URLSearchParams(init).toString();
  assert_equals(text([["a", "b"], ["a", 1]]), "a=b&a=1");
  assert_equals(text(new Map([["a", "b"]])), "a=b");
  assert_equals(text([new Set(["x", "y"]), Object("uv")]), "x=y&u=v");
  assert_equals(text((function* () { yield ["a", null]; })()), "a=null");
  assert_equals(text([]), "");
  for (const wrong of [[["a"]], [["a", "b", "c"]], [[]], ["ab"], [1], [null], [{}], { [Symbol.iterator]: 1 }]) {
    assert_throws_js(TypeError, () => text(wrong), format_value(wrong));
  }
}, "From a sequence of pairs");

test(() => {
  const log = [];
  const pair = (...values) => values.map((value) => ({ toString: () => (log.push(value), value) }));
  assert_throws_js(TypeError, () => new URLSearchParams([pair("a", "b", "c"), pair("d", "e")]));
  assert_array_equals(log, ["a", "b", "c", "d", "e"], "everything is converted before anything is judged");
}, "The order of conversions");

test(() => {
  const text = (init) => new URLSearchParams(init).toString();
  assert_equals(text({ b: 1, a: "x y", 5: true }), "5=true&b=1&a=x+y");
  assert_equals(text({}), "");
  assert_equals(text(Object.create({ inherited: 1 })), "");
  assert_equals(text(Object.defineProperty({ a: 1 }, "hidden", { value: 2 })), "a=1");
  assert_equals(text(Object.assign(() => {}, { a: 1 })), "a=1", "a function is an object");
  assert_equals(text({ "\ud800": 1, a: 2, "\udc00": 3 }), "%EF%BF%BD=3&a=2", "keys that become equal are one");
  assert_throws_js(TypeError, () => text({ [Symbol("x")]: 1 }));
}, "From a record");

test(() => {
  const first = new URLSearchParams("a=1&b=2");
  const second = new URLSearchParams(first);
  second.append("c", "3");
  assert_equals(first.toString(), "a=1&b=2");
  assert_equals(second.toString(), "a=1&b=2&c=3");
  Object.defineProperty(first, Symbol.iterator, { value: undefined });
  assert_equals(new URLSearchParams(first).toString(), "", "without an iterator it is a record, and has nothing of its own");
}, "From another");

test(() => {
  const params = new URLSearchParams("a=1&b=2&a=3&=4");
  assert_equals(params.size, 4);
  assert_equals(params.get("a"), "1");
  assert_equals(params.get(""), "4");
  assert_equals(params.get("c"), null);
  assert_array_equals(params.getAll("a"), ["1", "3"]);
  assert_array_equals(params.getAll("c"), []);
  assert_true(params.has("a"));
  assert_false(params.has("c"));
  assert_true(params.has("a", "3"));
  assert_false(params.has("a", "2"));
  assert_true(params.has("a", undefined));
}, "get, getAll, has and size");

test(() => {
  const params = new URLSearchParams("a=1&b=2&a=3&c=4&a=5");
  params.set("a", "6");
  assert_equals(params.toString(), "a=6&b=2&c=4");
  params.set("d", "7");
  assert_equals(params.toString(), "a=6&b=2&c=4&d=7");
  params.append("a", "8");
  params.append("a", "9");
  params.delete("a", "8");
  assert_equals(params.toString(), "a=6&b=2&c=4&d=7&a=9");
  params.delete("a", undefined);
  params.delete("x");
  assert_equals(params.toString(), "b=2&c=4&d=7");
  params.append("\ud800", null);
  assert_equals(params.get("\ufffd"), "null");
  assert_equals(params.append("z", ""), undefined);
}, "append, set and delete");

test(() => {
  const params = new URLSearchParams([["z", "1"], ["\ufffd", "2"], ["\ud83e\udd80", "3"], ["a", "4"], ["z", "0"], ["", "5"]]);
  params.sort();
  assert_array_equals([...params.values()], ["5", "4", "1", "0", "3", "2"], "by code units, and stable");
}, "sort");

test(() => {
  const params = new URLSearchParams("a=1&b=2");
  assert_array_equals([...params].map((pair) => pair.join("=")), ["a=1", "b=2"]);
  assert_array_equals([...params.entries()].map((pair) => pair.join("=")), ["a=1", "b=2"]);
  assert_array_equals([...params.keys()], ["a", "b"]);
  assert_array_equals([...params.values()], ["1", "2"]);
  const iterator = params.keys();
  assert_equals(iterator[Symbol.iterator](), iterator);
  assert_object_equals(iterator.next(), { value: "a", done: false });
  assert_object_equals(iterator.next(), { value: "b", done: false });
  assert_object_equals(iterator.next(), { value: undefined, done: true });
  assert_object_equals(Object.fromEntries(params), { a: "1", b: "2" });
}, "Iterators");

test(() => {
  const params = new URLSearchParams("a=1&b=2&c=3");
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    params.delete(name);
  }
  assert_array_equals(seen, ["a", "c"], "the pairs move up under the iterator");
  const iterator = params.keys();
  params.append("d", "4");
  params.append("e", "5");
  __gc();
  assert_array_equals([...iterator], ["b", "d", "e"], "what is appended is seen");
  params.append("f", "6");
  assert_object_equals(iterator.next(), { value: "f", done: false }, "an iterator that was done goes on");
}, "Changes during an iteration");

test(() => {
  const params = new URLSearchParams("a=1&b=2");
  const log = [];
  const receiver = {};
  const returned = params.forEach(function (...args) {
    assert_equals(this, receiver);
    log.push(...args);
    if (log.length === 3) {
      params.append("c", "3");
    }
  }, receiver);
  assert_equals(returned, undefined);
  assert_array_equals(log, ["1", "a", params, "2", "b", params, "3", "c", params]);
  const error = new Error("from the callback");
  assert_throws_exactly(error, () => params.forEach(() => { throw error; }));
  for (const wrong of [undefined, null, {}, "text"]) {
    assert_throws_js(TypeError, () => params.forEach(wrong));
  }
}, "forEach");

test(() => {
  let iterator = new URLSearchParams("a=1&b=2").entries();
  __gc();
  iterator.next();
  for (let i = 0; i < 100; i += 1) {
    new URLSearchParams("x=y");
  }
  __gc();
  assert_array_equals(iterator.next().value, ["b", "2"]);
}, "An iterator keeps what it iterates over");
