//! The arguments of `boaws`: a file a command.

mod connect;
mod doctor;
mod generate;
mod pieces;
mod repl;
mod run;
mod serve;
mod test;

use clap::{Parser, Subcommand};

pub(super) use self::{
    connect::ConnectArgs,
    doctor::DoctorArgs,
    generate::{CompletionsArgs, ManArgs},
    pieces::{Piece, Pieces},
    repl::ReplArgs,
    run::{RunArgs, ServeScheme},
    serve::ServeArgs,
    test::{ReporterKind, TestArgs},
};

/// Run JavaScript with WebSocket, EventTarget and their kin on the Boa engine.
#[derive(Debug, Parser)]
#[command(
    name = "boaws",
    version,
    long_version = crate::cli::versions::LONG,
    max_term_width = 80
)]
#[command(
    after_help = "Exit codes: 0 success, 1 uncaught error, unhandled rejection or unexpected test result, 2 wrong usage.\n\
    Without a command: `boaws repl` on a terminal; otherwise standard input is run as a script.\n\
    Try: boaws run --serve fixtures/close-event.js"
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(Box<RunArgs>),
    Repl(Box<ReplArgs>),
    Connect(Box<ConnectArgs>),
    Serve(ServeArgs),
    Test(TestArgs),
    Doctor(Box<DoctorArgs>),
    Completions(CompletionsArgs),
    Man(ManArgs),
    /// Run one test for `boaws test`.
    #[command(hide = true)]
    RunTest,
}

impl Command {
    /// The command that these words are; another one than the user's own cannot be wrong.
    pub(super) fn from_words(words: &[&str]) -> Self {
        let cli = Cli::parse_from(words);
        cli.command.unwrap_or(Self::RunTest)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_takes_a_scheme_only_after_an_equals_sign() {
        let parse = |args: &[&str]| match Cli::try_parse_from(args).map(|cli| cli.command) {
            Ok(Some(Command::Run(args))) => *args,
            other => panic!("{other:?}"),
        };
        let args = parse(&["boaws", "run", "--serve", "a.js"]);
        assert_eq!(args.serve, Some(ServeScheme::Ws));
        assert_eq!(args.pieces.0, [Piece::File(PathBuf::from("a.js"))]);
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
