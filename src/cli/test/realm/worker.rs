//! `Worker` for tests: `worker_globals.js` makes the interface; here the script gets its realm.

use std::rc::Rc;

use boa_engine::{
    Context, Finalize, JsArgs, JsNativeError, JsObject, JsResult, JsValue, NativeFunction, Trace,
    js_string, object::FunctionObjectBuilder, property::PropertyKey,
};
use url::Url;

use super::{WEB_GLOBALS, import_scripts, prepare, run_script, scripts::load_one};
use crate::{
    WebExtension, WebSocketExtension,
    cli::{
        session::define_location,
        test::{
            job::{Harness, Job},
            plan::{Script, script_path},
        },
    },
};

const WORKER_GLOBALS: &str = include_str!("worker_globals.js");

/// What the function holds.
#[derive(Trace, Finalize)]
struct Starter {
    #[unsafe_ignore_trace]
    job: Rc<Job>,
    #[unsafe_ignore_trace]
    extension: WebSocketExtension,
    host: JsObject,
}

/// Defines it.
pub(super) fn define(
    job: &Job,
    extension: WebSocketExtension,
    host: &JsObject,
    context: &mut Context,
) -> JsResult<()> {
    let starter = Starter {
        job: Rc::new(job.clone()),
        extension,
        host: host.clone(),
    };
    let start = NativeFunction::from_copy_closure_with_captures(start_worker, starter);
    let start = FunctionObjectBuilder::new(context.realm(), start).build();
    let key = PropertyKey::from(js_string!("startWorker"));
    host.create_data_property_or_throw(key, start, context)?;
    prepare(WORKER_GLOBALS, "worker_globals.js", host, context)
}

/// `startWorker(url, port, enter)`: runs the script in a new realm, of which `enter` has made a worker's.
fn start_worker(
    _: &JsValue,
    args: &[JsValue],
    starter: &Starter,
    context: &mut Context,
) -> JsResult<JsValue> {
    let Harness::Wpt { root, .. } = &starter.job.harness else {
        return Err(error("there is no checkout"));
    };
    let url = args.get_or_undefined(0).to_string(context)?;
    let url = Url::parse(&url.to_std_string_lossy()).map_err(|why| error(&why.to_string()))?;
    let mut job = Job::clone(&starter.job);
    job.path = script_path(url.path(), &job.path, root);
    job.location = url.into();
    let mut script = load_one(&job, &Script::File(job.path.clone())).map_err(|why| error(&why))?;

    let realm = context.create_realm()?;
    let before = context.enter_realm(realm);
    let mut run = || {
        starter.extension.clone().register(None, context)?;
        WebExtension.register(None, context)?;
        define_location(&job.location, context)?;
        prepare(WEB_GLOBALS, "web_globals.js", &starter.host, context)?;
        import_scripts::define(&job, &starter.host, context)?;
        let scope = context.global_object();
        if let Some(enter) = args.get_or_undefined(2).as_callable() {
            let args = [scope.into(), args.get_or_undefined(1).clone()];
            enter.call(&JsValue::undefined(), &args, context)?;
        }
        import_scripts::run_leading(&job, &mut script, &starter.host, context)
            .and_then(|()| run_script(&job, &script, &starter.host, context))
            .map_err(|why| error(&why))
    };
    let result = run();
    context.enter_realm(before);
    result.map(|()| JsValue::undefined())
}

fn error(message: &str) -> boa_engine::JsError {
    JsNativeError::error()
        .with_message(message.to_owned())
        .into()
}
