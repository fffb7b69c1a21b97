//! The arguments of `boaws run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::network::NetworkArgs;

/// Run JavaScript files until nothing more can happen.
///
/// Several files run in order in one realm, as scripts of one page do. The process ends when no
/// timer, no socket and no promise is left that could still do something.
#[derive(Debug, Args)]
#[command(
    after_help = "Environment: SSL_CERT_FILE, a PEM file of certificates to trust too; SSLKEYLOGFILE, a file to which the \
    secrets of TLS connections are appended; HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, see --proxy.\n\
    Exit codes: 0 success, 1 uncaught error or unhandled rejection, 2 wrong usage."
)]
pub(in crate::cli) struct RunArgs {
    /// The files to run; `-` reads standard input. A name that ends in .mjs is a module.
    #[arg(required = true, value_name = "FILE")]
    pub(in crate::cli) files: Vec<PathBuf>,

    /// Run every file as an ES module (import, top-level await), whatever its name.
    #[arg(long)]
    pub(in crate::cli) module: bool,

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

    /// Serve what this file describes, too: see `boaws serve --help`. May be given several times.
    #[arg(long, value_name = "FILE", requires = "serve")]
    pub(in crate::cli) scenario: Vec<PathBuf>,

    /// Show on stderr each phase of each connection, with the milliseconds since it began, and why one failed; of an upgrade that
    /// was refused the status and the headers, without what may be secret.
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,

    /// Do not tell on stderr of connections that fail.
    #[arg(short, long, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ServeScheme {
    Ws,
    Wss,
}
