//! Reporting uncaught exceptions.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception>
//!
//! An uncaught exception becomes an `error` event at the global object. If nobody handles it there,
//! it goes to the embedder's sink.

use std::{cell::Cell, fmt, io, io::Write, rc::Rc};

use boa_engine::{
    Context, Finalize, JsData, JsError, JsObject, JsResult, JsValue, Trace, js_string,
    property::PropertyKey,
};

use super::{error_event::ERROR_EVENT, error_info::ErrorInfo};
use crate::{
    dom::{EventInit, fire_an_event_using},
    event_loop::{ReportException, report_exception, script_can_catch, set_exception_reporter},
};

/// Where an uncaught error came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UncaughtKind {
    /// Script threw it, or passed it to `reportError()`, and no `error` event handler took it.
    Exception,
    /// A promise was rejected with it, and no `unhandledrejection` event handler took it.
    UnhandledRejection,
    /// The engine ended the script with it; script cannot see it.
    Engine,
}

/// An error that script did not handle, for the embedder.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UncaughtError {
    /// Where it came from.
    pub kind: UncaughtKind,
    /// What was thrown, such as `TypeError: not a function`.
    pub description: String,
    /// The file, or an empty string where it is not known.
    pub filename: String,
    /// The line, from 1, or 0 where it is not known.
    pub lineno: u32,
    /// The column, from 1, or 0 where it is not known.
    pub colno: u32,
    /// A line for each call, the innermost first; empty where it is not known.
    pub stack: String,
    /// The value that was thrown; `undefined` for [`UncaughtKind::Engine`].
    pub error: JsValue,
}

impl UncaughtError {
    pub(super) fn new(kind: UncaughtKind, info: &ErrorInfo) -> Self {
        Self {
            kind,
            description: info.description.clone(),
            filename: info.filename.clone(),
            lineno: info.lineno,
            colno: info.colno,
            stack: info.stack.clone(),
            error: info.error.clone(),
        }
    }
}

impl fmt::Display for UncaughtError {
    /// `Uncaught`, the description, the place where there is no stack, and the stack.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uncaught ")?;
        if self.kind == UncaughtKind::UnhandledRejection {
            f.write_str("(in promise) ")?;
        }
        f.write_str(&self.description)?;
        if !self.stack.is_empty() {
            write!(f, "\n{}", self.stack)?;
        } else if self.lineno != 0 && !self.filename.is_empty() {
            write!(
                f,
                "\n    at {}:{}:{}",
                self.filename, self.lineno, self.colno
            )?;
        }
        Ok(())
    }
}

/// Takes the errors that script did not handle.
pub type UncaughtErrorSink = Rc<dyn Fn(&UncaughtError, &mut Context)>;

/// The sink's place in the context's data.
struct Sink(UncaughtErrorSink);

/// Sets where errors go that script did not handle, in all realms of the context. Without it they
/// are printed to stderr.
pub fn set_uncaught_error_sink(context: &mut Context, sink: UncaughtErrorSink) {
    context.insert_data(Sink(sink));
}

/// Hands an error to the embedder.
pub(super) fn to_sink(error: &UncaughtError, context: &mut Context) {
    let sink = context.get_data::<Sink>().map(|sink| Rc::clone(&sink.0));
    match sink {
        Some(sink) => sink(error, context),
        // A closed stderr is no reason to end a program.
        None => drop(writeln!(io::stderr(), "{error}")),
    }
}

/// What a realm keeps for reporting.
#[derive(Trace, Finalize, JsData)]
struct Reporting {
    /// "in error reporting mode"
    #[unsafe_ignore_trace]
    in_error_reporting_mode: Cell<bool>,
    /// Boa's own getter of `Error.prototype.stack`.
    stack_getter: Option<JsObject>,
}

/// The reporter of the event loop.
struct Reporter;

impl ReportException for Reporter {
    fn report(&self, error: JsError, context: &mut Context) {
        report_an_exception(error, context);
    }
}

/// Prepares the current realm, and makes the event loop report through it.
pub(super) fn register(context: &mut Context) -> JsResult<()> {
    let realm = context.realm().clone();
    if realm.host_defined().has::<Reporting>() {
        return Ok(());
    }
    let prototype = context.intrinsics().constructors().error().prototype();
    let stack = prototype
        .borrow()
        .properties()
        .get(&PropertyKey::from(js_string!("stack")));
    let stack_getter = stack
        .as_ref()
        .and_then(|stack| stack.get())
        .and_then(JsValue::as_object);
    realm.host_defined_mut().insert(Reporting {
        in_error_reporting_mode: Cell::new(false),
        stack_getter,
    });
    drop(set_exception_reporter(context, Rc::new(Reporter)));
    Ok(())
}

fn stack_getter(context: &Context) -> Option<JsObject> {
    let host_defined = context.realm().host_defined();
    host_defined.get::<Reporting>()?.stack_getter.clone()
}

pub(super) fn extract_error(error: JsError, context: &mut Context) -> ErrorInfo {
    let stack_getter = stack_getter(context);
    ErrorInfo::extract(error, stack_getter.as_ref(), context)
}

/// The calls that led to an Error or DOMException, one a line, each beginning with `    at `, as Boa tells
/// them. Runs no script.
#[cfg(feature = "cli")]
pub(crate) fn stack_of_error(error: &JsValue, context: &mut Context) -> Option<String> {
    let stack_getter = stack_getter(context);
    super::error_info::stack_of(error, stack_getter.as_ref(), context)
}

/// Enters error reporting mode of the current realm, or leaves it; tells what it was before. A
/// realm without the interfaces is always in it: there is no event to fire.
fn set_error_reporting_mode(on: bool, context: &Context) -> bool {
    context
        .realm()
        .host_defined()
        .get::<Reporting>()
        .is_none_or(|reporting| reporting.in_error_reporting_mode.replace(on))
}

/// Reports an exception for the global object of the current realm.
///
/// <https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception>
///
/// An error that script cannot catch fires no event and goes to the embedder's sink.
pub fn report_an_exception(error: JsError, context: &mut Context) {
    let is_engine_error = !script_can_catch(&error);
    // 2. Error information. 3. N/A: no muted errors. 4. N/A: errors are not omitted.
    let info = extract_error(error, context);
    if is_engine_error {
        return to_sink(&UncaughtError::new(UncaughtKind::Engine, &info), context);
    }
    // 1. Not handled so far. 5. Unless the global object is being told of an error already,
    let mut not_handled = true;
    if !set_error_reporting_mode(true, context) {
        // 5.1. – 5.3. fire the event.
        match fire_error_event(&info, context) {
            Ok(not_canceled) => not_handled = not_canceled,
            // The handler was ended by the engine, or there is no memory for the event: that is
            // reported too, and comes back here in error reporting mode.
            Err(error) => report_exception(error, context),
        }
        set_error_reporting_mode(false, context);
    }
    // 6. Nobody took it.
    if not_handled {
        to_sink(&UncaughtError::new(UncaughtKind::Exception, &info), context);
    }
}

fn fire_error_event(info: &ErrorInfo, context: &mut Context) -> JsResult<bool> {
    let init = EventInit {
        cancelable: true,
        ..EventInit::default()
    };
    let data = info.event_data();
    let global = context.global_object();
    fire_an_event_using(
        &ERROR_EVENT,
        js_string!("error"),
        init,
        data,
        &global,
        context,
    )
}
