//! A folder for as long as it is needed.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

/// How many names are tried.
const ATTEMPTS: usize = 16;

/// A folder in the system's place for temporary ones. Dropping it removes it with all that is in it.
#[derive(Debug)]
pub(super) struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// Makes one that was not there before, which only its owner can look into where the system knows owners.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(super) fn make(prefix: &str) -> io::Result<Self> {
        let mut error = None;
        for _ in 0..ATTEMPTS {
            let name = format!("{prefix}-{:016x}", rand::random::<u64>());
            let path = env::temp_dir().join(name);
            match make_private(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => error = Some(e),
                Err(e) => return Err(e),
            }
        }
        Err(error.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub(super) fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make_private(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clear away.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_gone_when_it_is_dropped() {
        let folder = ScratchFolder::make("boaws-test").unwrap();
        let file = folder.write("a", "b").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "b");
        let path = folder.path().to_owned();
        drop(folder);
        assert!(!path.exists());
    }
}
