//! Modules from disk.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, Module, Source, js_string,
    module::{ModuleLoader, ModuleRequest, Referrer},
};
use url::Url;

/// Resolves specifiers as a page on `file:` does: relative to the importing file, absolute, or a
/// `file:` URL. Each file is loaded once, whatever names it goes by.
#[derive(Default)]
pub(super) struct FileModuleLoader {
    /// By canonical path and import type.
    modules: RefCell<HashMap<(PathBuf, Option<JsString>), Module>>,
}

impl FileModuleLoader {
    /// Parses a file of the command line and enters it, so that importing it gives the same module.
    pub(super) fn parse(&self, text: &str, path: &Path, context: &mut Context) -> JsResult<Module> {
        let source = Source::from_bytes(text).with_path(path);
        let module = Module::parse(source, None, context)?;
        if let Ok(path) = path.canonicalize() {
            let mut modules = self.modules.borrow_mut();
            modules.insert((path, None), module.clone());
        }
        Ok(module)
    }

    fn load(
        &self,
        referrer: Option<&Path>,
        request: &ModuleRequest,
        context: &mut Context,
    ) -> JsResult<Module> {
        let specifier = request.specifier().to_std_string_lossy();
        let path = resolve(&specifier, referrer)?;
        let canonical = path.canonicalize().map_err(|error| {
            let shown = path.display();
            type_error(format!("cannot import '{specifier}': {shown}: {error}"))
        })?;
        let type_ = request.get_attribute("type").cloned();
        let key = (canonical, type_);
        if let Some(module) = self.modules.borrow().get(&key) {
            return Ok(module.clone());
        }
        let text = fs::read_to_string(&path).map_err(|error| {
            let shown = path.display();
            type_error(format!("cannot import '{specifier}': {shown}: {error}"))
        })?;
        let json = key
            .1
            .as_ref()
            .is_some_and(|type_| *type_ == js_string!("json"));
        let module = match &key.1 {
            None => Module::parse(Source::from_bytes(&text).with_path(&path), None, context),
            Some(_) if json => Module::parse_json(js_string!(text.as_str()), context),
            Some(type_) => {
                let type_ = type_.to_std_string_lossy();
                return Err(type_error(format!(
                    "cannot import '{specifier}': the type '{type_}' is not supported"
                )));
            }
        }
        .map_err(|error| in_file(error, &path))?;
        self.modules.borrow_mut().insert(key, module.clone());
        Ok(module)
    }
}

impl ModuleLoader for FileModuleLoader {
    async fn load_imported_module(
        self: Rc<Self>,
        referrer: Referrer,
        request: ModuleRequest,
        context: &RefCell<&mut Context>,
    ) -> JsResult<Module> {
        self.load(referrer.path(), &request, &mut context.borrow_mut())
    }

    /// `import.meta.url`. <https://html.spec.whatwg.org/multipage/webappapis.html#hostgetimportmetaproperties>
    fn init_import_meta(
        self: Rc<Self>,
        import_meta: &JsObject,
        module: &Module,
        context: &mut Context,
    ) {
        let path = module.path().and_then(|path| path.canonicalize().ok());
        if let Some(url) = path.and_then(|path| Url::from_file_path(path).ok()) {
            let url = js_string!(url.as_str());
            // The object is new and ordinary: nothing can refuse the property.
            let _ = import_meta.create_data_property(js_string!("url"), url, context);
        }
    }
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#resolve-a-module-specifier>, for files.
fn resolve(specifier: &str, referrer: Option<&Path>) -> JsResult<PathBuf> {
    let relative = ["./", "../"]
        .iter()
        .any(|start| specifier.starts_with(start));
    if relative || specifier.starts_with('/') {
        let directory = referrer.and_then(Path::parent).unwrap_or(Path::new(""));
        return Ok(directory.join(specifier));
    }
    match Url::parse(specifier) {
        Ok(url) if url.scheme() == "file" => url.to_file_path().map_err(|()| {
            type_error(format!(
                "cannot import '{specifier}': not a path of this machine"
            ))
        }),
        Ok(url) => Err(type_error(format!(
            "cannot import '{specifier}': only files can be imported, not '{}:'",
            url.scheme()
        ))),
        Err(_) => Err(type_error(format!(
            "cannot import '{specifier}': a specifier has to start with './', '../', '/' or 'file:'"
        ))),
    }
}

/// Boa's syntax errors do not say in which file they are.
fn in_file(error: JsError, path: &Path) -> JsError {
    match error.as_native() {
        Some(native) => {
            let message = format!("{} ({})", native.message(), path.display());
            native.clone().with_message(message).into()
        }
        None => error,
    }
}

fn type_error(message: String) -> JsError {
    JsNativeError::typ().with_message(message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specifiers() {
        let resolve = |specifier| resolve(specifier, Some(Path::new("dir/main.mjs"))).ok();
        assert_eq!(resolve("./a.mjs"), Some(PathBuf::from("dir/./a.mjs")));
        assert_eq!(resolve("../a.mjs"), Some(PathBuf::from("dir/../a.mjs")));
        assert_eq!(resolve("/a.mjs"), Some(PathBuf::from("/a.mjs")));
        assert_eq!(resolve("bare"), None);
        assert_eq!(resolve("https://example.org/a.mjs"), None);
        #[cfg(unix)]
        assert_eq!(resolve("file:///a.mjs"), Some(PathBuf::from("/a.mjs")));
    }
}
