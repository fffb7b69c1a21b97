//! `import.meta`: what HTML gives it, and what the other runtimes for terminals add to that.

use std::{
    env,
    path::{Path, PathBuf},
};

use boa_engine::{
    Context, JsObject, JsResult, JsString, JsValue, NativeFunction, js_string,
    object::FunctionObjectBuilder,
};
use url::Url;

use super::{explain::Import, specifier::resolve, type_error};

/// Defines `url`, `filename`, `dirname`, `main` and `resolve`.
pub(super) fn define(
    import_meta: &JsObject,
    path: &Path,
    is_main: bool,
    context: &mut Context,
) -> JsResult<()> {
    let Some(absolute) = absolute(path) else {
        return Ok(());
    };
    let Ok(url) = Url::from_file_path(&absolute) else {
        return Ok(());
    };
    let text = |path: &Path| js_string!(path.to_string_lossy().as_ref());
    let dirname = text(absolute.parent().unwrap_or(&absolute));
    let resolve = resolve_function(text(path), context);
    for (name, value) in [
        ("url", JsValue::from(js_string!(url.as_str()))),
        ("filename", text(&absolute).into()),
        ("dirname", dirname.into()),
        ("main", is_main.into()),
        ("resolve", resolve.into()),
    ] {
        import_meta.create_data_property_or_throw(js_string!(name), value, context)?;
    }
    Ok(())
}

/// Standard input and `--eval` are as if they were files in the current directory.
fn absolute(path: &Path) -> Option<PathBuf> {
    match path.canonicalize() {
        Ok(canonical) => Some(canonical),
        Err(_) => Some(env::current_dir().ok()?.join(path)),
    }
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#hostgetimportmetaproperties>, step 3. The file need not be there.
fn resolve_function(referrer: JsString, context: &mut Context) -> JsObject {
    let steps = |_: &JsValue, args: &[JsValue], referrer: &JsString, context: &mut Context| {
        let specifier = args.first().cloned().unwrap_or_default();
        let specifier = specifier.to_string(context)?.to_std_string_lossy();
        let referrer = PathBuf::from(referrer.to_std_string_lossy());
        let import = Import {
            specifier: &specifier,
            referrer: None,
        };
        let fails = |why: &str| type_error(format!("{import}: {why}"));
        let resolved = resolve(&specifier, Some(&referrer)).map_err(|why| fails(&why))?;
        let absolute = absolute(&resolved.path).and_then(|path| Url::from_file_path(path).ok());
        let mut url = absolute.ok_or_else(|| fails("the current directory is not known"))?;
        url.set_query(resolved.query.as_deref());
        Ok(js_string!(url.as_str()).into())
    };
    let function = NativeFunction::from_copy_closure_with_captures(steps, referrer);
    FunctionObjectBuilder::new(context.realm(), function)
        .name(js_string!("resolve"))
        .length(1)
        .build()
        .into()
}
