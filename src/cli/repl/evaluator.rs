//! The script's thread: evaluates what was typed while the event loop runs.

use std::{
    cell::{Cell, RefCell},
    path::{Path, PathBuf},
    rc::Rc,
    sync::mpsc::Sender,
};

use boa_engine::{
    Context, JsError, JsResult, JsString, JsValue, NativeFunction, Source,
    builtins::promise::PromiseState,
    js_string,
    object::{FunctionObjectBuilder, builtins::JsPromise},
    property::PropertyDescriptor,
};

use super::{
    source::{self, Prepared, prepare},
    top_level_await::Rewritten,
};
use crate::{
    WebSocketExtension,
    cli::{
        diagnostics,
        inspect::{InspectOptions, inspect},
        interrupt,
        session::Session,
        terminal::{print_error, print_line},
    },
    event_loop::{Spawner, script_can_catch},
};

/// How an evaluation has ended; its result was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Value,
    Error,
    /// What was awaited goes on behind.
    Interrupted,
}

/// What is kept between lines, in the context's data.
#[derive(Clone)]
struct State(Rc<Kept>);

/// What is awaited, the name of its text, and who waits for it.
struct Awaited {
    promise: JsPromise,
    name: PathBuf,
    done: Sender<Done>,
}

struct Kept {
    colors: bool,
    awaited: RefCell<Option<Awaited>>,
    /// Names that were declared with `let`, `const` and `class`: Boa has no list of them.
    names: RefCell<Vec<String>>,
    /// Texts that were evaluated, each of which has a name of its own.
    count: Cell<u32>,
    /// The session is to end.
    leaving: Cell<bool>,
}

/// Runs a session until it is [left](leave). Gives its spawner away as soon as there is one.
///
/// # Errors
///
/// An engine panic, or a global that could not be defined.
pub(super) fn run(
    extension: WebSocketExtension,
    location: Option<&str>,
    colors: bool,
    ready: impl FnOnce(Spawner),
) -> JsResult<()> {
    let Session {
        event_loop,
        mut context,
        ..
    } = Session::new(extension, location)?;
    let kept = Rc::new(Kept {
        colors,
        awaited: RefCell::default(),
        names: RefCell::default(),
        count: Cell::new(0),
        leaving: Cell::new(false),
    });
    context.insert_data(State(Rc::clone(&kept)));
    let cell = RefCell::new(&mut context);
    let mut turns = event_loop.turns(&cell);
    let spawner = event_loop.spawner();
    let _alive = spawner.keep_alive();
    ready(spawner);
    while !kept.leaving.get() {
        turns.run_until(|_| kept.leaving.get() || kept.settled().is_some())?;
        if let Some((state, Awaited { name, done, .. })) = kept.take_settled() {
            let context = &mut cell.borrow_mut();
            let result = match state {
                PromiseState::Rejected(reason) => Err(JsError::from_opaque(reason)),
                PromiseState::Fulfilled(value) => Ok(value),
                PromiseState::Pending => Ok(JsValue::undefined()),
            };
            let how = show(result, &name, &kept, context);
            // Who does not wait any more is leaving.
            let _ = done.send(how);
        }
    }
    interrupt::say_goodbye(&mut cell.borrow_mut());
    turns.run_until(interrupt::is_over)
}

impl Kept {
    fn settled(&self) -> Option<PromiseState> {
        let awaited = self.awaited.borrow();
        let state = awaited.as_ref()?.promise.state();
        (state != PromiseState::Pending).then_some(state)
    }

    fn take_settled(&self) -> Option<(PromiseState, Awaited)> {
        let state = self.settled()?;
        Some((state, self.awaited.take()?))
    }

    /// What helps if one of these names was declared before.
    fn declared_twice(&self, names: &[String]) -> Option<String> {
        let known = self.names.borrow();
        let name = names.iter().find(|name| known.contains(name))?;
        Some(format!(
            "{name} is declared already: without let or const it is given another value"
        ))
    }

    /// The name of what is evaluated next, as errors have it.
    fn next_name(&self) -> PathBuf {
        self.count.set(self.count.get().saturating_add(1));
        format!("<repl {}>", self.count.get()).into()
    }
}

fn kept(context: &Context) -> Option<Rc<Kept>> {
    context.get_data::<State>().map(|state| Rc::clone(&state.0))
}

/// Evaluates a text, shows what it is, and says so.
pub(super) fn evaluate(
    text: &str,
    file: Option<PathBuf>,
    done: Sender<Done>,
    context: &mut Context,
) {
    let Some(kept) = kept(context) else {
        return;
    };
    let name = &file.unwrap_or_else(|| kept.next_name());
    let mut hint = source::starts_with_import(text).then(|| {
        "import declarations are for modules; here it is const { name } = await import('./file.mjs')"
            .to_owned()
    });
    let result = match prepare(text) {
        Prepared::Script { text, names } => {
            diagnostics::remember_source(name, &text, context);
            let result = run_script(&text, name, context);
            hint = hint.or_else(|| kept.declared_twice(&names));
            kept.names.borrow_mut().extend(names);
            result
        }
        Prepared::Awaiting(rewritten) => match begin(&rewritten, name, &kept, context) {
            Ok(promise) => {
                let name = name.clone();
                kept.awaited.replace(Some(Awaited {
                    promise,
                    name,
                    done,
                }));
                return;
            }
            Err(error) => {
                hint = kept.declared_twice(&rewritten.names);
                Err(error)
            }
        },
    };
    let how = show(result, name, &kept, context);
    if let Some(hint) = hint.filter(|_| how == Done::Error) {
        print_error(format_args!("hint: {hint}"));
    }
    // Who does not wait any more is leaving.
    let _ = done.send(how);
}

fn run_script(text: &str, name: &Path, context: &mut Context) -> JsResult<JsValue> {
    let result = context.eval(Source::from_bytes(text).with_path(name));
    crate::event_loop::clean_up_after_running_script(context);
    result
}

/// Evaluates something that awaits; gives back the promise of its end.
fn begin(
    rewritten: &Rewritten,
    name: &Path,
    kept: &Kept,
    context: &mut Context,
) -> JsResult<JsPromise> {
    run_script(&rewritten.declarations, name, context)?;
    kept.names
        .borrow_mut()
        .extend(rewritten.names.iter().cloned());
    let value = run_script(&rewritten.body, name, context)?;
    let promise = JsPromise::from_object(value.to_object(context)?)?;
    // Its rejection is shown here, and is no unhandled one.
    let ignore = NativeFunction::from_fn_ptr(|_, _, _| Ok(JsValue::undefined()));
    let ignore = FunctionObjectBuilder::new(context.realm(), ignore).build();
    promise.catch(ignore, context)?;
    Ok(promise)
}

/// Stops waiting for what is awaited.
pub(super) fn stop_waiting(context: &mut Context) {
    if let Some(awaited) = kept(context).and_then(|kept| kept.awaited.take()) {
        let _ = awaited.done.send(Done::Interrupted);
    }
}

/// Ends the session.
pub(super) fn leave(context: &mut Context) {
    if let Some(kept) = kept(context) {
        kept.leaving.set(true);
    }
}

/// Names that were declared in this session, and in which order.
pub(super) fn declared_names(context: &Context) -> Vec<String> {
    kept(context).map_or_else(Vec::new, |kept| kept.names.borrow().clone())
}

/// Shows a result, and keeps it under its name.
fn show(result: JsResult<JsValue>, name: &Path, kept: &Kept, context: &mut Context) -> Done {
    match result {
        Ok(value) => {
            let options = InspectOptions {
                colors: kept.colors,
                ..InspectOptions::default()
            };
            print_line(format_args!("{}", inspect(&value, &options, context)));
            define(js_string!("_"), value, context);
            Done::Value
        }
        Err(error) => {
            if script_can_catch(&error)
                && let Ok(value) = error.clone().into_opaque(context)
            {
                define(js_string!("_error"), value, context);
            }
            diagnostics::report_in_file(error, name, context);
            Done::Error
        }
    }
}

/// A global of that name, unless it is somebody's.
fn define(name: JsString, value: JsValue, context: &mut Context) {
    let property = PropertyDescriptor::builder()
        .value(value)
        .writable(true)
        .enumerable(false)
        .configurable(true);
    // A global object that does not take it any more: its owner's will.
    let _ = context
        .global_object()
        .define_property_or_throw(name, property, context);
}
