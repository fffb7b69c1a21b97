//! What a test finds in its realm besides the interfaces of this crate.

use std::{fs, path::PathBuf, rc::Rc};

use boa_engine::{
    Context, Finalize, JsArgs, JsObject, JsResult, JsString, JsValue, NativeFunction, Trace,
    js_string,
    object::{FunctionObjectBuilder, ObjectInitializer, builtins::JsArray},
    property::Attribute,
};

use super::SharedFindings;
use crate::{
    cli::{
        run::define_location,
        test::{
            job::{Harness, Job},
            plan::text_of,
        },
    },
    dom::Event,
};

/// Findings in the closure of a native function. They hold nothing of the engine's.
#[derive(Clone, Trace, Finalize)]
struct Captured(#[unsafe_ignore_trace] SharedFindings);

/// A folder in the closure of a native function.
#[derive(Trace, Finalize)]
struct Root(#[unsafe_ignore_trace] PathBuf);

/// Defines them, and returns the object through which our own scripts talk to the host.
pub(super) fn define(
    job: &Job,
    findings: &SharedFindings,
    context: &mut Context,
) -> JsResult<JsObject> {
    define_location(&job.location, context)?;
    if let Some(title) = &job.title {
        define_text("META_TITLE", title, context)?;
    }
    let report = report_function(findings, context);
    match &job.harness {
        Harness::Own { ws, wss } => {
            define_text("WS_URL", ws, context)?;
            define_text("WSS_URL", wss, context)?;
            let milliseconds = JsValue::from(job.timeout.as_secs_f64() * 1_000.0);
            context.register_global_property(
                js_string!("__timeout"),
                milliseconds,
                Attribute::all(),
            )?;
            context.register_global_property(
                js_string!("__report"),
                report.clone(),
                Attribute::all(),
            )?;
            context.register_global_builtin_callable(js_string!("__gc"), 0, collect_garbage())?;
            // As `timeout()` of the suite's harness; ours keeps the time itself.
            host_object(job, report, findings, None, context)
        }
        Harness::Wpt { root, .. } => {
            context.register_global_builtin_callable(js_string!("gc"), 0, collect_garbage())?;
            host_object(job, report, findings, Some(root.clone()), context)
        }
    }
}

fn define_text(name: &str, text: &str, context: &mut Context) -> JsResult<()> {
    context.register_global_property(JsString::from(name), JsString::from(text), Attribute::all())
}

fn collect_garbage() -> NativeFunction {
    NativeFunction::from_fn_ptr(|_, _, _| {
        boa_gc::force_collect();
        Ok(JsValue::undefined())
    })
}

/// `report(json)`: takes the harness's results, once.
fn report_function(findings: &SharedFindings, context: &mut Context) -> JsObject {
    let report = NativeFunction::from_copy_closure_with_captures(
        |_, args, Captured(findings), context| {
            let json = args.get_or_undefined(0).to_string(context)?;
            let mut findings = findings.borrow_mut();
            if findings.report.is_none() {
                findings.report = Some(json.to_std_string_lossy());
            }
            Ok(JsValue::undefined())
        },
        Captured(Rc::clone(findings)),
    );
    FunctionObjectBuilder::new(context.realm(), report)
        .length(1)
        .build()
        .into()
}

fn host_object(
    job: &Job,
    report: JsObject,
    findings: &SharedFindings,
    root: Option<PathBuf>,
    context: &mut Context,
) -> JsResult<JsObject> {
    let needs_document = NativeFunction::from_copy_closure_with_captures(
        |_, args, Captured(findings), context| {
            let what = args.get_or_undefined(0).to_string(context)?;
            let mut findings = findings.borrow_mut();
            if findings.needs_document.is_none() {
                findings.needs_document = Some(what.to_std_string_lossy());
            }
            Ok(JsValue::undefined())
        },
        Captured(Rc::clone(findings)),
    );
    let attribute = Attribute::all();
    let elements = job
        .elements
        .iter()
        .map(|name| JsString::from(name.as_str()).into());
    let elements = JsArray::from_iter(elements, context);
    let mut host = ObjectInitializer::new(context);
    host.property(js_string!("report"), report, attribute)
        .property(
            js_string!("isWindow"),
            job.kind.is_for_a_window(),
            attribute,
        )
        .property(js_string!("isWorker"), job.for_workers_only, attribute)
        .property(js_string!("elements"), elements, attribute)
        .function(needs_document, js_string!("needsDocument"), 1)
        .function(
            NativeFunction::from_fn_ptr(unset_the_initialized_flag),
            js_string!("unsetTheInitializedFlag"),
            1,
        );
    if let Some(root) = root {
        let read = NativeFunction::from_copy_closure_with_captures(read_file, Root(root));
        host.function(read, js_string!("readFile"), 1);
    }
    Ok(host.build())
}

/// `unsetTheInitializedFlag(event)`: what `document.createEvent()` does and no constructor.
fn unset_the_initialized_flag(_: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let event = args.get_or_undefined(0);
    if let Some(core) = event.as_object().and_then(|event| Event::of(&event)) {
        core.unset_the_initialized_flag();
    }
    Ok(event.clone())
}

/// `readFile(path)`: the text of a file of the checkout, as its server would send it, or `undefined`.
fn read_file(
    _: &JsValue,
    args: &[JsValue],
    Root(root): &Root,
    context: &mut Context,
) -> JsResult<JsValue> {
    let path = args
        .get_or_undefined(0)
        .to_string(context)?
        .to_std_string_lossy();
    let relative = path.trim_start_matches('/');
    let inside = !relative
        .split(['/', '\\'])
        .any(|part| part == ".." || part.contains(':'));
    let bytes = inside.then(|| fs::read(root.join(relative)).ok()).flatten();
    Ok(bytes.map_or_else(JsValue::undefined, |bytes| {
        JsString::from(text_of(bytes).as_str()).into()
    }))
}
