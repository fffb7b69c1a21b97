//! The arguments of `boaws doctor`.

use clap::Args;

use crate::cli::network::NetworkArgs;

/// Show what is supported, and check step by step whether a server can be reached.
///
/// Without a URL: versions, limits, which certificates are trusted, and which
/// proxies are used. With one, also which proxy that URL goes through and why,
/// and a connection to it: lookup, addresses, TLS, upgrade and close, each with
/// its time; where it fails, the reason and what usually helps.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 success, 1 the connection failed, 2 wrong usage.")]
pub(in crate::cli) struct DoctorArgs {
    /// A server to try: a ws: or wss: URL.
    #[arg(value_name = "URL")]
    pub(in crate::cli) url: Option<String>,

    /// Ask for this subprotocol. May be given several times.
    #[arg(long, value_name = "NAME", requires = "url")]
    pub(in crate::cli) protocol: Vec<String>,

    /// Print everything as one JSON object.
    #[arg(long)]
    pub(in crate::cli) json: bool,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}
