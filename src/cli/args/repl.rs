//! The arguments of `boaws repl`.

use clap::Args;

use super::ServeScheme;
use crate::cli::network::NetworkArgs;

/// Read, evaluate and print JavaScript, line by line.
///
/// What is typed may have several lines and await promises; the event loop runs meanwhile, and what
/// scripts print goes above the prompt. Tab completes names and members, `_` is the last value and
/// `_error` the last error. `.help` lists commands. Without a terminal, stdin is evaluated line by
/// line. This is also what `boaws` alone does on a terminal.
#[derive(Debug, Args)]
#[command(
    after_help = "Keys: Ctrl-C drops the line, and leaves in an empty one when it comes twice; Ctrl-D leaves; Ctrl-R \
    searches the history, which is kept in boaws/repl_history in $XDG_STATE_HOME or ~/.local/state (macOS: \
    ~/Library/Application Support, Windows: %LOCALAPPDATA%).\n\
    Try: boaws repl --serve -e 'ws = new WebSocket(\"/echo\"); ws.onmessage = (e) => console.log(e.data)'"
)]
pub(in crate::cli) struct ReplArgs {
    /// Evaluate this first. May be given several times.
    #[arg(short, long, value_name = "CODE")]
    pub(in crate::cli) eval: Vec<String>,

    /// Neither read nor write the history.
    #[arg(long)]
    pub(in crate::cli) no_history: bool,

    /// The URL the scripts are from: relative WebSocket URLs are resolved against it, its origin is
    /// sent as `Origin`, and the global `location` shows it.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) location: Option<String>,

    /// Start the embedded server on a free loopback port and take its address as the location; with
    /// `--serve=wss` over TLS, its certificate trusted. See `boaws serve --help` for what it serves.
    #[arg(
        long,
        value_name = "SCHEME",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "ws",
        conflicts_with = "location"
    )]
    pub(in crate::cli) serve: Option<ServeScheme>,

    /// Show each phase of each connection, and why one failed, as `boaws run --verbose` does.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}
