//! `--watch`: which files a run is made of, and when one of them changes.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

/// Watches the folders of files, so that it sees also how editors save: under another name first, which then takes the
/// place of the old file.
pub(super) struct Watch {
    watcher: RecommendedWatcher,
    folders: HashSet<PathBuf>,
    /// Their paths as the system tells them, and as they are shown.
    files: HashMap<PathBuf, PathBuf>,
}

impl Watch {
    /// Calls `changed` with whatever changes in the folders, on a thread of its own. [`name_of`](Self::name_of) knows what of
    /// it counts.
    ///
    /// # Errors
    ///
    /// The system's, as a text for people.
    pub(super) fn new(changed: impl Fn(PathBuf) + Send + 'static) -> Result<Self, String> {
        let heard = move |event: notify::Result<Event>| {
            // Reading a file is no change.
            if let Ok(event) = event
                && !matches!(event.kind, EventKind::Access(_))
            {
                event.paths.into_iter().for_each(&changed);
            }
        };
        let watcher = notify::recommended_watcher(heard)
            .map_err(|error| format!("cannot watch files: {error}"))?;
        Ok(Self {
            watcher,
            folders: HashSet::new(),
            files: HashMap::new(),
        })
    }

    /// Watches a file, which need not be there yet, and whatever it is a link to.
    ///
    /// # Errors
    ///
    /// That its folder is not there or cannot be watched, as a text for people.
    pub(super) fn add(&mut self, file: &Path) -> Result<(), String> {
        if let Ok(target) = file.canonicalize() {
            self.add_absolute(&target, file)?;
        }
        let folder = match file.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // No file: there is nothing to watch.
        let Some(name) = file.file_name() else {
            return Ok(());
        };
        let folder = folder
            .canonicalize()
            .map_err(|error| cannot_watch(folder, &error))?;
        self.add_absolute(&folder.join(name), file)
    }

    fn add_absolute(&mut self, path: &Path, shown: &Path) -> Result<(), String> {
        let Some(folder) = path.parent() else {
            return Ok(());
        };
        if !self.folders.contains(folder) {
            self.watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|error| cannot_watch(folder, &error))?;
            self.folders.insert(folder.to_owned());
        }
        let files = &mut self.files;
        files
            .entry(path.to_owned())
            .or_insert_with(|| shown.to_owned());
        Ok(())
    }

    /// The name of a file that is watched, by the path the system gives it.
    pub(super) fn name_of(&self, path: &Path) -> Option<PathBuf> {
        self.files.get(path).cloned()
    }
}

fn cannot_watch(folder: &Path, why: &dyn std::fmt::Display) -> String {
    format!("cannot watch {}: {why}", folder.display())
}
