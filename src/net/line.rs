//! The byte stream beneath a WebSocket: TCP, a Unix-domain socket or an embedder's own, or TLS on it, or with a proxy
//! that is reached over TLS itself, TLS on TLS. Never blocks.
//!
//! rustls is driven by hand. Through its `StreamOwned` a peer that sends but does not read would
//! break the connection: with its buffer full, rustls takes zero bytes, which the layers above a
//! `Write` must read as the end. Here a full buffer is `WouldBlock`, as it is with TCP.

use std::{
    io::{self, Read, Write},
    mem,
};

use mio::{Registry, Token};
use rustls::ClientConnection;

use super::{stream::Stream, tls::agreed, transport::Readiness};

/// Plaintext that is given to rustls at once, in bytes: what its own buffer takes by default.
const TLS_WRITE: usize = 64 << 10;

/// Ciphertext read at once at most, in bytes.
const CIPHERTEXT: usize = 64 << 10;

/// Ciphertext of the connection that is being read. It is shared by all of a thread's connections,
/// so it is drained before the next one's turn: see [`Line::read`].
pub(crate) struct Ciphertext {
    /// Allocated when TLS is first read.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

impl Ciphertext {
    pub(crate) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
        }
    }

    fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Reads up to `size` bytes into it, which is empty.
    fn fill(&mut self, stream: &mut Stream, size: usize) -> io::Result<()> {
        self.clear();
        self.buffer.resize(CIPHERTEXT, 0);
        let space = self.buffer.get_mut(..size.min(CIPHERTEXT));
        self.end = stream.read(space.unwrap_or_default())?;
        Ok(())
    }

    /// Forgets what is left, because its connection is gone.
    pub(crate) fn clear(&mut self) {
        (self.start, self.end) = (0, 0);
    }
}

impl Read for Ciphertext {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.buffer.get(self.start..self.end).unwrap_or_default();
        let count = rest.read(into)?;
        self.start += count;
        Ok(count)
    }
}

/// TLS on another line.
pub(crate) struct TlsLine {
    under: Line,
    tls: ClientConnection,
    close_notify_sent: bool,
    /// The peer has broken TLS. What it had said before is read first.
    failed: Option<rustls::Error>,
}

/// An established byte stream.
pub(crate) enum Line {
    /// `ws:`
    Plain(Stream),
    /// `wss:`, or anything through a proxy that is reached over TLS.
    Tls(Box<TlsLine>),
}

impl Line {
    /// TLS on `under`, its handshake still to be done.
    pub(crate) fn tls(under: Self, tls: ClientConnection) -> Self {
        Self::Tls(Box::new(TlsLine {
            under,
            tls,
            close_notify_sent: false,
            failed: None,
        }))
    }

    /// Goes on with the handshake of TLS; `Ok` when it is done. `WouldBlock` while it waits for the
    /// peer, `Interrupted` to be called again at once.
    pub(crate) fn handshake(&mut self, ciphertext: &mut Ciphertext) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(line) => line.handshake(ciphertext),
        }
    }

    /// What TLS was agreed on with the peer, for people.
    pub(crate) fn tls_agreed(&self) -> Option<String> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(line) => Some(agreed(&line.tls)),
        }
    }

    fn stream(&mut self) -> &mut Stream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(line) => line.under.stream(),
        }
    }

    /// Asks `registry`'s poller to report both directions, on their edges.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.stream().register(registry, token)
    }

    /// Takes it out of `registry`'s poller again.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.stream().deregister(registry)
    }

    /// See [`Stream::watch`].
    pub(crate) fn watch(
        &mut self,
        readiness: impl FnOnce() -> Readiness,
    ) -> io::Result<Option<Readiness>> {
        self.stream().watch(readiness)
    }

    /// Reads into `buffer`, which is not empty.
    ///
    /// `Ok(0)` is an end in good order: FIN, or `close_notify` with TLS. A TLS line that is cut
    /// without it is `UnexpectedEof`. With `more` unset nothing is read from the operating system,
    /// and `WouldBlock` says that what had been read from it before is used up; a caller that
    /// turns to another line with the same `ciphertext` must have seen `WouldBlock`, an end or an
    /// error first. `Interrupted` says that what came was nothing to be read and that there may be
    /// more: a peer can send any amount of that, so it is for the caller to go on or not.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        ciphertext: &mut Ciphertext,
        more: bool,
    ) -> io::Result<usize> {
        match self {
            Self::Plain(_) if !more => Err(io::ErrorKind::WouldBlock.into()),
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(line) => line.read(buffer, ciphertext, more),
        }
    }

    /// Writes a part of `bytes`, which is not empty; never `Ok(0)`.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match self {
            Self::Plain(stream) => stream.write(bytes)?,
            Self::Tls(line) => line.write(bytes)?,
        };
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        Ok(written)
    }

    /// Passes on what TLS has encrypted and not yet written. `WouldBlock` while some of it is left.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Tls(line) => line.flush(),
        }
    }

    /// Whether what is read is what the operating system has, as it is.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(stream) if stream.is_polled())
    }

    /// Whether [`flush`](Self::flush) has work.
    pub(crate) fn holds_output(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(line) => line.tls.wants_write() || line.under.holds_output(),
        }
    }

    /// Ends our direction: `close_notify` with TLS, then FIN. To be called again after
    /// `WouldBlock`.
    pub(crate) fn shutdown_write(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.shutdown_write(),
            Self::Tls(line) => {
                if !line.close_notify_sent {
                    line.tls.send_close_notify();
                    line.close_notify_sent = true;
                }
                line.flush()?;
                line.under.shutdown_write()
            }
        }
    }
}

/// What is under TLS, as rustls reads and writes it.
struct Under<'a> {
    line: &'a mut Line,
    ciphertext: &'a mut Ciphertext,
    more: bool,
}

impl Read for Under<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.line.read(into, self.ciphertext, self.more)
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Self::write(self, bytes)
    }

    // rustls has its records in pieces.
    fn write_vectored(&mut self, pieces: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write_vectored(pieces),
            Self::Tls(line) => match pieces.iter().find(|piece| !piece.is_empty()) {
                Some(piece) => line.write(piece),
                None => Ok(0),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::flush(self)
    }
}

impl TlsLine {
    fn handshake(&mut self, ciphertext: &mut Ciphertext) -> io::Result<()> {
        self.flush()?;
        if !self.tls.is_handshaking() {
            return Ok(());
        }
        // What comes behind the handshake stays in rustls, where reading begins.
        let mut under = Under {
            line: &mut self.under,
            ciphertext,
            more: true,
        };
        if self.tls.read_tls(&mut under)? == 0 {
            let why = "the server ended the connection";
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
        }
        match self.process() {
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            // Not a loop: a peer that is never done must not outrun the caller's deadline.
            Ok(()) => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    fn process(&mut self) -> Result<(), rustls::Error> {
        let processed = self.tls.process_new_packets();
        if processed.is_err() {
            // The alert that says so; whether it gets through does not matter any more.
            let _ = self.flush();
        }
        processed.map(drop)
    }

    fn read(
        &mut self,
        buffer: &mut [u8],
        ciphertext: &mut Ciphertext,
        more: bool,
    ) -> io::Result<usize> {
        let mut asked = false;
        loop {
            // What is decrypted goes first, so that rustls never holds more than one record and
            // never refuses to take the next.
            match self.tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            if let Some(error) = &self.failed {
                return Err(io::Error::new(io::ErrorKind::InvalidData, error.clone()));
            }
            let taken = match &mut self.under {
                Line::Plain(stream) => {
                    if ciphertext.is_empty() {
                        if !more {
                            return Err(io::ErrorKind::WouldBlock.into());
                        }
                        if mem::replace(&mut asked, true) {
                            return Err(io::ErrorKind::Interrupted.into());
                        }
                        // No more than is asked for: all of it has to be used up in this turn.
                        // Nothing read is FIN: rustls gets to see that below, and tells whether it
                        // is cut.
                        ciphertext.fill(stream, buffer.len())?;
                    }
                    // It reads from memory, so that what it may not like is how much it is.
                    let taken = self.tls.read_tls(ciphertext);
                    taken.map_err(|error| rustls::Error::General(error.to_string()))
                }
                line @ Line::Tls(_) => {
                    let more = more && !asked;
                    let mut under = Under {
                        line,
                        ciphertext,
                        more,
                    };
                    match self.tls.read_tls(&mut under) {
                        Err(error) if asked && error.kind() == io::ErrorKind::WouldBlock => {
                            return Err(io::ErrorKind::Interrupted.into());
                        }
                        taken => taken?,
                    };
                    asked |= more;
                    Ok(0)
                }
            };
            if let Err(error) = taken.and_then(|_| self.process()) {
                self.failed = Some(error);
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Only when nothing is left of what it was given before: so it holds a bounded amount.
        self.flush()?;
        let part = bytes.get(..TLS_WRITE).unwrap_or(bytes);
        let taken = self.tls.writer().write(part)?;
        match self.flush() {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.tls.wants_write() {
            match self.tls.write_tls(&mut self.under) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.under.flush()
    }
}
