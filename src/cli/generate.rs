//! `boaws completions` and `boaws man`.

use std::process::ExitCode;

use super::{args::CompletionsArgs, usage_error};

/// Prints the completions of a shell.
pub(super) fn completions(args: &CompletionsArgs) -> ExitCode {
    usage_error(format_args!("not there yet: {}", args.shell))
}

/// Prints the manual page.
pub(super) fn man() -> ExitCode {
    usage_error("not there yet")
}
