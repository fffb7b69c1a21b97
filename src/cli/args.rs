//! The arguments of `boaws`.

use std::{net::IpAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Run JavaScript with WebSocket, EventTarget and their kin on the Boa engine.
#[derive(Debug, Parser)]
#[command(name = "boaws", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 success, 1 uncaught error or unhandled rejection, 2 wrong usage.\n\
    Try: boaws run --serve fixtures/close-event.js"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(RunArgs),
    Serve(ServeArgs),
}

/// Run JavaScript files until nothing more can happen.
///
/// Several files run in order in one realm, as scripts of one page do. The process ends when no
/// timer, no socket and no promise is left that could still do something.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// The files to run; `-` reads standard input. A name that ends in .mjs is a module.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// Run every file as an ES module (import, top-level await), whatever its name.
    #[arg(long)]
    pub(super) module: bool,

    /// The URL the scripts are from: relative WebSocket URLs are resolved against it, its origin is
    /// sent as `Origin`, and the global `location` shows it.
    #[arg(long, value_name = "URL")]
    pub(super) location: Option<String>,

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
    pub(super) serve: Option<ServeScheme>,

    /// Trust the certificates in this PEM file too, in addition to Mozilla's roots and to those in the file that the
    /// environment variable SSL_CERT_FILE names. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Vec<PathBuf>,

    /// Show on stderr what the network does, and why a connection failed.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ServeScheme {
    Ws,
    Wss,
}

/// Run the embedded WebSocket server, for trying things out.
///
/// It prints its two addresses and runs until it is interrupted. The certificate for wss: is made at start, by an authority of its
/// own that is forgotten again; --write-ca gives you its certificate to trust.
#[derive(Debug, Args)]
#[command(after_help = super::serve::listing())]
pub(super) struct ServeArgs {
    /// The port for ws:; 0 lets the system choose.
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,

    /// The port for wss:; 0 lets the system choose.
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub(super) tls_port: u16,

    /// The address to listen on. Anything but a loopback address wants --allow-remote too.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(super) bind: IpAddr,

    /// Let other machines connect. The endpoints do whatever they are asked for.
    #[arg(long)]
    pub(super) allow_remote: bool,

    /// Write the certificate of the authority behind wss: to this file, as PEM.
    #[arg(long, value_name = "FILE")]
    pub(super) write_ca: Option<PathBuf>,

    /// Show every request, and every connection that failed.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_takes_a_scheme_only_after_an_equals_sign() {
        let parse = |args: &[&str]| match Cli::try_parse_from(args).map(|cli| cli.command) {
            Ok(Command::Run(args)) => args,
            other => panic!("{other:?}"),
        };
        let args = parse(&["boaws", "run", "--serve", "a.js"]);
        assert_eq!(args.serve, Some(ServeScheme::Ws));
        assert_eq!(args.files, [PathBuf::from("a.js")]);
        let args = parse(&["boaws", "run", "--serve=wss", "-"]);
        assert_eq!(args.serve, Some(ServeScheme::Wss));
    }

    #[test]
    fn a_location_excludes_the_embedded_server() {
        let args = ["boaws", "run", "--serve", "--location", "http://x/", "a.js"];
        assert!(Cli::try_parse_from(args).is_err());
    }
}
