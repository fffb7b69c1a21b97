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

  // Support scripts read `location.search` with it.
  if (!("URLSearchParams" in global)) {
    const decode = (text) => decodeURIComponent(text.replace(/\+/g, " "));
    define(
      "URLSearchParams",
      class URLSearchParams {
        #pairs = [];

        constructor(init = "") {
          for (const pair of String(init).replace(/^\?/, "").split("&")) {
            if (pair !== "") {
              const [name, ...value] = pair.split("=");
              this.#pairs.push([decode(name), decode(value.join("="))]);
            }
          }
        }
        append(name, value) {
          this.#pairs.push([String(name), String(value)]);
        }
        get(name) {
          const pair = this.#pairs.find(([key]) => key === String(name));
          return pair === undefined ? null : pair[1];
        }
        getAll(name) {
          return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value);
        }
        has(name) {
          return this.get(name) !== null;
        }
        toString() {
          return this.#pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
        }
        [Symbol.iterator]() {
          return this.#pairs[Symbol.iterator]();
        }
      },
    );
  }
});
