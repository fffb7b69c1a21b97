//! A connection of the operating system, TCP or a Unix-domain socket, or one that an embedder has
//! made of something else.

use std::{
    fmt,
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr},
};
#[cfg(unix)]
use std::{path::Path, sync::Arc};

#[cfg(unix)]
use mio::net::UnixStream;
use mio::{Interest, Registry, Token, event::Source, net::TcpStream};

use super::{
    dialer::Dialled,
    tcp::TcpOptions,
    transport::{Guarded, Readiness},
};

/// Where a connection can be made to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(Arc<Path>),
    /// Wherever the embedder's dialer gets to.
    Dialer,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Dialer => f.write_str("the dialer"),
        }
    }
}

/// A connection that never blocks.
pub(crate) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    /// No poller knows of it.
    Transport(Guarded),
}

impl Stream {
    /// Begins to connect. `WouldBlock`: it cannot even be begun now.
    pub(crate) fn connect(endpoint: &Endpoint) -> io::Result<Self> {
        match endpoint {
            Endpoint::Tcp(address) => TcpStream::connect(*address).map(Self::Tcp),
            #[cfg(unix)]
            Endpoint::Unix(path) => UnixStream::connect(path).map(Self::Unix),
            // A call, which blocks, and no connection that could be begun here.
            Endpoint::Dialer => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// What a dialer has made.
    pub(crate) fn from_dialled(dialled: Dialled) -> io::Result<Self> {
        match dialled {
            Dialled::Tcp(tcp) => {
                tcp.set_nonblocking(true)?;
                Ok(Self::Tcp(TcpStream::from_std(tcp)))
            }
            #[cfg(unix)]
            Dialled::Unix(unix) => {
                unix.set_nonblocking(true)?;
                Ok(Self::Unix(UnixStream::from_std(unix)))
            }
            Dialled::Transport(transport) => Ok(Self::Transport(Guarded::new(transport))),
        }
    }

    /// Whether it is connected now; an error if it never will be.
    pub(crate) fn is_connected(&self) -> io::Result<bool> {
        let (error, peer) = match self {
            Self::Tcp(tcp) => (tcp.take_error()?, tcp.peer_addr().map(drop)),
            #[cfg(unix)]
            Self::Unix(unix) => (unix.take_error()?, unix.peer_addr().map(drop)),
            Self::Transport(_) => return Ok(true),
        };
        if let Some(error) = error {
            return Err(error);
        }
        match peer {
            Ok(()) => Ok(true),
            Err(error)
                if matches!(
                    error.kind(),
                    // macOS says it in the second way.
                    io::ErrorKind::NotConnected | io::ErrorKind::InvalidInput
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Sets what can be set of a connection once it is established.
    pub(crate) fn configure(&self, options: &TcpOptions) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => options.apply(tcp),
            #[cfg(unix)]
            Self::Unix(_) => Ok(()),
            Self::Transport(_) => Ok(()),
        }
    }

    fn source(&mut self) -> Option<&mut dyn Source> {
        match self {
            Self::Tcp(tcp) => Some(tcp),
            #[cfg(unix)]
            Self::Unix(unix) => Some(unix),
            Self::Transport(_) => None,
        }
    }

    /// Whether a poller tells what comes.
    pub(crate) fn is_polled(&self) -> bool {
        !matches!(self, Self::Transport(_))
    }

    /// Has what no poller knows of tell `readiness` from now on, which is given back then.
    pub(crate) fn watch(
        &mut self,
        readiness: impl FnOnce() -> Readiness,
    ) -> io::Result<Option<Readiness>> {
        let Self::Transport(transport) = self else {
            return Ok(None);
        };
        let readiness = readiness();
        transport.set_readiness(readiness.clone())?;
        Ok(Some(readiness))
    }

    /// Asks `registry`'s poller to report both directions, on their edges.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE.add(Interest::WRITABLE);
        match self.source() {
            Some(source) => registry.register(source, token, both),
            None => Ok(()),
        }
    }

    /// Takes it out of `registry`'s poller again.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self.source() {
            Some(source) => registry.deregister(source),
            None => Ok(()),
        }
    }

    /// Ends our direction.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(unix) => unix.shutdown(Shutdown::Write),
            Self::Transport(transport) => transport.shutdown_write(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.read(buffer),
            #[cfg(unix)]
            Self::Unix(unix) => unix.read(buffer),
            Self::Transport(transport) => transport.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.write(bytes),
            #[cfg(unix)]
            Self::Unix(unix) => unix.write(bytes),
            Self::Transport(transport) => transport.write(bytes),
        }
    }

    fn write_vectored(&mut self, parts: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.write_vectored(parts),
            #[cfg(unix)]
            Self::Unix(unix) => unix.write_vectored(parts),
            Self::Transport(transport) => match parts.iter().find(|part| !part.is_empty()) {
                Some(part) => transport.write(part),
                None => Ok(0),
            },
        }
    }

    /// Nothing is held back here.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
