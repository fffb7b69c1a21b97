//! The shape of the interfaces, and the conversions of their arguments.

use super::check;

#[test]
fn prototype_chains() {
    check(
        "[Object.getPrototypeOf(CustomEvent) === Event,
          Object.getPrototypeOf(CustomEvent.prototype) === Event.prototype,
          Object.getPrototypeOf(Event) === Function.prototype,
          Object.getPrototypeOf(Event.prototype) === Object.prototype,
          Object.getPrototypeOf(EventTarget.prototype) === Object.prototype].join()",
        "true,true,true,true,true",
    );
}

#[test]
fn interface_objects() {
    check(
        "[EventTarget, Event, CustomEvent].map(I => [I.name, I.length, flags(globalThis, I.name),
            flags(I, 'prototype'), Object.prototype.toString.call(I.prototype),
            flags(I.prototype, Symbol.toStringTag)].join(' ')).join('; ')",
        "EventTarget 0 writable+configurable  [object EventTarget] configurable; \
         Event 1 writable+configurable  [object Event] configurable; \
         CustomEvent 1 writable+configurable  [object CustomEvent] configurable",
    );
}

#[test]
fn members_stand_in_the_order_of_the_idl_and_are_enumerable() {
    check(
        "Object.keys(Event.prototype).join()",
        "type,target,srcElement,currentTarget,composedPath,NONE,CAPTURING_PHASE,AT_TARGET,\
         BUBBLING_PHASE,eventPhase,stopPropagation,cancelBubble,stopImmediatePropagation,bubbles,\
         cancelable,returnValue,preventDefault,defaultPrevented,composed,timeStamp,initEvent",
    );
    check(
        "let keys = []; for (let k in new EventTarget) keys.push(k); keys.join()",
        "addEventListener,removeEventListener,dispatchEvent",
    );
    check(
        "['addEventListener', 'removeEventListener', 'dispatchEvent'].map(n =>
            EventTarget.prototype[n].name + EventTarget.prototype[n].length +
            flags(EventTarget.prototype, n)).join(' ')",
        "addEventListener2writable+enumerable+configurable \
         removeEventListener2writable+enumerable+configurable \
         dispatchEvent1writable+enumerable+configurable",
    );
}

#[test]
fn accessors_have_names_and_cannot_be_constructed() {
    check(
        "let d = Object.getOwnPropertyDescriptor(Event.prototype, 'cancelBubble');
         [d.get.name, d.get.length, d.set.name, d.set.length, d.enumerable, d.configurable,
          'prototype' in d.get, thrown(() => new d.get)].join()",
        "get cancelBubble,0,set cancelBubble,1,true,true,false,TypeError",
    );
}

#[test]
fn constants() {
    check(
        "['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE'].map(n =>
            [Event[n], Event.prototype[n], flags(Event, n), flags(Event.prototype, n)].join()).join(' ')",
        "0,0,enumerable,enumerable 1,1,enumerable,enumerable \
         2,2,enumerable,enumerable 3,3,enumerable,enumerable",
    );
}

#[test]
fn is_trusted_is_an_own_accessor_with_one_getter() {
    check(
        "let of = e => Object.getOwnPropertyDescriptor(e, 'isTrusted');
         let a = of(new Event('a')), b = of(new CustomEvent('b'));
         class Mine extends Event {}
         [a.get === b.get, a.get === of(new Mine('c')).get, a.get.name, a.set, a.enumerable,
          a.configurable, 'isTrusted' in Event.prototype, new Event('x').isTrusted].join()",
        "true,true,get isTrusted,,true,false,false,false",
    );
}

#[test]
fn constructors_want_new_and_their_arguments() {
    check(
        "[thrown(() => Event('x')), thrown(() => EventTarget()), thrown(() => new Event()),
          thrown(() => new CustomEvent()), thrown(() => new Event('x', 1)),
          thrown(() => new Event('x', null)), thrown(() => new Event(Symbol())),
          new Event(undefined).type, new Event(null).type, new Event({ toString() { return 's' } }).type].join()",
        "TypeError,TypeError,TypeError,TypeError,TypeError,nothing,TypeError,undefined,null,s",
    );
}

#[test]
fn brand_checks() {
    check(
        "let get = (p, n) => Object.getOwnPropertyDescriptor(p, n).get;
         [{}, Event.prototype, new EventTarget, 1, null, undefined].map(t =>
            thrown(() => get(Event.prototype, 'type').call(t))).join() + ' ' +
         [{}, EventTarget.prototype, new Event('x'), 1].map(t =>
            thrown(() => EventTarget.prototype.addEventListener.call(t, 'x', null))).join() + ' ' +
         thrown(() => get(CustomEvent.prototype, 'detail').call(new Event('x'))) + ' ' +
         thrown(() => get(new Event('x'), 'isTrusted').call({}))",
        "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError \
         TypeError,TypeError,TypeError,TypeError TypeError TypeError",
    );
}

#[test]
fn dictionaries_are_read_in_order_the_parents_first() {
    let spy = "let reads = [];
         let spy = new Proxy({}, { get(_, name) { reads.push(name) }, has() { reads.push('has') } });";
    check(
        &format!("{spy} new CustomEvent('x', spy); reads.join()"),
        "bubbles,cancelable,composed,detail",
    );
    check(
        &format!("{spy} addEventListener('x', null, spy); reads.join()"),
        "capture,once,passive,signal",
    );
    check(
        &format!("{spy} removeEventListener('x', null, spy); reads.join()"),
        "capture",
    );
}

#[test]
fn members_of_a_constructed_event() {
    check(
        "let e = new Event('t', { bubbles: 1, cancelable: 'x', composed: {} });
         [e.type, e.target, e.srcElement, e.currentTarget, e.eventPhase, e.bubbles, e.cancelable,
          e.composed, e.defaultPrevented, e.returnValue, e.cancelBubble, e.composedPath().length,
          typeof e.timeStamp, new CustomEvent('x').detail, new CustomEvent('x', { detail: 5 }).detail].join()",
        "t,,,,0,true,true,true,false,true,false,0,number,,5",
    );
}

#[test]
fn legacy_members() {
    check(
        "let e = new Event('t', { cancelable: true });
         e.cancelBubble = false; log.push(e.cancelBubble);
         e.cancelBubble = true; e.cancelBubble = false; log.push(e.cancelBubble);
         e.returnValue = true; log.push(e.returnValue, e.defaultPrevented);
         e.returnValue = false; e.returnValue = true; log.push(e.returnValue, e.defaultPrevented);
         e.initEvent('u', true); log.push(e.type, e.bubbles, e.cancelable, e.defaultPrevented, e.cancelBubble);
         let n = new Event('n'); n.preventDefault(); n.returnValue = false; log.push(n.defaultPrevented);
         let c = new CustomEvent('c'); c.initCustomEvent('d', true, true, 7);
         log.push(c.type, c.detail); c.initCustomEvent('d'); log.push(c.detail, c.bubbles);
         log.push(thrown(() => c.initCustomEvent()), thrown(() => e.initEvent()));
         log.join()",
        "false,true,true,false,false,true,u,true,false,false,false,false,d,7,,false,TypeError,TypeError",
    );
}

#[test]
fn init_event_does_nothing_while_the_event_is_dispatched() {
    check(
        "let t = new EventTarget, e = new CustomEvent('a', { detail: 1 });
         t.addEventListener('a', e => { e.initEvent('b'); e.initCustomEvent('c', true, true, 2) });
         t.dispatchEvent(e); [e.type, e.detail, e.bubbles].join()",
        "a,1,false",
    );
}

#[test]
fn subclasses() {
    check(
        "class T extends EventTarget { constructor() { super(); this.q = 1 } }
         class E extends CustomEvent { #secret = 4; get secret() { return this.#secret } }
         let t = new T, e = new E('x', { detail: 3 });
         t.addEventListener('x', e => log.push(e.secret, e.detail, e.target === t));
         t.dispatchEvent(e);
         function Foo() {} Foo.prototype = { foo: 1 };
         let r = Reflect.construct(EventTarget, [], Foo);
         EventTarget.prototype.addEventListener.call(r, 'x', () => log.push('brand'));
         EventTarget.prototype.dispatchEvent.call(r, new Event('x'));
         function Bar() {} Bar.prototype = null;
         [...log, r.foo, r instanceof EventTarget, t instanceof T, t.q,
          Object.getPrototypeOf(Reflect.construct(EventTarget, [], Bar)) === EventTarget.prototype].join()",
        "4,3,true,brand,1,false,true,1,true",
    );
}

#[test]
fn a_constructor_converts_its_arguments_before_it_reads_the_prototype() {
    check(
        "let target = new Proxy(Event, { get(t, k, r) { log.push(String(k)); return Reflect.get(t, k, r) } });
         let type = { toString() { log.push('type'); return 'x' } };
         Reflect.construct(Event, [type, { get bubbles() { log.push('bubbles') } }], target);
         log.join()",
        "type,bubbles,prototype",
    );
}

#[test]
fn time_stamps_do_not_run_backwards() {
    check(
        "let a = new Event('a').timeStamp, b = new Event('b').timeStamp; [a >= 0, b >= a].join()",
        "true,true",
    );
}
