//! The arguments of `boaws doctor`.

use clap::Args;

use crate::cli::network::NetworkArgs;

/// Show what is supported, and check step by step whether a server can be reached.
#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// A server to try: a ws: or wss: URL.
    #[arg(value_name = "URL")]
    pub(in crate::cli) url: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}
