//! The arguments of what is made from these definitions: shell completions and the manual page.

use clap::Args;

/// Print the completions of a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "For bash: boaws completions bash > ~/.local/share/bash-completion/completions/boaws\n\
    For zsh, in a directory of $fpath: boaws completions zsh > _boaws\n\
    For fish: boaws completions fish > ~/.config/fish/completions/boaws.fish"
)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(in crate::cli) shell: clap_complete::Shell,
}

/// Print the manual page.
#[derive(Debug, Args)]
#[command(after_help = "To read one: boaws man serve | man -l -")]
pub(in crate::cli) struct ManArgs {
    /// That of this command.
    #[arg(value_name = "COMMAND")]
    pub(in crate::cli) command: Option<String>,
}
