// META: title=URL: parsing, the statics, searchParams

test(() => {
  const url = new URL("https://user:pa%20ss@Example.ORG:8443/a/./b/../c%7e?x=1&y=ä#frag ment");
  const expected = {
    href: "https://user:pa%20ss@example.org:8443/a/c%7e?x=1&y=%C3%A4#frag%20ment",
    origin: "https://example.org:8443",
    protocol: "https:",
    username: "user",
    password: "pa%20ss",
    host: "example.org:8443",
    hostname: "example.org",
    port: "8443",
    pathname: "/a/c%7e",
    search: "?x=1&y=%C3%A4",
    hash: "#frag%20ment",
  };
  for (const [name, value] of Object.entries(expected)) {
    assert_equals(url[name], value, name);
  }
  assert_equals(String(url), expected.href);
  assert_equals(url.toJSON(), expected.href);
  assert_equals(JSON.stringify({ url }), JSON.stringify({ url: expected.href }));
}, "All attributes");

for (const [input, base, expected] of [
  ["ws://example.org", undefined, "ws://example.org/"],
  ["WSS://EXAMPLE.org:443", undefined, "wss://example.org/"],
  ["ws://example.org:80/", undefined, "ws://example.org/"],
  ["ws://[0:0::1]:81/", undefined, "ws://[::1]:81/"],
  ["ws://0x7f.1/", undefined, "ws://127.0.0.1/"],
  ["ws://münchen.example/", undefined, "ws://xn--mnchen-3ya.example/"],
  ["  \t ws://exa\nmple.org/a b \r", undefined, "ws://example.org/a%20b"],
  ["../x?y#z", "ws://example.org/a/b/c", "ws://example.org/a/x?y#z"],
  ["//other:81", "wss://example.org/a", "wss://other:81/"],
  ["///other//a", "ws://example.org/", "ws://other//a"],
  ["\\\\\\other", "http://example.org/", "http://other/"],
  ["\t/\n/\\other", "http://example.org/", "http://other/"],
  ["?q", "wss://example.org/a#b", "wss://example.org/a?q"],
  ["", "wss://example.org/a?q#b", "wss://example.org/a?q"],
  ["\\a", "foo://host/x/y", "foo://host/x/\\a"],
  ["ws://example.org/a^b", undefined, "ws://example.org/a%5Eb"],
  ["ws://example.org/a?b^c#d^e", undefined, "ws://example.org/a?b^c#d^e"],
  ["mailto:a^b", undefined, "mailto:a^b"],
  ["data:text  ?q", undefined, "data:text %20?q"],
  ["data:text  #f", undefined, "data:text %20#f"],
  ["data:text  ", undefined, "data:text"],
  ["ws://example.org/\ud800", undefined, "ws://example.org/%EF%BF%BD"],
  ["foo:/.//p", undefined, "foo:/.//p"],
]) {
  test(() => {
    assert_equals(new URL(input, base).href, expected);
    assert_equals(URL.parse(input, base).href, expected);
    assert_true(URL.canParse(input, base));
  }, `${JSON.stringify(input)} with the base ${base}`);
}

for (const [input, base] of [
  ["", undefined],
  ["/path", undefined],
  ["ws:", undefined],
  ["ws://", undefined],
  ["ws://a b/", undefined],
  ["ws://example.org:65536/", undefined],
  ["ws://[::1/", undefined],
  ["ws://1.2.3.256/", undefined],
  ["ws://exa%00mple/", undefined],
  ["path", "mailto:a@b"],
  ["ws://example.org/", "no base"],
  ["///", "ws://example.org/"],
]) {
  test(() => {
    assert_throws_js(TypeError, () => new URL(input, base));
    assert_equals(URL.parse(input, base), null);
    assert_false(URL.canParse(input, base));
  }, `${JSON.stringify(input)} with the base ${base} is none`);
}

test(() => {
  for (const [input, origin] of [
    ["http://example.org:80/", "http://example.org"],
    ["wss://example.org:444/a", "wss://example.org:444"],
    ["ftp://example.org/", "ftp://example.org"],
    ["file:///a", "null"],
    ["data:,x", "null"],
    ["foo://example.org/", "null"],
    ["blob:https://example.org/id", "https://example.org"],
    ["blob:ws://example.org/id", "null"],
    ["blob:nonsense", "null"],
  ]) {
    assert_equals(new URL(input).origin, origin, input);
  }
}, "origin");

test(() => {
  assert_throws_js(TypeError, () => new URL());
  assert_throws_js(TypeError, () => URL.parse());
  assert_throws_js(TypeError, () => URL.canParse());
  assert_throws_js(TypeError, () => new URL(Symbol("x")));
  const error = new Error("from a conversion");
  assert_throws_exactly(error, () => new URL({ toString() { throw error; } }));
  assert_throws_exactly(error, () => URL.canParse("ws://a/", { toString() { throw error; } }));
  assert_equals(new URL({ toString: () => "ws://a/" }).href, "ws://a/");
  assert_equals(new URL("b", new URL("ws://a/")).href, "ws://a/b", "a URL object is a base");
  assert_false(URL.canParse("a", null), "null is the base 'null'");
  try {
    new URL("ws://user:secret@[/");
    assert_unreached("it threw");
  } catch (thrown) {
    assert_equals(thrown.message.indexOf("secret"), -1, "the message shows no password");
  }
}, "Arguments");

test(() => {
  assert_not_equals(URL.parse("ws://a/"), URL.parse("ws://a/"));
  assert_equals(Object.getPrototypeOf(URL.parse("ws://a/")), URL.prototype);
  class Mine extends URL {}
  assert_equals(Object.getPrototypeOf(Mine.parse("ws://a/")), URL.prototype, "a static operation makes what the interface is");
}, "parse makes new objects");

test(() => {
  const url = new URL("ws://example.org/?a=1&b=2#f");
  const params = url.searchParams;
  assert_equals(url.searchParams, params, "the same object each time");
  assert_array_equals([...params].flat(), ["a", "1", "b", "2"]);
  params.append("c", "ä b&=");
  assert_equals(url.href, "ws://example.org/?a=1&b=2&c=%C3%A4+b%26%3D#f");
  params.set("a", "3");
  assert_equals(url.search, "?a=3&b=2&c=%C3%A4+b%26%3D");
  params.delete("b");
  params.delete("c");
  assert_equals(url.href, "ws://example.org/?a=3#f");
  params.delete("a");
  assert_equals(url.href, "ws://example.org/#f", "no query is left");
  params.append("z", "");
  params.append("y", "1");
  params.sort();
  assert_equals(url.search, "?y=1&z=");
}, "What searchParams does shows in the URL");

test(() => {
  const url = new URL("ws://example.org/?a=1");
  const params = url.searchParams;
  url.search = "?b=2&b=3";
  assert_array_equals(params.getAll("b"), ["2", "3"]);
  assert_equals(params.size, 2);
  url.href = "ws://example.org/x?c=4";
  assert_equals(params.toString(), "c=4");
  url.search = "";
  assert_equals(params.size, 0);
  url.href = "ws://example.org/";
  assert_equals(params.size, 0);
  assert_throws_js(TypeError, () => { url.href = "nonsense"; });
  url.hash = "x";
  url.pathname = "y";
  assert_equals(params.size, 0);
  assert_equals(url.searchParams, params);
  params.append("d", "5");
  assert_equals(url.href, "ws://example.org/y?d=5#x");
}, "What the URL does shows in searchParams");

test(() => {
  const early = new URL("ws://example.org/");
  const params = early.searchParams;
  const late = new URL("ws://example.org/");
  for (const url of [early, late]) {
    url.search = "?a=\t1";
    assert_equals(url.search, "?a=1", "the parser removes tabs");
    assert_equals(url.searchParams.get("a"), "\t1", "the list comes from what was set");
  }
  assert_equals(early.searchParams, params);
}, "It makes no difference when searchParams is first asked for");

test(() => {
  "use strict";
  const url = new URL("ws://example.org/?a=1");
  assert_throws_js(TypeError, () => { url.searchParams = new URLSearchParams(); });
  assert_throws_js(TypeError, () => { url.origin = "ws://x"; });
}, "searchParams and origin cannot be set");

test(() => {
  const kept = new URL("ws://example.org/?a=1").searchParams;
  __gc();
  kept.append("b", "2");
  __gc();
  assert_equals(kept.toString(), "a=1&b=2", "the list outlives the URL that nobody has any more");
  const url = new URL("ws://example.org/");
  url.searchParams.append("a", "1");
  __gc();
  assert_equals(url.searchParams.get("a"), "1");
}, "Collection");
