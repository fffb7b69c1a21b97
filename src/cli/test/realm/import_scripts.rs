//! `importScripts()` for the scripts of workers.
//! <https://html.spec.whatwg.org/multipage/workers.html#dom-workerglobalscope-importscripts>

use std::rc::Rc;

use boa_engine::{
    Context, Finalize, JsNativeError, JsObject, JsResult, JsValue, NativeFunction, Trace, js_string,
};

use super::{run_script, scripts::load_one};
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
        let named = url.to_string(context)?.to_std_string_lossy();
        let path = script_path(&named, &job.path, root);
        if path.ends_with("resources/testharness.js") {
            continue;
        }
        let script = load_one(job, &Script::File(path)).map_err(network_error)?;
        run_script(job, &script, host, context).map_err(network_error)?;
    }
    Ok(JsValue::undefined())
}

fn network_error(message: String) -> boa_engine::JsError {
    JsNativeError::error().with_message(message).into()
}
