//! What is to be run, in the order in which it stands on the command line.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches};

/// One file or one text to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Piece {
    File(PathBuf),
    /// `--eval`
    Eval(String),
    /// `--print`
    Print(String),
}

/// The pieces, the first one given first; clap by itself would keep the order within each kind only.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Pieces(pub(in crate::cli) Vec<Piece>);

#[derive(Debug, Args)]
struct Definitions {
    /// The files to run; `-` reads standard input. A name that ends in .mjs is a module; so is a file that
    /// can be parsed as one only.
    #[arg(required_unless_present_any = ["eval", "print"], value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Run this code. May be given several times, also together with files: all run in the order given.
    #[arg(short, long, value_name = "CODE", allow_hyphen_values = true)]
    eval: Vec<String>,

    /// Run this code and print its value; of a promise, what it is fulfilled with.
    #[arg(short, long, value_name = "CODE", allow_hyphen_values = true)]
    print: Vec<String>,
}

impl Args for Pieces {
    fn augment_args(command: Command) -> Command {
        Definitions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Definitions::augment_args_for_update(command)
    }
}

impl FromArgMatches for Pieces {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut pieces = Vec::new();
        let files = matches.get_many::<PathBuf>("files").unwrap_or_default();
        let files = files.map(|path| Piece::File(path.clone()));
        let codes = |id| matches.get_many::<String>(id).unwrap_or_default().cloned();
        pieces.extend(matches.indices_of("files").unwrap_or_default().zip(files));
        let eval = codes("eval").map(Piece::Eval);
        pieces.extend(matches.indices_of("eval").unwrap_or_default().zip(eval));
        let print = codes("print").map(Piece::Print);
        pieces.extend(matches.indices_of("print").unwrap_or_default().zip(print));
        pieces.sort_by_key(|(index, _)| *index);
        Ok(Self(pieces.into_iter().map(|(_, piece)| piece).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
