//! The server's byte stream: a pipe, or TLS on one.

use std::{
    io::{self, Read, Write},
    time::{Duration, Instant},
};

use rustls::{ServerConnection, StreamOwned};

use super::pipe::ServerEnd;

pub(super) enum Line {
    Plain(ServerEnd),
    Tls(Box<StreamOwned<ServerConnection, ServerEnd>>),
}

impl Line {
    fn pipe(&mut self) -> &mut ServerEnd {
        match self {
            Self::Plain(end) => end,
            Self::Tls(tls) => &mut tls.sock,
        }
    }

    /// What follows may take so long together.
    pub(super) fn begin(&mut self, timeout: Duration) {
        let deadline = Instant::now().checked_add(timeout);
        self.pipe().set_deadline(deadline);
    }

    /// Ends the server's direction, in good order.
    pub(super) fn end(&mut self) {
        if let Self::Tls(tls) = self {
            tls.conn.send_close_notify();
            // The client may be gone, and then need not know.
            let _ = tls.flush();
        }
        self.pipe().end();
    }

    pub(super) fn cut(&mut self) {
        self.pipe().cut();
    }
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(end) => end.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(end) => end.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(end) => end.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
