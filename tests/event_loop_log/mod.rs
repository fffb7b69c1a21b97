//! What the event loop's tests share: contexts whose scripts, and whose uncaught errors, write to a log.

use std::{cell::RefCell, mem, rc::Rc};

use boa_engine::{
    Context, JsError, JsResult, JsValue, NativeFunction, Source,
    context::ContextBuilder,
    job::{GenericJob, JobExecutor},
    js_string,
};
use boa_websocket::event_loop::{
    clean_up_after_running_script, report_exception, set_exception_reporter,
};

/// Lines written by scripts with `log(…)`, and by the exception reporter with an `Uncaught ` before them.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn push(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    /// The lines so far, joined by spaces; the log is empty afterwards.
    pub(crate) fn take(&self) -> String {
        mem::take(&mut *self.0.borrow_mut()).join(" ")
    }
}

/// A context on `executor`, with `log(…)`, `task(f)` (a task that calls `f`) and `callbacks(f, g)` (a task that calls
/// both as callbacks, as a dispatch to two listeners does).
pub(crate) fn context_on<E: JobExecutor + 'static>(executor: Rc<E>) -> (Context, Log) {
    context_with(Context::builder().job_executor(executor))
}

/// The same, with more to be said about the context.
pub(crate) fn context_with(builder: ContextBuilder) -> (Context, Log) {
    let mut context = builder.build().unwrap();
    let log = Log::default();
    context.insert_data(log.clone());
    let reports = log.clone();
    set_exception_reporter(
        &mut context,
        Rc::new(move |error: JsError, _: &mut Context| {
            let text = error.to_string();
            // Without the position.
            reports.push(format!(
                "Uncaught {}",
                text.split(['\n', '(']).next().unwrap().trim_end()
            ));
        }),
    );
    for (name, function) in [
        (js_string!("log"), NativeFunction::from_fn_ptr(log_a_line)),
        (
            js_string!("task"),
            NativeFunction::from_fn_ptr(queue_callbacks),
        ),
        (
            js_string!("callbacks"),
            NativeFunction::from_fn_ptr(queue_callbacks),
        ),
    ] {
        context
            .register_global_builtin_callable(name, 1, function)
            .unwrap();
    }
    (context, log)
}

fn log_a_line(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let line = args[0].to_string(context)?.to_std_string_escaped();
    context.get_data::<Log>().unwrap().push(line);
    Ok(JsValue::undefined())
}

/// A task that calls one callback ends with its error; with several, each error is reported where it comes up.
fn queue_callbacks(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let callbacks = args
        .iter()
        .map(|value| value.as_callable().unwrap())
        .collect::<Vec<_>>();
    let job = move |context: &mut Context| {
        if let [callback] = &callbacks[..] {
            return callback.call(&JsValue::undefined(), &[], context);
        }
        for callback in &callbacks {
            if let Err(error) = callback.call(&JsValue::undefined(), &[], context) {
                report_exception(error, context);
            }
            clean_up_after_running_script(context);
        }
        Ok(JsValue::undefined())
    };
    let realm = context.realm().clone();
    context.enqueue_job(GenericJob::new(job, realm).into());
    Ok(JsValue::undefined())
}

/// Evaluates a script.
pub(crate) fn eval(context: &mut Context, source: &str) -> JsValue {
    context.eval(Source::from_bytes(source)).unwrap()
}
