//! The world that scripts of `boaws` run in: a context with all its globals, and its event loop.

use std::{cell::Cell, rc::Rc};

use boa_engine::{Context, JsResult, js_string, property::Attribute};

use super::{
    console::{self, Output},
    diagnostics,
    module_loader::FileModuleLoader,
};
use crate::{EventLoop, Hooks, WebSocketExtension};

/// The stack of the thread that runs script, in bytes. Address space only: pages are taken when they are used.
/// Deeply nested source text, and `JSON.stringify` of deeply nested objects, recurse natively in Boa.
pub(super) const STACK_SIZE: usize = 512 << 20;

/// Values on Boa's own stack; with its default a few thousand exceptions caught in one frame end the script.
pub(super) const VM_STACK_SIZE: usize = 10_000_000;

/// A context with everything scripts have here.
pub(super) struct Session {
    pub(super) event_loop: Rc<EventLoop>,
    pub(super) loader: Rc<FileModuleLoader>,
    pub(super) context: Context,
    /// Whether there was an uncaught error or an unhandled rejection.
    pub(super) failed: Rc<Cell<bool>>,
}

impl Session {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// What Boa says about a global that cannot be defined.
    pub(super) fn new(extension: WebSocketExtension, location: Option<&str>) -> JsResult<Self> {
        let event_loop = EventLoop::new();
        let loader = Rc::new(FileModuleLoader::default());
        let mut context = Context::builder()
            .job_executor(Rc::clone(&event_loop))
            .module_loader(Rc::clone(&loader))
            .host_hooks(Rc::new(Hooks))
            .build()?;
        let limits = context.runtime_limits_mut();
        limits.set_stack_size_limit(VM_STACK_SIZE);
        let failed = Rc::new(Cell::new(false));
        boa_runtime::register(extension, None, &mut context)?;
        console::register(Output::Both, &mut context)?;
        crate::web::register(&mut context)?;
        diagnostics::install(Rc::clone(&failed), &mut context);
        if let Some(location) = location {
            define_location(location, &mut context)?;
        }
        Ok(Self {
            event_loop,
            loader,
            context,
            failed,
        })
    }
}

/// The global `location`: a URL object, to be read only.
pub(super) fn define_location(location: &str, context: &mut Context) -> JsResult<()> {
    let url = context.global_object().get(js_string!("URL"), context)?;
    if let Some(constructor) = url.as_constructor() {
        let value = constructor.construct(&[js_string!(location).into()], None, context)?;
        context.register_global_property(js_string!("location"), value, Attribute::ENUMERABLE)?;
    }
    Ok(())
}
