//! The arguments of `boaws repl`.

use clap::Args;

use crate::cli::network::NetworkArgs;

/// Read, evaluate and print JavaScript, line by line.
#[derive(Debug, Args)]
pub(in crate::cli) struct ReplArgs {
    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}
