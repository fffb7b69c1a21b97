//! `boaws doctor`.

use std::process::ExitCode;

use super::{args::DoctorArgs, usage_error};

/// Runs it.
pub(super) fn main(args: &DoctorArgs) -> ExitCode {
    usage_error(format_args!("not there yet: {args:?}"))
}
