//! `importScripts()` for the scripts of workers.
//! <https://html.spec.whatwg.org/multipage/workers.html#dom-workerglobalscope-importscripts>

use std::{path::Path, rc::Rc};

use boa_engine::{
    Context, Finalize, JsNativeError, JsObject, JsResult, JsValue, NativeFunction, Trace, js_string,
};

use super::{
    leading_imports::leading_imports,
    run_script,
    scripts::{LoadedScript, load_one},
};
use crate::cli::test::{
    job::{Harness, Job},
    plan::{Script, script_path},
};

/// What the function holds.
#[derive(Trace, Finalize)]
struct Importer {
    #[unsafe_ignore_trace]
    job: Rc<Job>,
    host: JsObject,
}

/// Defines it. Only files of the checkout can be imported; its harness is there already.
pub(super) fn define(job: &Job, host: &JsObject, context: &mut Context) -> JsResult<()> {
    let importer = Importer {
        job: Rc::new(job.clone()),
        host: host.clone(),
    };
    let function = NativeFunction::from_copy_closure_with_captures(import_scripts, importer);
    context.register_global_builtin_callable(js_string!("importScripts"), 0, function)
}

fn import_scripts(
    _: &JsValue,
    args: &[JsValue],
    Importer { job, host }: &Importer,
    context: &mut Context,
) -> JsResult<JsValue> {
    let Harness::Wpt { root, .. } = &job.harness else {
        return Err(network_error("there is no checkout".to_owned()));
    };
    for url in args {
        let url = url.to_string(context)?.to_std_string_lossy();
        import(job, root, &url, host, context).map_err(network_error)?;
    }
    Ok(JsValue::undefined())
}

/// Makes the calls that a script begins with, and takes them out of it.
pub(super) fn run_leading(
    job: &Job,
    script: &mut LoadedScript,
    host: &JsObject,
    context: &mut Context,
) -> Result<(), String> {
    let Harness::Wpt { root, .. } = &job.harness else {
        return Ok(());
    };
    let (urls, length) = leading_imports(&script.text);
    for url in urls {
        import(job, root, url, host, context)?;
    }
    // Errors keep their lines.
    let lines = script.text[..length].matches('\n').count();
    script.text.replace_range(..length, &"\n".repeat(lines));
    Ok(())
}

fn import(
    job: &Job,
    root: &Path,
    url: &str,
    host: &JsObject,
    context: &mut Context,
) -> Result<(), String> {
    let path = script_path(url, &job.path, root);
    if path.ends_with("resources/testharness.js") {
        return Ok(());
    }
    let script = load_one(job, &Script::File(path))?;
    run_script(job, &script, host, context)
}

fn network_error(message: String) -> boa_engine::JsError {
    JsNativeError::error().with_message(message).into()
}
