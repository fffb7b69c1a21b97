//! The clock of events. <https://w3c.github.io/hr-time/>

#[cfg(feature = "net")]
use std::cell::RefCell;

#[cfg(feature = "net")]
use boa_engine::realm::Realm;
use boa_engine::{Context, context::time::JsInstant};

use super::global::RealmState;

/// Times are given out in steps of this many nanoseconds, as browsers do for an isolated context.
/// <https://w3c.github.io/hr-time/#dfn-coarsen-time>
const RESOLUTION_NANOSECONDS: u64 = 5_000;

/// The time origin of a realm. <https://w3c.github.io/hr-time/#dfn-time-origin>
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeOrigin {
    instant: JsInstant,
    /// Milliseconds since the Unix epoch.
    wall: i64,
}

impl TimeOrigin {
    pub(super) fn now(context: &Context) -> Self {
        Self {
            instant: context.clock().now(),
            wall: context.clock().system_time_millis(),
        }
    }
}

fn time_origin(context: &Context) -> Option<TimeOrigin> {
    let host_defined = context.realm().host_defined();
    host_defined
        .get::<RealmState>()
        .map(|state| state.time_origin)
}

/// The time since the current realm's time origin: milliseconds, monotonic, in steps of 5 µs.
/// 0 in a realm without a time origin.
///
/// <https://w3c.github.io/hr-time/#dfn-current-high-resolution-time>
#[must_use]
pub fn current_high_resolution_time(context: &Context) -> f64 {
    relative_high_resolution_time(context.clock().now(), context)
}

/// <https://w3c.github.io/hr-time/#dfn-relative-high-resolution-coarse-time>
fn relative_high_resolution_time(time: JsInstant, context: &Context) -> f64 {
    let Some(origin) = time_origin(context) else {
        return 0.0;
    };
    let elapsed = (time - origin.instant).as_nanos();
    // Enough for 584 years, and a division that processors have.
    let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
    let coarse = elapsed - elapsed % RESOLUTION_NANOSECONDS;
    coarse as f64 / 1e6
}

/// When something occurred that several events signal. The clock is read once for all of them, and the time converted once for each
/// run of them in one realm.
#[cfg(feature = "net")]
pub(crate) struct Occurrence {
    time: JsInstant,
    converted: RefCell<Option<(Realm, f64)>>,
}

#[cfg(feature = "net")]
impl Occurrence {
    /// At this moment.
    pub(crate) fn now(context: &Context) -> Self {
        Self {
            time: context.clock().now(),
            converted: RefCell::default(),
        }
    }

    /// The `timeStamp` of an event of the current realm that signals it.
    pub(crate) fn time_stamp(&self, context: &Context) -> f64 {
        let mut converted = self.converted.borrow_mut();
        if let Some((realm, time_stamp)) = &*converted
            && realm == context.realm()
        {
            return *time_stamp;
        }
        let time_stamp = relative_high_resolution_time(self.time, context);
        *converted = Some((context.realm().clone(), time_stamp));
        time_stamp
    }
}

/// The current realm's time origin: milliseconds since the Unix epoch, by the context's clock.
///
/// <https://w3c.github.io/hr-time/#dfn-get-time-origin-timestamp>
#[must_use]
pub fn time_origin_timestamp(context: &Context) -> f64 {
    time_origin(context).map_or(0.0, |origin| origin.wall as f64)
}
