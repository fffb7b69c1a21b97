//! An event target of one's own in Rust, with an event handler attribute, for script. Prints:
//!
//! ```text
//! script: ring 1 at the front door
//! rust: heard a ring
//! script: ring 2 at the front door
//! rust: heard a ring
//! opened: false
//! ```

use boa_engine::{
    Context, Finalize, JsArgs, JsData, JsResult, JsString, JsValue, NativeFunction, Source, Trace,
    js_string,
};
use boa_websocket::{
    WebSocketExtension, dom, event_handler_attribute,
    webidl::{Interface, Member, define_interface, dom_string},
};

/// `interface Doorbell : EventTarget { constructor(DOMString place); … }`
#[derive(Trace, Finalize, JsData)]
struct Doorbell {
    place: JsString,
}

static DOORBELL: Interface = Interface {
    name: "Doorbell",
    parent: Some(&dom::EVENT_TARGET),
    constructor: Some((1, |new_target, args, context| {
        let place = dom_string(args.get_or_undefined(0), context)?;
        let bell = Doorbell { place };
        Ok(dom::construct_event_target(&DOORBELL, new_target, bell, context)?.into())
    })),
    members: &[
        Member::readonly("place", |this, _, context| {
            let read = |bell: &Doorbell| bell.place.clone().into();
            dom::event_target_extension(this, &DOORBELL, context, read)
        }),
        event_handler_attribute!("onring", "ring", Doorbell),
    ],
};

fn print(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = args.get_or_undefined(0).to_string(context)?;
    println!("script: {}", text.to_std_string_lossy());
    Ok(JsValue::undefined())
}

fn main() -> JsResult<()> {
    let context = &mut Context::default();
    WebSocketExtension::default().register(None, context)?;
    define_interface(&DOORBELL, context)?;
    context.register_global_callable(js_string!("print"), 1, NativeFunction::from_fn_ptr(print))?;
    let script = "const bell = new Doorbell('the front door');
         bell.onring = (event) => {
             print(`ring ${event.detail} at ${event.target.place}`);
             if (event.detail > 1) event.preventDefault();
         };
         bell";
    let bell = context
        .eval(Source::from_bytes(script))?
        .to_object(context)?;
    let heard = |_: &_, _: &mut _| {
        println!("rust: heard a ring");
        Ok(())
    };
    dom::add_listener(&bell, "ring", heard, context)?;
    let ring = "bell.dispatchEvent(new CustomEvent('ring', { detail: 1 }))";
    context.eval(Source::from_bytes(ring))?;
    // The same from Rust: a trusted event, which script may cancel.
    let init = dom::EventInit {
        cancelable: true,
        ..Default::default()
    };
    let ring = dom::create_custom_event(js_string!("ring"), init, 2.into(), context)?;
    println!("opened: {}", dom::dispatch(&ring, &bell, context)?);
    Ok(())
}
