//! The accepting thread: both ports in one poll, a thread for each connection.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::{ServerConfig, ServerConnection};
use socket2::{Domain, Socket, Type};

use super::exchange;
use super::line::Line;
use super::shared::{Registration, Shared};
use super::tap::Tap;

const PLAIN: Token = Token(0);
const TLS: Token = Token(1);
const WAKE: Token = Token(2);

/// A connection's thread needs little: its buffers are on the heap.
const STACK_SIZE: usize = 256 * 1024;

/// How long to leave accepting alone when the system has no more sockets or threads to give.
const BREATH: Duration = Duration::from_millis(20);

/// How many connections may wait to be accepted: thousands that come at once are not to wait for
/// their first packet to be sent again.
const BACKLOG: i32 = 4096;

/// As [`TcpListener::bind`], which lets fewer connections wait.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows the option means something else: that others may take the port away.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// The bound ports.
pub(super) struct Listeners {
    poll: Poll,
    waker: Arc<Waker>,
    plain: TcpListener,
    tls: Option<TcpListener>,
}

impl Listeners {
    pub(super) fn bind(address: IpAddr, port: u16, tls_port: Option<u16>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let bind = |port, token| {
            let mut listener = listen(SocketAddr::new(address, port))?;
            poll.registry()
                .register(&mut listener, token, Interest::READABLE)?;
            Ok::<_, io::Error>(listener)
        };
        let plain = bind(port, PLAIN)?;
        let tls = tls_port.map(|port| bind(port, TLS)).transpose()?;
        Ok(Self {
            poll,
            waker,
            plain,
            tls,
        })
    }

    pub(super) fn addresses(&self) -> io::Result<(SocketAddr, Option<SocketAddr>)> {
        let tls = self.tls.as_ref().map(TcpListener::local_addr).transpose()?;
        Ok((self.plain.local_addr()?, tls))
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }
}

/// Starts the accepting thread, which ends when the server stops and the waker is woken.
pub(super) fn spawn(
    listeners: Listeners,
    config: Option<Arc<ServerConfig>>,
    shared: Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    thread::Builder::new()
        .name("boaws-serve".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(move || accept_until_stopped(listeners, config.as_ref(), &shared))
}

fn accept_until_stopped(
    mut listeners: Listeners,
    config: Option<&Arc<ServerConfig>>,
    shared: &Arc<Shared>,
) {
    let mut events = Events::with_capacity(8);
    // Readiness is told once, so a listener that could not be emptied is tried again after a short rest.
    let mut unfinished = false;
    loop {
        match listeners
            .poll
            .poll(&mut events, unfinished.then_some(BREATH))
        {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                shared.log(|| format!("accepting has ended: {error}"));
                return;
            }
        }
        if shared.is_stopping() {
            return;
        }
        let plain = accept_all(&listeners.plain, None, shared);
        let tls = listeners.tls.as_ref();
        let tls = tls.map_or(Ok(()), |tls| accept_all(tls, config, shared));
        let accepted = plain.and(tls);
        // Told once, and not again every few milliseconds.
        if let Err(error) = &accepted
            && !unfinished
        {
            shared.log(|| format!("connections cannot be accepted for now: {error}"));
        }
        unfinished = accepted.is_err();
    }
}

/// Accepts what is waiting; an error when the system would not give all of it.
fn accept_all(
    listener: &TcpListener,
    config: Option<&Arc<ServerConfig>>,
    shared: &Arc<Shared>,
) -> io::Result<()> {
    loop {
        let accepted = listener.accept().and_then(|(socket, peer)| {
            serve_on_a_thread(TcpStream::from(socket), peer, config.cloned(), shared)
        });
        match accepted {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::Interrupted
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => return Err(error),
        }
    }
}

fn serve_on_a_thread(
    socket: TcpStream,
    peer: SocketAddr,
    config: Option<Arc<ServerConfig>>,
    shared: &Arc<Shared>,
) -> io::Result<()> {
    socket.set_nonblocking(false)?;
    // Everything is gathered in a buffer first and flushed when it is complete.
    socket.set_nodelay(true)?;
    let socket = Arc::new(socket);
    let Some(registration) = shared.register(&socket) else {
        shared.log(|| format!("{peer} turned away: too many connections"));
        return Ok(());
    };
    let shared = Arc::clone(shared);
    thread::Builder::new()
        .name("boaws-serve".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(move || serve(socket, peer, config, &shared, registration))
        .map(drop)
}

fn serve(
    socket: Arc<TcpStream>,
    peer: SocketAddr,
    config: Option<Arc<ServerConfig>>,
    shared: &Arc<Shared>,
    registration: Registration,
) {
    let log = shared.options.log.clone();
    let tap = log.map(|log| Box::new(Tap::new(log, registration.number(), peer, config.is_some())));
    match config.map(ServerConnection::new).transpose() {
        Ok(tls) => exchange::serve(Line::new(socket, tls, tap), shared),
        Err(error) => shared.log(|| format!("{peer} {error}")),
    }
    // Counted until its socket is closed.
    drop(registration);
}
