//! Modules from disk.

mod explain;
mod import_meta;
mod specifier;

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use boa_engine::{
    Context, JsError, JsNativeError, JsObject, JsResult, JsString, Module, Source, js_string,
    module::{ModuleLoader, ModuleRequest, Referrer},
};

use self::{
    explain::Import,
    specifier::{Resolved, resolve},
};

/// Told of each file before it is read.
type Noticed = Box<dyn Fn(&Path)>;

/// Resolves specifiers as a page on `file:` does: relative to the importing file, absolute, or a
/// `file:` URL. Each file is loaded once, whatever names it goes by; with another query it is another module.
#[derive(Default)]
pub(super) struct FileModuleLoader {
    modules: RefCell<HashMap<Key, Module>>,
    /// The modules of the command line, by the paths they have.
    mains: RefCell<HashSet<PathBuf>>,
    noticed: RefCell<Option<Noticed>>,
}

#[derive(PartialEq, Eq, Hash)]
struct Key {
    canonical: PathBuf,
    query: Option<String>,
    type_: Option<JsString>,
}

impl FileModuleLoader {
    /// Has `noticed` called with the path of each file that is imported, before it is read and also if it is not there.
    pub(super) fn set_noticed(&self, noticed: impl Fn(&Path) + 'static) {
        *self.noticed.borrow_mut() = Some(Box::new(noticed));
    }

    /// Parses a file of the command line and enters it, so that importing it gives the same module.
    pub(super) fn parse(&self, text: &str, path: &Path, context: &mut Context) -> JsResult<Module> {
        let source = Source::from_bytes(text).with_path(path);
        let module = Module::parse(source, None, context)?;
        self.mains.borrow_mut().insert(path.to_owned());
        if let Ok(canonical) = path.canonicalize() {
            let key = Key {
                canonical,
                query: None,
                type_: None,
            };
            self.modules.borrow_mut().insert(key, module.clone());
        }
        Ok(module)
    }

    /// What ended the loading or linking of a module, with the names that Boa does not tell.
    pub(super) fn explain(&self, error: JsError, context: &mut Context) -> JsError {
        let Ok(native) = error.try_native(context) else {
            return error;
        };
        let modules = self.modules.borrow();
        let mut paths: Vec<_> = modules.values().filter_map(Module::path).collect();
        paths.sort();
        match explain::missing_export(native.message(), &paths) {
            Some(message) => native.with_message(message).into(),
            None => error,
        }
    }

    fn load(
        &self,
        referrer: Option<&Path>,
        request: &ModuleRequest,
        context: &mut Context,
    ) -> JsResult<Module> {
        let specifier = request.specifier().to_std_string_lossy();
        let import = Import {
            specifier: &specifier,
            referrer,
        };
        let fails = |why: String| type_error(format!("{import}: {why}"));
        let Resolved { path, query } = resolve(&specifier, referrer).map_err(fails)?;
        if let Some(noticed) = &*self.noticed.borrow() {
            noticed(&path);
        }
        let cannot_read = |error| fails(explain::cannot_read(&specifier, &path, &error));
        let key = Key {
            canonical: path.canonicalize().map_err(cannot_read)?,
            query,
            type_: request.get_attribute("type").cloned(),
        };
        if let Some(module) = self.modules.borrow().get(&key) {
            return Ok(module.clone());
        }
        let is_json = key.type_.as_ref().is_some_and(|type_| *type_ == "json");
        if let Some(type_) = key.type_.as_ref().filter(|_| !is_json) {
            let type_ = type_.to_std_string_lossy();
            return Err(fails(format!(
                "the type '{type_}' is not supported, only 'json'"
            )));
        }
        if !is_json
            && path
                .extension()
                .is_some_and(|extension| extension == "json")
        {
            return Err(fails("JSON is imported with { type: 'json' }".to_owned()));
        }
        let text = fs::read_to_string(&path).map_err(cannot_read)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let module = if is_json {
            Module::parse_json(js_string!(text), context)
        } else {
            Module::parse(Source::from_bytes(text).with_path(&path), None, context)
        };
        let module = module.map_err(|error| in_file(error, &path))?;
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

    /// <https://html.spec.whatwg.org/multipage/webappapis.html#hostgetimportmetaproperties>
    fn init_import_meta(
        self: Rc<Self>,
        import_meta: &JsObject,
        module: &Module,
        context: &mut Context,
    ) {
        if let Some(path) = module.path() {
            let is_main = self.mains.borrow().contains(path);
            // The object is new and ordinary: nothing can refuse a property.
            let _ = import_meta::define(import_meta, path, is_main, context);
        }
    }
}

/// Boa's syntax errors do not say in which file they are; those of JSON write the place in their own way.
fn in_file(error: JsError, path: &Path) -> JsError {
    match error.as_native() {
        Some(native) => {
            let message = native.message().to_string().replace(" column ", ", col ");
            let message = format!("{message} ({})", path.display());
            native.clone().with_message(message).into()
        }
        None => error,
    }
}

fn type_error(message: String) -> JsError {
    JsNativeError::typ().with_message(message).into()
}
