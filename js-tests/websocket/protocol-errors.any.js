// META: title=WebSocket: what breaks the protocol
// META: script=server.js
// META: timeout=long
// META: variant=?ws
// META: variant=?wss

// Script sees `error`, then `close` with 1006; the server gets a Close frame with the code that says why, and
// after it the end of TCP in order.
function protocol_error(what, hex, code, { messages = [] } = {}) {
  promise_test(async (t) => {
    const id = unique_id();
    const socket = make_socket(t, `/raw?hex=${hex}&id=${id}`);
    const log = log_events(socket);
    const seen = [];
    socket.addEventListener("message", (event) => seen.push(event.data));
    const event = await next_event(socket, "close");
    assert_close_event(event, { code: 1006, wasClean: false });
    assert_array_equals(log, ["open 1", ...messages.map(() => "message 1"), "error 3", "close 3"]);
    assert_array_equals(seen, messages);
    const record = await record_of(id, "end");
    assert_not_equals(record.close, null, "a Close frame reached the server");
    assert_in_array(record.close.code, [code].flat());
    assert_equals(record.end, "eof", "and the line was not reset");
  }, `${[code].flat()[0]}: ${what}`);
}

function close_with(code, rest = "") {
  return `88${(2 + rest.length / 2).toString(16).padStart(2, "0")}${code.toString(16).padStart(4, "0")}${rest}`;
}

// RFC 6455 sections 5.1 to 5.5 and 7.4.
protocol_error("a masked frame", "81810000000061", 1002);
protocol_error("the reserved opcode 3", "8300", 1002);
protocol_error("the reserved opcode 7", "8700", 1002);
protocol_error("the reserved opcode 11", "8b00", 1002);
protocol_error("the reserved opcode 15", "8f00", 1002);
protocol_error("RSV1 without an extension", "c10161", 1002);
protocol_error("RSV2", "a10161", 1002);
protocol_error("RSV3", "910161", 1002);
protocol_error("RSV1 on a control frame", "c900", 1002);
protocol_error("RSV1 on a continuation", "010161,c00162", 1002);
protocol_error("a fragmented ping", "0900", 1002);
protocol_error("a fragmented Close frame", "080203e8", 1002);
protocol_error("a ping of 126 bytes, from its header", "897e007e", 1002);
protocol_error("a Close frame of 126 bytes, from its header", "887e007e", 1002);
protocol_error("a continuation of nothing", "800161", 1002);
protocol_error("a continuation of nothing, not the last", "000161", 1002);
protocol_error("a new message in the middle of another", "010161,810162", 1002);
protocol_error("a Close frame of one byte", "880103", 1002);
protocol_error("a length with its highest bit set", "827fffffffffffffffff", [1002, 1009]);
protocol_error("a bad frame after a good message", "810161,8300", 1002, { messages: ["a"] });
protocol_error("a bad frame in one piece with a good message", "8101618300", 1002, { messages: ["a"] });

for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
  protocol_error(`a Close frame with ${code}`, close_with(code), 1002);
}

// RFC 6455 section 8.1.
protocol_error("a byte that UTF-8 does not have", "8101ff", 1007);
protocol_error("a code point cut off by the end", "8102e282", 1007);
protocol_error("a surrogate", "8103eda080", 1007);
protocol_error("an overlong form", "8102c080", 1007);
protocol_error("a code point past U+10FFFF", "8104f4908080", 1007);
protocol_error("a code point not continued in the next frame", "0102e282,800141", 1007);
protocol_error("a code point cut off by the end of the last frame", "010141,8001e2", 1007);
protocol_error("bad UTF-8 in a frame that is not complete", "810a61ff", 1007);
protocol_error("bad UTF-8 in a message that is not complete", "0102c328", 1007);
protocol_error("bad UTF-8 in a reason", close_with(1000, "ff"), 1007);
protocol_error("a reason cut off in a code point", close_with(1000, "61e282"), 1007);

// The default limit of a message is 64 MiB.
protocol_error("a frame over the limit, from its header", "827f0000000004000001", 1009);
protocol_error("a fragment that brings a message over the limit", "020161,007f0000000004000000", 1009);
