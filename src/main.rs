//! `boaws` runs JavaScript with WebSocket, EventTarget and their kin; see [`boa_websocket`].

use std::process::ExitCode;

/// Each message makes a handful of small objects on one thread and frees them: measured, this takes less time for it than the system's.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The same by way of `malloc`, whose place it takes here: asked for memory of an alignment, it takes its long way for most sizes.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
use mimalloc as _;

fn main() -> ExitCode {
    boa_websocket::cli::main()
}
