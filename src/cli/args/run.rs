//! The arguments of `boaws run`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::Pieces;
use crate::cli::{
    environment::EnvironmentArgs,
    network::{NetworkArgs, seconds},
};

/// Run JavaScript files until nothing more can happen.
///
/// Several files run in order in one realm, as scripts of one page do. The process ends when no
/// timer, no socket and no promise is left that could still do something.
///
/// Ctrl-C, SIGTERM and SIGHUP close all sockets with 1001 first; a second one leaves at once.
#[derive(Debug, Args)]
#[command(
    after_help = "Environment: SSL_CERT_FILE, a PEM file of certificates to trust too; SSLKEYLOGFILE, a file to which the \
    secrets of TLS connections are appended; HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, see --proxy.\n\
    Exit codes: 0 success; 1 uncaught error, unhandled rejection or --timeout; 2 wrong usage; 130, 143 and 129 \
    after Ctrl-C, SIGTERM and SIGHUP; 141 when nobody reads stdout any more."
)]
pub(in crate::cli) struct RunArgs {
    #[command(flatten)]
    pub(in crate::cli) pieces: Pieces,

    /// For the scripts, as the global array `scriptArgs`.
    #[arg(last = true, value_name = "ARGS")]
    pub(in crate::cli) script_args: Vec<String>,

    /// Run all of them as ES modules (import, top-level await), whatever their names.
    #[arg(long)]
    pub(in crate::cli) module: bool,

    /// Run again whenever a file changes that is run, imported or named in --env-file. Ctrl-C leaves.
    #[arg(long)]
    pub(in crate::cli) watch: bool,

    /// End after this time with exit code 1, such as 30 or 0.5; sockets are closed with 1001 before. 0 is for ever.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(in crate::cli) timeout: Option<Duration>,

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

    /// Show on stderr at the end: sockets, messages and bytes each way, time, processor time and peak memory.
    #[arg(long)]
    pub(in crate::cli) stats: bool,

    #[command(flatten)]
    pub(in crate::cli) environment: EnvironmentArgs,

    #[command(flatten)]
    pub(in crate::cli) network: NetworkArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ServeScheme {
    Ws,
    Wss,
}
