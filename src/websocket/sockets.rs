//! The sockets of one context, and their end of the network.

use std::{
    cell::{Cell, RefCell},
    mem,
    rc::{Rc, Weak},
    sync::Arc,
};

use boa_engine::{Context, JsObject, JsResult};
use boa_gc::{Gc, WeakGc};
use rustc_hash::FxHashMap;

use super::{
    driver::Driver, external_memory::ExternalMemory, feedback, remote::Requests, state::SocketState,
};
use crate::{
    dom::{Occurrence, TargetCore},
    event_loop::{Checkpoint, EventLoop, TaskSource, perform_a_microtask_checkpoint},
    net::{Command, EventBatch, MessageView, Network, Options, SocketId},
    webidl::type_error,
};

/// One per context, in the context's data; dropping it ends the network's threads.
///
/// All that is queued anywhere names sockets by id, so that nothing but an entry here keeps one alive.
pub(super) struct Sockets {
    network: RefCell<Network>,
    entries: RefCell<FxHashMap<SocketId, Entry>>,
    /// How many entries hold their socket and keep the event loop running.
    keeping: Cell<usize>,
    /// Sockets whose reasons to be held may have gone.
    doubtful: RefCell<Vec<SocketId>>,
    lost: LostSockets,
    batch: RefCell<EventBatch>,
    driver: Driver,
    /// From other threads.
    requests: Arc<Requests>,
    pub(super) external_memory: ExternalMemory,
}

/// A socket that is not CLOSED.
struct Entry {
    core: WeakGc<TargetCore>,
    /// The object, while [`SocketState::must_survive`]; a root for the collector.
    held: Option<JsObject>,
    /// Whether the event loop goes on for it while it is held.
    referenced: bool,
}

impl Entry {
    fn keeps_alive(&self) -> bool {
        self.referenced && self.held.is_some()
    }
}

/// The place of [`Sockets`] in the context's data.
struct Registered(Rc<Sockets>);

impl Sockets {
    /// The context's sockets; made with `options` if there are none so far.
    pub(super) fn register(options: Options, context: &mut Context) -> Rc<Self> {
        if let Some(Registered(sockets)) = context.get_data::<Registered>() {
            return Rc::clone(sockets);
        }
        let driver = Driver::of(context);
        let network = Network::new(options, driver.wake_callback());
        driver.lead(&network);
        let sockets = Rc::new(Self {
            requests: Requests::new(network.ender(), driver.wake_callback()),
            network: RefCell::new(network),
            entries: RefCell::default(),
            keeping: Cell::new(0),
            doubtful: RefCell::default(),
            lost: LostSockets::default(),
            batch: RefCell::default(),
            driver,
            external_memory: ExternalMemory::default(),
        });
        if let Some(event_loop) = context.downcast_job_executor::<EventLoop>() {
            event_loop.add_task_source(Rc::new(WebSocketTaskSource(Rc::downgrade(&sockets))));
        }
        context.insert_data(Registered(Rc::clone(&sockets)));
        sockets
    }

    /// The context's sockets.
    ///
    /// # Errors
    ///
    /// A TypeError if none were registered, which a constructor that exists rules out.
    pub(super) fn of(context: &Context) -> JsResult<Rc<Self>> {
        context
            .get_data::<Registered>()
            .map(|registered| Rc::clone(&registered.0))
            .ok_or_else(|| type_error("WebSocket is not registered in this context"))
    }

    pub(super) fn next_id(&self) -> SocketId {
        self.network.borrow().next_id()
    }

    pub(super) fn lost(&self) -> LostSockets {
        self.lost.clone()
    }

    /// Enters a new socket, which is CONNECTING and therefore held.
    pub(super) fn enter(&self, id: SocketId, core: &Gc<TargetCore>, object: JsObject) {
        let entry = Entry {
            core: WeakGc::new(core),
            held: Some(object),
            referenced: true,
        };
        self.entries.borrow_mut().insert(id, entry);
        self.keeping.set(self.keeping.get() + 1);
    }

    /// Changes an entry, and counts anew whether it keeps the event loop running.
    fn change<R>(&self, entry: &mut Entry, change: impl FnOnce(&mut Entry) -> R) -> R {
        let before = entry.keeps_alive();
        let result = change(entry);
        let others = self.keeping.get() - usize::from(before);
        self.keeping.set(others + usize::from(entry.keeps_alive()));
        result
    }

    /// The socket with this id, unless it is CLOSED or was collected.
    pub(super) fn get(&self, id: SocketId) -> Option<Gc<TargetCore>> {
        self.entries.borrow().get(&id)?.core.upgrade()
    }

    /// The socket is CLOSED: nothing will come for it any more.
    pub(super) fn remove(&self, id: SocketId) {
        let entry = self.entries.borrow_mut().remove(&id);
        if entry.is_some_and(|entry| entry.keeps_alive()) {
            self.keeping.set(self.keeping.get() - 1);
        }
    }

    /// Gives a command to the network, at the latest when the turn ends.
    pub(super) fn command(self: &Rc<Self>, command: Command, context: &mut Context) {
        self.network.borrow_mut().command(command);
        self.driver.see_to(self, context);
    }

    /// Hands a copy of a message over, likewise.
    pub(super) fn send(
        self: &Rc<Self>,
        id: SocketId,
        message: MessageView<'_>,
        context: &mut Context,
    ) {
        self.network.borrow_mut().send(id, message);
        self.driver.see_to(self, context);
    }

    /// Has somebody look for events in a later turn, though nobody listens.
    pub(super) fn look_for_events(self: &Rc<Self>, context: &mut Context) {
        self.driver.come_back(self, context);
    }

    /// What [`SocketState::must_survive`] depends on has changed. What needs holding is held from
    /// now on; whether one can be let go is looked at when the turn ends.
    pub(super) fn changed(&self, core: &TargetCore, state: &SocketState) {
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(&state.id) else {
            return;
        };
        if entry.held.is_some() {
            self.doubtful.borrow_mut().push(state.id);
        } else if state.must_survive(core) {
            self.change(entry, |entry| entry.held = state.wrapper());
        }
    }

    /// Lets go of what need not be held any more.
    fn let_go(&self) {
        let doubtful = mem::take(&mut *self.doubtful.borrow_mut());
        let mut entries = self.entries.borrow_mut();
        for id in &doubtful {
            let Some(entry) = entries.get_mut(id) else {
                continue;
            };
            let must_survive = entry.core.upgrade().is_some_and(|core| {
                core.extension::<SocketState>()
                    .is_some_and(|state| state.must_survive(&core))
            });
            if !must_survive {
                // Dropped here: a handle is no more than a count.
                self.change(entry, |entry| entry.held = None);
            }
        }
        // Its room is used again.
        let mut place = self.doubtful.borrow_mut();
        if place.is_empty() {
            *place = doubtful;
            place.clear();
        }
    }

    /// Script has lost them, the collector has taken them: an open one closes without a code.
    fn close_lost(&self) {
        for id in self.lost.take() {
            if self.entries.borrow_mut().remove(&id).is_some() {
                let reason = String::new();
                let command = Command::Close {
                    id,
                    code: None,
                    reason,
                };
                self.network.borrow_mut().command(command);
            }
        }
    }

    /// Everything there is to do in one turn: the tasks of one batch of events, each with its
    /// microtask checkpoint (or a single task, where there is no such thing), then what script has given to the network. Returns whether there was an event.
    pub(super) fn turn(self: &Rc<Self>, context: &mut Context) -> bool {
        // The batch is taken out: a task may run script that runs the event loop (an embedder's
        // native function, say).
        let mut batch = mem::take(&mut *self.batch.borrow_mut());
        let asked = self.requests.carry_out(self, context);
        let found = !batch.is_empty() || self.network.borrow_mut().take(&mut batch);
        if found {
            self.run_tasks(&mut batch, context);
        }
        *self.batch.borrow_mut() = batch;
        self.let_go();
        self.close_lost();
        self.network.borrow_mut().flush();
        found || asked
    }

    fn run_tasks(self: &Rc<Self>, batch: &mut EventBatch, context: &mut Context) {
        // Where there is no checkpoint the executor has its turn after each task: it may run microtasks then. What is
        // left of the batch waits; no other turn comes in between, for the executor has one job for all.
        let checkpoint = Checkpoint::of(context);
        let most = if checkpoint.is_some() { usize::MAX } else { 1 };
        // All of them have happened by now, whatever the tasks before theirs will take.
        let arrival = Occurrence::now(context);
        // Released a run of events of one socket at a time: a flood comes from one.
        let mut released: Option<(SocketId, usize)> = None;
        for _ in 0..most {
            let Some(event) = batch.next_event() else {
                break;
            };
            let (id, charge) = (event.id(), event.charge());
            feedback::run(event, batch, &arrival, self, context);
            match &checkpoint {
                Some(checkpoint) => checkpoint.perform(context),
                // The task may have brought the first microtask.
                None => perform_a_microtask_checkpoint(context),
            }
            match &mut released {
                Some((same, sum)) if *same == id => *sum += charge,
                other => {
                    if let Some((id, sum)) = other.replace((id, charge)) {
                        self.network.borrow_mut().consumed(id, sum);
                    }
                }
            }
        }
        if let Some((id, sum)) = released {
            self.network.borrow_mut().consumed(id, sum);
        }
    }

    /// Must the event loop go on?
    pub(super) fn keeps_alive(&self) -> bool {
        self.let_go();
        self.keeping.get() > 0
    }

    // ---------------------------------------------------------- the host's side

    /// How many sockets keep the event loop running.
    pub(super) fn keeping(&self) -> usize {
        self.let_go();
        self.keeping.get()
    }

    /// Whether this one does.
    pub(super) fn is_keeping(&self, id: SocketId) -> bool {
        self.let_go();
        let entries = self.entries.borrow();
        entries.get(&id).is_some_and(Entry::keeps_alive)
    }

    /// All that are not CLOSED, the oldest first.
    pub(super) fn ids(&self) -> Vec<SocketId> {
        let mut ids: Vec<SocketId> = self.entries.borrow().keys().copied().collect();
        ids.sort_unstable();
        ids
    }

    pub(super) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// Whether the event loop goes on for it while it is held. False if there is no such socket.
    pub(super) fn set_referenced(
        self: &Rc<Self>,
        id: SocketId,
        referenced: bool,
        context: &mut Context,
    ) -> bool {
        let mut entries = self.entries.borrow_mut();
        let Some(entry) = entries.get_mut(&id) else {
            return false;
        };
        self.change(entry, |entry| entry.referenced = referenced);
        drop(entries);
        self.driver.see_to(self, context);
        true
    }

    /// What other threads ask of them.
    pub(super) fn requests(&self) -> &Arc<Requests> {
        &self.requests
    }

    /// Hands over at once what was given to the network: no turn may come.
    pub(super) fn flush(&self) {
        self.network.borrow_mut().flush();
    }
}

/// The WebSocket task source: the events of all sockets, in one order.
/// <https://websockets.spec.whatwg.org/#websocket-task-source>
///
/// The event loop may outlive the context, so it holds the sockets weakly.
struct WebSocketTaskSource(Weak<Sockets>);

impl TaskSource for WebSocketTaskSource {
    fn run_tasks(&self, context: &mut Context) -> bool {
        self.0
            .upgrade()
            .is_some_and(|sockets| sockets.turn(context))
    }

    fn keeps_alive(&self, _: &Context) -> bool {
        self.0
            .upgrade()
            .is_some_and(|sockets| sockets.keeps_alive())
    }
}

/// The ids of sockets that were dropped, for the registry to find.
#[derive(Clone, Default)]
pub(super) struct LostSockets(Rc<RefCell<Vec<SocketId>>>);

impl LostSockets {
    pub(super) fn note(&self, id: SocketId) {
        self.0.borrow_mut().push(id);
    }

    fn take(&self) -> Vec<SocketId> {
        mem::take(&mut *self.0.borrow_mut())
    }
}

/// What the network calls from its thread when an event waits and nobody looks.
pub(super) type WakeCallback = Arc<dyn Fn() + Send + Sync>;
