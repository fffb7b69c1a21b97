// What test files in the `.any.js` style take for granted of any global object, and what is not there yet.
(function (host) {
  "use strict";
  const global = globalThis;

  function define(name, value) {
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  }

  define("GLOBAL", {
    isWindow: () => host.isWindow,
    isWorker: () => host.isWorker,
    isShadowRealm: () => false,
  });

  // Reads files of the checkout, and nothing else.
  if (!("fetch" in global)) {
    define("fetch", async function fetch(input) {
      const url = new URL(String(input), location.href);
      const body = url.host === location.host ? host.readFile(decodeURIComponent(url.pathname)) : undefined;
      const found = body !== undefined;
      return {
        ok: found,
        status: found ? 200 : 404,
        url: url.href,
        text: async () => (found ? body : ""),
        json: async () => JSON.parse(body),
      };
    });
  }
});
