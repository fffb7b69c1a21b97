//! Where the history is kept.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The file, in the place that the platform has for such things. Nothing if there is no such place.
pub(super) fn path() -> Option<PathBuf> {
    let directory = match env::consts::OS {
        "windows" => from_environment("LOCALAPPDATA")?,
        "macos" => env::home_dir()?.join("Library/Application Support"),
        _ => match from_environment("XDG_STATE_HOME") {
            Some(directory) => directory,
            None => env::home_dir()?.join(".local/state"),
        },
    };
    Some(directory.join("boaws").join("repl_history")).filter(|path| path.is_absolute())
}

/// By the XDG's rules, what is not absolute counts as not set.
fn from_environment(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .map(PathBuf::from)
        .filter(|path| Path::is_absolute(path))
}
