//! The arguments of `boaws serve`.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;

/// Run the embedded WebSocket server, for trying things out.
///
/// It prints its two addresses and runs until it is interrupted. The certificate for wss: is made at start, by an authority of its
/// own that is forgotten again; --write-ca gives you its certificate to trust.
#[derive(Debug, Args)]
#[command(after_help = crate::cli::serve::listing())]
pub(in crate::cli) struct ServeArgs {
    /// The port for ws:; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    pub(in crate::cli) port: u16,

    /// The port for wss:; 0 lets the system choose.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub(in crate::cli) tls_port: u16,

    /// The address to listen on. Anything but a loopback address wants --allow-remote too.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(in crate::cli) bind: IpAddr,

    /// Let other machines connect. The endpoints do whatever they are asked for.
    #[arg(long)]
    pub(in crate::cli) allow_remote: bool,

    /// Write the certificate of the authority behind wss: to this file, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) write_ca: Option<PathBuf>,

    /// Show every request, and every connection that failed.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,
}
