//! `boaws` runs JavaScript with WebSocket, EventTarget and their kin; see [`boa_websocket`].

use std::process::ExitCode;

/// Each message makes a handful of small objects on one thread and frees them: measured, this takes less time for it than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    boa_websocket::cli::main()
}
