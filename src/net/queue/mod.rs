//! The two queues between the JavaScript thread and the socket thread. Each is a mutex around a
//! vector that is swapped, not copied, and each wakes the other side only when that waits.

mod batch;
mod events;
mod gathering;
mod inbox;

pub use batch::{EventBatch, TextRange};
pub(crate) use events::{Charge, EventQueue};
pub(crate) use gathering::Gathering;
pub(crate) use inbox::{EndAll, Inbox, Item, Pushed};
