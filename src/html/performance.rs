//! Performance, as far as the High Resolution Time standard goes.
//! <https://w3c.github.io/hr-time/#sec-performance>
//!
//! ```webidl
//! [Exposed=(Window,Worker)]
//! interface Performance : EventTarget {
//!   DOMHighResTimeStamp now();
//!   readonly attribute DOMHighResTimeStamp timeOrigin;
//!   [Default] object toJSON();
//! };
//! ```

use boa_engine::{Context, Finalize, JsData, JsObject, JsResult, JsValue, Trace, js_string};

use crate::{
    dom::{
        EVENT_TARGET, create_event_target, current_high_resolution_time, event_target_extension,
        time_origin_timestamp,
    },
    webidl::{Interface, Member, define_interface},
};

/// The interface `Performance`.
pub static PERFORMANCE: Interface = Interface {
    name: "Performance",
    parent: Some(&EVENT_TARGET),
    constructor: None,
    members: &[
        Member::Operation {
            name: "now",
            length: 0,
            call: now,
        },
        Member::readonly("timeOrigin", time_origin),
        Member::Operation {
            name: "toJSON",
            length: 0,
            call: to_json,
        },
    ],
};

/// The extension of the realm's Performance object, which has no state.
#[derive(Debug, Trace, Finalize, JsData)]
struct PerformanceData;

/// The realm's one Performance object.
#[derive(Trace, Finalize, JsData)]
struct RealmPerformance(JsObject);

pub(super) fn register(context: &mut Context) -> JsResult<()> {
    define_interface(&PERFORMANCE, context)?;
    if context.realm().host_defined().has::<RealmPerformance>() {
        return Ok(());
    }
    let performance = create_event_target(&PERFORMANCE, PerformanceData, context)?;
    let mut host_defined = context.realm().host_defined_mut();
    host_defined.insert(RealmPerformance(performance));
    Ok(())
}

/// The Performance object of the current realm.
pub(super) fn this_performance(context: &mut Context) -> JsResult<JsValue> {
    let host_defined = context.realm().host_defined();
    let performance = host_defined.get::<RealmPerformance>();
    Ok(performance.map_or_else(JsValue::undefined, |performance| {
        performance.0.clone().into()
    }))
}

fn check_brand(this: &JsValue, context: &mut Context) -> JsResult<()> {
    event_target_extension(this, &PERFORMANCE, context, |_: &PerformanceData| ())
}

/// <https://w3c.github.io/hr-time/#dom-performance-now>
fn now(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    Ok(current_high_resolution_time(context).into())
}

/// <https://w3c.github.io/hr-time/#dom-performance-timeorigin>
fn time_origin(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    Ok(time_origin_timestamp(context).into())
}

/// The default toJSON steps. <https://webidl.spec.whatwg.org/#default-tojson-steps>
fn to_json(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    check_brand(this, context)?;
    let object = JsObject::with_object_proto(context.intrinsics());
    let time_origin = time_origin_timestamp(context);
    object.create_data_property_or_throw(js_string!("timeOrigin"), time_origin, context)?;
    Ok(object.into())
}
