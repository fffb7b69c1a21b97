//! A connection's bytes: TCP, or TLS driven directly on it, blocking, with one buffer each way.

use std::io::{self, BufRead, BufReader, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConnection;

use super::tap::Tap;

/// How much is read from the system at once.
const READ_BUFFER: usize = 64 * 1024;

/// How much small writes gather before they go out by themselves.
const WRITE_BUFFER: usize = 64 * 1024;

/// How long the client may take to end its half after the server has ended its own.
const DRAIN_TIME: Duration = Duration::from_secs(3);

/// How much may still come in that time, in bytes.
const DRAIN_BYTES: usize = 256 << 20;

/// A TCP socket shared with the registry, which may shut it down.
struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// TLS by hand: what rustls wants written is written at once and in full, before anything else. So its
/// buffer is empty whenever plaintext is given to it, and it never has to refuse any; `StreamOwned` reports
/// such a refusal as a write of zero bytes, which reads as a reset further up.
struct Tls {
    connection: Box<ServerConnection>,
    socket: BufReader<Socket>,
}

impl Tls {
    fn write_out(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            if self.connection.write_tls(self.socket.get_mut())? == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            // Handshake messages, tickets, key updates.
            self.write_out()?;
            self.connection.read_tls(&mut self.socket)?;
            if let Err(error) = self.connection.process_new_packets() {
                // The client should learn why; that it may be gone changes nothing.
                let _ = self.write_out();
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let taken = self.connection.writer().write(bytes)?;
            if taken == 0 && !self.connection.wants_write() {
                return Err(io::ErrorKind::WriteZero.into());
            }
            self.write_out()?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }
}

enum Transport {
    Plain(Socket),
    Tls(Tls),
}

impl Read for Transport {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

/// A connection.
///
/// Writes gather and go out when there are enough of them, on `flush`, and before a read that may block: so a
/// stream of small echoes costs few system calls, and nothing is held back while the server waits.
pub(super) struct Line {
    input: BufReader<Transport>,
    output: Vec<u8>,
    socket: Arc<TcpStream>,
    /// Listens, where there is a log.
    tap: Option<Box<Tap>>,
}

impl Line {
    pub(super) fn new(
        socket: Arc<TcpStream>,
        tls: Option<ServerConnection>,
        tap: Option<Box<Tap>>,
    ) -> Self {
        let transport = match tls {
            None => Transport::Plain(Socket(Arc::clone(&socket))),
            Some(connection) => Transport::Tls(Tls {
                connection: Box::new(connection),
                socket: BufReader::with_capacity(READ_BUFFER, Socket(Arc::clone(&socket))),
            }),
        };
        Self {
            input: BufReader::with_capacity(READ_BUFFER, transport),
            output: Vec::new(),
            socket,
            tap,
        }
    }

    /// What listens, if there is a log.
    pub(super) fn tap(&mut self) -> Option<&mut Tap> {
        self.tap.as_deref_mut()
    }

    /// The same, for when the line itself is gone.
    pub(super) fn take_tap(&mut self) -> Option<Box<Tap>> {
        self.tap.take()
    }

    /// The most a single blocking read may take from now on; `None`: for ever.
    pub(super) fn set_read_timeout(&self, limit: Option<Duration>) -> io::Result<()> {
        // A limit of zero would be an error.
        self.socket
            .set_read_timeout(limit.map(|limit| limit.max(Duration::from_millis(1))))
    }

    /// What has come in and was not consumed yet; blocks when that is nothing. Empty: the end.
    pub(super) fn fill_buffer(&mut self) -> io::Result<&[u8]> {
        if self.input.buffer().is_empty() {
            self.flush()?;
        }
        self.input.fill_buf()
    }

    /// Consumes that much of it.
    pub(super) fn consume(&mut self, length: usize) {
        self.input.consume(length);
    }

    /// Whether a read would find something at once (for TLS: at least something encrypted).
    pub(super) fn has_input(&self) -> io::Result<bool> {
        if !self.input.buffer().is_empty() {
            return Ok(true);
        }
        if let Transport::Tls(tls) = self.input.get_ref()
            && !tls.socket.buffer().is_empty()
        {
            return Ok(true);
        }
        self.socket.set_nonblocking(true)?;
        let peeked = self.socket.peek(&mut [0]);
        self.socket.set_nonblocking(false)?;
        match peeked {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            // The end and a reset are to be found by reading, too.
            _ => Ok(true),
        }
    }

    /// Waits until a read would find something (for TLS: at least something encrypted), at most `limit`. `false` if
    /// there is nothing by then.
    pub(super) fn wait_for_input(&mut self, limit: Option<Duration>) -> io::Result<bool> {
        self.flush()?;
        if self.has_input()? {
            return Ok(true);
        }
        self.set_read_timeout(limit)?;
        let peeked = self.socket.peek(&mut [0]);
        self.set_read_timeout(None)?;
        match peeked {
            // The time ran out: Unix and Windows name it differently.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock
                        | io::ErrorKind::TimedOut
                        | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(false)
            }
            // The end and a reset are to be found by reading, too.
            _ => Ok(true),
        }
    }

    /// Blocks until bytes wait in the system's buffer, and leaves them there. Closing a socket with unread
    /// bytes resets the connection, on every system.
    pub(super) fn wait_for_unread_bytes(&mut self) -> io::Result<()> {
        self.flush()?;
        self.socket.peek(&mut [0]).map(drop)
    }

    fn write_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self.input.get_mut() {
            Transport::Plain(socket) => socket.write_all(bytes),
            Transport::Tls(tls) => tls.write_all(bytes),
        }
    }

    /// Announces the end in TLS (close_notify); nothing for plain TCP.
    pub(super) fn notify_end(&mut self) -> io::Result<()> {
        self.flush()?;
        match self.input.get_mut() {
            Transport::Plain(_) => Ok(()),
            Transport::Tls(tls) => {
                tls.connection.send_close_notify();
                tls.write_out()
            }
        }
    }

    /// Ends our half in order, then reads the client's to its end, so that nothing sent is lost by a reset.
    /// `Ok(true)` when that end came in time.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        self.notify_end()?;
        self.socket.shutdown(Shutdown::Write)?;
        let deadline = Instant::now() + DRAIN_TIME;
        let mut scratch = vec![0; 16 * 1024];
        let mut drained = 0;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || drained > DRAIN_BYTES {
                return Ok(false);
            }
            self.set_read_timeout(Some(left))?;
            match (&*self.socket).read(&mut scratch) {
                Ok(0) => return Ok(true),
                Ok(length) => drained += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // The time ran out: Unix and Windows name it differently.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                    ) =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.buffer().is_empty() {
            self.flush()?;
        }
        let length = self.input.read(buffer)?;
        if let Some(tap) = &mut self.tap {
            tap.read(buffer.get(..length).unwrap_or_default());
        }
        Ok(length)
    }
}

impl Write for Line {
    /// Takes everything, always: tungstenite moves the rest of its buffer to the front after a short write,
    /// which would make a large message quadratic.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tap) = &mut self.tap {
            tap.wrote(bytes);
        }
        if self.output.len() + bytes.len() > WRITE_BUFFER {
            self.flush()?;
        }
        if bytes.len() >= WRITE_BUFFER {
            self.write_through(bytes)?;
        } else {
            self.output.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let written = self.write_through(&output);
        self.output = output;
        self.output.clear();
        written
    }
}
