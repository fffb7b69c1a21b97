//! What Rust code does with the room: the global object, realms, its own targets, the collector.

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsString, JsValue, Source, Trace, js_string,
};

use super::{check, context, eval};
use crate::{
    dom::{
        self, EVENT, EVENT_TARGET, EventInit, construct_event_target, create_event, dispatch,
        event_target_extension, fire_an_event, target_of,
    },
    webidl::{self, Interface, Member, define_interface},
};

#[test]
fn the_global_object_is_an_event_target() {
    check(
        "addEventListener('x', function (e) { log.push(this === globalThis, e.target === globalThis) });
         globalThis.addEventListener('x', e => log.push(e.currentTarget === globalThis));
         EventTarget.prototype.dispatchEvent.call(null, new Event('x'));
         dispatchEvent(new Event('x'));
         log.push(globalThis instanceof EventTarget, Object.prototype.toString.call(globalThis));
         log.join()",
        "true,true,true,true,true,true,true,[object global]",
    );
}

#[test]
fn registering_twice_changes_nothing() {
    let mut context = context();
    eval(
        &mut context,
        "var E = Event, n = 0; addEventListener('x', () => n++);",
    );
    webidl::register(&mut context).unwrap();
    dom::register(&mut context).unwrap();
    let seen = eval(
        &mut context,
        "dispatchEvent(new Event('x')); [E === Event, n].join()",
    );
    assert_eq!(seen, "true,1");
}

#[test]
fn a_second_realm_has_interfaces_of_its_own() {
    let mut context = context();
    let realm = context.create_realm().unwrap();
    let first = context.enter_realm(realm.clone());
    webidl::register(&mut context).unwrap();
    dom::register(&mut context).unwrap();
    let other = context.global_object();
    context.enter_realm(first);
    context
        .register_global_property(
            js_string!("other"),
            other,
            boa_engine::property::Attribute::all(),
        )
        .unwrap();
    let seen = eval(
        &mut context,
        "let log = [], t = new other.EventTarget, e = new other.Event('x');
         log.push(t instanceof EventTarget, t instanceof other.EventTarget, other.Event !== Event);
         // Members of one realm know the objects of another.
         EventTarget.prototype.addEventListener.call(t, 'x', e => log.push(e.type, e.target === t));
         t.dispatchEvent(new Event('x'));
         new EventTarget().dispatchEvent(e);
         log.push(Object.getOwnPropertyDescriptor(Event.prototype, 'type').get.call(e));
         // So also for the global object of another.
         other.addEventListener('y', function () { log.push(this === other) });
         EventTarget.prototype.dispatchEvent.call(other, new Event('y'));
         other.EventTarget.prototype.dispatchEvent.call(undefined, new Event('y'));
         // Errors come from the realm of the function.
         try { other.Event() } catch (x) { log.push(x instanceof other.TypeError) }
         log.join()",
    );
    assert_eq!(seen, "false,true,true,x,true,x,true,true,true");
    // The prototype comes from the realm of new.target.
    let seen = eval(
        &mut context,
        "let bare = new other.Function(); bare.prototype = null;
         let revoked = Proxy.revocable(bare, {}); revoked.revoke();
         let error; try { Reflect.construct(Event, ['x'], revoked.proxy) } catch (e) { error = e }
         [Object.getPrototypeOf(Reflect.construct(Event, ['x'], bare)) === other.Event.prototype,
          Object.getPrototypeOf(Reflect.construct(EventTarget, [], bare.bind())) === other.EventTarget.prototype,
          error instanceof TypeError].join()",
    );
    assert_eq!(seen, "true,true,true");
    // A target's events live in the target's realm.
    let target = context
        .eval(Source::from_bytes(
            "other.seen = []; t.addEventListener('z', e => other.seen.push(e instanceof other.Event)); t",
        ))
        .unwrap();
    fire_an_event("z", &target.as_object().unwrap(), &mut context).unwrap();
    assert_eq!(eval(&mut context, "other.seen.join()"), "true");
}

#[derive(Trace, Finalize, JsData)]
struct Lamp {
    watts: u32,
}

static LAMP: Interface = Interface {
    name: "Lamp",
    parent: Some(&EVENT_TARGET),
    constructor: Some((1, |new_target, args, context| {
        let watts = args[0].to_u32(context)?;
        Ok(construct_event_target(&LAMP, new_target, Lamp { watts }, context)?.into())
    })),
    members: &[
        Member::readonly("watts", watts),
        Member::StaticOperation {
            name: "make",
            length: 0,
            call: |_, _, _| Ok(JsValue::from(1)),
        },
    ],
};

fn watts(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    event_target_extension(this, &LAMP, context, |lamp: &Lamp| lamp.watts.into())
}

static DARK: Interface = Interface {
    name: "Dark",
    parent: Some(&LAMP),
    constructor: None,
    members: &[],
};

#[test]
fn an_embedders_own_event_target() {
    let mut context = context();
    assert!(define_interface(&DARK, &mut context).is_err());
    define_interface(&LAMP, &mut context).unwrap();
    define_interface(&DARK, &mut context).unwrap();
    let seen = eval(
        &mut context,
        "let log = [], lamp = new Lamp('60');
         lamp.addEventListener('on', e => log.push(e.target.watts, e.isTrusted));
         for (let f of [() => new Lamp, () => new Dark, () => Lamp.prototype.watts,
                        () => Object.getOwnPropertyDescriptor(Lamp.prototype, 'watts').get.call(new EventTarget)])
            try { f(); log.push('no') } catch (e) { log.push(e.name) }
         log.push(Lamp.make(), Lamp.length, Object.getPrototypeOf(Dark) === Lamp);
         globalThis.lamp = lamp; globalThis.log = log; log.join()",
    );
    assert_eq!(seen, "TypeError,TypeError,TypeError,TypeError,1,1,true");
    let lamp = context.eval(Source::from_bytes("lamp")).unwrap();
    let lamp = lamp.as_object().unwrap();
    let core = target_of(&lamp, &mut context).unwrap();
    assert!(core.has_listeners(&js_string!("on")));
    assert!(!core.has_listeners(&js_string!("off")));
    assert_eq!(core.extension::<Lamp>().map(|lamp| lamp.watts), Some(60));
    assert!(core.extension::<String>().is_none());

    let init = EventInit {
        cancelable: true,
        ..EventInit::default()
    };
    let event = create_event(&EVENT, js_string!("on"), init, (), &mut context).unwrap();
    assert!(dispatch(&event, &lamp, &mut context).unwrap());
    assert_eq!(eval(&mut context, "log.slice(-2).join()"), "60,true");
}

#[test]
fn dispatch_refuses_what_is_neither_event_nor_target() {
    let mut context = context();
    let plain = JsObject::with_null_proto();
    let event = create_event(
        &EVENT,
        js_string!("x"),
        EventInit::default(),
        (),
        &mut context,
    );
    let event = event.unwrap();
    assert!(dispatch(&event, &plain, &mut context).is_err());
    assert!(dispatch(&plain, &event, &mut context).is_err());
    assert!(fire_an_event("x", &plain, &mut context).is_err());
}

#[test]
fn a_realm_without_the_interfaces_refuses_politely() {
    let context = &mut Context::default();
    let made = create_event(&EVENT, js_string!("x"), EventInit::default(), (), context);
    assert!(made.unwrap_err().to_string().contains("not registered"));
}

#[test]
fn listeners_survive_the_collector_and_go_with_their_target() {
    let mut context = context();
    eval(
        &mut context,
        "var log = [], kept = new EventTarget;
         kept.addEventListener('x', (() => { let big = [1, 2]; return () => log.push(big.length) })());
         var ref = (() => { let t = new EventTarget, f = () => t; t.addEventListener('x', f); return new WeakRef(t) })();",
    );
    // A WeakRef keeps its target for the rest of the turn.
    context.clear_kept_objects();
    boa_gc::force_collect();
    boa_gc::force_collect();
    let seen = eval(
        &mut context,
        "kept.dispatchEvent(new Event('x')); [log, ref.deref() === undefined].join()",
    );
    assert_eq!(seen, "2,true");
}

#[test]
fn collecting_while_a_listener_runs() {
    let mut context = context();
    context
        .register_global_callable(
            JsString::from("collect"),
            0,
            boa_engine::NativeFunction::from_fn_ptr(|_, _, _| {
                boa_gc::force_collect();
                Ok(JsValue::undefined())
            }),
        )
        .unwrap();
    let seen = eval(
        &mut context,
        "let log = [];
         (() => { let t = new EventTarget;
           t.addEventListener('x', () => { collect(); log.push(1) }, { once: true });
           t.addEventListener('x', e => { collect(); log.push(e.detail.a) });
           t.dispatchEvent(new CustomEvent('x', { detail: { a: 2 } })) })();
         collect(); log.join()",
    );
    assert_eq!(seen, "1,2");
}
