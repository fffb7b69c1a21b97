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
    pub(super) name: PathBuf,
    pub(super) text: String,
}

impl LoadedScript {
    /// Its name, as short as can be.
    pub(super) fn shown(&self, job: &Job) -> String {
        let directory = job.path.parent();
        let name = directory.and_then(|directory| self.name.strip_prefix(directory).ok());
        name.unwrap_or(&self.name).display().to_string()
    }
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

fn load_one(job: &Job, script: &Script) -> Result<LoadedScript, String> {
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
    let text = if templates::is_template(path) {
        let base = Url::parse(&job.location).map_err(|error| error.to_string())?;
        let mut url = base.clone();
        if *path != job.path {
            let below = path.strip_prefix(root).unwrap_or(path);
            url.set_path(&below.display().to_string().replace('\\', "/"));
            url.set_query(None);
        }
        templates::fill_in(&text, &url, config)
            .map_err(|error| format!("{}: {error}", path.display()))?
    } else {
        text
    };
    Ok(LoadedScript {
        name: path.clone(),
        text,
    })
}
