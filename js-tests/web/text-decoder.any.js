// META: title=TextDecoder

const bytes = (...values) => new Uint8Array(values);

test(() => {
  const decoder = new TextDecoder();
  assert_equals(decoder.encoding, "utf-8");
  assert_false(decoder.fatal);
  assert_false(decoder.ignoreBOM);
  const other = new TextDecoder("latin1", { fatal: 1, ignoreBOM: "x" });
  assert_equals(other.encoding, "windows-1252");
  assert_true(other.fatal);
  assert_true(other.ignoreBOM);
  assert_equals(new TextDecoder(undefined, null).encoding, "utf-8");
}, "The attributes");

test(() => {
  for (const [label, encoding] of [
    ["UTF8", "utf-8"], [" \n\tutf-8\f\r", "utf-8"], ["unicode-1-1-utf-8", "utf-8"], ["ascii", "windows-1252"],
    ["iso-8859-1", "windows-1252"], ["l2", "iso-8859-2"], ["l9", "iso-8859-15"], ["logical", "iso-8859-8-i"],
    ["koi8-r", "koi8-r"], ["koi", "koi8-r"], ["koi8-ru", "koi8-u"], ["x-cp1251", "windows-1251"], ["mac", "macintosh"],
    ["x-mac-ukrainian", "x-mac-cyrillic"], ["chinese", "gbk"], ["gb18030", "gb18030"], ["big5-hkscs", "big5"],
    ["x-euc-jp", "euc-jp"], ["csiso2022jp", "iso-2022-jp"], ["ms_kanji", "shift_jis"], ["korean", "euc-kr"],
    ["utf-16", "utf-16le"], ["unicodefffe", "utf-16be"], ["x-user-defined", "x-user-defined"],
  ]) {
    assert_equals(new TextDecoder(label).encoding, encoding, label);
  }
  for (const wrong of [
    "", "utf", "utf-7", "utf-32", "utf\u00ad8", "\u00a0utf-8", "utf-8\0", "\u212aoi8-r", "replacement", "iso-2022-kr",
    "hz-gb-2312", null, "x".repeat(10_000),
  ]) {
    assert_throws_js(RangeError, () => new TextDecoder(wrong), format_value(wrong));
  }
  assert_throws_js(TypeError, () => new TextDecoder(Symbol("x")));
  assert_throws_js(TypeError, () => new TextDecoder("utf-8", 1));
}, "Labels");

test(() => {
  const log = [];
  const label = { toString: () => (log.push("label"), "no such") };
  const options = {
    get ignoreBOM() { log.push("ignoreBOM"); },
    get fatal() { log.push("fatal"); },
  };
  assert_throws_js(RangeError, () => new TextDecoder(label, options));
  assert_array_equals(log, ["label", "fatal", "ignoreBOM"]);
}, "The order of conversions");

test(() => {
  for (const [encoding, input, text] of [
    ["utf-8", [0x61, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xa6, 0x80], "a\u00e4\u20ac\ud83e\udd80"],
    ["utf-8", [0xc3, 0xa4, 0xc3, 0xbf], "\u00e4\u00ff"],
    ["utf-8", [0xff, 0xc3, 0x28, 0xf0, 0x9f, 0xa6, 0xed, 0xa0, 0x80], "\ufffd\ufffd(\ufffd\ufffd\ufffd\ufffd"],
    ["utf-16le", [0xe4, 0x00, 0xac, 0x20, 0x3e, 0xd8, 0x80, 0xdd], "\u00e4\u20ac\ud83e\udd80"],
    ["utf-16be", [0x00, 0xe4, 0xd8, 0x3e], "\u00e4\ufffd"],
    ["utf-16le", [0x61], "\ufffd"],
    ["windows-1252", [0x61, 0x80, 0xe4], "a\u20ac\u00e4"],
    ["windows-1251", [0xef, 0xf0, 0xe8], "\u043f\u0440\u0438"],
    ["shift_jis", [0x93, 0xfa, 0x5c, 0xb1], "\u65e5\\\uff71"],
    ["euc-jp", [0xc6, 0xfc], "\u65e5"],
    ["iso-2022-jp", [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x1b, 0x28, 0x42, 0x61], "\u65e5a"],
    ["gb18030", [0xc4, 0xe3, 0x81, 0x30, 0x81, 0x30], "\u4f60\u0080"],
    ["big5", [0xa7, 0x41], "\u4f60"],
    ["euc-kr", [0xb0, 0xa1], "\uac00"],
    ["x-user-defined", [0x41, 0x80, 0xff], "A\uf780\uf7ff"],
  ]) {
    const decoder = new TextDecoder(encoding);
    assert_equals(decoder.decode(bytes(...input)), text, encoding);
    // The same one byte at a time.
    let streamed = "";
    for (const byte of input) {
      streamed += decoder.decode(bytes(byte), { stream: true });
    }
    assert_equals(streamed + decoder.decode(), text, `${encoding}, byte by byte`);
    assert_equals(decoder.decode(bytes(...input)), text, `${encoding}, again`);
  }
}, "Encodings");

test(() => {
  const array = bytes(0x78, 0x61, 0x62, 0x63, 0x79);
  const shared = new Uint8Array(new SharedArrayBuffer(3));
  shared.set([0x61, 0x62, 0x63]);
  const decoder = new TextDecoder();
  for (const input of [
    array.subarray(1, 4), array.slice(1, 4).buffer, new DataView(array.buffer, 1, 3), new Int8Array(array.buffer, 1, 3),
    shared, shared.buffer,
  ]) {
    assert_equals(decoder.decode(input), "abc", format_value(input));
  }
  assert_equals(decoder.decode(new Uint16Array([0x6261])), "ab");
  assert_equals(decoder.decode(), "");
  assert_equals(decoder.decode(undefined), "");
  const resizable = new ArrayBuffer(3, { maxByteLength: 8 });
  for (const wrong of [null, 1, "abc", {}, [], resizable, new Uint8Array(resizable)]) {
    assert_throws_js(TypeError, () => decoder.decode(wrong), format_value(wrong));
  }
  assert_throws_js(TypeError, () => decoder.decode(array, 1));
}, "Inputs of every kind");

test(() => {
  const marked = { "utf-8": [0xef, 0xbb, 0xbf, 0x61], "utf-16le": [0xff, 0xfe, 0x61, 0x00], "utf-16be": [0xfe, 0xff, 0x00, 0x61] };
  for (const [encoding, input] of Object.entries(marked)) {
    assert_equals(new TextDecoder(encoding).decode(bytes(...input)), "a", encoding);
    assert_equals(new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes(...input)), "\ufeffa", encoding);
    const mark = input.filter((byte) => byte !== 0x61 && byte !== 0);
    const twice = bytes(...mark, ...input);
    assert_equals(new TextDecoder(encoding).decode(twice), "\ufeffa", `${encoding}: only one is removed`);
    const decoder = new TextDecoder(encoding);
    for (let round = 0; round < 2; round += 1) {
      let text = "";
      for (const byte of input) {
        text += decoder.decode(bytes(byte), { stream: true });
      }
      assert_equals(text + decoder.decode(), "a", `${encoding}: each stream has its own`);
    }
  }
  const decoder = new TextDecoder();
  assert_equals(decoder.decode(bytes(0x62), { stream: true }), "b");
  assert_equals(decoder.decode(bytes(...marked["utf-8"])), "\ufeffa", "it is one at the start only");
  assert_equals(new TextDecoder("windows-1252").decode(bytes(0xef, 0xbb, 0xbf)), "\u00ef\u00bb\u00bf");
  assert_equals(new TextDecoder("utf-16le").decode(bytes(0xfe, 0xff)), "\ufffe", "the other one's is none");
}, "Byte order marks");

test(() => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  for (const wrong of [[0xff], [0xc3], [0x61, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
    assert_throws_js(TypeError, () => strict.decode(bytes(...wrong)), String(wrong));
    assert_equals(strict.decode(bytes(0xc3, 0xa4)), "\u00e4", "it is of use again");
  }
  assert_throws_js(TypeError, () => new TextDecoder("utf-16le", { fatal: true }).decode(bytes(0x00, 0xd8)));
  assert_throws_js(TypeError, () => new TextDecoder("windows-1253", { fatal: true }).decode(bytes(0xd2)));
  assert_throws_js(TypeError, () => new TextDecoder("euc-jp", { fatal: true }).decode(bytes(0x80)));
}, "fatal");

test(() => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  assert_equals(strict.decode(bytes(0xe2, 0x82), { stream: true }), "");
  assert_throws_js(TypeError, () => strict.decode(), "the stream ends within a character");
  assert_equals(strict.decode(bytes(0xe2), { stream: true }), "");
  assert_equals(strict.decode(bytes(0x82, 0xac)), "\u20ac");
  assert_throws_js(TypeError, () => strict.decode(bytes(0x61, 0xff, 0x62, 0x63), { stream: true }));
  assert_equals(strict.decode(bytes(0x64)), "bcd", "what is behind an error is still in the stream");
  assert_throws_js(TypeError, () => strict.decode(bytes(0xff, 0x62)));
  assert_equals(strict.decode(bytes(0x64)), "d", "but not once it has ended");
}, "fatal in a stream");

test(() => {
  const decoder = new TextDecoder();
  assert_equals(decoder.decode(bytes(0x61, 0xf0, 0x9f), { stream: true }), "a");
  assert_equals(decoder.decode(undefined, { stream: true }), "");
  assert_equals(decoder.decode(bytes(0xa6), { stream: true }), "");
  assert_equals(decoder.decode(bytes(0x80, 0x62), { stream: true }), "\ud83e\udd80b");
  assert_equals(decoder.decode(bytes(0xc3), { stream: true }), "");
  assert_equals(decoder.decode(), "\ufffd", "the end of the stream");
  assert_equals(decoder.decode(bytes(0xa4)), "\ufffd", "nothing is left of it");
}, "stream");

test(() => {
  const decoder = new TextDecoder();
  const input = bytes(0xc3, 0xa4);
  decoder.decode(input.subarray(0, 1), { stream: true });
  input.fill(0x78);
  assert_equals(decoder.decode(bytes(0xa4)), "\u00e4");
}, "Changing a buffer afterwards changes nothing");

test(() => {
  const decoder = new TextDecoder();
  const input = bytes(0x61, 0x62);
  const options = { get stream() { input[0] = 0x78; return decoder.decode(bytes(0xc3), { stream: true }) !== ""; } };
  assert_equals(decoder.decode(input, options), "\ufffdxb", "bytes are read, and the stream looked at, after the options");
}, "An option that changes what is decoded");

test(() => {
  for (const unit of ["x", "\u00e4", "\u20ac", "\ud83e\udd80"]) {
    const text = unit.repeat(200_001);
    const encoded = new TextEncoder().encode(text);
    for (const options of [{}, { fatal: true }]) {
      const decoder = new TextDecoder("utf-8", options);
      assert_equals(decoder.decode(encoded), text);
      let streamed = "";
      for (let at = 0; at < encoded.length; at += 65_537) {
        streamed += decoder.decode(encoded.subarray(at, at + 65_537), { stream: true });
      }
      assert_equals(streamed + decoder.decode(), text, "in pieces");
    }
  }
}, "Long inputs");
