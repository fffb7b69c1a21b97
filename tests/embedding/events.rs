//! Rust on both sides of an event.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsValue, Source, Trace, js_error, js_string,
    property::Attribute,
};
use boa_websocket::{
    WebSocket,
    dom::{
        self, EVENT_TARGET, EventInit, ListenerOptions, add_listener, add_listener_with,
        construct_event_target, create_custom_event, dispatch, fire_an_event,
    },
    event_handler_attribute,
    webidl::{Interface, define_interface},
    websocket::{CloseEventView, MessageEventView, MessagePayload},
};

use crate::{
    World,
    harness::{echo, websocket},
};

fn object(world: &mut World, source: &str) -> JsObject {
    let value = world.context.eval(Source::from_bytes(source)).unwrap();
    value.as_object().unwrap()
}

type Log = Rc<RefCell<Vec<String>>>;

#[test]
fn a_socket_made_in_rust_is_heard_in_rust_and_used_by_script() {
    let mut world = World::new();
    let url = websocket(|mut websocket| {
        websocket.send("ä text".into()).unwrap();
        websocket.send(vec![1_u8, 2, 3].into()).unwrap();
        echo(websocket);
    });
    let context = &mut world.context;
    let socket = WebSocket::connect(&url, &[], &[("X-Game", "chess")], context).unwrap();
    assert!(socket.send_text("too early", context).is_err());
    let log = Log::default();
    for name in ["open", "message", "close"] {
        let (log, id) = (log.clone(), socket.id().unwrap());
        let listener = move |event: &JsObject, context: &mut Context| {
            assert!(MessageEventView::try_from(event).is_ok() == (name == "message"));
            log.borrow_mut().push(match name {
                "message" => match MessageEventView::try_from(event)?.payload(context)? {
                    MessagePayload::Text(text) => text,
                    MessagePayload::Binary(bytes) => format!("{bytes:?}"),
                    other => format!("{other:?}"),
                },
                "close" => format!("{:?}", CloseEventView::try_from(event)?),
                _ => format!("open {id}"),
            });
            Ok(())
        };
        add_listener(socket.object(), name, listener, context).unwrap();
    }
    let attributes = Attribute::all();
    let value = JsValue::from(socket.clone());
    context
        .register_global_property(js_string!("feed"), value, attributes)
        .unwrap();
    world.eval(
        "feed.binaryType = 'arraybuffer';
         feed.addEventListener('message', ({ data }) => { if (data === 'from rust') feed.close(4000, 'done') })",
    );
    world.run_until("feed.readyState === 1");
    socket.send_text("from rust", &mut world.context).unwrap();
    socket.send_binary(vec![9], &mut world.context).unwrap();
    world.run();
    let id = socket.id().unwrap();
    assert_eq!(
        *log.borrow(),
        [
            &format!("open {id}"),
            "ä text",
            "[1, 2, 3]",
            "from rust",
            "CloseEventView { code: 4000, reason: \"done\", was_clean: true }"
        ]
    );
}

#[test]
fn blobs_are_read_as_bytes_and_what_is_wrong_is_refused() {
    let mut world = World::new();
    let event = object(
        &mut world,
        "new MessageEvent('message', { data: new Blob(['ab', new Uint8Array([255])]) })",
    );
    let view = MessageEventView::try_from(&event).unwrap();
    let context = &mut world.context;
    assert_eq!(view.binary(context).unwrap(), Some(vec![97, 98, 255]));
    assert_eq!(view.text(context).unwrap(), None);
    let other = object(&mut world, "new MessageEvent('message', { data: 7 })");
    let view = MessageEventView::try_from(&other).unwrap();
    let payload = view.payload(&mut world.context).unwrap();
    assert_eq!(payload, MessagePayload::Other(JsValue::from(7)));
    for source in ["new Event('close')", "({})", "new EventTarget()"] {
        let wrong = object(&mut world, source);
        assert!(CloseEventView::try_from(&wrong).is_err());
        assert!(MessageEventView::try_from(&wrong).is_err());
        assert!(WebSocket::try_from(wrong).is_err());
    }
}

#[test]
fn what_cannot_be_connected_to_throws_as_in_script() {
    let mut world = World::new();
    let context = &mut world.context;
    for (url, protocols, headers) in [
        ("ftp://h/", &[][..], &[][..]),
        ("/relative", &[], &[]),
        ("ws://h/", &["a b"], &[]),
        ("ws://h/", &[], &[("Host", "elsewhere")]),
        ("ws://h/", &[], &[("X-A", "a\r\nX-B: c")]),
    ] {
        assert!(WebSocket::connect(url, protocols, headers, context).is_err());
    }
    assert!(world.sockets().is_empty());
    assert!(WebSocket::connect("ws://h/", &[], &[], &mut Context::default()).is_err());
}

#[test]
fn rust_and_script_listeners_stand_in_one_order() {
    let mut world = World::new();
    let target = object(&mut world, "var log = [], t = new EventTarget; t");
    let say = |word: &'static str| {
        move |_: &JsObject, context: &mut Context| {
            context.eval(Source::from_bytes(&format!("log.push('{word}')")))?;
            Ok(())
        }
    };
    let context = &mut world.context;
    let first = add_listener(&target, "x", say("rust 1"), context).unwrap();
    world.eval("t.addEventListener('x', () => log.push('script'))");
    let context = &mut world.context;
    add_listener(&target, "x", say("rust 2"), context).unwrap();
    // An error stops no other listener, and is reported.
    let fails = |_: &JsObject, _: &mut Context| Err(js_error!(TypeError: "on purpose"));
    add_listener(&target, "x", fails, context).unwrap();
    add_listener(&target, "x", say("rust 3"), context).unwrap();
    world.eval("addEventListener('error', (e) => { log.push(e.message); e.preventDefault() })");
    world.eval("t.dispatchEvent(new Event('x'))");
    let all = world.eval("log.splice(0).join()");
    assert_eq!(
        all.replace("Uncaught TypeError: ", ""),
        "rust 1,script,rust 2,on purpose,rust 3"
    );

    assert!(first.remove());
    assert!(!first.remove());
    assert!(fire_an_event("x", &target, &mut world.context).unwrap());
    let all = world.eval("log.splice(0).join()");
    assert!(all.starts_with("script,rust 2,"), "{all}");
    let plain = JsObject::with_null_proto();
    assert!(add_listener(&plain, "x", say(""), &mut world.context).is_err());
}

/// Two Rust listeners for one type are two, and no event handler attribute is taken for one of them.
#[test]
fn rust_listeners_leave_event_handlers_alone() {
    let mut world = World::new();
    let signal = object(
        &mut world,
        "var c = new AbortController, log = []; c.signal",
    );
    let heard = Rc::new(Cell::new(0));
    for _ in 0..2 {
        let heard = heard.clone();
        let listener = move |_: &JsObject, _: &mut Context| {
            heard.set(heard.get() + 1);
            Ok(())
        };
        add_listener(&signal, "abort", listener, &mut world.context).unwrap();
    }
    assert_eq!(world.eval("c.signal.onabort"), "null");
    world.eval("c.signal.onabort = () => log.push(1); c.signal.onabort = null; c.signal.onabort = () => log.push(2); c.abort()");
    assert_eq!((heard.get(), &*world.eval("log.join()")), (2, "2"));
}

#[derive(Trace, Finalize, JsData)]
struct Marked {
    target: JsObject,
    #[unsafe_ignore_trace]
    calls: Rc<Cell<u32>>,
}

#[test]
fn state_that_leads_back_to_its_target_is_collected_with_it() {
    let mut world = World::new();
    let calls = Rc::new(Cell::new(0));
    {
        let target = object(&mut world, "new EventTarget");
        let state = Marked {
            target: target.clone(),
            calls: calls.clone(),
        };
        let listener = |state: &Marked, _: &JsObject, context: &mut Context| {
            state.calls.set(state.calls.get() + 1);
            // Called again while it runs, but only once at all.
            fire_an_event("x", &state.target, context).map(|_| ())
        };
        let options = ListenerOptions {
            once: true,
            ..ListenerOptions::default()
        };
        let context = &mut world.context;
        add_listener_with(&target, "x", options, state, listener, context).unwrap();
        fire_an_event("x", &target, context).unwrap();
        assert_eq!(calls.get(), 1);
        let state = Marked {
            target: target.clone(),
            calls: calls.clone(),
        };
        let options = ListenerOptions::default();
        add_listener_with(&target, "y", options, state, |_, _, _| Ok(()), context).unwrap();
    }
    boa_gc::force_collect();
    boa_gc::force_collect();
    assert_eq!(Rc::strong_count(&calls), 1);
}

#[derive(Trace, Finalize, JsData)]
struct Door;

static DOOR: Interface = Interface {
    name: "Door",
    parent: Some(&EVENT_TARGET),
    constructor: Some((0, |new_target, _, context| {
        Ok(construct_event_target(&DOOR, new_target, Door, context)?.into())
    })),
    members: &[event_handler_attribute!("onknock", "knock", Door)],
};

#[test]
fn an_event_target_of_ones_own_with_an_event_handler() -> JsResult<()> {
    let mut world = World::new();
    define_interface(&DOOR, &mut world.context)?;
    let door = object(&mut world, "var log = []; var door = new Door; door");
    world.eval("door.onknock = (event) => { log.push(event.detail, event.isTrusted, event.target === door); return false }");
    let init = EventInit {
        cancelable: true,
        ..EventInit::default()
    };
    let context = &mut world.context;
    let event = create_custom_event(js_string!("knock"), init, JsValue::from(3), context)?;
    assert!(
        !dispatch(&event, &door, context)?,
        "cancelled by the handler's false"
    );
    assert_eq!(world.eval("log.join()"), "3,true,true");
    let core = dom::target_of(&door, &mut world.context).unwrap();
    assert!(core.has_listeners(&js_string!("knock")));
    world.eval("door.onknock = null");
    assert!(!core.has_listeners(&js_string!("knock")));
    Ok(())
}
