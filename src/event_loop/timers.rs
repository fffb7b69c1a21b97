//! `setTimeout`, `setInterval` and their clearing, on an [`EventLoop`].
//!
//! <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers>
//!
//! ```idl
//! typedef (DOMString or Function or TrustedScript) TimerHandler;
//!
//! partial interface mixin WindowOrWorkerGlobalScope {
//!   long setTimeout(TimerHandler handler, optional long timeout = 0, any... arguments);
//!   undefined clearTimeout(optional long id = 0);
//!   long setInterval(TimerHandler handler, optional long timeout = 0, any... arguments);
//!   undefined clearInterval(optional long id = 0);
//! };
//! ```
//!
//! A handler that is not a function is a string: it is compiled and run as a classic script of the realm each time
//! the timer fires, if the host's `ensure_can_compile_strings` lets it.
//!
//! Departures: the nesting level is kept but does not make timers slower; ids are unique in a context rather than in a global, and may be cleared
//! from any realm of it.

use std::{collections::HashMap, rc::Rc, time::Duration};

use boa_engine::{
    Context, JsArgs, JsNativeError, JsObject, JsResult, JsString, JsValue, NativeFunction, Script,
    Source, js_string, object::FunctionObjectBuilder, property::PropertyDescriptor, realm::Realm,
};

use super::{EventLoop, TimerId, clean_up_after_running_script, report_exception};

/// Name, length and steps of the operations, in the IDL's order.
const OPERATIONS: [(JsString, usize, Operation); 4] = [
    (js_string!("setTimeout"), 1, set_timeout),
    (js_string!("clearTimeout"), 0, clear_timeout),
    (js_string!("setInterval"), 1, set_interval),
    (js_string!("clearInterval"), 0, clear_timeout),
];

type Operation = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

/// Defines the four functions on the global object of the context's current realm.
///
/// # Errors
///
/// A `TypeError` if the context's executor is no [`EventLoop`]: under another one, take that one's timers
/// (`boa_runtime`'s `TimeoutExtension`, say). Also what defining a property of the global object throws.
pub fn register(context: &mut Context) -> JsResult<()> {
    event_loop(context)?;
    if !context.has_data::<ScriptTimers>() {
        context.insert_data(ScriptTimers::default());
    }
    for (name, length, steps) in OPERATIONS {
        let function =
            FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(steps))
                .name(name.clone())
                .length(length)
                .constructor(false)
                .build();
        context.global_object().define_property_or_throw(
            name,
            PropertyDescriptor::builder()
                .value(function)
                .writable(true)
                .enumerable(true)
                .configurable(true),
            context,
        )?;
    }
    Ok(())
}

/// The [timer nesting level] of the task that is running: 0 outside of timers, 1 in a timer that was
/// set outside of timers, and so on.
///
/// [timer nesting level]: https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timer-nesting-level
#[must_use]
pub fn nesting_level(context: &Context) -> u32 {
    context
        .get_data::<ScriptTimers>()
        .map_or(0, |timers| timers.nesting_level)
}

/// The "map of setTimeout and setInterval IDs", one for all realms of a context.
#[derive(Default)]
struct ScriptTimers {
    active: HashMap<i32, Active>,
    last_id: i32,
    last_handle: u64,
    nesting_level: u32,
}

/// What an id stands for.
#[derive(Clone, Copy)]
struct Active {
    unique_handle: u64,
    timer: TimerId,
}

impl ScriptTimers {
    fn of(context: &mut Context) -> JsResult<&mut Self> {
        context
            .host_defined_mut()
            .get_mut::<Self>()
            .ok_or_else(|| type_error("timers are not registered in this context"))
    }

    /// An integer greater than zero that is not in the map.
    fn next_id(&mut self) -> i32 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if !self.active.contains_key(&self.last_id) {
                return self.last_id;
            }
        }
    }

    fn next_handle(&mut self) -> u64 {
        self.last_handle += 1;
        self.last_handle
    }

    /// Does `id` still stand for the timer with this handle?
    fn is_active(&self, id: i32, unique_handle: u64) -> bool {
        self.active
            .get(&id)
            .is_some_and(|active| active.unique_handle == unique_handle)
    }
}

/// `TimerHandler`.
enum TimerHandler {
    Function(JsObject),
    /// Source text.
    String(JsString),
}

/// What the timer initialization steps are given, besides the id.
struct Request {
    global: JsObject,
    realm: Realm,
    handler: TimerHandler,
    timeout: Duration,
    arguments: Vec<JsValue>,
    repeat: bool,
}

/// <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#dom-settimeout>
fn set_timeout(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    set(this, args, false, "setTimeout", context)
}

/// <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#dom-setinterval>
fn set_interval(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    set(this, args, true, "setInterval", context)
}

/// Converts the arguments in their order, then runs the timer initialization steps.
fn set(
    this: &JsValue,
    args: &[JsValue],
    repeat: bool,
    operation: &str,
    context: &mut Context,
) -> JsResult<JsValue> {
    let global = this_global(this, context)?;
    if args.is_empty() {
        return Err(JsNativeError::typ()
            .with_message(format!(
                "{operation}: 1 argument required, but only 0 present"
            ))
            .into());
    }
    let handler = timer_handler(args.get_or_undefined(0), context)?;
    // `optional long timeout = 0`
    let timeout = args.get_or_undefined(1).to_i32(context)?;
    let request = Request {
        global,
        realm: context.realm().clone(),
        handler,
        // Step 4 of the timer initialization steps: a timeout less than 0 is 0.
        timeout: Duration::from_millis(timeout.max(0).unsigned_abs().into()),
        arguments: args.get(2..).unwrap_or_default().to_vec(),
        repeat,
    };
    timer_initialization_steps(Rc::new(request), None, context).map(JsValue::from)
}

/// Converts to the union type `TimerHandler`: what cannot be called becomes a string.
fn timer_handler(value: &JsValue, context: &mut Context) -> JsResult<TimerHandler> {
    match value.as_callable() {
        Some(function) => Ok(TimerHandler::Function(function)),
        None => value.to_string(context).map(TimerHandler::String),
    }
}

/// <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timer-initialisation-steps>
fn timer_initialization_steps(
    request: Rc<Request>,
    previous_id: Option<i32>,
    context: &mut Context,
) -> JsResult<i32> {
    // 1. thisArg is the request's global.
    let event_loop = event_loop(context)?;
    let timers = ScriptTimers::of(context)?;
    // 2. Take the previous id or a new one.
    let id = previous_id.unwrap_or_else(|| timers.next_id());
    // 3. Let nesting level be that of the running task; 0 if that is no timer's.
    // 4. Done where the timeout was converted.
    // 5. N/A: nested timers are not clamped to 4 ms.
    // 6. The realm is the request's.
    // 7. N/A: only strings have an initiating script.
    // 8.–9. The task, and what will tell it from others with the same id.
    // 10.–11. Increment the nesting level and give it to the task.
    let nesting_level = timers.nesting_level.saturating_add(1);
    let unique_handle = timers.next_handle();
    let timeout = request.timeout;
    let task = move |context: &mut Context| {
        let realm = context.enter_realm(request.realm.clone());
        let result = run_timer_task(&request, id, unique_handle, nesting_level, context);
        context.enter_realm(realm);
        result
    };
    // 12.–13. Run the task after the timeout.
    let timer = event_loop.set_timer(timeout, task, context);
    // 14. Enter it in the map.
    ScriptTimers::of(context)?.active.insert(
        id,
        Active {
            unique_handle,
            timer,
        },
    );
    // 15. Return id.
    Ok(id)
}

/// The task of step 9.
fn run_timer_task(
    request: &Rc<Request>,
    id: i32,
    unique_handle: u64,
    nesting_level: u32,
    context: &mut Context,
) -> JsResult<()> {
    // 9.1. N/A: an assertion that holds by type.
    let timers = ScriptTimers::of(context)?;
    // 9.2.–9.3. If the id was cleared or stands for another timer, abort.
    if !timers.is_active(id, unique_handle) {
        return Ok(());
    }
    // 9.4. N/A: no timing info.
    timers.nesting_level = nesting_level;
    let result = match &request.handler {
        // 9.5. Invoke a function.
        TimerHandler::Function(function) => {
            let this = request.global.clone().into();
            function.call(&this, &request.arguments, context)
        }
        // 9.6. Compile and run a string.
        TimerHandler::String(source) => run_a_string(source, context),
    };
    // Report what it throws. A microtask checkpoint follows, as after every callback and script.
    if let Err(error) = result {
        report_exception(error, context);
    }
    clean_up_after_running_script(context);
    // 9.7.–9.8. If the id was cleared meanwhile or stands for another timer, abort.
    let result = if !ScriptTimers::of(context)?.is_active(id, unique_handle) {
        Ok(())
    } else if request.repeat {
        // 9.9. Repeat: perform the steps again with the same id.
        timer_initialization_steps(Rc::clone(request), Some(id), context).map(drop)
    } else {
        // 9.10. Otherwise the id is free.
        ScriptTimers::of(context)?.active.remove(&id);
        Ok(())
    };
    ScriptTimers::of(context)?.nesting_level = 0;
    result
}

/// Step 9.6 of the timer initialization steps, in the realm that is current.
fn run_a_string(source: &JsString, context: &mut Context) -> JsResult<JsValue> {
    // 9.6.1. – 9.6.4. N/A: an assertion that holds by type; no trusted types.
    // 9.6.5. Ask the host, as `eval` does.
    let realm = context.realm().clone();
    context
        .host_hooks()
        .ensure_can_compile_strings(realm, &[], source, false, context)?;
    // 9.6.6. – 9.6.8. N/A: there is no initiating script to take a base URL and fetch options from.
    // 9.6.9. Create a classic script. 9.6.10. Run it.
    let code_units = source.to_vec();
    Script::parse(Source::from_utf16(&code_units), None, context)?.evaluate(context)
}

/// <https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#dom-cleartimeout>, and `clearInterval`, which is the same.
fn clear_timeout(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    this_global(this, context)?;
    // `optional long id = 0`
    let id = args.get_or_undefined(0).to_i32(context)?;
    // 1. Remove the id from the map.
    if let Some(active) = ScriptTimers::of(context)?.active.remove(&id) {
        event_loop(context)?.clear_timer(active.timer);
    }
    Ok(JsValue::undefined())
}

/// The global object that an operation was called on, by way of an absent `this` too.
fn this_global(this: &JsValue, context: &Context) -> JsResult<JsObject> {
    // The realm is that of the function.
    let global = context.global_object();
    if this.is_null_or_undefined() || this.as_object().is_some_and(|this| this == global) {
        return Ok(global);
    }
    Err(type_error(
        "Illegal invocation: `this` is not the global object",
    ))
}

fn event_loop(context: &Context) -> JsResult<Rc<EventLoop>> {
    context
        .downcast_job_executor::<EventLoop>()
        .ok_or_else(|| type_error("these timers need the EventLoop as the context's job executor"))
}

/// A `TypeError`.
fn type_error(message: &'static str) -> boa_engine::JsError {
    JsNativeError::typ().with_message(message).into()
}
