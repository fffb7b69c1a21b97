//! Where an error goes that nobody is there to catch.

use std::{
    io::{self, Write},
    rc::Rc,
};

use boa_engine::{Context, JsError, error::EngineError, realm::Realm};

use super::microtasks;

/// The end of the line for uncaught errors: the host's log, the global's `error` event, or both.
///
/// Implemented by closures `Fn(JsError, &mut Context)`.
pub trait ReportException {
    /// Takes one error. It may be an engine error, which cannot be made into a value of script: see
    /// [`script_can_catch`]. May run script.
    fn report(&self, error: JsError, context: &mut Context);
}

impl<F: Fn(JsError, &mut Context)> ReportException for F {
    fn report(&self, error: JsError, context: &mut Context) {
        self(error, context);
    }
}

/// The reporter's place in the context's data.
struct Reporter(Rc<dyn ReportException>);

/// Sets who gets the uncaught errors of `context`, in all its realms; returns the one before.
pub fn set_exception_reporter(
    context: &mut Context,
    reporter: Rc<dyn ReportException>,
) -> Option<Rc<dyn ReportException>> {
    context
        .insert_data(Reporter(reporter))
        .map(|before| before.0)
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception>, as far as it needs no DOM.
///
/// The context's current realm is the one whose global object is concerned. Gives `error` to the reporter of [`set_exception_reporter`]; without one, prints `Uncaught …` to stderr.
/// After an engine panic it also makes the event loop end, since the context is not to be used again.
pub fn report_exception(error: JsError, context: &mut Context) {
    if matches!(error.as_engine(), Some(EngineError::Panic(_))) {
        microtasks::give_up(&error, context);
    }
    let reporter = context
        .get_data::<Reporter>()
        .map(|reporter| Rc::clone(&reporter.0));
    match reporter {
        Some(reporter) => reporter.report(error, context),
        // A closed stderr is no reason to end a program.
        None => drop(writeln!(io::stderr(), "Uncaught {error}")),
    }
}

/// The same for an error that a job of `realm` has left behind: the reporter finds that realm as the current one.
pub(super) fn report_exception_in(realm: Option<Realm>, error: JsError, context: &mut Context) {
    let Some(realm) = realm else {
        return report_exception(error, context);
    };
    let before = context.enter_realm(realm);
    report_exception(error, context);
    context.enter_realm(before);
}

/// False for errors that pass every `catch` of script: runtime limits and engine panics. Such an
/// error ends the task it came up in (a dispatch to several listeners, say) instead of going on with it.
#[must_use]
pub const fn script_can_catch(error: &JsError) -> bool {
    error.as_engine().is_none()
}
