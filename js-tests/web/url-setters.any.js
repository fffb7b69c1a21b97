// META: title=URL: the setters

for (const [attribute, href, value, expected] of [
  ["href", "ws://a/", "wss://b/c", "wss://b/c"],
  ["protocol", "ws://a:443/", "wss", "wss://a/"],
  ["protocol", "ws://a/", "http:ignored", "http://a/"],
  ["protocol", "ws://a/", "foo", "ws://a/"],
  ["protocol", "foo://a/", "ws", "foo://a/"],
  ["protocol", "ws://a/", "", "ws://a/"],
  ["protocol", "ws://a/", "1", "ws://a/"],
  ["username", "ws://a/", "ü:@", "ws://%C3%BC%3A%40@a/"],
  ["username", "ws://u:p@a/", "", "ws://:p@a/"],
  ["username", "file:///a", "u", "file:///a"],
  ["password", "ws://u@a/", "p/w", "ws://u:p%2Fw@a/"],
  ["password", "ws://u:p@a/", "", "ws://u@a/"],
  ["password", "mailto:x", "p", "mailto:x"],
  ["host", "ws://a:81/x", "b", "ws://b:81/x"],
  ["host", "ws://a:81/x", "b:82", "ws://b:82/x"],
  ["host", "ws://a:81/x", "b:80/y?z", "ws://b/x"],
  ["host", "ws://a/", "", "ws://a/"],
  ["host", "ws://a/", "b c", "ws://a/"],
  ["host", "mailto:x", "b", "mailto:x"],
  ["hostname", "ws://a:81/x", "b", "ws://b:81/x"],
  ["hostname", "ws://a:81/x", "b:82", "ws://a:81/x"],
  ["hostname", "ws://a/", "[::1]", "ws://[::1]/"],
  ["hostname", "ws://a/", "0x7f000001", "ws://127.0.0.1/"],
  ["hostname", "foo:/.//p", "h", "foo://h//p"],
  ["hostname", "foo:/.//p", "", "foo:////p"],
  ["port", "ws://a/", "81", "ws://a:81/"],
  ["port", "ws://a:81/", "80", "ws://a/"],
  ["port", "ws://a:81/", "", "ws://a/"],
  ["port", "ws://a:81/", "82xyz", "ws://a:82/"],
  ["port", "ws://a:81/", "xyz", "ws://a:81/"],
  ["port", "ws://a:81/", "65536", "ws://a:81/"],
  ["port", "ws://a:81/", "\t\n", "ws://a:81/"],
  ["port", "ws://a/", 8080, "ws://a:8080/"],
  ["port", "file:///a", "81", "file:///a"],
  ["pathname", "ws://a/x?y#z", "b c/../d?e#f^", "ws://a/d%3Fe%23f%5E?y#z"],
  ["pathname", "ws://a/x", "", "ws://a/"],
  ["pathname", "ws://a/x", "\\b\\c", "ws://a/b/c"],
  ["pathname", "mailto:x", "y", "mailto:x"],
  ["pathname", "foo:/x", "//p", "foo:/.//p"],
  ["pathname", "foo:/.//x", "p", "foo:/p"],
  ["pathname", "foo:///x/y", "", "foo://"],
  ["pathname", "foo://h/x", "", "foo://h"],
  ["search", "ws://a/?x#y", "b c", "ws://a/?b%20c#y"],
  ["search", "ws://a/?x#y", "?b'c", "ws://a/?b%27c#y"],
  ["search", "ws://a/?x#y", "??", "ws://a/??#y"],
  ["search", "ws://a/?x#y", "?", "ws://a/?#y"],
  ["search", "ws://a/?x#y", "", "ws://a/#y"],
  ["search", "data:a  ?x#y", "", "data:a %20#y"],
  ["hash", "ws://a/#x", "b c", "ws://a/#b%20c"],
  ["hash", "ws://a/#x", "##", "ws://a/##"],
  ["hash", "ws://a/#x", "", "ws://a/"],
  ["hash", "ws://a/", "\ud800", "ws://a/#%EF%BF%BD"],
]) {
  test(() => {
    const url = new URL(href);
    url[attribute] = value;
    assert_equals(url.href, expected);
    assert_equals(new URL(url.href).href, expected, "it means the same when it is parsed");
  }, `${href}, ${attribute} = ${JSON.stringify(value)}`);
}

test(() => {
  const url = new URL("ws://a/x");
  const error = new Error("from a conversion");
  for (const name of ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"]) {
    assert_throws_exactly(error, () => { url[name] = { toString() { throw error; } }; }, name);
    assert_throws_js(TypeError, () => { url[name] = Symbol("x"); }, name);
    const { set } = Object.getOwnPropertyDescriptor(URL.prototype, name);
    assert_throws_js(TypeError, () => set.call(url), `${name}: without a value`);
  }
  assert_equals(url.href, "ws://a/x");
}, "A value that cannot be converted changes nothing");

test(() => {
  const url = new URL("ws://a/x");
  url.pathname = { toString: () => ((url.host = "b"), "y") };
  assert_equals(url.href, "ws://b/y");
}, "A conversion may change the URL itself");
