//! An address at which nobody answers, without the internet.

use std::{
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use socket2::{Domain, Socket, Type};

/// An address that swallows every attempt to connect: its listener's queue is full, and nobody takes anything out of it.
pub(crate) struct DeadAddress {
    pub(crate) address: SocketAddr,
    listener: Socket,
    _waiting: Vec<TcpStream>,
}

impl DeadAddress {
    /// At this port, which something else may have, or at one that the system chooses for 0.
    pub(crate) fn at(ip: &str, port: u16) -> io::Result<Self> {
        let wanted = SocketAddr::new(ip.parse().unwrap(), port);
        let listener = Socket::new(Domain::for_address(wanted), Type::STREAM, None).unwrap();
        listener.bind(&wanted.into())?;
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let mut waiting = Vec::new();
        loop {
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(tcp) => waiting.push(tcp),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                    break;
                }
            }
            assert!(waiting.len() < 100, "the queue is never full");
        }
        Ok(Self {
            address,
            listener,
            _waiting: waiting,
        })
    }
}

/// Takes connections again.
impl From<DeadAddress> for TcpListener {
    fn from(dead: DeadAddress) -> Self {
        dead.listener.into()
    }
}
