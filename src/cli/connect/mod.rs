//! `boaws connect`.
use std::process::ExitCode;

use super::{args::ConnectArgs, usage_error};

/// Runs it.
pub(super) fn main(args: ConnectArgs) -> ExitCode {
    usage_error(format_args!("not there yet: {args:?}"))
}
