//! The text of a test's scripts.

use std::{fs, path::PathBuf};

use url::Url;

use crate::cli::test::{
    job::{Harness, Job},
    plan::{Script, text_of},
    templates,
};

/// A script that can be run.
#[derive(Debug)]
pub(super) struct LoadedScript {
    /// A path; or, as script may look at it, the URL from which the suite's server would have sent it.
    pub(super) name: PathBuf,
    pub(super) text: String,
}

/// Reads all of them, before the first one runs.
///
/// # Errors
///
/// Which one could not be read, and why.
pub(super) fn load(job: &Job) -> Result<Vec<LoadedScript>, String> {
    job.scripts
        .iter()
        .map(|script| load_one(job, script))
        .collect()
}

pub(super) fn load_one(job: &Job, script: &Script) -> Result<LoadedScript, String> {
    let (path, text) = match script {
        Script::File(path) => {
            let bytes = fs::read(path).map_err(|error| {
                if *path == job.path {
                    return format!("cannot read the test file: {error}");
                }
                format!("cannot read the script {}: {error}", path.display())
            })?;
            (path, text_of(bytes))
        }
        Script::Inline { text, line } => {
            // So that errors have the line in the page.
            let lines_before = "\n".repeat((*line as usize).saturating_sub(1));
            (&job.path, lines_before + text)
        }
    };
    let Harness::Wpt { root, config } = &job.harness else {
        let name = path.clone();
        return Ok(LoadedScript { name, text });
    };
    let mut url = Url::parse(&job.location).map_err(|error| error.to_string())?;
    if *path != job.path {
        let below = path.strip_prefix(root).unwrap_or(path);
        url.set_path(&below.display().to_string().replace('\\', "/"));
    }
    let text = if templates::is_template(path) {
        templates::fill_in(&text, &url, config)
            .map_err(|error| format!("{}: {error}", path.display()))?
    } else {
        text
    };
    url.set_fragment(None);
    if matches!(script, Script::File(_)) {
        url.set_query(None);
    }
    let name = PathBuf::from(url.as_str());
    Ok(LoadedScript { name, text })
}
