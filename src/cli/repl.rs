//! `boaws repl`.

use std::process::ExitCode;

use super::{args::ReplArgs, usage_error};

/// Runs it.
pub(super) fn main(args: &ReplArgs) -> ExitCode {
    usage_error(format_args!("not there yet: {args:?}"))
}
