//! `boaws` runs JavaScript with WebSocket, EventTarget and their kin; see [`boa_websocket`].

use std::process::ExitCode;

fn main() -> ExitCode {
    boa_websocket::cli::main()
}
