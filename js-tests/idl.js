// Checks an interface object against what Web IDL says of its shape.

function descriptor_of(object, name) {
  return Object.getOwnPropertyDescriptor(object, name);
}

function assert_data_property(object, name, { value, writable, enumerable, configurable }) {
  const descriptor = descriptor_of(object, name);
  assert_not_equals(descriptor, undefined, `${String(name)} is an own property`);
  if (value !== undefined) {
    assert_equals(descriptor.value, value, `value of ${String(name)}`);
  }
  assert_equals(descriptor.writable, writable, `${String(name)} is writable`);
  assert_equals(descriptor.enumerable, enumerable, `${String(name)} is enumerable`);
  assert_equals(descriptor.configurable, configurable, `${String(name)} is configurable`);
}

function assert_function_shape(func, name, length) {
  assert_equals(typeof func, "function", `${name} is a function`);
  assert_data_property(func, "name", { value: name, writable: false, enumerable: false, configurable: true });
  assert_data_property(func, "length", { value: length, writable: false, enumerable: false, configurable: true });
}

// Objects that no interface here accepts as `this`.
function wrong_receivers(prototype) {
  return [{}, prototype, Object.create(prototype), Object.prototype, function () {}, "text", 1, Symbol.iterator];
}

// interface: {
//   name, parent (a name, or "Error" for DOMException's prototype only), length (of the constructor),
//   make() gives an instance (called for each test that needs one),
//   readonly: [names], writable: [names], operations: {name: length}, statics: {name: length},
//   constants: {name: value}, alias: a name whose prototype's chain is checked only
// }
function idl_tests(shape) {
  const { name, parent, length, make } = shape;
  const { readonly = [], writable = [], operations = {}, statics = {}, constants = {} } = shape;
  const constructor = () => globalThis[name];

  test(() => {
    assert_data_property(globalThis, name, { value: constructor(), writable: true, enumerable: false, configurable: true });
    assert_function_shape(constructor(), name, length);
  }, `${name}: the interface object`);

  test(() => {
    const parent_object = parent && parent !== "Error" ? globalThis[parent] : Function.prototype;
    assert_equals(Object.getPrototypeOf(constructor()), parent_object);
  }, `${name}: its prototype is ${parent && parent !== "Error" ? parent : "Function.prototype"}`);

  test(() => {
    assert_data_property(constructor(), "prototype", { writable: false, enumerable: false, configurable: false });
    const prototype = constructor().prototype;
    const parent_prototype = parent ? globalThis[parent].prototype : Object.prototype;
    assert_equals(Object.getPrototypeOf(prototype), parent_prototype, "prototype of the prototype object");
    assert_data_property(prototype, "constructor", {
      value: constructor(), writable: true, enumerable: false, configurable: true,
    });
  }, `${name}: the prototype object`);

  test(() => {
    const prototype = constructor().prototype;
    assert_data_property(prototype, Symbol.toStringTag, {
      value: name, writable: false, enumerable: false, configurable: true,
    });
    assert_class_string(prototype, name);
  }, `${name}: Symbol.toStringTag`);

  test(() => {
    assert_throws_js(TypeError, () => constructor()());
    assert_throws_js(TypeError, () => constructor().call(Object.create(constructor().prototype), "x"));
  }, `${name}: calling it without new throws`);

  if (make) {
    test(() => {
      const made = make();
      assert_equals(Object.getPrototypeOf(made), constructor().prototype);
      assert_class_string(made, name);
      assert_true(made instanceof constructor());
    }, `${name}: an instance`);
  }

  for (const attribute of [...readonly, ...writable]) {
    test(() => {
      const prototype = constructor().prototype;
      const descriptor = descriptor_of(prototype, attribute);
      assert_not_equals(descriptor, undefined, "own property of the prototype object");
      assert_true(descriptor.enumerable, "enumerable");
      assert_true(descriptor.configurable, "configurable");
      assert_function_shape(descriptor.get, `get ${attribute}`, 0);
      if (readonly.includes(attribute)) {
        assert_equals(descriptor.set, undefined, "no setter");
      } else {
        assert_function_shape(descriptor.set, `set ${attribute}`, 1);
      }
      for (const receiver of wrong_receivers(prototype)) {
        assert_throws_js(TypeError, () => descriptor.get.call(receiver), "getter with a wrong this");
        if (descriptor.set) {
          assert_throws_js(TypeError, () => descriptor.set.call(receiver, null), "setter with a wrong this");
        }
      }
    }, `${name}: attribute ${attribute}`);
  }

  for (const [operation, operation_length] of Object.entries(operations)) {
    test(() => {
      const prototype = constructor().prototype;
      assert_data_property(prototype, operation, { writable: true, enumerable: true, configurable: true });
      assert_function_shape(prototype[operation], operation, operation_length);
      const enough = new Array(operation_length).fill("x");
      for (const receiver of wrong_receivers(prototype)) {
        assert_throws_js_or_rejects(() => prototype[operation].apply(receiver, enough));
      }
      if (make && operation_length > 0) {
        const made = make();
        for (let count = 0; count < operation_length; count += 1) {
          assert_throws_js(TypeError, () => made[operation](...enough.slice(0, count)), `with ${count} arguments`);
        }
      }
    }, `${name}: operation ${operation}`);
  }

  for (const [operation, operation_length] of Object.entries(statics)) {
    test(() => {
      assert_data_property(constructor(), operation, { writable: true, enumerable: true, configurable: true });
      assert_function_shape(constructor()[operation], operation, operation_length);
    }, `${name}: static operation ${operation}`);
  }

  for (const [constant, value] of Object.entries(constants)) {
    test(() => {
      const frozen = { value, writable: false, enumerable: true, configurable: false };
      assert_data_property(constructor(), constant, frozen);
      assert_data_property(constructor().prototype, constant, frozen);
    }, `${name}: constant ${constant}`);
  }

  test(() => {
    const expected = [...readonly, ...writable, ...Object.keys(operations), ...Object.keys(constants)];
    assert_array_equals(Object.keys(constructor().prototype).sort(), expected.sort(), "of the prototype object");
    const of_constructor = [...Object.keys(statics), ...Object.keys(constants)];
    assert_array_equals(Object.keys(constructor()).sort(), of_constructor.sort(), "of the interface object");
  }, `${name}: no more and no fewer enumerable members`);
}

// An operation that returns a promise rejects instead of throwing.
function assert_throws_js_or_rejects(func) {
  let returned;
  try {
    returned = func();
  } catch (error) {
    assert_equals(error.constructor, TypeError);
    return;
  }
  assert_true(returned instanceof Promise, "threw a TypeError or returned a promise");
  returned.then(
    () => Promise.reject(new Error("an operation with a wrong this was fulfilled")),
    () => {},
  );
}

// A dictionary whose members tell in `log` that they were read.
function logging_dictionary(members, log) {
  const dictionary = {};
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(dictionary, name, {
      enumerable: true,
      get() {
        log.push(name);
        return value;
      },
    });
  }
  return dictionary;
}
