//! The arguments of what is made from these definitions: shell completions and the manual page.

use clap::Args;

/// Print the completions of a shell.
#[derive(Debug, Args)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: clap_complete::Shell,
}
