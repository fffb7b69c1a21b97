//! The registration of everything that needs no network: [`EventsExtension`].

use boa_engine::{Context, JsResult, realm::Realm};

use crate::{
    dom,
    event_loop::{EventLoop, timers},
    file, html, webidl,
};

/// Registers what this crate has without a network: the event interfaces (`Event`, `CustomEvent`, `MessageEvent`,
/// `CloseEvent`, `ErrorEvent`, `PromiseRejectionEvent`), `EventTarget`, which the global object becomes as well,
/// `AbortController`, `AbortSignal`, `DOMException`, `QuotaExceededError`, `Blob`, `File`, `Performance`, `reportError`, and, under [`EventLoop`], the
/// timers. With the feature `runtime` also `MessageChannel`, `MessagePort` and `BroadcastChannel`.
///
/// It is all there is with the feature `net` off. With it on, `WebSocketExtension` registers the same and `WebSocket`; either may
/// come after the other in a realm, so that some realms have sockets and others have not.
///
/// ```
/// use boa_engine::{Context, JsResult, Source};
/// use boa_websocket::{EventLoop, EventsExtension};
///
/// # fn main() -> JsResult<()> {
/// let event_loop = EventLoop::new();
/// let mut context = Context::builder().job_executor(event_loop.clone()).build()?;
/// EventsExtension.register(None, &mut context)?;
/// context.eval(Source::from_bytes(
///     "globalThis.codes = []; const target = new EventTarget();
///      target.addEventListener('close', (event) => codes.push(event.code), { once: true });
///      setTimeout(() => target.dispatchEvent(new CloseEvent('close', { code: 4001 })));",
/// ))?;
/// event_loop.run(&mut context)?;
/// assert_eq!(context.eval(Source::from_bytes("codes[0]"))?.as_number(), Some(4001.0));
/// # Ok(())
/// # }
/// ```
///
/// With the feature `runtime` it is a `boa_runtime::RuntimeExtension`. Register it after `boa_runtime`'s own extensions:
/// where both define a global, this crate's is the fuller one.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventsExtension;

impl EventsExtension {
    /// Registers everything in `realm`, or in the context's current realm.
    ///
    /// # Errors
    ///
    /// What script could do to the global object beforehand: one whose properties cannot be defined.
    pub fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        let Some(realm) = realm else {
            return register_here(context);
        };
        let before = context.enter_realm(realm);
        let result = register_here(context);
        context.enter_realm(before);
        result
    }
}

fn register_here(context: &mut Context) -> JsResult<()> {
    if context.downcast_job_executor::<EventLoop>().is_some() {
        timers::register(context)?;
    }
    webidl::register(context)?;
    dom::register(context)?;
    html::register(context)?;
    file::register(context)
}

#[cfg(feature = "runtime")]
impl boa_runtime::RuntimeExtension for EventsExtension {
    fn register(self, realm: Option<Realm>, context: &mut Context) -> JsResult<()> {
        Self::register(self, realm, context)
    }
}
