//! The event interfaces, the handler attributes, and what the global object has.

use boa_engine::{
    Finalize, JsData, JsValue, Source, Trace, js_string, object::builtins::JsArrayBuffer,
};

use super::*;
use crate::{
    dom::{EVENT_TARGET, construct_event_target, dispatch},
    event_handler_attribute,
    webidl::{Interface, define_interface},
};

#[test]
fn interface_objects() {
    check(
        "for (let I of [MessageEvent, ErrorEvent, PromiseRejectionEvent, Performance])
            log.push([I.name, I.length, Object.keys(I.prototype).join(' '),
                Object.getPrototypeOf(I).name, Object.prototype.toString.call(I.prototype)].join(' '))",
        "MessageEvent 1 data origin lastEventId source ports initMessageEvent Event [object MessageEvent],\
         ErrorEvent 1 message filename lineno colno error Event [object ErrorEvent],\
         PromiseRejectionEvent 2 promise reason Event [object PromiseRejectionEvent],\
         Performance 0 now timeOrigin toJSON EventTarget [object Performance]",
    );
}

#[test]
fn message_events() {
    check(
        "let e = new MessageEvent('m'), data = {};
         log.push(e.data, e.origin, e.lastEventId, e.source, e.ports.length, Object.isFrozen(e.ports), e.ports === e.ports);
         let f = new MessageEvent('m', { data, origin: 'o\\ud800', lastEventId: 'l\\ud800', source: null, ports: [], bubbles: true });
         log.push(f.data === data, f.origin, f.lastEventId === 'l\\ud800', f.bubbles);
         let ports = f.ports;
         f.initMessageEvent('n', false, true, 5, 'p', 'q', null, []);
         log.push(f.type, f.bubbles, f.cancelable, f.data, f.origin, f.lastEventId, f.ports === ports);
         f.initMessageEvent('n'); log.push(f.data, f.origin, f.lastEventId);
         log.push(MessageEvent.prototype.initMessageEvent.length)",
        ",,,,0,true,true,true,o\u{fffd},true,true,n,false,true,5,p,q,false,,,,1",
    );
    check(
        "let reads = new Proxy({}, { get(_, k) { log.push(k) } }); new MessageEvent('m', reads);
         log.push(thrown(() => new MessageEvent('m', { source: {} })), thrown(() => new MessageEvent('m', { ports: [1] })),
                  thrown(() => new MessageEvent('m', { ports: null })), thrown(() => new MessageEvent('m', { source: 1 })),
                  thrown(() => new MessageEvent), thrown(() => new MessageEvent('m').initMessageEvent()),
                  thrown(() => Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data').get.call(new Event('x'))),
                  thrown(() => MessageEvent.prototype.source))",
        "bubbles,cancelable,composed,data,lastEventId,origin,ports,source,TypeError,TypeError,\
         TypeError,TypeError,TypeError,TypeError,TypeError,TypeError",
    );
}

#[test]
fn deferred_data_is_made_once() {
    let context = &mut context();
    let made = std::rc::Rc::new(std::cell::Cell::new(0));
    let count = std::rc::Rc::clone(&made);
    let data = MessageData::Deferred(Box::new(move |context| {
        count.set(count.get() + 1);
        JsArrayBuffer::new(3, context).map(JsValue::from)
    }));
    let origin = js_string!("ws://host");
    let event = create_message_event(js_string!("message"), data, origin, context).unwrap();
    assert_eq!(made.get(), 0);
    context
        .register_global_property(
            js_string!("e"),
            event,
            boa_engine::property::Attribute::all(),
        )
        .unwrap();
    let seen = eval(
        context,
        "[e.data instanceof ArrayBuffer, e.data === e.data, e.data.byteLength, e.origin, e.isTrusted].join()",
    );
    assert_eq!(seen, "true,true,3,ws://host,true");
    assert_eq!(made.get(), 1);
}

#[test]
fn error_events() {
    check(
        "let e = new ErrorEvent('e'), error = {};
         log.push(e.message, e.filename, e.lineno, e.colno, e.error);
         let f = new ErrorEvent('e', { message: 1, filename: '\\ud800', lineno: -1, colno: '7.9', error });
         log.push(f.message, f.filename, f.lineno, f.colno, f.error === error);
         new ErrorEvent('e', new Proxy({}, { get(_, k) { log.push(k) } }))",
        ",,0,0,,1,\u{fffd},4294967295,7,true,bubbles,cancelable,composed,colno,error,filename,lineno,message",
    );
}

#[test]
fn promise_rejection_events() {
    check(
        "let promise = Promise.resolve();
         let e = new PromiseRejectionEvent('r', { promise, reason: 4, cancelable: true });
         log.push(e.promise === promise, e.reason, e.cancelable,
            new PromiseRejectionEvent('r', { promise: {} }).reason,
            thrown(() => new PromiseRejectionEvent('r')), thrown(() => new PromiseRejectionEvent('r', {})),
            thrown(() => new PromiseRejectionEvent('r', { promise: 1 })))",
        "true,4,true,,TypeError,TypeError,TypeError",
    );
}

#[derive(Trace, Finalize, JsData)]
struct Bell;

static BELL: Interface = Interface {
    name: "Bell",
    parent: Some(&EVENT_TARGET),
    constructor: Some((0, |new_target, _, context| {
        Ok(construct_event_target(&BELL, new_target, Bell, context)?.into())
    })),
    members: &[
        event_handler_attribute!("onring", "ring", Bell),
        event_handler_attribute!("onerror", "error", Bell),
    ],
};

#[track_caller]
fn check_bell(source: &str, expected: &str) {
    let mut context = context();
    define_interface(&BELL, &mut context).unwrap();
    eval(&mut context, PRELUDE);
    eval(
        &mut context,
        "var bell = new Bell, say = s => () => { log.push(s) }, ring = o => bell.dispatchEvent(new Event('ring', o));",
    );
    eval(&mut context, source);
    assert_eq!(eval(&mut context, "log.join()"), expected, "{source}");
}

#[test]
fn handlers_keep_what_they_are_given() {
    check_bell(
        "log.push(bell.onring); let f = () => 1; bell.onring = f; log.push(bell.onring === f);
         for (let v of [1, 'x', true, undefined, Symbol(), null, 1n]) { bell.onring = f; bell.onring = v; log.push(bell.onring) }
         let o = { handleEvent: say('never') }; bell.onring = o; log.push(bell.onring === o, ring());
         let d = Object.getOwnPropertyDescriptor(Bell.prototype, 'onring');
         log.push(d.get.name, d.set.name, d.enumerable,
            thrown(() => d.get.call(new EventTarget)), thrown(() => d.set.call(undefined, f)), thrown(() => Bell.prototype.onring))",
        ",true,,,,,,,,true,true,get onring,set onring,true,TypeError,TypeError,TypeError",
    );
}

#[test]
fn the_place_of_a_handler() {
    check_bell(
        "bell.addEventListener('ring', say(1)); bell.onring = say(2); bell.addEventListener('ring', say(3));
         bell.onring = say('two'); ring(); log.push('|');
         bell.onring = null; ring(); log.push('|');
         bell.onring = say('last'); ring(); log.push('|');
         bell.onring = 5; bell.addEventListener('ring', say(4)); bell.onring = {}; bell.onring = say('end'); ring()",
        "1,two,3,|,1,3,|,1,3,last,|,1,3,4,end",
    );
}

#[test]
fn handlers_that_change_while_the_event_is_dispatched() {
    check_bell(
        "bell.addEventListener('ring', () => { bell.onring = say('replaced') }, { once: true });
         bell.onring = say('old'); ring(); log.push('|');
         bell.addEventListener('ring', () => { bell.onring = null; bell.onring = say('anew') }, { once: true, capture: true });
         ring(); log.push('|');
         bell.onring = function () { log.push(this === bell, arguments.length); bell.onring = null };
         ring(); ring(); log.push(bell.onring)",
        "replaced,|,anew,|,true,1,",
    );
}

#[test]
fn a_handler_and_a_listener_are_different() {
    check_bell(
        "let f = say('f'); bell.onring = f; bell.addEventListener('ring', f); ring(); log.push('|');
         bell.removeEventListener('ring', f); ring(); log.push('|'); bell.onring = null; ring()",
        "f,f,|,f,|",
    );
}

#[test]
fn what_a_handler_returns() {
    check_bell(
        "for (let v of [false, true, undefined, 0, '', null, new Boolean(false)]) {
            bell.onring = () => v; log.push(ring({ cancelable: true }), ring());
         }
         // Only the global object's onerror is special.
         bell.onerror = function (e) { log.push(arguments.length, e instanceof ErrorEvent); return true };
         log.push(bell.dispatchEvent(new ErrorEvent('error', { cancelable: true })))",
        "false,true,true,true,true,true,true,true,true,true,true,true,true,true,1,true,true",
    );
}

#[test]
fn has_listeners_counts_handlers() {
    let context = &mut context();
    define_interface(&BELL, context).unwrap();
    let bell = context
        .eval(Source::from_bytes("var bell = new Bell; bell"))
        .unwrap();
    let core = crate::dom::target_core(&bell, context).unwrap();
    assert!(!core.has_listeners(&js_string!("ring")));
    eval(context, "bell.onring = () => {}");
    assert!(core.has_listeners(&js_string!("ring")));
    eval(context, "bell.onring = null");
    assert!(!core.has_listeners(&js_string!("ring")));
    // A handler holds on to what it is given.
    eval(
        context,
        "bell.onring = (() => { let n = [7]; return () => { globalThis.n = n[0] } })(); 0",
    );
    boa_gc::force_collect();
    let event = crate::dom::create_event(
        &crate::dom::EVENT,
        js_string!("ring"),
        crate::dom::EventInit::default(),
        (),
        context,
    );
    dispatch(&event.unwrap(), &bell.as_object().unwrap(), context).unwrap();
    assert_eq!(eval(context, "n"), "7");
}

#[test]
fn members_of_the_global_object() {
    check(
        "log.push(self === globalThis, 'onerror' in globalThis, Object.hasOwn(globalThis, 'onerror'),
            onerror, onunhandledrejection, onrejectionhandled, reportError.length,
            performance === self.performance, performance instanceof Performance,
            performance instanceof EventTarget, thrown(() => new Performance),
            typeof performance.now(), performance.now() <= performance.now(),
            performance.timeOrigin > 1.6e12 || performance.timeOrigin === 0,
            Object.keys(performance.toJSON()).join(), thrown(() => Performance.prototype.now()));
         performance = 5; self = 6; log.push(performance, self, Object.hasOwn(globalThis, 'self'));",
        "true,true,true,,,,1,true,true,true,TypeError,number,true,true,timeOrigin,TypeError,5,6,true",
    );
}

#[test]
fn event_time_and_performance_time_are_one() {
    check(
        "let a = performance.now(), b = new Event('x').timeStamp, c = performance.now();
         log.push(a <= b, b <= c, Number.isInteger(Math.round(b * 1000)))",
        "true,true,true",
    );
}
