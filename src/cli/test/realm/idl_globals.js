// The suite's idlharness.js asks for the kind of global object, to know which interfaces are to be there.
(function (host) {
  "use strict";
  const name = host.isWorker ? "DedicatedWorkerGlobalScope" : "Window";
  if (name in globalThis) {
    return;
  }
  const constructor = function () {
    throw new TypeError("Illegal constructor");
  };
  Object.defineProperty(constructor, "name", { value: name });
  Object.defineProperty(constructor, Symbol.hasInstance, { value: (object) => object === globalThis });
  Object.defineProperty(globalThis, name, { value: constructor, writable: true, enumerable: false, configurable: true });
});
