//! The arguments of `boaws serve`.

use std::{net::IpAddr, path::PathBuf};

use clap::Args;

/// Run the embedded WebSocket server, for trying things out.
///
/// It prints its two addresses on stdout and runs until it is interrupted; on
/// stderr it tells who connects, what is said (< by the client, > by the
/// server) and how it ends. The certificate for wss: is made at start, by an
/// authority of its own that is forgotten again; --write-ca gives you its
/// certificate to trust.
#[derive(Debug, Args)]
#[command(after_help = after_help())]
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

    /// Serve what this file describes, see below, at the path it names. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) scenario: Vec<PathBuf>,

    /// Show the requests' headers, too, and when things happen.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,

    /// Show nothing but the addresses.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,
}

fn after_help() -> String {
    format!(
        "Endpoints:\n{}\nScenarios are JSON:\n{}",
        crate::cli::serve::listing(),
        crate::cli::serve::SCHEMA
    )
}
