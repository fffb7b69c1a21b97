//! The arguments of `boaws`.

use std::{net::IpAddr, num::NonZero, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::network::NetworkArgs;

/// Run JavaScript with WebSocket, EventTarget and their kin on the Boa engine.
#[derive(Debug, Parser)]
#[command(name = "boaws", version, about, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 success, 1 uncaught error, unhandled rejection or unexpected test result, 2 wrong usage.\n\
    Try: boaws run --serve fixtures/close-event.js"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(Box<RunArgs>),
    Serve(ServeArgs),
    Test(TestArgs),
    /// Run one test for `boaws test`.
    #[command(hide = true)]
    RunTest,
}

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

    /// Show on stderr each phase of each connection, with the milliseconds since it began, and why one failed; of an upgrade that
    /// was refused the status and the headers, without what may be secret.
    #[arg(short, long)]
    pub(super) verbose: bool,

    #[command(flatten)]
    pub(super) network: NetworkArgs,
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

/// Run tests in the style of web-platform-tests: *.any.js files that use test(), async_test() and promise_test().
///
/// Each file runs in a fresh context in a process of its own, once for each of its variants, with this program's own harness
/// and its embedded server; the globals WS_URL and WSS_URL say where that is. With --wpt, tests of a checkout of
/// web-platform-tests run with that checkout's own harness and servers, which need Python 3 and not the internet.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 all results are as expected, 1 one is not, 2 wrong usage or servers that do not start.\n\
    Try: boaws test --wpt DIR --html websockets dom/events"
)]
pub(super) struct TestArgs {
    /// Test files and folders; of a checkout with --wpt, relative to it. A file may be followed by one of its variants, as in
    /// a.any.js?wss. Without any: js-tests.
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Run tests of the checkout of web-platform-tests in this folder, with its harness and servers.
    #[arg(long, value_name = "DIR")]
    pub(super) wpt: Option<PathBuf>,

    /// In folders, run .html, .htm, .window.js and .worker.js files too. There is no document: what needs one is skipped.
    #[arg(long)]
    pub(super) html: bool,

    /// How many tests run at a time. Default: as many as there are processors.
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<NonZero<usize>>,

    /// Let tests take so many times as long as the usual 10 seconds, or 60 for those that ask for a long timeout.
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = multiplier)]
    pub(super) timeout_multiplier: f64,

    /// Run only tests with this text in their path or variant.
    #[arg(long, value_name = "TEXT")]
    pub(super) filter: Option<String>,

    /// Leave out tests with this text in their path or variant. May be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(super) skip: Vec<String>,

    /// Show which tests there are, and run none.
    #[arg(long)]
    pub(super) list: bool,

    /// The form of the report.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(super) reporter: ReporterKind,

    /// Write the report to this file; what people want to know still goes to stdout.
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Known failures, with a reason each. A failure that is not among them makes the run fail, and so does the pass of one that
    /// is. Default with --wpt: js-tests/wpt-expectations.json, if it is there.
    #[arg(long, value_name = "FILE")]
    pub(super) expectations: Option<PathBuf>,

    /// The Python 3 that runs the servers of web-platform-tests.
    #[arg(long, value_name = "PROGRAM", default_value = "python3")]
    pub(super) python: PathBuf,

    /// Show each test, and what the servers of web-platform-tests say.
    #[arg(short, long)]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReporterKind {
    /// For people: failures in full, and a table.
    Human,
    /// The Test Anything Protocol.
    Tap,
    /// The format of web-platform-tests' wptreport.
    Json,
    /// XML as JUnit writes it.
    Junit,
}

/// A number that a timeout can be multiplied by.
fn multiplier(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1_000.0 => Ok(number),
        _ => Err("it must be a number above 0, and at most 1000".to_owned()),
    }
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
            Ok(Command::Run(args)) => *args,
            other => panic!("{other:?}"),
        };
        let args = parse(&["boaws", "run", "--serve", "a.js"]);
        assert_eq!(args.serve, Some(ServeScheme::Ws));
        assert_eq!(args.files, [PathBuf::from("a.js")]);
        let args = parse(&["boaws", "run", "--serve=wss", "-"]);
        assert_eq!(args.serve, Some(ServeScheme::Wss));
    }

    #[test]
    fn a_timeout_multiplier_is_a_sensible_number() {
        for (given, taken) in [
            ("0.5", true),
            ("1000", true),
            ("0", false),
            ("-1", false),
            ("NaN", false),
            ("1001", false),
            ("x", false),
        ] {
            let multiplier = format!("--timeout-multiplier={given}");
            let parsed = Cli::try_parse_from(["boaws", "test", &multiplier]);
            assert_eq!(parsed.is_ok(), taken, "{given}");
        }
    }

    #[test]
    fn a_location_excludes_the_embedded_server() {
        let args = ["boaws", "run", "--serve", "--location", "http://x/", "a.js"];
        assert!(Cli::try_parse_from(args).is_err());
    }
}
