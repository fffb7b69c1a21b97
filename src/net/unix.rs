//! Servers on Unix-domain sockets.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use url::Host;

use super::{
    error::{Error, ErrorKind, Phase},
    target::Target,
};

/// Hosts that are reached through a Unix-domain socket instead of TCP.
///
/// Script just opens `ws://that-host/`, or `wss://`; the request and TLS are the same as ever. The
/// name is not looked up. A [`Policy`](super::Policy) is asked about the URL, and whether
/// that is enough where there is [no address](super::Policy::check_without_address). Handshakes are made one at a time for each path.
#[derive(Debug, Clone, Default)]
pub struct UnixSockets {
    /// By host and port; `None` for all ports.
    paths: BTreeMap<(String, Option<u16>), Arc<Path>>,
}

impl UnixSockets {
    /// Reaches `host` through the socket at `path`, on `port` only or on every one for which there
    /// is nothing else. An earlier path for the same is replaced.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidRequest`]: `host` cannot be the host of a URL; [`ErrorKind::Io`]: `path`
    /// cannot be that of a socket, because it is too long, for one.
    pub fn insert(
        &mut self,
        host: &str,
        port: Option<u16>,
        path: impl Into<PathBuf>,
    ) -> Result<(), Error> {
        // As the host of a URL is read, so that both are in the same form.
        let parsed = Host::parse(host).map_err(|error| {
            Error::new(Phase::Policy, ErrorKind::InvalidRequest("host"), host).caused_by(error)
        })?;
        let path = path.into();
        let checked = if path.as_os_str().is_empty() {
            Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty path"))
        } else {
            std::os::unix::net::SocketAddr::from_pathname(&path).map(drop)
        };
        checked.map_err(|error| Error::io(Phase::Policy, path.display().to_string(), error))?;
        self.paths.insert((key(&parsed), port), path.into());
        Ok(())
    }

    /// Whether no host has one.
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// The socket for a target, if it has one.
    pub(crate) fn path(&self, target: &Target) -> Option<&Arc<Path>> {
        if self.paths.is_empty() {
            return None;
        }
        let host = key(&target.host);
        let one = self.paths.get(&(host.clone(), Some(target.port)));
        one.or_else(|| self.paths.get(&(host, None)))
    }
}

/// `example.org.` is `example.org`.
fn key(host: &Host<String>) -> String {
    let text = host.to_string();
    match text.strip_suffix('.') {
        Some(name) => name.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    #[test]
    fn a_port_of_its_own_goes_before_all_ports() {
        let mut sockets = UnixSockets::default();
        sockets.insert("Docker.test", None, "/all").unwrap();
        sockets.insert("docker.test", Some(81), "/one").unwrap();
        sockets.insert("[::1]", None, "/six").unwrap();
        for (url, expected) in [
            ("ws://docker.test/", Some("/all")),
            ("ws://docker.test.:81/", Some("/one")),
            ("wss://DOCKER.test:82/", Some("/all")),
            ("ws://[0:0::1]/", Some("/six")),
            ("ws://a.docker.test/", None),
        ] {
            let target = Target::new(&Url::parse(url).unwrap()).unwrap();
            let path = sockets.path(&target).map(|path| path.to_path_buf());
            assert_eq!(path, expected.map(PathBuf::from), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_a_host_or_a_socket_is_refused() {
        let mut sockets = UnixSockets::default();
        let host = sockets.insert("a b", None, "/x").unwrap_err();
        assert_eq!(host.kind(), &ErrorKind::InvalidRequest("host"));
        for path in ["", &"x".repeat(200)] {
            assert!(sockets.insert("h", None, path).is_err(), "{path}");
        }
    }
}
