//! The arguments of `boaws connect`.

use clap::Args;

use crate::cli::network::NetworkArgs;

/// Talk to a WebSocket server by hand.
#[derive(Debug, Args)]
pub(in crate::cli) struct ConnectArgs {
    /// Where to: a ws: or wss: URL.
    #[arg(value_name = "URL")]
    pub(in crate::cli) url: String,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}
