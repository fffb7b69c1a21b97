//! Counters and timers, each with a label.

use std::{
    cell::RefCell,
    collections::HashMap,
    time::{Duration, Instant},
};

use boa_engine::{Context, JsArgs, JsResult, JsString, JsValue, js_string};

use super::{Console, Level, format};

/// Counters, and timers, at one time. A label made for each message must not fill the memory.
const MAX_LABELS: usize = 10_000;

/// "count map" and "timer table".
#[derive(Default)]
pub(super) struct Labels {
    counts: RefCell<HashMap<JsString, u64>>,
    timers: RefCell<HashMap<JsString, Instant>>,
}

/// The label and how it is shown.
fn label(args: &[JsValue], context: &mut Context) -> JsResult<(JsString, String)> {
    let label = args.get_or_undefined(0);
    let label = if label.is_undefined() {
        js_string!("default")
    } else {
        label.to_string(context)?
    };
    let shown = label.to_std_string_lossy();
    Ok((label, shown))
}

impl Console {
    fn warn(&self, message: String) {
        self.print(Level::Warn, message);
    }
}

fn no_room(what: &str, label: &str) -> String {
    format!("{what} '{label}' is not kept: there are {MAX_LABELS} already")
}

/// <https://console.spec.whatwg.org/#count>
pub(super) fn count(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (label, shown) = label(args, context)?;
    if let Some(console) = Console::of(context) {
        let mut counts = console.labels.counts.borrow_mut();
        if counts.len() >= MAX_LABELS && !counts.contains_key(&label) {
            console.warn(no_room("Count for", &shown));
        } else {
            let count = counts.entry(label).or_insert(0);
            *count += 1;
            console.print(Level::Log, format!("{shown}: {count}"));
        }
    }
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#countreset>
pub(super) fn count_reset(
    _: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let (label, shown) = label(args, context)?;
    if let Some(console) = Console::of(context)
        && console.labels.counts.borrow_mut().remove(&label).is_none()
    {
        console.warn(format!("Count for '{shown}' does not exist"));
    }
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#time>
pub(super) fn time(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (label, shown) = label(args, context)?;
    if let Some(console) = Console::of(context) {
        let mut timers = console.labels.timers.borrow_mut();
        if timers.contains_key(&label) {
            console.warn(format!("Timer '{shown}' already exists"));
        } else if timers.len() >= MAX_LABELS {
            console.warn(no_room("Timer", &shown));
        } else {
            timers.insert(label, Instant::now());
        }
    }
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#timelog>
pub(super) fn time_log(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (label, shown) = label(args, context)?;
    let Some(console) = Console::of(context) else {
        return Ok(JsValue::undefined());
    };
    let started = console.labels.timers.borrow().get(&label).copied();
    let Some(started) = started else {
        console.warn(no_timer(&shown));
        return Ok(JsValue::undefined());
    };
    let mut message = format!("{shown}: {}", duration(started.elapsed()));
    for value in args.iter().skip(1) {
        message.push(' ');
        message.push_str(&format::value(value, &console.options(Level::Log), context));
    }
    console.print(Level::Log, message);
    Ok(JsValue::undefined())
}

/// <https://console.spec.whatwg.org/#timeend>
pub(super) fn time_end(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (label, shown) = label(args, context)?;
    if let Some(console) = Console::of(context) {
        let started = console.labels.timers.borrow_mut().remove(&label);
        match started {
            Some(started) => {
                let message = format!("{shown}: {}", duration(started.elapsed()));
                console.print(Level::Log, message);
            }
            None => console.warn(no_timer(&shown)),
        }
    }
    Ok(JsValue::undefined())
}

fn no_timer(label: &str) -> String {
    format!("Timer '{label}' does not exist")
}

/// `0.123ms`, `1.234s`, `1:02.345 (m:ss.mmm)`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        return format!("{:.3}ms", seconds * 1e3);
    }
    if seconds < 60.0 {
        return format!("{seconds:.3}s");
    }
    let milliseconds = duration.as_millis();
    let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000);
    let (seconds, milliseconds) = (rest / 1000, rest % 1000);
    if minutes < 60 {
        return format!("{minutes}:{seconds:02}.{milliseconds:03} (m:ss.mmm)");
    }
    let (hours, minutes) = (minutes / 60, minutes % 60);
    format!("{hours}:{minutes:02}:{seconds:02} (h:mm:ss)")
}
