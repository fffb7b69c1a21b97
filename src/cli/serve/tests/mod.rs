//! The server against tungstenite's client, over TCP and over TLS.
#![cfg(any(feature = "ring", feature = "aws-lc-rs"))]

mod closing;
mod handshakes;
mod messages;
mod server;

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tungstenite::client::IntoClientRequest;
use tungstenite::http::Request;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use super::{Scheme, Server, ServerOptions};

/// Longer than anything here takes, so that a fault ends a test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(60);

const BOTH: [Scheme; 2] = [Scheme::Ws, Scheme::Wss];

/// A TCP or TLS stream of a client.
trait Stream: std::io::Read + std::io::Write + std::fmt::Debug {}
impl<T: std::io::Read + std::io::Write + std::fmt::Debug> Stream for T {}

type Client = WebSocket<Box<dyn Stream>>;

fn server() -> Server {
    Server::start(ServerOptions::default()).unwrap()
}

fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn tls(server: &Server, name: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap())
        .unwrap();
    #[cfg(feature = "ring")]
    let provider = rustls::crypto::ring::default_provider();
    #[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = name.to_owned().try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, tcp(server.tls_address().unwrap()))
}

fn stream(server: &Server, scheme: Scheme) -> Box<dyn Stream> {
    match scheme {
        Scheme::Ws => Box::new(tcp(server.address())),
        Scheme::Wss => Box::new(tls(server, "localhost")),
    }
}

fn request(server: &Server, scheme: Scheme, path: &str) -> Request<()> {
    server
        .url(scheme, path)
        .unwrap()
        .into_client_request()
        .unwrap()
}

fn connect_with(
    server: &Server,
    scheme: Scheme,
    request: Request<()>,
) -> Result<(Client, tungstenite::handshake::client::Response), Error> {
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    tungstenite::client::client_with_config(request, stream(server, scheme), Some(config)).map_err(
        |error| match error {
            tungstenite::HandshakeError::Failure(error) => error,
            tungstenite::HandshakeError::Interrupted(_) => panic!("the handshake takes too long"),
        },
    )
}

fn connect(server: &Server, scheme: Scheme, path: &str) -> Client {
    connect_with(server, scheme, request(server, scheme, path))
        .unwrap()
        .0
}

/// The next message that is not a ping.
fn next(client: &mut Client) -> Message {
    loop {
        match client.read().unwrap() {
            Message::Ping(_) => {}
            message => return message,
        }
    }
}

fn next_text(client: &mut Client) -> String {
    next(client).into_text().unwrap().as_str().to_owned()
}

/// The code and reason of the Close frame that comes next; an empty one is `None`.
fn next_close(client: &mut Client) -> Option<(u16, String)> {
    match next(client) {
        Message::Close(frame) => {
            frame.map(|frame| (frame.code.into(), frame.reason.as_str().to_owned()))
        }
        message => panic!("{message:?} is no Close frame"),
    }
}
