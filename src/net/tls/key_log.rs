//! The secrets of connections in a file, for those who look at recorded bytes.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Mutex, PoisonError},
};

use rustls::KeyLog;

/// A key log as `SSLKEYLOGFILE` names one,
/// <https://nss-crypto.org/reference/security/nss/legacy/key_log_format/index.html>. (rustls has one
/// of its own, which takes its name from the environment only.)
#[derive(Debug)]
pub(super) struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Appends to the file, which other processes may write to as well.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", Hex(client_random), Hex(secret));
        // A line in one write, so that it stays whole. A full disk is no reason to fail the
        // connection.
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::warn!(target: "boa_websocket::net", %error, "the TLS key log cannot be written");
        }
    }
}

struct Hex<'a>(&'a [u8]);

impl std::fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_in_the_usual_format() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        for secret in [&[0xAB_u8, 0x00][..], &[0x0F]] {
            let log = KeyLogFile::open(&path).unwrap();
            log.log("CLIENT_RANDOM", &[1, 0xFF], secret);
        }
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "CLIENT_RANDOM 01ff ab00\nCLIENT_RANDOM 01ff 0f\n"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(KeyLogFile::open(directory.path()).is_err());
    }
}
