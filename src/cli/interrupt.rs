//! Ctrl-C and its kin, and how sockets are left.
//!
//! A command that wants to end in good manners does three things:
//!
//! 1. It calls [`listen`] once. From then on a signal ends nothing by itself: the function it gave is called with each
//!    one, on a thread of its own, also while script computes. Best it sends the signal to a thread that waits.
//! 2. At the first signal it has script's thread [say goodbye](say_goodbye), for which a
//!    [`Spawner`](crate::event_loop::Spawner) gives it the context, and runs the event loop until [`is_over`]:
//!
//!    ```text
//!    spawner.spawn_task(|context| Ok(say_goodbye(context)));      // anywhere
//!    turns.run_until(is_over)?;                                   // on script's thread
//!    ```
//!
//!    All sockets are closed with 1001, and script hears their `close` events. Two seconds are all they have.
//! 3. At the second signal, or when script's thread computes on past [`PATIENCE`], it calls
//!    [`std::process::exit`] with [`Signal::exit_code`].
//!
//! A signal that is ignored when the process starts, as `nohup` and shells without job control arrange it, stays ignored.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use boa_engine::Context;

use crate::{net::SocketId, websocket::WebSockets};

/// How long sockets have for their closing handshakes.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long script's thread has to end once it was asked to, before the process ends without it: what its sockets have, and
/// a moment for what it does then.
pub(super) const PATIENCE: Duration = Duration::from_millis(2500);

/// "Going away". <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1>
const GOING_AWAY: u16 = 1001;

/// What asks the process to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// Ctrl-C, SIGINT.
    Interrupt,
    /// SIGTERM, which `kill` and service managers send.
    #[cfg(unix)]
    Terminate,
    /// SIGHUP: the terminal has gone.
    #[cfg(unix)]
    HangUp,
}

impl Signal {
    /// The exit code by which shells know a process that the signal ended.
    pub(super) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            #[cfg(unix)]
            Self::Terminate => 143,
            #[cfg(unix)]
            Self::HangUp => 129,
        }
    }
}

/// From now on each signal is given to `heard`, on a thread of its own, and does not end the process. To be called once.
///
/// # Errors
///
/// The system's.
#[cfg(unix)]
pub(super) fn listen(heard: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM},
        iterator::Signals,
    };

    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP];
    let wanted = wanted
        .iter()
        .filter(|&&signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = Signals::new(wanted)?;
    let listening = move || {
        for signal in signals.forever() {
            heard(match signal {
                SIGTERM => Signal::Terminate,
                SIGHUP => Signal::HangUp,
                _ => Signal::Interrupt,
            });
        }
    };
    std::thread::Builder::new()
        .name("boaws-signals".to_owned())
        .spawn(listening)?;
    Ok(())
}

/// See above; there is Ctrl-C alone.
#[cfg(not(unix))]
pub(super) fn listen(heard: impl Fn(Signal) + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(move || heard(Signal::Interrupt)).map_err(io::Error::other)
}

/// A bit for each signal that whoever started this process wants to be ignored, the lowest for signal 1. Only Linux tells it
/// without unsafe code.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or_default()
}

/// The sockets that were there when it was time to go, and until when they are waited for. In the context's data.
struct Goodbye {
    leaving: Vec<SocketId>,
    until: Instant,
}

/// Closes all sockets with 1001. Those that do not answer are cut in time. Sockets that script opens in its `close` handlers,
/// to come back, are not waited for.
pub(super) fn say_goodbye(context: &mut Context) {
    let mut leaving = Vec::new();
    if let Some(sockets) = WebSockets::of(context) {
        leaving.extend(sockets.list().iter().map(|socket| socket.id));
        // The code may be sent, and there is no reason that could be too long.
        let _ = sockets.close_all(GOING_AWAY, "", GOODBYE, context);
    }
    context.insert_data(Goodbye {
        leaving,
        until: Instant::now() + PATIENCE,
    });
}

/// Whether [goodbye was said](say_goodbye).
pub(super) fn is_leaving(context: &Context) -> bool {
    context.get_data::<Goodbye>().is_some()
}

/// Whether goodbye was said and script has seen the end of all the sockets. Made for
/// [`Turns::run_until`](crate::event_loop::Turns::run_until).
pub(super) fn is_over(context: &Context) -> bool {
    let Some(goodbye) = context.get_data::<Goodbye>() else {
        return false;
    };
    let there = |sockets: WebSockets| {
        let mut leaving = goodbye.leaving.iter();
        leaving.any(|&id| sockets.get(id).is_some())
    };
    Instant::now() >= goodbye.until || !WebSockets::of(context).is_some_and(there)
}

/// What is done when nobody reads our output any more.
static OUTPUT_IS_GONE: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Exit code of a process whose output nobody reads: as if SIGPIPE had ended it.
pub(super) const EXIT_OUTPUT_GONE: u8 = 141;

/// Has `noticed` called, once and on the thread that prints, when what was to read our output has gone, as `head` does. Without it
/// what is printed then is lost, and nothing else happens. To be called once.
pub(super) fn when_output_is_gone(noticed: impl Fn() + Send + Sync + 'static) {
    // A second one is of no use.
    let _ = OUTPUT_IS_GONE.set(Box::new(noticed));
}

/// A line could not be printed.
pub(super) fn printing_failed(error: &io::Error) {
    static NOTICED: AtomicBool = AtomicBool::new(false);
    if error.kind() == io::ErrorKind::BrokenPipe
        && let Some(noticed) = OUTPUT_IS_GONE.get()
        && !NOTICED.swap(true, Ordering::Relaxed)
    {
        noticed();
    }
}
