// `Worker`, as far as tests need one: a script of the checkout with a global object of its own, on the same event loop.
// Messages go through a pair of ports.
(function (host) {
  "use strict";
  const { startWorker } = host;
  const { setTimeout, MessageChannel, MessageEvent, Event, URL } = globalThis;

  class Worker extends EventTarget {
    #port;
    onmessage = null;
    onerror = null;

    constructor(url) {
      super();
      const { href } = new URL(String(url), location.href);
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = ({ data }) => this.#fire(new MessageEvent("message", { data }));
      setTimeout(() => {
        try {
          startWorker(href, port2, enter);
        } catch {
          this.#fire(new Event("error", { cancelable: true }));
        }
      }, 0);
    }

    #fire(event) {
      this[`on${event.type}`]?.(event);
      this.dispatchEvent(event);
    }

    postMessage(message, options) {
      this.#port.postMessage(message, options);
    }

    terminate() {
      this.#port.close();
    }
  }

  // Called with the worker's own global object before its script runs.
  function enter(scope, port) {
    Object.defineProperties(scope, {
      postMessage: { value: (message, options) => port.postMessage(message, options) },
      close: { value: () => port.close() },
    });
    // The port holds messages back until somebody can take them.
    let handler = null;
    Object.defineProperty(scope, "onmessage", {
      get: () => handler,
      set: (value) => {
        handler = value;
        port.onmessage = ({ data }) => handler?.call(scope, new scope.MessageEvent("message", { data }));
      },
    });
  }

  Object.defineProperty(globalThis, "Worker", { value: Worker, writable: true, enumerable: false, configurable: true });
});
