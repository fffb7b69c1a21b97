//! Unhandled promise rejections.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#unhandled-promise-rejections>
//!
//! Boa tells of rejections through [`HostHooks`], which are fixed when the context is built:
//!
//! ```
//! # use std::rc::Rc;
//! # use boa_engine::{Context, JsResult};
//! # fn main() -> JsResult<()> {
//! let context = Context::builder()
//!     .host_hooks(Rc::new(boa_websocket::html::Hooks))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! A context built without them has no `unhandledrejection` and no `rejectionhandled` events, and
//! nobody hears of a promise that was rejected unseen.

use std::cell::Cell;

use boa_engine::{
    Context, Finalize, JsData, JsError, JsObject, JsResult, JsValue, Trace,
    builtins::promise::{OperationType, Promise, PromiseState},
    context::HostHooks,
    job::GenericJob,
    js_string,
    object::builtins::{JsPromise, JsWeakSet},
    realm::Realm,
};
use boa_gc::{Gc, GcRefCell};

use super::{
    promise_rejection_event::{PROMISE_REJECTION_EVENT, PromiseRejectionEventData},
    report_exception::{UncaughtError, UncaughtKind, extract_error, to_sink},
};
use crate::{
    dom::{EventInit, fire_an_event_using},
    event_loop::{after_microtask_checkpoint, report_exception},
    webidl::prototype_of,
};

/// Host hooks that tell script, and then the embedder, of promises that are rejected unseen.
///
/// An embedder with hooks of its own calls [`host_promise_rejection_tracker`] from them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks;

impl HostHooks for Hooks {
    fn promise_rejection_tracker(
        &self,
        promise: &JsObject<Promise>,
        operation: OperationType,
        context: &mut Context,
    ) {
        host_promise_rejection_tracker(promise, operation, context);
    }
}

/// What a realm keeps of its rejected promises.
#[derive(Trace, Finalize)]
struct Rejections {
    /// "about-to-be-notified rejected promises list"
    about_to_be_notified: GcRefCell<Vec<JsObject>>,
    /// Those of the list whose task has come.
    being_notified: GcRefCell<Vec<JsObject>>,
    /// "outstanding rejected promises weak set"
    outstanding: JsWeakSet,
    /// Is a notification under way?
    #[unsafe_ignore_trace]
    scheduled: Cell<bool>,
}

#[derive(Trace, Finalize, JsData)]
struct RealmRejections(Gc<Rejections>);

/// The state of the current realm, made when first needed: the hooks may run before the
/// interfaces are registered.
fn rejections(context: &mut Context) -> Gc<Rejections> {
    let known = context
        .realm()
        .host_defined()
        .get::<RealmRejections>()
        .map(|rejections| rejections.0.clone());
    known.unwrap_or_else(|| {
        let rejections = Gc::new(Rejections {
            about_to_be_notified: GcRefCell::default(),
            being_notified: GcRefCell::default(),
            outstanding: JsWeakSet::new(context),
            scheduled: Cell::new(false),
        });
        let mut host_defined = context.realm().host_defined_mut();
        host_defined.insert(RealmRejections(rejections.clone()));
        rejections
    })
}

fn remove(list: &GcRefCell<Vec<JsObject>>, promise: &JsObject) -> bool {
    let mut list = list.borrow_mut();
    let position = list
        .iter()
        .position(|listed| JsObject::equals(listed, promise));
    position.map(|position| list.remove(position)).is_some()
}

/// <https://html.spec.whatwg.org/multipage/webappapis.html#the-hostpromiserejectiontracker-implementation>
pub fn host_promise_rejection_tracker(
    promise: &JsObject<Promise>,
    operation: OperationType,
    context: &mut Context,
) {
    let promise = promise.clone().upcast();
    // 1. – 3. N/A: no muted errors. 4. – 5. The current realm's state.
    let rejections = rejections(context);
    match operation {
        // 6. "reject": it will be notified of, unless it is handled by then.
        OperationType::Reject => {
            rejections.about_to_be_notified.borrow_mut().push(promise);
            if !rejections.scheduled.replace(true) {
                schedule_notification(context);
            }
        }
        OperationType::Handle => {
            // 7.1. Not notified of yet: never mind.
            if remove(&rejections.about_to_be_notified, &promise)
                || remove(&rejections.being_notified, &promise)
            {
                return;
            }
            // 7.2. – 7.3. Notified of: no longer outstanding.
            if !matches!(rejections.outstanding.delete(&promise, context), Ok(true)) {
                return;
            }
            // 7.4. – 7.5. Queue a task to fire rejectionhandled.
            let realm = context.realm().clone();
            let job = GenericJob::new(
                move |context| {
                    let fired = fire("rejectionhandled", &promise, false, context);
                    fired.map(|_| JsValue::undefined())
                },
                realm,
            );
            context.enqueue_job(job.into());
        }
    }
}

/// Queues the task that notifies about rejected promises, after the microtask checkpoint where the
/// executor has one, and after the microtasks of this moment otherwise.
fn schedule_notification(context: &mut Context) {
    let realm = context.realm().clone();
    let later = realm.clone();
    let has_checkpoint = after_microtask_checkpoint(context, move |context| {
        queue_notification(later, context);
    });
    if !has_checkpoint {
        queue_notification(realm, context);
    }
}

fn queue_notification(realm: Realm, context: &mut Context) {
    let job = GenericJob::new(
        |context| {
            notify_about_rejected_promises(context);
            Ok(JsValue::undefined())
        },
        realm,
    );
    context.enqueue_job(job.into());
}

/// The steps of the task that is queued to notify about rejected promises.
/// <https://html.spec.whatwg.org/multipage/webappapis.html#notify-about-rejected-promises>
fn notify_about_rejected_promises(context: &mut Context) {
    let rejections = rejections(context);
    rejections.scheduled.set(false);
    let mut list = std::mem::take(&mut *rejections.about_to_be_notified.borrow_mut());
    rejections.being_notified.borrow_mut().append(&mut list);
    // For each promise that no one has handled meanwhile: handling takes it off the list.
    loop {
        let Some(promise) = rejections.being_notified.borrow().first().cloned() else {
            return;
        };
        // Fire unhandledrejection, which takes the interface.
        let not_canceled = match fire("unhandledrejection", &promise, true, context) {
            Ok(not_canceled) => not_canceled,
            Err(error) => {
                report_exception(error, context);
                true
            }
        };
        // A listener may have handled it.
        if !remove(&rejections.being_notified, &promise) {
            continue;
        }
        if rejections.outstanding.add(&promise, context).is_err() {
            continue;
        }
        if not_canceled {
            let error = JsError::from_opaque(reason_of(&promise));
            let info = extract_error(error, context);
            let error = UncaughtError::new(UncaughtKind::UnhandledRejection, &info);
            to_sink(&error, context);
        }
    }
}

fn reason_of(promise: &JsObject) -> JsValue {
    let state = JsPromise::from_object(promise.clone()).map(|promise| promise.state());
    match state {
        Ok(PromiseState::Rejected(reason)) => reason,
        _ => JsValue::undefined(),
    }
}

/// Fires a PromiseRejectionEvent at the global object and tells whether it was not cancelled.
fn fire(
    type_: &str,
    promise: &JsObject,
    cancelable: bool,
    context: &mut Context,
) -> JsResult<bool> {
    if prototype_of(&PROMISE_REJECTION_EVENT, context.realm()).is_none() {
        return Ok(true);
    }
    let init = EventInit {
        cancelable,
        ..EventInit::default()
    };
    let data = PromiseRejectionEventData {
        promise: promise.clone(),
        reason: reason_of(promise),
    };
    let type_ = js_string!(type_);
    let global = context.global_object();
    fire_an_event_using(
        &PROMISE_REJECTION_EVENT,
        type_,
        init,
        data,
        &global,
        context,
    )
}
