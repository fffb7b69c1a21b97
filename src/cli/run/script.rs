//! What happens on script's thread.

use std::{
    cell::RefCell,
    path::Path,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use boa_engine::{
    Context, JsError, JsNativeError, JsResult, JsValue, Module, NativeFunction, Script, Source,
    builtins::promise::PromiseState,
    js_string,
    object::{
        FunctionObjectBuilder,
        builtins::{JsArray, JsPromise},
    },
    property::Attribute,
};

use crate::{
    cli::{
        diagnostics,
        environment::Environment,
        inspect::{InspectOptions, inspect},
        interrupt,
        module_loader::FileModuleLoader,
        session::Session,
        sources::SourceFile,
        terminal::{Stream, print_line},
    },
    event_loop::{Turns, clean_up_after_running_script, report_exception},
};

/// Defines what `boaws run` has beside the globals of every session: `env` and `scriptArgs`.
pub(super) fn define_globals(
    environment: &Environment,
    script_args: &[String],
    context: &mut Context,
) -> JsResult<()> {
    environment.define(context)?;
    let args = script_args
        .iter()
        .map(|arg| js_string!(arg.as_str()).into());
    let args = JsArray::from_iter(args.collect::<Vec<JsValue>>(), context);
    let attributes = Attribute::WRITABLE | Attribute::CONFIGURABLE;
    context.register_global_property(js_string!("scriptArgs"), args, attributes)
}

/// Runs all of it in one realm, then the event loop until nothing can happen any more, or until the sockets are closed if the run is
/// to end; once `ending` is set no further file is begun. Returns whether there was no uncaught error.
///
/// # Errors
///
/// An engine panic.
pub(super) fn run(session: Session, sources: &[SourceFile], ending: &AtomicBool) -> JsResult<bool> {
    let Session {
        event_loop,
        loader,
        mut context,
        failed,
    } = session;
    let cell = RefCell::new(&mut context);
    let mut evaluator = Evaluator {
        turns: event_loop.turns(&cell),
        cell: &cell,
        loader,
        ending,
    };
    for source in sources {
        if ending.load(Relaxed) {
            break;
        }
        evaluator.run_source(source)?;
    }
    evaluator
        .turns
        .run_until(|context| is_over(ending, context))?;
    Ok(!failed.get())
}

/// Asked before each turn, so the cheap question goes first.
fn is_over(ending: &AtomicBool, context: &Context) -> bool {
    ending.load(Relaxed) && interrupt::is_over(context)
}

/// A text that was parsed.
enum Parsed {
    Script(Script),
    Module(Module),
}

struct Evaluator<'a, 'b> {
    turns: Turns<'a, 'b>,
    cell: &'a RefCell<&'b mut Context>,
    loader: Rc<FileModuleLoader>,
    ending: &'a AtomicBool,
}

impl Evaluator<'_, '_> {
    fn run_source(&mut self, source: &SourceFile) -> JsResult<()> {
        let parsed = {
            let context: &mut Context = &mut self.cell.borrow_mut();
            diagnostics::remember_source(&source.name, &source.text, context);
            parse(source, &self.loader, context)
                .map_err(|error| diagnostics::report_in_file(error, &source.name, context))
        };
        match parsed {
            Ok(Parsed::Script(script)) => self.run_script(&script, source),
            Ok(Parsed::Module(module)) => self.run_module(&module, source),
            // It is reported.
            Err(()) => Ok(()),
        }
    }

    fn run_script(&mut self, script: &Script, source: &SourceFile) -> JsResult<()> {
        let value = {
            let context: &mut Context = &mut self.cell.borrow_mut();
            let result = script.evaluate(context);
            let value = result.map_err(|error| {
                diagnostics::report_in_file(error, &source.name, context);
            });
            clean_up_after_running_script(context);
            value
        };
        match value {
            Ok(value) if source.prints => self.print(value, source),
            _ => Ok(()),
        }
    }

    /// Prints a value; of a promise, what it is fulfilled with.
    fn print(&mut self, value: JsValue, source: &SourceFile) -> JsResult<()> {
        let promise = value.as_object().map(JsPromise::from_object);
        let value = match promise {
            Some(Ok(promise)) => {
                report_rejection(&promise, &mut self.cell.borrow_mut())?;
                match self.settle(&promise, "the promise", &source.name)? {
                    Some(value) => value,
                    None => return Ok(()),
                }
            }
            _ => value,
        };
        let text = match value.as_string() {
            // As it is, for other programs; the strings inside of other values are quoted.
            Some(text) => text.to_std_string_lossy(),
            None => {
                let options = InspectOptions {
                    colors: Stream::Stdout.has_colors(),
                    ..InspectOptions::default()
                };
                inspect(&value, &options, &mut self.cell.borrow_mut())
            }
        };
        print_line(format_args!("{text}"));
        Ok(())
    }

    /// Runs a module to the end of its top-level awaits, or until nothing can happen any more.
    fn run_module(&mut self, module: &Module, source: &SourceFile) -> JsResult<()> {
        let promise = {
            let context: &mut Context = &mut self.cell.borrow_mut();
            let promise = module.load_link_evaluate(context);
            report_rejection(&promise, context)?;
            promise
        };
        self.settle(&promise, "a top-level await", &source.name)?;
        Ok(())
    }

    /// Runs the loop until the promise is settled or the run is over. Its value, if it has one.
    fn settle(
        &mut self,
        promise: &JsPromise,
        what: &str,
        name: &Path,
    ) -> JsResult<Option<JsValue>> {
        let is_pending = || matches!(promise.state(), PromiseState::Pending);
        let ending = self.ending;
        let done = |context: &Context| !is_pending() || is_over(ending, context);
        self.turns.run_until(done)?;
        let context: &mut Context = &mut self.cell.borrow_mut();
        if is_pending() && !interrupt::is_leaving(context) {
            unsettled(name, what, context);
        }
        match promise.state() {
            PromiseState::Fulfilled(value) => Ok(Some(value)),
            _ => Ok(None),
        }
    }
}

/// A script, unless it is to be a module or can be one only. With [`prints`](SourceFile::prints) an expression that awaits is a script as well.
fn parse(
    source: &SourceFile,
    loader: &FileModuleLoader,
    context: &mut Context,
) -> JsResult<Parsed> {
    if source.prints {
        return parse_to_print(source, loader, context);
    }
    if source.is_module {
        let module = loader.parse(&source.text, &source.name, context)?;
        return Ok(Parsed::Module(module));
    }
    let error = match parse_script(&source.text, &source.name, context) {
        Ok(script) => return Ok(Parsed::Script(script)),
        Err(error) => error,
    };
    match loader.parse(&source.text, &source.name, context) {
        Ok(module) => Ok(Parsed::Module(module)),
        // The one that came further has understood more of it.
        Err(of_module) if place(&of_module) > place(&error) => Err(of_module),
        Err(_) => Err(error),
    }
}

fn parse_to_print(
    source: &SourceFile,
    loader: &FileModuleLoader,
    context: &mut Context,
) -> JsResult<Parsed> {
    let mut failed = None;
    if !source.is_module {
        match parse_script(&source.text, &source.name, context) {
            Ok(script) => return Ok(Parsed::Script(script)),
            Err(error) => failed = Some(error),
        }
    }
    let expression = source.text.trim_end().trim_end_matches(';');
    let awaiting = format!("(async () => ({expression}\n))()");
    match parse_script(&awaiting, &source.name, context) {
        Ok(script) => {
            // Its columns are those that errors tell.
            diagnostics::remember_source(&source.name, &awaiting, context);
            return Ok(Parsed::Script(script));
        }
        Err(error) => failed = failed.or(Some(error)),
    }
    // A module has no value.
    if loader.parse(&source.text, &source.name, context).is_ok() {
        let message = "--print wants an expression or a script, and this is a module: use --eval";
        return Err(JsNativeError::syntax().with_message(message).into());
    }
    Err(failed.unwrap_or_else(|| JsNativeError::syntax().into()))
}

fn parse_script(text: &str, name: &Path, context: &mut Context) -> JsResult<Script> {
    Script::parse(Source::from_bytes(text).with_path(name), None, context)
}

/// Line and column that Boa's parser tells at the end of its message.
fn place(error: &JsError) -> Option<(u32, u32)> {
    let message = error.as_native()?.message().to_string();
    let (_, place) = message.rsplit_once("at line ")?;
    let (line, column) = place.split_once(", col ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// What ends a module's evaluation, or an awaited promise, is an uncaught error like any other.
fn report_rejection(promise: &JsPromise, context: &mut Context) -> JsResult<()> {
    let report = FunctionObjectBuilder::new(
        context.realm(),
        NativeFunction::from_fn_ptr(|_, args, context| {
            let mut reason = JsError::from_opaque(args.first().cloned().unwrap_or_default());
            if let Some(loader) = context.downcast_module_loader::<FileModuleLoader>() {
                reason = loader.explain(reason, context);
            }
            report_exception(reason, context);
            Ok(JsValue::undefined())
        }),
    )
    .build();
    promise.catch(report, context)?;
    Ok(())
}

fn unsettled(name: &Path, what: &str, context: &mut Context) {
    let name = name.display();
    let error = JsNativeError::error().with_message(format!(
        "{name}: {what} can never settle: nothing is left that could happen"
    ));
    report_exception(error.into(), context);
}
