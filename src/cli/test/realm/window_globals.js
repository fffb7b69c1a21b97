// What the scripts of a page can have without a document. Whoever wants more of a document is found out.
(function (host) {
  "use strict";
  const global = globalThis;

  function define(name, value) {
    Object.defineProperty(global, name, { value, writable: true, enumerable: false, configurable: true });
  }

  for (const name of ["window", "parent", "top", "frames"]) {
    define(name, global);
  }
  define("opener", null);
  define("open", () => {
    throw wants("open()");
  });

  // Frames by number, and elements by name.
  for (const name of ["0", "1", "2", ...host.elements]) {
    if (!(name in global)) {
      Object.defineProperty(global, name, {
        get() {
          throw wants(`the element or frame ${name}`);
        },
        set(value) {
          Object.defineProperty(global, name, { value, writable: true, enumerable: true, configurable: true });
        },
        enumerable: false,
        configurable: true,
      });
    }
  }

  // https://dom.spec.whatwg.org/#dom-document-createevent
  const INTERFACES = {
    beforeunloadevent: "BeforeUnloadEvent", compositionevent: "CompositionEvent", customevent: "CustomEvent",
    devicemotionevent: "DeviceMotionEvent", deviceorientationevent: "DeviceOrientationEvent", dragevent: "DragEvent",
    event: "Event", events: "Event", focusevent: "FocusEvent", hashchangeevent: "HashChangeEvent",
    htmlevents: "Event", keyboardevent: "KeyboardEvent", messageevent: "MessageEvent", mouseevent: "MouseEvent",
    mouseevents: "MouseEvent", storageevent: "StorageEvent", svgevents: "Event", textevent: "TextEvent",
    touchevent: "TouchEvent", uievent: "UIEvent", uievents: "UIEvent",
  };

  function create_event(name) {
    const wanted = String(name).toLowerCase();
    if (!Object.hasOwn(INTERFACES, wanted)) {
      throw new DOMException("no such event interface", "NotSupportedError");
    }
    const constructor = global[INTERFACES[wanted]];
    if (constructor === undefined) {
      throw wants(`createEvent("${name}")`);
    }
    return host.unsetTheInitializedFlag(new constructor(""));
  }

  function wants(what) {
    host.needsDocument(what);
    // By this text the runner knows which subtests it has to leave out.
    return new ReferenceError(`there is no document: ${what}`);
  }

  const title = global.META_TITLE;
  const document = new Proxy(Object.create(null), {
    get(target, key) {
      switch (key) {
        case "createEvent":
          return create_event;
        // The harness looks for its own script, and for the title.
        case "getElementsByTagName":
          return (name) => {
            switch (name) {
              case "script":
                return [];
              case "title":
                return title === undefined ? [] : [{ firstChild: { data: title } }];
              default:
                throw wants(`getElementsByTagName("${name}")`);
            }
          };
        default:
          throw wants(`document.${String(key)}`);
      }
    },
    set(target, key) {
      throw wants(`document.${String(key)}`);
    },
    has(target, key) {
      throw wants(`${String(key)} in document`);
    },
  });
  define("document", document);

  // The page has been loaded.
  const setTimeout = global.setTimeout;
  host.load = () => {
    setTimeout(() => {
      const event = new Event("load");
      if (typeof global.onload === "function") {
        global.onload(event);
      }
      global.dispatchEvent(event);
    }, 0);
  };
});
