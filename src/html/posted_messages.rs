//! The posted message task source, for the messages of ports and broadcast channels.
//! <https://html.spec.whatwg.org/multipage/webappapis.html#posted-message-task-source>
//!
//! What is to be delivered stands in one FIFO in the context's data, which holds the receivers
//! until then. The tasks hold nothing but numbers, so that an event loop that outlives the context
//! keeps none of its objects.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

use boa_engine::{Context, JsObject, JsResult, JsString, JsValue, job::GenericJob, js_string};
use boa_gc::Gc;
use boa_runtime::store::JsValueStore;

use super::{
    broadcast_channel,
    message_event::{MESSAGE_EVENT, MessageEventData},
    message_port::{self, PortEnd},
    structured_clone::structured_deserialize,
};
use crate::{
    dom::{EventInit, fire_an_event_using, in_relevant_realm, target_of},
    event_loop::{EventLoop, report_exception},
    webidl::illegal_invocation,
};

/// The steps of one task.
pub(super) enum Delivery {
    /// The first message in the queue of a port.
    Message(Gc<PortEnd>),
    /// The event `close` at a port whose other end was closed.
    Close(Gc<PortEnd>),
    /// A message for a BroadcastChannel.
    Broadcast(JsObject, JsValueStore),
}

#[derive(Default)]
struct Posted {
    next: Cell<u64>,
    queue: RefCell<VecDeque<(u64, Delivery)>>,
}

/// The place of [`Posted`] in the context's data.
struct Registered(Rc<Posted>);

fn posted(context: &mut Context) -> Rc<Posted> {
    if let Some(Registered(posted)) = context.get_data::<Registered>() {
        return Rc::clone(posted);
    }
    let posted = Rc::<Posted>::default();
    context.insert_data(Registered(Rc::clone(&posted)));
    posted
}

/// Queues a task on the posted message task source.
pub(super) fn queue_a_task(delivery: Delivery, context: &mut Context) {
    let posted = posted(context);
    let number = posted.next.get();
    posted.next.set(number + 1);
    posted.queue.borrow_mut().push_back((number, delivery));
    match context.downcast_job_executor::<EventLoop>() {
        Some(event_loop) => event_loop.queue_task(move |context| {
            deliver_up_to(number, context);
            Ok(())
        }),
        None => {
            let realm = context.realm().clone();
            let steps = move |context: &mut Context| {
                deliver_up_to(number, context);
                Ok(JsValue::undefined())
            };
            context.enqueue_job(GenericJob::new(steps, realm).into());
        }
    }
}

/// Runs what the task with this number is for, and before that what is left of tasks that an
/// executor threw away.
fn deliver_up_to(number: u64, context: &mut Context) {
    let posted = posted(context);
    loop {
        let delivery = {
            let mut queue = posted.queue.borrow_mut();
            match queue.front() {
                Some((first, _)) if *first <= number => queue.pop_front(),
                _ => None,
            }
        };
        let Some((_, delivery)) = delivery else {
            return;
        };
        let delivered = match delivery {
            Delivery::Message(end) => message_port::deliver_a_message(&end, context),
            Delivery::Close(end) => message_port::deliver_close(&end, context),
            Delivery::Broadcast(channel, message) => {
                broadcast_channel::deliver(&channel, &message, context)
            }
        };
        if let Err(error) = delivered {
            report_exception(error, context);
        }
    }
}

/// Fires `message` at `target` with the deserialized message, or `messageerror` if it cannot be
/// deserialized. The event, its data and the ports that came with it are of the target's realm.
pub(super) fn fire_a_message_event(
    target: &JsObject,
    message: &JsValueStore,
    ports: &[Gc<PortEnd>],
    origin: JsString,
    context: &mut Context,
) -> JsResult<()> {
    let core = target_of(target, context).ok_or_else(|| illegal_invocation("EventTarget"))?;
    in_relevant_realm(&core, context, |context| {
        let received = structured_deserialize(message, context).and_then(|data| {
            let ports = ports
                .iter()
                .map(|end| message_port::transfer_receiving(end, context))
                .collect::<JsResult<Vec<_>>>()?;
            let event = MessageEventData::new(data, origin.clone());
            event.set_ports(ports, context)?;
            Ok(event)
        });
        let (type_, event) = match received {
            Ok(event) => (js_string!("message"), event),
            Err(_) => {
                let event = MessageEventData::new(JsValue::null(), origin);
                (js_string!("messageerror"), event)
            }
        };
        let init = EventInit::default();
        fire_an_event_using(&MESSAGE_EVENT, type_, init, event, target, context)?;
        Ok(())
    })
}
